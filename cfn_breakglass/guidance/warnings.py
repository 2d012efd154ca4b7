"""Warnings: what the generated templates do that a person may not expect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.arns import STACK_SETS_ROLE, parse_arn
from cfn_breakglass.aws.managed_policies import unknown_policy
from cfn_breakglass.aws.partitions import CHAT_REGIONS, GLOBAL_REGION, NO_TEXT_MESSAGES
from cfn_breakglass.builders.access.role import ADMINISTRATOR, managed_policies
from cfn_breakglass.config.aws_types import EVENT_SOURCE_NAMES
from cfn_breakglass.config.message_fields import PLACEHOLDER
from cfn_breakglass.config.model import EVENT, EXISTING, JSON, OFF, Alerts, Config, EventBus
from cfn_breakglass.guidance.lockouts import lockouts
from cfn_breakglass.guidance.single_provider import single_provider
from cfn_breakglass.guidance.without_effect import keys_without_effect
from cfn_breakglass.names import resolve_pseudo_parameters
from cfn_breakglass.plan import Plan

# The fields of a message by which people tell detections apart.
_SAYING_WHAT = re.compile("<(?:detection|error|errorCode|eventName|meaning|nextStep|result|severity)>")
# The condition operators that compare texts as they are.
_LITERAL = "(String(?:Not)?)Equals(?:IgnoreCase)?"
_ELSEWHERE = {
    "alerts.lambda": "cannot allow the topic to call that function",
    "encryption": "works only if the policy of that key lets that account's topic, logs and deployer use it",
    "event_bus.existing": "uses the bus of that name in its own account",
}
"""What a stack in another account does with what an ARN in the config names."""


def warnings(plan: Plan) -> Iterator[str]:
    """A sentence for each thing that the templates do and a person may not want or expect."""
    yield from _about_permissions(plan)
    yield from _about_statements(plan.config)
    yield from _about_managed_policies(plan.config)
    yield from _about_account(plan.config)
    yield from _about_events(plan)
    yield from _about_access(plan)
    yield from _about_deployer(plan)
    yield from lockouts(plan.config)
    yield from single_provider(plan.config)
    yield from keys_without_effect(plan)
    yield from _about_alerts(plan)


def _about_permissions(plan: Plan) -> Iterator[str]:
    config = plan.config
    if config.role.created and managed_policies(config) == (ADMINISTRATOR,) and not config.role.managed_policies:
        yield (
            "role: the config gives it no permissions, so it gets AdministratorAccess; "
            "set role.managed_policies or role.policy_statements to limit it"
        )


def _about_statements(config: Config) -> Iterator[str]:
    """Statements that IAM takes, and that do not do what they seem to."""
    statements = config.role.policy_statements
    allows = config.role.managed_policies or any(statement["Effect"] == "Allow" for statement in statements)
    if config.role.created and statements and not allows:
        yield (
            "role.policy_statements: they only deny, so the role can do nothing; add role.managed_policies or a"
            " statement with Effect: Allow"
        )
    conditions = [item for statement in statements for item in statement.get("Condition", {}).items()]
    literal = [operator for operator, values in conditions if re.search(_LITERAL, operator) and "*" in str(values)]
    for operator in dict.fromkeys(literal):
        like = re.sub(_LITERAL, r"\1Like", operator)
        yield f"role.policy_statements: to {operator}, * is no wildcard; write {like}"


def _about_managed_policies(config: Config) -> Iterator[str]:
    role = config.role
    keys = {"role.managed_policies": role.managed_policies, "role.permissions_boundary": (role.permissions_boundary,)}
    for key, policies in keys.items():
        for name, nearest in filter(None, (unknown_policy(policy) for policy in policies if policy)):
            hint = f"; did you mean {nearest}?" if nearest else ""
            yield (
                f"{key}: this release knows no policy {name} of AWS, and if there is none, the stack cannot be created"
                f"{hint}"
            )


def _about_account(config: Config) -> Iterator[str]:
    """ARNs that show an account, which may be another one than that of the stack."""
    if config.account:
        return
    named_arns = [(key, parse_arn(value)) for key, values in config.same_account_arns.items() for value in values]
    for key, arn in named_arns:
        if arn and arn.account.isdecimal():
            yield (
                f"{key}: it is in account {arn.account}, which does not say that the stack goes there, and elsewhere it"
                f' {_ELSEWHERE[key]}; write account: "{arn.account}" if it does'
            )


def _about_events(plan: Plan) -> Iterator[str]:
    config = plan.config
    if config.partition.name == "aws" and GLOBAL_REGION not in plan.regions:
        yield (
            f"regions: {GLOBAL_REGION} is not watched, so nothing alerts about the events that AWS records only there: "
            "global sign-in, the global STS endpoint, IAM"
        )
    if config.alerts.chats and (unwatched := [region for region in CHAT_REGIONS if region not in plan.regions]):
        yield (
            f"regions: {', '.join(unwatched)}: not watched, so nothing alerts about calls there that change where chat"
            " alerts go; the configuration of a chat channel has no region"
        )
    if config.new_regions:
        names = ", ".join(config.new_regions)
        yield f"new_regions: neither generate nor validate knows whether AWS has all that the templates need in {names}"
    if config.partition.name == "aws-cn":
        yield from _about_china(config)
    if not config.forwards and config.event_bus != EventBus():
        yield "event_bus: it is not used, because regions is empty and nothing is forwarded; remove it, or add regions"
    yield from _about_services(config)
    if config.logs_policy == EXISTING and _is_logged(plan):
        yield (
            "logs_policy: a change of the policy that lets EventBridge write the logs alerts nobody: nothing here"
            " names it. Without a heartbeat in its log, the alarms of the regions go off"
        )
    if config.trail_lock_days:
        yield (
            f"trail_lock_days: for {config.trail_lock_days} days nobody, not even root, can delete a file of the trail;"
            " a later change does not apply to files that exist already"
        )


def _about_services(config: Config) -> Iterator[str]:
    """Services that are close to one that this release knows, and are none."""
    if not config.actions.services:
        return
    from difflib import get_close_matches
    from pkgutil import iter_modules

    import awacs

    names = (module.name.replace("_", "-") for module in iter_modules(awacs.__path__))
    known = {*EVENT_SOURCE_NAMES.values(), *("lambda" if name == "awslambda" else name for name in names)}
    for service in config.actions.services:
        if service not in known and (nearest := get_close_matches(service, sorted(known), 1, 0.75)):
            yield (
                f"actions.services: this release knows no service {service}, of which nothing would be logged if there"
                f" is none; did you mean {nearest[0]}?"
            )


def _is_logged(plan: Plan) -> bool:
    return bool(plan.destinations.login_log or plan.destinations.action_log or plan.heartbeat)


def _about_china(config: Config) -> Iterator[str]:
    """https://docs.amazonaws.cn/en_us/aws/latest/userguide/eventbridge.html names no feature that is missing."""
    if config.secondary_regions:
        yield (
            f"regions: AWS has not announced for China that EventBridge forwards events to another region, here"
            f" {config.main_region}; try it, or write regions: [], and a config for each region"
        )
    yield (
        "main_region: AWS has not announced for China that event patterns have wildcards; if they have none there, the"
        " stack cannot be created"
    )


