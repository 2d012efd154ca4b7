"""Whether AWS lets a rule or an alarm reach its target, by the policies in the stacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from cfn_breakglass.analysis.eventbridge.stack_rules import Rule, Target
from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.simulator.key_permissions import KeyUse, find_key, key_denial
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.analysis.template.resource_types import StackLocation
from cfn_breakglass.analysis.template.template_files import existing_topic

_EVENTBRIDGE = "events.amazonaws.com"
_SERVICE_NAMES = {_EVENTBRIDGE: "EventBridge", "cloudwatch.amazonaws.com": "CloudWatch"}
# What a role does with a target, the code of the problem that it may not, and what that is about if not the target.
_DENIALS = {
    "events:PutEvents": ("put events on", "role-policy-denies", ""),
    "sns:Publish": ("publish to", "topic-policy-denies", "EventBridge"),
}
_ALLOW = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_LOG_WRITERS = (_EVENTBRIDGE, "delivery.logs.amazonaws.com")
_LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
_KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
_LOG_KEY_ACTIONS = (*_KEY_ACTIONS, "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")


class Verdict(NamedTuple):
    """Why AWS drops an event, or None if it does not.

    ``assumed_allowed`` are the ARNs that the event passes and that no stack makes. They are assumed to let it pass.
    """

    problem: DeliveryProblem | None = None
    assumed_allowed: tuple[str, ...] = ()


class Sender(NamedTuple):
    """A service that sends to a topic or a queue for a rule or an alarm, which ``description`` names.

    ``context`` are the condition keys of its request to the topic or queue, ``key_context`` those of its request to
    the key of that.
    """

    service: str
    description: str
    context: Mapping[str, str | list[str]]
    # EventBridge sends no aws:SourceArn or aws:SourceAccount along. A key policy with a condition on them denies it.
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    key_context: Mapping[str, str | list[str]] = MappingProxyType({})


class _Receiver(NamedTuple):
    type: str
    policy_type: str
    policy_property: str
    action: str
    verb: str


_RECEIVERS = {
    "topic": _Receiver("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics", "sns:Publish", "publish"),
    "queue": _Receiver("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues", "sqs:SendMessage", "send"),
}


def can_forward(
    stacks: Sequence[Stack], rule: Rule, target: Target, event: Mapping[str, Any], organization: str = ""
) -> Verdict:
    """Whether the rule may put the event on another bus with the role of its target, and that bus lets it.

    ``organization`` is the ID of the one that the account of the rule is in.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html and
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
    """
    if target.role is None:
        message = f"the rule {rule.name} forwards to {target.arn} without a role"
        return Verdict(DeliveryProblem("forward-without-role", message, about=target.arn))
    context = {"events:source": event.get("source", ""), "events:detail-type": event.get("detail-type", "")}
    verdict = _can_act(stacks, rule, target, "events:PutEvents", context)
    caller = {"aws:PrincipalAccount": rule.account, "aws:PrincipalArn": target.role}
    caller |= {"aws:PrincipalOrgID": organization} if organization else {}
    problem = verdict.problem or _bus_denial(stacks, rule, target, context | caller)
    return verdict._replace(problem=problem)


def _bus_denial(
    stacks: Iterable[Stack], rule: Rule, target: Target, context: Mapping[str, str | list[str]]
) -> DeliveryProblem | None:
    """Why a bus does not let a role put events on it that may do that by its own policies, or None if it does.

    Those policies are enough for a bus of the same account, unless it denies them.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
    """
    bus = next(filter(None, (find_by_arn(stack, "AWS::Events::EventBus", target.arn) for stack in stacks)), None)
    if not bus:
        return None
    is_own = target.arn.split(":")[4] == rule.account
    policies = [bus.properties.get("Policy", {}), *([_ALLOW] if is_own else [])]
    if allowed(policies, action="events:PutEvents", resource=target.arn, context=context):
        return None
    message = f"the policy of the bus {target.arn} does not let the role {target.role} put events on it"
    return DeliveryProblem("bus-policy-denies", message, bus.template, bus.logical_id, str(target.role))


def _can_act(
    stacks: Iterable[Stack], rule: Rule, target: Target, action: str, context: Mapping[str, str | list[str]]
) -> Verdict:
    """Whether the role of the target may be assumed for the rule, and do the action on the target."""
    makers = [(stack, role) for stack in stacks for role in stack.of_type("AWS::IAM::Role") if role.arn == target.role]
    if not makers:
        return Verdict(assumed_allowed=(str(target.role),))
    stack, role = makers[0]
    trust = role.properties.get("AssumeRolePolicyDocument", {})
    if not allowed(
        [trust], action="sts:AssumeRole", resource=role.arn, principal_service=_EVENTBRIDGE, context=rule.context
    ):
        message = f"the role {role.arn} does not trust the rule {rule.arn}"
        return Verdict(DeliveryProblem("role-trust-denies", message, role.template, role.logical_id, "EventBridge"))
    context = {**context, "aws:PrincipalArn": role.arn}
    if not allowed(role_policies(stack, role), action=action, resource=target.arn, context=context):
        verb, code, about = _DENIALS[action]
        message = f"the role {role.arn} may not {verb} {target.arn}"
        return Verdict(DeliveryProblem(code, message, role.template, role.logical_id, about or target.arn))
    return Verdict()


def can_deliver(stack: Stack, rule: Rule, target: Target) -> Verdict:
    """Whether the rule may write to the log group, or send to the topic or queue, of its target."""
    if target.kind == "log":
        return _can_write(stack, rule, target)
    if target.arn == existing_topic(stack.metadata):
        return _can_publish_to_existing(stack, rule, target)
    return can_send(stack, target.kind, target.arn, rule_sender(rule))


def _can_publish_to_existing(stack: Stack, rule: Rule, target: Target) -> Verdict:
    """Whether the rule may publish to a topic that no template makes, as far as they say.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
    """
    if target.role:
        verdict = _can_act([stack], rule, target, "sns:Publish", {})
        return verdict._replace(assumed_allowed=(*verdict.assumed_allowed, target.arn))
    if target.arn.split(":")[4] != stack.account:
        message = f"the rule {rule.name} publishes to {target.arn} of another account without a role"
        return Verdict(DeliveryProblem("forward-without-role", message, about=target.arn))
    return Verdict(assumed_allowed=(target.arn,))


def rule_sender(rule: Rule) -> Sender:
    """EventBridge, for a rule."""
    return Sender(_EVENTBRIDGE, f"the rule {rule.arn}", rule.context)


def can_send(stack: Stack, kind: str, arn: str, sender: Sender) -> Verdict:
    """Whether a service may send to a topic or a queue, which ``kind`` says.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html and
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    receiver = _RECEIVERS[kind]
    resource = find_by_arn(stack, receiver.type, arn)
    if not resource:
        return Verdict(
            DeliveryProblem(f"{kind}-missing", f"no template makes the {kind} {arn} in {stack.region}", about=arn)
        )
    policies = [
        policy
        for policy in stack.of_type(receiver.policy_type)
        # The policy of a queue names it by its URL, which ends like this; that of a topic by its ARN.
        if any(
            reference == arn or reference.endswith(f"/{stack.account}/{resource.name}")
            for reference in policy.properties.get(receiver.policy_property, [])
        )
    ]
    if not allowed(
        [policy.properties.get("PolicyDocument", {}) for policy in policies],
        action=receiver.action,
        resource=arn,
        principal_service=sender.service,
        context=sender.context,
    ):
        message = f"the policy of the {kind} {arn} does not let {sender.description} {receiver.verb}"
        blamed = policies[0] if len(policies) == 1 else resource
        about = _SERVICE_NAMES[sender.service]
        return Verdict(DeliveryProblem(f"{kind}-policy-denies", message, blamed.template, blamed.logical_id, about))
    return _can_use_key(stack, resource, arn, sender)


