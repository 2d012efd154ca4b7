"""CloudTrail records as EventBridge shows them to rules."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import (
    RecordError,
    event_from_record,
    is_event,
    is_too_large,
    reaches_rule,
)
from cfn_breakglass.aws import limits
from cfn_breakglass.errors import TemplateError

RECORD: dict[str, Any] = {
    "eventVersion": "1.09",
    "userIdentity": {"type": "AWSAccount", "accountId": "444455556666"},
    "eventTime": "2025-01-01T00:00:00Z",
    "eventSource": "sts.amazonaws.com",
    "eventName": "AssumeRole",
    "awsRegion": "eu-west-1",
    "readOnly": True,
    "eventID": "e-1",
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "recipientAccountId": "111122223333",
    "eventCategory": "Management",
}
ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
ALARM = {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "detail": {"readOnly": True}}


def record(**changes: Any) -> dict[str, Any]:
    """Change the record; a field set to ... is left out."""
    return {name: value for name, value in (RECORD | changes).items() if value is not ...}


def test_envelope() -> None:
    assert event_from_record(RECORD) == {
        "version": "0",
        "id": "e-1",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.sts",
        "account": "111122223333",
        "time": "2025-01-01T00:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": RECORD,
    }


# name: (changes to the record, the field of the envelope, what it is)
ENVELOPES: dict[str, tuple[dict[str, Any], str, str]] = {
    "sign-in": ({"eventType": "AwsConsoleSignIn"}, "detail-type", "AWS Console Sign In via CloudTrail"),
    "service": ({"eventType": "AwsServiceEvent"}, "detail-type", "AWS Service Event via CloudTrail"),
    "console": ({"eventType": "AwsConsoleAction"}, "detail-type", "AWS Console Action via CloudTrail"),
    "insight": ({"eventType": "AwsCloudTrailInsight"}, "detail-type", "AWS Insight via CloudTrail"),
    "an old record": ({"eventType": ...}, "detail-type", "AWS API Call via CloudTrail"),
    "a new type": ({"eventType": ["?"]}, "detail-type", "AWS API Call via CloudTrail"),
    "signin": ({"eventSource": "signin.amazonaws.com"}, "source", "aws.signin"),
    "monitoring": ({"eventSource": "monitoring.amazonaws.com"}, "source", "aws.monitoring"),
    "china": ({"eventSource": "sts.amazonaws.com.cn"}, "source", "aws.sts"),
    "caller's account": ({"recipientAccountId": ...}, "account", "444455556666"),
    "no account": ({"recipientAccountId": ..., "userIdentity": None}, "account", ""),
    "no ID": ({"eventID": ...}, "id", ""),
    "no time": ({"eventTime": ...}, "time", ""),
}


@pytest.mark.parametrize(("changes", "field", "value"), ENVELOPES.values(), ids=ENVELOPES)
def test_envelope_field(changes: dict[str, Any], field: str, value: str) -> None:
    assert event_from_record(record(**changes))[field] == value


def test_an_event_is_left_alone() -> None:
    assert event_from_record(ALARM) == ALARM
    assert event_from_record(event_from_record(RECORD)) == event_from_record(RECORD)


@pytest.mark.parametrize("missing", ["source", "detail-type", "detail"])
def test_an_event_has_all_three(missing: str) -> None:
    assert is_event(ALARM)
    assert not is_event({name: value for name, value in ALARM.items() if name != missing})


HINT = "of CloudTrail Lake select eventJson, of Athena all columns"
# name: (the input, the error)
REFUSED: dict[str, tuple[Any, str]] = {
    "a list": ([RECORD], "a CloudTrail record is a JSON object, not an array"),
    "text": ("{}", "a CloudTrail record is a JSON object, not text"),
    "no source": (record(eventSource=...), "this is not a CloudTrail record: it has no eventSource of an AWS service"),
    "a source that is no text": (
        record(eventSource=1),
        "this is not a CloudTrail record: it has no eventSource of an AWS service",
    ),
    "no user identity": (record(userIdentity=...), "this is not a CloudTrail record: it has no userIdentity"),
    "no region": (record(awsRegion=""), "this is not a CloudTrail record: it has no awsRegion"),
    "a message of SQS": (
        record(eventSource="aws:sqs"),
        "this is not a CloudTrail record: it has no eventSource of an AWS service",
    ),
    "a notification of S3": (
        record(eventSource="aws:s3", s3={}),
        "this is a notification of S3: give the file that it names",
    ),
    **{
        f"{name} that is text, in {form}": (
            wrap(record(**{name: "{roleArn=x}"})),
            f"this is not a CloudTrail record: its {name} is text, not an object; {HINT}",
        )
        for name in ("userIdentity", "requestParameters", "responseElements")
        for form, wrap in {"a record": dict, "an event": lambda detail: ALARM | {"detail": detail}}.items()
    },
}


@pytest.mark.parametrize(("record_or_other", "error"), REFUSED.values(), ids=REFUSED)
def test_refused(record_or_other: Any, error: str) -> None:
    with pytest.raises(RecordError) as caught:
        event_from_record(record_or_other)
    assert str(caught.value) == error


# name: (event, whether a rule that is just ENABLED sees it)
DELIVERED: dict[str, tuple[dict[str, Any], bool]] = {
    "read-only": (event_from_record(RECORD), False),
    "a write": (event_from_record(record(readOnly=False)), True),
    "a write called Get": (event_from_record(record(readOnly=False, eventName="GetSigninToken")), True),
    "Describe": (event_from_record(record(readOnly=..., eventName="DescribeAlarms")), False),
    "List": (event_from_record(record(readOnly=..., eventName="ListRoles")), False),
    "Get": (event_from_record(record(readOnly=..., eventName="GetRole")), False),
    "Get that changes": (event_from_record(record(readOnly=..., eventName="GetSessionToken")), True),
    "AssumeRole": (event_from_record(record(readOnly=...)), False),
    "AssumeRoot": (event_from_record(record(readOnly=..., eventName="AssumeRoot")), True),
    "Create": (event_from_record(record(readOnly=..., eventName="CreateRole")), True),
    "no name": (event_from_record(record(readOnly=..., eventName=...)), True),
    "a data event": (event_from_record(record(managementEvent=False, eventCategory="Data")), True),
    "a data event by its category": (event_from_record(record(managementEvent=..., eventCategory="Data")), True),
    "an old record": (event_from_record(record(managementEvent=..., eventCategory=...)), False),
    "not of CloudTrail": (ALARM, True),
    "without detail": ({"source": "x", "detail-type": "AWS API Call via CloudTrail"}, True),
}


@pytest.mark.parametrize(("event", "delivered"), DELIVERED.values(), ids=DELIVERED)
def test_states(event: dict[str, Any], delivered: bool) -> None:  # noqa: FBT001 - a table's column
    assert reaches_rule(event, "ENABLED") == delivered
    assert reaches_rule(event, ALL)
    assert not reaches_rule(event, "DISABLED")


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(TemplateError, match=r"'NONSENSE' is not a State of a rule; it is one of DISABLED, ENABLED, "):
        reaches_rule(ALARM, "NONSENSE")


@pytest.mark.parametrize("letter", ["x", "é", "\ud800"])
def test_size(letter: str) -> None:
    width = len(letter.encode("utf-8", "surrogatepass"))
    event = {"detail": letter * ((limits.EVENT.maximum - len('{"detail":""}')) // width)}
    assert not is_too_large(event)

    assert is_too_large(event | {"detail": event["detail"] + letter * 2})
