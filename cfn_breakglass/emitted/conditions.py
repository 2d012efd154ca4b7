"""The Condition of a policy statement, and its wildcards and variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TOKEN = re.compile(r"\$\{[^}]*\}|\*|\?|[^*?$]+|\$")
_SPECIAL = {"${*}": "*", "${?}": "?", "${$}": "$"}
# A colon of the ARN, not one of a variable in it.
_COLON = re.compile(r":(?![^{]*\})")


class Context:
    """What is known of a request: condition keys, whose names ignore case, and whether variables are on."""

    def __init__(self, keys: Mapping[str, str | list[str]], *, variables: bool) -> None:
        self._keys = {key.lower(): value if isinstance(value, list) else [value] for key, value in keys.items()}
        self._variables = variables

    def all(self, key: str) -> list[str]:
        return self._keys.get(key.lower(), [])

    def one(self, key: str) -> str | None:
        return next(iter(self.all(key)), None)

    def tokens(self, pattern: str) -> list[tuple[str, bool]] | None:
        """``pattern`` cut into texts and whether each is a wildcard; None if a variable has no value.

        What a variable stands for is never a wildcard.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        """
        tokens = []
        for token in _TOKEN.findall(pattern):
            value = self._variable(token) if self._variables and token.startswith("${") else token
            if value is None:
                return None
            tokens.append((value, token in ("*", "?")))
        return tokens

    def _variable(self, token: str) -> str | None:
        if token in _SPECIAL:
            return _SPECIAL[token]
        name, comma, default = token[2:-1].partition(",")
        return self.one(name.strip()) or (default.strip().strip("'") if comma else None)


def matches(pattern: str, value: str, context: Context) -> bool:
    """Whether ``value`` is like ``pattern``, in which ``*`` and ``?`` are wildcards."""
    tokens = context.tokens(pattern)
    if tokens is None:
        return False
    wild = {"*": ".*", "?": "."}
    regex = "".join(wild[text] if is_wild else re.escape(text) for text, is_wild in tokens)
    return re.fullmatch(regex, value, re.DOTALL) is not None


def satisfied(condition: Mapping[str, Any], context: Context) -> bool:
    """Whether every key of every operator holds; TemplateError for an operator not known here."""
    if not isinstance(condition, dict):
        raise TemplateError(f"a condition is a mapping of operators, not {condition!r}")
    # All are looked at, so that no unknown operator hides behind one that does not hold.
    held = [
        _holds(operator, key, _texts(wanted), context)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    ]
    return all(held)


def _holds(operator: str, key: str, wanted: list[str], context: Context) -> bool:
    given = context.all(key)
    if operator == "Null":
        return str(not given).lower() in wanted
    base = operator.removesuffix("IfExists")
    negated = base in _NEGATED
    test = _OPERATORS.get(_NEGATED.get(base, base))
    if test is None:
        raise TemplateError(f"the condition operator {operator} is not known here")
    if not given:
        return negated or operator != base
    return any(test(want, value, context) for want in wanted for value in given) != negated


def _texts(wanted: Any) -> list[str]:
    values = wanted if isinstance(wanted, list) else [wanted]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]


def _literally(pattern: str, context: Context) -> str | None:
    tokens = context.tokens(pattern)
    return None if tokens is None else "".join(text for text, _ in tokens)


def _equal(wanted: str, value: str, context: Context) -> bool:
    return _literally(wanted, context) == value


def _equal_ignoring_case(wanted: str, value: str, context: Context) -> bool:
    literal = _literally(wanted, context)
    return literal is not None and literal.lower() == value.lower()


def _arn_like(wanted: str, value: str, context: Context) -> bool:
    """Compare the six parts of two ARNs one by one: a wildcard does not reach over a colon."""
    patterns, parts = _COLON.split(wanted, maxsplit=5), value.split(":", maxsplit=5)
    return len(patterns) == len(parts) and all(
        matches(pattern, part, context) for pattern, part in zip(patterns, parts, strict=True)
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise TemplateError(f"a policy compares a number with {text!r}") from None


_OPERATORS: dict[str, Callable[[str, str, Context], bool]] = {
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _equal_ignoring_case,
    "NumericLessThan": lambda wanted, value, _: _number(value) < _number(wanted),
    "NumericLessThanEquals": lambda wanted, value, _: _number(value) <= _number(wanted),
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": matches,
}
# Each holds where the other does not, and where the key is absent.
_NEGATED = {
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
}
