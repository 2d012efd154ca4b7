"""The Condition of a policy statement, evaluated key by key.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html and, for
ForAnyValue and ForAllValues,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.iam.condition_operators import COMPARISONS, NEGATED
from cfn_breakglass.analysis.iam.request_context import as_list
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cfn_breakglass.analysis.iam.condition_operators import Comparison
    from cfn_breakglass.analysis.iam.request_context import RequestContext

_QUANTIFIERS = ("", "ForAnyValue", "ForAllValues")


class Operator(NamedTuple):
    """The parts of a condition operator: ForAnyValue:StringNotLikeIfExists has all four.

    ``base`` is Null or a key of COMPARISONS, here StringLike.
    """

    quantifier: str
    base: str
    negated: bool
    if_exists: bool

    @property
    def holds_for_absent_key(self) -> bool:
        """The result for a request that does not have the key."""
        if self.quantifier:
            return self.quantifier == "ForAllValues"
        return self.negated or self.if_exists


class ConditionResult(NamedTuple):
    """A key of a condition, the values it asks for, and those of the request; ``holds`` is None if unknown."""

    operator: str
    key: str
    expected: tuple[str, ...]
    actual: tuple[str, ...]
    holds: bool | None


def parse_operator(operator: str) -> Operator:
    """Split an operator into its parts; TemplateError for an operator that is not supported."""
    quantifier, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    base = NEGATED.get(name, name)
    is_null = operator == "Null"
    if not is_null and (quantifier not in _QUANTIFIERS or base not in COMPARISONS):
        raise TemplateError(f"the condition operator {operator} is not supported")
    return Operator(quantifier, base, base != name, rest != name)


def iter_conditions(condition: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every operator, key and values of a condition; TemplateError if it is not a condition."""
    if not isinstance(condition, dict) or not all(isinstance(keys, dict) for keys in condition.values()):
        raise TemplateError(f"a condition is a mapping of operators to keys, not {condition!r}")
    for operator, keys in condition.items():
        for key, values in keys.items():
            yield str(operator), str(key), _texts(values)


def evaluate(condition: Mapping[str, Any], context: RequestContext) -> list[ConditionResult]:
    """The result of each key of a condition; TemplateError if any operator is not supported."""
    return [
        ConditionResult(
            operator,
            key,
            expected,
            tuple(context.values(key)),
            _holds(parse_operator(operator), key, expected, context),
        )
        for operator, key, expected in iter_conditions(condition)
    ]


def all_of(results: list[bool | None]) -> bool | None:
    """Whether all results are true: False if one is False, else None if one is unknown."""
    return False if False in results else None if None in results else True


def _any_of(results: list[bool | None]) -> bool | None:
    return True if True in results else None if None in results else False


def _holds(operator: Operator, key: str, expected: tuple[str, ...], context: RequestContext) -> bool | None:
    actual = context.values(key)
    if not context.is_known(key):
        return None
    if operator.base == "Null":
        return str(not actual).lower() in {value.lower() for value in expected}
    if not actual:
        return operator.holds_for_absent_key
    results = [_matches_any(operator, expected, value, context) for value in actual]
    # Without a quantifier a key has one value. If it has more, a negated operator has to hold for all of them.
    if operator.quantifier == "ForAllValues" or (operator.negated and not operator.quantifier):
        return all_of(results)
    return _any_of(results)


def _matches_any(operator: Operator, expected: tuple[str, ...], value: str, context: RequestContext) -> bool | None:
    """Whether a value of the request matches one of the expected values, or none of them for a negated operator."""
    compare: Comparison = COMPARISONS[operator.base]
    # Every expected value is compared, so that a malformed one is always found.
    if True in [compare(text, value, context) for text in expected]:
        return not operator.negated
    missing = [key for text in expected for key in context.missing(text)]
    # Nothing equals a variable without a value. AWS does not document what a negated operator makes of one.
    if missing and (operator.negated or not all(context.is_known(key) for key in missing)):
        return None
    return operator.negated


def _texts(value_or_list: Any) -> tuple[str, ...]:
    values = as_list(value_or_list)
    if any(isinstance(value, dict | list) or value is None for value in values):
        raise TemplateError(f"a condition compares with texts, not with {value_or_list!r}")
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in values)
