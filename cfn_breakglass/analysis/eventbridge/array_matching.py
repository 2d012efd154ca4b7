"""The thorough path of pattern matching: fields of an event with arrays.

Fields that lie in an array have to match within one of its elements; event-ruler calls this array consistency. The
pattern ``{"tags": {"key": ["team"], "value": ["red"]}}`` does not match the event::

    {"tags": [{"key": "team", "value": "blue"}, {"key": "site", "value": "red"}]}

because no single element has both. ``matches_in_arrays`` takes the fields one after the other and remembers the
element that it chose of each array. Here ``key`` chooses element 0 of ``tags``: ``{("tags",): 0}``. Then ``value`` is
"red" only in element 1, which contradicts the choice, and as no other element has the key, the answer is False.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cfn_breakglass.analysis.eventbridge.field_matcher import FieldMatcher, FieldPath
from cfn_breakglass.text_layout import shorten

ValuePath = tuple[str | int, ...]
"""Names and array indexes from the top of the event."""
ChosenElements = dict[ValuePath, int]
"""The index of the element chosen in each array, by the path of the array."""

_LONGEST_DESCRIPTION = 240


def matches_in_arrays(
    event: Mapping[str, Any], matchers: tuple[FieldMatcher, ...], chosen: ChosenElements | None = None
) -> bool:
    """Whether every field matches within the array elements that are ``chosen`` already."""
    if not matchers:
        return True
    chosen = chosen or {}
    matcher, others = matchers[0], matchers[1:]
    reachable = [
        (value, elements) for value, elements in _values_at(event, matcher.path) if _is_consistent(elements, chosen)
    ]
    if matcher.accepts_absence and not reachable:
        return matches_in_arrays(event, others, chosen)
    accepted = (elements for value, elements in reachable if matcher.accepts(value))
    distinct = {frozenset(elements.items()): elements for elements in accepted}
    return any(matches_in_arrays(event, others, chosen | elements) for elements in distinct.values())


def describe_field(event: Mapping[str, Any], path: FieldPath) -> str:
    """Say what the event has at ``path``, in words that follow "the field is"."""
    values = [value for value, _ in _values_at(event, path)]
    if values:
        text = json.dumps(values if len(values) > 1 else values[0], default=str)
        return shorten(text, _LONGEST_DESCRIPTION)
    node: Any = event
    for depth, name in enumerate(path, 1):
        if name not in node:
            return "absent"
        node = node[name]
        if not isinstance(node, Mapping):
            return "absent" if depth == len(path) else f"absent, as {'.'.join(path[:depth])} is {json.dumps(node)}"
    return "an object"


def _is_consistent(elements: ChosenElements, chosen: ChosenElements) -> bool:
    return all(chosen.get(array, index) == index for array, index in elements.items())


def _values_at(
    node: Any, path: FieldPath, position: ValuePath = (), elements: ChosenElements | None = None
) -> Iterator[tuple[Any, ChosenElements]]:
    """Every value at ``path``, in all elements of arrays, each with the array elements that it lies in."""
    elements = elements or {}
    if isinstance(node, list):
        for index, element in enumerate(node):
            # As in event-ruler, only an element that holds fields is chosen; plain values combine with any other.
            inside = {**elements, position: index} if isinstance(element, dict | list) else elements
            yield from _values_at(element, path, (*position, index), inside)
    elif isinstance(node, Mapping):
        if path and path[0] in node:
            yield from _values_at(node[path[0]], path[1:], (*position, path[0]), elements)
    elif not path:
        yield node, elements
