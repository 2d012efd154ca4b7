"""What a report takes from a record: a call by a session of the role, the start of a session, or a denied attempt.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import actor_name, is_read_only
from cfn_breakglass.analysis.sessions.concealment import conceal, describe_parameters

YES, NO, UNKNOWN = "yes", "no", "unknown"
"""Whether MFA was used, as far as AWS knows: of federated users it does not."""

USER, ROLE, PERMISSION_SET, SAML, OIDC = "IAM user", "role", "permission set", "SAML provider", "OIDC provider"
ACCOUNT, SERVICE, OTHER = "other account", "AWS service", "other principal"
"""Ways in: as what the caller assumed the role."""

_WAYS_IN: Final = {"IAMUser": USER, "AWSAccount": ACCOUNT, "AWSService": SERVICE}
_PERMISSION_SET_ROLE: Final = re.compile(r"\bAWSReservedSSO_(\w+)_[0-9a-f]{16}\b")
_ROLE_ARN: Final = re.compile(r"\barn:[\w-]+:iam::([0-9]{12}):role/")
_SESSION_ARN: Final = re.compile(r"arn:[\w-]+:sts::([0-9]{12}):assumed-role/")
# Those in which a time can be that of a call.
_YEARS: Final = range(2006, 3000)
_STANDARD_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
_SIGN_IN_FAILURE: Final = "Failure"
# The AWS CLI names the command, so that each call would have an agent of its own.
_COMMAND: Final = re.compile(r" md/command#[\w.-]+")


class RoleCall(NamedTuple):
    """A call by a session of the role. A text is empty where the record does not say it.

    ``arn`` is that of the session, ``created`` when its credentials were made. ``message``, ``parameters`` and
    ``new_key`` are there only if the call failed or is a detection other than RoleActions.
    """

    account: str
    arn: str
    role: str
    created: str
    access_key: str
    time: str
    event_id: str
    region: str
    is_unwatched: bool
    service: str
    name: str
    is_write: bool
    error: str
    ip: str
    agent: str
    mfa: str
    source_identity: str
    provider: str
    on_behalf_of: str
    detections: tuple[str, ...]
    message: str = ""
    parameters: str = ""
    new_key: str = ""


class SessionStart(NamedTuple):
    """The call that made the credentials of a session of the role, or was denied that: then it has an ``error``.

    ``account`` is that of the role. ``provider`` is what the way in leads through: a provider, role or account.
    ``is_anonymous`` is whether the record does not name the caller, as in the role's account one from another account.
    """

    account: str
    arn: str
    role: str
    access_key: str
    time: str
    event_id: str
    region: str
    caller: str
    is_anonymous: bool
    way_in: str
    provider: str
    ip: str
    agent: str
    mfa: str
    source_identity: str
    valid_until: str
    error: str
    message: str


def read_call(
    event: Mapping[str, Any], account: str, detections: tuple[str, ...], *, is_unwatched: bool, with_details: bool
) -> RoleCall:
    """Read a call by a session of the role of ``account``."""
    record = event["detail"]
    error = _error(record)
    details = (
        {
            "message": text_at(record, "errorMessage"),
            "parameters": describe_parameters(record.get("requestParameters")),
            "new_key": _new_key(record.get("responseElements")),
        }
        if with_details or error
        else {}
    )
    return RoleCall(
        account=account,
        arn=_session_arn(event, account),
        role=text_at(record, "userIdentity.sessionContext.sessionIssuer.arn"),
        created=utc_time(text_at(record, "userIdentity.sessionContext.attributes.creationDate")),
        access_key=text_at(record, "userIdentity.accessKeyId"),
        time=_time(event),
        event_id=_event_id(event),
        region=str(event["region"]),
        is_unwatched=is_unwatched,
        service=text_at(record, "eventSource").partition(".")[0],
        name=text_at(record, "eventName"),
        is_write=_is_write(event),
        error=error,
        ip=text_at(record, "sourceIPAddress"),
        agent=_COMMAND.sub("", text_at(record, "userAgent")),
        mfa=YES if text_at(record, "userIdentity.sessionContext.attributes.mfaAuthenticated") == "true" else UNKNOWN,
        source_identity=text_at(record, "userIdentity.sessionContext.sourceIdentity"),
        provider=text_at(record, "userIdentity.sessionContext.webIdFederationData.federatedProvider"),
        on_behalf_of=text_at(record, "userIdentity.onBehalfOf.userId"),
        detections=detections,
        **details,
    )


def read_start(event: Mapping[str, Any], account: str) -> SessionStart:
    """Read a call to assume the role of ``account``, granted or denied."""
    record = event["detail"]
    way_in, provider = _way_in(record)
    arn = text_at(record, "responseElements.assumedRoleUser.arn")
    return SessionStart(
        account=account,
        arn=arn or _requested_session(record),
        role=text_at(record, "requestParameters.roleArn"),
        access_key=text_at(record, "responseElements.credentials.accessKeyId"),
        time=_time(event),
        event_id=_event_id(event),
        region=str(event["region"]),
        caller=_caller(event),
        is_anonymous=not text_at(record, "userIdentity.arn") and way_in == ACCOUNT,
        way_in=way_in,
        provider=provider,
        ip=text_at(record, "sourceIPAddress"),
        agent=_COMMAND.sub("", text_at(record, "userAgent")),
        mfa=_mfa_of_start(record),
        source_identity=text_at(record, "requestParameters.sourceIdentity")
        or text_at(record, "responseElements.sourceIdentity"),
        valid_until=_expiration(text_at(record, "responseElements.credentials.expiration")),
        error=_error(record),
        message=text_at(record, "errorMessage"),
    )


def account_of_role(event: Mapping[str, Any], account: str) -> str:
    """The account of the role that a call assumes, or would; ``account``, where it is recorded, if it does not say.

    Of most denied calls only the message says it.
    """
    record = event["detail"]
    if not text_at(record, "eventName").startswith("AssumeRole"):
        return account
    # A message may name the session that calls as well, before the role.
    match = (
        _SESSION_ARN.match(text_at(record, "responseElements.assumedRoleUser.arn"))
        or _ROLE_ARN.match(text_at(record, "requestParameters.roleArn"))
        or _ROLE_ARN.search(text_at(record, "errorMessage"))
    )
    return match[1] if match else account


def text_at(record: Any, path: str) -> str:
    """The text at a dotted path, without credentials; empty if there is none."""
    node = record
    for name in path.split("."):
        if not isinstance(node, Mapping):
            return ""
        node = node.get(name)
    return conceal(node) if isinstance(node, str) else ""


def utc_time(text: str) -> str:
    """A time as CloudTrail writes it; empty if it is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return ""
    if time.year not in _YEARS:
        return ""
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC).strftime(_STANDARD_TIME)


