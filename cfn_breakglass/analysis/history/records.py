"""The records in a stream of bytes, whatever form they have, each with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple

from cfn_breakglass.analysis.history.decoding import DECODE_ERRORS, decode_json, describe_decode_error
from cfn_breakglass.analysis.history.large_documents import ARRAY_START, document_pieces
from cfn_breakglass.analysis.history.prefilter import PartialDecoder
from cfn_breakglass.analysis.history.sources import Unread
from cfn_breakglass.analysis.history.text_forms import Values, read_text
from cfn_breakglass.analysis.history.unpacking import SourceStream
from cfn_breakglass.analysis.history.unwrapping import records_in

# How many bytes of lines, and of a document, are in memory at a time. CloudTrail's own files are smaller than a piece.
_LINES_SIZE = 1 << 16
_PIECE_SIZE = 1 << 22
# An object, an array, or a text with an object in it.
_JSON_STARTS = (b"{", b"[", b'"{')
_INCOMPLETE_ENDS = (b"{", b"[", b",", b":")
# What stands between records, also between two log files or arrays in one document.
_BETWEEN_RECORDS = re.compile(r'(?:[\s,\]}\ufeff]|\{\s*"(?:Records|Events)"\s*:\s*\[|\[(?=\s*[{\[]))*')
# Where to read on after a broken record: at one as CloudTrail writes it, or at anything that looks like an object.
_RECORD_START = re.compile(r'\{\s*"eventVersion"')
_OBJECT_START = re.compile(r"[,\n\]]\s*\{")
_decode_next_value = json.JSONDecoder().raw_decode


class Batch(NamedTuple):
    """Values that should be records: each partially decoded, its place in the source, and all of it.

    ``decode`` may raise DECODE_ERRORS, and its value may hold several records.
    """

    partial_records: list[Any]
    place: Callable[[int], str]
    decode: Callable[[int], Any]


class Lines(NamedTuple):
    """JSON Lines that are not decoded yet: where each ends, and the number of the first."""

    data: bytes
    ends: list[int]
    number: int


def read_parts(
    source: SourceStream, decoder: PartialDecoder, piece_size: int = _PIECE_SIZE
) -> Iterator[Lines | Batch | Unread]:
    """Read a source in batches, or lines for ``line_batches``; Unread for each part of it that cannot be decoded.

    A large document is read in pieces of ``piece_size`` bytes if CloudTrail wrote it, and at once otherwise.
    """
    head = source.stream.read(_LINES_SIZE)
    if b"\n" not in head.strip():
        head += source.stream.read(piece_size)  # CloudTrail writes a log file as one line
    if head.strip() and not head.lstrip().startswith(_JSON_STARTS):
        for read in read_text(head, source.stream):
            yield read if isinstance(read, Unread) else _text_batch(read)
    elif _is_json_lines(head):
        yield from split_lines(source.stream, 1, head)
    elif head:
        number = 1
        for document in document_pieces(head, source.stream, piece_size):
            for part in _document_batches(document, decoder, number):
                yield part
                number += len(part.partial_records) if isinstance(part, Batch) else 1
    if source.damage:
        yield Unread("", source.damage)


def _text_batch(read: Values) -> Batch:
    return Batch(read.values, read.places.__getitem__, read.values.__getitem__)


def _is_json_lines(head: bytes) -> bool:
    """Whether each line is a value: there are two lines, and the first is a value or a broken one."""
    first, _, rest = head.strip().partition(b"\n")
    if not rest:
        return False
    try:
        decode_json(first)
    except DECODE_ERRORS:
        return not first.rstrip().endswith(_INCOMPLETE_ENDS)
    return True


def split_lines(stream: IO[bytes], number: int, head: bytes = b"") -> Iterator[Lines]:
    """``head`` and the rest of a stream, in parts; ``number`` is that of the first line."""
    head = head or stream.read(_LINES_SIZE)
    while head:
        data = head + stream.readline()
        ends = _line_ends(data)
        yield Lines(data, ends, number)
        number += len(ends)
        head = stream.read(_LINES_SIZE)


def _line_ends(data: bytes) -> list[int]:
    """Where the lines of ``data`` end, which takes a third of the time of splitting it."""
    ends, end = [], data.find(b"\n")
    while end >= 0:
        ends.append(end)
        end = data.find(b"\n", end + 1)
    return ends if data.endswith(b"\n") else [*ends, len(data)]


def line_batches(lines: Lines, decoder: PartialDecoder) -> Iterator[Batch | Unread]:
    """Decode lines, Unread for those that cannot be decoded."""
    data, ends, number = lines
    try:
        partial_records = decoder.lines(data)
    except DECODE_ERRORS:
        partial_records = []
    # A blank line is skipped without an error.
    if len(partial_records) == len(ends):
        yield Batch(partial_records, _places("line", number, ends), _decode_line(data, ends))
    else:
        yield from _irregular_line_batches(data.removesuffix(b"\n").split(b"\n"), number, decoder)


def _decode_line(data: bytes, ends: list[int]) -> Callable[[int], Any]:
    return lambda index: decode_json(data[ends[index - 1] + 1 if index else 0 : ends[index]])


def _irregular_line_batches(lines: list[bytes], start: int, decoder: PartialDecoder) -> Iterator[Batch | Unread]:
    """Lines of which at least one is blank, broken or of another form, decoded one by one."""
    partial_records, numbers = [], []
    for number, line in enumerate(lines, start):
        if line.strip():
            try:
                partial_records.append(_decode_line_partially(line, decoder))
                numbers.append(number)
            except DECODE_ERRORS as error:
                yield Unread(f"line {number}", describe_decode_error(error))
    yield Batch(
        partial_records,
        lambda index: f"line {numbers[index]}",
        lambda index: decode_json(lines[numbers[index] - start]),
    )


def _decode_line_partially(line: bytes, decoder: PartialDecoder) -> Any:
    try:
        return decoder.record(line)
    except DECODE_ERRORS:
        return decode_json(line)


def _places(noun: str, start: int, values: list[Any]) -> Callable[[int], str]:
    numbers = range(start, start + len(values))
    return lambda index: f"{noun} {numbers[index]}"


def _document_batches(data: bytes, decoder: PartialDecoder, start: int) -> Iterator[Batch | Unread]:
    """The records of a document; ``start`` is the number of the first."""
    try:
        partial_records, raw_record = decoder.log(b'{"Records":%b}' % data if data[:1] == b"[" else data)
    except DECODE_ERRORS:
        partial_records = None
    if partial_records is not None:
        places = _places("record", start, partial_records)
        yield Batch(partial_records, places, lambda index: decode_json(raw_record(index)))
        return
    try:
        values = records_in(decode_json(data))
    except DECODE_ERRORS as error:
        yield from _broken_document_batches(data, describe_decode_error(error), start)
    else:
        yield Batch(values, _places("record", start, values), values.__getitem__)


def _broken_document_batches(data: bytes, reason: str, start: int) -> Iterator[Batch | Unread]:
    """The records of a broken document, decoded one by one; also of several documents one after the other."""
    text = data.decode("utf-8", "replace")
    values, numbers, number, position = [], [], start - 1, 0
    end_of_last, last_is_read = 0, True
    while (position := _skip_to_record(text, position)) < len(text):
        number += 1
        try:
            value, position = _decode_next_value(text, position)
            values.append(value)
            numbers.append(number)
            end_of_last, last_is_read = position, True
        except DECODE_ERRORS:
            yield Unread(f"record {number}", reason)
            last_is_read = False
            next_start = _RECORD_START.search(text, position + 1) or _OBJECT_START.search(text, position + 1)
            position = next_start.start() if next_start else len(text)
    if last_is_read and ARRAY_START.match(data) and "]" not in text[end_of_last:]:
        yield Unread(f"after record {number}", "the rest is missing: it ends in the middle")
    yield Batch(values, lambda index: f"record {numbers[index]}", values.__getitem__)


def _skip_to_record(text: str, position: int) -> int:
    separators = _BETWEEN_RECORDS.match(text, position)
    return separators.end() if separators else position
