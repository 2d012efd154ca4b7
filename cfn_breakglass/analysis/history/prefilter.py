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
    >>> may_match = RecordFilter((pattern, None) for pattern in patterns).may_match
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
from operator import attrgetter, itemgetter
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
_ALWAYS: Final = ("recipientAccountId", "awsRegion", _DETAIL)
_CALL: Final = ("eventSource", "eventName", "errorCode", "readOnly", "managementEvent")
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
# Reads a field from the values of its group.
_ReadValue = Callable[[Any], Any]


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

    What a pattern matches also has to pass the filter beside it, if there is one: that of the bus to which its rule
    forwards. The answer is True also for what is not a plain CloudTrail record. At most ``max_values`` values of each
    group of fields are remembered.
    """

    def __init__(self, patterns: Iterable[tuple[Pattern, RecordFilter | None]], *, max_values: int = 10_000) -> None:
        alternatives: _Alternatives = []
        self._next: defaultdict[RecordFilter | None, int] = defaultdict(int)
        for pattern, next_filter in patterns:
            for matchers in pattern.branches:
                self._next[next_filter] |= 1 << len(alternatives)
                alternatives.append({matcher.path: matcher for matcher in matchers})
        paths = sorted({path for matchers in alternatives for path in matchers})
        self._bits_of_call = _Bits(_CALL_FIELDS, alternatives, max_values)
        self._groups = []
        for group in _GROUPS:
            fields = {
                path: partial(_value_at, [*map(attribute_name, path[2:])])
                for path in paths
                if path[:2] == (_DETAIL, group)
            }
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
        return any(
            bits & own_bits and (next_filter is None or next_filter.may_match(record))
            for next_filter, own_bits in self._next.items()
        )


class _Bits(dict[Any, int]):
    """For the values of a group of fields, the bits of the alternatives that accept them; remembered.

    ``fields`` are the paths of these fields in an event. ``readers`` are the bits of the alternatives that read one.
    """

    def __init__(self, fields: Mapping[FieldPath, _ReadValue], alternatives: _Alternatives, max_values: int) -> None:
        super().__init__()
        self._max_values = max_values
        self._all_bits = (1 << len(alternatives)) - 1
        self._fields = []
        self.readers = 0
        for path, read_value in fields.items():
            # Fields outside of $or have the same matcher in many alternatives.
            bits_of_matchers: defaultdict[FieldMatcher, int] = defaultdict(int)
            for number, matchers in enumerate(alternatives):
                if path in matchers:
                    bits_of_matchers[matchers[path]] |= 1 << number
            readers = sum(bits_of_matchers.values())
            others = self._all_bits & ~readers
            if_absent = others | sum(bits for matcher, bits in bits_of_matchers.items() if matcher.accepts_absence)
            self._fields.append((read_value, if_absent, others, list(bits_of_matchers.items())))
            self.readers |= readers

    def __missing__(self, group: Any) -> int:
        result, is_repeated = self._all_bits, True
        for read_value, if_absent, others, bits_of_matchers in self._fields:
            value = read_value(group)
            if value is ABSENT:
                result &= if_absent
                continue
            is_repeated = is_repeated and _is_repeated(value)
            values = _as_compared(value)
            result &= others | sum(bits for matcher, bits in bits_of_matchers if any(map(matcher.accepts, values)))
        if is_repeated:
            if len(self) >= self._max_values:
                self.clear()
            self[group] = result
        return result


def _is_repeated(value: Any) -> bool:
    """Whether a value is worth remembering, and can be: a number would be found for a boolean."""
    if isinstance(value, str):
        return len(value) <= _MAX_VALUE_LENGTH
    return isinstance(value, bool) or value is None


def _value_at(attributes: Sequence[str], node: Any) -> Any:
    """What is below a value of the record; TypeError if there is an array on the way."""
    for attribute in attributes:
        if isinstance(node, list | dict):
            raise TypeError(node)
        node = getattr(node, attribute, ABSENT)
    return node


def _as_compared(value: Any) -> list[Any]:
    """A value, and what else a pattern may take it for; TypeError for an object or an array."""
    if isinstance(value, str):
        if ANY_ACCOUNT in value:
            raise TypeError(value)
        return [value, *(value.replace(account, ANY_ACCOUNT) for account in set(_ACCOUNT_ID.findall(value)))]
    if isinstance(value, bool):
        # True and 1 are equal as keys, so what is remembered for a boolean holds for the number too.
        return [value, int(value)]
    if value is None or isinstance(value, int | float):
        return [value]
    raise TypeError(value)


def _source(call: tuple[Any, ...]) -> str:
    """The source of the event; TypeError for what is no record."""
    detail, event_source = call[:2]
    if detail is not ABSENT or not is_event_source(event_source):
        raise TypeError(call)
    return SOURCE_PREFIX + str(event_source).partition(".")[0]


def attribute_name(field: str) -> str:
    """The attribute that holds a field of an object."""
    # A text, a number or a list has no attribute that begins so.
    return f"f_{field}" if f"f_{field}".isidentifier() else f"x_{field.encode().hex()}"


_call_of: Final = attrgetter(*map(attribute_name, (_DETAIL, *_CALL)))
_CALL_FIELDS: Final[dict[FieldPath, _ReadValue]] = {
    ("source",): _source,
    **{(_DETAIL, field): itemgetter(index) for index, field in enumerate(_CALL, 1)},
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
