"""Does this pattern match this event: EventBridge's answer, quickly, and why not.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html, and where that is
silent https://github.com/aws/event-ruler, AWS's own matcher. Not done as there: a name with a dot in an *event*
is not taken for a path, and wildcards are never too complex.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cfn_breakglass.analysis.eventbridge.field_matcher import (
    FieldMatcher,
    FieldPath,
    QuickCheck,
    compile_quick_check,
    describe_field,
    matches_in_arrays,
)
from cfn_breakglass.analysis.eventbridge.operators import compile_value
from cfn_breakglass.errors import PatternError

_OR = "$or"
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
_COMBINATIONS = 1_000
# RESERVED_FIELD_NAMES_IN_OR_RELATIONSHIP of event-ruler
_RESERVED = frozenset(
    (
        *("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric"),
        *("cidr", "html", "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"),
        *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
        *("ip-address-in-range", "ip-address-not-in-range"),
    )
)

_Branch = dict[FieldPath, FieldMatcher]


@dataclass(frozen=True)
class Mismatch:
    """A field that kept an event from matching: what it is, and what the pattern wants it to be."""

    path: str
    actual: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path} is {self.actual}; the pattern wants it {self.expected}"


class ComparedField(NamedTuple):
    """A field beside what the pattern wants of it."""

    path: str
    actual: str
    expected: str
    matches: bool


class Pattern:
    """A compiled event pattern: ``branches`` are its alternatives, ``fields`` the dotted paths it reads.

    Events are what ``json.loads`` makes of them. Fields that lie in an array have to match within one of its
    elements (event-ruler's array consistency).
    """

    def __init__(self, branches: list[_Branch]) -> None:
        shared = [leaf for path, leaf in branches[0].items() if all(other.get(path) is leaf for other in branches)]
        self._shared = _checks(shared)
        # In the order of their paths, as event-ruler goes: an absent field is absent beside those before it.
        self.branches = tuple(tuple(sorted(branch.values(), key=lambda leaf: leaf.name)) for branch in branches)
        own = [_checks(leaf for leaf in leaves if leaf not in shared) for leaves in self.branches]
        self._own = list(zip(own, self.branches, strict=True))
        self.fields = tuple(sorted({leaf.name for leaves in self.branches for leaf in leaves}))

    def matches(self, event: Mapping[str, Any]) -> bool:
        shared = _every(self._shared, event)
        if shared is False:
            return False
        for checks, leaves in self._own:
            own = _every(checks, event)
            if (own and shared) or (own is not False and matches_in_arrays(event, leaves, {})):
                return True
        return False

    def compare(self, event: Mapping[str, Any]) -> tuple[ComparedField, ...]:
        """Hold every field of the ``$or`` alternative that comes nearest against ``event``."""
        every = [tuple(_compared(leaf, event) for leaf in leaves) for leaves in self.branches]
        return min(every, key=_far)

    def explain(self, event: Mapping[str, Any]) -> tuple[Mismatch, ...]:
        """Say why ``event`` does not match, by the ``$or`` alternative that comes nearest; empty if it matches."""
        if self.matches(event):
            return ()
        rows = self.compare(event)
        wrong = tuple(Mismatch(row.path, row.actual, row.expected) for row in rows if not row.matches)
        if wrong:
            return wrong
        names = " + ".join(row.path for row in rows)
        return (Mismatch(names, "right only across elements of an array", "to be right within one"),)


def compile_pattern(pattern: Mapping[str, Any]) -> Pattern:
    """Compile an event pattern; PatternError for what EventBridge refuses and for operators not known here."""
    try:
        return Pattern(_branches(pattern, (), alternatives=True))
    except PatternError as error:
        # Like event-ruler, read it again with $or as the name of a field before giving up.
        try:
            return Pattern(_branches(pattern, (), alternatives=False))
        except PatternError:
            raise error from None


def _branches(pattern: Any, path: FieldPath, *, alternatives: bool, inside: bool = False) -> list[_Branch]:
    """Spell a pattern out as its alternatives, each a field-by-field conjunction."""
    where = ".".join(path) or "the pattern"
    if not isinstance(pattern, Mapping) or not pattern:
        raise PatternError(f"{where} must be an object with a field or more")
    branches: list[_Branch] = [{}]
    for name, wanted in pattern.items():
        if not isinstance(name, str) or (inside and name in _RESERVED):
            raise PatternError(f"{where} cannot have a field called {name!r}")
        if name == _OR and alternatives:
            options = [branch for each in _options(wanted, where) for branch in _alternative(each, path)]
        elif isinstance(wanted, Mapping):
            options = _branches(wanted, _below(path, name), alternatives=alternatives, inside=inside)
        else:
            leaf = _leaf(wanted, _below(path, name))
            options = [{leaf.path: leaf}]
        if len(branches) * len(options) > _COMBINATIONS:
            raise PatternError(f"{where} has more than {_COMBINATIONS:,} combinations of $or")
        branches = [_joined(one, other) for one in branches for other in options]
    return branches


def _below(path: FieldPath, name: str) -> FieldPath:
    # event-ruler joins names with dots, so to it {"a.b": ..} and {"a": {"b": ..}} are the same.
    return (*path, *name.split("."))


def _options(wanted: Any, where: str) -> list[Any]:
    if not isinstance(wanted, list) or len(wanted) <= 1 or not all(isinstance(each, Mapping) for each in wanted):
        raise PatternError(f"$or in {where} must be a list of two or more objects")
    return wanted


def _alternative(pattern: Any, path: FieldPath) -> list[_Branch]:
    return _branches(pattern, path, alternatives=True, inside=True)


def _leaf(wanted: Any, path: FieldPath) -> FieldMatcher:
    name = ".".join(path)
    if not isinstance(wanted, list) or not wanted:
        raise PatternError(f"{name} must be an object, or a list of one value or more")
    try:
        items = [compile_value(item) for item in wanted]
    except PatternError as error:
        raise PatternError(f"{name}: {error}") from None
    return FieldMatcher(
        path,
        texts=frozenset(item.text for item in items if item.text is not None),
        predicates=tuple(item.accepts for item in items if item.text is None and not item.accepts_absence),
        accepts_absence=any(item.accepts_absence for item in items),
        description=" or ".join(item.description for item in items),
    )


def _joined(one: _Branch, other: _Branch) -> _Branch:
    for path in one.keys() & other.keys():
        raise PatternError(f"{'.'.join(path)} is there more than once; EventBridge keeps one or refuses both")
    return one | other


def _compared(leaf: FieldMatcher, event: Mapping[str, Any]) -> ComparedField:
    return ComparedField(
        leaf.name, describe_field(event, leaf.path), leaf.description, matches_in_arrays(event, (leaf,), {})
    )


def _far(rows: tuple[ComparedField, ...]) -> tuple[int, int]:
    """How many fields are wrong, and how many of these are not even there and so say the least."""
    wrong = [row for row in rows if not row.matches]
    return len(wrong), sum(row.actual.startswith("absent") for row in wrong)


def _checks(leaves: Iterable[FieldMatcher]) -> tuple[QuickCheck, ...]:
    return tuple(compile_quick_check(leaf) for leaf in sorted(leaves, key=lambda leaf: leaf.cost))


def _every(checks: tuple[QuickCheck, ...], event: Mapping[str, Any]) -> bool | None:
    """Tell whether all hold: False as soon as one does not, None if it takes a look into arrays."""
    verdict: bool | None = True
    for check in checks:
        answer = check(event)
        if answer is False:
            return False
        verdict = verdict and answer
    return verdict
