"""What nobody may do to the monitoring: a deny for the role, and a guard SCP for everybody else.

Both are written from ``_denied``. AWS lists what each call may be limited to:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.model import CREATE, CUSTOMER_KEY, OFF, Config
from cfn_breakglass.detections.tampering import sends_text_messages
from cfn_breakglass.names import WATCHERS, bucket_arn, part_arn, resolve_pseudo_parameters, stack_sets_role_arn
from cfn_breakglass.plan import Plan

VERSION: Final = "2012-10-17"

# What stays allowed on a part of ours: to read it, and what our roles exist for. Everything else is denied, so that a
# call which AWS adds tomorrow is denied already.
_ALLOWED: Final = (
    *("chatbot:Describe*", "chatbot:Get*", "chatbot:List*"),
    *("cloudformation:Describe*", "cloudformation:Get*", "cloudformation:List*"),
    *("cloudwatch:Describe*", "cloudwatch:List*"),
    *("events:Describe*", "events:List*", "events:PutEvents"),
    *("iam:Get*", "iam:List*"),
    *("logs:Describe*", "logs:Filter*", "logs:Get*", "logs:List*", "logs:Start*"),
    *("s3:Get*", "s3:List*", "scheduler:Get*", "sns:Get*", "sns:List*"),
    # Not to receive: a message that somebody holds is hidden from the alarm on the queue.
    *("sqs:Get*", "sqs:List*", "sts:*"),
)
_ALLOWED_ON_KEY: Final = ("kms:Decrypt", "kms:Describe*", "kms:Get*", "kms:List*")

_ALLOWED_ON_ROLE: Final = ("iam:Get*", "iam:List*", "sts:*")
# An inline policy of the role ends its sessions. IAM has no condition on the name of such a policy.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
_REVOKING: Final = ("iam:DeleteRolePolicy", "iam:PutRolePolicy")

# The account's own: its trails, whichever they are, its regions, where STS answers, and its organization. Such calls
# name no part of ours, so those that people have other reasons for are missing: calls that change the policy of a bus
# or of CloudWatch Logs.
_ACCOUNT: Final = (
    *("account:*ableRegion", "account:CloseAccount"),
    *("cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopL*", "cloudtrail:UpdateTrail"),
    *("iam:SetS*", "organizations:AcceptHandshake", "organizations:LeaveOrganization"),
)
_TEXT_MESSAGES: Final = ("sns:DeleteSM*", "sns:SetSM*")
# A key of somebody's own on this bus would encrypt our rules there.
_DEFAULT_BUS: Final = "events:UpdateEventBus"
# A policy is attached by a call about the user or the group, which is not ours.
_ATTACHMENT: Final = "iam:*tach*Policy"
# What exists already has other uses: denied is only what would end ours. AWS names no resource for the calls about a
# bus's policy; should AWS check one of them against the bus after all, it is denied.
_SHARED_BUS: Final = ("events:*Permission", "events:DeleteEventBus", "events:UpdateEventBus")
_SHARED_TOPIC: Final = (
    *("sns:*Permission", "sns:DeleteTopic", "sns:PutDataProtectionPolicy", "sns:SetTopicAttributes"),
)
_SHARED_FORWARDER: Final = (
    *("iam:AttachRolePolicy", "iam:DeleteRole*", "iam:DetachRolePolicy", "iam:PutRole*", "iam:UpdateAssumeRolePolicy"),
)
_SHARED_KEY: Final = ("kms:Delete*", "kms:Disable*", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:ScheduleKeyDeletion")


def protects_role(config: Config) -> bool:
    """Whether the stack puts the deny on the role: it does on its own, and on one that it may manage."""
    return config.protection.deny and (config.role.created or config.role.manage)


def role_protection(plan: Plan) -> dict[str, Any]:
    """The policy that denies the role to change the monitoring and itself."""
    return {"Version": VERSION, "Statement": _denied(plan)}


def guard_scp(plan: Plan) -> dict[str, Any]:
    """The service control policy that denies the same to everybody but those who deploy the templates.

    These are protected themselves: nobody else may change them, pass them to a service, or create a missing one.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
    """
    config = plan.config
    deploying = (resolve_pseudo_parameters(arn, config) for arn in _deploying_principals(plan))
    exempt = list(dict.fromkeys((*config.protection.exempt, *deploying)))
    denied = _denied(plan, *exempt)
    guards = [_sparing(statement, exempt) for statement in denied]
    if responders := config.protection.responders:
        role = [
            resolve_pseudo_parameters(arn, config) for arn in (*plan.names.role.arns, *plan.names.role.arn_wildcards)
        ]
        guards = [
            *(_sparing(_without_resources(statement, role), exempt) for statement in denied),
            _sparing({**_deny("Role"), "NotAction": [*_ALLOWED_ON_ROLE, *_REVOKING], "Resource": role}, exempt),
            _sparing({**_deny("Sessions"), "Action": list(_REVOKING), "Resource": role}, [*exempt, *responders]),
        ]
    return {"Version": VERSION, "Statement": guards}


def _deny(sid: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Deny"}


def _sparing(statement: dict[str, Any], principals: Sequence[str]) -> dict[str, Any]:
    """The statement for everybody but these principals."""
    if not principals:
        return statement
    others = {"ArnNotLike": {"aws:PrincipalArn": list(principals)}}
    return {**statement, "Condition": {**statement.get("Condition", {}), **others}}


def _without_resources(statement: dict[str, Any], arns: Sequence[str]) -> dict[str, Any]:
    if statement["Sid"] != "Monitoring":
        return statement
    return {**statement, "Resource": [arn for arn in statement["Resource"] if arn not in arns]}


def _denied(plan: Plan, *more: str) -> list[dict[str, Any]]:
    """What is denied, a statement for each reason; ``more`` are ARNs that are protected like parts of ours."""
    config, names = plan.config, plan.names

    def resolved(text: str) -> str:
        return resolve_pseudo_parameters(text, config)

    parts = list(dict.fromkeys((*map(resolved, _parts(plan)), *more)))
    services = {"sts", *(arn.split(":")[2] for arn in parts)}
    denied: dict[str, dict[str, Any]] = {
        "Monitoring": {
            "NotAction": [call for call in _ALLOWED if call.partition(":")[0] in services],
            "Resource": parts,
        },
        "Account": {
            "Action": [*_ACCOUNT, *(_TEXT_MESSAGES if sends_text_messages(config) else ())],
            "Resource": "*",
        },
        "DefaultBus": {"Action": _DEFAULT_BUS, "Resource": resolved(part_arn("events", "event-bus/default"))},
    }
    if policies := list(map(resolved, _policies(plan))):
        our_policies = {"ArnLike": {"iam:PolicyARN": policies}}
        denied["Policies"] = {"Action": _ATTACHMENT, "Resource": "*", "Condition": our_policies}
    if config.event_bus.existing:
        denied["Bus"] = {"Action": list(_SHARED_BUS), "Resource": resolved(names.bus_arn(names.bus))}
    if config.alerts.topic:
        denied["Topic"] = {"Action": list(_SHARED_TOPIC), "Resource": config.alerts.topic}
    if config.event_bus.forwarder_role:
        denied["Forwarder"] = {"Action": list(_SHARED_FORWARDER), "Resource": config.event_bus.forwarder_role}
    if config.encryption == CUSTOMER_KEY:
        # Only the template that makes the key knows its ID, but the alias is known everywhere. The alias itself is one
        # of the parts, so it stays.
        # https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
        denied["Key"] = {
            "NotAction": list(_ALLOWED_ON_KEY),
            "Resource": resolved(part_arn("kms", "key/*")),
            "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": names.key_alias}},
        }
    elif parse_arn(config.encryption):
        denied["Key"] = {"Action": list(_SHARED_KEY), "Resource": config.encryption}
    return [{**_deny(sid), **statement} for sid, statement in denied.items()]


def _parts(plan: Plan) -> Iterator[str]:
    """The ARNs of everything that nobody may change, in any region."""
    config, names, prefix = plan.config, plan.names, plan.names.prefix
    forwarding, direct = WATCHERS
    yield part_arn("events", f"rule/{names.default_bus_rules}*")
    yield part_arn("events", f"rule/{names.default_bus_rule(forwarding if plan.buses else direct)}")
    for bus in names.buses(config):
        yield part_arn("events", f"event-bus/{bus}")
        yield part_arn("events", f"rule/{bus}/*")
    if config.event_bus.existing:  # our rules there are RoleAssumed and RoleDenied
        yield part_arn("events", f"rule/*/{names.central_rule('Role')}*")
    if config.alerts.topic:
        yield names.publisher_role_arn
    else:
        yield part_arn("sns", names.topic)
    yield part_arn("sns", names.fallback_topic)
    if config.alerts.chats:
        yield from (part_arn("sns", names.chat), names.chat_role_arn, names.chat_channel_arns)
    yield from (part_arn("sqs", queue) for queue in names.queues)
    yield part_arn("logs", f"log-group:{names.log_groups}*")
    yield part_arn("cloudwatch", f"alarm:{names.alarms}*")
    yield from (*names.role.arns, *names.role.arn_wildcards, names.grant_arn)
    if not config.event_bus.forwarder_role:
        yield names.forwarder_role_arn
    yield from names.deploying_arns(config)
    yield part_arn("cloudformation", f"stack/{prefix}/*")
    yield part_arn("cloudformation", f"stack/StackSet-{prefix}-*")
    yield from (part_arn("cloudformation", f"stackset/{name}:*") for name in names.watched_stack_sets)
    if config.organization:
        yield from (names.second_forwarder_role_arn, stack_sets_role_arn())
    if config.heartbeat != OFF:
        yield names.heartbeat_role_arn
        yield part_arn("scheduler", f"schedule/*/{names.heartbeat}")
    if config.encryption == CUSTOMER_KEY:
        yield part_arn("kms", names.key_alias)
    if config.trail == CREATE:
        yield from (bucket_arn(names.trail_bucket), bucket_arn(f"{names.trail_bucket}/*"))


def _deploying_principals(plan: Plan) -> Iterator[str]:
    """The ARNs of those who deploy the templates, as far as the config names them."""
    config, names = plan.config, plan.names
    if settings := config.deployer:
        deployer = f"user/{settings.user}" if settings.user else f"role/{settings.role or names.deployer}"
        yield part_arn("iam", deployer, "")
        if settings.existing:  # under a path, perhaps
            yield part_arn("iam", deployer.replace("/", "/*/"), "")
        yield names.service_role_arn
    if config.makes_stackset_roles:
        yield names.execution_role_arn
    if config.organization:
        yield stack_sets_role_arn()


def _policies(plan: Plan) -> list[str]:
    """The ARNs of our managed policies."""
    deploying = [arn for arn in plan.names.deploying_arns(plan.config) if ":policy/" in arn]
    return [*([plan.names.grant_arn] if plan.config.grants else []), *deploying]
