"""A rule per detection, for any bus.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from troposphere import AWSObject, events

from cfn_breakglass.detections import Detection
from cfn_breakglass.names import Names

# AssumeRole only reads, and a rule that is just ENABLED does not get read-only calls.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
_STATE = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


class Sink(NamedTuple):
    """Somewhere a rule can send what it saw: the resources that takes, for which detections, and the target."""

    resources: list[AWSObject]
    detections: list[Detection]
    target: Callable[[Detection], events.Target]


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
        targets = [sink.target(detection) for sink in sinks if detection in sink.detections]
        if dead_letters:
            for target in targets:
                target.DeadLetterConfig = events.DeadLetterConfig(Arn=dead_letters.get_att("Arn"))
        bus = buses[names.bus_name(detection.id)] if buses else None
        if targets:
            rules.append(_rule(title.format(detection.logical_id), names, detection, targets, bus))
    if waited_for := [resource.title for resource in after]:
        for rule in rules:
            rule.DependsOn = waited_for
    return rules


def _rule(
    logical_id: str, names: Names, detection: Detection, targets: list[events.Target], bus: Bus | None
) -> AWSObject:
    rule = events.Rule(
        logical_id,
        Name=names.rule(detection.rule_id),
        Description=detection.summary,
        EventPattern=detection.pattern,
        State=_STATE,
        Targets=targets,
    )
    if bus:
        rule.EventBusName = bus.resource.ref() if bus.resource else bus.name
    return rule
