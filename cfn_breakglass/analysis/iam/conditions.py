"""The Condition of a policy statement, key by key.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html and, for
ForAnyValue and ForAllValues,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.iam.condition_operators import COMPARISONS, NEGATED
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cfn_breakglass.analysis.iam.condition_operators import Comparison
    from cfn_breakglass.analysis.iam.request_context import RequestContext

_QUANTIFIERS = ("", "ForAnyValue", "ForAllValues")


class Operator(NamedTuple):
    """A condition operator taken apart: which values of a key count, what it compares, and its two turns."""

    quantifier: str
    base: str
    negated: bool
    if_exists: bool

    @property
    def for_absent(self) -> bool:
        """What it says of a request that does not have the key."""
        if self.quantifier:
            return self.quantifier == "ForAllValues"
        return self.negated or self.if_exists


class ConditionResult(NamedTuple):
    """A key of a condition and what the request has of it; ``holds`` is None where that cannot be told."""

    operator: str
    key: str
    expected: tuple[str, ...]
    actual: tuple[str, ...]
    holds: bool | None


def parse_operator(operator: str) -> Operator:
    """Take an operator apart; TemplateError for one not known here. ``base`` is Null or a key of COMPARISONS."""
    quantifier, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    base = NEGATED.get(name, name)
    is_null = operator == "Null"
    if not is_null and (quantifier not in _QUANTIFIERS or base not in COMPARISONS):
        raise TemplateError(f"the condition operator {operator} is not known here")
    return Operator(quantifier, base, base != name, rest != name)


def iter_conditions(condition: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every operator, key and values of a condition; TemplateError if it is none."""
    if not isinstance(condition, dict) or not all(isinstance(keys, dict) for keys in condition.values()):
        raise TemplateError(f"a condition is a mapping of operators to keys, not {condition!r}")
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            yield str(operator), str(key), _texts(wanted)


def evaluate(condition: Mapping[str, Any], context: RequestContext) -> list[ConditionResult]:
    """What the request makes of each key; TemplateError for an operator not known here, wherever it stands."""
    return [
        ConditionResult(
            operator, key, wanted, tuple(context.values(key)), _holds(parse_operator(operator), key, wanted, context)
        )
        for operator, key, wanted in iter_conditions(condition)
    ]


def all_of(held: list[bool | None]) -> bool | None:
    """What all of them say as one: None where it hangs on one that cannot be told."""
    return False if False in held else None if None in held else True


def _holds(operator: Operator, key: str, wanted: tuple[str, ...], context: RequestContext) -> bool | None:
    given = context.values(key)
    if not context.is_known(key):
        return None
    if operator.base == "Null":
        return str(not given).lower() in {value.lower() for value in wanted}
    if not given:
        return operator.for_absent
    held = [_compared(operator, wanted, value, context) for value in given]
    # Without a quantifier a key has one value; should it have more, a negation is of them all.
    if operator.quantifier == "ForAllValues" or (operator.negated and not operator.quantifier):
        return all_of(held)
    return True if True in held else None if None in held else False


def _compared(operator: Operator, wanted: tuple[str, ...], value: str, context: RequestContext) -> bool | None:
    compare: Comparison = COMPARISONS[operator.base]
    # All are looked at, so that no bad value hides behind one that fits.
    if True in [compare(want, value, context) for want in wanted]:
        return not operator.negated
    missing = [key for want in wanted for key in context.missing(want)]
    # Nothing equals a variable without a value. What it means that something does not, AWS does not say.
    if missing and (operator.negated or not all(context.is_known(key) for key in missing)):
        return None
    return operator.negated


def _texts(wanted: Any) -> tuple[str, ...]:
    values = wanted if isinstance(wanted, list) else [wanted]
    if any(isinstance(value, dict | list) or value is None for value in values):
        raise TemplateError(f"a condition compares with texts, not with {wanted!r}")
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in values)