def _expiration(text: str) -> str:
    """CloudTrail writes ``Mar 14, 2025, 4:07:12 AM`` here, in UTC, and a narrow blank before AM in newer records."""
    try:
        time = datetime.strptime(text.replace("\u202f", " "), "%b %d, %Y, %I:%M:%S %p").replace(tzinfo=UTC)
    except ValueError:
        return utc_time(text)
    return time.strftime(_STANDARD_TIME)


def _time(event: Mapping[str, Any]) -> str:
    return utc_time(text_at(event, "detail.eventTime") or text_at(event, "time"))


def _event_id(event: Mapping[str, Any]) -> str:
    return text_at(event, "detail.eventID") or text_at(event, "id")


def _is_write(event: Mapping[str, Any]) -> bool:
    read_only = event["detail"].get("readOnly")
    return not (read_only if isinstance(read_only, bool) else is_read_only(event))


def _error(record: Mapping[str, Any]) -> str:
    """The error code of a call; a sign-in that failed has none, and says so in its answer."""
    answer = record.get("responseElements")
    is_failure = isinstance(answer, Mapping) and _SIGN_IN_FAILURE in answer.values()
    return text_at(record, "errorCode") or (_SIGN_IN_FAILURE if is_failure else "")


def _new_key(answer: Any) -> str:
    """The ID of an access key that a call made."""
    if not isinstance(answer, Mapping):
        return ""
    if key := text_at(answer, "accessKeyId"):
        return key
    return next((key for member in answer.values() if (key := _new_key(member))), "")


def _session_arn(event: Mapping[str, Any], account: str) -> str:
    """The ARN of the session that makes a call, put together where the record has only that of its role."""
    record = event["detail"]
    if arn := text_at(record, "userIdentity.arn"):
        return arn
    role = text_at(record, "userIdentity.sessionContext.sessionIssuer.arn")
    partition = role.split(":")[1] if role.count(":") > 1 else "aws"
    return f"arn:{partition}:sts::{account}:assumed-role/{role.rpartition('/')[2]}/{conceal(actor_name(event))}"


def _requested_session(record: Mapping[str, Any]) -> str:
    """The ARN that a session has if the call succeeds, as far as the request says it."""
    role, session = text_at(record, "requestParameters.roleArn"), text_at(record, "requestParameters.roleSessionName")
    head, is_role, path = role.partition(":role/")
    return f"{head.replace(':iam:', ':sts:')}:assumed-role/{path.rpartition('/')[2]}/{session}" if is_role else ""


def _caller(event: Mapping[str, Any]) -> str:
    record = event["detail"]
    if arn := text_at(record, "userIdentity.arn"):
        return arn
    name = conceal(actor_name(event))
    return f"{name} of account {account}" if (account := text_at(record, "userIdentity.accountId")) else name


def _way_in(record: Mapping[str, Any]) -> tuple[str, str]:
    """As what the caller assumed the role, and through which provider, role, account or service."""
    call, caller_type = text_at(record, "eventName"), text_at(record, "userIdentity.type")
    issuer = text_at(record, "userIdentity.sessionContext.sessionIssuer.arn")
    if call == "AssumeRoleWithSAML":
        permission_set = _PERMISSION_SET_ROLE.search(text_at(record, "requestParameters.roleArn"))
        if permission_set:
            return PERMISSION_SET, permission_set[1]
        return SAML, text_at(record, "requestParameters.principalArn")
    if call == "AssumeRoleWithWebIdentity":
        return OIDC, text_at(record, "userIdentity.identityProvider")
    if caller_type == "AssumedRole":
        permission_set = _PERMISSION_SET_ROLE.search(issuer)
        return (PERMISSION_SET, permission_set[1]) if permission_set else (ROLE, issuer)
    way_in = _WAYS_IN.get(caller_type, OTHER)
    providers = {ACCOUNT: "userIdentity.accountId", SERVICE: "userIdentity.invokedBy", OTHER: "userIdentity.type"}
    return way_in, text_at(record, providers[way_in]) if way_in in providers else ""


def _mfa_of_start(record: Mapping[str, Any]) -> str:
    """AWS says of users whether MFA was used. Of a federated user only the identity provider knows."""
    authenticated = text_at(record, "userIdentity.sessionContext.attributes.mfaAuthenticated")
    if authenticated == "true" or text_at(record, "requestParameters.serialNumber"):
        return YES
    return NO if text_at(record, "userIdentity.type") == "IAMUser" else UNKNOWN
