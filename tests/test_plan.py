"""The plan: made once a run, complete, and nothing that is built from it changes afterwards."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType
from typing import Any, Final

import pytest
from click.testing import CliRunner
from golden_cases import CASES
from paths import GOLDEN
from troposphere import AWSObject, BaseAWSObject, encode_to_dict, iam, kms

from cfn_breakglass import break_glass_deployer, break_glass_role, encryption_key, watch_role
from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.loader import config_of, load_config
from cfn_breakglass.config.model import DETECTIONS
from cfn_breakglass.detections.catalog import detections
from cfn_breakglass.names import ACTIONS, Names
from cfn_breakglass.plan import Plan, make_plan, make_standalone_plan
from cfn_breakglass.templates import (
    RolledOut,
    make_deployer,
    make_main_region,
    make_stackset,
    make_stackset_roles,
    make_templates,
)

SETTINGS: Final[dict[str, Any]] = {"main_region": "us-east-1", "usernames": ["alice"]}
EMAILS: Final = {"emails": ["ops@example.com"]}
SLACK: Final = {"slack": [{"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}]}
EXISTING_KEY: Final = "arn:aws:kms:us-east-1:111122223333:key/0f1e2d3c-0000-0000-0000-000000000000"

MADE_ONCE: Final[tuple[Callable[..., object], ...]] = (make_plan, Names.of, detections, make_main_region, make_stackset)
# A golden case, and what it makes besides.
RUNS: Final[dict[str, tuple[Callable[..., object], ...]]] = {
    "everything": (),
    "deployer": (make_deployer, make_stackset_roles),
    "managed-rollout": (),
    "existing-role-managed": (),
}


def plan_of(**settings: Any) -> Plan:
    return make_plan(config_of({**SETTINGS, **settings}))


def code_of(function: Callable[..., object]) -> CodeType:
    code = inspect.unwrap(getattr(function, "__func__", function)).__code__
    assert isinstance(code, CodeType)
    return code


@cache
def calls(case: str) -> Counter[tuple[CodeType, CodeType]]:
    """How often each function was called by which other one while ``generate`` ran for a golden case."""
    counter: Counter[tuple[CodeType, CodeType]] = Counter()

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_back:
            counter[frame.f_code, frame.f_back.f_code] += 1

    config = GOLDEN / case / "breakglass.yaml"
    with TemporaryDirectory() as folder:
        arguments = ["generate", "--config", str(config), "--output", folder]
        previous = sys.getprofile()
        sys.setprofile(profile)
        try:
            result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
        finally:
            sys.setprofile(previous)
    assert result.exit_code == 0, result.output
    return counter


def times_called(case: str, function: Callable[..., object]) -> int:
    return sum(times for (called, _), times in calls(case).items() if called is code_of(function))


@pytest.mark.parametrize("case", RUNS)
def test_one_run_makes_the_plan_and_each_template_once(case: str) -> None:
    expected = {function.__qualname__: 1 for function in (*MADE_ONCE, *RUNS[case])}
    makers: list[Callable[..., object]] = [*MADE_ONCE, make_deployer, make_stackset_roles]
    times = {function.__qualname__: times_called(case, function) for function in makers}
    assert {name: count for name, count in times.items() if count} == expected


@pytest.mark.parametrize("case", RUNS)
def test_nothing_changes_a_resource_after_it_is_made(case: str) -> None:
    constructor, assignment = code_of(BaseAWSObject.__init__), code_of(BaseAWSObject.__setattr__)
    assert calls(case)[assignment, constructor] > 100
    others = {caller for called, caller in calls(case) if called is assignment and caller is not constructor}
    assert {f"{code.co_filename}:{code.co_firstlineno} {code.co_name}" for code in others} == set()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_everything_that_takes_tags_has_them(case: Path) -> None:
    config, _ = load_config(case / "breakglass.yaml")
    plan = make_plan(dataclasses.replace(config, tags={"team": "security"}))
    templates = make_templates(plan)
    resources: list[AWSObject] = [
        *templates.main_region.resources.values(),
        *templates.stackset.resources.values(),
        *make_stackset_roles(plan, templates.stackset).resources.values(),
        *make_deployer(
            plan, templates.main_region, RolledOut(templates.stackset, templates.accounts)
        ).resources.values(),
    ]
    assert [resource.title for resource in resources if "Tags" in resource.props] == [
        resource.title for resource in resources if encode_to_dict(resource.properties.get("Tags")) == TAGS
    ]


TAGS: Final = [{"Key": "team", "Value": "security"}]


def test_the_parts_for_another_template_have_tags_as_well() -> None:
    config = config_of({**SETTINGS, "alerts": EMAILS, "tags": {"team": "security"}})
    for function in (break_glass_role, encryption_key, break_glass_deployer, watch_role):
        taggable = [resource for resource in function(config) if "Tags" in resource.props]
        assert taggable, function
        assert [encode_to_dict(resource.Tags) for resource in taggable] == [TAGS] * len(taggable), function


def test_nobody_changes_a_plan() -> None:
    plan = plan_of()
    for field in dataclasses.fields(plan):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(plan, field.name, None)


LEVELS: Final = {
    "alert": {"topic", "chat", "login_log"},
    "chat": {"chat", "login_log"},
    "log": {"login_log"},
    "off": set(),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("detection_id", sorted(DETECTIONS.keys() - {ACTIONS}))
def test_a_detection_goes_where_its_level_says(detection_id: str, level: str) -> None:
    plan = plan_of(alerts=EMAILS | SLACK, detections={detection_id: level})
    assert destinations(plan, detection_id) == LEVELS[level]
    assert plan.watches(detection_id) == (level != "off")
    assert plan.alerts_on(detection_id) == (level in ("alert", "chat"))


@pytest.mark.parametrize(("alerts", "expected"), [(EMAILS, {"topic"}), (SLACK, {"chat"}), ({}, set())])
def test_an_alert_goes_to_those_whom_the_config_has(alerts: dict[str, Any], expected: set[str]) -> None:
    plan = plan_of(alerts=alerts)
    assert destinations(plan, "RoleAssumed") == {*expected, "login_log"}
    assert plan.alerts_on("RoleAssumed") == bool(expected)


@pytest.mark.parametrize(
    ("level", "log", "expected"),
    [
        ("alert", "all", {"topic", "action_log"}),
        ("alert", "none", {"topic"}),
        ("log", "write", {"action_log"}),
        ("log", "none", set()),
        ("off", "all", set()),
    ],
)
def test_actions_go_to_a_log_of_their_own(level: str, log: str, expected: set[str]) -> None:
    plan = plan_of(alerts=EMAILS, detections={ACTIONS: level}, actions={"log": log})
    assert destinations(plan, ACTIONS) == expected
    assert plan.watches(ACTIONS) == bool(expected)


def destinations(plan: Plan, detection_id: str) -> set[str]:
    """The names of the destinations that every rule of a detection sends to."""
    by_name = plan.destinations._asdict()
    return {name for name, received in by_name.items() if detection_id in {detection.id for detection in received}}


def test_what_nobody_receives_is_not_watched() -> None:
    plan = plan_of(alerts={"log": False}, actions={"log": "none"})
    assert (plan.detections, plan.heartbeat, plan.watched_events) == ((), None, ())
    assert not plan.encrypts
    assert plan_of(alerts={"log": False}, actions={"log": "none"}, trail="create").encrypts


@pytest.mark.parametrize(("heartbeat", "expected"), [("hourly", "Heartbeat"), ("daily", "Heartbeat"), ("off", None)])
def test_the_heartbeat_is_watched_beside_the_detections(heartbeat: str, expected: str | None) -> None:
    plan = plan_of(heartbeat=heartbeat)
    assert (plan.heartbeat.id if plan.heartbeat else None) == expected
    assert [detection.id for detection in plan.watched_events][len(plan.detections) :] == [expected] * bool(expected)


def test_one_edge_rule_of_the_main_region_alone_refers_to_the_key() -> None:
    edges = plan_of().edges
    assert [edge.id for edge in edges if names_key(edge.pattern)] == ["TamperingKey"]
    assert [edge.id for edge in edges if edge.is_main_region_only] == ["TamperingKey"]


FAMILIES: Final = {
    **dict.fromkeys(("Assume", "Entrance"), "break-glass"),
    **dict.fromkeys(("Session", "SignIn"), "break-glass-actions"),
    **dict.fromkeys(("Tampering", "Alarm", "Heartbeat"), "break-glass-monitoring"),
}


def test_families_that_can_match_one_event_have_buses_of_their_own() -> None:
    plan = plan_of(detections=dict.fromkeys(DETECTIONS, "alert"))
    assert {family: plan.bus_of(family).name for family in FAMILIES} == FAMILIES
    assert {family for edge in plan.edges for family in edge.families} == FAMILIES.keys()


def test_a_family_that_no_detection_wants_has_no_rule_and_no_bus() -> None:
    plan = plan_of(detections=dict.fromkeys(DETECTIONS, "off") | {"RoleAssumed": "alert"}, heartbeat="off")
    assert [edge.id for edge in plan.edges] == ["Assume"]
    assert [bus.name for bus in plan.buses] == ["break-glass"]


def test_where_nothing_is_forwarded_there_is_no_bus() -> None:
    assert plan_of(regions=[]).buses == ()


def test_the_accounts_of_an_organization_forward_even_in_one_region() -> None:
    organization = {"id": "o-a1b2c3d4e5", "hub": "111122223333", "units": ["r-ab12"]}
    plan = plan_of(regions=[], organization=organization)
    assert [bus.name for bus in plan.buses] == ["break-glass", "break-glass-actions", "break-glass-monitoring"]
    assert (plan.config.account, plan.config.secondary_regions) == ("111122223333", ())


@pytest.mark.parametrize("heartbeat", [None, "hourly", "daily"])
def test_the_heartbeat_of_an_organization_is_daily_unless_the_config_says_another(heartbeat: str | None) -> None:
    organization = {"id": "o-a1b2c3d4e5", "hub": "111122223333", "units": ["r-ab12"]}
    settings = {"organization": organization, "heartbeat": heartbeat}
    assert plan_of(**settings).config.heartbeat == (heartbeat or "daily")
    assert plan_of(heartbeat=heartbeat).config.heartbeat == (heartbeat or "hourly")


def names_key(pattern: dict[str, Any]) -> bool:
    text = str(encode_to_dict(pattern))
    return "{'Ref': 'Key'}" in text or "${Key}" in text


@pytest.mark.parametrize("encryption", ["none", EXISTING_KEY])
def test_without_a_key_of_its_own_no_template_refers_to_one(encryption: str) -> None:
    plan = plan_of(encryption=encryption)
    assert [edge.id for edge in plan.edges if names_key(edge.pattern)] == []
    assert [edge.id for edge in plan.edges if edge.is_main_region_only] == ["TamperingKey"] * (encryption != "none")
    assert plan.encryption.key_arn == (encryption if encryption == EXISTING_KEY else None)


def test_a_standalone_plan_watches_the_resources_of_its_template() -> None:
    role, key = iam.Role("MyRole", AssumeRolePolicyDocument={}), kms.Key("MyKey")
    plan = make_standalone_plan(config_of({**SETTINGS, "alerts": EMAILS}), DETECTIONS, role=role, key=key)
    assert plan.names.role.arns == ("${MyRole.Arn}",)
    assert encode_to_dict(plan.encryption.key_arn) == {"Fn::GetAtt": ["MyKey", "Arn"]}
    assert (plan.buses, plan.heartbeat) == ((), None)
    patterns = [edge.pattern for edge in plan.edges]
    assert any("{'Ref': 'MyKey'}" in str(encode_to_dict(pattern)) for pattern in patterns)


def test_a_standalone_plan_without_a_key_uses_none_of_the_stack() -> None:
    plan = make_standalone_plan(config_of({**SETTINGS, "alerts": EMAILS}), {"RoleAssumed", ACTIONS})
    assert plan.encryption.key_arn is None
    assert [detection.id for detection in plan.detections] == ["RoleAssumed", ACTIONS]
