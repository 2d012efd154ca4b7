"""What the conditions of statements require a condition key to be."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.iam.conditions import iter_conditions, parse_operator
from cfn_breakglass.analysis.iam.principals import username_in_wildcard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Statements = Sequence[Mapping[str, Any]]

STRANGER = "somebody-else"
"""A name that no trust policy requires."""

_TAG = "aws:principaltag/"


def required_values(statements: Statements, key: str) -> list[str]:
    """Every value that the conditions of the statements allow a key to have."""
    return [
        value
        for _, required_key, values in required_conditions(statements)
        if required_key.lower() == key.lower()
        for value in values
    ]


def required_tags(statements: Statements) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every tag that the caller must have, with the values that it may have."""
    for _, key, values in required_conditions(statements):
        if key.lower().startswith(_TAG):
            yield key[len(_TAG) :], values


def required_conditions(statements: Statements) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every operator, key and values that a request must match; negated operators are left out."""
    for operator, key, values in chain.from_iterable(
        iter_conditions(statement.get("Condition", {})) for statement in statements
    ):
        if values and parse_operator(operator).base != "Null" and not parse_operator(operator).negated:
            yield operator, key, values


def literal_usernames(*statements: Mapping[str, Any]) -> list[str]:
    """The IAM users that the conditions of the statements require, by name or by ARN, without variables."""
    by_name = [name for name in required_values(statements, "aws:username") if _is_literal(name)]
    return by_name + list(filter(None, map(username_in_wildcard, required_values(statements, "aws:PrincipalArn"))))


def sample_value(statements: Statements, key: str, default: str = STRANGER) -> str:
    """A value that the conditions allow for a key, preferably a literal one; ``default`` if they require none.

    A wildcard becomes a text that it matches: ``ops-*`` becomes ``ops-x``.
    """
    values = required_values(statements, key)
    literals = [value for value in values if _is_literal(value)]
    matching = [value.replace("*", "x").replace("?", "x") for value in values if "$" not in value]
    return next(iter(literals + matching), default)


def _is_literal(value: str) -> bool:
    return not set("*?$") & set(value)
