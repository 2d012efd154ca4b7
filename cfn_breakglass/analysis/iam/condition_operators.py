"""How each condition operator compares a value in a policy with a value of the request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import operator
import re
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.iam.request_context import RequestContext, matches_wildcard
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    # Value in the policy, value of the request, the request: do they match?
    Comparison = Callable[[str, str, RequestContext], bool]

# A colon of the ARN, not a colon inside a variable.
_COLON = re.compile(r":(?![^{]*\})")


def _with_variables(pattern: str, context: RequestContext) -> str | None:
    """``pattern`` with its variables replaced by their values; None if one has no value."""
    tokens = context.tokens(pattern)
    return None if tokens is None else "".join(text for text, _ in tokens)


def _equal(expected: str, value: str, context: RequestContext) -> bool:
    return _with_variables(expected, context) == value


def _equal_ignoring_case(expected: str, value: str, context: RequestContext) -> bool:
    literal = _with_variables(expected, context)
    return literal is not None and literal.lower() == value.lower()


def _arn_like(expected: str, value: str, context: RequestContext) -> bool:
    """Compare two ARNs part by part: a wildcard does not match across a colon."""
    patterns, parts = _COLON.split(expected, maxsplit=5), value.split(":", maxsplit=5)
    return len(patterns) == len(parts) and all(
        matches_wildcard(pattern, part, context) for pattern, part in zip(patterns, parts, strict=True)
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise TemplateError(f"a policy compares a number with {text!r}") from None


def _date(text: str) -> datetime:
    """Read a time, in ISO 8601 or in seconds since 1970; UTC unless it has an offset."""
    try:
        time = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise TemplateError(f"a policy compares a time with {text!r}") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _in_network(network: str, address: str, _: RequestContext) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        raise TemplateError(f"a policy compares the address {address!r} with {network!r}") from None


def _ordered(parse: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Comparison:
    def holds(expected: str, value: str, _: RequestContext) -> bool:
        limit, actual = parse(expected), parse(value)
        return compare(actual, limit)

    return holds


_ORDERS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}

COMPARISONS: dict[str, Comparison] = {
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _equal_ignoring_case,
    "IpAddress": _in_network,
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": matches_wildcard,
    **{
        f"{prefix}{name}": _ordered(parse, compare)
        for prefix, parse in (("Numeric", _number), ("Date", _date))
        for name, compare in _ORDERS.items()
    },
}
NEGATED = {
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
}
"""Negated operators and what they negate. A negated operator also matches if the key is absent."""
