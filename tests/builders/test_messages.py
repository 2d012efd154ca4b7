"""What subscribers read, rendered for every kind of caller."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from every_case import assert_every
from samples import (
    ACCOUNT,
    RAISES,
    account,
    alert,
    caller_name,
    own_deliveries,
    succeeded,
    text_of,
    title,
    with_message,
)

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.message_fields import FIELDS
from cfn_breakglass.config.model import DETECTIONS
from cfn_breakglass.generation.generate import template_files as files_of

ROLE = f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"
SENTENCE = "User <principal> took on the role at '<eventTime>'"
HARDLY_A_NAME = 'curl/8 "quoted" \\back\\slash\nnext\tline\r {brace} <tag> é 漢字 \U0001f510 \u2028'
MULTI_LINE = "ALERT <detection>: <result>\n\nWho: <username>\nWhere: <region>, account <account>"


def sample(name: str) -> Path:
    return next(path for path in RAISES if title(path) == name)


def record(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(text_of(path))
    return content


def read(text: str) -> str:
    """Take the quotes off each line, which EventBridge leaves on."""
    return "\n".join(json.loads(line) for line in text.split("\n"))


USER = sample("RoleAssumed/raises-user-of-the-same-account")
EVERY_FIELD = "\n".join(f"{name}: before <{name}> after" for name in FIELDS)
every_detection = pytest.mark.parametrize("detection", DETECTIONS)


def raised_by(detection: str) -> dict[str, tuple[Path]]:
    """The samples that raise a detection, as the cases of ``assert_every``."""
    return {title(sample): (sample,) for sample in RAISES if sample.parent.name == detection}


def fields_of(path: Path) -> dict[str, str]:
    """What a text says of a sample for each field, between ``before`` and ``after``."""
    lines = alert(path, EVERY_FIELD).split("\n")
    assert all(line[0] == line[-1] == '"' for line in lines)
    fields = dict(line[1:-1].split(": before ", 1) for line in lines)
    assert list(fields) == list(FIELDS)
    assert all(text.endswith(" after") for text in fields.values())
    return {name: text.removesuffix(" after") for name, text in fields.items()}


def assert_names_the_caller(path: Path) -> None:
    fields, caller = fields_of(path), record(path)["userIdentity"]
    names = [fields[name] for name in ("username", "principal", "arn")]
    assert any(caller_name(record(path)) in name for name in names)
    assert names == [name.strip() for name in names]
    assert (fields["principal"], fields["arn"]) == (caller.get("principalId", ""), caller.get("arn", ""))
    text = read(alert(path, SENTENCE))
    assert text == f"User {fields['principal']} took on the role at '{event_from_record(record(path))['time']}'"


BY_SOMEBODY = tuple(name for name in DETECTIONS if name != "DeliveryFailing")


@pytest.mark.parametrize("detection", BY_SOMEBODY)
def test_a_text_is_never_without_the_caller(detection: str) -> None:
    assert_every(assert_names_the_caller, raised_by(detection))


BY_SESSIONS = ("ConsoleSignIn", "RoleChained", "RolePassed", "BackdoorCreated")


def assert_names_the_session(path: Path) -> None:
    caller = record(path)["userIdentity"]["principalId"]
    fields = json.loads(alert(path))
    assert fields["username"] == fields["principal"] == fields_of(path)["username"] == caller


@pytest.mark.parametrize("detection", BY_SESSIONS)
def test_a_session_is_named_by_its_id_where_only_sessions_can_be(detection: str) -> None:
    assert_every(assert_names_the_session, raised_by(detection))


@pytest.mark.parametrize("detection", ["ConsoleSignIn", "RootUsed"])
def test_a_sign_in_leaves_no_gaps(detection: str) -> None:
    message = "User <principal> signed in: <result>"
    texts = {name: read(alert(path, message)) for name, (path,) in raised_by(detection).items()}
    assert {name: text for name, text in texts.items() if "  " in text} == {}


# What AWS does not tell of every caller or every call, and the runbook, of which the config has none.
MAYBE_EMPTY = frozenset(
    [
        *("username", "principal", "arn", "sessionName", "switchedFrom", "mfa", "mfaDevice", "error", "errorCode"),
        *("requestedRole", "eventCategory", "readonly", "requestId", "target", "parameters", "runbook"),
    ]
)

# What there is of no alarm.
NO_CALL = frozenset(["eventName", "eventSource", "eventType", "ip", "userAgent", "caller"])


def assert_has_every_field(path: Path) -> None:
    fields = json.loads(alert(path))
    assert list(fields) == list(FIELDS)
    assert fields["detection"] == path.parent.name
    assert fields["role"] == ROLE
    assert fields["caller"] == record(path).get("userIdentity", "")
    maybe_empty = MAYBE_EMPTY | (NO_CALL if fields["detection"] == "DeliveryFailing" else set())
    assert [name for name, value in fields.items() if value == "" and name not in maybe_empty] == []


@every_detection
def test_json_has_every_field_and_no_other(detection: str) -> None:
    assert_every(assert_has_every_field, raised_by(detection))


def assert_says_the_result(path: Path) -> None:
    result = "Success" if succeeded(record(path)) else "Failure"
    assert fields_of(path)["result"] == result
    deliveries = account(with_message(None)).run(event_from_record(record(path)))
    alerts = {delivery.rule: delivery.message for delivery in deliveries if delivery.kind == "topic"}
    results = {rule: json.loads(text)["result"] for rule, text in alerts.items()}
    assert set(results.values()) == {result}, results


@every_detection
def test_every_alert_of_an_event_says_its_result(detection: str) -> None:
    assert_every(assert_says_the_result, raised_by(detection))


BOTH_RESULTS = ("ConsoleSignIn", "RoleActions", "UserSignIn", "RootUsed")
RESULTS = [
    *(("RoleAssumed", True), ("RoleDenied", False)),
    *((name, result) for name in BOTH_RESULTS for result in (True, False)),
]


@pytest.mark.parametrize(("detection", "result"), RESULTS)
def test_there_are_samples_of_both_results(detection: str, result: bool) -> None:  # noqa: FBT001 - a table's column
    assert result in {succeeded(record(path)) for (path,) in raised_by(detection).values()}


def assert_holds_no_token(path: Path) -> None:
    credentials = (record(path).get("responseElements") or {}).get("credentials", {})
    for text in (alert(path), alert(path, EVERY_FIELD)):
        assert "sessionToken" not in text
        assert credentials.get("sessionToken", "sessionToken") not in text


@every_detection
def test_no_alert_holds_the_session_token(detection: str) -> None:
    assert_every(assert_holds_no_token, raised_by(detection))


OVER_THE_THRESHOLD = (
    "Threshold Crossed: 1 out of the last 1 datapoints {} was greater than the threshold (0.0)"
    " (minimum 1 datapoint for OK -> ALARM transition)."
)
# name: (sample, field, what it says in JSON)
FIELD_VALUES: dict[str, tuple[str, str, Any]] = {
    "user": ("RoleAssumed/raises-user-of-the-same-account", "username", "alice"),
    "user's ID": ("RoleAssumed/raises-user-of-the-same-account", "principal", "AIDACKCEVSQ6C2EXAMPLE"),
    "user of another account": ("RoleAssumed/raises-user-of-another-account", "principal", "AIDAJQABLZS4A3EXAMPLE"),
    "session name asked for": ("RoleAssumed/raises-session-named-after-another", "sessionName", "alice"),
    "role asked for": ("RoleAssumed/raises-user-of-another-account", "requestedRole", ROLE),
    "MFA of a session": ("RoleAssumed/raises-mfa-session-of-a-user", "mfa", "true"),
    "session of the role": ("ConsoleSignIn/raises-switch", "username", "AROADBQP57FF2AEXAMPLE:alice"),
    "session of another role": (
        "RoleAssumed/raises-chained-in",
        "arn",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/alice",
    ),
    "who switched": ("ConsoleSignIn/raises-switch", "switchedFrom", f"arn:aws:iam::{ACCOUNT}:user/alice"),
    "MFA at sign-in": ("UserSignIn/raises-with-mfa", "mfa", "Yes"),
    "no MFA at sign-in": ("RootUsed/raises-without-mfa", "mfa", "No"),
    "failed sign-in": ("UserSignIn/raises-failed-without-arn", "error", "Failed authentication"),
    "refusal": (
        "RoleDenied/raises-no-reason",
        "error",
        f"User: arn:aws:iam::{ACCOUNT}:user/bob is not authorized to perform: sts:AssumeRole on resource: {ROLE}",
    ),
    "region": ("RoleAssumed/raises-saml", "region", "ap-southeast-2"),
    "account": ("RoleAssumed/raises-user-of-another-account", "account", ACCOUNT),
    "true or false": ("RoleActions/raises-write", "readonly", False),
    "onward": ("RoleChained/raises-another-role", "requestedRole", f"arn:aws:iam::{ACCOUNT}:role/Deploy"),
    "type": ("ConsoleSignIn/raises-switch", "detailType", "AWS Console Sign In via CloudTrail"),
    "source": ("RoleActions/raises-data-event", "source", "aws.s3"),
    "category": ("RoleActions/raises-data-event", "eventCategory", "Data"),
    "alarm": ("DeliveryFailing/raises-notifications", "target", "break-glass-failing-notifications"),
    "no call of an alarm": ("DeliveryFailing/raises-notifications", "eventName", ""),
    "nobody made an alarm go off": ("DeliveryFailing/raises-notifications", "username", ""),
    "why it went off": (
        "DeliveryFailing/raises-notifications",
        "error",
        OVER_THE_THRESHOLD.format("[3.0 (14/03/25 03:11:00)]"),
    ),
    "when it went off": ("DeliveryFailing/raises-notifications", "eventTime", "2025-03-14T03:16:40Z"),
    "where it went off": ("DeliveryFailing/raises-dead-letters-in-another-region", "region", "eu-west-1"),
    "kind of event": ("DeliveryFailing/raises-notifications", "detailType", "CloudWatch Alarm State Change"),
}


@pytest.mark.parametrize(("name", "field", "value"), FIELD_VALUES.values(), ids=FIELD_VALUES)
def test_field(name: str, field: str, value: Any) -> None:
    assert json.loads(alert(sample(name)))[field] == value
    assert (value if isinstance(value, str) else json.dumps(value)) in fields_of(sample(name))[field]


def assert_renders(path: Path) -> None:
    assert [name for name, text in fields_of(path).items() if f"<{name}>" in text] == []


@every_detection
def test_every_placeholder_renders(detection: str) -> None:
    assert_every(assert_renders, raised_by(detection))


def test_the_same_placeholder_twice() -> None:
    assert read(alert(USER, "<region> <eventName> <region>")) == "eu-west-1 AssumeRole eu-west-1"


@pytest.mark.parametrize(
    "path", [USER, sample("ConsoleSignIn/raises-switch"), sample("RoleActions/raises-refused")], ids=title
)
def test_a_hostile_user_agent_leaves_the_json_whole(path: Path) -> None:
    assert json.loads(alert(path, userAgent=HARDLY_A_NAME))["userAgent"] == HARDLY_A_NAME


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("error", HARDLY_A_NAME),
        ("ip", '192.0.2.1", "result": "Success'),
        ("requestId", "\\"),
        ("userAgent", {"not": ["text"]}),
    ],
)
def test_what_callers_choose_cannot_forge_a_field(field: str, value: Any) -> None:
    spelled = {"error": "errorMessage", "ip": "sourceIPAddress", "requestId": "requestID"}.get(field, field)
    fields = json.loads(alert(sample("RoleDenied/raises-validation-error"), **{spelled: value}))
    assert fields[field] == value
    assert fields["result"] == "Failure"
    assert list(fields) == list(FIELDS)


@pytest.mark.parametrize("name", ["alice\\", 'a"b', "a\nb", "=,.@-_+"])
def test_a_session_may_bear_any_name(name: str) -> None:
    parameters = record(USER)["requestParameters"] | {"roleSessionName": name}
    assert json.loads(alert(USER, requestParameters=parameters))["sessionName"] == name


# A name, and beside it the message and what is read of it.
AS_WRITTEN: dict[str, tuple[str, str]] = {
    "plain": ("Somebody took the role on!", "Somebody took the role on!"),
    "lines": (
        MULTI_LINE,
        f"ALERT RoleAssumed: Success\n\nWho: alice\nWhere: eu-west-1, account {ACCOUNT}",
    ),
    "quotes": ("<eventName> \"now\" and 'then'", "AssumeRole \"now\" and 'then'"),
    "backslash": ("C:\\new\\<eventName>", "C:\\new\\AssumeRole"),
    "pseudo parameter": ("${AWS::AccountId} ${x} <eventName>", "${AWS::AccountId} ${x} AssumeRole"),
    "pseudo parameter beside the role": ("${AWS::AccountId} ${x} ${!y} <role>", "${AWS::AccountId} ${x} ${!y} " + ROLE),
    "dollar before the role": ("$<role> {<role>}", f"${ROLE} {{{ROLE}}}"),
    "no placeholder": ("${AWS::AccountId}", "${AWS::AccountId}"),
    "letters of the world": ("Wer? <eventName> 漢字 é \U0001f510", "Wer? AssumeRole 漢字 é \U0001f510"),
    "braces": ("{<eventName>}", "{AssumeRole}"),
    "brackets": ("[<eventName>]", "[AssumeRole]"),
    "tab": ("a\tb <eventName>", "a\tb AssumeRole"),
    "percent and friends": ("100% & #1 {{resolve:ssm:x}} <eventName>", "100% & #1 {{resolve:ssm:x}} AssumeRole"),
}


@pytest.mark.parametrize(("message", "text"), AS_WRITTEN.values(), ids=AS_WRITTEN)
def test_a_message_comes_out_as_written(message: str, text: str) -> None:
    settings = json.loads(with_message(message)) | {"regions": [record(USER)["awsRegion"]]}
    deliveries = own_deliveries(USER, account(json.dumps(settings)).run(event_from_record(record(USER))))
    assert {read(delivery.message) for delivery in deliveries if delivery.kind == "topic"} == {text}


def test_only_alarms_leave_no_text_that_nothing_uses() -> None:
    """cfn-lint warns of a mapping that no resource uses."""
    alone = {name: "alert" if name == "DeliveryFailing" else "off" for name in DETECTIONS}
    settings = {"main_region": "us-east-1", "usernames": ["alice"], "alerts": {"emails": ["ops@example.com"]}}
    for level, has_mapping in (("off", False), ("log", False), ("alert", True)):
        detections = {**alone, "RoleAssumed": level}
        text = files_of(config_of({**settings, "detections": detections}))["main-region.yaml"]
        assert ("AlertText" in text, "FindInMap" in text) == (has_mapping, has_mapping)


def assert_logs_the_whole_event(path: Path) -> None:
    event = event_from_record(record(path))
    for message in (None, SENTENCE):
        deliveries = own_deliveries(path, account(with_message(message)).run(event))
        (text,) = {delivery.message for delivery in deliveries if delivery.kind == "log"}
        assert json.loads(text) == event


@every_detection
def test_the_log_keeps_the_whole_event_whatever_the_message(detection: str) -> None:
    assert_every(assert_logs_the_whole_event, raised_by(detection))
