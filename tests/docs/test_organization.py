"""What docs/organization.md says of an update from one account to the hub of an organization is so."""

from __future__ import annotations

from typing import Any

import pytest
from costs import Placed, one_account, organization
from manual import read
from paths import ROOT

from cfn_breakglass.plan import make_plan
from cfn_breakglass.templates import make_templates

ONE_ACCOUNT = make_templates(make_plan(one_account().config))
MADE = make_templates(make_plan(organization(1).config))
# What names a resource, beside which no other of its type can have that name in an account and region.
NAMES = ("RoleName", "Name", "QueueName", "TopicName", "LogGroupName", "AlarmName", "ManagedPolicyName", "AliasName")


def resources(template: Any) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = template.to_dict()["Resources"]
    return made


def name_of_resource(resource: dict[str, Any]) -> tuple[str, ...]:
    properties = resource.get("Properties", {})
    bus = str(properties.get("EventBusName", ""))
    return (resource["Type"], bus, *(str(properties[name]) for name in NAMES if name in properties))


def is_retained(resource: dict[str, Any]) -> bool:
    return str(resource.get("DeletionPolicy", "")).startswith("Retain")


def test_an_update_to_the_hub_keeps_what_holds_evidence_and_alerts() -> None:
    before, after = resources(ONE_ACCOUNT.main_region), resources(MADE.main_region)
    kept = {
        title
        for title in before
        if title in after and name_of_resource(before[title]) == name_of_resource(after[title])
    }
    assert {"AlertTopic", "Key", "LoginLog", "ActionLog", "CentralBus", "RoleAssumed", "RoleGrant"} <= kept
    assert before.keys() & after.keys() - kept == {"DeadLetterQueue", "DeadLetterAlarm"}


def test_the_stack_sets_make_what_it_deletes() -> None:
    deleted = resources(ONE_ACCOUNT.main_region).keys() - resources(MADE.main_region).keys()
    assert {"Role", "ForwarderRole", "HeartbeatRole", "HeartbeatSchedule", "ForwardAssume"} <= deleted
    assert deleted <= resources(MADE.accounts).keys() | resources(MADE.stackset).keys()


def test_two_rules_on_the_default_bus_are_the_hubs_alone() -> None:
    with_fallback = organization(1, alerts={"emails": ["a@b.co"], "fallback": ["c@d.co"]})
    hub = resources(make_templates(make_plan(with_fallback.config)).main_region)
    on_default_bus = {title for title, resource in hub.items() if resource["Type"] == "AWS::Events::Rule"} - {
        title for title, resource in hub.items() if "EventBusName" in resource.get("Properties", {})
    }
    assert on_default_bus == {"ForwardTamperingKey", "MonitoringTamperedFallback"}


def test_no_deployer_can_make_one_account_the_hub() -> None:
    before = make_templates(make_plan(one_account(deployer=True).config)).deployer
    after = make_templates(make_plan(organization(1, deployer=True).config)).deployer
    assert before
    assert after
    old, new = before.to_json(), after.to_json()
    assert ("iam:DeleteRole" in old, "break-glass-hub-dead-letters" in old) == (True, False)
    assert ("iam:DeleteRole" in new, "break-glass-hub-dead-letters" in new) == (False, True)


def test_what_stays_of_an_account_is_in_nobodys_way() -> None:
    stays = {title for title, resource in resources(ONE_ACCOUNT.main_region).items() if is_retained(resource)}
    of_every_account = resources(MADE.accounts).keys() | resources(MADE.stackset).keys()
    assert {"LoginLog", "ActionLog", "Key"} <= stays
    assert not stays & of_every_account


def test_nothing_of_the_hub_has_the_name_of_what_every_account_has() -> None:
    hub = {name_of_resource(resource) for resource in resources(MADE.main_region).values()}
    everywhere = [*resources(MADE.accounts).values(), *resources(MADE.stackset).values()]
    named = {name for name in map(name_of_resource, everywhere) if len(name) > 2}
    assert len(named) > 10
    assert not hub & named


@pytest.mark.parametrize("file", ["main-region.yaml", "accounts.yaml", "stackset.yaml", "guard-scp.json"])
def test_the_page_says_where_each_file_goes(file: str) -> None:
    assert f"| `{file}` |" in read(ROOT / "docs" / "organization.md")


def test_an_account_has_what_its_share_of_the_costs_says() -> None:
    placed: list[Placed] = organization(100).resources
    roles = sum(resource.copies for resource in placed if resource.type == "AWS::IAM::Role")
    schedules = sum(resource.copies for resource in placed if resource.type == "AWS::Scheduler::Schedule")
    assert (roles, schedules) == (4 * 100, 17 * 100)
