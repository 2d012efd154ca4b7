"""The words for a statement of a trust policy, and for those it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.iam.conditions import iter_conditions
from cfn_breakglass.analysis.iam.permission_sets import permission_set_of, permission_sets_in
from cfn_breakglass.analysis.iam.policy import as_list
from cfn_breakglass.analysis.iam.principals import parse_principal, principals_of
from cfn_breakglass.analysis.trust.condition_phrases import condition_words, either
from cfn_breakglass.analysis.trust.denied_callers import listed_users

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cfn_breakglass.analysis.iam.caller import Caller
    from cfn_breakglass.analysis.trust.role import Trusted
_IAM_USERS = ("StringEquals", "aws:PrincipalType", ("User",))


@dataclass(frozen=True)
class Told:
    """A statement of a trust policy in words; ``problem`` says why there are none.

    ``own_policies``: whom it lets in need the call in policies of their own too.
    """

    number: int
    effect: str = ""
    who: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    own_policies: bool = False
    problem: str = ""


def title(caller: Caller, role: Trusted) -> str:
    """Name a caller, seen from the account of the role."""
    if caller.kind in ("user", "role"):
        what = "IAM user" if caller.kind == "user" else "a session of role"
        permission_set = permission_set_of(caller.arn.partition(":role/")[2])
        named = f"a session of permission set {permission_set}" if permission_set else f"{what} {caller.name}"
        return f"{named} of {_where(caller.account, role)}"
    return f"one of the {who(caller.arn, role)}" if caller.arn.startswith("arn:") else f"a user of {caller.arn}"


def told(number: int, statement: Mapping[str, Any], role: Trusted) -> Told:
    """Put a statement that can be judged into words."""
    conditions = list(iter_conditions(statement.get("Condition", {})))
    entries = [(kind, entry) for kind, entries in principals_of(statement).items() for entry in entries]
    accounts_only = all(parse_principal(entry)[1] == "root" for _, entry in entries)
    users, sets = listed_users(statement), permission_sets_in(statement)
    if accounts_only and users and len(entries) == 1:
        # The account is meant, and the condition says which of its users.
        conditions = [one for one in conditions if one[1].lower() != "aws:username"]
        people = "IAM user" if len(users) == 1 else "IAM users"
        meant = [f"{people} {either(users)} of {_where(parse_principal(entries[0][1])[0], role)}"]
    elif accounts_only and sets:
        conditions = [one for one in conditions if one[1].lower() != "aws:principalarn"]
        meant = [f"sessions of the permission set {one.name} of {_where(one.account, role)}" for one in sets]
    elif accounts_only and _IAM_USERS in conditions:
        conditions.remove(_IAM_USERS)
        meant = [f"IAM users of {_where(parse_principal(entry)[0], role)}" for _, entry in entries]
    else:
        meant = [who(entry, role) for _, entry in entries]
    calls = [str(one) for one in as_list(statement.get("Action", statement.get("NotAction")))]
    return Told(
        number,
        statement["Effect"],
        tuple(meant),
        tuple(calls if "Action" in statement else [f"every call but {either(calls)}"]),
        tuple(condition_words(*one) for one in conditions),
        any(kind == "AWS" and not _named_here(entry, role) for kind, entry in entries),
    )


def _named_here(entry: str, role: Trusted) -> bool:
    """Whether a principal is a user or a role of the account itself: naming it is enough."""
    account, of_it = parse_principal(entry)
    return account == role.stack.account and of_it != "root"


def _where(account: str, role: Trusted) -> str:
    return "this account" if account == role.stack.account else f"account {account}"


def who(entry: str, role: Trusted) -> str:
    """Name whom a principal means."""
    if entry == "*":
        return "anybody"
    account, rest = parse_principal(entry)
    if rest == "root":
        return f"users and roles of {_where(account, role)}"
    for kind, what in (("user", "IAM user"), ("role", "role"), ("assumed-role", "role session")):
        if rest.startswith(f"{kind}/"):
            return f"{what} {rest.partition('/')[2]} of {_where(account, role)}"
    for kind in ("saml", "oidc"):
        if rest.startswith(f"{kind}-provider/"):
            return f"users of the {kind.upper()} provider {rest.partition('/')[2]}"
    return entry
