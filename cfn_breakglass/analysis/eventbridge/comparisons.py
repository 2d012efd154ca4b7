"""How EventBridge compares numbers, IP addresses and text, as in https://github.com/aws/event-ruler."""

from __future__ import annotations

import ipaddress
import operator
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cfn_breakglass.errors import PatternError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LARGEST = 5_000_000_000
_MILLION = 1_000_000
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]*")
_NETWORK = re.compile(r"([0-9a-fA-F:.]+)/([0-9]{1,3})")
_WILDCARD = re.compile(r"(?:\\[*\\]|[^\\*]|\*(?!\*))*", re.DOTALL)
_WILDCARD_PART = re.compile(r"\\[*\\]|\*|[^\\*]+")


def is_number(value: Any) -> bool:
    """Whether a decoded JSON value is a number; in Python true and false are numbers, too."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def to_millionths(value: Any) -> int | None:
    """A number in millionths, so that 300, 300.0 and 3.0e2 are equal; None beyond 5e9 or with over six decimals."""
    if not is_number(value) or not -_LARGEST <= value <= _LARGEST:
        return None
    scaled = Decimal(repr(value)) * _MILLION
    return int(scaled) if scaled == int(scaled) else None


def parse_number(value: Any) -> int:
    """A number of a pattern in millionths; PatternError if EventBridge could not compare with it."""
    millionths = to_millionths(value)
    if millionths is None:
        raise PatternError(f"{value!r} is not a number within 5e9 of zero with up to six decimals")
    return millionths


def number_equals(expected: float) -> Callable[[Any], bool]:
    """Test for the same number. One too large to compare, such as an account ID, has to be written the same."""
    millionths, literal = to_millionths(expected), repr(expected)

    def accepts(value: Any) -> bool:
        return is_number(value) and (
            repr(value) == literal or (millionths is not None and to_millionths(value) == millionths)
        )

    return accepts


def numeric_range(operand: Sequence[Any]) -> Callable[[Any], bool]:
    """Test for ``numeric``'s list: one sign and number, or a range from > or >= up to < or <=."""
    signs, numbers = tuple(operand[::2]), [parse_number(value) for value in operand[1::2]]
    if signs in {(low, high) for low in (">", ">=") for high in ("<", "<=")}:
        if numbers[0] >= numbers[1]:
            raise PatternError(f"numeric has its range upside down: {list(operand)}")
    elif signs not in {("=",), ("<",), ("<=",), (">",), (">=",)}:
        raise PatternError(f"numeric cannot have the signs {', '.join(map(str, signs))}")
    comparisons = [(_COMPARISONS[sign], limit) for sign, limit in zip(signs, numbers, strict=True)]

    def accepts(value: Any) -> bool:
        millionths = to_millionths(value)
        return millionths is not None and all(compare(millionths, limit) for compare, limit in comparisons)

    return accepts


_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """``text`` as an IP address; None if it is not one."""
    try:
        return ipaddress.ip_address(text) if _ADDRESS.fullmatch(text) else None
    except ValueError:
        return None


def cidr_contains(text: str) -> Callable[[str], bool]:
    """Test for addresses in a CIDR block, with a mask up to /31 or /127; host bits are ignored."""
    match = _NETWORK.fullmatch(text)
    base = parse_address(match[1]) if match else None
    if match is None or base is None or int(match[2]) >= base.max_prefixlen:
        raise PatternError(f"cidr takes a block like 10.0.0.0/24, with a mask up to /31 (IPv6: /127), not {text!r}")
    block = ipaddress.ip_network(text, strict=False)

    def accepts(value: str) -> bool:
        address = parse_address(value)
        return address is not None and address in block

    return accepts


def any_case_regex(text: str) -> str:
    """A regex for ``text`` in any letter case, letter by letter as in event-ruler: k does not match the Kelvin sign."""
    letters = ({letter, letter.lower(), letter.upper()} for letter in text)
    return "".join(f"(?:{'|'.join(map(re.escape, sorted(forms)))})" for forms in letters)


def wildcard_regex(text: str) -> str:
    r"""A regex for a wildcard: * is any text, \* and \\ are themselves; ** and other escapes are refused."""
    if not _WILDCARD.fullmatch(text):
        raise PatternError(rf"wildcard {text!r} has ** or a backslash that belongs to no \* or \\")
    parts = _WILDCARD_PART.findall(text)
    return "".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts)
