"""What each field of a message says, of events in which no two values are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from samples import ACCOUNT, account, with_message

from cfn_breakglass.config.aws_types import MESSAGE
from cfn_breakglass.config.message_fields import FIELDS

ROLE = f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/break-glass/alice"
DEVICE = f"arn:aws:iam::{ACCOUNT}:mfa/phone"

# EventBridge has an ID, a time and a region of its own; an alert is about the record.
ENVELOPE = {
    "version": "0",
    "id": "of the envelope",
    "account": ACCOUNT,
    "time": "2025-03-14T03:09:00Z",
    "region": "eu-west-1",
    "resources": [],
}
RECORD: dict[str, Any] = {
    "eventID": "of the record",
    "eventTime": "2025-03-14T03:07:12Z",
    "awsRegion": "us-west-2",
    "sourceIPAddress": "203.0.113.24",
    "userAgent": "curl/8",
    "requestID": "of the request",
    "eventType": "AwsApiCall",
    "eventCategory": "Management",
    "managementEvent": True,
}
OF_EVERY_RECORD = {
    "account": ACCOUNT,
    "region": "us-west-2",
    "eventTime": "2025-03-14T03:07:12Z",
    "eventId": "of the record",
    "ip": "203.0.113.24",
    "userAgent": "curl/8",
    "requestId": "of the request",
    "eventType": "AwsApiCall",
    "eventCategory": "Management",
}
ALICE = {"type": "IAMUser", "userName": "alice", "principalId": "AIDA", "accountId": ACCOUNT}
BY_SESSION = {
    "type": "AssumedRole",
    "principalId": "AROA:alice",
    "arn": SESSION,
    "sessionContext": {"sessionIssuer": {"arn": ROLE}, "attributes": {"mfaAuthenticated": "true"}},
}
SIGN_IN = "AWS Console Sign In via CloudTrail"


def of_a_call(service: str, name: str, who: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The event of a call that CloudTrail recorded."""
    call = {"eventSource": f"{service}.amazonaws.com", "eventName": name, "userIdentity": who}
    source = {"source": f"aws.{service}", "detail-type": more.pop("detail_type", "AWS API Call via CloudTrail")}
    return ENVELOPE | source | {"detail": RECORD | call | more}


def of_an_alarm() -> dict[str, Any]:
    """The event of an alarm that goes off."""
    state = {"value": "ALARM", "reason": "Threshold Crossed"}
    detail = {"alarmName": "break-glass-failing-dead-letters", "state": state}
    return ENVELOPE | {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": detail,
    }


# name: (the detection, its event, what the fields say)
EVENTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "assumed with an MFA code": (
        "RoleAssumed",
        of_a_call(
            *("sts", "AssumeRole", ALICE),
            requestParameters={"roleArn": ROLE, "roleSessionName": "night shift", "serialNumber": DEVICE},
            readOnly=True,
        ),
        {
            **OF_EVERY_RECORD,
            "detection": "RoleAssumed",
            "result": "Success",
            "role": ROLE,
            "username": "alice",
            "principal": "AIDA",
            "sessionName": "night shift",
            "mfaDevice": DEVICE,
            "requestedRole": ROLE,
            "eventName": "AssumeRole",
            "eventSource": "sts.amazonaws.com",
            "source": "aws.sts",
            "detailType": "AWS API Call via CloudTrail",
            "readonly": True,
            "error": "",
            "errorCode": "",
            "switchedFrom": "",
            "caller": ALICE,
        },
    ),
    "assumed from a session with MFA": (
        "RoleAssumed",
        of_a_call(
            *("sts", "AssumeRole", ALICE | {"sessionContext": {"attributes": {"mfaAuthenticated": "true"}}}),
            requestParameters={"roleArn": ROLE, "roleSessionName": "night shift"},
        ),
        {"mfa": "true", "mfaDevice": ""},
    ),
    "denied": (
        "RoleDenied",
        of_a_call(
            *("sts", "AssumeRole", ALICE),
            requestParameters={"roleArn": ROLE, "roleSessionName": "night shift"},
            errorCode="AccessDenied",
            errorMessage="not authorized",
        ),
        {
            **OF_EVERY_RECORD,
            "result": "Failure",
            "error": "not authorized",
            "errorCode": "AccessDenied",
            "sessionName": "night shift",
        },
    ),
    "signed in to the console": (
        "ConsoleSignIn",
        of_a_call(
            *("signin", "SwitchRole", BY_SESSION),
            detail_type=SIGN_IN,
            responseElements={"SwitchRole": "Success"},
            additionalEventData={"SwitchFrom": f"arn:aws:iam::{ACCOUNT}:user/alice", "MFAUsed": "No"},
        ),
        {
            **OF_EVERY_RECORD,
            "result": "Success",
            "switchedFrom": f"arn:aws:iam::{ACCOUNT}:user/alice",
            "sessionName": "",
            "username": "AROA:alice",
            "principal": "AROA:alice",
            "arn": SESSION,
            # AWS says "No" of every session that opens the console.
            "mfa": "",
            "target": ROLE,
            "detailType": SIGN_IN,
        },
    ),
    "a user failed to sign in": (
        "UserSignIn",
        of_a_call(
            *("signin", "ConsoleLogin", ALICE),
            detail_type=SIGN_IN,
            responseElements={"ConsoleLogin": "Failure"},
            additionalEventData={"MFAUsed": "Yes"},
            errorMessage="Failed authentication",
        ),
        {**OF_EVERY_RECORD, "result": "Failure", "error": "Failed authentication", "mfa": "Yes", "username": "alice"},
    ),
    "a service did something for a session": (
        "RoleActions",
        of_a_call("ec2", "RunInstances", BY_SESSION | {"invokedBy": "autoscaling.amazonaws.com"}, readOnly=False),
        {**OF_EVERY_RECORD, "result": "Success", "eventName": "RunInstances", "source": "aws.ec2", "readonly": False},
    ),
    "an alarm": (
        "DeliveryFailing",
        of_an_alarm(),
        {
            "result": "Failure",
            "target": "break-glass-failing-dead-letters",
            "username": "",
            "principal": "",
            "eventName": "",
            "error": "Threshold Crossed",
            # There is no record: the envelope says it all.
            "region": "eu-west-1",
            "eventTime": "2025-03-14T03:09:00Z",
            "eventId": "of the envelope",
            "account": ACCOUNT,
            "ip": "",
            "userAgent": "",
            "requestId": "",
        },
    ),
}
every_event = pytest.mark.parametrize(("detection", "event", "fields"), EVENTS.values(), ids=EVENTS)


