"""What a person reads of every sample with ``alerts.format: text``, compared with the event that it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from alert_examples import RUNBOOK, alerts_by_rule, alerts_of, settings_for, without_quotes
from every_case import assert_every
from samples import ACCOUNT, RAISES, account, succeeded, templates, text_of, title
from template_data import resources_of
from variants import VARIANTS

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.config.model import DETECTIONS

every_detection = pytest.mark.parametrize("detection", DETECTIONS)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"
EMAILS = {"alerts": {"emails": ["ops@example.com"], "format": "text"}}
ABOUT_THE_ROLE = ("RoleAssumed", "RoleDenied", "ConsoleSignIn")
NAMES_SOMETHING = re.compile(r"(name|arn|id|identifier|url|principal|account|region)s?$|^rule$", re.IGNORECASE)


def cases(detection: str) -> dict[str, tuple[str, dict[str, Any], str]]:
    """Each alert of a detection: the rule, the event, and the text without the quotes of its lines."""
    return {
        f"{title(sample)} by {rule}": (rule, event_from_record(json.loads(text_of(sample))), without_quotes(text))
        for rule, alerts in alerts_by_rule("text").items()
        for sample, text in alerts.items()
        if sample.parent.name == detection
    }


def lines(text: str) -> dict[str, str]:
    """The lines of a text by what stands before the colon."""
    return dict(line.split(": ", 1) for line in text.split("\n"))


def names(value: Any, key: str = "") -> Iterator[str]:
    """Every name, ID, ARN and address among the parameters of a call."""
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from names(inner, inner_key)
    elif isinstance(value, list):
        for item in value:
            yield from names(item, key)
    elif isinstance(value, str) and NAMES_SOMETHING.search(key):
        yield value


def is_alarm(event: dict[str, Any]) -> bool:
    return "alarmName" in event["detail"]


def assert_says_what_happened(_rule: str, _event: dict[str, Any], text: str) -> None:
    severity, sentence = text.splitlines()[0].split(": ", 1)
    assert severity in ("CRITICAL", "HIGH", "MEDIUM", "LOW")
    assert re.fullmatch(r"[A-Z][^.]+\.", sentence)


@every_detection
def test_it_begins_with_how_bad_it_is_and_what_happened(detection: str) -> None:
    assert_every(assert_says_what_happened, cases(detection))


def assert_says_who(_rule: str, event: dict[str, Any], text: str) -> None:
    if is_alarm(event):
        assert "Who" not in lines(text)
        return
    caller = event["detail"]["userIdentity"]
    who = lines(text)["Who"]
    if "invokedBy" in caller:
        assert lines(text)["From"] == caller["invokedBy"]
    if caller["type"] == "AWSAccount":
        assert caller["accountId"] in who
    if caller["type"] == "AWSService":
        assert who.startswith("AWSService ")
    elif "arn" in caller:
        assert caller["arn"] in who
    else:
        assert any(caller[name] in who for name in ("principalId", "userName") if name in caller)


@every_detection
def test_it_says_who(detection: str) -> None:
    assert_every(assert_says_who, cases(detection))


def assert_says_to_what(rule: str, event: dict[str, Any], text: str) -> None:
    detail = event["detail"]
    if is_alarm(event):
        assert lines(text)["About"].startswith(f"{detail['alarmName']}. ")
    elif rule in ABOUT_THE_ROLE:
        role = (detail["requestParameters"] or {}).get("roleArn") or ROLE
        assert lines(text)["About"].casefold() == role.casefold()
    else:
        for name in names(detail["requestParameters"]):
            assert name in text
    # Where AWS leaves out the parameters of a call that it denies, its message has the name.
    assert detail.get("errorMessage", "") in text


@every_detection
def test_it_says_to_what(detection: str) -> None:
    assert_every(assert_says_to_what, cases(detection))


def assert_says_what_the_alarm_means(_rule: str, event: dict[str, Any], text: str) -> None:
    main, secondary = (resources_of(template) for template in templates(settings_for("text")))
    (description,) = {
        str(resource["Properties"]["AlarmDescription"])
        for resource in [*main.values(), *secondary.values()]
        if resource["Type"] == "AWS::CloudWatch::Alarm"
        and str(resource["Properties"]["AlarmName"]) == event["detail"]["alarmName"]
    }
    assert lines(text)["About"].endswith(f". {description}")
    assert event["detail"]["state"]["reason"] in text


def test_it_says_which_alarm_it_is_and_what_that_means() -> None:
    assert_every(assert_says_what_the_alarm_means, cases("DeliveryFailing"))


def assert_says_where_from(_rule: str, event: dict[str, Any], text: str) -> None:
    assert lines(text).get("From") == event["detail"].get("sourceIPAddress")
    assert lines(text)["When and where"] == f"{event['time']}, {event['region']}, account {event['account']}"


@every_detection
def test_it_says_where_from_and_where_and_when(detection: str) -> None:
    assert_every(assert_says_where_from, cases(detection))


def assert_says_whether_it_worked(_rule: str, event: dict[str, Any], text: str) -> None:
    if not is_alarm(event):
        result = lines(text)["Result"]
        assert result.startswith("Success" if succeeded(event["detail"]) else "Failure")
        assert event["detail"].get("errorCode", "") in result


@every_detection
def test_it_says_whether_it_worked(detection: str) -> None:
    assert_every(assert_says_whether_it_worked, cases(detection))


def assert_says_what_to_do(_rule: str, event: dict[str, Any], text: str) -> None:
    console = f"https://{event['region']}.console.aws.amazon.com"
    page = f"cloudtrailv2/home?region={event['region']}#/events/{event['id']}"
    if is_alarm(event):
        page = f"cloudwatch/home?region={event['region']}#alarmsV2:alarm/{event['detail']['alarmName']}"
    next_step, see, runbook = text.split("\n")[-3:]
    assert re.fullmatch(r"Next: [A-Z].{30,}\.", next_step)
    assert see == f"See: {console}/{page}"
    assert runbook == f"Runbook: {RUNBOOK}"


@every_detection
def test_it_ends_with_what_to_do_and_where_to_look(detection: str) -> None:
    assert_every(assert_says_what_to_do, cases(detection))


def test_it_does_not_send_anybody_to_iam_for_the_role_of_a_permission_set() -> None:
    text, _ = templates(json.dumps({"main_region": "us-east-1", "role": {"permission_set": "BreakGlass"}} | EMAILS))
    assert text.count("end the active sessions of the permission set with an SCP") >= len(ABOUT_THE_ROLE)
    assert "sessions of the role in IAM" not in " ".join(text.split())


@pytest.mark.parametrize(
    ("partition", "console"), [("China", "console.amazonaws.cn"), ("GovCloud", "console.amazonaws-us-gov.com")]
)
def test_the_link_is_into_the_console_of_the_partition(partition: str, console: str) -> None:
    variant = VARIANTS[partition]
    settings = json.loads(variant.text)
    settings["alerts"]["format"] = "text"
    for sample in (
        sample
        for sample in RAISES
        if title(sample) in ("RoleAssumed/raises-saml", "DeliveryFailing/raises-invocations")
    ):
        event = event_from_record(json.loads(variant.rewrite(text_of(sample))))
        (text,) = {
            delivery.message for delivery in account(json.dumps(settings)).run(event) if delivery.kind == "topic"
        }
        assert f"See: https://{event['region']}.{console}/" in text


# What AWS leaves out of some records of a kind, and has in others.
MAY_BE_EMPTY = {"MFA, if AWS knows": "", "Parameters": "null"}


def is_empty(line: str) -> bool:
    label, value = line.split(": ", 1)
    return MAY_BE_EMPTY.get(label) == value


def assert_has_no_gap(_rule: str, _event: dict[str, Any], text: str) -> None:
    for line in text.split("\n"):
        label, value = line.split(": ", 1)
        assert value.strip() or is_empty(line), line
        # What people wrote into a policy is as they wrote it.
        assert label == "Parameters" or not re.search(r"  |<\w+>", line), line


@every_detection
def test_no_line_has_a_gap(detection: str) -> None:
    assert_every(assert_has_no_gap, cases(detection))


@every_detection
def test_no_line_is_empty_in_every_alert_of_a_rule(detection: str) -> None:
    labels, filled = set(), set()
    for rule, _, text in cases(detection).values():
        for line in text.split("\n"):
            labels.add((rule, line.split(": ")[0]))
            if not is_empty(line):
                filled.add((rule, line.split(": ")[0]))
    assert labels == filled


# AWS answers calls that make credentials with the credentials.
ANSWER = {
    "credentials": {"accessKeyId": "ASIAMADE-SECRET", "secretAccessKey": "MADE-SECRET", "sessionToken": "MADE-SECRET"},
    "accessKey": {"accessKeyId": "AKIAMADE-SECRET", "secretAccessKey": "MADE-SECRET"},
    "serviceSpecificCredential": {"servicePassword": "MADE-SECRET"},
    "SigninToken": "MADE-SECRET",
}


@every_detection
@pytest.mark.parametrize("alert_format", ["text", "json"])
def test_no_alert_holds_credentials(alert_format: str, detection: str) -> None:
    for sample in RAISES:
        record = json.loads(text_of(sample))
        if sample.parent.name == detection and "eventSource" in record:
            record["responseElements"] = {**(record["responseElements"] or {}), **ANSWER}
            for alert in alerts_of(sample, alert_format, record).values():
                assert "MADE-SECRET" not in alert, title(sample)
