"""Would AWS let a rule reach its target? From the policies that the same stacks hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.emitted.policies import allowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cfn_breakglass.emitted.reader import Resource, Stack
    from cfn_breakglass.emitted.rules import Rule, Target

_EVENTS = "events.amazonaws.com"
_LOG_WRITERS = (_EVENTS, "delivery.logs.amazonaws.com")
_LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
_KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")


class Verdict(NamedTuple):
    """Why AWS would drop the event (None: it would not), and the ARNs outside our stacks this rests on."""

    problem: str | None = None
    unjudged: tuple[str, ...] = ()


def forward(stacks: Iterable[Stack], rule: Rule, target: Target, event: Mapping[str, Any]) -> Verdict:
    """May the rule put events on another bus through the role of its target.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
    """
    if target.role is None:
        return Verdict(f"the rule {rule.name} forwards to {target.arn} without a role")
    homes = [(stack, role) for stack in stacks for role in stack.of_type("AWS::IAM::Role") if role.arn == target.role]
    if not homes:
        return Verdict(unjudged=(target.role,))
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


def receiver(stack: Stack, rule: Rule, target: Target) -> Verdict:
    """May the rule tell a topic or a queue.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html and
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    kind, arn = _RECEIVERS[target.kind], target.arn
    found = _find(stack, kind.type, arn)
    if not found:
        return Verdict(f"no template makes the {target.kind} {arn} in {stack.region}")
    documents = [
        policy.properties.get("PolicyDocument", {})
        for policy in stack.of_type(kind.policy)
        # A queue's policy names it by its address, which ends like this; a topic's by its ARN.
        if any(
            each == arn or each.endswith(f"/{stack.account}/{found.name}")
            for each in policy.properties.get(kind.of, [])
        )
    ]
    if not allowed(documents, action=kind.action, resource=arn, principal_service=_EVENTS, context=rule.context):
        return Verdict(f"the policy of the {target.kind} {arn} does not let the rule {rule.arn} {kind.verb}")
    return _key(stack, found.properties.get("KmsMasterKeyId"), arn)


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


def log(stack: Stack, rule: Rule, target: Target) -> Verdict:
    """May the rule write: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html."""
    arn = target.arn
    if target.role:
        return Verdict(f"with a role in the target, EventBridge loses what it should write to {arn}")
    if not _find(stack, "AWS::Logs::LogGroup", arn):
        hint = "; a target's ARN does not end in :*" if arn.endswith(":*") else ""
        return Verdict(f"no template makes the log group {arn} in {stack.region}{hint}")
    documents = [policy.properties["PolicyDocument"] for policy in stack.of_type("AWS::Logs::ResourcePolicy")]
    for action in _LOG_ACTIONS:
        for service in _LOG_WRITERS:
            if not allowed(
                documents, action=action, resource=f"{arn}:*", principal_service=service, context=rule.context
            ):
                return Verdict(f"no Logs resource policy lets {service} {action} in {arn} for the rule {rule.arn}")
    return Verdict()


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


def _key(stack: Stack, given: str | None, encrypted: str) -> Verdict:
    """May EventBridge use the key of a topic or queue.

    It sends no aws:SourceArn or aws:SourceAccount along, so that a key policy that asks for them refuses it.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    if not given:
        return Verdict()
    if "alias/aws/" in given:
        return Verdict(f"EventBridge cannot use the key {given} of {encrypted}; it takes a customer key")
    name = given.rpartition("/")[2] if ":key/" in given else given
    aliases = {alias.name: alias.properties["TargetKeyId"] for alias in stack.of_type("AWS::KMS::Alias")}
    name = aliases.get(name, name)
    keys = [key for key in stack.of_type("AWS::KMS::Key") if name in (key.name, key.arn)]
    if not keys:
        return Verdict(unjudged=(given,))
    document = keys[0].properties["KeyPolicy"]
    for action in _KEY_ACTIONS:
        if not allowed([document], action=action, resource=keys[0].arn, principal_service=_EVENTS, context={}):
            return Verdict(f"the policy of the key {keys[0].arn} does not let EventBridge use it for {encrypted}")
    return Verdict()
