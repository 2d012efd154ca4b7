"""What an organization cannot have: keys of one account, and a hub and units that AWS would not accept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.model import CREATE, Config, Organization
from cfn_breakglass.config.problems import Problems

_LIST_UNITS: Final = (
    "aws organizations list-roots and, for the units below a root, aws organizations"
    " list-organizational-units-for-parent --parent-id ROOT"
)
_ONE_ACCOUNT: Final = "is in one account, and with organization the role is in many"
_OWN_BUSES: Final = "the rules of all accounts forward to buses of the hub whose policies the stack writes"
_ORGANIZATION_TRAIL: Final = "the stack would make a trail of the hub alone, and without one no other account alerts"


def check_organization(config: Config, problems: Problems) -> None:
    """Report what contradicts ``organization``."""
    organization = config.organization
    if not organization:
        return
    _check_units(organization, problems)
    for key, reason, fix in _unusable(config):
        problems.add(key, f"{key}: {reason}", fix)
    if config.partition.name == "aws-cn" and problems.is_valid("main_region"):
        # https://docs.amazonaws.cn/en_us/AWSCloudFormation/latest/UserGuide/stacksets-prereqs.html
        text = f"organization: stack sets of an organization do not exist in China, where {config.main_region} is"
        problems.add("organization", text, "remove it; each account needs a config of its own there")


def _check_units(organization: Organization, problems: Problems) -> None:
    key, most = "organization.units", limits.UNITS_OF_STACK_SET.maximum
    if not organization.units and problems.is_valid(key):
        problems.add(key, f"{key} is empty, so no account would have the role", f"list them with {_LIST_UNITS}")
    if len(organization.units) > most:
        text = f"{key} has {len(organization.units)} entries, but a stack set can be rolled out to {most} at a time"
        problems.add(key, text, "write a unit above them, or the root")


def _unusable(config: Config) -> Iterator[tuple[str, str, str]]:
    """The keys that one account can have and an organization cannot: the key, the reason, and what to do."""
    role, bus = config.role, config.event_bus
    if config.account_:
        yield "account", "organization.hub says which account main-region.yaml is for", "remove it"
    if role.permission_set:
        reason = (
            "Identity Center makes that role, only where it is assigned, and ends its name in its own way everywhere"
        )
        yield "role.permission_set", reason, "remove it, and let its sessions in by role.trust.permission_sets"
    if role.existing and parse_arn(role.existing):
        fix = "write its name with its path, which it needs to have in every account"
        yield "role.existing", f"is the ARN of a role that {_ONE_ACCOUNT}", fix
    if role.trust.account_access.application:
        key = "role.trust.account_access.application"
        yield key, f"is an application that {_ONE_ACCOUNT}", "remove it"
    if bus.existing:
        yield "event_bus.existing", _OWN_BUSES, "remove it; the stack of the hub makes a bus"
    if bus.forwarder_role:
        yield "event_bus.forwarder_role", f"is a role that {_ONE_ACCOUNT}", "remove it; accounts.yaml makes a role"
    if config.stackset_roles:
        yield "stackset_roles", "AWS itself makes the roles of stack sets of an organization", "remove it"
    if config.trail == CREATE:
        yield "trail", _ORGANIZATION_TRAIL, "remove it, and let the management account make a trail of the organization"
