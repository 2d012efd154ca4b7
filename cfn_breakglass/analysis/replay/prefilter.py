r"""Which records no pattern can match, from the few fields that patterns read.

Nearly all records match no pattern. So at first only the fields that patterns read are decoded, in a third of the time
of decoding all of a record. msgspec skips the fields that a type does not name::

    >>> decoder = PartialDecoder(["detail.eventName", "detail.errorCode", "detail.userIdentity.arn"])
    >>> record = decoder.record(b'{"eventName": "GetObject", "userIdentity": {"arn": "a", "type": "b"}, "vpc": "c"}')

The record has an attribute for each of these fields, with a prefix that keeps it apart from methods::

    >>> record.f_userIdentity.f_arn, record.f_errorCode is ABSENT, hasattr(record, "f_vpc")
    ('a', True, False)

The filter gives each alternative of each pattern a bit. For a record all bits are set at first, and each group of
fields clears those of the alternatives that do not accept its values. Once no bit is left, no pattern can match::

    bit 0 (1): eventName is AssumeRole, errorCode is absent
    bit 1 (2): eventName is AssumeRole, userIdentity.arn is a
    bit 2 (4): eventName is PutRule

    eventName AssumeRole, errorCode AccessDenied    111 & 010 = 010
    userIdentity.arn b                              010 & 101 = 000   no pattern can match

Values repeat, so each group remembers which bits it leaves for which values. The same in code:

    >>> from cfn_breakglass.analysis.eventbridge.pattern import compile_pattern
    >>> name = ["AssumeRole"]
    >>> patterns = [
    ...     compile_pattern({"detail": {"eventName": name, "errorCode": [{"exists": False}]}}),
    ...     compile_pattern({"detail": {"eventName": name, "userIdentity": {"arn": ["a"]}}}),
    ...     compile_pattern({"detail": {"eventName": ["PutRule"]}}),
    ... ]
    >>> may_match = RecordFilter(patterns).may_match
    >>> call = b'{"eventSource": "sts", "eventName": "AssumeRole", "errorCode": "x", "userIdentity": {"arn": "%b"}}'
    >>> may_match(decoder.record(call % b"a")), may_match(decoder.record(call % b"b"))
    (True, False)

The answer True is not final: a field in an array, for example, is not looked at.
"""

from __future__ import annotations

import re
import types
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from operator import attrgetter
from typing import Any, Final

import msgspec

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import OBJECT_FIELDS, SOURCE_PREFIX, is_event_source
from cfn_breakglass.analysis.eventbridge.field_matcher import FieldMatcher, FieldPath
from cfn_breakglass.analysis.eventbridge.pattern import Pattern

ABSENT: Final = object()
"""The value of a field that the record does not have."""

ANY_ACCOUNT: Final = 12 * "#"
"""In a pattern it stands for every account ID. It is as long as one, and AWS writes it nowhere."""

_DETAIL: Final = "detail"
# Whose record it is, where it was recorded, whether it is an event of EventBridge instead, and the call. These have few
# values together.
_ALWAYS: Final = ("recipientAccountId", "awsRegion", _DETAIL, "eventSource")
_CALL: Final = ("eventName", "errorCode", "readOnly", "managementEvent")
# What else is decoded of a record, in the order in which it is looked at: what excludes most records comes first.
_GROUPS: Final = (*OBJECT_FIELDS, "errorMessage")
# Where a pattern reads into an object, a record can have any other value; it is kept as it is.
_NOT_AN_OBJECT: Any = None | str | int | float | bool | list[Any]
# But with a text in one of OBJECT_FIELDS, or without a user identity, it is no record: decoding it fails, so that all
# of it is looked at.
_NEITHER_OBJECT_NOR_TEXT: Any = None | int | float | bool | list[Any]
_REQUIRED: Final = "userIdentity"
_ACCOUNT_ID: Final = re.compile(r"(?=([0-9]{12}))")
# Longer values hardly repeat.
_MAX_VALUE_LENGTH: Final = 512

_Tree = dict[str, Any]
_Alternatives = list[dict[FieldPath, FieldMatcher]]
# What a field has, from the values of its group, as everything that a pattern may compare it as.
_ReadValues = Callable[[Any], list[Any]]