def _can_use_key(stack: Stack, resource: Resource, arn: str, sender: Sender) -> Verdict:
    """Whether a service may use the key of a topic or queue: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html."""
    service_name = _SERVICE_NAMES[sender.service]
    key_reference = resource.properties.get("KmsMasterKeyId")
    if key_reference and "alias/aws/" in key_reference:
        message = f"{service_name} cannot use the key {key_reference} of {arn}; it takes a customer key"
        return Verdict(DeliveryProblem("key-of-aws", message, resource.template, resource.logical_id, service_name))
    use = KeyUse(sender.service, service_name, _KEY_ACTIONS, sender.key_context)
    return _can_encrypt(stack, key_reference, arn, use)


def _can_write(stack: Stack, rule: Rule, target: Target) -> Verdict:
    """Whether the rule may write: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html."""
    arn = target.arn
    if target.role:
        message = f"with a role in the target, EventBridge loses what it should write to {arn}"
        return Verdict(DeliveryProblem("log-target-with-role", message, about=arn))
    group = find_by_arn(stack, "AWS::Logs::LogGroup", arn)
    if not group:
        hint = "; a target's ARN does not end in :*" if arn.endswith(":*") else ""
        message = f"no template makes the log group {arn} in {stack.region}{hint}"
        return Verdict(DeliveryProblem("log-group-missing", message, about=arn))
    policies = stack.of_type("AWS::Logs::ResourcePolicy")
    if not policies and _has_existing_policy(stack):
        return _can_encrypt_log(stack, group, arn, (f"the Logs resource policy of {stack.region}",))
    documents = [policy.properties["PolicyDocument"] for policy in policies]
    for action in _LOG_ACTIONS:
        for service in _LOG_WRITERS:
            if not allowed(
                documents, action=action, resource=f"{arn}:*", principal_service=service, context=rule.context
            ):
                message = f"no Logs resource policy lets {service} {action} in {arn} for the rule {rule.arn}"
                blamed = policies[0] if len(policies) == 1 else group
                return Verdict(DeliveryProblem("log-policy-denies", message, blamed.template, blamed.logical_id))
    return _can_encrypt_log(stack, group, arn)


