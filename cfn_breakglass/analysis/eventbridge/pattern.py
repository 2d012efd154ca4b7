"""Whether an event pattern matches an event, as EventBridge decides it, and why not.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html, and where that says
nothing https://github.com/aws/event-ruler, AWS's own matcher. Two things differ from event-ruler: a name with a dot in
an *event* is not read as a path, and a wildcard is never refused as too complex.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from cfn_breakglass.analysis.eventbridge.array_matching import describe_field, matches_in_arrays
from cfn_breakglass.analysis.eventbridge.field_matcher import FieldMatcher, FieldPath
from cfn_breakglass.analysis.eventbridge.operators import compile_value
from cfn_breakglass.analysis.eventbridge.quick_check import all_hold, quick_checks
from cfn_breakglass.errors import PatternError

_OR = "$or"
_MOST_COMBINATIONS = 1_000
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"""
_RESERVED_IN_OR = frozenset(
    (
        *("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric"),
        *("cidr", "html", "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"),
        *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
        *("ip-address-in-range", "ip-address-not-in-range"),
    )
)
"""RESERVED_FIELD_NAMES_IN_OR_RELATIONSHIP of event-ruler."""

_Branch = dict[FieldPath, FieldMatcher]


@dataclass(frozen=True)
class Mismatch:
    """A field because of which an event does not match: its value, and what the pattern wants it to be."""

    path: str
    actual: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path} is {self.actual}; the pattern wants it {self.expected}"


class ComparedField(NamedTuple):
    """A field of an event compared with the pattern."""

    path: str
    actual: str
    expected: str
    matches: bool


class Pattern:
    """A compiled event pattern: ``branches`` are its alternatives, ``fields`` the dotted paths that it reads.

    Events are what ``json.loads`` returns. Each alternative is checked by ``quick_check`` first. If an array is in the
    way, ``array_matching`` decides.
    """

    def __init__(self, branches: list[_Branch]) -> None:
        # Fields outside of $or are the same in every alternative, and are checked once.
        shared = [
            matcher for path, matcher in branches[0].items() if all(branch.get(path) is matcher for branch in branches)
        ]
        self._shared = quick_checks(shared)
        # In the order of their paths, as in event-ruler: a field is absent within the elements chosen for those before.
        self.branches = tuple(tuple(sorted(branch.values(), key=lambda matcher: matcher.name)) for branch in branches)
        own = [quick_checks(matcher for matcher in branch if matcher not in shared) for branch in self.branches]
        self._own = list(zip(own, self.branches, strict=True))
        self.fields = tuple(sorted({matcher.name for branch in self.branches for matcher in branch}))

    def matches(self, event: Mapping[str, Any]) -> bool:
        shared = all_hold(self._shared, event)
        if shared is False:
            return False
        for checks, matchers in self._own:
            own = all_hold(checks, event)
            if (own and shared) or (own is not False and matches_in_arrays(event, matchers)):
                return True
        return False

    def overlaps(self, other: Pattern) -> bool:
        """Whether an event may match both: an alternative of each agrees in every field that both read."""
        return any(_may_agree(branch, other) for branch in self.branches)

    def is_covered(self, others: Iterable[Pattern]) -> bool:
        """Whether for each alternative an event may match it and one of the others."""
        patterns = list(others)
        return all(any(_may_agree(branch, other) for other in patterns) for branch in self.branches)

    def compare(self, event: Mapping[str, Any]) -> tuple[ComparedField, ...]:
        """Compare ``event`` with every field of the ``$or`` alternative that is nearest to matching."""
        alternatives = [tuple(_compare(matcher, event) for matcher in branch) for branch in self.branches]
        return min(alternatives, key=_distance)

    def explain(self, event: Mapping[str, Any]) -> tuple[Mismatch, ...]:
        """Why ``event`` does not match, by the ``$or`` alternative nearest to matching; empty if it matches."""
        if self.matches(event):
            return ()
        fields = self.compare(event)
        mismatches = tuple(Mismatch(field.path, field.actual, field.expected) for field in fields if not field.matches)
        if mismatches:
            return mismatches
        names = " + ".join(field.path for field in fields)
        return (Mismatch(names, "right only across elements of an array", "to be right within one"),)


def compile_pattern(pattern: Mapping[str, Any]) -> Pattern:
    """Compile an event pattern; PatternError for what EventBridge refuses and for unsupported operators."""
    return _compile(_PatternText(repr(pattern), pattern))


