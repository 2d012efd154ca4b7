"""What AWS documents about a field that a record does not have.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_Fields = Mapping[str, Any]
_Facts = Callable[[_Fields, _Fields], bool]

_ISSUER = "userIdentity.sessionContext.sessionIssuer"


def reason(path: str, event: _Fields) -> str:
    """Why the record in ``event`` has nothing at ``path``, as far as AWS says; empty if it does not."""
    record = event.get("detail")
    if not isinstance(record, Mapping):
        return ""
    caller = record.get("userIdentity")
    identity = caller if isinstance(caller, Mapping) else {}
    return next((why for field, holds, why in _REASONS if path.startswith(field) and holds(record, identity)), "")


def _by(*kinds: str) -> _Facts:
    return lambda _, caller: caller.get("type") in kinds


def _refused(record: _Fields, _: _Fields) -> bool:
    return "errorCode" in record


def _succeeded(record: _Fields, _: _Fields) -> bool:
    return "errorCode" not in record


def _signing_in(record: _Fields, _: _Fields) -> bool:
    return record.get("eventSource") == "signin.amazonaws.com"


def _switching(record: _Fields, caller: _Fields) -> bool:
    return _signing_in(record, caller) and record.get("eventName") == "SwitchRole"


def _user_signing_in(record: _Fields, caller: _Fields) -> bool:
    return _signing_in(record, caller) and caller.get("type") == "IAMUser"


# The first that holds is told.
_REASONS: tuple[tuple[str, _Facts, str], ...] = (
    ("requestParameters", _refused, "AWS leaves it out of refused calls"),
    ("requestParameters", _signing_in, "sign-in events have no request parameters"),
    ("responseElements", _refused, "AWS answers a refused call with nothing but the error"),
    ("errorMessage", _succeeded, "the call succeeded"),
    ("userIdentity.arn", _by("SAMLUser", "WebIdentityUser"), "AWS gives callers from SAML and OIDC no ARN"),
    ("userIdentity.arn", _by("AWSAccount"), "AWS gives callers of another account no ARN"),
    ("userIdentity.arn", _by("AWSService"), "an AWS service as the caller has no ARN"),
    ("userIdentity.arn", _user_signing_in, "AWS often leaves the ARN out of a failed sign-in"),
    ("userIdentity.userName", _by("AWSAccount"), "AWS gives callers of another account no name"),
    ("userIdentity.sessionContext", _switching, "AWS records a switch in the console without the session context"),
    ("userIdentity.sessionContext", _signing_in, "AWS may leave the session context out of sign-in events"),
    (_ISSUER, _by("IAMUser"), "the caller is an IAM user, not in a session of a role"),
    (_ISSUER, _by("Root"), "the caller is root, not in a session of a role"),
    (_ISSUER, _by("AWSService"), "the caller is an AWS service, not in a session of a role"),
    (_ISSUER, _by("SAMLUser", "WebIdentityUser"), "callers from SAML and OIDC are not in a session of a role yet"),
    (_ISSUER, _by("AWSAccount"), "AWS tells no more of callers of another account than their ID and account"),
)