def _has_existing_policy(stack: Stack) -> bool:
    """Whether the template says that a policy of somebody's own lets its rules write."""
    return any(isinstance(about, dict) and about.get("LogsPolicy") == "existing" for about in stack.metadata.values())


def _can_encrypt_log(stack: Stack, group: Resource, arn: str, assumed_allowed: tuple[str, ...] = ()) -> Verdict:
    """Whether CloudWatch Logs may use the key: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html."""
    logs = f"logs.{stack.region}.{StackLocation(stack.account, stack.region, '').url_suffix}"
    use = KeyUse(logs, "CloudWatch Logs", _LOG_KEY_ACTIONS, {"kms:EncryptionContext:aws:logs:arn": arn})
    verdict = _can_encrypt(stack, group.properties.get("KmsKeyId"), arn, use)
    return verdict._replace(assumed_allowed=assumed_allowed + verdict.assumed_allowed)


def _can_encrypt(stack: Stack, key_reference: str | None, arn: str, use: KeyUse) -> Verdict:
    """Whether a service may use the key that something is encrypted with, if it is."""
    if not key_reference:
        return Verdict()
    key = find_key(stack, key_reference)
    if not key:
        return Verdict(assumed_allowed=(key_reference,))
    problem = key_denial(key, use)
    return Verdict(problem and problem._replace(message=f"{problem.message} for {arn}"))


def role_policies(stack: Stack, role: Resource, *, inline: bool = False) -> list[Mapping[str, Any]]:
    """Every identity policy that the stack writes for a role, or only the inline ones; AWS's own are not known here."""
    documents = [policy["PolicyDocument"] for policy in role.properties.get("Policies", [])]
    for policy in stack.resources.values():
        properties = policy.properties
        is_inline = (policy.type == "AWS::IAM::RolePolicy" and properties["RoleName"] == role.name) or (
            policy.type == "AWS::IAM::Policy" and role.name in properties.get("Roles", [])
        )
        is_attached = policy.type == "AWS::IAM::ManagedPolicy" and (
            role.name in properties.get("Roles", []) or policy.arn in role.properties.get("ManagedPolicyArns", [])
        )
        if is_inline or (is_attached and not inline):
            documents.append(properties["PolicyDocument"])
    return documents


def find_by_arn(stack: Stack, kind: str, arn: str) -> Resource | None:
    """The resource of this type and ARN, if the stack makes it."""
    return next((resource for resource in stack.of_type(kind) if resource.arn == arn), None)
