"""What ``generate`` warns of: what nobody would learn of, and settings without an effect."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass import config_of, output_files
from cfn_breakglass.config.model import DETECTIONS
from cfn_breakglass.guidance.warnings import warnings
from cfn_breakglass.plan import make_plan

SETTINGS: dict[str, Any] = {
    "main_region": "us-east-1",
    "usernames": ["alice"],
    "alerts": {"emails": ["ops@example.com"]},
}
SLACK: dict[str, Any] = {"slack": [{"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}]}
OF_FORWARDING = ("the forwarder role", "the bus break-glass-monitoring", "the rule MonitoringTampered on it")
# name: (settings, the parts whose change nobody would learn of)
UNSEEN: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "every region": ({}, ("the alert topic", "its only subscription", "the key", *OF_FORWARDING)),
    "without a key": ({"encryption": "none"}, ("the alert topic", "its only subscription", *OF_FORWARDING)),
    "one region": ({"regions": []}, ("the alert topic", "its only subscription", "the key")),
    "several subscriptions": (
        {"alerts": {"emails": ["ops@example.com", "chief@example.com"]}},
        ("the alert topic", "the key", *OF_FORWARDING),
    ),
    "only chat": ({"alerts": SLACK}, ("the chat topic", "its only channel", "the key", *OF_FORWARDING)),
    "chat and a mailbox": (
        {"alerts": {"emails": ["ops@example.com"], **SLACK}},
        ("the alert topic", "its only subscription", "the key", *OF_FORWARDING),
    ),
    "only the topic": (
        {"regions": [], "encryption": "none", "alerts": {"emails": ["ops@example.com", "chief@example.com"]}},
        ("the alert topic",),
    ),
}


def warnings_about(key: str, settings: dict[str, Any]) -> list[str]:
    return [warning for warning in warnings(make_plan(config_of(settings))) if warning.startswith(f"{key}:")]


def about_fallback(settings: dict[str, Any]) -> list[str]:
    return warnings_about("alerts.fallback", settings)


@pytest.mark.parametrize("case", UNSEEN)
def test_without_a_fallback_generate_says_what_nobody_would_learn_of(case: str) -> None:
    settings, parts = UNSEEN[case]
    (warning,) = about_fallback(SETTINGS | settings)
    assert f"a change that breaks {parts[0]}" in warning
    every_part = ("the alert topic", "its only subscription", "the chat topic", "its only channel", "the key")
    for part in (*every_part, *OF_FORWARDING):
        assert (part in warning) == (part in parts), part


def test_with_a_fallback_there_is_nothing_to_say() -> None:
    alerts = {"emails": ["ops@example.com"], "fallback": ["platform@example.com"]}
    assert about_fallback(SETTINGS | {"alerts": alerts}) == []


def test_people_whom_no_detection_notifies_are_a_warning() -> None:
    alerts = {"emails": ["ops@example.com"], **SLACK}
    levels = dict.fromkeys([name for name, level in DETECTIONS.items() if level == "alert"], "chat")
    (warning,) = warnings_about("detections", SETTINGS | {"alerts": alerts, "detections": levels})
    assert "nobody but chat channels is notified" in warning
    assert warnings_about("detections", SETTINGS | {"alerts": alerts}) == []


@pytest.mark.parametrize(
    ("regions", "unwatched"), [([], "ap-southeast-1, eu-west-1, us-east-2, us-west-2"), (["*"], "")]
)
def test_a_region_where_a_chat_channel_can_be_changed_unseen_is_a_warning(regions: list[str], unwatched: str) -> None:
    about_regions = warnings_about("regions", SETTINGS | {"regions": regions, "alerts": SLACK})
    assert [warning.split(": ")[1] for warning in about_regions] == ([unwatched] if unwatched else [])
    assert warnings_about("regions", SETTINGS | {"regions": regions}) == []


@pytest.mark.parametrize("event_bus", [{"existing": "security"}, {"name": "emergency"}])
def test_a_bus_that_nothing_forwards_to_is_a_warning(event_bus: dict[str, str]) -> None:
    (warning,) = warnings_about("event_bus", SETTINGS | {"regions": [], "event_bus": event_bus})
    assert "it is not used, because regions is empty" in warning
    assert warnings_about("event_bus", SETTINGS | {"regions": ["us-east-2"], "event_bus": event_bus}) == []


def test_without_other_regions_the_default_bus_is_no_warning() -> None:
    assert warnings_about("event_bus", SETTINGS | {"regions": []}) == []


ORGANIZATION = {"organization": {"id": "o-a1b2c3d4e5", "hub": "111122223333", "units": ["r-ab12"]}}


def test_in_an_organization_the_bus_is_used_even_in_one_region() -> None:
    assert warnings_about("event_bus", SETTINGS | ORGANIZATION | {"regions": [], "event_bus": {"name": "all"}}) == []


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        (ORGANIZATION, 1),
        (ORGANIZATION | {"role": {"trust": {"session_name": "username"}}}, 0),
        (ORGANIZATION | {"role": {"trust": {"source_identity": True}}}, 0),
        (ORGANIZATION | {"role": {"existing": "Rescue"}}, 0),
        (ORGANIZATION | {"usernames": [], "role": {"trust": {"permission_sets": ["OnCall"]}}}, 0),
        ({}, 0),
    ],
)
def test_a_user_of_the_hub_whose_name_no_alert_would_show_is_a_warning(settings: dict[str, Any], count: int) -> None:
    """AWS records the ID alone: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html."""
    assert len(warnings_about("role.trust.session_name", SETTINGS | settings)) == count


def test_what_a_deployer_of_stack_sets_can_do_is_a_warning() -> None:
    role = {
        "role": {"managed_policies": ["ReadOnlyAccess"], "permissions_boundary": "arn:aws:iam::111122223333:policy/B"}
    }
    (warning,) = warnings_about("deployer", SETTINGS | ORGANIZATION | role | {"deployer": True})
    assert "stacksets-exec-* make everything" in warning
    assert warnings_about("deployer", SETTINGS | role | {"deployer": True}) == []
    assert warnings_about("stackset_roles", SETTINGS | ORGANIZATION | {"deployer": True}) == []


def about_text_messages(**alerts: Any) -> list[str]:
    return warnings_about("alerts.sms", SETTINGS | {"alerts": {"emails": ["ops@example.com"], **alerts}})


@pytest.mark.parametrize("message", ["<detection>", "x" * 1_600, "<account>" * 300])
def test_a_short_message_fits_a_text_message(message: str) -> None:
    assert about_text_messages(sms=["+15550100"], message=message) == []


def test_a_message_that_is_too_long_for_every_text_message() -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-topic.html: 1,600 characters."""
    (warning,) = about_text_messages(sms=["+15550100"], message="<account>" + "x" * 1_601)
    assert "1,601 characters beside its fields" in warning
    assert about_text_messages(message="x" * 1_601) == []