@dataclass(frozen=True)
class _PatternText:
    """A pattern, to be found by its text: most regions have the same patterns."""

    text: str
    pattern: Mapping[str, Any] = field(compare=False)


@lru_cache(maxsize=256)
def _compile(pattern_text: _PatternText) -> Pattern:
    pattern = pattern_text.pattern
    try:
        return Pattern(_branches(pattern, (), alternatives=True))
    except PatternError as error:
        # Before giving up event-ruler reads a pattern again with $or as the name of a field.
        try:
            return Pattern(_branches(pattern, (), alternatives=False))
        except PatternError:
            raise error from None


def _branches(pattern: Any, path: FieldPath, *, alternatives: bool, inside_or: bool = False) -> list[_Branch]:
    """Expand a pattern into its alternatives: all fields of one of them have to match.

    ``{"a": [1], "$or": [{"b": [2]}, {"c": [3]}]}`` has the alternatives a and b, and a and c.
    """
    name = ".".join(path) or "the pattern"
    if not isinstance(pattern, Mapping) or not pattern:
        raise PatternError(f"{name} must be an object with a field or more")
    branches: list[_Branch] = [{}]
    for key, node in pattern.items():
        if not isinstance(key, str) or (inside_or and key in _RESERVED_IN_OR):
            raise PatternError(f"{name} cannot have a field called {key!r}")
        if key == _OR and alternatives:
            options = [
                branch
                for alternative in _alternatives(node, name)
                for branch in _branches(alternative, path, alternatives=True, inside_or=True)
            ]
        elif isinstance(node, Mapping):
            options = _branches(node, _extended(path, key), alternatives=alternatives, inside_or=inside_or)
        else:
            matcher = _field_matcher(node, _extended(path, key))
            options = [{matcher.path: matcher}]
        if len(branches) * len(options) > _MOST_COMBINATIONS:
            raise PatternError(f"{name} has more than {_MOST_COMBINATIONS:,} combinations of $or")
        branches = [_joined(branch, option) for branch in branches for option in options]
    return branches


def _extended(path: FieldPath, name: str) -> FieldPath:
    # event-ruler joins names with dots, so to it {"a.b": ..} and {"a": {"b": ..}} are the same.
    return (*path, *name.split("."))


def _alternatives(node: Any, name: str) -> list[Any]:
    if not isinstance(node, list) or len(node) <= 1 or not all(isinstance(option, Mapping) for option in node):
        raise PatternError(f"$or in {name} must be a list of two or more objects")
    return node


def _field_matcher(node: Any, path: FieldPath) -> FieldMatcher:
    name = ".".join(path)
    if not isinstance(node, list) or not node:
        raise PatternError(f"{name} must be an object, or a list of one value or more")
    try:
        values = [compile_value(value) for value in node]
    except PatternError as error:
        raise PatternError(f"{name}: {error}") from None
    return FieldMatcher(
        path,
        texts=frozenset(value.text for value in values if value.text is not None),
        predicates=tuple(value.accepts for value in values if value.text is None and not value.accepts_absence),
        accepts_absence=any(value.accepts_absence for value in values),
        description=" or ".join(value.description for value in values),
    )


def _joined(left: _Branch, right: _Branch) -> _Branch:
    for path in left.keys() & right.keys():
        raise PatternError(f"{'.'.join(path)} is in the pattern more than once; EventBridge keeps one or refuses both")
    return left | right


def _compare(matcher: FieldMatcher, event: Mapping[str, Any]) -> ComparedField:
    actual = describe_field(event, matcher.path)
    return ComparedField(matcher.name, actual, matcher.description, matches_in_arrays(event, (matcher,)))


def _may_agree(branch: tuple[FieldMatcher, ...], other: Pattern) -> bool:
    """Whether an alternative of the other pattern agrees with the branch in every field that both read."""
    fields = {matcher.path: matcher for matcher in branch}
    return any(
        all(matcher.path not in fields or matcher.agrees_with(fields[matcher.path]) for matcher in alternative)
        for alternative in other.branches
    )


def _distance(fields: tuple[ComparedField, ...]) -> tuple[int, int]:
    """How many fields do not match, and how many of these are absent and so say the least."""
    mismatches = [field for field in fields if not field.matches]
    return len(mismatches), sum(field.actual.startswith("absent") for field in mismatches)
