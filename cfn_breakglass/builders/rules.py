"""Edge rules on the default bus, and rules that notify and log.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

from troposphere import AWSObject, GetAtt, events, sqs

from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.detections.composition import NothingInCommonError, in_one_rule
from cfn_breakglass.detections.detection import Detection
from cfn_breakglass.detections.edges import EdgeRule
from cfn_breakglass.plan import Plan

# AssumeRole only reads, and a rule that is just ENABLED does not get read-only calls.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
_STATE = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

# One hour covers a short outage of SNS. An alert that is still not delivered then reaches the queue, and so raises an
# alarm, while it is news; after AWS's 24 hours, which do for a log, it is not. The number of attempts stays at AWS's
# maximum: the waits between them grow, so that a number would not say when they end.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
_RETRY_SECONDS = 3_600


class Sink(NamedTuple):
    """A destination of rules: for which detections, and the properties of a rule's target for one of them.

    ``is_urgent`` is whether an event is worth little there after an hour.
    """

    detections: Collection[Detection]
    target: Callable[[Detection], Mapping[str, Any]]
    is_urgent: bool = False


def forwarding_rules(
    plan: Plan,
    edges: Iterable[EdgeRule],
    bus_target: Callable[[EdgeRule], Mapping[str, Any]],
    *,
    dead_letters: sqs.Queue,
    after: Iterable[AWSObject] = (),
    after_roles: Iterable[AWSObject] = (),
) -> dict[str, events.Rule]:
    """The rules of ``edges``, which forward to the central buses from a region, by ID.

    ``bus_target`` gives the properties of the target. What cannot be forwarded goes to ``dead_letters``; AWS sets for
    how long a rule tries to reach a bus. The rules wait for ``after``, as a bus of the same template does: without the
    policies that allow delivery, their first events would be lost. They wait for ``after_roles`` too, which makes their
    role elsewhere: EventBridge may refuse a role that does not exist.
    """
    return {
        edge.id: events.Rule(
            f"Forward{edge.id}",
            Name=plan.names.default_bus_rule(edge.id),
            Description=edge.description,
            EventPattern=edge.pattern,
            State=_STATE,
            Targets=[events.Target(**target, **_failures(dead_letters, is_urgent=False))],
            **_waiting([*(() if isinstance(target["Arn"], GetAtt) else after), *after_roles]),
            **tags(plan),
        )
        for edge, target in ((edge, bus_target(edge)) for edge in edges)
    }


def detection_rules(
    plan: Plan,
    sinks: Collection[Sink],
    *,
    central_buses: Mapping[str, events.EventBus] = MappingProxyType({}),
    dead_letters: sqs.Queue | None = None,
    after: Iterable[AWSObject] = (),
) -> dict[str, events.Rule]:
    """The rules that notify and log, by logical ID; ``central_buses`` are those that the template makes.

    On a central bus that is ours alone, the pattern says what an event is. On a bus that others use, and on the default
    bus, it has to say whose the event is as well.
    """
    name = plan.names.central_rule if plan.buses else plan.names.default_bus_rule
    rules = {}
    for detection in plan.watched_events:
        targets = [
            events.Target(**sink.target(detection), **_failures(dead_letters, is_urgent=sink.is_urgent))
            for sink in sinks
            if detection in sink.detections
        ]
        for suffix, pattern in _patterns(plan, detection).items() if targets else ():
            rules[detection.logical_id + suffix] = events.Rule(
                detection.logical_id + suffix,
                Name=name(f"{detection.rule_id}{suffix and '.'}{suffix}"),
                Description=detection.summary,
                **_on_bus(plan, detection, central_buses, after),
                EventPattern=pattern,
                State=_STATE,
                Targets=targets,
                **tags(plan),
            )
    return rules


def direct_rule(plan: Plan, detection: Detection, target: Mapping[str, Any], after: Iterable[AWSObject]) -> events.Rule:
    """A rule on the default bus that needs nothing but its ``target``: no bus, no role and no dead-letter queue."""
    return events.Rule(
        detection.logical_id,
        Name=plan.names.default_bus_rule(detection.rule_id),
        Description=detection.summary,
        EventPattern=detection.kind,
        State=_STATE,
        Targets=[events.Target(**target)],
        **_waiting(after),
        **tags(plan),
    )


def _patterns(plan: Plan, detection: Detection) -> dict[str, dict[str, Any]]:
    """The patterns that find a detection on its bus, by what ends the names of their rules."""
    if plan.buses and not plan.bus_of(detection.family).is_shared:
        return {"": detection.kind}
    patterns = {}
    for edge in plan.edges_of(detection.family):
        with suppress(NothingInCommonError):
            patterns[edge.id.removeprefix(detection.family)] = in_one_rule(edge.pattern, detection.kind)
    return patterns if len(patterns) > 1 else dict.fromkeys([""], *patterns.values())


def _failures(dead_letters: sqs.Queue | None, *, is_urgent: bool) -> dict[str, Any]:
    """Where a target's failures go, and for how long the rule retries first: 24 hours unless ``is_urgent``."""
    if not dead_letters:
        return {}
    retry = {"RetryPolicy": events.RetryPolicy(MaximumEventAgeInSeconds=_RETRY_SECONDS)} if is_urgent else {}
    return {"DeadLetterConfig": events.DeadLetterConfig(Arn=dead_letters.get_att("Arn")), **retry}


def _waiting(after: Iterable[AWSObject]) -> dict[str, str | list[str]]:
    titles = [resource.title for resource in after]
    return {"DependsOn": titles[0] if len(titles) == 1 else titles} if titles else {}


def _on_bus(
    plan: Plan, detection: Detection, buses: Mapping[str, events.EventBus], after: Iterable[AWSObject]
) -> dict[str, Any]:
    """The bus of a rule, and what the rule waits for: a bus of the same template waits for that already."""
    if not plan.buses:
        return _waiting(after)
    name = plan.bus_of(detection.family).name
    return {"EventBusName": buses[name].ref()} if name in buses else {"EventBusName": name, **_waiting(after)}
