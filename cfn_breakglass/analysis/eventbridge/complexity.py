"""How complex the wildcards of an event pattern are to EventBridge, which refuses a rule that is too complex.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching-complexity
gives no number. The count is that of AWS's own matcher, MachineComplexityEvaluator of event-ruler: in how many places
of all the wildcards of a field a value can be at once, at worst.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

_OTHER = "\0"
# The states of a pattern that is far too complex are too many to visit; by then the answer is known.
_ENOUGH = 10_000

_Place = tuple[int, int]  # which wildcard, how far into it


def complexity(pattern: Mapping[str, Any]) -> int:
    """The complexity of a pattern's most complex field, all alternatives taken together; 0 without a wildcard."""
    fields: defaultdict[str, set[str]] = defaultdict(set)
    for field, wildcard in _wildcards(pattern, ""):
        fields[field].add(wildcard)
    return max((_of(tuple(sorted(wildcards))) for wildcards in fields.values()), default=0)


def _wildcards(node: Any, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for item in node:
            yield from _wildcards(item, field)
    elif isinstance(node, Mapping):
        for name, held in node.items():
            if name == "wildcard" and not isinstance(held, Mapping):
                yield from ((field, each) for each in (held if isinstance(held, list) else [held]))
            else:
                yield from _wildcards(held, field if name in ("$or", "anything-but") else f"{field}.{name}")


@lru_cache(256)  # the same in every region
def _of(wildcards: tuple[str, ...]) -> int:
    letters = set("".join(wildcards)) - {"*"} | {_OTHER}
    start = _with_stars_passed(wildcards, {(index, 0) for index in range(len(wildcards))})
    seen, waiting, most = {start}, [start], 0
    while waiting and len(seen) < _ENOUGH:
        places = waiting.pop()
        for letter in letters:
            reached = {after for place in places for after in _after(wildcards, place, letter)}
            most = max(most, len(reached))
            following = _with_stars_passed(wildcards, reached)
            if following and following not in seen:
                seen.add(following)
                waiting.append(following)
    return most


def _after(wildcards: tuple[str, ...], place: _Place, letter: str) -> Iterator[_Place]:
    index, at = place
    here = wildcards[index][at : at + 1]
    if here == "*":
        yield place
    elif here == letter:
        yield index, at + 1


def _with_stars_passed(wildcards: tuple[str, ...], places: set[_Place]) -> frozenset[_Place]:
    passed = {(index, at + 1) for index, at in places if wildcards[index][at : at + 1] == "*"}
    return frozenset(places | passed)
