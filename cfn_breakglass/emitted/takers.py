"""Who may take a role on, a line each, from its emitted trust policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfn_breakglass.emitted.policies import listed, read, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What a condition key says of whom the statement means; each operator's name is left aside.
_NAMES = ("aws:username", "sts:RoleSessionName", ":sub")
# Always there with its kind of provider, so it tells nobody anything.
_PLAIN = ("SAML:aud", ":aud")
_FEW = 3


def takers(document: Mapping[str, Any] | str, account: str) -> tuple[str, ...]:
    """Say who may take on the role with this trust policy, seen from ``account``."""
    found = [
        line
        for statement in statements(read(document))
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
    return listed(statement.get("Action", "*"))


def _lines(statement: Mapping[str, Any], account: str) -> Iterator[str]:
    never = "never: " if statement["Effect"] == "Deny" else ""
    keys = _conditions(statement.get("Condition", {}))
    named = [
        name for key, values in keys.items() if key.endswith(_NAMES) for name in values if not name.startswith("${")
    ]
    limits = [text for key, values in keys.items() if (text := _limit(key, values))]
    principal = statement.get("Principal", "*")
    principals = principal.items() if isinstance(principal, dict) else [("AWS", principal)]
    for kind, whom in principals:
        for one in listed(whom):
            yield never + ", ".join([_who(kind, str(one), named, account), *dict.fromkeys(limits)])


def _conditions(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """The values of each condition key; a key whose operator turns them round is marked as another key."""
    keys = {
        key if "Not" not in operator and operator != "Null" else f"{key} ({operator})": [
            str(one) for one in listed(values)
        ]
        for operator, wanted in given.items()
        for key, values in wanted.items()
    }
    if "aws:MultiFactorAuthAge" in keys:
        keys.pop("aws:MultiFactorAuthPresent", None)
    return keys


def _who(kind: str, principal: str, named: list[str], account: str) -> str:
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
    if not named:
        return f"whom IAM lets in {where}"
    users = "IAM user" if len(named) == 1 else "IAM users"
    return f"{users} {few(named)}" + ("" if home == account else f" of {where}")


def _limit(key: str, values: list[str]) -> str:
    value = values[0].lower()
    if key == "aws:MultiFactorAuthAge":
        return f"with MFA of the last {int(value) // 60} min"
    if key == "aws:MultiFactorAuthPresent" and value == "true":
        return "with MFA"
    if key.endswith(_NAMES):
        return "session named as the user" if "${aws:username}" in values else ""
    return "" if key.endswith(_PLAIN) else f"under a condition on {key}"