def test_an_alert_without_a_message_may_be_too_long() -> None:
    (warning,) = about_text_messages(sms=["+15550100"])
    assert "set a short message" in warning


RUNBOOK = "https://wiki.example.com/break-glass"


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        ({"format": "text", "message": "<detection>"}, "alerts.format: text has no effect"),
        ({"format": "event", "runbook": RUNBOOK}, "alerts.runbook: has no effect, because alerts.format: event"),
        ({"message": "<detection>", "runbook": RUNBOOK}, "alerts.runbook: has no effect, because <runbook> is not in"),
        ({"message": "<detection>, see <runbook>", "runbook": RUNBOOK}, ""),
        ({"format": "text", "runbook": RUNBOOK}, ""),
        ({"runbook": RUNBOOK}, ""),
    ],
)
def test_what_an_alert_says_without_effect(alerts: dict[str, str], expected: str) -> None:
    settings = SETTINGS | {"alerts": {"emails": ["ops@example.com"], **alerts}}
    found = [*warnings_about("alerts.format", settings), *warnings_about("alerts.runbook", settings)]
    assert [text[: len(expected)] for text in found] == ([expected] if expected else [])


@pytest.mark.parametrize("text", [{"message": "<detection>"}, {"format": "text"}])
def test_where_only_chat_is_notified_the_text_of_an_alert_has_no_effect(text: dict[str, str]) -> None:
    (key,) = (f"alerts.{name}" for name in text)
    (warning,) = warnings_about(key, SETTINGS | {"alerts": SLACK | text})
    assert "only chat channels are notified" in warning
    others = {"emails": ["ops@example.com"]}, {"fallback": ["ops@example.com"]}
    assert [warnings_about(key, SETTINGS | {"alerts": SLACK | text | other}) for other in others] == [[], []]


@pytest.mark.parametrize("text", [{"message": "<detection>"}, {"format": "event"}])
def test_a_chat_channel_shows_the_runbook_whatever_an_alert_says(text: dict[str, str]) -> None:
    runbook = {"emails": ["ops@example.com"], "runbook": "https://wiki.example.com/break-glass", **text}
    assert len(warnings_about("alerts.runbook", SETTINGS | {"alerts": runbook})) == 1
    assert warnings_about("alerts.runbook", SETTINGS | {"alerts": runbook | SLACK}) == []


