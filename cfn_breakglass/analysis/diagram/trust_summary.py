"""Who may assume a role, a line for each principal, from its trust policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.iam.permission_sets import parse_role_wildcard, permission_sets_in
from cfn_breakglass.analysis.iam.policy import parse_policy, statements
from cfn_breakglass.analysis.iam.principals import username_in_wildcard
from cfn_breakglass.analysis.iam.request_context import as_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAME_KEYS = ("aws:username", "sts:RoleSessionName", ":sub")
"""Ends of the condition keys whose values are names of the people that a statement allows."""
_AUDIENCE_KEYS = ("SAML:aud", ":aud")
"""Every statement for such a provider has an audience, so that it says nothing about the principal."""
_TAG_KEY = "aws:principaltag/"
_PHRASES = {
    "aws:currenttime": "for some time",
    "aws:principalorgid": "of one organization",
    "aws:principaltype": "",
    "aws:sourceip": "from some networks",
    "sts:externalid": "with an external ID",
    "sts:sourceidentity": "with a source identity",
}
_MOST_NAMES = 3


def allowed_principals(document: Mapping[str, Any] | str, account: str) -> tuple[str, ...]:
    """Who may assume a role with this trust policy, in words for readers in ``account``."""
    lines = [
        line
        for statement in statements(parse_policy(document))
        if any(str(action).lower().startswith(("sts:assumerole", "sts:*", "*")) for action in _actions(statement))
        for line in _lines(statement, account)
    ]
    return tuple(dict.fromkeys(lines))


def first_names(names: list[str]) -> str:
    """The first few of ``names``, and how many more there are."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _actions(statement: Mapping[str, Any]) -> list[Any]:
    # A statement with NotAction is about all actions but a few.
    return as_list(statement.get("Action", "*"))


class _Limits(NamedTuple):
    """The principals that the conditions of a statement limit it to."""

    names: list[str]
    permission_sets: list[str]
    users_only: bool

    @property
    def in_words(self) -> str:
        """The principals of an account that the statement is limited to; empty without a limit."""
        if self.names:
            return f"{'IAM user' if len(self.names) == 1 else 'IAM users'} {first_names(self.names)}"
        if self.permission_sets:
            return f"permission set {first_names(self.permission_sets)}"
        return "IAM users" if self.users_only else ""


def _lines(statement: Mapping[str, Any], account: str) -> Iterator[str]:
    prefix = "never: " if statement["Effect"] == "Deny" else ""
    keys = _conditions(statement.get("Condition", {}))
    limits = _Limits(
        names=[
            name
            for key, values in keys.items()
            if key.endswith(_NAME_KEYS)
            for name in values
            if not name.startswith("${")
        ]
        + list(filter(None, map(username_in_wildcard, keys.get("aws:PrincipalArn", [])))),
        permission_sets=[permission_set.name for permission_set in permission_sets_in(statement)],
        users_only=keys.get("aws:PrincipalType") == ["User"],
    )
    phrases = dict.fromkeys(phrase for key, values in keys.items() if (phrase := _phrase(key, values)))
    principal = statement.get("Principal", "*")
    entries_by_key = principal.items() if isinstance(principal, dict) else [("AWS", principal)]
    for principal_key, entries in entries_by_key:
        for entry in as_list(entries):
            yield prefix + ", ".join([_principal(principal_key, str(entry), limits, account), *phrases])


def _conditions(condition: Mapping[str, Any]) -> dict[str, list[str]]:
    """The values of each condition key; the key of a negated operator has the operator in its name."""
    keys = {
        key if "Not" not in operator and operator != "Null" else f"{key} ({operator})": list(map(str, as_list(values)))
        for operator, values_by_key in condition.items()
        for key, values in values_by_key.items()
    }
    if "aws:MultiFactorAuthAge" in keys:
        keys.pop("aws:MultiFactorAuthPresent", None)
    return keys


def _principal(principal_key: str, entry: str, limits: _Limits, account: str) -> str:
    if entry == "*":
        return first_names(limits.names) if limits.names else "anybody"
    account_of_entry, resource = entry.split(":", 5)[4:] if entry.startswith("arn:") else (entry, "root")
    if principal_key == "Service":
        return entry
    if principal_key == "Federated":
        provider_type, _, name = resource.partition("-provider/")
        return f"{provider_type.upper()} provider {name}: {first_names(limits.names) if limits.names else 'all'}"
    account_name = "this account" if account_of_entry == account else f"account {account_of_entry}"
    if resource != "root":
        return f"{resource.replace('/', ' ', 1)} of {account_name}"
    if not limits.in_words:
        return f"whom IAM lets in {account_name}"
    return limits.in_words + ("" if account_of_entry == account else f" of {account_name}")


def _phrase(key: str, values: list[str]) -> str:
    """What a condition asks of the caller; empty if the principal says it."""
    value, lower_key = values[0].lower(), key.lower()
    if key == "aws:MultiFactorAuthAge":
        return f"with MFA of the last {int(value) // 60} min"
    if key == "aws:MultiFactorAuthPresent" and value == "true":
        return "with MFA"
    if key.endswith(_NAME_KEYS):
        return "session named as the user" if "${aws:username}" in values else ""
    if lower_key.startswith(_TAG_KEY):
        return f"with the tag {key[len(_TAG_KEY) :]}={values[0]}"
    if key.endswith(_AUDIENCE_KEYS) or _is_identity(lower_key, values):
        return ""
    return _PHRASES.get(lower_key, f"under a condition on {key}")


def _is_identity(key: str, values: list[str]) -> bool:
    """Whether a condition names users or permission sets."""
    return key.startswith("aws:principalarn") and all(
        parse_role_wildcard(value) or username_in_wildcard(value) for value in values
    )
