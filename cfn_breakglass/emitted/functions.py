"""The intrinsic functions that need nothing but their arguments, once these are resolved.

Each takes the resolved argument and raises ValueError for one CloudFormation would refuse.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def text(value: Any) -> str:
    """Spell a scalar as CloudFormation does where it wants text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"{value!r} is not text")


def exactly(count: int, argument: Any) -> list[Any]:
    """``argument`` if it is a list of ``count``."""
    if len(items(argument)) != count:
        raise ValueError(f"a list of {count} is wanted, not {argument!r}")
    return items(argument)


def items(argument: Any) -> list[Any]:
    if not isinstance(argument, list):
        raise ValueError(f"{argument!r} is not a list")  # noqa: TRY004 - the one error of this module
    return argument


def join(argument: Any) -> str:
    separator, parts = exactly(2, argument)
    return text(separator).join(text(part) for part in items(parts))


def split(argument: Any) -> list[str]:
    separator, whole = exactly(2, argument)
    return text(whole).split(text(separator))


def select(argument: Any) -> Any:
    index, choices = exactly(2, argument)
    position, values = text(index), items(choices)
    if not position.isdecimal() or int(position) >= len(values):
        raise ValueError(f"there is no item {position} in {values!r}")
    return values[int(position)]


def equals(argument: Any) -> bool:
    left, right = exactly(2, argument)
    return text(left) == text(right)


def contains(argument: Any) -> bool:
    choices, wanted = exactly(2, argument)
    return wanted in items(choices)


VALUES: dict[str, Callable[[Any], Any]] = {"Fn::Join": join, "Fn::Select": select, "Fn::Split": split}
TESTS: dict[str, Callable[[Any], bool]] = {"Fn::Contains": contains, "Fn::Equals": equals}
