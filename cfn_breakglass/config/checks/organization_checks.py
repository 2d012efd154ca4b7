"""What an organization cannot have: keys of one account, and a hub and units that AWS would not accept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.arns import STACK_SETS_ROLE, parse_arn
from cfn_breakglass.config.aws_types import LIST_UNITS
from cfn_breakglass.config.model import CREATE, Config, Organization
from cfn_breakglass.config.problems import Problems

_ONE_ACCOUNT: Final = "of one account, but with organization the role is in many"
_OWN_BUSES: Final = "the rules of all accounts forward to buses of the hub, whose policies the stack has to write"
_ORGANIZATION_TRAIL: Final = "the stack would make a trail of the hub alone, and no other account would alert"


def check_organization(config: Config, problems: Problems) -> None:
    """Report what contradicts ``organization``."""
    organization = config.organization
    if not organization:
        return
    _check_units(organization, problems)
    for key, reason, fix in _unusable(config):
        problems.add(key, f"{key}: {reason}", fix)
    _check_role_names(config, problems)
    _check_trusted_organization(config, organization, problems)
    if problems.is_valid("main_region") and config.partition.name == "aws-cn":
        # https://docs.amazonaws.cn/en_us/AWSCloudFormation/latest/UserGuide/stacksets-prereqs.html
        text = f"organization: stack sets of an organization do not exist in China, where {config.main_region} is"
        problems.add("organization", text, "remove it; each account needs a config of its own there")


def _check_trusted_organization(config: Config, organization: Organization, problems: Problems) -> None:
    key, trusted = "role.trust.organization", config.role.trust.organization
    ours = [principal for principal in config.role.trust.principals if organization.hub in principal]
    if trusted and trusted != organization.id and ours and problems.is_valid(key, "organization.id"):
        text = f"{key} is {trusted}, but {ours[0]} belongs to {organization.id}, which organization.id is"
        problems.add(key, text, "write the same ID, or remove it; nobody of the hub could assume the role")


def _check_units(organization: Organization, problems: Problems) -> None:
    key, most = "organization.units", limits.UNITS_OF_STACK_SET.maximum
    if not organization.units and problems.is_valid(key):
        problems.add(key, f"{key} is empty, so no account would have the role", LIST_UNITS)
    elif len(organization.units) > most:
        text = f"{key} has {len(organization.units)} entries, but a stack set can be rolled out to {most} at a time"
        problems.add(key, text, "write a unit above them, or the root")
    _check_roots(organization, problems)


def _check_roots(organization: Organization, problems: Problems) -> None:
    """An organization has one root; the ID of the root r-ab12 is in that of each of its units, such as ou-ab12-1."""
    root_ids = [unit.split("-")[1] for unit in organization.units]
    for position, unit in enumerate(organization.units):
        key = problems.key_of_item("organization.units", position)
        if root_ids[position] != root_ids[0]:
            text = f"{key} is {unit}, which is not in the organization of {organization.units[0]}"
            problems.add(key, text, "remove it; each organization needs a config of its own")
        elif unit.startswith("ou-") and (root := f"r-{root_ids[0]}") in organization.units:
            problems.add(key, f"{key} is {unit}, whose accounts {root} includes", f"remove it, or {root}")


def _check_role_names(config: Config, problems: Problems) -> None:
    """What a role of stack sets does alerts nobody, and the guard SCP exempts it."""
    existing = (config.role.existing or "").rpartition("/")[2]
    deployer = (config.deployer and config.deployer.role) or ""
    for key, name in (("name", config.name), ("role.existing", existing), ("deployer.role", deployer)):
        if name.lower().startswith(STACK_SETS_ROLE):
            text = f"{key} is {name}, but {STACK_SETS_ROLE}* are the roles of stack sets, whose rollouts alert nobody"
            problems.add(key, text, "choose another name")


def _unusable(config: Config) -> Iterator[tuple[str, str, str]]:
    """The keys that one account can have and an organization cannot: the key, the reason, and what to do."""
    role, bus = config.role, config.event_bus
    if config.account_:
        yield "account", "organization.hub says already which account main-region.yaml is for", "remove it"
    if role.permission_set:
        reason = (
            "with organization the role is in every account, but Identity Center makes this one where somebody is"
            " assigned to it, and its name differs by account"
        )
        yield "role.permission_set", reason, "remove it, and let its sessions in by role.trust.permission_sets"
    if role.existing and parse_arn(role.existing):
        fix = "write its name with its path; it has to exist in every account"
        yield "role.existing", f"it is the ARN of a role {_ONE_ACCOUNT}", fix
    if role.trust.account_access.application:
        key = "role.trust.account_access.application"
        fix = "remove it, and let people of Identity Center in by role.trust.permission_sets"
        yield key, f"it is an application {_ONE_ACCOUNT}", fix
    if bus.existing:
        yield "event_bus.existing", _OWN_BUSES, "remove it; the stack of the hub makes a bus"
    if bus.forwarder_role:
        fix = "remove it; accounts.yaml makes one in every account"
        yield "event_bus.forwarder_role", f"it is a role {_ONE_ACCOUNT}", fix
    if config.stackset_roles:
        yield "stackset_roles", "AWS itself makes the roles of the stack sets of an organization", "remove it"
    if config.trail == CREATE:
        yield "trail", _ORGANIZATION_TRAIL, "remove it, and let the management account make a trail of the organization"