def test_a_managed_policy_that_is_unknown_is_a_warning_with_the_nearest() -> None:
    role = {"managed_policies": ["PowerUser", "ReadOnlyAccess", "arn:aws:iam::111122223333:policy/PowerUser"]}
    (warning,) = warnings_about("role.managed_policies", SETTINGS | {"role": role})
    assert "knows no policy PowerUser of AWS" in warning
    assert warning.endswith("; did you mean PowerUserAccess?")
    boundary = {"permissions_boundary": "arn:aws:iam::aws:policy/Zzzzqqq"}
    (warning,) = warnings_about("role.permissions_boundary", SETTINGS | {"role": boundary})
    assert warning.endswith("the stack cannot be created")


OTHERS = "us-east-1:444455556666"
OF_OTHERS: dict[str, dict[str, Any]] = {
    "encryption": {"encryption": f"arn:aws:kms:{OTHERS}:key/11111111-2222-3333-4444-555555555555"},
    "alerts.lambda": {"alerts": {"emails": ["ops@example.com"], "lambda": [f"arn:aws:lambda:{OTHERS}:function:x"]}},
    "event_bus.existing": {"event_bus": {"existing": f"arn:aws:events:{OTHERS}:event-bus/security"}},
}


@pytest.mark.parametrize("key", OF_OTHERS)
def test_what_may_be_of_another_account_does_not_move_the_stack_there(key: str) -> None:
    settings = SETTINGS | OF_OTHERS[key]
    assert config_of(settings).account is None
    (warning,) = warnings_about(key, settings)
    assert 'write account: "444455556666" if it does' in warning
    assert warnings_about(key, settings | {"account": "444455556666"}) == []
    text = output_files(config_of(settings))["main-region.yaml"]
    assert "RightAccount" not in text
    assert "RightAccount" in output_files(config_of(settings | {"account": "444455556666"}))["main-region.yaml"]


def test_a_new_region_is_taken_with_a_warning() -> None:
    (warning,) = warnings_about("new_regions", SETTINGS | {"new_regions": ["me-west-9", "sa-west-9"]})
    assert "me-west-9, sa-west-9" in warning
    assert config_of(
        SETTINGS | {"regions": ["eu-west-1", "af-south-1"], "new_regions": ["me-west-9"]}
    ).opted_in_regions == (
        "af-south-1",
        "me-west-9",
    )


@pytest.mark.parametrize("alerts", [{"sms": ["+15550100"]}, {"emails": ["a@example.com"], "fallback": ["+15550100"]}])
def test_text_messages_from_a_region_that_sends_none_are_a_warning(alerts: dict[str, Any]) -> None:
    def about(region: str) -> list[str]:
        plan = make_plan(config_of(SETTINGS | {"main_region": region, "regions": [], "alerts": alerts}))
        return [warning for warning in warnings(plan) if "sends no text messages from" in warning]

    (warning,) = about("ap-southeast-5")
    assert warning.startswith("alerts.sms:" if "sms" in alerts else "alerts.fallback:")
    assert about("us-east-1") == []


def test_what_aws_has_not_announced_for_china_is_a_warning() -> None:
    china = {"main_region": "cn-north-1", "usernames": ["alice"]}
    assert "forwards events to another region" in str(warnings_about("regions", china))
    assert warnings_about("regions", china | {"regions": []}) == []
    assert "event patterns have wildcards" in str(warnings_about("main_region", china | {"regions": []}))
    assert warnings_about("main_region", SETTINGS) == []


@pytest.mark.parametrize(
    ("alerts", "is_warned_of"),
    [
        ({"emails": ["ops@example.com"], "fallback": ["Ops@Example.com"]}, True),
        ({"emails": ["ops@example.com"], "sms": ["+15550100"], "fallback": ["+15550100"]}, True),
        ({"emails": ["ops@example.com"], "fallback": ["ops@example.com", "platform@example.com"]}, False),
    ],
)
def test_a_fallback_of_the_same_people_is_a_warning(alerts: dict[str, Any], is_warned_of: bool) -> None:  # noqa: FBT001
    assert bool(about_fallback(SETTINGS | {"alerts": alerts})) == is_warned_of


def about_statements(*statements: dict[str, Any], **role: Any) -> list[str]:
    settings = SETTINGS | {"role": {"policy_statements": list(statements), **role}}
    return warnings_about("role.policy_statements", settings)


ALLOW, DENY = ({"Effect": effect, "Action": "s3:*", "Resource": "*"} for effect in ("Allow", "Deny"))


