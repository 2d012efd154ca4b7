"""From every region's default bus to the central bus of the main region.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
"""

from __future__ import annotations

import awacs.events
import awacs.sqs
import awacs.sts
from troposphere import AWSObject, events, iam, sqs

from cfn_breakglass.builders.policies import EVENTS, allow, only_from, policy, service
from cfn_breakglass.builders.watch import Bus, Sink
from cfn_breakglass.config import Config
from cfn_breakglass.detections import Detection
from cfn_breakglass.names import Names, sub


def central_bus(config: Config, names: Names) -> Bus:
    """The bus that everything is forwarded to, made or there already."""
    if config.event_bus.existing:
        return Bus(names.bus)
    return Bus(names.bus, events.EventBus("CentralBus", Name=names.bus, Description="What every region forwards"))


def forwarder_role(config: Config, names: Names) -> list[AWSObject]:
    """The one role that forwards for our rules of all regions, unless the config names one."""
    if config.event_bus.forwarder_role:
        return []
    forward = policy(allow([awacs.events.PutEvents], [sub(names.bus_arn)]))
    return [
        iam.Role(
            "ForwarderRole",
            RoleName=names.forwarder_role,
            Description="Forwards events to the central bus",
            AssumeRolePolicyDocument=policy(
                allow(
                    [awacs.sts.AssumeRole], principal=service(EVENTS), when=only_from([names.rule_arn("*", region="*")])
                )
            ),
            Policies=[iam.Policy(PolicyName="forward", PolicyDocument=forward)],
        )
    ]


def forward(names: Names, detections: list[Detection]) -> Sink:
    """The central bus as a target. An event is forwarded whole: a transformer would lose what it leaves out."""

    def target(_: Detection) -> events.Target:
        return events.Target(
            Id="CentralBus",
            Arn=sub(names.bus_arn),
            RoleArn=sub(names.forwarder_role_arn),
        )

    return Sink([], detections, target)


def dead_letters(names: Names) -> tuple[sqs.Queue, sqs.QueuePolicy]:
    """A queue for what a rule of this region could not deliver, and its policy.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    queue = sqs.Queue(
        "DeadLetterQueue", QueueName=names.dead_letters, MessageRetentionPeriod=14 * 86_400, SqsManagedSseEnabled=True
    )
    send = allow(
        [awacs.sqs.SendMessage],
        [queue.get_att("Arn")],
        principal=service(EVENTS),
        when=only_from([names.rule_arn("*"), names.rule_arn("*", names.bus)]),
    )
    return queue, sqs.QueuePolicy("DeadLetterQueuePolicy", Queues=[queue.ref()], PolicyDocument=policy(send))
