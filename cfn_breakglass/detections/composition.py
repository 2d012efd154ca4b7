"""Two event patterns in one: the pattern that matches just the events that both of them match.

An edge pattern says whose an event is and a central pattern says what it is. Where both have to stand in one rule they
are composed here, and written nowhere again.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from troposphere import encode_to_dict

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.handler_ownership import CLOUDFORMATION, is_of_services
from cfn_breakglass.aws.pattern_complexity import complexity

Pattern = Mapping[str, Any]
Item = TypeVar("Item")

_OR = "$or"


class CompositionError(ValueError):
    """No single pattern that we can write matches just what both match."""


class NothingInCommonError(CompositionError):
    """No event matches both patterns."""


def compose(edge: Pattern, kind: Pattern) -> dict[str, Any]:
    """The pattern that matches what ``edge`` and ``kind`` both match.

    Fields of one of them are taken as they are, nested fields are composed in turn, and of two lists of values for one
    field only the values that both take are left. A field outside of a ``$or`` moves into those of its alternatives
    that have the same field: EventBridge takes a field once in each combination.

    >>> edge = {"source": [{"prefix": "aws."}], "detail": {"userIdentity": {"arn": ["a"]}}}
    >>> compose(edge, {"source": ["aws.sts"], "detail": {"errorCode": [{"exists": False}]}})
    {'source': ['aws.sts'], 'detail': {'userIdentity': {'arn': ['a']}, 'errorCode': [{'exists': False}]}}
    """
    if _OR in edge and _OR in kind:
        # What the kind says of all events may leave one alternative of the edge, or none.
        edge = compose(edge, {name: value for name, value in kind.items() if name != _OR})
        kind = {_OR: kind[_OR]}
        if _OR in edge:
            raise CompositionError("both patterns have alternatives in one place")
    alternatives = edge.get(_OR) or kind.get(_OR)
    composed: dict[str, Any] = {}
    for name in dict.fromkeys((*edge, *kind)):
        if name == _OR:
            continue
        if name in edge and name in kind:
            composed[name] = _compose_field(edge[name], kind[name])
        else:
            composed[name] = edge[name] if name in edge else kind[name]
        if composed[name] == []:
            raise NothingInCommonError(f"nothing matches both in {name}")
    if alternatives is not None:
        composed[_OR] = list(alternatives)
        _share_with_alternatives(composed)
    return composed


def in_one_rule(edge: Pattern, kind: Pattern) -> dict[str, Any]:
    """The pattern of a rule that has to say whose an event is and what it is.

    It leaves out calls by name that no event of its sources can be.
    """
    composed = compose(edge, kind)
    detail = composed.get("detail", {})
    if "$or" not in detail:
        return composed
    alternatives = [_of_services(alternative, composed["source"]) for alternative in detail["$or"]]
    possible = [alternative for alternative in alternatives if alternative]
    shared = {name: value for name, value in detail.items() if name != "$or"}
    either = {**shared, "$or": possible} if len(possible) > 1 else compose(shared, possible[0])
    return {**composed, "detail": either}


def _of_services(alternative: Pattern, sources: list[Any]) -> Pattern:
    """The alternative with only those of its calls, if it lists any, that are calls of one of these services.

    Nothing if no event of these services can be one.
    """
    if alternative.get("eventSource") == [CLOUDFORMATION] and "aws.cloudformation" not in sources:
        return {}
    calls = alternative.get("eventName")
    if not isinstance(calls, list) or not all(isinstance(name, str) for name in (*calls, *sources)):
        return alternative
    possible = [call for call in calls if is_of_services(call, sources)]
    return {**alternative, "eventName": possible} if possible else {}


def patterns_that_fit(
    items: Iterable[Item], pattern_of: Callable[[list[Item]], dict[str, Any]], room: int
) -> list[dict[str, Any]]:
    """Patterns that together match what ``pattern_of`` all items matches.

    They are as few as ``room`` characters for each allow, and wildcards that EventBridge does not find too complex. A
    single item gets a pattern whatever its length.
    """
    parts: list[list[Item]] = []
    for item in items:
        if parts and _fits(pattern_of([*parts[-1], item]), room):
            parts[-1].append(item)
        else:
            parts.append([item])
    return [pattern_of(part) for part in parts]


def _fits(pattern: Pattern, room: int) -> bool:
    return len(_text(pattern)) <= room and complexity(encode_to_dict(pattern)) <= limits.COMPLEXITY.maximum


def _compose_field(edge: Any, kind: Any) -> Any:
    if isinstance(edge, Mapping) and isinstance(kind, Mapping):
        return compose(edge, kind)
    if isinstance(edge, Mapping) or isinstance(kind, Mapping):
        raise CompositionError("one pattern has fields where the other has values")
    return _common_values(edge, kind)


def _share_with_alternatives(composed: dict[str, Any]) -> None:
    """Move each field that an alternative has too into all of them; leave out those that it contradicts."""
    shared = [
        name for name in composed if name != _OR and any(_overlap(composed, other, name) for other in composed[_OR])
    ]
    if not shared:
        return
    moved = {name: composed.pop(name) for name in shared}
    remaining = []
    for alternative in composed[_OR]:
        with suppress(NothingInCommonError):
            remaining.append(compose(moved, alternative))
    if not remaining:
        raise NothingInCommonError("nothing matches both in any alternative")
    composed[_OR] = remaining
    if len(remaining) == 1:
        del composed[_OR]
        composed |= compose(composed, remaining[0])


def _overlap(outside: Pattern, alternative: Pattern, name: str) -> bool:
    """Whether a field stands outside of the alternatives and, down to its values, in one of them too."""
    if name not in alternative:
        return False
    first, second = outside[name], alternative[name]
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return any(_overlap(either, second, inner) for either in (first, *first.get(_OR, ())) for inner in either)
    return True


def _common_values(edge: list[Any], kind: list[Any]) -> list[Any]:
    """The values of one list that the other takes too."""
    if _same(edge, kind):
        return edge
    for values, other in ((kind, edge), (edge, kind)):
        matched = [_is_matched(value, other) for value in values]
        if None not in matched:
            return [value for value, is_matched in zip(values, matched, strict=True) if is_matched]
    if (first := _excluded_words(edge)) and (second := _excluded_words(kind)):
        return [{"anything-but": [*dict.fromkeys((*first, *second))]}]
    if len(edge) == len(kind) == 1:
        starts, more = _excluded_beginnings(edge[0]), _excluded_beginnings(kind[0])
        if starts and more:
            return [{"anything-but": {"prefix": [*dict.fromkeys((*starts, *more))]}}]
    raise CompositionError(f"cannot tell which values {_text(edge)} and {_text(kind)} share")


def _is_matched(value: Any, others: Iterable[Any]) -> bool | None:
    """Whether ``others`` match every event that ``value`` matches (True), or none of them (False); None: some."""
    results = [_relation(value, other) for other in others]
    return True if True in results else None if None in results else False


def _relation(value: Any, other: Any) -> bool | None:
    """Whether ``other`` matches every event that ``value`` matches (True), or none of them (False); None: some."""
    if _same(value, other):
        return True
    if isinstance(value, Mapping) and "exists" in value:
        other_exists = other.get("exists") if isinstance(other, Mapping) else None
        return False if value["exists"] is False or other_exists is False else None
    if isinstance(other, Mapping) and "exists" in other:
        return bool(other["exists"])
    if isinstance(value, str):
        return _matches_word(value, other)
    start = value.get("prefix") if isinstance(value, Mapping) else None
    return _matches_beginning(start, other) if isinstance(start, str) else None


def _matches_beginning(start: str, other: Any) -> bool | None:
    excluded, beginnings = _excluded_words([other]), _excluded_beginnings(other)
    if not (excluded or beginnings):
        return None
    if start.startswith(beginnings):
        return False
    return None if any(word.startswith(start) for word in (*excluded, *beginnings)) else True


def _matches_word(word: str, other: Any) -> bool | None:
    excluded, beginnings = _excluded_words([other]), _excluded_beginnings(other)
    if isinstance(other, str):
        return word == other
    if excluded:
        return word not in excluded
    if beginnings:
        return not word.startswith(beginnings)
    if isinstance(other, Mapping) and isinstance(other.get("prefix"), str):
        return word.startswith(other["prefix"])
    return None


def _excluded_words(values: list[Any]) -> list[str]:
    """The words of a lone ``anything-but`` that lists words; none for any other list of values."""
    if len(values) != 1 or not isinstance(values[0], Mapping):
        return []
    excluded = values[0].get("anything-but")
    words = [excluded] if isinstance(excluded, str) else excluded
    return list(words) if isinstance(words, list) and all(isinstance(word, str) for word in words) else []


def _excluded_beginnings(matcher: Any) -> tuple[str, ...]:
    """The beginnings that an ``anything-but`` with a list of prefixes excludes; none for any other matcher."""
    excluded = matcher.get("anything-but") if isinstance(matcher, Mapping) else None
    beginnings = excluded.get("prefix") if isinstance(excluded, Mapping) else None
    return tuple(beginnings) if isinstance(beginnings, list) else ()


def _same(first: Any, second: Any) -> bool:
    return _text(first) == _text(second)


def _text(value: Any) -> str:
    return json.dumps(encode_to_dict(value), separators=(",", ":"))
