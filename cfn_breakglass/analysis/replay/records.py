"""The records in a stream of bytes, whatever form they come in, and the place of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import Any, NamedTuple

import msgspec

from cfn_breakglass.analysis.replay.partial_decoder import Peek, decode, unpacked
from cfn_breakglass.analysis.replay.sources import Opened, Unread

# How much of lines, and of a document, is in memory at a time; CloudTrail's own files are smaller than the latter.
_BATCH = 1 << 20
_PIECE = 1 << 24
_GOES_ON = (b"{", b"[", b",", b":")
_ARRAY = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:(\{)\s*"Records"\s*:\s*)?\[')
# What stands between records, also where one log file or array ends and the next begins.
_BETWEEN = re.compile(r'(?:[\s,\]}\ufeff]|\{\s*"(?:Records|Events)"\s*:\s*\[|\[(?=\s*[{\[]))*')
_NEXT = re.compile(rb'\}\s*,\s*(?=\{\s*"eventVersion")')
_RECORD_SIZE = 1 << 19  # twice what CloudTrail makes of a record at most
# Where to read on after a broken record: at one as CloudTrail writes it, or at anything that looks like the next.
_RECORD = re.compile(r'\{\s*"eventVersion"')
_OBJECT = re.compile(r"[,\n\]]\s*\{")
_READER = json.JSONDecoder()

BROKEN = (ValueError, RecursionError)
"""What decoding can raise."""


class Batch(NamedTuple):
    """Values that should be records: what the peek kept of each, its place in the source, and all of it.

    ``whole`` may raise what decoding raises, and what it gives may hold several records.
    """

    peeks: list[Any]
    place: Callable[[int], str]
    whole: Callable[[int], Any]


def batches(opened: Opened, peek: Peek, piece: int = _PIECE) -> Iterator[Batch | Unread]:
    """Cut a source into batches; Unread for each part of it that is not JSON.

    A document is read in pieces of ``piece`` bytes as long as CloudTrail wrote it, and at once otherwise.
    """
    head = opened.stream.read(_BATCH)
    if b"\n" not in head.strip():
        head += opened.stream.read(piece)  # CloudTrail writes a log file as one line
    if _is_lines(head):
        yield from _lines(head, opened.stream, peek)
    elif head:
        first = 1
        for document in _pieces(head, opened.stream, piece):
            for part in _document(document, peek, first):
                yield part
                first += len(part.peeks) if isinstance(part, Batch) else 1
    if opened.damage:
        yield Unread("", opened.damage)


def why_broken(error: Exception) -> str:
    """Say why decoding failed."""
    return "it is nested too deep" if isinstance(error, RecursionError) else f"it is not JSON: {error}"


def _is_lines(head: bytes) -> bool:
    """Whether each line is a value of its own: there are two, and the first is whole or just broken off."""
    first, _, rest = head.strip().partition(b"\n")
    if not rest:
        return False
    try:
        decode(first)
    except BROKEN:
        return not first.rstrip().endswith(_GOES_ON)
    return True


def _lines(head: bytes, stream: BufferedReader, peek: Peek) -> Iterator[Batch | Unread]:
    start = 1
    while head:
        lines = head.split(b"\n")
        lines[-1] += stream.readline()
        if not lines[-1]:
            lines.pop()  # after the last line's end
        try:
            peeks = [peek.record(line) for line in lines]
        except BROKEN:
            yield from _odd_lines(lines, start, peek)
        else:
            yield Batch(peeks, _numbered("line", range(start, start + len(lines))), _decoder(lines))
        start += len(lines)
        head = stream.read(_BATCH)


def _odd_lines(lines: list[bytes], start: int, peek: Peek) -> Iterator[Batch | Unread]:
    """Lines among which one is blank, broken or of another form, one by one."""
    peeks, numbers = [], []
    for number, line in enumerate(lines, start):
        if line.strip():
            try:
                peeks.append(_peek_or_whole(line, peek))
                numbers.append(number)
            except BROKEN as error:
                yield Unread(f"line {number}", why_broken(error))
    yield Batch(peeks, _numbered("line", numbers), lambda index: decode(lines[numbers[index] - start]))


def _peek_or_whole(line: bytes, peek: Peek) -> Any:
    try:
        return peek.record(line)
    except BROKEN:
        return decode(line)


def _decoder(lines: list[bytes]) -> Callable[[int], Any]:
    return lambda index: decode(lines[index])


def _numbered(what: str, numbers: range | list[int]) -> Callable[[int], str]:
    return lambda index: f"{what} {numbers[index]}"


def _pieces(head: bytes, stream: BufferedReader, size: int) -> Iterator[bytes]:
    """A document, or if it is large several of the same form, cut where CloudTrail begins its records."""
    array = _ARRAY.match(head)
    opening = array[0] if array else b""
    closing = b"]}" if array and array[1] else b"]"
    head += stream.read(size)
    while more := stream.read(size):
        for cut in _record_starts(head) if array else ():
            piece = head[:cut].rstrip(b", \t\r\n") + closing
            if _is_whole(piece):
                yield piece
                head = opening + head[cut:]
                break
        head += more
    yield head


def _record_starts(data: bytes) -> list[int]:
    """Where records begin, or objects within one that look so, the last few first: no text has quotes like these."""
    return [match.end() for match in _NEXT.finditer(data, max(0, len(data) - _RECORD_SIZE))][::-1]


def _is_whole(data: bytes) -> bool:
    """Whether it is JSON; cut within a record it is not."""
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except BROKEN:
        return False
    return True


def _document(data: bytes, peek: Peek, first: int) -> Iterator[Batch | Unread]:
    """The records of a document; ``first`` is the number of the first."""
    try:
        peeks, parts = peek.log(b'{"Records":%b}' % data if data[:1] == b"[" else data)
    except BROKEN:
        peeks = None
    if peeks is not None:
        yield Batch(peeks, _numbered_from(first, peeks), lambda index: decode(parts(index)))
        return
    try:
        values = list(unpacked(decode(data)))
    except BROKEN as error:
        yield from _salvaged(data, why_broken(error), first)
    else:
        yield Batch(values, _numbered_from(first, values), values.__getitem__)


def _numbered_from(first: int, values: list[Any]) -> Callable[[int], str]:
    return _numbered("record", range(first, first + len(values)))


def _salvaged(data: bytes, why: str, first: int) -> Iterator[Batch | Unread]:
    """The records of a broken document, one by one; also those that just stand one after the other."""
    text = data.decode("utf-8", "replace")
    values, numbers, number, place = [], [], first - 1, 0
    ended, whole = 0, True  # where the last record ended, and whether it could be read
    while (place := _after(text, place)) < len(text):
        number += 1
        try:
            value, place = _READER.raw_decode(text, place)
            values.append(value)
            numbers.append(number)
            ended, whole = place, True
        except BROKEN:
            yield Unread(f"record {number}", why)
            whole = False
            again = _RECORD.search(text, place + 1) or _OBJECT.search(text, place + 1)
            place = again.start() if again else len(text)
    if whole and _ARRAY.match(data) and "]" not in text[ended:]:
        yield Unread(f"after record {number}", "the rest is missing: it ends in the middle")
    yield Batch(values, _numbered("record", numbers), values.__getitem__)


def _after(text: str, place: int) -> int:
    found = _BETWEEN.match(text, place)
    return found.end() if found else place
