"""From every region's default bus to the central bus of the main region.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
"""

from __future__ import annotations

from collections.abc import Iterable

import awacs.events
import awacs.sqs
import awacs.sts
from troposphere import AWSObject, events, iam, sqs

from cfn_breakglass.builders.policies import EVENTS, allow, from_rules, only_from, policy, service
from cfn_breakglass.builders.watch import Bus, Sink
from cfn_breakglass.config import Config
from cfn_breakglass.detections import Detection
from cfn_breakglass.names import ACTIONS, Names, sub


def central_buses(config: Config, names: Names, detections: list[Detection]) -> dict[str, Bus]:
    """The buses that everything is forwarded to, by name: one for all detections but RoleActions, one for that."""
    about = "What every region forwards"
    made = events.EventBus("CentralBus", Name=names.bus, Description=about)
    buses = {names.bus: Bus(names.bus, None if config.event_bus.existing else made)}
    if any(one.id == ACTIONS for one in detections):
        actions = events.EventBus(
            "ActionBus", Name=names.action_bus, Description=f"{about} of what is done in the role"
        )
        buses[names.action_bus] = Bus(names.action_bus, actions)
    return buses


def forwarder_role(config: Config, names: Names, buses: Iterable[str]) -> list[AWSObject]:
    """The one role that forwards for our rules of all regions to ``buses``, unless the config names one."""
    if config.event_bus.forwarder_role:
        return []
    rules = only_from([names.rule_arn("*", region="*")])
    forward = policy(allow([awacs.events.PutEvents], [sub(names.bus_arn(bus)) for bus in buses]))
    return [
        iam.Role(
            "ForwarderRole",
            RoleName=names.forwarder_role,
            Description="Forwards events to the central bus",
            AssumeRolePolicyDocument=policy(allow([awacs.sts.AssumeRole], principal=service(EVENTS), when=rules)),
            Policies=[iam.Policy(PolicyName="forward", PolicyDocument=forward)],
        )
    ]


def forward(names: Names, detections: list[Detection]) -> Sink:
    """The central bus as a target. An event is forwarded whole: a transformer would lose what it leaves out."""

    def target(detection: Detection) -> events.Target:
        return events.Target(
            Id="CentralBus",
            Arn=sub(names.bus_arn(names.bus_name(detection.id))),
            RoleArn=sub(names.forwarder_role_arn),
        )

    return Sink([], detections, target)


def dead_letters(names: Names, buses: Iterable[str] = ()) -> tuple[sqs.Queue, sqs.QueuePolicy]:
    """A queue for what a rule of this region could not deliver, and its policy.

    The rules are those on the default bus and on ``buses``.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    queue = sqs.Queue(
        "DeadLetterQueue", QueueName=names.dead_letters, MessageRetentionPeriod=14 * 86_400, SqsManagedSseEnabled=True
    )
    send = allow(
        [awacs.sqs.SendMessage],
        [queue.get_att("Arn")],
        principal=service(EVENTS),
        when=from_rules([names.rule_arn("*", bus) for bus in (None, *buses)]),
    )
    return queue, sqs.QueuePolicy("DeadLetterQueuePolicy", Queues=[queue.ref()], PolicyDocument=policy(send))
