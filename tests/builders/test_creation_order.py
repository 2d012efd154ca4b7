"""What may fail comes before what stays after a failure, and what lets others in before the rules that watch it."""

from __future__ import annotations

from typing import Any

import pytest
from creation_order import all_before
from fresh_stacks import generated, stack
from golden_cases import CASES
from template_data import template_data

from cfn_breakglass import load_config
from cfn_breakglass.config.model import CREATE

RETAINED = ("AWS::Logs::LogGroup", "AWS::S3::Bucket")
GRANTING = (
    *("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::Lambda::Permission"),
    *("AWS::SNS::TopicPolicy", "AWS::SNS::Subscription", "AWS::SQS::QueuePolicy", "AWS::Logs::ResourcePolicy"),
)
every_case = pytest.mark.parametrize("case", [case.name for case in CASES])


def resources(case: str, file: str = "main-region.yaml") -> dict[str, Any]:
    found: dict[str, Any] = template_data(generated(case)[file])["Resources"]
    return found


def needs_a_log(logical_id: str, resource: dict[str, Any]) -> bool:
    """Whether it is a query of logs, or the rule that logs every change of the monitoring and notifies nobody."""
    kind = resource["Type"]
    logs_changes = logical_id.startswith("MonitoringTamperedLog") and kind == "AWS::Events::Rule"
    return logs_changes or bool(kind == "AWS::Logs::QueryDefinition")


@every_case
def test_a_log_group_that_stays_comes_after_what_may_fail(case: str) -> None:
    held = resources(case)
    config, _ = load_config(CASES[0].parent / case / "breakglass.yaml")
    late = {"LoginLog", "ActionLog"} | {name for name, resource in held.items() if needs_a_log(name, resource)}
    if config.trail_lock_days:
        late |= {"TrailBucket", "TrailBucketPolicy", "Trail"}
    for logical_id in held.keys() & {"LoginLog", "ActionLog"}:
        assert held.keys() - all_before(logical_id, held) <= late, logical_id


def test_a_bucket_comes_after_what_may_fail_and_a_locked_one_last_of_all() -> None:
    with_trail = {case.name: load_config(case / "breakglass.yaml")[0] for case in CASES}
    with_trail = {name: config for name, config in with_trail.items() if config.trail == CREATE}
    locks = {bool(config.trail_lock_days) for config in with_trail.values()}
    assert locks >= {True}
    for case, config in with_trail.items():
        held = resources(case)
        late = {"TrailBucket", "TrailBucketPolicy", "Trail"}
        if not config.trail_lock_days:
            late |= {"LoginLog", "ActionLog"} | {name for name, resource in held.items() if needs_a_log(name, resource)}
        assert held.keys() - all_before("TrailBucket", held) <= late, case
        assert all_before("Trail", held) >= {"TrailBucket", "TrailBucketPolicy"}


@every_case
def test_what_lets_others_in_comes_before_the_rules_that_watch_for_it(case: str) -> None:
    for file in ("main-region.yaml", "stackset.yaml"):
        held = resources(case, file)
        # Nothing can wait for what may not be made: the rules that need it refer to it.
        always = {name: resource for name, resource in held.items() if "Condition" not in resource}
        granting = {name for name, resource in always.items() if resource["Type"] in GRANTING}
        for logical_id, resource in held.items():
            if resource["Type"] == "AWS::Events::Rule":
                assert granting <= all_before(logical_id, held), f"{file}: {logical_id}"


def test_what_the_regions_of_an_organization_need_comes_before_their_stack_set() -> None:
    held = resources("organization-managed")
    buses = {name for name, resource in held.items() if resource["Type"] == "AWS::Events::EventBus"}
    assert buses
    assert {"AccountsStackSet", *buses} <= all_before("StackSet", held)
    # In an account that joins later, only this orders the two.
    order = held["StackSet"]["Properties"]["AutoDeployment"]["DependsOn"]
    assert order == [{"Fn::Sub": "arn:aws:cloudformation:us-east-1:${AWS::AccountId}:stackset/${AccountsStackSet}"}]


@pytest.mark.parametrize("case", [case.name for case in CASES if case.name.startswith("organization")])
def test_another_template_makes_what_the_regions_of_an_organization_name(case: str) -> None:
    """In the hub: its buses. In the same account: the roles."""
    region, account = stack(case, "stackset.yaml", "eu-north-1"), stack(case, "accounts.yaml")
    made = {resource.arn for each in (stack(case), account) for resource in each.resources.values()}
    rules, schedules = region.of_type("AWS::Events::Rule"), region.of_type("AWS::Scheduler::Schedule")
    targets = [target for rule in rules for target in rule.properties["Targets"]]
    named = {target[key] for target in targets for key in ("Arn", "RoleArn")}
    named |= {schedule.properties["Target"]["RoleArn"] for schedule in schedules}
    assert len(named) >= 6
    assert named <= made


@every_case
def test_nothing_waits_for_itself(case: str) -> None:
    for file in generated(case):
        if file.endswith(".yaml"):
            held = resources(case, file)
            assert [name for name in held if name in all_before(name, held)] == []
