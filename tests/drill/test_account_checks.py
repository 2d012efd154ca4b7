"""What is not as it should be in an account, and what AWS does not let a drill look at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from canned_aws import Answers, Refusal, canned_aws
from drill_world import MAIN, OTHERS, REGIONS, SETTINGS, deployed
from moto_aws import Aws as Moto
from samples import ACCOUNT

from cfn_breakglass.builders.access.protection import guard_scp
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.drill.account_checks import account_observations, rules_by_region
from cfn_breakglass.drill.drill_plan import DrillPlan, make_drill_plan
from cfn_breakglass.drill.observations import Observation
from cfn_breakglass.plan import make_plan

TOPIC = f"arn:aws:sns:{MAIN}:{ACCOUNT}:break-glass-alerts"
FALLBACK = f"arn:aws:sns:{MAIN}:{ACCOUNT}:break-glass-fallback"
TRAIL = f"arn:aws:cloudtrail:{MAIN}:{ACCOUNT}:trail/main"
PLAN = make_drill_plan(make_plan(config_of(SETTINGS)), ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/alice", knock=True)
GUARD = json.dumps(guard_scp(PLAN.deployed))
RULES = rules_by_region(PLAN)


def rules(parameters: dict[str, Any], region: str) -> dict[str, Any]:
    listed = RULES[region][parameters["EventBusName"]]
    return {"Rules": [{"Name": name, "State": state} for name, state in listed.items()]}


def parents(parameters: dict[str, Any], _region: str) -> dict[str, Any]:
    above = {ACCOUNT: ("ou-ab12-1", "ORGANIZATIONAL_UNIT"), "ou-ab12-1": ("r-ab12", "ROOT")}
    id_, kind = above[parameters["ChildId"]]
    return {"Parents": [{"Id": id_, "Type": kind}]}


def attached_to(target: str) -> Any:
    return lambda parameters, _: {"Policies": [{"Id": "p-12345678"}] if parameters["TargetId"] == target else []}


GOOD: Answers = {
    "ListSubscriptionsByTopic": lambda parameters, _: {
        "Subscriptions": [
            {"SubscriptionArn": f"{parameters['TopicArn']}:1", "Protocol": "email", "Endpoint": "ops@example.com"}
        ]
    },
    "DescribeAlarms": lambda *_: {"MetricAlarms": []},
    "DescribeRegions": lambda *_: {"Regions": [{"RegionName": region} for region in REGIONS]},
    "ListRules": rules,
    "ListStackInstances": lambda *_: {
        "Summaries": [{"Account": ACCOUNT, "Region": region, "Status": "CURRENT"} for region in OTHERS]
    },
    "DescribeTrails": lambda *_: {"trailList": [{"TrailARN": TRAIL, "HomeRegion": MAIN}]},
    "GetTrailStatus": lambda *_: {"IsLogging": True},
    "GetEventSelectors": lambda *_: {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]},
    "ListPoliciesForTarget": attached_to("r-ab12"),
    "DescribePolicy": lambda *_: {"Policy": {"Content": GUARD}},
    "ListParents": parents,
}


ANSWERS = dict(GOOD)
AWS = canned_aws(ANSWERS)  # one for all tests, because it takes a while to make its clients


def observations(answers: Answers, plan: DrillPlan = PLAN) -> list[Observation]:
    """What there is to say of an account that has these answers beside the good ones."""
    ANSWERS.update({**GOOD, **answers})
    return account_observations(AWS, plan)


def wrong(answers: Answers) -> list[tuple[str, str, str, str]]:
    """Subject, region, state and text of whatever is not as it should be."""
    found = observations(answers)
    assert {observation.account for observation in found} == {ACCOUNT}
    return [(one.subject, one.region, one.state, one.text) for one in found if one.state != "ok"]


def test_a_good_account_has_no_problem() -> None:
    assert wrong({}) == []


def test_each_subject_is_looked_at_in_each_of_its_regions() -> None:
    found = observations({})
    places = [(observation.subject, observation.region) for observation in found]
    everywhere = [(subject, region) for subject in ("alarms", "rules", "trail") for region in REGIONS]
    in_main = [(subject, MAIN) for subject in ("guard SCP", "regions", "stack instances", "subscriptions")]
    assert sorted({*places}) == sorted([*everywhere, *in_main])


def subscription(endpoint: str, protocol: str) -> Answers:
    pending = {"SubscriptionArn": "PendingConfirmation", "Protocol": protocol, "Endpoint": endpoint}
    return {
        "ListSubscriptionsByTopic": lambda parameters, region: (
            {"Subscriptions": [pending]}
            if parameters["TopicArn"] == TOPIC
            else GOOD["ListSubscriptionsByTopic"](parameters, region)
        )
    }


@pytest.mark.parametrize(
    ("endpoint", "protocol", "shown"),
    [
        ("ops@example.com", "email", "email ops@example.com"),
        ("https://user:****@events.example.com/x-ere/SECRET?key=1", "https", "https https://events.example.com"),
        ("arn:aws:sqs:us-east-1:444455556666:pager", "sqs", "sqs arn:aws:sqs:us-east-1:444455556666:pager"),
    ],
)
def test_a_subscription_that_is_pending(endpoint: str, protocol: str, shown: str) -> None:
    text = f"{shown} has not confirmed the subscription of {TOPIC}"
    assert wrong(subscription(endpoint, protocol)) == [("subscriptions", MAIN, "problem", text)]


def test_a_topic_without_a_subscriber() -> None:
    found = wrong({"ListSubscriptionsByTopic": lambda *_: {"Subscriptions": []}})
    assert [text for *_, text in found] == [f"nobody is subscribed to {topic}" for topic in (TOPIC, FALLBACK)]


def test_an_alarm_in_alarm() -> None:
    def alarms(parameters: dict[str, Any], region: str) -> dict[str, Any]:
        assert parameters == {"AlarmNamePrefix": "break-glass-failing-", "StateValue": "ALARM"}
        alarm = {"AlarmName": "break-glass-failing-dead-letters", "AlarmDescription": "Something waits."}
        return {"MetricAlarms": [alarm] if region == "eu-west-1" else []}

    text = "break-glass-failing-dead-letters is in ALARM. Something waits."
    assert wrong({"DescribeAlarms": alarms}) == [("alarms", "eu-west-1", "problem", text)]


def test_regions_that_are_not_those_of_the_config() -> None:
    enabled = [*REGIONS[:-1], "af-south-1"]
    found = wrong({"DescribeRegions": lambda *_: {"Regions": [{"RegionName": region} for region in enabled]}})
    assert found == [
        ("regions", "af-south-1", "problem", "enabled and not in the config, so nothing alerts there"),
        ("regions", REGIONS[-1], "problem", "in the config, not enabled"),
    ]


def listed(change: dict[str, str | None], at: str, bus: str) -> Answers:
    """All rules, but with other states on a bus in a region, or without those whose state is None."""

    def answer(parameters: dict[str, Any], region: str) -> dict[str, Any]:
        states: dict[str, str | None] = {**RULES[region][parameters["EventBusName"]]}
        if (region, parameters["EventBusName"]) == (at, bus):
            states |= change
        return {"Rules": [{"Name": name, "State": state} for name, state in states.items() if state]}

    return {"ListRules": answer}


ENABLED = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@pytest.mark.parametrize("state", ["DISABLED", "ENABLED", None])
@pytest.mark.parametrize(
    ("name", "region", "bus"),
    [("break-glass.Assume", "eu-west-1", "default"), ("break-glass-RoleAssumed", MAIN, "break-glass")],
)
def test_a_rule_that_is_not_enabled(name: str, region: str, bus: str, state: str | None) -> None:
    text = f"the rule {name} on the bus {bus} is {state or 'missing'}, and not {ENABLED}"
    assert wrong(listed({name: state}, region, bus)) == [("rules", region, "problem", text)]


def test_a_region_without_any_of_our_rules() -> None:
    gone: dict[str, str | None] = dict.fromkeys(RULES["eu-west-1"]["default"])
    text = "all rules on the bus default are missing; the stack is not deployed there"
    assert wrong(listed(gone, "eu-west-1", "default")) == [("rules", "eu-west-1", "problem", text)]


def test_a_bus_that_is_missing() -> None:
    def answer(parameters: dict[str, Any], region: str) -> dict[str, Any]:
        if parameters["EventBusName"] == "break-glass-actions":
            raise Refusal("ResourceNotFoundException")
        return rules(parameters, region)

    text = "the event bus break-glass-actions is missing"
    assert wrong({"ListRules": answer}) == [("rules", MAIN, "problem", text)]


def test_stack_instances_that_are_not_current() -> None:
    summaries = [
        {"Account": ACCOUNT, "Region": region, "Status": "OUTDATED" if region == "eu-west-1" else "CURRENT"}
        for region in OTHERS
        if region != "sa-east-1"
    ]
    assert wrong({"ListStackInstances": lambda *_: {"Summaries": summaries}}) == [
        ("stack instances", region, "problem", f"the stack of the stack set break-glass is {state}, not CURRENT")
        for region, state in (("eu-west-1", "OUTDATED"), ("sa-east-1", "missing"))
    ]


def refuse(code: str) -> Any:
    def answer(*_: object) -> dict[str, Any]:
        raise Refusal(code)

    return answer


def test_no_stack_set_is_no_verdict() -> None:
    ((subject, _, state, text),) = wrong({"ListStackInstances": refuse("StackSetNotFoundException")})
    assert (subject, state) == ("stack instances", "could not tell")
    assert text.startswith("there is no stack set break-glass")


@pytest.mark.parametrize("target", [ACCOUNT, "ou-ab12-1", "r-ab12"])
def test_the_guard_may_be_attached_above(target: str) -> None:
    assert wrong({"ListPoliciesForTarget": attached_to(target)}) == []


def test_no_guard() -> None:
    ((subject, _, state, text),) = wrong({"ListPoliciesForTarget": lambda *_: {"Policies": []}})
    assert (subject, state) == ("guard SCP", "problem")
    assert text == f"the guard SCP is attached neither to {ACCOUNT} nor to a unit above it"


def test_a_guard_of_an_older_config() -> None:
    older = json.loads(GUARD)
    older["Statement"][0]["Resource"].pop()
    found = wrong({"DescribePolicy": lambda *_: {"Policy": {"Content": json.dumps(older)}}})
    assert [text for *_, text in found] == [f"the guard SCP of {ACCOUNT} is not the one that the config makes"]


def test_another_policy_is_no_guard() -> None:
    other = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    found = wrong({"DescribePolicy": lambda *_: {"Policy": {"Content": other}}})
    assert [text for *_, text in found] == [f"the guard SCP is attached neither to {ACCOUNT} nor to a unit above it"]


ORGANIZATION = ("DescribePolicy", "ListParents", "ListPoliciesForTarget")


@pytest.mark.parametrize("operation", ORGANIZATION)
def test_who_may_not_ask_about_the_guard(operation: str) -> None:
    text = "only the management account and delegated administrators may ask which SCPs are attached"
    assert wrong({operation: refuse("AccessDeniedException")}) == [("guard SCP", MAIN, "could not tell", text)]


def test_without_an_organization_there_is_no_guard() -> None:
    assert wrong({"ListPoliciesForTarget": refuse("AWSOrganizationsNotInUseException")}) == []


@pytest.mark.parametrize("operation", [name for name in GOOD if name not in ORGANIZATION])
def test_what_aws_denies_is_an_answer_of_its_own(operation: str) -> None:
    found = wrong({operation: refuse("AccessDeniedException")})
    assert {state for _, _, state, _ in found} == {"could not tell"}
    assert all(f":{operation} in " in text for *_, text in found)


def test_one_region_needs_no_stack_set() -> None:
    alone = make_plan(config_of({**SETTINGS, "regions": []}))
    plan = make_drill_plan(alone, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/alice", knock=False)
    made = rules_by_region(plan)
    assert [*made] == [MAIN]
    assert [*made[MAIN]] == ["default"]
    states = made[MAIN]["default"]
    answer = {"Rules": [{"Name": name, "State": state} for name, state in states.items()]}
    subjects = {observation.subject for observation in observations({"ListRules": lambda *_: answer}, plan)}
    assert subjects == {"alarms", "guard SCP", "regions", "rules", "subscriptions", "trail"}


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with deployed(SETTINGS) as (aws, _):
        yield aws


def test_moto_has_the_rules_that_the_templates_make(moto: Moto) -> None:
    for region, buses in RULES.items():
        for bus, states in buses.items():
            listed_rules = moto.client("events", region).list_rules(EventBusName=bus)["Rules"]
            assert {rule["Name"]: rule["State"] for rule in listed_rules} == states, (region, bus)


def test_observations_say_what_they_are_about() -> None:
    found = observations(listed({"break-glass.Assume": None}, MAIN, "default"))
    (problem,) = (observation for observation in found if observation.state == "problem")
    text = f"the rule break-glass.Assume on the bus default is missing, and not {ENABLED}"
    assert problem == Observation("rules", ACCOUNT, MAIN, "problem", text, "break-glass.Assume")
