"""From every region's default bus to the central buses of the main region.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import awacs.events
import awacs.sqs
import awacs.sts
from awacs import aws
from troposphere import AWSObject, encode_to_dict, events, iam, sqs

from cfn_breakglass.builders.iam_policy import (
    EVENTS,
    WITHOUT_TLS,
    Conditions,
    allow,
    anybody,
    deny,
    from_rules,
    only_from,
    policy,
    service,
)
from cfn_breakglass.builders.scanner_suppressions import accepted
from cfn_breakglass.builders.shared_properties import forwarding_role_boundary, tags
from cfn_breakglass.detections.edges import EdgeRule
from cfn_breakglass.names import part_arn, stack_sets_role_arn, sub
from cfn_breakglass.plan import CentralBus, Plan


def central_buses(plan: Plan, *, after: AWSObject) -> dict[str, events.EventBus]:
    """The central buses by name, without one that exists already.

    They wait for ``after``: what forwards to a bus and what is on it refers to the bus, and so waits for that as well.
    """
    return {
        bus.name: events.EventBus(
            bus.logical_id,
            Name=bus.name,
            Description=bus.description,
            **_bus_policy(plan, bus.name),
            DependsOn=[after.title],
            **tags(plan),
        )
        for bus in plan.buses
        if bus.logical_id
    }


def _bus_policy(plan: Plan, bus: str) -> dict[str, Any]:
    """The policy of a bus, which lets the forwarder roles of all accounts of an organization put events on it.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
    """
    organization, names = plan.config.organization, plan.names
    if not organization:
        return {}
    # EventBridge is reported to judge the policy already when a rule gets its target, which stack sets do, in the
    # management account by the execution role. Nobody can put an event of a source of AWS.
    forwarders = (names.forwarder_role_arn, names.second_forwarder_role_arn)
    roles = (*forwarders, stack_sets_role_arn(), names.execution_role_arn)
    our_forwarders: Conditions = {
        aws.StringEquals: {"aws:PrincipalOrgID": organization.id},
        aws.ArnLike: {"aws:PrincipalArn": [sub(arn.replace("${AWS::AccountId}", "*")) for arn in roles]},
    }
    put = allow(
        "OurForwarders", [awacs.events.PutEvents], [sub(names.bus_arn(bus))], principal=anybody(), when=our_forwarders
    )
    return {"Policy": encode_to_dict(policy(put))}


def forwarder_role(plan: Plan) -> iam.Role | None:
    """The role that forwards for our rules of all regions to the central buses; None without any.

    None too if the config names one.
    """
    if plan.config.event_bus.forwarder_role or not plan.buses:
        return None
    names = plan.names
    about = "Forwards events to the central buses"
    rules = names.rule_arns(region="*")
    return _forwarder(plan, "ForwarderRole", names.forwarder_role, about, rules=rules, buses=plan.buses)


def second_forwarder_role(plan: Plan) -> iam.Role | None:
    """The role that forwards changes of the forwarder role, which could not forward these itself; None without them."""
    rules = [edge for edge in plan.edges if edge.by_second_forwarder]
    if not rules:
        return None
    names = plan.names
    arns = [part_arn("events", f"rule/{names.default_bus_rule(rule.id)}") for rule in rules]
    buses = [plan.bus_of(rule.families[0]) for rule in rules]
    about = "Forwards changes of the role that forwards all other events"
    return _forwarder(plan, "SecondForwarderRole", names.second_forwarder_role, about, rules=arns, buses=buses)


def _forwarder(
    plan: Plan, logical_id: str, name: str, about: str, *, rules: list[str], buses: Iterable[CentralBus]
) -> iam.Role:
    """A role that ``rules``, by their ARNs, forward to ``buses`` with."""
    arns = [sub(plan.names.bus_arn(bus.name)) for bus in buses]
    forward = policy(allow("Forward", [awacs.events.PutEvents], arns))
    ours = allow("OurRules", [awacs.sts.AssumeRole], principal=service(EVENTS), when=only_from(rules))
    return iam.Role(
        logical_id,
        RoleName=name,
        Description=about,
        AssumeRolePolicyDocument=policy(ours),
        Policies=[iam.Policy(PolicyName="forward", PolicyDocument=forward)],
        **forwarding_role_boundary(plan),
        **tags(plan),
    )


def bus_target(
    plan: Plan,
    edge: EdgeRule,
    buses: Mapping[str, events.EventBus] = MappingProxyType({}),
    role: iam.Role | None = None,
) -> dict[str, Any]:
    """The central bus of an edge rule as its target: the whole event, as a transformer would lose what it leaves out.

    ``buses`` and ``role`` are those that the same template makes.
    """
    bus, names = plan.bus_of(edge.families[0]).name, plan.names
    role_arn = names.second_forwarder_role_arn if edge.by_second_forwarder else names.forwarder_role_arn
    return {
        "Id": "CentralBus",
        "Arn": buses[bus].get_att("Arn") if bus in buses else sub(names.bus_arn(bus)),
        "RoleArn": role.get_att("Arn") if role else sub(role_arn),
    }


class DeadLetters(NamedTuple):
    """The queue for what the rules of a region could not deliver, and its policy."""

    queue: sqs.Queue
    policy: sqs.QueuePolicy


def dead_letters(plan: Plan, *, for_central_rules: bool, after: Iterable[AWSObject] = ()) -> DeadLetters:
    """The queue of a region, for our rules only and over TLS only.

    The rules are those on the default bus and, ``for_central_rules``, on other buses; in a hub those have a queue of
    their own. All rules wait for the queue's
    policy, and it waits for ``after``. The queue is encrypted with a key
    of SQS's own: it has to take what is lost when the customer key breaks.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    queue = sqs.Queue(
        "DeadLetterQueue",
        QueueName=plan.names.hub_dead_letters if for_central_rules and plan.names.hub else plan.names.dead_letters,
        MessageRetentionPeriod=14 * 86_400,
        SqsManagedSseEnabled=True,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=accepted(CKV_AWS_27="SSE-SQS: it has to work when the customer key does not"),
        **tags(plan),
    )
    buses = (None, "*") if for_central_rules else (None,)
    rules = [arn for bus in buses for arn in plan.names.rule_arns(bus)]
    send = allow(
        "OurRules", [awacs.sqs.SendMessage], [queue.get_att("Arn")], principal=service(EVENTS), when=from_rules(rules)
    )
    without_tls = deny(
        "OnlyTls", [awacs.sqs.Action("*")], [queue.get_att("Arn")], principal=anybody(), when=WITHOUT_TLS
    )
    return DeadLetters(
        queue,
        sqs.QueuePolicy(
            "DeadLetterQueuePolicy",
            Queues=[queue.ref()],
            PolicyDocument=policy(send, without_tls),
            **({"DependsOn": waiting} if (waiting := [resource.title for resource in after]) else {}),
        ),
    )
