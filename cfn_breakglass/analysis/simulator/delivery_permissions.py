"""Would AWS let a rule reach its target? From the policies that the same stacks hold."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.template.resource_types import StackLocation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cfn_breakglass.analysis.template.reader import Resource, Stack


class KeyUse(NamedTuple):
    """What a service, called ``who`` by people, does with a key, and what it says of itself when it asks for that."""

    service: str
    who: str
    actions: tuple[str, ...]
    context: Mapping[str, str | list[str]]


def find_key(stack: Stack, given: str) -> Resource | None:
    """The key that somebody means by an ID, an ARN or an alias, if the stack makes it."""
    name = given.rpartition("/")[2] if ":key/" in given else given
    aliases = {alias.name: alias.properties["TargetKeyId"] for alias in stack.of_type("AWS::KMS::Alias")}
    name = aliases.get(name, name)
    return next((key for key in stack.of_type("AWS::KMS::Key") if name in (key.name, key.arn)), None)


def key_denial(key: Resource, *uses: KeyUse) -> str | None:
    """Why a service cannot use a key of the stack, or None if it can."""
    if key.properties.get("Enabled", True) is False:
        return f"the key {key.arn} is disabled: {uses[0].who} cannot use it"
    for use in uses:
        for action in use.actions:
            if not allowed(
                [key.properties["KeyPolicy"]],
                action=action,
                resource=key.arn,
                principal_service=use.service,
                context=use.context,
            ):
                return f"the policy of the key {key.arn} does not let {use.who} use it"
    return None


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cfn_breakglass.analysis.eventbridge.rules import Rule, Target
    from cfn_breakglass.analysis.template.reader import Resource, Stack

_EVENTS = "events.amazonaws.com"
_CALLED = {_EVENTS: "EventBridge", "cloudwatch.amazonaws.com": "CloudWatch"}
_LOG_WRITERS = (_EVENTS, "delivery.logs.amazonaws.com")
_LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
_KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
_LOG_KEY_ACTIONS = (*_KEY_ACTIONS, "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")


class Verdict(NamedTuple):
    """Why AWS would drop the event (None: it would not), and the ARNs outside our stacks this rests on."""

    problem: str | None = None
    assumed_allowed: tuple[str, ...] = ()


class Caller(NamedTuple):
    """A service that tells a topic or a queue, on behalf of ``who``, and what AWS says of it when it asks a policy.

    ``key_context`` is what it says when it asks for a key.
    """

    service: str
    who: str
    context: Mapping[str, str | list[str]]
    # EventBridge sends no aws:SourceArn or aws:SourceAccount along, so that a key policy that asks for them refuses it.
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    key_context: Mapping[str, str | list[str]] = MappingProxyType({})


def can_deliver(stack: Stack, rule: Rule, target: Target) -> Verdict:
    """May the rule of the stack reach a target that is no bus."""
    return can_write(stack, rule, target) if target.kind == "log" else can_notify(stack, rule, target)


def can_forward(stacks: Iterable[Stack], rule: Rule, target: Target, event: Mapping[str, Any]) -> Verdict:
    """May the rule put events on another bus through the role of its target.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
    """
    if target.role is None:
        return Verdict(f"the rule {rule.name} forwards to {target.arn} without a role")
    homes = [(stack, role) for stack in stacks for role in stack.of_type("AWS::IAM::Role") if role.arn == target.role]
    if not homes:
        return Verdict(assumed_allowed=(target.role,))
    stack, role = homes[0]
    trust = role.properties.get("AssumeRolePolicyDocument", {})
    if not allowed(
        [trust], action="sts:AssumeRole", resource=role.arn, principal_service=_EVENTS, context=rule.context
    ):
        return Verdict(f"the role {role.arn} does not trust the rule {rule.arn}")
    context = {
        "aws:PrincipalArn": role.arn,
        "events:source": event.get("source", ""),
        "events:detail-type": event.get("detail-type", ""),
    }
    if not allowed(role_policies(stack, role), action="events:PutEvents", resource=target.arn, context=context):
        return Verdict(f"the role {role.arn} may not put events on {target.arn}")
    return Verdict()


def can_notify(stack: Stack, rule: Rule, target: Target) -> Verdict:
    """May the rule tell a topic or a queue.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html and
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    return can_send(stack, target.kind, target.arn, Caller(_EVENTS, f"the rule {rule.arn}", rule.context))


