"""What subscribers read, rendered for every kind of caller."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
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
from cfn_breakglass.config.message_fields import FIELDS

ROLE = f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"
SENTENCE = "User <principal> took on the role at '<eventTime>'"
HARDLY_A_NAME = 'curl/8 "quoted" \\back\\slash\nnext\tline\r {brace} <tag> é 漢字 \U0001f510 \u2028'
MULTI_LINE = "ALERT <detection>: <result>\n\nWho: <username>\nWhere: <region>, account <account>"


def sample(name: str) -> Path:
    return next(each for each in RAISES if title(each) == name)


def record(of: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text_of(of))
    return found


def read(text: str) -> str:
    """Take the quotes off each line, which EventBridge leaves on."""
    return "\n".join(json.loads(line) for line in text.split("\n"))


USER = sample("RoleAssumed/raises-user-of-the-same-account")
every_sample = pytest.mark.parametrize("of", RAISES, ids=title)


@every_sample
@pytest.mark.parametrize("field", ["username", "principal"])
def test_a_text_is_never_without_who(of: Path, field: str) -> None:
    text = read(alert(of, f"User <{field}> took on the role"))
    assert text.startswith("User ")
    assert text.endswith(" took on the role")
    assert caller_name(record(of)) in text


@every_sample
def test_the_sentence_of_the_readme(of: Path) -> None:
    text = read(alert(of, SENTENCE))
    assert text.startswith("User ")
    assert text.endswith(f"took on the role at '{event_from_record(record(of))['time']}'")
    assert caller_name(record(of)) in text


BY_SESSIONS = [each for each in RAISES if each.parent.name in ("ConsoleSignIn", "RoleChained", "BackdoorCreated")]


@pytest.mark.parametrize("of", BY_SESSIONS, ids=title)
def test_a_session_is_told_of_by_its_id_where_only_sessions_can_be(of: Path) -> None:
    caller = record(of)["userIdentity"]["principalId"]
    told = json.loads(alert(of))
    assert told["username"] == told["principal"] == caller
    text = f"User {caller} {record(of)['userIdentity'].get('invokedBy', '')}"
    assert read(alert(of, "User <username>")).strip() == text.strip()


def test_a_sign_in_leaves_no_gaps() -> None:
    for of in (each for each in RAISES if each.parent.name in ("ConsoleSignIn", "RootSignIn")):
        assert "  " not in read(alert(of, "User <principal> signed in: <result>"))


@every_sample
def test_json_has_every_field_and_no_other(of: Path) -> None:
    told = json.loads(alert(of))
    assert list(told) == list(FIELDS)
    assert told["detection"] == of.parent.name
    assert told["role"] == ROLE
    assert told["caller"] == record(of).get("userIdentity", "")
    maybe_empty = MAYBE_EMPTY | (NO_CALL if told["detection"] == "DeliveryFailing" else set())
    assert all(value != "" or name in maybe_empty for name, value in told.items())


# What AWS does not tell of every caller or every call.
MAYBE_EMPTY = frozenset(
    [
        *(
            "username",
            "principal",
            "sessionName",
            "switchedFrom",
            "mfa",
            "mfaDevice",
            "error",
            "errorCode",
            "requestedRole",
        ),
        *("eventCategory", "readonly", "requestId"),
    ]
)

# What there is of no alarm.
NO_CALL = frozenset(["eventSource", "eventType", "ip", "userAgent", "caller"])


@every_sample
def test_result(of: Path) -> None:
    result = "Success" if succeeded(record(of)) else "Failure"
    assert json.loads(alert(of))["result"] == result
    assert read(alert(of, "It was a <result>!")) == f"It was a {result}!"


@every_sample
def test_all_that_are_told_of_an_event_tell_the_same_result(of: Path) -> None:
    told = account(with_message(None)).run(event_from_record(record(of)))
    results = {one.rule: json.loads(one.message)["result"] for one in told if one.kind == "topic"}
    assert set(results.values()) == {"Success" if succeeded(record(of)) else "Failure"}, results


def test_results_of_both_kinds_are_put_to_the_test() -> None:
    kinds = {(each.parent.name, succeeded(record(each))) for each in RAISES}
    assert kinds >= {
        ("RoleAssumed", True),
        ("RoleRefused", False),
        *(
            (each, result)
            for each in ("ConsoleSignIn", "RoleActions", "UserSignIn", "RootSignIn")
            for result in (True, False)
        ),
    }


@every_sample
def test_no_alert_holds_the_session_token(of: Path) -> None:
    everything = " ".join(f"<{field}>" for field in FIELDS)
    credentials = (record(of).get("responseElements") or {}).get("credentials", {})
    for text in (alert(of), alert(of, everything)):
        assert "sessionToken" not in text
        assert credentials.get("sessionToken", "sessionToken") not in text


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
    "session of the role": ("ConsoleSignIn/raises-switch", "sessionName", "AROADBQP57FF2AEXAMPLE:alice"),
    "who switched": ("ConsoleSignIn/raises-switch", "switchedFrom", f"arn:aws:iam::{ACCOUNT}:user/alice"),
    "MFA at sign-in": ("UserSignIn/raises-with-mfa", "mfa", "Yes"),
    "no MFA at sign-in": ("RootSignIn/raises-without-mfa", "mfa", "No"),
    "failed sign-in": ("UserSignIn/raises-failed-without-arn", "error", "Failed authentication"),
    "refusal": (
        "RoleRefused/raises-no-reason",
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
    "alarm": ("DeliveryFailing/raises-notifications", "eventName", "break-glass-failing-notifications"),
    "alarm for a name": ("DeliveryFailing/raises-notifications", "username", "break-glass-failing-notifications"),
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
    text = read(alert(sample(name), f"<{field}>"))
    assert (value if isinstance(value, str) else json.dumps(value)) in text


@pytest.mark.parametrize("field", FIELDS)
def test_every_placeholder_renders(field: str) -> None:
    for of in RAISES:
        text = alert(of, f"before <{field}> after")
        assert text.startswith('"before ')
        assert text.endswith(' after"')
        assert f"<{field}>" not in text


def test_the_same_placeholder_twice() -> None:
    assert read(alert(USER, "<region> <eventName> <region>")) == "eu-west-1 AssumeRole eu-west-1"


@pytest.mark.parametrize(
    "of", [USER, sample("ConsoleSignIn/raises-switch"), sample("RoleActions/raises-refused")], ids=title
)
def test_a_hostile_user_agent_leaves_the_json_whole(of: Path) -> None:
    assert json.loads(alert(of, userAgent=HARDLY_A_NAME))["userAgent"] == HARDLY_A_NAME


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
    told = json.loads(alert(sample("RoleRefused/raises-validation-error"), **{spelled: value}))
    assert told[field] == value
    assert told["result"] == "Failure"
    assert list(told) == list(FIELDS)


@pytest.mark.parametrize("name", ["alice\\", 'a"b', "a\nb", "=,.@-_+"])
def test_a_session_may_bear_any_name(name: str) -> None:
    parameters = record(USER)["requestParameters"] | {"roleSessionName": name}
    assert json.loads(alert(USER, requestParameters=parameters))["sessionName"] == name


# A name, and beside it the message and what is read of it.
AS_WRITTEN: dict[str, tuple[str, str]] = {
    "plain": ("Somebody took the role on!", "Somebody took the role on!"),
    "lines": (
        MULTI_LINE,
        f"ALERT RoleAssumed: Success\n\nWho: alice AIDACKCEVSQ6C2EXAMPLE \nWhere: eu-west-1, account {ACCOUNT}",
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
    assert read(alert(USER, message)) == text


@every_sample
def test_the_log_keeps_the_whole_event_whatever_the_message(of: Path) -> None:
    event = event_from_record(record(of))
    for message in (None, SENTENCE):
        told = own_deliveries(of, account(with_message(message)).run(event))
        (kept,) = {one.message for one in told if one.kind == "log"}
        assert json.loads(kept) == event
