"""One field of a pattern against an event, and several of them within the elements of an array."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.text_layout import shorten

if TYPE_CHECKING:
    from cfn_breakglass.analysis.eventbridge.operators import Predicate

_ABSENT = object()
_SELECTIVE = ("source", "detail.eventName")
_SHOWN = 240

FieldPath = tuple[str, ...]
ValuePath = tuple[str | int, ...]
# The element chosen of each array, by the array's trail from the top of the event.
ChosenElements = dict[ValuePath, int]
# True, False, or None: there is an array, so ask ``agree``.
QuickCheck = Callable[[Mapping[str, Any]], bool | None]


@dataclass(frozen=True, eq=False)
class FieldMatcher:
    """What a pattern wants of one field: one of ``texts``, any of ``tests``, or its absence."""

    path: FieldPath
    texts: frozenset[str]
    predicates: tuple[Predicate, ...]
    accepts_absence: bool
    description: str

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def cost(self) -> tuple[bool, bool, int]:
        """What to ask first: the field that turns most events away for a look-up or two."""
        return bool(self.predicates) or self.accepts_absence, self.name not in _SELECTIVE, len(self.path)

    def accepts(self, value: Any) -> bool:
        return (isinstance(value, str) and value in self.texts) or any(test(value) for test in self.predicates)


def compile_quick_check(leaf: FieldMatcher) -> QuickCheck:
    """Compile the quick answer for events without an array at the leaf's path."""
    *parents, last = leaf.path
    texts, tests, absent = leaf.texts, leaf.predicates, leaf.accepts_absence

    def check(event: Mapping[str, Any]) -> bool | None:
        node: Any = event
        for step in parents:
            node = node.get(step)
            if not isinstance(node, dict):
                return None if isinstance(node, list) else absent
        value = node.get(last, _ABSENT)
        if isinstance(value, str) and value in texts:
            return True
        if value is _ABSENT or isinstance(value, dict):  # an object is no field, only what it holds
            return absent
        if isinstance(value, list):
            return None
        for test in tests:  # noqa: SIM110 - any() builds a generator, too slow for what runs for every record
            if test(value):
                return True
        return False

    return check


def matches_in_arrays(event: Mapping[str, Any], leaves: tuple[FieldMatcher, ...], chosen: ChosenElements) -> bool:
    """Whether every leaf matches within the array elements ``chosen`` so far."""
    if not leaves:
        return True
    leaf, rest = leaves[0], leaves[1:]
    reachable = [(value, place) for value, place in _values(event, leaf.path) if _fits(place, chosen)]
    if leaf.accepts_absence and not reachable:
        return matches_in_arrays(event, rest, chosen)
    places = (place for value, place in reachable if leaf.accepts(value))
    distinct = {frozenset(place.items()): place for place in places}
    return any(matches_in_arrays(event, rest, chosen | place) for place in distinct.values())


def _fits(place: ChosenElements, chosen: ChosenElements) -> bool:
    return all(chosen.get(array, index) == index for array, index in place.items())


def _values(
    node: Any, path: FieldPath, trail: ValuePath = (), place: ChosenElements | None = None
) -> Iterator[tuple[Any, ChosenElements]]:
    """Give every value at ``path``, arrays opened, with the array elements it lies in."""
    place = place or {}
    if isinstance(node, list):
        for index, element in enumerate(node):
            # As in event-ruler a plain value may go with any other; what holds fields is bound to its place.
            bound = {**place, trail: index} if isinstance(element, dict | list) else place
            yield from _values(element, path, (*trail, index), bound)
    elif isinstance(node, Mapping):
        if path and path[0] in node:
            yield from _values(node[path[0]], path[1:], (*trail, path[0]), place)
    elif not path:
        yield node, place


def describe_field(event: Mapping[str, Any], path: FieldPath) -> str:
    """Say what the event has at ``path``, in words that follow "the field is"."""
    values = [value for value, _ in _values(event, path)]
    if values:
        text = json.dumps(values if len(values) > 1 else values[0], default=str)
        return shorten(text, _SHOWN)
    node: Any = event
    for depth, step in enumerate(path, 1):
        if step not in node:
            return "absent"
        node = node[step]
        if not isinstance(node, Mapping):
            return "absent" if depth == len(path) else f"absent, as {'.'.join(path[:depth])} is {json.dumps(node)}"
    return "an object"
