"""What no single setting can get wrong: keys that do not go together, and names that get too long together."""

from __future__ import annotations

from dataclasses import fields

from cfn_breakglass.aws import limits
from cfn_breakglass.config.checks import access, deployer, regions
from cfn_breakglass.config.model import CREATE, Config
from cfn_breakglass.config.problems import Report
from cfn_breakglass.config.trust_settings import Trust

CREATED_ONLY = (
    *("managed_policies", "policy_statements", "permissions_boundary", "path", "max_session_hours"),
    *(f"trust.{one.name}" for one in fields(Trust)),
)
"""Keys of ``role`` that shape a role we create."""

WHICH_ROLE = ("role.existing", "role.permission_set")


def check(config: Config, report: Report) -> None:
    """Report everything that the keys of ``config`` have wrong between them."""
    access.somebody(config, report)
    if report.sound(*WHICH_ROLE):
        _one_role(config, report)
    _lengths(config, report)
    _statements(config, report)
    access.check(config, report)
    _bus(config, report)
    _evidence(config, report)
    deployer.check(config, report)
    _tags(config, report)
    regions.check(config, report)


def _bus(config: Config, report: Report) -> None:
    if config.event_bus.existing and config.event_bus.name:
        report.add("event_bus.name", "event_bus.name stands beside event_bus.existing", "keep one of them")
    if config.central_bus == config.action_bus:
        key = "event_bus.existing" if config.event_bus.existing else "event_bus.name"
        report.add(key, f"{key} is {config.action_bus}, the name of the bus for actions", "choose another name")


def _evidence(config: Config, report: Report) -> None:
    if config.trail_lock_days and config.trail != CREATE:
        report.add(
            "trail_lock_days", "trail_lock_days is for a trail that is created", "add trail: create, or leave it out"
        )
    if config.trail == CREATE and "--" in f"{config.name}-" and report.sound("name"):
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
        text = f"name is {config.name!r}; with trail: create it is that of a trail, which has no two hyphens in a row"
        report.add("name", text, "take a hyphen away: the trail is called like name and -trail")
    if report.given("protection.deny") and config.protection.deny and not (config.role.created or config.role.manage):
        text = "protection.deny is for a role that is created, or one that is there with role.manage: true"
        report.add("protection.deny", text, "leave it out")


def _tags(config: Config, report: Report) -> None:
    seen: dict[str, str] = {}
    for name in config.tags:
        if name.casefold() in seen:
            text = f"tags.{name} differs from tags.{seen[name.casefold()]} in letter case only; IAM takes them for one"
            report.add(f"tags.{name}", text, "keep one of them")
        seen.setdefault(name.casefold(), name)


def _one_role(config: Config, report: Report) -> None:
    role = config.role
    if role.existing and role.permission_set:
        report.add("role.permission_set", "role.permission_set stands beside role.existing", "keep one of them")
    if role.manage and not role.existing:
        report.add("role.manage", "role.manage is for a role that exists", "give role.existing, or leave it out")
    if role.manage and "AWSReservedSSO_" in (role.existing or ""):
        fix = "leave it out, and change the permission set"
        report.add("role.manage", "role.manage: nobody but Identity Center can change this role", fix)
    if role.permission_set and role.grant == "users":
        report.add("role.grant", "role.grant: IAM users cannot take on a permission set's role", "leave it out")
    if not role.created:
        _not_created(config, report)


def _not_created(config: Config, report: Report) -> None:
    source = "existing" if config.role.existing else "permission_set"
    managed = ("policy_statements",) if config.role.existing and config.role.manage else ()
    for key in [f"role.{key}" for key in CREATED_ONLY if key not in managed]:
        if report.given(key):
            text = f"{key} is for a role that is created; role.{source} names one that is there"
            report.add(key, text, _instead(key, source))


def _instead(key: str, source: str) -> str:
    if source == "existing" and key == "role.managed_policies":
        return "attach the policies to the role yourself: CloudFormation can do so only with roles it made"
    if source == "existing" and key == "role.policy_statements":
        return "add role.manage: true to put them on that role, or leave them out"
    return "leave it out"


def _lengths(config: Config, report: Report) -> None:
    role, longest = config.role, limits.SWITCH_ROLE_NAME.maximum
    length = len(role.path.removeprefix("/")) + len(config.name)
    if role.created and length > longest and report.sound("name", "role.path", *WHICH_ROLE):
        text = f"role.path and name together have {length} characters; the console switches to at most {longest}"
        report.add("role.path", text, "shorten role.path or name")
    count, most = len(role.managed_policies), limits.ATTACHED_POLICIES.maximum
    if count > most:
        text = f"role.managed_policies has {count} entries; a role takes {most}"
        report.add("role.managed_policies", text, "put what they allow into role.policy_statements")


def _statements(config: Config, report: Report) -> None:
    first: dict[str, str] = {}
    for index, statement in enumerate(config.role.policy_statements):
        key = f"{report.item('role.policy_statements', index)}.Sid"
        sid = statement.get("Sid")
        if sid in first:
            report.add(key, f"{key} is {sid!r}, as is {first[sid]}; IAM wants each once", "change one of them")
        elif sid:
            first[sid] = key
