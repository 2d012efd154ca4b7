"""From every region's default bus to the central bus of the main region.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import awacs.events
import awacs.sqs
import awacs.sts
from troposphere import events, iam, sqs

from cfn_breakglass.builders.iam_policy import (
    EVENTS,
    WITHOUT_TLS,
    allow,
    anybody,
    deny,
    from_rules,
    only_from,
    policy,
    service,
)
from cfn_breakglass.builders.rules import Bus, Sink
from cfn_breakglass.builders.scanner_suppressions import accepted
from cfn_breakglass.config.model import Config
from cfn_breakglass.detections.catalog import Detection
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


def forwarder_role(config: Config, names: Names, buses: Iterable[str]) -> list[iam.Role]:
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


def forward(
    names: Names, detections: list[Detection], buses: Mapping[str, Bus] | None = None, role: iam.Role | None = None
) -> Sink:
    """The central bus as a target. An event is forwarded whole: a transformer would lose what it leaves out.

    ``buses`` and ``role`` are those that the same template makes.
    """
    made = {name: bus.resource for name, bus in (buses or {}).items() if bus.resource}

    def target(detection: Detection) -> events.Target:
        bus = names.bus_name(detection.id)
        return events.Target(
            Id="CentralBus",
            Arn=made[bus].get_att("Arn") if bus in made else sub(names.bus_arn(bus)),
            RoleArn=role.get_att("Arn") if role else sub(names.forwarder_role_arn),
        )

    return Sink([], detections, target, retries=False)


def dead_letters(names: Names, buses: Collection[str] = ()) -> tuple[sqs.Queue, sqs.QueuePolicy]:
    """A queue for what a rule of this region could not deliver, and its policy: those rules only, and TLS only.

    The rules are those on the default bus and, where there are ``buses``, on others. The queue is encrypted with a key
    of SQS's own: it has to take what is lost when the customer key breaks.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    queue = sqs.Queue(
        "DeadLetterQueue",
        QueueName=names.dead_letters,
        MessageRetentionPeriod=14 * 86_400,
        SqsManagedSseEnabled=True,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=accepted(CKV_AWS_27="SSE-SQS: it has to work when the customer key does not"),
    )
    send = allow(
        [awacs.sqs.SendMessage],
        [queue.get_att("Arn")],
        principal=service(EVENTS),
        when=from_rules([names.rule_arn("*", bus) for bus in ((None, "*") if buses else (None,))]),
    )
    plain = deny([awacs.sqs.Action("*")], [queue.get_att("Arn")], principal=anybody(), when=WITHOUT_TLS)
    return queue, sqs.QueuePolicy("DeadLetterQueuePolicy", Queues=[queue.ref()], PolicyDocument=policy(send, plain))
