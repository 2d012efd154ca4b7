"""How complex the wildcards of an event pattern are to EventBridge, which refuses a rule that is too complex.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching-complexity
gives no number. The count is that of AWS's own matcher, MachineComplexityEvaluator of event-ruler: the most positions
in all the wildcards of a field that a value can be at simultaneously.

For ``*ab*`` and ``*b`` as alternatives of one field, take the value "abb". A position is the wildcard and how many of
its characters are matched:

- Before the first letter both wildcards are at their star, which may also match nothing: positions 0 and 1 of each.
- After "a": position 0 of ``*ab*`` (the star matched it), position 2 of ``*ab*`` (the a is matched) and position 0 of
  ``*b``. That is 3.
- After "ab": position 0 of ``*ab*``, position 3 of it (ab is matched), position 0 of ``*b`` and position 2 of it (the b
  is matched). That is 4.
- After "abb": the same 4, as the last star of ``*ab*`` matches the second b.

No value has more, so the complexity is 4. ``_complexity`` visits every set of positions that some value leads to, once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

_OTHER_LETTER = "\0"
"""Stands for every letter that is in no wildcard."""
_MOST_STATES = 10_000
"""A field with more states than this is far too complex, so the others need not be visited."""

_Position = tuple[int, int]  # index of the wildcard, index of a character in it


def complexity(pattern: Mapping[str, Any]) -> int:
    """The complexity of a pattern's most complex field, with all alternatives together; 0 without a wildcard."""
    wildcards_by_field: defaultdict[str, set[str]] = defaultdict(set)
    for field, wildcard in _wildcards(pattern, ""):
        wildcards_by_field[field].add(wildcard)
    return max((_complexity(tuple(sorted(wildcards))) for wildcards in wildcards_by_field.values()), default=0)


def _wildcards(node: Any, field: str) -> Iterator[tuple[str, str]]:
    """Every wildcard of a pattern with its field."""
    if isinstance(node, list):
        for element in node:
            yield from _wildcards(element, field)
    elif isinstance(node, Mapping):
        for name, value in node.items():
            if name == "wildcard" and not isinstance(value, Mapping):
                yield from ((field, wildcard) for wildcard in (value if isinstance(value, list) else [value]))
            else:
                yield from _wildcards(value, field if name in ("$or", "anything-but") else f"{field}.{name}")


@lru_cache(256)  # a rule is the same in every region
def _complexity(wildcards: tuple[str, ...]) -> int:
    letters = set("".join(wildcards)) - {"*"} | {_OTHER_LETTER}
    start = _with_empty_stars(wildcards, {(index, 0) for index in range(len(wildcards))})
    visited, unvisited, most = {start}, [start], 0
    while unvisited and len(visited) < _MOST_STATES:
        state = unvisited.pop()
        for letter in letters:
            reached = {after for position in state for after in _positions_after(wildcards, position, letter)}
            most = max(most, len(reached))
            next_state = _with_empty_stars(wildcards, reached)
            if next_state and next_state not in visited:
                visited.add(next_state)
                unvisited.append(next_state)
    return most


def _positions_after(wildcards: tuple[str, ...], position: _Position, letter: str) -> Iterator[_Position]:
    """Where a letter of the value leads: a star stays where it is, an equal letter moves on, another one ends it."""
    wildcard, index = position
    expected = wildcards[wildcard][index : index + 1]
    if expected == "*":
        yield position
    elif expected == letter:
        yield wildcard, index + 1


def _with_empty_stars(wildcards: tuple[str, ...], positions: set[_Position]) -> frozenset[_Position]:
    """The positions and those behind a star, which may match nothing."""
    behind = {(wildcard, index + 1) for wildcard, index in positions if wildcards[wildcard][index : index + 1] == "*"}
    return frozenset(positions | behind)
