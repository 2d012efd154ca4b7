"""The edge says whose, the centre says what: each event arrives once, and one rule for both says the same."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from pattern_events import PSEUDO_PARAMETERS, compiled, events, plan_of, resolve_pattern, values_by_path
from samples import ACCOUNT, SAMPLES, SETTINGS, account, recorded, text_of, title

from cfn_breakglass.config.model import DETECTIONS
from cfn_breakglass.detections.composition import NothingInCommonError, compose
from cfn_breakglass.detections.edges import ASSUME
from cfn_breakglass.plan import Plan

EVERY: dict[str, Any] = {
    "main_region": "us-east-1",
    "usernames": ["alice", "bob"],
    "detections": dict.fromkeys(DETECTIONS, "alert"),
}
CHANGES: dict[str, dict[str, Any]] = {
    "the usual": {"role": {"path": "/ops/"}, "trail": "create"},
    "an existing role and key": {
        "role": {"existing": "Emergency"},
        "encryption": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "alerts": {"sms": ["+15550100"]},
    },
    "a permission set": {"role": {"permission_set": "BreakGlass"}},
    "an existing bus": {"event_bus": {"existing": "security"}},
    "a deployer": {"deployer": True, "rollout": "managed"},
    "a name that is in the ID of the key": {"name": "ab"},
    "an organization": {"organization": {"id": "o-a1b2c3d4e5", "hub": ACCOUNT, "units": ["r-ab12"]}},
}
PLANS = {name: plan_of(json.dumps({**EVERY, **changes})) for name, changes in CHANGES.items()}
PATTERNS = {
    name: [
        *(edge.pattern for edge in plan.edges),
        *(detection.kind for detection in plan.watched_events),
    ]
    for name, plan in PLANS.items()
}
VALUES = {name: values_by_path(patterns) for name, patterns in PATTERNS.items()}
BY_BUS = {
    name: [(plan.bus_of(edge.families[0]).name, compiled(edge.pattern)) for edge in plan.edges]
    for name, plan in PLANS.items()
}
EVENTS_BY_SAMPLE = {title(sample): recorded(sample.read_text(encoding="utf-8"), "us-east-1") for sample in SAMPLES}
EVENTS = list(EVENTS_BY_SAMPLE.values())


def arrivals(plan: str, event: dict[str, Any]) -> Counter[str]:
    """How often an event is forwarded to each bus."""
    return Counter(bus for bus, pattern in BY_BUS[plan] if pattern.matches(event))


@pytest.mark.parametrize("plan", PLANS)
def test_a_sample_arrives_once_on_each_bus(plan: str) -> None:
    twice = {
        sample: arrived
        for sample, event in EVENTS_BY_SAMPLE.items()
        if (arrived := arrivals(plan, event)) and max(arrived.values()) > 1
    }
    assert twice == {}


@pytest.mark.parametrize("plan", PLANS)
def test_a_call_whose_parameters_are_too_long_to_be_recorded_arrives_once_on_each_bus(plan: str) -> None:
    shortened = [
        {**event, "detail": {**event["detail"], "requestParameters": {"omitted": True}}}
        for event in EVENTS
        if event["detail"].get("requestParameters")
    ]
    assert any(arrivals(plan, event) for event in shortened)
    assert [event for event in shortened if max(arrivals(plan, event).values(), default=0) > 1] == []


KEY_CALLS = (
    *("denied-kms-delete-alias", "denied-kms-put-key-policy", "denied-kms-schedule-key-deletion", "kms-create-grant"),
    *("kms-disable-key", "kms-disable-key-rotation-by-arn", "kms-schedule-key-deletion"),
)


@pytest.mark.parametrize("plan", ["the usual", "a name that is in the ID of the key"])
def test_a_call_about_the_key_arrives_once(plan: str) -> None:
    name = PLANS[plan].config.name
    calls = {call: EVENTS_BY_SAMPLE[f"MonitoringTampered/raises-{call}"] for call in KEY_CALLS}
    by_cloud_control = EVENTS_BY_SAMPLE["MonitoringTampered/raises-cloudcontrol-update-resource"]
    parameters = {"typeName": "AWS::KMS::Key", "identifier": PSEUDO_PARAMETERS["${Key}"]}
    calls["Cloud Control"] = {
        **by_cloud_control,
        "detail": {**by_cloud_control["detail"], "requestParameters": parameters},
    }
    arrived = {
        call: arrivals(plan, json.loads(json.dumps(event).replace("alias/break-glass", f"alias/{name}")))
        for call, event in calls.items()
    }
    assert {call: counts[f"{name}-monitoring"] for call, counts in arrived.items()} == dict.fromkeys(calls, 1)


def test_the_heartbeat_of_a_neighbour_does_not_arrive() -> None:
    beat = {"source": "cfn-breakglass.break-glass", "detail-type": "Heartbeat", "account": ACCOUNT, "detail": {}}
    assert arrivals("the usual", beat)
    for name in ("break-glass-2", "break-glas", "rescue"):
        assert not arrivals("the usual", {**beat, "source": f"cfn-breakglass.{name}"})


@pytest.mark.parametrize("plan", PLANS)
def test_any_event_arrives_once_on_each_bus(plan: str) -> None:
    @settings(deadline=None)
    @given(events(VALUES[plan], EVENTS))
    def check(event: dict[str, Any]) -> None:
        assert max(arrivals(plan, event).values(), default=0) <= 1

    check()


def pairs(plan: Plan) -> dict[str, tuple[Any, Any, Any]]:
    """Each edge rule with each detection of its family, and both in one: None where no event is both."""
    found = {}
    for detection in plan.watched_events:
        for edge in plan.edges_of(detection.family):
            composed = None
            with suppress(NothingInCommonError):
                composed = compiled(compose(edge.pattern, detection.kind))
            found[f"{edge.id} and {detection.rule_id}"] = (compiled(edge.pattern), compiled(detection.kind), composed)
    return found


PAIRS = {name: pairs(plan) for name, plan in PLANS.items()}


def differences(plan: str, event: dict[str, Any]) -> list[str]:
    """The pairs that do not say of an event what both in one say."""
    return [
        name
        for name, (edge, kind, composed) in PAIRS[plan].items()
        if (edge.matches(event) and kind.matches(event)) != (composed is not None and composed.matches(event))
    ]


@pytest.mark.parametrize("plan", PLANS)
def test_one_rule_says_of_a_sample_what_edge_and_centre_say(plan: str) -> None:
    different = {sample: names for sample, event in EVENTS_BY_SAMPLE.items() if (names := differences(plan, event))}
    assert different == {}


@pytest.mark.parametrize("plan", PLANS)
def test_one_rule_says_of_any_event_what_edge_and_centre_say(plan: str) -> None:
    @settings(deadline=None)
    @given(st.lists(events(VALUES[plan], EVENTS), min_size=1, max_size=5))
    def check(happened: list[dict[str, Any]]) -> None:
        for event in happened:
            assert differences(plan, event) == []

    check()


def test_on_a_bus_of_others_a_rule_takes_only_what_is_ours() -> None:
    """What others put on that bus passed no edge rule of ours."""
    settings = json.dumps({**SETTINGS, "event_bus": {"existing": "security"}})
    edges = [compiled(edge.pattern) for edge in plan_of(settings).edges_of(ASSUME)]
    rules = [rule for rule in account(settings).rules if rule.bus.endswith("/security")]
    happened = [recorded(text_of(sample), "us-east-1") for sample in SAMPLES]
    taken = [event for event in happened if any(rule.pattern.matches(event) for rule in rules)]
    assert taken
    assert [event for event in taken if not any(edge.matches(event) for edge in edges)] == []


@pytest.mark.parametrize("plan", PLANS)
def test_a_central_pattern_holds_no_arn(plan: str) -> None:
    kinds = {
        detection.rule_id: json.dumps(detection.kind, default=lambda value: value.to_dict())
        for detection in PLANS[plan].detections
    }
    assert [name for name, kind in kinds.items() if "arn:" in kind] == []


def sources(pattern: dict[str, Any]) -> list[Any]:
    """What a pattern takes for a source, in each of its alternatives; None where it takes any."""
    if "source" in pattern:
        return list(pattern["source"])
    return [value for alternative in pattern.get("$or", [{"source": [None]}]) for value in alternative["source"]]


@pytest.mark.parametrize("plan", PLANS)
def test_nobody_but_aws_can_put_an_event_that_alerts(plan: str) -> None:
    """Nobody can put an event whose source begins with aws. on a bus; the heartbeat alone is our own."""
    own = PLANS[plan].names.heartbeat_source
    for pattern in PATTERNS[plan]:
        for source in sources(resolve_pattern(pattern)):
            assert source == own or str(source.get("prefix") if isinstance(source, dict) else source).startswith("aws.")


@pytest.mark.parametrize("name", ["break-glass-heartbeat", "break-glass-alerts", "break-glass-TamperingRules"])
def test_a_rule_on_our_bus_with_the_name_of_another_part_arrives_once(name: str) -> None:
    sample = next(sample for sample in SAMPLES if title(sample) == "MonitoringTampered/raises-events-put-rule")
    event = recorded(text_of(sample), "eu-west-1")
    event["detail"]["requestParameters"] = {"name": name, "eventBusName": "break-glass-monitoring"}
    assert arrivals("the usual", event)["break-glass-monitoring"] == 1
