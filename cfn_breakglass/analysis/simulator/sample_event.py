"""An event that a pattern matches, to follow the path of a rule without a record.

``{"source": ["aws.sts"], "detail": {"eventName": [{"prefix": "Assume"}], "errorCode": [{"exists": false}]}}`` is
matched by ``{"source": "aws.sts", "detail": {"eventName": "Assume"}}``. Each field gets the first value that fits, each
``$or`` its first alternative; if these contradict each other, the next combinations are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any, Final

from cfn_breakglass.analysis.eventbridge.stack_rules import Rule
from cfn_breakglass.analysis.template.reader import Stack

_ABSENT: Final = object()
_COMBINATIONS: Final = 64
_FILLER: Final = "x"


def sample_event(stack: Stack, rule: Rule, pattern: Mapping[str, Any]) -> dict[str, Any] | None:
    """An event of the stack's region that ``rule``, enabled and with this pattern, matches; None if none is found."""
    envelope = {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.sts",
        "account": stack.account,
        "time": "2025-01-01T00:00:00Z",
        "region": stack.region,
        "resources": [],
        "detail": {},
    }
    for fields in islice(_samples(pattern), _COMBINATIONS):
        event = {**envelope, **fields}
        if rule.fires_on(event):
            return event
    return None


def _samples(pattern: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Events that fit each field of the pattern, the most simple first."""
    fields = {name: wanted for name, wanted in pattern.items() if name != "$or"}
    values = [_values(wanted) for wanted in fields.values()]
    for alternative in pattern.get("$or", [{}]):
        for more in islice(_samples(alternative), _COMBINATIONS) if alternative else [{}]:
            for combination in islice(product(*values), _COMBINATIONS):
                own = {name: value for name, value in zip(fields, combination, strict=True) if value is not _ABSENT}
                yield _merged(own, more)


def _values(wanted: Any) -> list[Any]:
    if isinstance(wanted, Mapping):
        return list(islice(_samples(wanted), _COMBINATIONS))
    return [_value(option) for option in wanted]


def _value(option: Any) -> Any:
    """A value that one element of a pattern's list matches."""
    if not isinstance(option, Mapping):
        return option
    (operator, operand), *_ = option.items()
    match operator:
        case "exists":
            return _FILLER if operand else _ABSENT
        case "anything-but":
            return _FILLER
        case "numeric":
            return operand[1] + (">" in operand[:1]) - ("<" in operand[:1])
        case "cidr":
            return operand.partition("/")[0]
    text = operand.get("equals-ignore-case", "") if isinstance(operand, Mapping) else str(operand)
    return text.replace("*", _FILLER) if operator == "wildcard" else text


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**one, **other}
    for name in one.keys() & other.keys():
        if isinstance(one[name], dict) and isinstance(other[name], dict):
            merged[name] = _merged(one[name], other[name])
    return merged
