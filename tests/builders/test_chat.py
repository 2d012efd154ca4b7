"""Chat channels: every message has the documented form, and no caller can keep one from arriving."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from every_case import assert_every
from jsonschema import Draft202012Validator
from samples import ACCOUNT, RAISES, SETTINGS, account, cases_of, is_of_the_key, record_of, recorded, text_of
from troposphere import encode_to_dict

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.simulator.simulator import Delivery
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.model import DETECTIONS
from cfn_breakglass.plan import make_plan
from cfn_breakglass.templates import make_templates

TEAM: Final = "1a2b3c4d-12ab-34cd-56ef-1234567890ab"
SLACK: Final = {"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}
TEAMS: Final = {"tenant": TEAM, "team": TEAM, "channel": "19%3A0123456789abcdef%40thread.tacv2"}
CHANNELS: Final = {"slack": [SLACK], "teams": [TEAMS], "runbook": "https://wiki.example.com/break-glass"}
WITH_CHAT: Final[dict[str, Any]] = {**SETTINGS, "alerts": {**SETTINGS["alerts"], **CHANNELS}}
TOPIC: Final = f"arn:aws:sns:us-east-1:{ACCOUNT}:break-glass-chat"

TEXT: Final = {"type": "string"}
TEXTS: Final = {"type": "array", "items": TEXT}
# https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
CUSTOM_NOTIFICATION: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "source", "content"],
    "properties": {
        "version": {"const": "1.0"},
        "source": {"const": "custom"},
        "id": {"type": "string", "minLength": 1},
        "content": {
            "type": "object",
            "additionalProperties": False,
            "required": ["description"],
            "properties": {
                "textType": {"const": "client-markdown"},
                "title": {"type": "string", "minLength": 1, "maxLength": 250},
                "description": {"type": "string", "minLength": 1, "maxLength": 8_000},
                "nextSteps": TEXTS,
                "keywords": TEXTS,
            },
        },
        "metadata": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "threadId": TEXT,
                "summary": TEXT,
                "eventType": TEXT,
                "relatedResources": TEXTS,
                "additionalContext": {"type": "object", "additionalProperties": TEXT},
            },
        },
    },
}


def chat_delivery(detection: str, event: Mapping[str, Any]) -> Delivery:
    """The one message that the channels get of an event by a detection."""
    deliveries = account(json.dumps(WITH_CHAT)).run(event)
    (delivery,) = {delivery for delivery in deliveries if delivery.target == TOPIC and delivery.detection == detection}
    return delivery


every_detection: Final = pytest.mark.parametrize("detection", DETECTIONS)


@every_detection
def test_the_message_of_every_sample_is_a_custom_notification(detection: str) -> None:
    assert_every(assert_message_is_a_custom_notification, cases_of(detection, RAISES))


def assert_message_is_a_custom_notification(sample: Path) -> None:
    event = event_from_record(json.loads(text_of(sample)))
    delivery = chat_delivery(sample.parent.name, event)
    assert (delivery.problem, delivery.assumed_allowed) == (None, ())
    assert delivery.subscribers == (("Slack", SLACK["channel"]), ("Teams", TEAMS["channel"]))
    message = json.loads(delivery.message)
    Draft202012Validator(CUSTOM_NOTIFICATION).validate(message)
    content = message["content"]
    assert sample.parent.name in content["title"]
    assert any(step.endswith("/break-glass") for step in content["nextSteps"])
    detail = event["detail"]
    words = {"account": event["account"], **{name: detail.get(name, "") for name in ("eventName", "eventTime")}}
    assert [name for name, word in words.items() if word not in content["description"]] == []
    if "alarmName" in detail:
        assert detail["alarmName"] in content["keywords"]
        assert detail["state"]["reason"] in content["nextSteps"]
    else:
        assert detail["userIdentity"].get("arn", "") in content["keywords"]
        assert detail["sourceIPAddress"] in content["keywords"]


# What AWS chooses or checks itself, so that it has neither quotes nor backslashes.
SAFE_PATHS: Final = {
    *("$.account", "$.region", "$.time", "$.id"),
    *(f"$.detail.{name}" for name in ("awsRegion", "errorCode", "eventID", "eventName", "eventSource", "eventTime")),
    "$.detail.userIdentity.type",
    # IAM's names of users and roles; the users of SAML and OIDC have others, and make no other calls than to assume.
    "$.detail.userIdentity.userName",
    "$.detail.userIdentity.sessionContext.sessionIssuer.userName",
    "$.detail.responseElements.assumedRoleUser.arn",
}
# The principal ID of a session: AWS's ID of the role, and a name of letters, digits and = , . @ -
BY_SESSIONS: Final = ("ConsoleSignIn", "RoleChained", "RolePassed", "RoleActions", "BackdoorCreated")
ASSUMING: Final = ("RoleAssumed", "RoleDenied")


def detection_of(rule: str) -> str:
    """The detection of a rule: the longest name with which the logical ID begins."""
    return max((name for name in DETECTIONS if rule.startswith(name)), key=len)


@cache
def chat_targets() -> dict[str, dict[str, Any]]:
    """The input transformer for the channels, by the logical ID of its rule."""
    plan = make_plan(config_of(WITH_CHAT))
    resources = encode_to_dict(make_templates(plan).main_region.resources)
    return {
        logical_id: target["InputTransformer"]
        for logical_id, resource in resources.items()
        for target in resource["Properties"].get("Targets", [])
        if target["Id"] == "Chat"
    }


def variables_in_quotes(template: str) -> Iterator[str]:
    for text in re.findall(r'"(?:[^"\\]|\\.)*"', template):
        yield from re.findall(r"<(\w+)>", text)


def test_every_detection_has_a_message() -> None:
    assert {detection_of(rule) for rule in chat_targets()} == set(DETECTIONS)


@pytest.mark.parametrize("rule", chat_targets())
def test_within_quotes_stands_only_what_no_caller_chooses(rule: str) -> None:
    transformer = chat_targets()[rule]
    detection = detection_of(rule)
    safe = set(SAFE_PATHS)
    if detection in BY_SESSIONS:
        safe.add("$.detail.userIdentity.principalId")
    if detection in ASSUMING:
        safe.discard("$.detail.userIdentity.userName")
    paths = transformer["InputPathsMap"]
    quoted = {paths[name] for name in variables_in_quotes(transformer["InputTemplate"])}
    assert {path for path in quoted - safe if not path.startswith("$.detail.responseElements.")} == set()
    # Success or Failure, in the words of the sign-in service.
    answers = {path for path in quoted - safe if path.startswith("$.detail.responseElements.")}
    assert not answers or detection in ("ConsoleSignIn", "UserSignIn", "RootUsed")
    assert "$.detail.userIdentity" not in paths.values(), "an object is no text"


HOSTILE: Final = 'x"},{"\\'


def hostile(event: dict[str, Any], detection: str) -> dict[str, Any]:
    """The event as a caller would make it who wants no message to arrive."""
    detail = record_of(event)
    for name in ("errorMessage", "userAgent", "sourceIPAddress"):
        if name in detail:
            detail[name] += HOSTILE
    caller = detail.get("userIdentity", {})
    if "arn" in caller and detection not in BY_SESSIONS:
        caller["arn"] = caller["arn"].replace("user/", f"user/{HOSTILE}/")
    if caller.get("type") in ("SAMLUser", "WebIdentityUser"):
        caller["userName"] += HOSTILE
        caller["principalId"] += HOSTILE
    if "state" in detail:
        detail["state"]["reason"] += HOSTILE
        detail["alarmName"] += HOSTILE
    return event


@every_detection
def test_no_caller_can_keep_a_message_from_arriving(detection: str) -> None:
    assert_every(assert_hostile_message_arrives, cases_of(detection, RAISES))


def assert_hostile_message_arrives(sample: Path) -> None:
    region = "us-east-1" if is_of_the_key(sample) else "us-west-2"
    event = recorded(json.dumps(hostile(json.loads(text_of(sample)), sample.parent.name)), region)
    if "errorMessage" in event["detail"]:
        # The message ends with what a pattern looks for.
        event["detail"]["errorMessage"] = recorded(text_of(sample), region)["detail"]["errorMessage"]
    delivery = chat_delivery(sample.parent.name, event)
    assert delivery.problem is None
    Draft202012Validator(CUSTOM_NOTIFICATION).validate(json.loads(delivery.message))


def test_a_channel_can_do_nothing_and_says_so() -> None:
    plan = make_plan(config_of(WITH_CHAT))
    resources = encode_to_dict(make_templates(plan).main_region.resources)
    role = resources["ChatRole"]["Properties"]
    assert not {"Policies", "ManagedPolicyArns"} & role.keys()
    (trust,) = encode_to_dict(role["AssumeRolePolicyDocument"])["Statement"]
    assert trust["Principal"] == {"Service": "chatbot.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    channels = [resource for resource in resources.values() if resource["Type"].startswith("AWS::Chatbot::")]
    assert len(channels) == 2
    for channel in channels:
        properties = channel["Properties"]
        assert properties["SnsTopicArns"] == [{"Ref": "ChatTopic"}]
        assert "AWSDenyAll" in json.dumps(properties["GuardrailPolicies"])
        assert properties["IamRoleArn"] == {"Fn::GetAtt": ["ChatRole", "Arn"]}