def test_a_role_that_can_do_nothing_is_a_warning() -> None:
    (warning,) = about_statements(DENY)
    assert "they only deny" in warning
    assert about_statements(DENY, ALLOW) == about_statements(DENY, managed_policies=["ReadOnlyAccess"]) == []
    assert about_statements(DENY, existing="Rescue", manage=True) == []


@pytest.mark.parametrize(
    ("operator", "like"),
    [
        ("StringEquals", "StringLike"),
        ("StringNotEqualsIgnoreCase", "StringNotLike"),
        ("ForAnyValue:StringEqualsIfExists", "ForAnyValue:StringLikeIfExists"),
    ],
)
def test_a_wildcard_that_is_none_is_a_warning(operator: str, like: str) -> None:
    condition = {operator: {"aws:RequestedRegion": ["us-east-1", "eu-*"]}}
    (warning,) = about_statements(ALLOW | {"Condition": condition})
    assert warning.endswith(f"to {operator}, * is no wildcard; write {like}")
    assert about_statements(ALLOW | {"Condition": {operator: {"aws:RequestedRegion": "eu-west-1"}}}) == []
    assert about_statements(ALLOW | {"Condition": {like: {"aws:RequestedRegion": "eu-*"}}}) == []
    assert about_statements(ALLOW | {"Condition": {"ArnEquals": {"aws:PrincipalArn": "*"}}}) == []


@pytest.mark.parametrize(
    ("services", "nearest"), [(["lamda"], "lambda"), (["s3", "dynamodbb"], "dynamodb"), (["monitring"], "monitoring")]
)
def test_a_service_that_is_none_is_a_warning(services: list[str], nearest: str) -> None:
    (warning,) = warnings_about("actions.services", SETTINGS | {"actions": {"services": services}})
    assert f"no service {services[-1]}," in warning
    assert warning.endswith(f"did you mean {nearest}?")


def test_a_service_like_no_other_may_be_a_new_one() -> None:
    services = ["s3", "monitoring", "cognito-idp", "brand-new-thing"]
    assert warnings_about("actions.services", SETTINGS | {"actions": {"services": services}}) == []


@pytest.mark.parametrize(
    ("trust", "key"),
    [
        ({"session_name": "username", "principals": ["111122223333"]}, "session_name"),
        ({"source_identity": True, "principals": ["arn:aws:iam::444455556666:user/carol"]}, "source_identity"),
        ({"session_name": "username", "principals": ["arn:aws:iam::111122223333:role/Chief"]}, ""),
        ({"principals": ["111122223333"]}, ""),
    ],
)
def test_a_condition_that_only_usernames_meet_is_a_warning(trust: dict[str, Any], key: str) -> None:
    settings = SETTINGS | {"role": {"managed_policies": ["ReadOnlyAccess"], "trust": trust}}
    keys = ("session_name", "source_identity")
    told = [
        name for name in keys for text in warnings_about(f"role.trust.{name}", settings) if "only usernames" in text
    ]
    assert told == ([key] if key else [])


@pytest.mark.parametrize(
    ("responder", "wider"),
    [
        ("arn:aws:iam::111122223333:role/Security", "arn:aws:iam::*:role/Security"),
        ("arn:aws:iam::*:role/Security", ""),
    ],
)
def test_a_responder_of_one_account_of_an_organization_is_a_warning(responder: str, wider: str) -> None:
    protection = {"protection": {"responders": [responder]}}
    told = warnings_about("protection.responders", SETTINGS | ORGANIZATION | protection)
    assert [text for text in told if "alone" in text and wider in text] == told
    assert len(told) == bool(wider)
    assert warnings_about("protection.responders", SETTINGS | protection) == []


@pytest.mark.parametrize(
    ("message", "is_warned_of"),
    [
        ("Break-glass was used!", True),
        ("<arn> in <region>", True),
        ("<meaning>", False),
        ("<eventName> by <arn>", False),
    ],
)
def test_a_text_that_says_the_same_of_everything_is_a_warning(message: str, is_warned_of: bool) -> None:  # noqa: FBT001
    alerts = {"emails": ["ops@example.com"], "message": message}
    assert bool(warnings_about("alerts.message", SETTINGS | {"alerts": alerts})) == is_warned_of


def test_principals_of_elsewhere_may_be_of_another_organization() -> None:
    trust = {"organization": "o-z9y8x7w6v5", "principals": ["arn:aws:iam::444455556666:role/Vendor"]}
    settings = SETTINGS | ORGANIZATION | {"role": {"managed_policies": ["ReadOnlyAccess"], "trust": trust}}
    assert make_plan(config_of(settings)).config.role.trust.organization == "o-z9y8x7w6v5"