def can_send(stack: Stack, called: str, arn: str, caller: Caller) -> Verdict:
    """May a service tell a topic or a queue, whichever it is ``called``."""
    kind = _RECEIVERS[called]
    found = _find(stack, kind.type, arn)
    if not found:
        return Verdict(f"no template makes the {called} {arn} in {stack.region}")
    documents = [
        policy.properties.get("PolicyDocument", {})
        for policy in stack.of_type(kind.policy)
        # A queue's policy names it by its address, which ends like this; a topic's by its ARN.
        if any(
            each == arn or each.endswith(f"/{stack.account}/{found.name}")
            for each in policy.properties.get(kind.of, [])
        )
    ]
    if not allowed(
        documents, action=kind.action, resource=arn, principal_service=caller.service, context=caller.context
    ):
        return Verdict(f"the policy of the {called} {arn} does not let {caller.who} {kind.verb}")
    return _key(stack, found.properties.get("KmsMasterKeyId"), arn, caller)


class _Receiver(NamedTuple):
    type: str
    policy: str
    of: str
    action: str
    verb: str


_RECEIVERS = {
    "topic": _Receiver("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics", "sns:Publish", "publish"),
    "queue": _Receiver("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues", "sqs:SendMessage", "send"),
}


def can_write(stack: Stack, rule: Rule, target: Target) -> Verdict:
    """May the rule write: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html."""
    arn = target.arn
    if target.role:
        return Verdict(f"with a role in the target, EventBridge loses what it should write to {arn}")
    group = _find(stack, "AWS::Logs::LogGroup", arn)
    if not group:
        hint = "; a target's ARN does not end in :*" if arn.endswith(":*") else ""
        return Verdict(f"no template makes the log group {arn} in {stack.region}{hint}")
    documents = [policy.properties["PolicyDocument"] for policy in stack.of_type("AWS::Logs::ResourcePolicy")]
    for action in _LOG_ACTIONS:
        for service in _LOG_WRITERS:
            if not allowed(
                documents, action=action, resource=f"{arn}:*", principal_service=service, context=rule.context
            ):
                return Verdict(f"no Logs resource policy lets {service} {action} in {arn} for the rule {rule.arn}")
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    logs = f"logs.{stack.region}.{StackLocation(stack.account, stack.region, '').url_suffix}"
    use = KeyUse(logs, "CloudWatch Logs", _LOG_KEY_ACTIONS, {"kms:EncryptionContext:aws:logs:arn": arn})
    return _encrypted(stack, group.properties.get("KmsKeyId"), arn, use)


def role_policies(stack: Stack, role: Resource, *, inline: bool = False) -> list[Mapping[str, Any]]:
    """Every identity policy the stack writes for a role, or only the inline ones; those of AWS are not known here."""
    found = [policy["PolicyDocument"] for policy in role.properties.get("Policies", [])]
    for policy in stack.resources.values():
        given = policy.properties
        is_inline = (policy.type == "AWS::IAM::RolePolicy" and given["RoleName"] == role.name) or (
            policy.type == "AWS::IAM::Policy" and role.name in given.get("Roles", [])
        )
        is_attached = policy.type == "AWS::IAM::ManagedPolicy" and (
            role.name in given.get("Roles", []) or policy.arn in role.properties.get("ManagedPolicyArns", [])
        )
        if is_inline or (is_attached and not inline):
            found.append(given["PolicyDocument"])
    return found


def _find(stack: Stack, kind: str, arn: str) -> Resource | None:
    return next((resource for resource in stack.of_type(kind) if resource.arn == arn), None)


def _key(stack: Stack, given: str | None, encrypted: str, caller: Caller) -> Verdict:
    """May a service use the key of a topic or queue: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html."""
    who = _CALLED[caller.service]
    if given and "alias/aws/" in given:
        return Verdict(f"{who} cannot use the key {given} of {encrypted}; it takes a customer key")
    return _encrypted(stack, given, encrypted, KeyUse(caller.service, who, _KEY_ACTIONS, caller.key_context))


def _encrypted(stack: Stack, given: str | None, encrypted: str, use: KeyUse) -> Verdict:
    """May a service use the key that something is encrypted with, if it is."""
    if not given:
        return Verdict()
    key = find_key(stack, given)
    if not key:
        return Verdict(assumed_allowed=(given,))
    problem = key_denial(key, use)
    return Verdict(f"{problem} for {encrypted}" if problem else None)
