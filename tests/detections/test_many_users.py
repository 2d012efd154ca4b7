"""UserSignIn with many users: as many rules as AWS's limit of a pattern asks for, and each user in one of them."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from deployments import deploy
from paths import EVENTS
from samples import ACCOUNT

from cfn_breakglass import config_of, template_files
from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.analysis.validation.event_rules import invalid_rules
from cfn_breakglass.analysis.validation.limits_exceeded import limits_exceeded

LONG: Final = "a-name-of-thirty-two-characters1"
LOGIN: Final = json.loads((EVENTS / "UserSignIn" / "raises-with-mfa.json").read_text(encoding="utf-8"))
ROOT_LOGIN: Final = json.loads((EVENTS / "RootUsed" / "raises-with-mfa.json").read_text(encoding="utf-8"))


def names(number: int, length: int) -> list[str]:
    """User names; IAM allows 64 characters."""
    return [f"{index:03}".rjust(length, "u") for index in range(number)]


def settings(users: list[str], **changes: Any) -> dict[str, Any]:
    # In a trust policy there is room for fewer.
    return {
        "name": LONG,
        "main_region": "us-east-1",
        "role": {"existing": "Emergency"},
        "usernames": users,
        "alerts": {"emails": ["ops@example.com"]},
        "detections": {"UserSignIn": "alert", "RootUsed": "alert"},
        **changes,
    }


def signed_in(user: str) -> dict[str, Any]:
    caller = {**LOGIN["userIdentity"], "userName": user, "arn": f"arn:aws:iam::{ACCOUNT}:user/{user}"}
    return event_from_record({**LOGIN, "userIdentity": caller})


# users, their names' length: edge rules
RULES: Final = {(10, 9): 1, (10, 64): 2, (100, 9): 6, (100, 64): 15}


@pytest.mark.parametrize("regions", [["eu-west-1"], []], ids=["forwarded", "in one region"])
@pytest.mark.parametrize(("number", "length"), RULES)
def test_every_user_alerts_once_and_every_pattern_fits(number: int, length: int, regions: list[str]) -> None:
    users = names(number, length)
    files = template_files(config_of(settings(users, regions=regions)))
    stacks = deploy(files["main-region.yaml"], files.get("stackset.yaml", ""), account=ACCOUNT)
    for stack in stacks.values():
        assert limits_exceeded(stack) == []
        assert invalid_rules(stack) == []
    simulator = Simulator(stacks)
    for user in users:
        assert alerts(simulator, signed_in(user)) == ["UserSignIn"], user
    assert alerts(simulator, signed_in("somebody")) == []
    assert alerts(simulator, event_from_record(ROOT_LOGIN)) == ["RootUsed"]


def alerts(simulator: Simulator, event: dict[str, Any]) -> list[str]:
    return [delivery.detection for delivery in simulator.run(event) if delivery.kind == "topic"]


@pytest.mark.parametrize(("number", "length"), RULES)
def test_as_few_rules_as_are_needed(number: int, length: int) -> None:
    stackset = template_files(config_of(settings(names(number, length), regions=["eu-west-1"])))["stackset.yaml"]
    assert stackset.count("  ForwardSignIn") == RULES[number, length]
