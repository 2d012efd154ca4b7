"""What nobody may do to the monitoring: a deny for the role, and a guard SCP for everybody else.

Both are written from ``_denied``. What each call may be limited to is in
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.model import CREATE, CUSTOMER_KEY, OFF, Config
from cfn_breakglass.detections.tampering import own_buses, text_messages
from cfn_breakglass.names import Names, bucket_arn, part_arn, plain

VERSION: Final = "2012-10-17"

# What stays allowed on a part of ours: to read it, and what the roles of ours are there for. Everything else is denied,
# so that a call which AWS adds tomorrow is denied already.
_STILL: Final = (
    *("cloudformation:Describe*", "cloudformation:Get*", "cloudformation:List*"),
    *("cloudwatch:Describe*", "cloudwatch:List*"),
    *("events:Describe*", "events:List*", "events:PutEvents"),
    *("iam:Get*", "iam:List*"),
    *("logs:Describe*", "logs:Filter*", "logs:Get*", "logs:List*", "logs:Start*"),
    *("s3:Get*", "s3:List*", "scheduler:Get*", "sns:Get*", "sns:List*"),
    # Not to receive: a message that somebody holds is hidden from the alarm on the queue.
    *("sqs:Get*", "sqs:List*", "sts:*"),
)
_STILL_WITH_KEY: Final = ("kms:Decrypt", "kms:Describe*", "kms:Get*", "kms:List*")

# The account's own: its trails, whichever they are, its regions, where STS answers, and whom it belongs to. Such calls
# name no part of ours, so the ones that people have other reasons for are not here: not those that change the policy of
# a bus or of CloudWatch Logs.
_ACCOUNT: Final = (
    *("account:*ableRegion", "account:CloseAccount"),
    *("cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail"),
    *("iam:SetS*", "organizations:AcceptHandshake", "organizations:LeaveOrganization"),
)
# A key of somebody's own on this bus would encrypt our rules there.
_DEFAULT_BUS: Final = "events:UpdateEventBus"
# Who has a policy is a matter of the user or the group, which is not ours.
_GIVEN: Final = "iam:*tach*Policy"
# What was there before has other work: only what would end ours. AWS names no resource for the calls about a bus's
# policy; should one of them be asked for on the bus after all, it is denied.
_SHARED_BUS: Final = ("events:*Permission", "events:DeleteEventBus", "events:UpdateEventBus")
_SHARED_FORWARDER: Final = (
    *("iam:AttachRolePolicy", "iam:DeleteRole*", "iam:DetachRolePolicy", "iam:PutRole*", "iam:UpdateAssumeRolePolicy"),
)
_SHARED_KEY: Final = ("kms:Delete*", "kms:Disable*", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:ScheduleKeyDeletion")


def protects_role(config: Config) -> bool:
    """Whether the stack puts the deny on the role: it does on its own, and on one that it may manage."""
    return config.protection.deny and (config.role.created or config.role.manage)


def role_protection(config: Config, names: Names) -> dict[str, Any]:
    """The policy that denies the role to change the monitoring and itself."""
    return {"Version": VERSION, "Statement": list(_denied(config, names).values())}


def guard_scp(config: Config, names: Names) -> dict[str, Any]:
    """The service control policy that denies the same to everybody but who deploys the templates.

    Nobody else may change those either, pass them to a service, or make one where there is none: whoever can is exempt.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
    """
    exempt = list(dict.fromkeys((*config.protection.exempt, *(plain(arn, config) for arn in _deploy(config, names)))))
    others = {"ArnNotLike": {"aws:PrincipalArn": exempt}} if exempt else {}
    guards = []
    for name, statement in _denied(config, names, *exempt).items():
        condition = {**statement.get("Condition", {}), **others}
        guards.append({"Sid": name, **statement, **({"Condition": condition} if condition else {})})
    return {"Version": VERSION, "Statement": guards}


def _denied(config: Config, names: Names, *more: str) -> dict[str, dict[str, Any]]:
    """What is denied, a statement each by its name; ``more`` are ARNs that are protected like parts of ours."""
    parts = list(dict.fromkeys((*(plain(arn, config) for arn in _parts(config, names)), *more)))
    services = {"sts", *(arn.split(":")[2] for arn in parts)}
    denied: dict[str, dict[str, Any]] = {
        "Monitoring": {
            "NotAction": [call for call in _STILL if call.partition(":")[0] in services],
            "Resource": parts,
        },
        "Account": {"Action": [*_ACCOUNT, *(f"sns:{call}" for call in text_messages(config))], "Resource": "*"},
        "DefaultBus": {"Action": _DEFAULT_BUS, "Resource": plain(part_arn("events", "event-bus/default"), config)},
    }
    if policies := [plain(arn, config) for arn in _policies(config, names)]:
        named = {"ArnLike": {"iam:PolicyARN": policies}}
        denied["Policies"] = {"Action": _GIVEN, "Resource": "*", "Condition": named}
    if config.event_bus.existing:
        denied["Bus"] = {"Action": list(_SHARED_BUS), "Resource": plain(names.bus_arn(names.bus), config)}
    if config.event_bus.forwarder_role:
        denied["Forwarder"] = {"Action": list(_SHARED_FORWARDER), "Resource": config.event_bus.forwarder_role}
    if config.encryption == CUSTOMER_KEY:
        # Its ID is known where it is made only, its alias everywhere; the alias is one of the parts, and stays.
        # https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
        denied["Key"] = {
            "NotAction": list(_STILL_WITH_KEY),
            "Resource": plain(part_arn("kms", "key/*"), config),
            "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": names.key_alias}},
        }
    elif parse_arn(config.encryption):
        denied["Key"] = {"Action": list(_SHARED_KEY), "Resource": config.encryption}
    return {name: {"Effect": "Deny", **statement} for name, statement in denied.items()}


def _parts(config: Config, names: Names) -> Iterator[str]:
    """The ARNs of everything that nobody may change, wherever it is."""
    prefix = names.prefix
    yield from (part_arn("events", f"rule/{bus}{prefix}-*") for bus in ("", "*/"))
    for bus in own_buses(config, names):
        yield part_arn("events", f"event-bus/{bus}")
        yield part_arn("events", f"rule/{bus}/*")
    yield part_arn("sns", names.topic)
    yield part_arn("sns", names.fallback_topic)
    yield part_arn("sqs", names.dead_letters)
    yield part_arn("logs", f"log-group:{names.log_groups}*")
    yield part_arn("cloudwatch", f"alarm:{names.alarms}*")
    yield from (*names.role.arns, *names.role.arn_wildcards, names.grant_arn)
    if not config.event_bus.forwarder_role:
        yield names.forwarder_role_arn
    yield from names.deploying_arns(config)
    yield part_arn("cloudformation", f"stack/{prefix}/*")
    yield part_arn("cloudformation", f"stack/StackSet-{prefix}-*")
    yield part_arn("cloudformation", f"stackset/{prefix}:*")
    if config.heartbeat != OFF:
        yield names.heartbeat_role_arn
        yield part_arn("scheduler", f"schedule/*/{names.heartbeat}")
    if config.encryption == CUSTOMER_KEY:
        yield part_arn("kms", names.key_alias)
    if config.trail == CREATE:
        yield from (bucket_arn(names.trail_bucket), bucket_arn(f"{names.trail_bucket}/*"))


def _deploy(config: Config, names: Names) -> Iterator[str]:
    """The ARNs of those who deploy the templates, as far as the config names them."""
    if wanted := config.deployer:
        deployer = f"user/{wanted.user}" if wanted.user else f"role/{wanted.role or names.deployer}"
        yield part_arn("iam", deployer, "")
        if wanted.existing:  # under a path, perhaps
            yield part_arn("iam", deployer.replace("/", "/*/"), "")
        yield names.service_role_arn
    if config.makes_stackset_roles:
        yield names.execution_role_arn


def _policies(config: Config, names: Names) -> list[str]:
    """The managed policies of ours."""
    deploying = [arn for arn in names.deploying_arns(config) if ":policy/" in arn]
    return [*([names.grant_arn] if config.grants else []), *deploying]
