"""A CloudTrail record as the event EventBridge makes of it, and whether a rule gets to see that.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cfn_breakglass.aws import limits
from cfn_breakglass.errors import BreakglassError, TemplateError

SOURCE_PREFIX = "aws."
_API_CALL = "AWS API Call via CloudTrail"
# The user guide writes "Signin"; events as recorded, and CloudTrail's own guide, "Sign In".
_DETAIL_TYPES = {
    "AwsApiCall": _API_CALL,
    "AwsCloudTrailInsight": "AWS Insight via CloudTrail",
    "AwsConsoleAction": "AWS Console Action via CloudTrail",
    "AwsConsoleSignIn": "AWS Console Sign In via CloudTrail",
    "AwsServiceEvent": "AWS Service Event via CloudTrail",
}
_KINDS = {list: "an array", str: "text", bool: "true or false", type(None): "null"}
_STATES = ("DISABLED", "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
_READING = ("Describe", "Get", "List")
_READING_BY_ANOTHER_NAME = frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
_CHANGING = frozenset({"GetFederationToken", "GetSessionToken"})


class RecordError(BreakglassError):
    """Not a CloudTrail record, nor an EventBridge event."""


def is_event(record: Mapping[str, Any]) -> bool:
    """Whether this is an EventBridge event already: it has a source, a detail-type and a detail."""
    return {"source", "detail-type"} <= record.keys() and isinstance(record.get("detail"), Mapping)


def event_from_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Make the event EventBridge sends for a CloudTrail record; an event is given back as it is.

    Its id is the record's eventID, where EventBridge invents one. An eventType unknown here counts as an API call.
    """
    if not isinstance(record, Mapping):
        raise RecordError(f"a CloudTrail record is a JSON object, not {_KINDS.get(type(record), 'a number')}")
    if is_event(record):
        return dict(record)
    return {
        "version": "0",
        "id": record.get("eventID", ""),
        "detail-type": _DETAIL_TYPES.get(str(record.get("eventType")), _API_CALL),
        "source": SOURCE_PREFIX + _required(record, "eventSource").partition(".")[0],
        "account": _account(record),
        "time": record.get("eventTime", ""),
        "region": _required(record, "awsRegion"),
        "resources": [],
        "detail": dict(record),
    }


def _required(record: Mapping[str, Any], field: str) -> str:
    value = record.get(field)
    if not isinstance(value, str) or not value:
        hint = "; give its records one by one" if "Records" in record else ""
        raise RecordError(f"this is not a CloudTrail record: it has no {field}{hint}")
    return value


def _account(record: Mapping[str, Any]) -> str:
    identity = record.get("userIdentity")
    caller = identity.get("accountId") if isinstance(identity, Mapping) else None
    return str(record.get("recipientAccountId") or caller or "")


def actor_name(event: Mapping[str, Any]) -> str:
    """The name by which people know who did it: the session's, the user's, or at least an ID, account or service.

    Nobody did what CloudWatch tells of itself: there it is the alarm's.
    """
    record = event.get("detail")
    caller = record.get("userIdentity") if isinstance(record, Mapping) else None
    if not isinstance(caller, Mapping):
        return str((isinstance(record, Mapping) and record.get("alarmName")) or "unknown")
    principal = str(caller.get("principalId") or "")
    session = principal.partition(":")[2] if caller.get("type") == "AssumedRole" else ""
    names = (session, *(caller.get(key) for key in ("userName", "principalId", "invokedBy", "accountId", "type")))
    return next((str(name) for name in names if name), "unknown")


def reaches_rule(event: Mapping[str, Any], state: str) -> bool:
    """Whether EventBridge shows the event to a rule in ``state``, unless it is too large."""
    if state not in _STATES:
        raise TemplateError(f"{state!r} is not a State of a rule; it is one of {', '.join(_STATES)}")
    return not (state == "DISABLED" or (state == "ENABLED" and is_read_only(event)))


def is_read_only(event: Mapping[str, Any]) -> bool:
    """Whether the event is a management event of CloudTrail that changes nothing, by its readOnly or its name."""
    record = event.get("detail")
    if not str(event.get("detail-type", "")).endswith("via CloudTrail") or not isinstance(record, Mapping):
        return False
    if record.get("managementEvent") is False or record.get("eventCategory", "Management") != "Management":
        return False
    read_only, name = record.get("readOnly"), str(record.get("eventName", ""))
    if isinstance(read_only, bool):
        return read_only
    return name in _READING_BY_ANOTHER_NAME or (name.startswith(_READING) and name not in _CHANGING)


def is_too_large(event: Mapping[str, Any]) -> bool:
    """Whether the event, written as compact JSON, is larger than EventBridge takes."""
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return len(text.encode("utf-8", "surrogatepass")) > limits.EVENT.maximum
