"""What ``generate`` warns of: what nobody would learn of, and settings without an effect."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass import config_of
from cfn_breakglass.guidance.warnings import warnings
from cfn_breakglass.plan import make_plan

SETTINGS: dict[str, Any] = {
    "main_region": "us-east-1",
    "usernames": ["alice"],
    "alerts": {"emails": ["ops@example.com"]},
}
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
    for part in ("the alert topic", "its only subscription", "the key", *OF_FORWARDING):
        assert (part in warning) == (part in parts), part


def test_with_a_fallback_there_is_nothing_to_say() -> None:
    alerts = {"emails": ["ops@example.com"], "fallback": ["platform@example.com"]}
    assert about_fallback(SETTINGS | {"alerts": alerts}) == []


@pytest.mark.parametrize("event_bus", [{"existing": "security"}, {"name": "emergency"}])
def test_a_bus_that_nothing_forwards_to_is_a_warning(event_bus: dict[str, str]) -> None:
    (warning,) = warnings_about("event_bus", SETTINGS | {"regions": [], "event_bus": event_bus})
    assert "it is not used, because regions is empty" in warning
    assert warnings_about("event_bus", SETTINGS | {"regions": ["us-east-2"], "event_bus": event_bus}) == []


def test_without_other_regions_the_default_bus_is_no_warning() -> None:
    assert warnings_about("event_bus", SETTINGS | {"regions": []}) == []


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
