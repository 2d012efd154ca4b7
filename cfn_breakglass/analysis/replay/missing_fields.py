"""Why a record does not have a field, as far as AWS documents it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_Fields = Mapping[str, Any]
_Predicate = Callable[[_Fields, _Fields], bool]
"""Whether something is true of a record and its caller."""

_ISSUER = "userIdentity.sessionContext.sessionIssuer"


def absence_reason(path: str, event: _Fields) -> str:
    """Why the record in ``event`` has nothing at ``path``; empty if AWS does not document it."""
    record = event.get("detail")
    if not isinstance(record, Mapping):
        return ""
    identity = record.get("userIdentity")
    caller = identity if isinstance(identity, Mapping) else {}
    return next(
        (reason for field, applies, reason in _REASONS if path.startswith(field) and applies(record, caller)), ""
    )


def _caller_is(*types: str) -> _Predicate:
    return lambda _, caller: caller.get("type") in types


def _has_failed(record: _Fields, _: _Fields) -> bool:
    return "errorCode" in record


def _has_succeeded(record: _Fields, _: _Fields) -> bool:
    return "errorCode" not in record


def _is_sign_in(record: _Fields, _: _Fields) -> bool:
    return record.get("eventSource") == "signin.amazonaws.com"


def _is_switch(record: _Fields, caller: _Fields) -> bool:
    return _is_sign_in(record, caller) and record.get("eventName") == "SwitchRole"


def _is_user_sign_in(record: _Fields, caller: _Fields) -> bool:
    return _is_sign_in(record, caller) and caller.get("type") == "IAMUser"


# The first that applies counts.
_REASONS: tuple[tuple[str, _Predicate, str], ...] = (
    ("requestParameters", _has_failed, "AWS leaves it out of denied calls"),
    ("requestParameters", _is_sign_in, "sign-in events have no request parameters"),
    ("responseElements", _has_failed, "AWS records only the error of a denied call"),
    ("errorMessage", _has_succeeded, "the call succeeded"),
    ("userIdentity.arn", _caller_is("SAMLUser", "WebIdentityUser"), "AWS records no ARN of SAML and OIDC users"),
    ("userIdentity.arn", _caller_is("AWSAccount"), "AWS records no ARN of callers of another account"),
    ("userIdentity.arn", _caller_is("AWSService"), "an AWS service that calls has no ARN"),
    ("userIdentity.arn", _is_user_sign_in, "AWS often leaves the ARN out of a failed sign-in"),
    ("userIdentity.userName", _caller_is("AWSAccount"), "AWS records no name of callers of another account"),
    ("userIdentity.sessionContext", _is_switch, "AWS records a switch in the console without the session context"),
    ("userIdentity.sessionContext", _is_sign_in, "AWS may leave the session context out of sign-in events"),
    (_ISSUER, _caller_is("IAMUser"), "the caller is an IAM user, not a role session"),
    (_ISSUER, _caller_is("Root"), "the caller is root, not a role session"),
    (_ISSUER, _caller_is("AWSService"), "the caller is an AWS service, not a role session"),
    (_ISSUER, _caller_is("SAMLUser", "WebIdentityUser"), "SAML and OIDC users are not in a role session yet"),
    (_ISSUER, _caller_is("AWSAccount"), "of callers of another account AWS records only the ID and the account"),
)
