"""Which records no pattern can match, decided field by field with bit masks.

Nearly all records match no pattern, and their values repeat. So each alternative of each pattern is a bit, and for each
value of a field it is remembered which alternatives allow that value::

    bit 0 (1): eventName is AssumeRole, errorCode is absent
    bit 1 (2): eventName is AssumeRole, errorCode is AccessDenied
    bit 2 (4): eventName is PutRule, any errorCode

For a record all bits are set at first, and each field clears the bits of alternatives that do not allow its value. An
alternative that does not read a field allows all its values. Once no bit is left, no pattern can match::

    eventName AssumeRole               111 & 011 = 011
    errorCode AccessDenied             011 & 110 = 010   the alternative of bit 1 may match
    errorCode ThrottlingException      011 & 100 = 000   no pattern can match

The same in code:

    >>> from cfn_breakglass.analysis.eventbridge.pattern import compile_pattern
    >>> from cfn_breakglass.analysis.replay.partial_decoder import PartialDecoder
    >>> source, role = ["aws.sts", "aws.events"], ["AssumeRole"]
    >>> patterns = [
    ...     compile_pattern({"source": source, "detail": {"eventName": role, "errorCode": [{"exists": False}]}}),
    ...     compile_pattern({"source": source, "detail": {"eventName": role, "errorCode": ["AccessDenied"]}}),
    ...     compile_pattern({"source": source, "detail": {"eventName": ["PutRule"]}}),
    ... ]
    >>> decoder = PartialDecoder(["detail.errorCode"])
    >>> record_filter = RecordFilter(patterns, max_values=100)
    >>> call = b'{"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "errorCode": "%b", "userIdentity": {}}'
    >>> record_filter.may_match(decoder.record(call % b"AccessDenied"))
    True
    >>> record_filter.may_match(decoder.record(call % b"ThrottlingException"))
    False

The answer True is not final: a field in an array, for example, is not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import reduce
from operator import and_, attrgetter, or_
from typing import Any, Final

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import SOURCE_PREFIX, is_event_source
from cfn_breakglass.analysis.eventbridge.field_matcher import FieldMatcher
from cfn_breakglass.analysis.eventbridge.pattern import Pattern
from cfn_breakglass.analysis.replay.partial_decoder import ABSENT, attribute_name

_RECORD: Final = "detail."
_CALL: Final = ("source", "detail.eventName")
# A longer value hardly repeats.
_MAX_VALUE_LENGTH: Final = 512
# For an object with this many fields it pays to find out first whether it has any of them.
_MIN_GROUP: Final = 5

_Alternative = dict[str, FieldMatcher]


class RecordFilter:
    """Whether one of the patterns may match a partially decoded CloudTrail record.

    True also for what is not a plain CloudTrail record. At most ``max_values`` values are remembered of each field.
    """

    def __init__(self, patterns: Iterable[Pattern], *, max_values: int) -> None:
        alternatives = [
            {matcher.name: matcher for matcher in matchers} for pattern in patterns for matchers in pattern.branches
        ]
        all_bits = (1 << len(alternatives)) - 1
        self._alternatives = alternatives
        self._max_values = max_values
        self._bits_of_call: dict[tuple[Any, Any], int] = {}
        names = {
            name for matchers in alternatives for name in matchers if name.startswith(_RECORD) and name not in _CALL
        }
        fields = [_Field(name, alternatives, all_bits, max_values) for name in names]
        # First the field that most alternatives read: it clears the most bits.
        fields.sort(key=lambda field: (-field.readers.bit_count(), field.name))
        fields_of_object = Counter(field.parents for field in fields)
        self._fields = [
            (field.readers, field.parents, field.attribute, field.bits_of_value, field.find_bits)
            for field in fields
            if not (field.parents and fields_of_object[field.parents] >= _MIN_GROUP)
        ]
        self._groups = [
            _FieldGroup(parents, [field for field in fields if field.parents == parents])
            for parents, count in fields_of_object.items()
            if parents and count >= _MIN_GROUP
        ]

    def may_match(self, record: Any) -> bool:
        # One loop without calls of our own functions, because it runs for every record.
        try:
            call = record.f_eventSource, record.f_eventName
            bits = self._bits_of_call.get(call)
            if bits is None:
                bits = self._find_bits_of_call(*call)
            if record.f_detail is not ABSENT:
                return True
            for readers, parents, attribute, bits_of_value, find_bits in self._fields:
                if bits & readers:
                    node = record
                    for parent in parents:
                        node = getattr(node, parent)
                        if node is None:
                            value = ABSENT
                            break
                    else:
                        value = getattr(node, attribute)
                    allowed = bits_of_value.get(value)
                    bits &= find_bits(value) if allowed is None else allowed
                    if not bits:
                        return False
            return self._groups_may_match(record, bits)
        except (AttributeError, TypeError):
            return True  # a text instead of an object, an array, or something else that AWS does not write there

    def _groups_may_match(self, record: Any, bits: int) -> bool:
        for group in self._groups:
            if bits & group.readers:
                bits &= group.find_bits(record, bits)
        return bits != 0

    def _find_bits_of_call(self, source: Any, name: Any) -> int:
        """The alternatives that allow the source and the name of a call."""
        if not is_event_source(source) or not isinstance(name, str):
            raise TypeError
        event = {_CALL[0]: SOURCE_PREFIX + source.partition(".")[0], _CALL[1]: name}
        bits = sum(
            1 << number
            for number, matchers in enumerate(self._alternatives)
            if all(matchers[field].accepts(value) for field, value in event.items() if field in matchers)
        )
        _remember(self._bits_of_call, (source, name), bits, self._max_values)
        return bits


class _Field:
    """A field that patterns read. ``readers`` are the bits of the alternatives that read it.

    ``bits_of_value`` remembers for a value the bits of the alternatives that allow it.
    """

    def __init__(self, name: str, alternatives: list[_Alternative], all_bits: int, max_values: int) -> None:
        self.name = name
        *parents, self.attribute = map(attribute_name, name.removeprefix(_RECORD).split("."))
        self.parents = tuple(parents)
        self._matchers = [
            (1 << number, matchers[name]) for number, matchers in enumerate(alternatives) if name in matchers
        ]
        self.readers = sum(bit for bit, _ in self._matchers)
        self._other_bits = all_bits & ~self.readers
        self._max_values = max_values
        self.bits_of_value: dict[Any, int] = {}

    def find_bits(self, value: Any) -> int:
        """The bits of the alternatives that allow a value that is not remembered yet."""
        if isinstance(value, dict | list):
            raise TypeError
        # True and 1 are equal as keys. So what is remembered for a boolean holds for the number too, and a number is
        # not remembered: it would be found for the boolean.
        values = (value, int(value)) if isinstance(value, bool) else (value,)
        accepted = sum(bit for bit, matcher in self._matchers if any(_accepts(matcher, equal) for equal in values))
        bits = self._other_bits | accepted
        is_short_text = isinstance(value, str) and len(value) <= _MAX_VALUE_LENGTH
        if is_short_text or isinstance(value, bool) or value is ABSENT or value is None:
            _remember(self.bits_of_value, value, bits, self._max_values)
        return bits


class _FieldGroup:
    """Many fields of one object. Most records have none of them, which is found out with one comparison."""

    def __init__(self, parents: tuple[str, ...], fields: list[_Field]) -> None:
        self.readers = reduce(or_, (field.readers for field in fields))
        self._parents = parents
        self._values_of = attrgetter(*(field.attribute for field in fields))
        self._all_absent = (ABSENT,) * len(fields)
        self._bits_if_absent = reduce(and_, (field.find_bits(ABSENT) for field in fields))
        self._fields = [(field.readers, field.bits_of_value, field.find_bits) for field in fields]

    def find_bits(self, record: Any, bits: int) -> int:
        """Those of ``bits`` whose alternatives allow all values of the group."""
        node = record
        for parent in self._parents:
            node = getattr(node, parent)
            if node is None:
                return self._bits_if_absent
        values = self._values_of(node)
        if values == self._all_absent:
            return self._bits_if_absent
        for value, (readers, bits_of_value, find_bits) in zip(values, self._fields, strict=True):
            if bits & readers:
                allowed = bits_of_value.get(value)
                bits &= find_bits(value) if allowed is None else allowed
        return bits


def _accepts(matcher: FieldMatcher, value: Any) -> bool:
    return matcher.accepts_absence if value is ABSENT else matcher.accepts(value)


def _remember(memory: dict[Any, int], key: Any, bits: int, max_values: int) -> None:
    if len(memory) >= max_values:
        memory.clear()
    memory[key] = bits
