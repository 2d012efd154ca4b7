"""A small change of the config leaves alone what was there: no logical ID and no physical name changes."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from template_data import resources_of

from cfn_breakglass import config_of, template_files

BASE: dict[str, Any] = {
    "main_region": "us-east-1",
    "regions": ["eu-west-1"],
    "usernames": ["bob"],
    "role": {"managed_policies": ["ReadOnlyAccess"]},
    "alerts": {
        "emails": ["m@example.com", "z@example.com"],
        "sms": ["+15550102"],
        "https": ["https://m.example.com/x"],
        "sqs": ["arn:aws:sqs:us-east-1:111122223333:m"],
        "lambda": ["arn:aws:lambda:us-east-1:111122223333:function:m"],
        "application": ["arn:aws:sns:us-east-1:111122223333:endpoint/APNS/m"],
        "fallback": ["m@example.org"],
    },
    "trail": "create",
    "actions": {"services": ["s3"]},
}
NAMES = (
    *("RoleName", "ManagedPolicyName", "Name", "TopicName", "QueueName", "LogGroupName", "PolicyName", "Endpoint"),
    *("AlarmName", "AliasName", "BucketName", "TrailName"),
)
ADDED = {
    "user": ("usernames", "alice"),
    "region": ("regions", "ap-south-1"),
    "fallback": ("alerts.fallback", "a@example.org"),
    "email": ("alerts.emails", "a@example.com"),
    "sms": ("alerts.sms", "+15550100"),
    "https": ("alerts.https", "https://a.example.com/x"),
    "sqs": ("alerts.sqs", "arn:aws:sqs:us-east-1:111122223333:a"),
    "lambda": ("alerts.lambda", "arn:aws:lambda:us-east-1:111122223333:function:a"),
    "application": ("alerts.application", "arn:aws:sns:us-east-1:111122223333:endpoint/APNS/a"),
    "service": ("actions.services", "ec2"),
    "managed policy": ("role.managed_policies", "AWSCloudTrail_ReadOnlyAccess"),
}


def identities(settings: dict[str, Any]) -> dict[tuple[str, str], tuple[str, dict[str, Any]]]:
    """What must not change of each resource: its type and the properties that name it."""
    return {
        (file, logical_id): (
            resource["Type"],
            {name: resource["Properties"][name] for name in NAMES if name in resource["Properties"]},
        )
        for file, text in template_files(config_of(settings)).items()
        for logical_id, resource in resources_of(text).items()
    }


def with_first(key: str, value: str) -> dict[str, Any]:
    """The base config with ``value`` put before what the list ``key`` holds."""
    settings = copy.deepcopy(BASE)
    *sections, last = key.split(".")
    held = settings
    for section in sections:
        held = held[section]
    held[last] = [value, *held[last]]
    return settings


@pytest.mark.parametrize(("key", "value"), ADDED.values(), ids=ADDED)
def test_adding_one_changes_nothing_that_was_there(key: str, value: str) -> None:
    before, after = identities(BASE), identities(with_first(key, value))
    assert before.items() <= after.items()
    added = [held[0] for identity, held in after.items() if identity not in before]
    subscribes = key.startswith("alerts.")
    assert [kind for kind in added if kind == "AWS::SNS::Subscription"] == ["AWS::SNS::Subscription"] * subscribes


def test_the_order_of_lists_does_not_matter_to_subscriptions() -> None:
    turned = copy.deepcopy(BASE)
    turned["alerts"]["emails"].reverse()
    assert identities(turned) == identities(BASE)


# What goes with a detection that is switched off: of its own, and of its family if nothing else wants that.
OF_SESSIONS = ("ConsoleSignIn", "RoleChained", "RolePassed", "RoleActions", "BackdoorCreated")
ON_THE_CENTRAL_BUS = ("RoleAssumed", "RoleDenied", "EntranceChanged")
MORE_RULES = {"ConsoleSignIn": {"ConsoleSignInGranted"}, "BackdoorCreated": {"BackdoorCreatedResource"}}
OF_SIGN_INS = ("UserSignIn", "RootUsed")
OF_THE_ROLE = {*OF_SESSIONS, *set().union(*MORE_RULES.values()), "ActionLog", "WritesQuery", "ForwardSession"}
OF_OTHERS = {"UserSignIn", "RootUsed", "RootUsedFailed", "ForwardSignIn"}
SWITCHED_OFF: dict[tuple[str, ...], set[str]] = {
    ("RoleAssumed",): {"RoleAssumed", "SessionsQuery"},
    ("RoleDenied",): {"RoleDenied"},
    ("RoleAssumed", "RoleDenied"): {"RoleAssumed", "SessionsQuery", "RoleDenied", "ForwardAssume"},
    ("EntranceChanged",): {"EntranceChanged", "ForwardEntrance"},
    ON_THE_CENTRAL_BUS: {
        *(*ON_THE_CENTRAL_BUS, "SessionsQuery", "ForwardAssume", "ForwardEntrance"),
        *("CentralBus", "CentralBusAlarm"),
    },
    **{(detection,): {detection, *MORE_RULES.get(detection, ())} for detection in OF_SESSIONS},
    ("RoleActions",): {"RoleActions", "ActionLog", "WritesQuery"},
    OF_SESSIONS: OF_THE_ROLE,
    ("UserSignIn",): {"UserSignIn"},
    OF_SIGN_INS: OF_OTHERS,
    (*OF_SESSIONS, *OF_SIGN_INS): {*OF_THE_ROLE, *OF_OTHERS, "ActionBus", "ActionBusAlarm"},
    ("DeliveryFailing",): {"DeliveryFailing"},
}
WATCHING_ALL = BASE | {"detections": {"UserSignIn": "alert", "RootUsed": "alert"}}


@pytest.mark.parametrize("detections", SWITCHED_OFF, ids=" ".join)
def test_a_detection_switched_off_touches_no_other(detections: tuple[str, ...]) -> None:
    levels = WATCHING_ALL["detections"] | dict.fromkeys(detections, "off")
    before, after = identities(WATCHING_ALL), identities(WATCHING_ALL | {"detections": levels})
    assert after.items() <= before.items()
    assert {logical_id for _, logical_id in before.keys() - after.keys()} == SWITCHED_OFF[detections]


def patterns(settings: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {
        (file, logical_id): resource["Properties"]["EventPattern"]
        for file, text in template_files(config_of(settings)).items()
        for logical_id, resource in resources_of(text).items()
        if resource["Type"] == "AWS::Events::Rule"
    }


@pytest.mark.parametrize("detections", SWITCHED_OFF, ids=" ".join)
def test_the_rules_of_the_other_detections_look_for_the_same(detections: tuple[str, ...]) -> None:
    levels = WATCHING_ALL["detections"] | dict.fromkeys(detections, "off")
    before, after = patterns(WATCHING_ALL), patterns(WATCHING_ALL | {"detections": levels})
    changed = {logical_id for (file, logical_id), pattern in after.items() if before[file, logical_id] != pattern}
    # An edge rule of several kinds of events holds only those that a detection asks for.
    edges = {"UserSignIn": "ForwardSignIn", "DeliveryFailing": "ForwardHealth"}
    assert changed == {edges[detection] for detection in detections if len(detections) == 1 and detection in edges}