def _about_access(plan: Plan) -> Iterator[str]:
    """Who gets round the protection, or assumes the role, more easily than a person may expect."""
    config = plan.config
    arns = [resolve_pseudo_parameters(arn, config, "000000000000") for arn in plan.names.role.arns]
    for exempt in config.protection.exempt:
        if any(fnmatchcase(arn, exempt) for arn in arns):
            yield f"protection.exempt: {exempt} exempts the break-glass role itself from the guard SCP"
    for responder in config.protection.responders:
        if any(fnmatchcase(arn, responder) for arn in arns):
            yield f"protection.responders: {responder} lets the break-glass role take the end of its sessions back"
        if config.organization and (account := responder.split(":")[4]) != "*":
            yield (
                f"protection.responders: {responder} can end sessions in its own account alone; write"
                f" {responder.replace(account, '*', 1)} for a role or user that every account has"
            )
    trust, has_users = config.role.trust, bool(config.users or config.user_tags)
    is_named = trust.session_name == "username" or trust.source_identity
    if config.organization and config.role.created and has_users and not is_named:
        yield (
            "role.trust.session_name: outside the hub, AWS records the ID of the user who assumes the role, and not the"
            " name; write username, and the name of the session is that of the user"
        )
    if is_named and (others := [principal for principal in trust.principals if ":role/" not in principal]):
        yield (
            f"role.trust.{'source_identity' if trust.source_identity else 'session_name'}: only usernames are asked for"
            f" it, and not the IAM users of {' and '.join(others)} in role.trust.principals"
        )
    if config.role.created and not trust.mfa and has_users:
        yield (
            "role.trust.mfa: it is false, so everybody who has an access key of one of the users can assume the role; "
            "true requires MFA too"
        )


