"""What ``generate`` says that nobody would learn of without ``alerts.fallback``."""

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
}


def about_fallback(settings: dict[str, Any]) -> list[str]:
    return [warning for warning in warnings(make_plan(config_of(settings))) if warning.startswith("alerts.fallback:")]


@pytest.mark.parametrize("case", UNSEEN)
def test_without_a_fallback_generate_says_what_nobody_would_learn_of(case: str) -> None:
    settings, parts = UNSEEN[case]
    (warning,) = about_fallback(SETTINGS | settings)
    for part in ("the alert topic", "its only subscription", "the key", *OF_FORWARDING):
        assert (part in warning) == (part in parts), part


def test_with_a_fallback_there_is_nothing_to_say() -> None:
    alerts = {"emails": ["ops@example.com"], "fallback": ["platform@example.com"]}
    assert about_fallback(SETTINGS | {"alerts": alerts}) == []
