"""Problems that no single setting has: keys that contradict each other, and names that are too long together."""

from __future__ import annotations

from dataclasses import fields

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.checks.access_checks import check_access, check_role_can_be_assumed
from cfn_breakglass.config.checks.deployment_checks import check_deployment
from cfn_breakglass.config.checks.organization_checks import check_organization
from cfn_breakglass.config.checks.placement_checks import check_placement
from cfn_breakglass.config.model import CHAT, CREATE, Config
from cfn_breakglass.config.problems import Problems
from cfn_breakglass.config.trust_settings import Trust

CREATED_ROLE_KEYS = (
    *("managed_policies", "policy_statements", "permissions_boundary", "path", "max_session_hours"),
    *(f"trust.{trust_field.name}" for trust_field in fields(Trust)),
)
"""Keys of ``role`` that are only for a role that the stack creates."""

_SUBSCRIBERS = ("emails", "sms", "https", "sqs", "lambda", "application")

EXISTING_ROLE_KEYS = ("role.existing", "role.permission_set")


def check_config(config: Config, problems: Problems) -> None:
    """Report every contradiction between the keys of ``config``."""
    check_role_can_be_assumed(config, problems)
    if problems.is_valid(*EXISTING_ROLE_KEYS):
        _check_role(config, problems)
    _check_lengths(config, problems)
    _check_statement_ids(config, problems)
    check_access(config, problems)
    _check_topic(config, problems)
    _check_chat_levels(config, problems)
    _check_buses(config, problems)
    _check_trail(config, problems)
    _check_protection(config, problems)
    check_deployment(config, problems)
    check_organization(config, problems)
    _check_tags(config, problems)
    check_placement(config, problems)


def _check_topic(config: Config, problems: Problems) -> None:
    alerts, topic = config.alerts, parse_arn(config.alerts.topic or "")
    if not topic:
        return
    subscribers = [f"alerts.{key}" for key in _SUBSCRIBERS if getattr(alerts, key.replace("lambda", "lambda_"))]
    if subscribers:
        text = f"{' and '.join(subscribers)}: with alerts.topic there is no topic of ours to subscribe to"
        fix = "subscribe them to that topic yourself and remove them here, or remove alerts.topic"
        problems.add("alerts.topic", text, fix)
    ours = [f"{config.name}-{suffix}" for suffix in ("alerts", "chat", "fallback")]
    if topic.account == config.account and topic.resource in ours:
        text = f"alerts.topic is {topic.resource}, which is a topic that the stack itself makes"
        problems.add("alerts.topic", text, "remove it, or write another topic")


def _check_chat_levels(config: Config, problems: Problems) -> None:
    for_chat = [f"detections.{name}" for name, level in config.detections.items() if level == CHAT]
    if for_chat and not config.alerts.chats and problems.is_valid("alerts.slack", "alerts.teams"):
        text = f"{' and '.join(for_chat)}: the level is chat, but there is no chat channel"
        problems.add(for_chat[0], text, "add alerts.slack or alerts.teams, or write alert, log or off")


def _check_buses(config: Config, problems: Problems) -> None:
    if config.event_bus.existing and config.event_bus.name:
        problems.add("event_bus.name", "event_bus.name and event_bus.existing are both set", "remove one of them")
    own_buses = (config.action_bus, config.monitoring_bus)
    if config.central_bus in ((*own_buses, config.entrance_bus) if config.event_bus.existing else own_buses):
        key = "event_bus.existing" if config.event_bus.existing else "event_bus.name"
        text = f"{key} is {config.central_bus}, which is the name of another bus that the stack creates"
        problems.add(key, text, "choose another name")


def _check_trail(config: Config, problems: Problems) -> None:
    if config.trail_lock_days and config.trail != CREATE:
        text = "trail_lock_days is only for a trail that the stack creates"
        fix = "remove it" if config.organization else "add trail: create, or remove it"
        problems.add("trail_lock_days", text, fix)
    if config.trail == CREATE and "--" in f"{config.name}-" and problems.is_valid("name"):
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
        text = f"name is {config.name!r}, so the trail would be {config.name}-trail; a trail cannot have -- in its name"
        problems.add("name", text, "remove a hyphen")


def _check_protection(config: Config, problems: Problems) -> None:
    if (
        problems.is_set("protection.deny")
        and config.protection.deny
        and not (config.role.created or config.role.manage)
    ):
        text = "protection.deny is only for a role that the stack creates, or for role.existing with role.manage: true"
        problems.add("protection.deny", text, "remove it")


def _check_tags(config: Config, problems: Problems) -> None:
    first_spellings: dict[str, str] = {}
    for name in config.tags:
        first = first_spellings.setdefault(name.casefold(), name)
        if first != name:
            text = f"tags.{name} and tags.{first} differ only in case, and to IAM they are the same tag"
            problems.add(f"tags.{name}", text, "remove one of them")


def _check_role(config: Config, problems: Problems) -> None:
    role = config.role
    if role.existing and role.permission_set:
        text = "role.permission_set and role.existing are both set"
        problems.add("role.permission_set", text, "remove one of them")
    if role.manage and not role.existing:
        fix = "write the role in role.existing, or remove role.manage"
        problems.add("role.manage", "role.manage is only for an existing role", fix)
    if role.manage and "AWSReservedSSO_" in (role.existing or ""):
        text = "role.manage: only Identity Center can change this role"
        problems.add("role.manage", text, "remove it, and change the permission set instead")
    if role.permission_set and role.grant == "users":
        text = "role.grant: IAM users cannot assume the role of a permission set"
        problems.add("role.grant", text, "remove it")
    if not role.created:
        _check_existing_role(config, problems)


def _check_existing_role(config: Config, problems: Problems) -> None:
    source = "existing" if config.role.existing else "permission_set"
    managed = ("policy_statements",) if config.role.existing and config.role.manage else ()
    for key in [f"role.{key}" for key in CREATED_ROLE_KEYS if key not in managed]:
        if problems.is_set(key):
            text = f"{key} is only for a role that the stack creates, but role.{source} is set"
            problems.add(key, text, _existing_role_fix(key, source))


def _existing_role_fix(key: str, source: str) -> str:
    if source == "existing" and key == "role.managed_policies":
        return "remove it, and attach the policies yourself: the stack cannot attach policies to an existing role"
    if source == "existing" and key == "role.policy_statements":
        return "add role.manage: true to put them on that role, or remove them"
    return "remove it"


def _check_lengths(config: Config, problems: Problems) -> None:
    role, longest = config.role, limits.SWITCH_ROLE_NAME.maximum
    length = len(role.path.removeprefix("/")) + len(config.name)
    if role.created and length > longest and problems.is_valid("name", "role.path", *EXISTING_ROLE_KEYS):
        text = f"role.path and name together have {length} characters, but the console can switch to at most {longest}"
        problems.add("role.path", text, "shorten role.path or name")
    count, most = len(role.managed_policies), limits.ATTACHED_POLICIES.maximum
    if count > most:
        text = f"role.managed_policies has {count} entries, but a role can have {most}"
        problems.add("role.managed_policies", text, "move what they allow to role.policy_statements")


def _check_statement_ids(config: Config, problems: Problems) -> None:
    first_keys: dict[str, str] = {}
    for index, statement in enumerate(config.role.policy_statements):
        key = f"{problems.key_of_item('role.policy_statements', index)}.Sid"
        sid = statement.get("Sid")
        if sid in first_keys:
            text = f"{key} is {sid!r}, the same as {first_keys[sid]}, but each Sid has to be unique"
            problems.add(key, text, "change one of them")
        elif sid:
            first_keys[sid] = key
