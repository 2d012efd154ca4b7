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
OBJECT_FIELDS = ("userIdentity", "requestParameters", "responseElements")
"""The fields of a record that patterns read into. CloudTrail writes each as an object, or as null."""
NO_RECORDS = {
    "s3": "this is a notification of S3: give the file that it names",
    "s3ObjectKey": "this is a notification of CloudTrail: give the log files that it names",
    "digestS3Object": "this is a digest file of CloudTrail: give the log files that it names",
    "class_uid": "this is OCSF, as Security Lake writes it, not a CloudTrail record",
    "eventsource": "this is a row of Athena without the columns that make a record; select all columns",
    "ResultSetMetadata": "this is a result of Athena without the columns that make a record; select all columns",
    "QueryResultRows": "this is a result of CloudTrail Lake without eventJson, which holds the record",
    "@ptr": "this is a result of Logs Insights without @message, which holds the record",
    "nextStep": "this is an alert, which leaves out most of the record",
    "_source": "this is a document of Elasticsearch without event.original, not a CloudTrail record",
}
"""What people may have instead of records, by a field of it."""


class RecordError(BreakglassError):
    """Neither a CloudTrail record nor an EventBridge event."""


def is_event(record: Mapping[str, Any]) -> bool:
    """Whether a record is an EventBridge event already: it has a source, a detail-type and a detail."""
    return {"source", "detail-type"} <= record.keys() and isinstance(record.get("detail"), Mapping)


def is_record(value: Mapping[str, Any]) -> bool:
    """Whether it has what every record of CloudTrail has, and no text where CloudTrail writes an object."""
    return (
        is_event_source(value.get("eventSource"))
        and "awsRegion" in value
        and isinstance(value.get("userIdentity"), Mapping)
        and not _texts_for_objects(value)
    )


def is_event_source(value: Any) -> bool:
    """Whether it is the eventSource of a record; SQS, S3 and Kinesis write one that begins with ``aws:``."""
    return isinstance(value, str) and value != "" and not value.startswith("aws:")


def _texts_for_objects(record: Mapping[str, Any]) -> list[str]:
    return [name for name in OBJECT_FIELDS if isinstance(record.get(name), str)]


def event_from_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The event that EventBridge sends for a CloudTrail record; an event is returned as it is.

    Its id is the record's eventID; EventBridge generates one. A record with another eventType is taken as an API call.
    """
    if not isinstance(record, Mapping):
        raise RecordError(f"a CloudTrail record is a JSON object, not {_JSON_TYPES.get(type(record), 'a number')}")
    if is_event(record):
        _check_objects(record["detail"])
        return dict(record)
    source, region = _event_source(record), _region(record)
    if "userIdentity" not in record:
        raise RecordError("this is not a CloudTrail record: it has no userIdentity")
    _check_objects(record)
    return {
        "version": "0",
        "id": record.get("eventID", ""),
        "detail-type": _DETAIL_TYPES.get(str(record.get("eventType")), _API_CALL),
        "source": SOURCE_PREFIX + source.partition(".")[0],
        "account": _account(record),
        "time": record.get("eventTime", ""),
        "region": region,
        "resources": [],
        "detail": dict(record),
    }


def _check_objects(record: Mapping[str, Any]) -> None:
    """RecordError if a field is text and not an object: no pattern would see what it says."""
    for name in _texts_for_objects(record):
        hint = "of CloudTrail Lake select eventJson, of Athena all columns"
        raise RecordError(f"this is not a CloudTrail record: its {name} is text, not an object; {hint}")


def _event_source(record: Mapping[str, Any]) -> str:
    if not is_event_source(record.get("eventSource")):
        reasons = (reason for name, reason in NO_RECORDS.items() if name in record)
        raise RecordError(next(reasons, "this is not a CloudTrail record: it has no eventSource of an AWS service"))
    return str(record["eventSource"])


def _region(record: Mapping[str, Any]) -> str:
    region = record.get("awsRegion")
    if not isinstance(region, str) or not region:
        raise RecordError("this is not a CloudTrail record: it has no awsRegion")
    return region


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
