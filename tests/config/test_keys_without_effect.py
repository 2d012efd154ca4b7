"""A key that changes nothing beside the others of a golden config is refused, or said in a warning."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from golden_cases import CASES, quickly
from test_every_key import CHANGES, LEAVES, ORGANIZATION, merged, nested, output

from cfn_breakglass import config_of
from cfn_breakglass.config.collection_types import section_keys
from cfn_breakglass.config.model import Config
from cfn_breakglass.config.types import Boolean, Choice
from cfn_breakglass.errors import ConfigError
from cfn_breakglass.guidance.warnings import warnings
from cfn_breakglass.plan import make_plan

TYPES = {key: setting_field.metadata["type"] for key, setting_field in section_keys(Config)}


MORE = {"event_bus.existing": "another"}
"""Another value, where the first is what a golden config has, spelled in another way."""


def result(settings: dict[str, Any]) -> Any:
    """What comes out, or what is wrong."""
    try:
        return output(settings)
    except ConfigError as error:
        return str(error)


def values(key: str) -> Iterator[Any]:
    """Values that a key can have: every one of a few, otherwise one."""
    kind = TYPES[key]
    if isinstance(kind, Choice):
        yield from kind.words
    elif isinstance(kind, Boolean):
        yield from (True, False)
    else:
        yield from (CHANGES[key][0], *([MORE[key]] if key in MORE else []))


@cache
def of_case(name: str) -> tuple[dict[str, Any], Any]:
    (case,) = (case for case in CASES if case.name == name)
    settings = yaml.safe_load((case / "breakglass.yaml").read_text(encoding="utf-8"))
    return settings, result(settings)


@pytest.mark.parametrize(
    "case", quickly("existing-role", "log-only", "told-nobody", "oidc", adds="each key beside each golden config")
)
def test_no_key_is_ignored_in_silence(case: Any) -> None:
    assert silent_keys(*of_case(case.name)) == [], f"beside {case.name} these change nothing, and nobody says so"


def test_no_key_of_an_organization_is_ignored_in_silence() -> None:
    organization = merged(BASE, ORGANIZATION)
    assert silent_keys(organization, result(organization)) == []


def silent_keys(settings: dict[str, Any], before: Any) -> list[str]:
    """The keys of which no value changes ``before``, which is what comes out of ``settings``."""
    silent = []
    for key in LEAVES:
        variants = [merged(settings, nested(key, value)) for value in values(key)]
        others = [variant for variant in variants if variant != settings]
        if others and all(result(variant) == before for variant in others):
            silent.append(key)
    return silent


BASE: dict[str, Any] = {"main_region": "us-east-1", "usernames": ["alice"], "alerts": {"emails": ["ops@example.com"]}}
EXISTING: dict[str, Any] = {"role": {"existing": "Rescue"}}
QUIET: dict[str, Any] = {"alerts": {"log": False}, "actions": {"log": "none"}}
OFF_BOTH: dict[str, Any] = {"detections": {"EntranceChanged": "off"}}
WITHOUT_EFFECT: dict[str, tuple[dict[str, Any], str, str]] = {
    "users of an existing role": (EXISTING, "usernames", "they are only watched, by EntranceChanged;"),
    "users that nothing watches": (EXISTING | OFF_BOTH, "usernames", "they are not even watched;"),
    "a grant to nobody": (
        {"usernames": [], "role": {"grant": "none", "trust": {"permission_sets": ["444455556666/A"]}}},
        "role.grant",
        "because there are no usernames",
    ),
    "no deny on an existing role": (
        EXISTING | {"protection": {"deny": False}},
        "protection.deny",
        "the stack puts no policy on this role",
    ),
    "no MFA of sessions": (
        {"usernames": [], "role": {"trust": {"mfa": False, "permission_sets": ["A"]}}},
        "role.trust.mfa",
        "only IAM users and accounts are asked for MFA",
    ),
    "a text for nobody": ({"alerts": {"format": "text"}}, "alerts.format", "nobody is notified"),
    "a runbook for nobody": ({"alerts": {"runbook": "https://x.example.com"}}, "alerts.runbook", "nobody is notified"),
    "a message for nobody": ({"alerts": {"message": "<detection>"}}, "alerts.message", "nobody is notified"),
    "services of no log": ({"actions": {"log": "none", "services": ["s3"]}}, "actions.services", "nothing is logged"),
    "how long no log is kept": (QUIET | {"retention_days": 30}, "retention_days", "there is no log"),
    "a policy of no log": (QUIET | {"logs_policy": "existing"}, "logs_policy", "there is no log"),
    "a heartbeat of nothing": (QUIET | {"heartbeat": "daily"}, "heartbeat", "nothing is watched"),
}


@pytest.mark.parametrize(("settings", "key", "words"), WITHOUT_EFFECT.values(), ids=WITHOUT_EFFECT)
def test_what_has_no_effect_is_a_warning(settings: dict[str, Any], key: str, words: str) -> None:
    about = [text for text in warnings(make_plan(config_of(BASE | settings))) if text.startswith(f"{key}:")]
    assert len(about) == 1
    assert words in about[0]


def test_where_it_has_one_there_is_none() -> None:
    for settings in (BASE, BASE | EXISTING | {"role": {"existing": "Rescue", "grant": "users"}}):
        plan = make_plan(config_of(settings))
        assert [text for text in warnings(plan) if "no effect" in text or text.startswith("usernames")] == []
