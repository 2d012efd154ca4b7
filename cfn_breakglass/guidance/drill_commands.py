"""The drills that a config has: who runs them, and with which options."""

from __future__ import annotations

from typing import NamedTuple

from cfn_breakglass.names import mfa_arn, resolve_pseudo_parameters
from cfn_breakglass.plan import Plan


class DrillCommands(NamedTuple):
    """The command for somebody who may assume the role, and that for somebody who may not; empty if it shows nothing.

    Nothing is shown without a log, nor to somebody who comes with an assertion or a token alone.
    """

    allowed: str
    knock: str


def drill_commands(plan: Plan) -> DrillCommands:
    """How to prove in the account that people get in, and that those who may not are denied.

    In an organization, one account at a time: SNS suspends a mailbox that gets more than ten mails a second. A denied
    call is recorded in the hub alone, where the caller is, whichever account it is about.
    """
    where = " --account ACCOUNT" if plan.config.organization else ""
    role = " --role-arn ROLE-ARN" if plan.names.role.arn_wildcards else ""
    logged = {detection.id for detection in plan.destinations.login_log}
    can_assume = "RoleAssumed" in logged and _is_assumed_by_call(plan)
    return DrillCommands(
        f"cfn-breakglass drill{_mfa_option(plan)}{where}{role} --output receipts" if can_assume else "",
        f"cfn-breakglass drill --knock{role} --output receipts" if "RoleDenied" in logged else "",
    )


def has_users(plan: Plan) -> bool:
    """Whether IAM users that the config knows may assume the role."""
    return plan.config.role.created and bool(plan.config.users or plan.config.user_tags)


def to_fill_in(plan: Plan, text: str) -> str:
    """A text for Fn::Sub, in which a person writes the account unless there is only one."""
    return resolve_pseudo_parameters(text, plan.config, "ACCOUNT")


def _is_assumed_by_call(plan: Plan) -> bool:
    """Whether somebody may call AssumeRole, as a drill does: neither with an assertion nor with a token."""
    role = plan.config.role
    return not role.permission_set and bool(
        role.existing or has_users(plan) or role.trust.principals or role.trust.permission_sets
    )


def _mfa_option(plan: Plan) -> str:
    if not (has_users(plan) and plan.config.role.trust.mfa):
        return ""
    return f" --mfa-serial {to_fill_in(plan, mfa_arn('YOUR-MFA-DEVICE', plan.names.hub))}"