def _about_deployer(plan: Plan) -> Iterator[str]:
    config = plan.config
    if not config.deployer:
        return
    if config.role.created and not config.role.permissions_boundary:
        yield (
            "deployer: it deploys the template that says who may assume the role and what the role may do; "
            "set role.permissions_boundary to limit what the role may do, or role.existing"
        )
    if config.organization:
        yield (
            "deployer: it decides what the stack sets make in every account, roles too, and AWS lets their roles"
            f" {STACK_SETS_ROLE}* make everything; let few people have it"
        )
    elif config.secondary_regions and not config.makes_stackset_roles:
        yield (
            f"stackset_roles: by a StackSet, the deployer can do everything that {plan.names.execution_role} may do; "
            "remove stackset_roles to get roles that can do only what this StackSet needs"
        )


def _about_alerts(plan: Plan) -> Iterator[str]:
    config = plan.config
    if not plan.detections and set(config.detections.values()) == {OFF}:
        yield "detections: all are off, so nothing is watched and nobody is notified"
        return
    if not plan.detections:
        yield "alerts: there is no subscriber and no log, so nothing is watched; set alerts.emails or alerts.log: true"
        return
    if lost := [name for name, level in config.detections.items() if level != OFF and not plan.watches(name)]:
        names = ", ".join(lost)
        yield f"alerts: there is no subscriber and no log for {names}, so they are not watched; set alerts.log: true"
    if not plan.destinations.notified:
        yield "alerts: nobody is notified, because detections are only logged; set alerts.emails or other subscribers"
    elif config.alerts.has_subscribers and not plan.destinations.topic:
        yield "detections: none has the level alert, so nobody but chat channels is notified; set some to alert"
    if plan.destinations.notified and not config.alerts.fallback:
        yield (
            "alerts.fallback: nobody is notified if alerts cannot be delivered, nor of a change that breaks "
            f"{_unseen_without_fallback(plan)}; set it, best to another mailbox"
        )
    if config.alerts.fallback and {*_folded(config.alerts.fallback_endpoints)} <= {*_folded(config.alerts.endpoints)}:
        yield (
            "alerts.fallback: all of it is notified of each alert already, so whoever does not get the one may not get"
            " the other; add another mailbox"
        )
    yield from _about_text_without_effect(config.alerts)
    if config.alerts.sms:
        yield from _about_text_messages(config.alerts.message)
    by_key = {"alerts.sms": config.alerts.endpoints, "alerts.fallback": config.alerts.fallback_endpoints}
    for key in (key for key, endpoints in by_key.items() if "sms" in dict(endpoints) and _sends_no_text(config)):
        yield f"{key}: SNS sends no text messages from {config.main_region}; write an e-mail address instead"


def _folded(endpoints: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (endpoint.casefold() for _, endpoint in endpoints)


def _sends_no_text(config: Config) -> bool:
    return config.main_region in NO_TEXT_MESSAGES


def _about_text_without_effect(alerts: Alerts) -> Iterator[str]:
    if alerts.message and not _SAYING_WHAT.search(alerts.message):
        yield (
            "alerts.message: it does not say what happened, and is the text of every alert; add <meaning>, <detection>"
            " or <eventName>"
        )
    if alerts.message and alerts.format != JSON:
        yield f"alerts.format: {alerts.format} has no effect, because alerts.message is what every alert says"
    if alerts.chats and not (alerts.has_subscribers or alerts.fallback):
        text = "message" if alerts.message else "format"
        if alerts.message or alerts.format != JSON:
            yield f"alerts.{text}: has no effect, because only chat channels are notified, by a message of their own"
    if alerts.chats:
        return
    if alerts.runbook and "<runbook>" not in (alerts.message or "<runbook>"):
        yield "alerts.runbook: has no effect, because <runbook> is not in alerts.message"
    elif alerts.runbook and alerts.format == EVENT and not alerts.message:
        yield "alerts.runbook: has no effect, because alerts.format: event leaves the event as it is"


def _about_text_messages(message: str | None) -> Iterator[str]:
    most = limits.TEXT_MESSAGE.maximum
    if not message:
        yield (
            f"alerts.sms: an alert may be too long for a text message, which holds {most:,} characters; set a short"
            " message in alerts.message"
        )
        return
    length = len(PLACEHOLDER.sub("", message))
    if length > most:
        yield (
            f"alerts.sms: alerts.message has {length:,} characters beside its fields, but a text message holds"
            f" {most:,}; shorten it"
        )


def _unseen_without_fallback(plan: Plan) -> str:
    """The parts of the alert path whose change takes its own alert along."""
    alerts = plan.config.alerts
    parts = ["the alert topic" if alerts.has_subscribers else "the chat topic"]
    if not alerts.topic and len(alerts.endpoints or (*alerts.slack, *alerts.teams)) == 1:
        parts.append("its only subscription" if alerts.endpoints else "its only channel")
    if plan.encryption.key_arn:
        parts.append("the key")
    if plan.buses:
        parts += ["the forwarder role", f"the bus {plan.names.monitoring_bus}", "the rule MonitoringTampered on it"]
    return " or ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
