"""How EventBridge compares numbers, addresses and text; as https://github.com/aws/event-ruler does it."""

from __future__ import annotations

import ipaddress
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
    """Say whether a decoded JSON value is a number; to Python true and false are, too."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def to_millionths(value: Any) -> int | None:
    """Make 300, 300.0 and 3.0e2 equal, in millionths; None beyond 5e9, or with more than six decimals."""
    if not is_number(value) or not -_LARGEST <= value <= _LARGEST:
        return None
    scaled = Decimal(repr(value)) * _MILLION
    return int(scaled) if scaled == int(scaled) else None


def parse_number(value: Any) -> int:
    """Read a number of a pattern; PatternError if EventBridge could not compare with it."""
    found = to_millionths(value)
    if found is None:
        raise PatternError(f"{value!r} is not a number within 5e9 of zero with up to six decimals")
    return found


def number_equals(wanted: float) -> Callable[[Any], bool]:
    """Equal as numbers or, like an account ID that is too large to compare, to the letter."""
    value, literal = to_millionths(wanted), repr(wanted)

    def accepts(found: Any) -> bool:
        return is_number(found) and (repr(found) == literal or (value is not None and to_millionths(found) == value))

    return accepts


def numeric_range(operand: Sequence[Any]) -> Callable[[Any], bool]:
    """Read ``numeric``'s list: one sign and number, or a range from > or >= up to < or <=."""
    signs, numbers = tuple(operand[::2]), [parse_number(value) for value in operand[1::2]]
    if signs in {(low, high) for low in (">", ">=") for high in ("<", "<=")}:
        if numbers[0] >= numbers[1]:
            raise PatternError(f"numeric has its range upside down: {list(operand)}")
    elif signs not in {("=",), ("<",), ("<=",), (">",), (">=",)}:
        raise PatternError(f"numeric cannot have the signs {', '.join(map(str, signs))}")
    tests = [_SIGNS[sign](value) for sign, value in zip(signs, numbers, strict=True)]

    def accepts(found: Any) -> bool:
        value = to_millionths(found)
        return value is not None and all(test(value) for test in tests)

    return accepts


# int's own methods, bound to the pattern's number: that number is the left operand.
_SIGNS: dict[str, Callable[[int], Callable[[int], bool]]] = {
    "=": lambda wanted: wanted.__eq__,
    "<": lambda wanted: wanted.__gt__,
    "<=": lambda wanted: wanted.__ge__,
    ">": lambda wanted: wanted.__lt__,
    ">=": lambda wanted: wanted.__le__,
}


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read what looks like an address; None for anything else."""
    try:
        return ipaddress.ip_address(text) if _ADDRESS.fullmatch(text) else None
    except ValueError:
        return None


def cidr_contains(text: str) -> Callable[[str], bool]:
    """Read a CIDR block, masks up to /31 and /127, host bits ignored."""
    parts = _NETWORK.fullmatch(text)
    base = parse_address(parts[1]) if parts else None
    if parts is None or base is None or int(parts[2]) >= base.max_prefixlen:
        raise PatternError(f"cidr takes a block like 10.0.0.0/24, with a mask up to /31 (IPv6: /127), not {text!r}")
    block = ipaddress.ip_network(text, strict=False)

    def accepts(value: str) -> bool:
        found = parse_address(value)
        return found is not None and found in block

    return accepts


def any_case_regex(text: str) -> str:
    """Write a regex for ``text`` in any case, letter by letter as event-ruler: a k is no Kelvin sign."""
    letters = ({letter, letter.lower(), letter.upper()} for letter in text)
    return "".join(f"(?:{'|'.join(map(re.escape, sorted(forms)))})" for forms in letters)


def wildcard_regex(text: str) -> str:
    r"""Write a regex for a wildcard: * is any text, \* and \\ are themselves, ** and other escapes refused."""
    if not _WILDCARD.fullmatch(text):
        raise PatternError(rf"wildcard {text!r} has ** or a backslash that belongs to no \* or \\")
    parts = _WILDCARD_PART.findall(text)
    return "".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts)
