"""A rule for each detection, on any bus.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from troposphere import AWSObject, events, sqs

from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.detections.catalog import Detection
from cfn_breakglass.plan import Plan

# AssumeRole only reads, and a rule that is just ENABLED does not get read-only calls.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
_STATE = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

# One hour covers a short outage of SNS or Logs. What is still not delivered then reaches the queue, and so raises an
# alarm, while it is news; after AWS's 24 hours it is not. The number of attempts stays at AWS's maximum: the waits
# between them grow, so that a number would not say when they end.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
_RETRY_SECONDS = 3_600


class Sink(NamedTuple):
    """A destination of rules: for which detections, and the properties of a rule's target for one of them.

    ``retries`` is whether AWS lets the target say for how long to retry: an event bus may not.
    """

    detections: Collection[Detection]
    target: Callable[[Detection], Mapping[str, Any]]
    retries: bool = True


def detection_rules(
    plan: Plan,
    sinks: Collection[Sink],
    *,
    title: str = "{}",
    central_buses: Mapping[str, events.EventBus] | None = None,
    dead_letters: sqs.Queue | None = None,
    after: Iterable[AWSObject] = (),
    has_key: bool = True,
) -> dict[str, events.Rule]:
    """A rule for everything that one of ``sinks`` receives, by the logical ID of the detection.

    ``title`` makes the logical ID of the rule from that. The rules stand on the central buses, where ``central_buses``
    holds those that the template makes, or on the default bus (None). What cannot be delivered goes to
    ``dead_letters``. The rules wait for ``after``: without the policies that allow delivery, their first events would
    be lost. ``has_key`` is whether the template makes the key.
    """
    waiting = [resource.title for resource in after]
    rules = {}
    for detection in plan.watched_events:
        targets = [_target(sink, detection, dead_letters) for sink in sinks if detection in sink.detections]
        if targets:
            rules[detection.logical_id] = events.Rule(
                title.format(detection.logical_id),
                Name=plan.names.rule(detection.rule_id),
                EventPattern=detection.pattern_in(has_key=has_key),
                State=_STATE,
                Targets=targets,
                **({} if central_buses is None else _on_central_bus(plan, detection, central_buses)),
                **({"DependsOn": waiting} if waiting else {}),
                **tags(plan),
            )
    return rules


def _target(sink: Sink, detection: Detection, dead_letters: sqs.Queue | None) -> events.Target:
    failures: dict[str, Any] = {}
    if dead_letters:
        failures["DeadLetterConfig"] = events.DeadLetterConfig(Arn=dead_letters.get_att("Arn"))
        if sink.retries:
            failures["RetryPolicy"] = events.RetryPolicy(MaximumEventAgeInSeconds=_RETRY_SECONDS)
    return events.Target(**sink.target(detection), **failures)


def _on_central_bus(plan: Plan, detection: Detection, buses: Mapping[str, events.EventBus]) -> dict[str, Any]:
    name = plan.bus_of(detection).name
    return {"Description": detection.summary, "EventBusName": buses[name].ref() if name in buses else name}
