"""A rule per detection, for any bus.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from troposphere import AWSObject, events

from cfn_breakglass.detections.catalog import Detection
from cfn_breakglass.names import Names

# AssumeRole only reads, and a rule that is just ENABLED does not get read-only calls.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
_STATE = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

# An hour rides out a short outage of SNS or Logs, and what is still not delivered then reaches the queue, and so an
# alarm, while it is news; after AWS's 24 hours it is not. The number of attempts stays at AWS's maximum: the waits
# between them get longer and longer, so that it would not tell when they end.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
_RETRY_SECONDS = 3_600


class Sink(NamedTuple):
    """Somewhere a rule can send what it saw: the resources that takes, for which detections, and the target.

    ``retries`` is whether AWS lets the target say for how long to try: an event bus may not.
    """

    resources: list[AWSObject]
    detections: list[Detection]
    target: Callable[[Detection], events.Target]
    retries: bool = True


class Bus(NamedTuple):
    """An event bus that rules stand on; ``resource`` is None for one that no template makes."""

    name: str
    resource: AWSObject | None = None


def watch(
    names: Names,
    detections: Iterable[Detection],
    *sinks: Sink,
    buses: Mapping[str, Bus] | None = None,
    title: str = "{}",
    dead_letters: AWSObject | None = None,
    after: Iterable[AWSObject] = (),
) -> list[AWSObject]:
    """A rule per detection on its bus of ``buses`` (None: the default bus), sending to every sink that takes it.

    ``title`` makes the logical ID from the detection's. What cannot be delivered goes to ``dead_letters``. The rules
    wait for ``after``: without the policies that let them, what they see at first would be lost.
    """
    rules = []
    for detection in detections:
        targets = [_target(sink, detection, dead_letters) for sink in sinks if detection in sink.detections]
        bus = buses[names.bus_name(detection.id)] if buses else None
        if targets:
            rules.append(_rule(title.format(detection.logical_id), names, detection, targets, bus))
    if waited_for := [resource.title for resource in after]:
        for rule in rules:
            rule.DependsOn = waited_for
    return rules


def _target(sink: Sink, detection: Detection, dead_letters: AWSObject | None) -> events.Target:
    target = sink.target(detection)
    if dead_letters:
        target.DeadLetterConfig = events.DeadLetterConfig(Arn=dead_letters.get_att("Arn"))
        if sink.retries:
            target.RetryPolicy = events.RetryPolicy(MaximumEventAgeInSeconds=_RETRY_SECONDS)
    return target


def _rule(
    logical_id: str, names: Names, detection: Detection, targets: list[events.Target], bus: Bus | None
) -> AWSObject:
    rule = events.Rule(
        logical_id,
        Name=names.rule(detection.rule_id),
        EventPattern=detection.pattern,
        State=_STATE,
        Targets=targets,
    )
    if bus:
        rule.Description = detection.summary
        rule.EventBusName = bus.resource.ref() if bus.resource else bus.name
    return rule
