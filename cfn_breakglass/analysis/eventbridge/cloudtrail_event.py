"""A CloudTrail record as an EventBridge event, and whether EventBridge delivers that to a rule.

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
_DETAIL_TYPES = {
    "AwsApiCall": _API_CALL,
    "AwsCloudTrailInsight": "AWS Insight via CloudTrail",
    "AwsConsoleAction": "AWS Console Action via CloudTrail",
    # EventBridge's guide writes "Signin"; recorded events and CloudTrail's guide write "Sign In".
    "AwsConsoleSignIn": "AWS Console Sign In via CloudTrail",
    "AwsServiceEvent": "AWS Service Event via CloudTrail",
}
_JSON_TYPES = {list: "an array", str: "text", bool: "true or false", type(None): "null"}
_STATES = ("DISABLED", "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
_READ_PREFIXES = ("Describe", "Get", "List")
_OTHER_READ_CALLS = frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
_WRITE_CALLS = frozenset({"GetFederationToken", "GetSessionToken"})


class RecordError(BreakglassError):
    """Neither a CloudTrail record nor an EventBridge event."""


def is_event(record: Mapping[str, Any]) -> bool:
    """Whether a record is an EventBridge event already: it has a source, a detail-type and a detail."""
    return {"source", "detail-type"} <= record.keys() and isinstance(record.get("detail"), Mapping)


def event_from_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The event that EventBridge sends for a CloudTrail record; an event is returned as it is.

    Its id is the record's eventID; EventBridge generates one. A record with another eventType is taken as an API call.
    """
    if not isinstance(record, Mapping):
        raise RecordError(f"a CloudTrail record is a JSON object, not {_JSON_TYPES.get(type(record), 'a number')}")
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
    account_of_caller = identity.get("accountId") if isinstance(identity, Mapping) else None
    return str(record.get("recipientAccountId") or account_of_caller or "")


def actor_name(event: Mapping[str, Any]) -> str:
    """The name by which people know who made a call: that of the session or user, else an ID, account or service.

    For an event of CloudWatch, which nobody causes by a call, it is the name of the alarm.
    """
    record = event.get("detail")
    identity = record.get("userIdentity") if isinstance(record, Mapping) else None
    if not isinstance(identity, Mapping):
        return str((isinstance(record, Mapping) and record.get("alarmName")) or "unknown")
    principal = str(identity.get("principalId") or "")
    session = principal.partition(":")[2] if identity.get("type") == "AssumedRole" else ""
    names = (session, *(identity.get(key) for key in ("userName", "principalId", "invokedBy", "accountId", "type")))
    return next((str(name) for name in names if name), "unknown")


def reaches_rule(event: Mapping[str, Any], state: str) -> bool:
    """Whether EventBridge delivers the event to a rule in ``state``, unless it is too large."""
    if state not in _STATES:
        raise TemplateError(f"{state!r} is not a State of a rule; it is one of {', '.join(_STATES)}")
    return not (state == "DISABLED" or (state == "ENABLED" and is_read_only(event)))


def is_read_only(event: Mapping[str, Any]) -> bool:
    """Whether the event is a management event of CloudTrail that changes nothing, by its readOnly or its eventName."""
    record = event.get("detail")
    if not str(event.get("detail-type", "")).endswith("via CloudTrail") or not isinstance(record, Mapping):
        return False
    if record.get("managementEvent") is False or record.get("eventCategory", "Management") != "Management":
        return False
    read_only, name = record.get("readOnly"), str(record.get("eventName", ""))
    if isinstance(read_only, bool):
        return read_only
    return name in _OTHER_READ_CALLS or (name.startswith(_READ_PREFIXES) and name not in _WRITE_CALLS)


def is_too_large(event: Mapping[str, Any]) -> bool:
    """Whether the event, as compact JSON, is larger than EventBridge accepts."""
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return len(text.encode("utf-8", "surrogatepass")) > limits.EVENT.maximum
