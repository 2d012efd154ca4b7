"""How each condition operator compares one value of a policy with one of a request.

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

    Comparison = Callable[[str, str, RequestContext], bool]

# A colon of the ARN, not one of a variable in it.
_COLON = re.compile(r":(?![^{]*\})")


def _literally(pattern: str, context: RequestContext) -> str | None:
    tokens = context.tokens(pattern)
    return None if tokens is None else "".join(text for text, _ in tokens)


def _equal(wanted: str, value: str, context: RequestContext) -> bool:
    return _literally(wanted, context) == value


def _equal_ignoring_case(wanted: str, value: str, context: RequestContext) -> bool:
    literal = _literally(wanted, context)
    return literal is not None and literal.lower() == value.lower()


def _arn_like(wanted: str, value: str, context: RequestContext) -> bool:
    """Compare the six parts of two ARNs one by one: a wildcard does not reach over a colon."""
    patterns, parts = _COLON.split(wanted, maxsplit=5), value.split(":", maxsplit=5)
    return len(patterns) == len(parts) and all(
        matches_wildcard(pattern, part, context) for pattern, part in zip(patterns, parts, strict=True)
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise TemplateError(f"a policy compares a number with {text!r}") from None


def _date(text: str) -> datetime:
    """A time as ISO 8601 or in seconds since 1970, in UTC if it does not say."""
    try:
        given = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise TemplateError(f"a policy compares a time with {text!r}") from None
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def _in_network(wanted: str, value: str, _: RequestContext) -> bool:
    try:
        return ip_address(value) in ip_network(wanted, strict=False)
    except ValueError:
        raise TemplateError(f"a policy compares the address {value!r} with {wanted!r}") from None


def _ordered(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Comparison:
    def test(wanted: str, value: str, _: RequestContext) -> bool:
        # Both are read first, so that a bad one is told of.
        limit, given = read(wanted), read(value)
        return compare(given, limit)

    return test


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
        f"{kind}{name}": _ordered(read, compare)
        for kind, read in (("Numeric", _number), ("Date", _date))
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
"""Each holds where the other does not, and where the key is absent."""