def alert(detection: str, event: dict[str, Any], message: str | None = None) -> str:
    """What subscribers of a detection read."""
    deliveries = account(with_message(message)).run(event)
    (text,) = {one.message for one in deliveries if one.detection == detection and one.kind == "topic"}
    return text


@every_event
def test_the_json_of_an_alert(detection: str, event: dict[str, Any], fields: dict[str, Any]) -> None:
    read = json.loads(alert(detection, event))
    assert {name: read[name] for name in fields} == fields


@every_event
def test_the_text_of_an_alert(detection: str, event: dict[str, Any], fields: dict[str, Any]) -> None:
    names = [name for name in fields if name != "caller"]
    text = alert(detection, event, "\n".join(f"{name} is <{name}>." for name in names))
    read = dict(json.loads(line).removesuffix(".").split(" is ", 1) for line in text.split("\n"))
    for name in names:
        said = fields[name] if isinstance(fields[name], str) else json.dumps(fields[name])
        # A field may hold more than one of AWS's names for the same thing, and a blank for each that is not there.
        assert said in read[name] if said else not read[name].strip(), name


def test_a_text_says_mfa_where_the_code_came_with_the_call() -> None:
    """There is no session yet then that was made with MFA; the device that the caller named says it."""
    _, event, _ = EVENTS["assumed with an MFA code"]
    assert json.loads(alert("RoleAssumed", event, "MFA: <mfa>")).split() == ["MFA:", DEVICE]


def test_a_message_has_the_caller_and_no_gaps() -> None:
    message = "<username>, that is <principal>"
    _, assumed, _ = EVENTS["assumed with an MFA code"]
    assert json.loads(alert("RoleAssumed", assumed, message)) == "alice, that is AIDA"
    _, acted, _ = EVENTS["a service did something for a session"]
    assert json.loads(alert("RoleActions", acted, message)) == "AROA:alice, that is AROA:alice"


OTHER_NOTATIONS = (
    *(
        "{%s}",
        "{ %s }",
        "{{%s}}",
        "{{ %s }}",
        "${%s}",
        "#{%s}",
        "$%s",
        "$(%s)",
        "%%%s%%",
        "%%(%s)s",
        "<<%s>>",
        "<< %s >>",
    ),
)


@pytest.mark.parametrize("notation", OTHER_NOTATIONS)
def test_a_field_in_the_notation_of_another_language_is_refused(notation: str) -> None:
    for name, spelled in [*((field, field) for field in FIELDS), *((field, field.upper()) for field in FIELDS)]:
        written = notation % spelled
        fault = MESSAGE.fault_of(f"<detection> by {written}, see the runbook")
        assert fault is not None, written
        assert fault.text == f"contains {written}, which nothing would fill in"
        assert fault.fix == f"write <{name}>"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "{x}",
            "$5",
            "$x",
            "${x}",
            "%x%",
            "{two words}",
            "100% of them",
            "{<principal>}",
            "$<role>",
            '{"ip": "<ip>"}',
        ),
        *("${AWS::Region}", "{{resolve:ssm:x}}", "{principal", "principal}", "%ip", "50% mfa", "role"),
    ],
)
def test_text_that_looks_like_no_field_stays(text: str) -> None:
    assert MESSAGE.fault_of(text) is None


@pytest.mark.parametrize(
    ("written", "suggestion"),
    [
        *(("{user}", "<username>"), ("$ip_address", "<"), ("${roles}", "<role>"), ("{{principals}}", "<principal>")),
        *(("$HOME", "<"), ("{them}", "<")),
    ],
)
def test_a_placeholder_that_is_no_field_is_refused_with_the_right_form(written: str, suggestion: str) -> None:
    fault = MESSAGE.fault_of(f"<detection> by {written}")
    assert fault is not None
    assert fault.text == f"contains {written}, which nothing would fill in"
    assert fault.fix.startswith("a field is written <name>: ")
    assert suggestion in fault.fix


@pytest.mark.parametrize("word", ["user", "eventname", "sourceIp", "accountId", "detections", "Role"])
def test_a_word_in_the_right_notation_that_is_no_field_is_refused_with_one_that_is(word: str) -> None:
    fault = MESSAGE.fault_of(f"<{word}> at <eventTime>")
    assert fault is not None
    assert f"<{word}>" in fault.text
    assert any(f"did you mean <{name}>?" in fault.fix for name in FIELDS)


def test_everything_that_is_wrong_with_a_message_is_said_at_once() -> None:
    fault = MESSAGE.fault_of("<user> by $ip and {ip}")
    assert fault is not None
    assert fault.text == "contains $ip and {ip}, which nothing would fill in, and <user>, which is not a field"
    assert fault.fix.startswith("write <ip>; did you mean <username>? The fields are: detection, ")
