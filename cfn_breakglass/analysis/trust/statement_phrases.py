"""Statements of a trust policy and their principals in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.iam.caller import ACCOUNT_ACCESS
from cfn_breakglass.analysis.iam.conditions import iter_conditions
from cfn_breakglass.analysis.iam.permission_sets import permission_set_of, permission_sets_in
from cfn_breakglass.analysis.iam.principals import parse_principal, principals_of, username_in_wildcard
from cfn_breakglass.analysis.iam.request_context import as_list
from cfn_breakglass.analysis.trust.condition_phrases import describe_condition, join_or
from cfn_breakglass.analysis.trust.required_values import literal_usernames

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cfn_breakglass.analysis.iam.caller import Caller
    from cfn_breakglass.analysis.trust.trusted_role import TrustedRole

    Condition = tuple[str, str, tuple[str, ...]]

_IAM_USERS = ("StringEquals", "aws:PrincipalType", ("User",))
_PRINCIPALS = {"user": "IAM user", "role": "role", "assumed-role": "role session"}


@dataclass(frozen=True)
class StatementSummary:
    """A statement of a trust policy in words; only ``number`` and ``problem`` if it cannot be evaluated.

    ``needs_own_policies``: the callers that it allows need the action in policies of their own too.
    """

    number: int
    effect: str = ""
    principals: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    needs_own_policies: bool = False
    problem: str = ""


def summarize_statement(number: int, statement: Mapping[str, Any], role: TrustedRole) -> StatementSummary:
    """Put a statement that can be evaluated into words."""
    entries = [(kind, entry) for kind, entries in principals_of(statement).items() for entry in entries]
    principals, conditions = _principals_and_conditions(statement, [entry for _, entry in entries], role)
    actions = [str(action) for action in as_list(statement.get("Action", statement.get("NotAction")))]
    return StatementSummary(
        number,
        statement["Effect"],
        tuple(principals),
        tuple(actions if "Action" in statement else [f"every action but {join_or(actions)}"]),
        tuple(describe_condition(*condition) for condition in conditions),
        any(kind == "AWS" and not _is_own_user_or_role(entry, role) for kind, entry in entries),
    )


def _principals_and_conditions(
    statement: Mapping[str, Any], entries: list[str], role: TrustedRole
) -> tuple[list[str], list[Condition]]:
    """The principals in words, and the conditions that these words do not hold.

    Where the principal is an account, a condition says which of its users or sessions the statement is for.
    """
    conditions = list(iter_conditions(statement.get("Condition", {})))
    accounts_only = all(parse_principal(entry)[1] == "root" for entry in entries)
    usernames, permission_sets = literal_usernames(statement), permission_sets_in(statement)
    if accounts_only and usernames and len(entries) == 1:
        noun = "IAM user" if len(usernames) == 1 else "IAM users"
        account = describe_account(parse_principal(entries[0])[0], role)
        return [f"{noun} {join_or(usernames)} of {account}"], _without_usernames(conditions)
    if accounts_only and permission_sets:
        principals = [
            f"sessions of the permission set {permission_set.name} of {describe_account(permission_set.account, role)}"
            for permission_set in permission_sets
        ]
        return principals, _without(conditions, "aws:principalarn")
    if accounts_only and _IAM_USERS in conditions:
        conditions.remove(_IAM_USERS)
        return [f"IAM users of {describe_account(parse_principal(entry)[0], role)}" for entry in entries], conditions
    return [describe_principal(entry, role) for entry in entries], conditions


def _without(conditions: list[Condition], lower_key: str) -> list[Condition]:
    return [(operator, key, values) for operator, key, values in conditions if key.lower() != lower_key]


def _without_usernames(conditions: list[Condition]) -> list[Condition]:
    """Conditions but those that name IAM users, by name or by ARN."""
    others = _without(conditions, "aws:username")
    return [condition for condition in others if not all(map(username_in_wildcard, condition[2]))]


def describe_caller(caller: Caller, role: TrustedRole) -> str:
    """Name a caller, seen from the account of the role."""
    if caller.kind in ("user", "role"):
        permission_set = permission_set_of(caller.arn.partition(":role/")[2])
        if permission_set:
            name = f"a session of permission set {permission_set}"
        else:
            name = f"{'IAM user' if caller.kind == 'user' else 'a session of role'} {caller.name}"
        return f"{name} of {describe_account(caller.account, role)}"
    if caller.kind == "service":
        return "somebody of Identity Center by account access manager"
    if caller.arn.startswith("arn:"):
        return f"one of the {describe_principal(caller.arn, role)}"
    return f"a user of {caller.arn}"


def describe_principal(entry: str, role: TrustedRole) -> str:
    """Name the callers that a principal stands for."""
    if entry == "*":
        return "anybody"
    if entry == ACCOUNT_ACCESS:
        return "users and groups of Identity Center by account access manager"
    account, rest = parse_principal(entry)
    if rest == "root":
        return f"users and roles of {describe_account(account, role)}"
    kind, _, name = rest.partition("/")
    if name and kind in _PRINCIPALS:
        return f"{_PRINCIPALS[kind]} {name} of {describe_account(account, role)}"
    if name and kind in ("saml-provider", "oidc-provider"):
        return f"users of the {kind.partition('-')[0].upper()} provider {name}"
    return entry


def _is_own_user_or_role(entry: str, role: TrustedRole) -> bool:
    """Whether a principal is a user or role of the role's own account, for which the trust policy is enough."""
    account, rest = parse_principal(entry)
    return account == role.stack.account and rest != "root"


def describe_account(account: str, role: TrustedRole) -> str:
    """Name an account, seen from that of the role."""
    if account == role.stack.account:
        return "this account"
    return f"{'the hub' if role.hub and account == role.hub.account else 'account'} {account}"
