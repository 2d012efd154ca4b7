"""A rollout to a hundred accounts alerts as often as one to a single account; whatever else does the same alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

import pytest
from life_cycle import (
    OF_ANOTHER_STACK,
    OF_ORGANIZATION,
    PERSON,
    WITH_SERVICE_ROLE,
    Call,
    Caller,
    Deployment,
)
from organization_life_cycle import OrganizationLifeCycle
from organization_samples import HUB, MEMBER, ORGANIZATION, REGIONS
from samples import SETTINGS

from cfn_breakglass import config_of, output_files
from cfn_breakglass.aws.handler_ownership import OVERWRITING_CALLS

CONFIGS: Final[Mapping[str, dict[str, Any]]] = {
    "console": {**ORGANIZATION, "rollout": "console"},
    "managed": {**ORGANIZATION, "rollout": "managed"},
}
ALONE: Final = {name: value for name, value in SETTINGS.items() if name != "trail"}
ADDS: Final = "the life cycles of more configs"
OF_ITS_SESSION: Final = OF_ORGANIZATION._replace(through_cloudformation=False)
"""Somebody who has credentials of the role by which stack sets act."""
ONE_SETTING: Final[Mapping[str, dict[str, Any]]] = {
    "another user": {"usernames": ["alice", "bob", "carol"]},
    "another policy": {"role": {"managed_policies": ["ReadOnlyAccess"]}},
    "another path": {"role": {"path": "/emergency/"}},
    "no heartbeat": {"heartbeat": "off"},
    "an hourly heartbeat": {"heartbeat": "hourly"},
    "a detection less": {"detections": {"RoleAssumed": "alert"}},
    "a tag on everything": {"tags": {"team": "security"}},
    "another organization": {"organization": {**ORGANIZATION["organization"], "id": "o-z9y8x7w6v5"}},
}


@cache
def life_cycle(name: str) -> OrganizationLifeCycle:
    return OrganizationLifeCycle(CONFIGS[name])


@cache
def changed_by(name: str, setting: str) -> OrganizationLifeCycle:
    """The life cycle of a config with one setting changed."""
    return OrganizationLifeCycle({**CONFIGS[name], **ONE_SETTING[setting]})


def worst(alerts: Iterable[Call]) -> str:
    return ", ".join(f"{count} {call}" for call, count in Counter(map(str, alerts)).items())


every_config = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.thorough(ADDS)] if name == "managed" else []) for name in CONFIGS],
)
every_account = pytest.mark.parametrize("account", [HUB, MEMBER], ids=["hub", "member"])


@every_config
@pytest.mark.parametrize("what", ["creation", "removal"])
def test_a_rollout_alerts_of_the_hub_alone(name: str, what: str) -> None:
    """However many accounts there are: an account that is not the hub adds none."""
    rollout = life_cycle(name)
    in_hub, elsewhere = (getattr(rollout, what)(account) for account in (HUB, MEMBER))
    assert len(elsewhere) > 500
    assert rollout.alerts(MEMBER, elsewhere) == []
    alerts = rollout.alerts(HUB, in_hub)
    # As if all rules were there before the first call, and until the last one.
    assert 1 <= len(alerts) <= 12, worst(alerts)
    assert len(alerts) <= in_one_account(what), worst(alerts)


def in_one_account(what: str) -> int:
    """How many alerts there are if the same is made in a single account, as if all rules were there."""
    alone = Deployment(output_files(config_of(ALONE)))
    return len(alone.alerts(getattr(alone, what)(WITH_SERVICE_ROLE), all_exist=True))


@every_config
@pytest.mark.parametrize("setting", ONE_SETTING)
def test_an_update_of_one_setting_alerts_of_the_hub_alone(name: str, setting: str) -> None:
    old, new = life_cycle(name), changed_by(name, setting)
    in_hub, elsewhere = old.update(HUB, new), old.update(MEMBER, new)
    assert len(elsewhere) > len(REGIONS)
    assert old.alerts(MEMBER, elsewhere) == []
    alerts = old.alerts(HUB, in_hub)
    assert 1 <= len(alerts) <= 4, worst(alerts)


@cache
def calls_of_member() -> list[Call]:
    """Every call that stack sets make about the parts of an account, each once."""
    rollout = life_cycle("console")
    calls = [call for _, call in (*rollout.creation(MEMBER), *rollout.removal(MEMBER))]
    for setting in ONE_SETTING:
        calls += [call for _, call in rollout.update(MEMBER, changed_by("console", setting))]
    return list({repr(call): call for call in calls if call.region in REGIONS}.values())


@pytest.mark.parametrize("caller", [PERSON, OF_ITS_SESSION], ids=["a person", "a session of the role of stack sets"])
def test_every_call_of_a_rollout_alerts_when_stack_sets_do_not_make_it(caller: Caller) -> None:
    calls = [call for call in calls_of_member() if call.name != "CreateQueue"]  # of a queue that is not there
    assert len({call.name for call in calls}) > 20
    wrong = {call: count for call in calls if (count := life_cycle("console").notified(MEMBER, caller, call)) != 1}
    assert wrong == {}


def test_a_call_that_overwrites_a_part_alerts_if_another_stack_makes_it() -> None:
    overwriting = [call for call in calls_of_member() if call.name in OVERWRITING_CALLS]
    assert {call.name for call in overwriting} >= {"AttachRolePolicy", "DeleteRolePolicy", "PutRolePolicy"}
    for call in overwriting:
        assert life_cycle("console").notified(MEMBER, OF_ANOTHER_STACK, call) == 1, call


ROLE_CALLS: Final = (
    *("AttachRolePolicy", "CreateRole", "DeleteRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy"),
    *("DetachRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy", "UpdateAssumeRolePolicy", "UpdateRole"),
)
ROLES: Final = ("stacksets-exec-0c1f2e3d6ab34d6e9d6c0f2f2f4d3a11", "StackSets-Exec-of-mine")


@every_account
@pytest.mark.parametrize("role", ROLES, ids=["as AWS spells it", "in another case"])
@pytest.mark.parametrize("name", ROLE_CALLS)
def test_a_change_of_the_role_of_stack_sets_alerts_once(name: str, role: str, account: str) -> None:
    call = Call("iam", name, {"roleName": role, "policyName": "x"}, "us-east-1")
    assert life_cycle("console").notified(account, PERSON, call) == 1


STACK_SETS: Final = "member.org.stacksets.cloudformation.amazonaws.com"
# What moves accounts, or changes who rolls out to them, where the account records it that manages the organization.
MOVES: Final = [
    Call("organizations", "MoveAccount", {"accountId": MEMBER, "destinationParentId": "r-ab12"}, "us-east-1"),
    Call("organizations", "RemoveAccountFromOrganization", {"accountId": MEMBER}, "us-east-1"),
    Call("organizations", "CloseAccount", {"accountId": "444455556666"}, "us-east-1"),
    Call("organizations", "RegisterDelegatedAdministrator", {"servicePrincipal": STACK_SETS}, "us-east-1"),
    Call("organizations", "DeregisterDelegatedAdministrator", {"accountId": HUB}, "us-east-1"),
    Call("organizations", "DisableAWSServiceAccess", {"servicePrincipal": STACK_SETS}, "us-east-1"),
    Call("organizations", "DetachPolicy", {"policyId": "p-abcd1234", "targetId": "ou-ab12-11111111"}, "us-east-1"),
    Call("organizations", "LeaveOrganization", {}, "us-east-1"),
    Call("cloudformation", "DeactivateOrganizationsAccess", {}, "us-east-1"),
    *(
        Call("cloudformation", name, {"stackSetName": stack_set}, "us-east-1")
        for name in ("DeleteStackInstances", "DeleteStackSet", "StopStackSetOperation", "UpdateStackInstances")
        for stack_set in (
            "break-glass",
            "break-glass-accounts:708e15e2-c31e-54d0-a606-566573747aa5",
            "break-glass-management",
        )
    ),
]


@every_account
@pytest.mark.parametrize("call", MOVES, ids=str)
def test_what_takes_accounts_away_from_the_hub_alerts_once(call: Call, account: str) -> None:
    assert life_cycle("console").notified(account, PERSON, call) == 1


def test_stack_sets_with_an_address_of_their_own_do_not_alert() -> None:
    rollout = life_cycle("console")
    for call in calls_of_member():
        assert rollout.notified(MEMBER, OF_ORGANIZATION, call, sourceIPAddress=STACK_SETS) == 0, call
