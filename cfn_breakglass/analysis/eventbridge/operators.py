"""One item of a pattern's list: a value to equal, or an operator like ``{"prefix": "aws."}``.

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
    """What an item accepts, and the same in words that follow "the pattern wants it"."""

    description: str
    accepts: Predicate
    text: str | None = None  # accepts this text and nothing else
    accepts_absence: bool = False  # satisfied when the field is not there


def compile_value(item: Any) -> ValueMatcher:
    """Read one item of a pattern's list; PatternError if EventBridge would refuse it."""
    if not isinstance(item, Mapping):
        return _exact(item)
    name, operand = _only(item)
    if name not in _OPERATORS:
        raise PatternError(f"{_as_json(name)} is not an operator of EventBridge")
    return _OPERATORS[name](operand)


def _only(operator: Mapping[str, Any]) -> tuple[str, Any]:
    if len(operator) != 1:
        raise PatternError(f"an operator is an object with one key, not {len(operator)}")
    return next(iter(operator.items()))


def _text(operand: Any) -> str:
    if not isinstance(operand, str):
        raise PatternError(f"an operator for text was given {_as_json(operand)}")
    return operand


def _as_json(value: Any) -> str:
    return json.dumps(value, default=str)


def _textual(words: str, test: Callable[[str], object]) -> ValueMatcher:
    return ValueMatcher(words, lambda value: isinstance(value, str) and bool(test(value)))


def _exact(item: Any) -> ValueMatcher:
    words = f"to equal {_as_json(item)}"
    if item is None or isinstance(item, bool):
        return ValueMatcher(words, lambda value: value is item)
    if isinstance(item, str):
        address = comparisons.parse_address(item)
        if address is None:
            return ValueMatcher(words, lambda value: bool(value == item), text=item)
        # event-ruler compares addresses as such, whatever their spelling.
        return _textual(words, lambda value: comparisons.parse_address(value) == address)
    if comparisons.is_number(item):
        return ValueMatcher(words, comparisons.number_equals(item))
    raise PatternError(f"a value is text, a number, true, false, null or an operator, not {_as_json(item)}")


def _equals_ignore_case(operand: Any) -> ValueMatcher:
    regex = re.compile(comparisons.any_case_regex(_text(operand)))
    return _textual(f"to equal, ignoring case, {_as_json(operand)}", regex.fullmatch)


def _prefix(operand: Any) -> ValueMatcher:
    if isinstance(operand, Mapping):
        wanted = _ignoring_case(operand)
        regex = re.compile(comparisons.any_case_regex(wanted))
        return _textual(f"to begin, ignoring case, with {_as_json(wanted)}", regex.match)
    start = _text(operand)
    return ValueMatcher(
        f"to begin with {_as_json(start)}", lambda value: isinstance(value, str) and value.startswith(start)
    )


def _suffix(operand: Any) -> ValueMatcher:
    if isinstance(operand, Mapping):
        wanted = _ignoring_case(operand)
        regex = re.compile(comparisons.any_case_regex(wanted) + r"\Z")
        return _textual(f"to end, ignoring case, with {_as_json(wanted)}", regex.search)
    end = _text(operand)
    return ValueMatcher(f"to end with {_as_json(end)}", lambda value: isinstance(value, str) and value.endswith(end))


def _ignoring_case(operand: Mapping[str, Any]) -> str:
    name, wanted = _only(operand)
    if name != "equals-ignore-case":
        raise PatternError(f"prefix and suffix may hold equals-ignore-case, not {_as_json(name)}")
    return _text(wanted)


def _wildcard(operand: Any) -> ValueMatcher:
    regex = re.compile(comparisons.wildcard_regex(_text(operand)), re.DOTALL)
    return _textual(f"to fit the wildcard {_as_json(operand)}", regex.fullmatch)


def _cidr(operand: Any) -> ValueMatcher:
    return _textual(f"to be an address in {operand}", comparisons.cidr_contains(_text(operand)))


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
    """Accept whatever none of the operand's values does; the field has to be there, but null will do."""
    name, values = _only(operand) if isinstance(operand, Mapping) else ("", operand)
    values = values if isinstance(values, list) else [values]
    if name and name not in _NEGATABLE:
        raise PatternError(f"anything-but cannot hold {_as_json(name)}")
    if not values or (name in ("prefix", "suffix") and "" in values):
        raise PatternError(f"anything-but cannot be {_as_json(operand)}")
    parts = [_OPERATORS[name](_text(value)) for value in values] if name else _forbidden(values)
    tests = [part.accepts for part in parts]
    words = f"to be present and not {' nor '.join(part.description for part in parts)}"
    return ValueMatcher(words, lambda value: not any(test(value) for test in tests))


def _forbidden(values: list[Any]) -> list[ValueMatcher]:
    if not all(isinstance(value, str) for value in values):
        for value in values:
            comparisons.parse_number(value)  # so neither null nor true, nor text beside numbers
    return [_literal(value) for value in values]


def _literal(value: Any) -> ValueMatcher:
    # Unlike a value of its own, a forbidden one is no address, only text.
    return (
        ValueMatcher(f"to equal {_as_json(value)}", lambda found: bool(found == value))
        if isinstance(value, str)
        else _exact(value)
    )


_OPERATORS: dict[str, Callable[[Any], ValueMatcher]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exactly": lambda operand: _exact(_text(operand)),  # of event-ruler; not in EventBridge's guide
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