def _log_decoder(records: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(msgspec.defstruct("Log", [("Records", records, None)])).decode


_decode_raw_log = _log_decoder(list[msgspec.Raw])


class PartialDecoder:
    """Decodes of a CloudTrail record only what RecordFilter looks at: those ``fields`` of an event, and the call.

    What is absent, a field or an object, is ABSENT. What is not a JSON object is returned as it is;
    msgspec.ValidationError for an object that cannot be a record.
    """

    def __init__(self, fields: Iterable[str]) -> None:
        paths = (field.removeprefix(f"{_DETAIL}.") for field in fields if field.startswith(f"{_DETAIL}."))
        looked_at = (path for path in paths if path.partition(".")[0] in _GROUPS)
        tree: _Tree = {name: {} for name in OBJECT_FIELDS} | _tree((*_ALWAYS, *_CALL, *looked_at))
        record = _struct("Record", tree) | _NOT_AN_OBJECT
        decoder = msgspec.json.Decoder(record)
        self.record, self.lines = decoder.decode, decoder.decode_lines
        self._decode_log = _log_decoder(types.GenericAlias(list, record))

    def log(self, data: bytes) -> tuple[list[Any] | None, Callable[[int], bytes]]:
        """Decode every record of a log file, None if it is not one; and a function that gives the bytes of a record."""
        raw_records = cache(lambda: _decode_raw_log(data).Records)
        return self._decode_log(data).Records, lambda index: bytes(raw_records()[index])


class RecordFilter:
    """Whether one of the patterns may match a partially decoded CloudTrail record, in whatever account it is.

    True also for what is not a plain CloudTrail record. At most ``max_values`` values are remembered of each group.
    """

    def __init__(self, patterns: Iterable[Pattern], *, max_values: int = 10_000) -> None:
        alternatives: _Alternatives = [
            {matcher.path: matcher for matcher in matchers} for pattern in patterns for matchers in pattern.branches
        ]
        paths = sorted({path for matchers in alternatives for path in matchers})
        self._bits_of_call = _Bits(_CALL_FIELDS, alternatives, max_values)
        self._groups = []
        for group in _GROUPS:
            fields = {path: partial(_values_at, path[2:]) for path in paths if path[:2] == (_DETAIL, group)}
            bits_of = _Bits(fields, alternatives, max_values)
            self._groups.append((bits_of.readers, attribute_name(group), bits_of))

    def may_match(self, record: Any) -> bool:
        try:
            bits = self._bits_of_call[_call_of(record)]
        except (AttributeError, TypeError):
            return True  # an event, or no record at all
        for readers, attribute, bits_of in self._groups:
            if bits & readers:
                try:
                    bits &= bits_of[getattr(record, attribute)]
                except (AttributeError, TypeError):
                    continue  # an array, or an object where patterns read a text
            if not bits:
                return False
        return True


class _Bits(dict[Any, int]):
    """For the values of a group of fields, the bits of the alternatives that accept them; remembered.

    ``fields`` are the paths of these fields in an event. ``readers`` are the bits of the alternatives that read one.
    """

    def __init__(self, fields: Mapping[FieldPath, _ReadValues], alternatives: _Alternatives, max_values: int) -> None:
        super().__init__()
        self._max_values = max_values
        self._all_bits = (1 << len(alternatives)) - 1
        self._fields = []
        self.readers = 0
        for path, read_values in fields.items():
            # Fields outside of $or have the same matcher in many alternatives.
            bits_of_matchers: defaultdict[FieldMatcher, int] = defaultdict(int)
            for number, matchers in enumerate(alternatives):
                if path in matchers:
                    bits_of_matchers[matchers[path]] |= 1 << number
            readers = sum(bits_of_matchers.values())
            self._fields.append((read_values, self._all_bits & ~readers, list(bits_of_matchers.items())))
            self.readers |= readers

    def __missing__(self, group: Any) -> int:
        bits, is_repeated = self._all_bits, True
        for read_values, other_bits, bits_of_matchers in self._fields:
            values = read_values(group)
            bits &= other_bits | sum(bit for matcher, bit in bits_of_matchers if _accepts(matcher, values))
            is_repeated = is_repeated and _is_repeated(values[0])
        if is_repeated:
            if len(self) >= self._max_values:
                self.clear()
            self[group] = bits
        return bits


def _accepts(matcher: FieldMatcher, values: list[Any]) -> bool:
    return any(matcher.accepts_absence if value is ABSENT else matcher.accepts(value) for value in values)


def _is_repeated(value: Any) -> bool:
    """Whether a value is worth remembering, and can be: a number would be found for a boolean."""
    if isinstance(value, str):
        return len(value) <= _MAX_VALUE_LENGTH
    return isinstance(value, bool) or value is ABSENT or value is None


def _values_at(path: Sequence[str], node: Any) -> list[Any]:
    """What is at ``path`` below a value of the record; TypeError if there is an array on the way."""
    for name in path:
        if isinstance(node, list | dict):
            raise TypeError(node)
        node = getattr(node, attribute_name(name), ABSENT)
    return _as_compared(node)


def _as_compared(value: Any) -> list[Any]:
    """A value, and what else a pattern may take it for; TypeError for an object or an array."""
    if isinstance(value, str):
        if ANY_ACCOUNT in value:
            raise TypeError(value)
        return [value, *(value.replace(account, ANY_ACCOUNT) for account in set(_ACCOUNT_ID.findall(value)))]
    if isinstance(value, bool):
        # True and 1 are equal as keys, so what is remembered for a boolean holds for the number too.
        return [value, int(value)]
    if value is None or value is ABSENT or isinstance(value, int | float):
        return [value]
    raise TypeError(value)


def _source(call: tuple[Any, ...]) -> list[Any]:
    """The source of the event; TypeError for what is no record."""
    detail, event_source = call[:2]
    if detail is not ABSENT or not is_event_source(event_source):
        raise TypeError(call)
    return [SOURCE_PREFIX + event_source.partition(".")[0]]


def _in_call(index: int, call: tuple[Any, ...]) -> list[Any]:
    return _as_compared(call[index])


def attribute_name(field: str) -> str:
    """The attribute that holds a field of an object."""
    # A text, a number or a list has no attribute that begins so.
    return f"f_{field}" if f"f_{field}".isidentifier() else f"x_{field.encode().hex()}"


_call_of: Final = attrgetter(*map(attribute_name, (_DETAIL, "eventSource", *_CALL)))
_CALL_FIELDS: Final[dict[FieldPath, _ReadValues]] = {
    ("source",): _source,
    **{(_DETAIL, field): partial(_in_call, index) for index, field in enumerate(_CALL, 2)},
}


def _tree(paths: Iterable[str]) -> _Tree:
    """Paths with dots as nested mappings: ``a.b`` and ``c`` are ``{"a": {"b": None}, "c": None}``.

    None stands for a value that is kept with everything in it.
    """
    tree: _Tree = {}
    # Short paths first: nothing has to be kept below a value that is kept with everything in it.
    for path in sorted(set(paths), key=len):
        *parents, last = path.split(".")
        node = tree
        for step in parents:
            below = node.setdefault(step, {})
            if below is None:
                break
            node = below
        else:
            node.setdefault(last, None)
    return tree


def _struct(name: str, tree: _Tree) -> Any:
    # frozen: so that an object with its values is a key. gc: these objects hold no cycles, and there are many.
    return msgspec.defstruct(
        name,
        [_field(step, below) for step, below in tree.items()],
        rename={attribute_name(step): step for step in tree},
        kw_only=True,
        frozen=True,
        gc=False,
    )


def _field(step: str, below: _Tree | None) -> tuple[str, Any] | tuple[str, Any, Any]:
    attribute = attribute_name(step)
    if below is None:
        return attribute, Any, ABSENT
    struct = _struct(step, below)
    if step == _REQUIRED:
        return attribute, struct | _NEITHER_OBJECT_NOR_TEXT
    return attribute, struct | (_NEITHER_OBJECT_NOR_TEXT if step in OBJECT_FIELDS else _NOT_AN_OBJECT), ABSENT
