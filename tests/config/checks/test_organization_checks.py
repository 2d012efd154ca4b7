"""What an organization can have, to the last unit; tests/rejected has what is said about the rest."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass.config.loader import config_of
from cfn_breakglass.errors import ConfigError

HUB = "111122223333"
ORGANIZATION = {"id": "o-a1b2c3d4e5", "hub": HUB, "units": ["ou-ab12-11111111"]}
BASE: dict[str, Any] = {"main_region": "us-east-1", "usernames": ["alice"], "organization": ORGANIZATION}


def refused(**settings: Any) -> list[str]:
    """The keys that are refused."""
    try:
        config_of({**BASE, **settings})
    except ConfigError as error:
        return [problem.text.split()[0].rstrip(":") for problem in error.problems]
    return []


def in_units(*units: str) -> dict[str, Any]:
    return {"organization": {**ORGANIZATION, "units": units}}


FIFTY = [f"ou-ab12-{number:08}" for number in range(50)]


@pytest.mark.parametrize(
    ("units", "key"),
    [
        (FIFTY, ""),
        ([*FIFTY, "ou-ab12-99999999"], "organization.units"),
        (["r-ab12"], ""),
        (["r-ab12", "ou-ab12-11111111"], "organization.units[1]"),
        (["ou-ab12-11111111", "ou-ab12-22222222"], ""),
        (["ou-ab12-11111111", "ou-ab13-22222222"], "organization.units[1]"),
        (["ou-ab12-11111111", "r-ab13"], "organization.units[1]"),
        ([], "organization.units"),
    ],
)
def test_units(units: list[str], key: str) -> None:
    assert refused(**in_units(*units)) == ([key] if key else [])


ELSEWHERE = "arn:aws:iam::444455556666"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"account": HUB}, "account"),
        ({"role": {"permission_set": "Rescue"}}, "role.permission_set"),
        ({"role": {"existing": "ops/Rescue"}}, ""),
        ({"role": {"existing": f"arn:aws:iam::{HUB}:role/ops/Rescue"}}, "role.existing"),
        ({"role": {"existing": f"{ELSEWHERE}:role/ops/Rescue"}}, "role.existing"),
        ({"role": {"permissions_boundary": f"arn:aws:iam::{HUB}:policy/Limit"}}, ""),
        ({"role": {"permissions_boundary": f"{ELSEWHERE}:policy/Limit"}}, "role.permissions_boundary"),
        ({"event_bus": {"name": "all"}}, ""),
        ({"event_bus": {"existing": "all"}}, "event_bus.existing"),
        ({"event_bus": {"forwarder_role": f"{ELSEWHERE}:role/Forwarder"}}, "event_bus.forwarder_role"),
        ({"stackset_roles": "existing"}, "stackset_roles"),
        ({"stackset_roles": "create"}, "stackset_roles"),
        ({"name": "stacksets-exec"}, ""),
        ({"name": "stacksets-exec-x"}, "name"),
        ({"name": "StackSets-Exec-x"}, "name"),
        ({"role": {"existing": "ops/stacksets-exec-x"}}, "role.existing"),
        ({"deployer": {"role": "stacksets-exec-x"}}, "deployer.role"),
        ({"deployer": {"user": "stacksets-exec-x"}}, ""),
        ({"trail": "existing"}, ""),
        ({"trail": "create"}, "trail"),
        ({"rollout": "managed", "regions": []}, ""),
        ({"main_region": "us-gov-west-1"}, ""),
        ({"main_region": "cn-north-1"}, "organization"),
    ],
)
def test_a_key_that_an_organization_cannot_have_is_refused_once(settings: dict[str, Any], key: str) -> None:
    assert refused(**settings) == ([key] if key else [])
