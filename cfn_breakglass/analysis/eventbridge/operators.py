"""One element of a field's list in a pattern: a value to equal, or an operator like ``{"prefix": "aws."}``.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cfn_breakglass.analysis.eventbridge import comparisons
from cfn_breakglass.errors import PatternError

Predicate = Callable[[Any], bool]

_NEGATABLE = ("prefix", "suffix", "equals-ignore-case", "wildcard")


class ValueMatcher(NamedTuple):
    """The values that one element of a pattern accepts; ``description`` follows the words "the pattern wants it".

    ``text`` is the one text that is accepted, None if other values are accepted, too.
    """

    description: str
    accepts: Predicate
    text: str | None = None
    accepts_absence: bool = False


def compile_value(element: Any) -> ValueMatcher:
    """Read one element of a field's list; PatternError if EventBridge would refuse it."""
    if not isinstance(element, Mapping):
        return _exact(element)
    name, operand = _only_key(element)
    if name not in _OPERATORS:
        raise PatternError(f"{_as_json(name)} is not an operator of EventBridge")
    return _OPERATORS[name](operand)


def _only_key(operator: Mapping[str, Any]) -> tuple[str, Any]:
    if len(operator) != 1:
        raise PatternError(f"an operator is an object with one key, not {len(operator)}")
    return next(iter(operator.items()))


def _text(operand: Any) -> str:
    if not isinstance(operand, str):
        raise PatternError(f"an operator for text cannot have {_as_json(operand)}")
    return operand


def _as_json(value: Any) -> str:
    return json.dumps(value, default=str)


def _text_matcher(description: str, matches: Callable[[str], object]) -> ValueMatcher:
    return ValueMatcher(description, lambda value: isinstance(value, str) and bool(matches(value)))


def _exact(expected: Any) -> ValueMatcher:
    description = f"to equal {_as_json(expected)}"
    if expected is None or isinstance(expected, bool):
        return ValueMatcher(description, lambda value: value is expected)
    if isinstance(expected, str):
        address = comparisons.parse_address(expected)
        if address is None:
            return ValueMatcher(description, lambda value: bool(value == expected), text=expected)
        # event-ruler compares IP addresses, not their spelling.
        return _text_matcher(description, lambda value: comparisons.parse_address(value) == address)
    if comparisons.is_number(expected):
        return ValueMatcher(description, comparisons.number_equals(expected))
    raise PatternError(f"a value is text, a number, true, false, null or an operator, not {_as_json(expected)}")


def _equals_ignore_case(operand: Any) -> ValueMatcher:
    regex = re.compile(comparisons.any_case_regex(_text(operand)))
    return _text_matcher(f"to equal, ignoring case, {_as_json(operand)}", regex.fullmatch)


def _prefix(operand: Any) -> ValueMatcher:
    if isinstance(operand, Mapping):
        start = _ignoring_case(operand)
        regex = re.compile(comparisons.any_case_regex(start))
        return _text_matcher(f"to begin, ignoring case, with {_as_json(start)}", regex.match)
    start = _text(operand)
    return ValueMatcher(
        f"to begin with {_as_json(start)}", lambda value: isinstance(value, str) and value.startswith(start)
    )


def _suffix(operand: Any) -> ValueMatcher:
    if isinstance(operand, Mapping):
        end = _ignoring_case(operand)
        regex = re.compile(comparisons.any_case_regex(end) + r"\Z")
        return _text_matcher(f"to end, ignoring case, with {_as_json(end)}", regex.search)
    end = _text(operand)
    return ValueMatcher(f"to end with {_as_json(end)}", lambda value: isinstance(value, str) and value.endswith(end))


def _ignoring_case(operand: Mapping[str, Any]) -> str:
    name, text = _only_key(operand)
    if name != "equals-ignore-case":
        raise PatternError(f"prefix and suffix may hold equals-ignore-case, not {_as_json(name)}")
    return _text(text)


def _wildcard(operand: Any) -> ValueMatcher:
    regex = re.compile(comparisons.wildcard_regex(_text(operand)), re.DOTALL)
    return _text_matcher(f"to fit the wildcard {_as_json(operand)}", regex.fullmatch)


def _cidr(operand: Any) -> ValueMatcher:
    return _text_matcher(f"to be an address in {operand}", comparisons.cidr_contains(_text(operand)))


def _numeric(operand: Any) -> ValueMatcher:
    if not isinstance(operand, list) or not operand or len(operand) % 2:
        raise PatternError(f'numeric takes a list like ["=", 5] or [">", 0, "<=", 5], not {_as_json(operand)}')
    return ValueMatcher(f"to be a number {' '.join(map(str, operand))}", comparisons.numeric_range(operand))


def _exists(operand: Any) -> ValueMatcher:
    if not isinstance(operand, bool):
        raise PatternError(f"exists takes true or false, not {_as_json(operand)}")
    return ValueMatcher(
        f"to be {'present' if operand else 'absent'}", lambda _value: operand, accepts_absence=not operand
    )


def _anything_but(operand: Any) -> ValueMatcher:
    """Accept what none of the operand's values accepts; the field has to be present, but may be null."""
    name, values = _only_key(operand) if isinstance(operand, Mapping) else ("", operand)
    values = values if isinstance(values, list) else [values]
    if name and name not in _NEGATABLE:
        raise PatternError(f"anything-but cannot hold {_as_json(name)}")
    if not values or (name in ("prefix", "suffix") and "" in values):
        raise PatternError(f"anything-but cannot be {_as_json(operand)}")
    excluded = [_OPERATORS[name](_text(value)) for value in values] if name else _excluded_values(values)
    predicates = [matcher.accepts for matcher in excluded]
    description = f"to be present and not {' nor '.join(matcher.description for matcher in excluded)}"
    return ValueMatcher(description, lambda value: not any(holds(value) for holds in predicates))


def _excluded_values(values: list[Any]) -> list[ValueMatcher]:
    if not all(isinstance(value, str) for value in values):
        for value in values:
            comparisons.parse_number(value)  # EventBridge refuses null, true and text beside numbers here
    return [_excluded_value(value) for value in values]


def _excluded_value(excluded: Any) -> ValueMatcher:
    if isinstance(excluded, str):
        # Unlike a value outside of anything-but, an excluded IP address is compared as text.
        return ValueMatcher(f"to equal {_as_json(excluded)}", lambda value: bool(value == excluded))
    return _exact(excluded)


_OPERATORS: dict[str, Callable[[Any], ValueMatcher]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exactly": lambda operand: _exact(_text(operand)),  # in event-ruler, but not in EventBridge's guide
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
