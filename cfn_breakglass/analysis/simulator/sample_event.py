"""An event that a pattern matches, to follow the path of a rule without a record.

``{"source": ["aws.sts"], "detail": {"eventName": [{"prefix": "Assume"}], "errorCode": [{"exists": false}]}}`` is
matched by ``{"source": "aws.sts", "detail": {"eventName": "Assume"}}``. Each field gets the first value that fits, each
``$or`` its first alternative; if these contradict each other, the next combinations are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any, Final

from cfn_breakglass.analysis.eventbridge.stack_rules import Rule
from cfn_breakglass.analysis.template.reader import Stack

_ABSENT: Final = object()
_COMBINATIONS: Final = 64
_FILLER: Final = "x"


def sample_event(stack: Stack, rule: Rule, pattern: Mapping[str, Any]) -> dict[str, Any] | None:
    """An event of the stack's region that ``rule``, enabled and with this pattern, matches; None if none is found."""
    envelope = make_event(stack, "aws.sts", "AWS API Call via CloudTrail", {})
    for fields in islice(_samples(pattern), _COMBINATIONS):
        event = {**envelope, **fields}
        if rule.fires_on(event):
            return event
    return None


def make_event(
    stack: Stack, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str] = ()
) -> dict[str, Any]:
    """An event as it stands on a bus of the stack's account and region; ``resources`` are ARNs.

    https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html
    """
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": detail_type,
        "source": source,
        "account": stack.account,
        "time": "2025-01-01T00:00:00Z",
        "region": stack.region,
        "resources": [*resources],
        "detail": detail,
    }


def _samples(pattern: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Objects that match each field of the pattern for itself; the simplest first."""
    alternatives = pattern.get("$or", [])
    if not all(isinstance(alternative, Mapping) for alternative in alternatives):
        # Then EventBridge takes it for the name of a field.
        alternatives = []
    fields = {name: conditions for name, conditions in pattern.items() if name != "$or" or not alternatives}
    values = [_values(conditions) for conditions in fields.values()]
    for alternative in alternatives or [{}]:
        for alternative_sample in islice(_samples(alternative), _COMBINATIONS) if alternative else [{}]:
            for combination in islice(product(*values), _COMBINATIONS):
                sample = {name: value for name, value in zip(fields, combination, strict=True) if value is not _ABSENT}
                yield _merged(sample, alternative_sample)


def _values(conditions: Any) -> list[Any]:
    if isinstance(conditions, Mapping):
        return list(islice(_samples(conditions), _COMBINATIONS))
    return [_value(condition) for condition in conditions]


def _value(condition: Any) -> Any:
    """A value that an element of a pattern's list matches."""
    if not isinstance(condition, Mapping):
        return condition
    (operator, operand), *_ = condition.items()
    match operator:
        case "exists":
            return _FILLER if operand else _ABSENT
        case "anything-but":
            return _FILLER
        case "numeric":
            return operand[1] + (operand[0] == ">") - (operand[0] == "<")
        case "cidr":
            return operand.partition("/")[0]
    text = operand.get("equals-ignore-case", "") if isinstance(operand, Mapping) else str(operand)
    return text.replace("*", _FILLER) if operator == "wildcard" else text


def _merged(sample: Mapping[str, Any], addition: Mapping[str, Any]) -> dict[str, Any]:
    """Both objects in one; a field of both is merged too, or the addition's."""
    merged = {**sample, **addition}
    for name in sample.keys() & addition.keys():
        if isinstance(sample[name], dict) and isinstance(addition[name], dict):
            merged[name] = _merged(sample[name], addition[name])
    return merged
