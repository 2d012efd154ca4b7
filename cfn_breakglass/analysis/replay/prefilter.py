"""Which records no rule can take, told field by field from values that repeat all the time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import reduce
from operator import and_, attrgetter, or_
from typing import Any, Final

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import SOURCE_PREFIX
from cfn_breakglass.analysis.eventbridge.field_matcher import FieldMatcher
from cfn_breakglass.analysis.eventbridge.rules import Rule
from cfn_breakglass.analysis.replay.partial_decoder import ABSENT, attribute

_RECORD: Final = "detail."
_CALL: Final = ("source", "detail.eventName")
# What is longer hardly comes again.
_LONG: Final = 512
# An object with so many fields to look at is told at once if it has none of them.
_MANY: Final = 5

_Branch = dict[str, FieldMatcher]


class Gate:
    """Whether a rule might take a CloudTrail record, of which there is a peek; True also for what is no plain record.

    Each alternative of a rule's pattern is a bit. A field's value leaves those that accept it, remembered by value, and
    a record is out when no bit is left. ``remembered`` bounds how many values are kept of each field.
    """

    def __init__(self, rules: Iterable[Rule], *, remembered: int) -> None:
        branches = [{leaf.name: leaf for leaf in leaves} for rule in rules for leaves in rule.pattern.branches]
        self._every = (1 << len(branches)) - 1
        self._branches = branches
        self._remembered = remembered
        self._calls: dict[tuple[Any, Any], int] = {}
        names = {name for branch in branches for name in branch if name.startswith(_RECORD) and name not in _CALL}
        fields = [_Field(name, branches, self._every, remembered) for name in names]
        # The field that most alternatives ask for first: it leaves the least to do.
        fields.sort(key=lambda field: (-field.asked.bit_count(), field.name))
        inside = Counter(field.parents for field in fields)
        self._fields = [
            (field.asked, field.parents, field.last, field.known, field.accepting)
            for field in fields
            if not (field.parents and inside[field.parents] >= _MANY)
        ]
        self._crowds = [
            _Crowd(parents, [field for field in fields if field.parents == parents])
            for parents, count in inside.items()
            if parents and count >= _MANY
        ]

    def __call__(self, peek: Any) -> bool:
        # One loop without calls of our own: it runs for every record there is.
        try:
            call = peek.f_eventSource, peek.f_eventName
            left = self._calls.get(call)
            if left is None:
                left = self._called(*call)
            if peek.f_detail is not ABSENT:
                return True
            for asked, parents, last, known, accepting in self._fields:
                if left & asked:
                    node = peek
                    for step in parents:
                        node = getattr(node, step)
                        if node is None:
                            value = ABSENT
                            break
                    else:
                        value = getattr(node, last)
                    accepted = known.get(value)
                    left &= accepting(value) if accepted is None else accepted
                    if not left:
                        return False
            return self._crowds_accept(peek, left)
        except (AttributeError, TypeError):
            return True  # text for an object, an array, or something else that AWS does not write there

    def _crowds_accept(self, peek: Any, left: int) -> bool:
        for crowd in self._crowds:
            if left & crowd.asked:
                left &= crowd.accepting(peek, left)
        return left != 0

    def _called(self, source: Any, name: Any) -> int:
        """What is left of the alternatives for a call."""
        if not source or not isinstance(source, str) or not isinstance(name, str):
            raise TypeError
        event = {_CALL[0]: SOURCE_PREFIX + source.partition(".")[0], _CALL[1]: name}
        left = sum(
            1 << bit
            for bit, branch in enumerate(self._branches)
            if all(branch[field].accepts(value) for field, value in event.items() if field in branch)
        )
        _remember(self._calls, (source, name), left, self._remembered)
        return left


class _Field:
    """A field that patterns read: the alternatives that ask for it, and those that accept a value of it."""

    def __init__(self, name: str, branches: list[_Branch], every: int, remembered: int) -> None:
        self.name = name
        *parents, self.last = map(attribute, name.removeprefix(_RECORD).split("."))
        self.parents = tuple(parents)
        self._leaves = [(1 << bit, branch[name]) for bit, branch in enumerate(branches) if name in branch]
        self.asked = sum(bit for bit, _ in self._leaves)
        self._others = every & ~self.asked
        self._remembered = remembered
        self.known: dict[Any, int] = {}

    def accepting(self, value: Any) -> int:
        """The alternatives that a value not met before leaves."""
        if isinstance(value, dict | list):
            raise TypeError
        # Numbers are not remembered, for a boolean equals one: what leaves either is remembered of that.
        alike = (value, int(value)) if isinstance(value, bool) else (value,)
        accepted = self._others | sum(bit for bit, leaf in self._leaves if any(_fits(leaf, each) for each in alike))
        short = isinstance(value, str) and len(value) <= _LONG
        if short or isinstance(value, bool) or value is ABSENT or value is None:
            _remember(self.known, value, accepted, self._remembered)
        return accepted


class _Crowd:
    """Many fields of one object: most records have none of them, which is told at once."""

    def __init__(self, parents: tuple[str, ...], fields: list[_Field]) -> None:
        self.asked = reduce(or_, (field.asked for field in fields))
        self._parents = parents
        self._values_of = attrgetter(*(field.last for field in fields))
        self._none = (ABSENT,) * len(fields)
        self._without = reduce(and_, (field.accepting(ABSENT) for field in fields))
        self._fields = [(field.asked, field.known, field.accepting) for field in fields]

    def accepting(self, peek: Any, left: int) -> int:
        """The alternatives that the object leaves of ``left``, as far as these ask for it."""
        for step in self._parents:
            peek = getattr(peek, step)
            if peek is None:
                return self._without
        values = self._values_of(peek)
        if values == self._none:
            return self._without
        for value, (asked, known, accepting) in zip(values, self._fields, strict=True):
            if left & asked:
                accepted = known.get(value)
                left &= accepting(value) if accepted is None else accepted
        return left


def _fits(leaf: FieldMatcher, value: Any) -> bool:
    return leaf.accepts_absence if value is ABSENT else leaf.accepts(value)


def _remember(memory: dict[Any, int], key: Any, value: int, most: int) -> None:
    if len(memory) >= most:
        memory.clear()
    memory[key] = value
