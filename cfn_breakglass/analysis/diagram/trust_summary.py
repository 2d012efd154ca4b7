"""Who may take a role on, a line each, from its emitted trust policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.iam.permission_sets import parse_role_wildcard, permission_sets_in
from cfn_breakglass.analysis.iam.policy import as_list, parse_policy, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What a condition key says of whom the statement means; each operator's name is left aside.
_NAMES = ("aws:username", "sts:RoleSessionName", ":sub")
# Always there with its kind of provider, so it tells nobody anything.
_PLAIN = ("SAML:aud", ":aud")
_TAG = "aws:principaltag/"
_IN_WORDS = {
    "aws:currenttime": "for some time",
    "aws:principalorgid": "of one organization",
    "aws:principaltype": "",
    "aws:sourceip": "from some networks",
    "sts:externalid": "with an external ID",
    "sts:sourceidentity": "with a source identity",
}
_FEW = 3


def allowed_principals(document: Mapping[str, Any] | str, account: str) -> tuple[str, ...]:
    """Say who may take on the role with this trust policy, seen from ``account``."""
    found = [
        line
        for statement in statements(parse_policy(document))
        if any(str(action).lower().startswith(("sts:assumerole", "sts:*", "*")) for action in _actions(statement))
        for line in _lines(statement, account)
    ]
    return tuple(dict.fromkeys(found))


def few(names: list[str]) -> str:
    """Spell out the first few of ``names``, and count the rest."""
    more = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {more} more" if more > 0 else "")


def _actions(statement: Mapping[str, Any]) -> list[Any]:
    # NotAction leaves out a few and means all others.
    return as_list(statement.get("Action", "*"))


def _lines(statement: Mapping[str, Any], account: str) -> Iterator[str]:
    never = "never: " if statement["Effect"] == "Deny" else ""
    keys = _conditions(statement.get("Condition", {}))
    named = [
        name for key, values in keys.items() if key.endswith(_NAMES) for name in values if not name.startswith("${")
    ]
    limits = [text for key, values in keys.items() if (text := _limit(key, values))]
    users_only = keys.get("aws:PrincipalType") == ["User"]
    whole = _whole_account(named, [one.name for one in permission_sets_in(statement)], users_only=users_only)
    principal = statement.get("Principal", "*")
    principals = principal.items() if isinstance(principal, dict) else [("AWS", principal)]
    for kind, whom in principals:
        for one in as_list(whom):
            yield never + ", ".join([_who(kind, str(one), named, whole, account), *dict.fromkeys(limits)])


def _conditions(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """The values of each condition key; a key whose operator turns them round is marked as another key."""
    keys = {
        key if "Not" not in operator and operator != "Null" else f"{key} ({operator})": [
            str(one) for one in as_list(values)
        ]
        for operator, wanted in given.items()
        for key, values in wanted.items()
    }
    if "aws:MultiFactorAuthAge" in keys:
        keys.pop("aws:MultiFactorAuthPresent", None)
    return keys


def _who(kind: str, principal: str, named: list[str], whole: str, account: str) -> str:
    if principal == "*":
        return few(named) if named else "anybody"
    home, rest = principal.split(":", 5)[4:] if principal.startswith("arn:") else (principal, "root")
    if kind == "Service":
        return principal
    if kind == "Federated":
        kind_of, _, name = rest.partition("-provider/")
        return f"{kind_of.upper()} provider {name}: {few(named) if named else 'all'}"
    where = "this account" if home == account else f"account {home}"
    if rest != "root":
        return f"{rest.replace('/', ' ', 1)} of {where}"
    if not whole:
        return f"whom IAM lets in {where}"
    return whole + ("" if home == account else f" of {where}")


def _whole_account(named: list[str], sets: list[str], *, users_only: bool) -> str:
    """Whom a statement for an account means of it, empty for all."""
    if named:
        return f"{'IAM user' if len(named) == 1 else 'IAM users'} {few(named)}"
    return f"permission set {few(sets)}" if sets else "IAM users" if users_only else ""


def _limit(key: str, values: list[str]) -> str:
    value, small = values[0].lower(), key.lower()
    if key == "aws:MultiFactorAuthAge":
        return f"with MFA of the last {int(value) // 60} min"
    if key == "aws:MultiFactorAuthPresent" and value == "true":
        return "with MFA"
    if key.endswith(_NAMES):
        return "session named as the user" if "${aws:username}" in values else ""
    if small.startswith(_TAG):
        return f"with the tag {key[len(_TAG) :]}={values[0]}"
    if small in _IN_WORDS:
        return _IN_WORDS[small]
    return "" if key.endswith(_PLAIN) or _means_a_set(small, values) else f"under a condition on {key}"


def _means_a_set(key: str, values: list[str]) -> bool:
    return key.startswith("aws:principalarn") and all(parse_role_wildcard(value) for value in values)
