"""The records in a stream of bytes, whatever form they come in, and the place of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from io import BufferedReader
from typing import Any, NamedTuple

from cfn_breakglass.emitted.peek import Peek, decode, unpacked
from cfn_breakglass.emitted.sources import Opened, Unread

_BATCH = 1 << 20
_GOES_ON = (b"{", b"[", b",", b":")
_ARRAY = re.compile(r'\ufeff?\s*(?:\{\s*"Records"\s*:\s*)?\[')
_BETWEEN = re.compile(r"[\s,\ufeff]*")
_RECORD = re.compile(r'\{\s*"eventVersion"')
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


def batches(opened: Opened, peek: Peek) -> Iterator[Batch | Unread]:
    """Cut a source into batches; Unread for each part of it that is not JSON."""
    head = _head(opened.stream)
    if _is_lines(head):
        yield from _lines(head, opened.stream, peek)
    elif data := b"".join(head) + opened.stream.read():
        yield from _document(data, peek)
    if opened.damage:
        yield Unread("", opened.damage)


def why_broken(error: Exception) -> str:
    """Say why decoding failed."""
    return "it is nested too deep" if isinstance(error, RecursionError) else f"it is not JSON: {error}"


def _head(stream: BufferedReader) -> list[bytes]:
    """The lines up to the second one that is not blank."""
    head: list[bytes] = []
    while sum(1 for line in head if line.strip()) < 2 and (line := stream.readline()):  # noqa: PLR2004 - see above
        head.append(line)
    return head


def _is_lines(head: list[bytes]) -> bool:
    """Whether each line is a value of its own: there are two, and the first is whole or just broken off."""
    first, *more = [line.strip() for line in head if line.strip()] or [b""]
    if not more:
        return False
    try:
        decode(first)
    except BROKEN:
        return not first.endswith(_GOES_ON)
    return True


def _lines(head: list[bytes], stream: BufferedReader, peek: Peek) -> Iterator[Batch | Unread]:
    start, lines = 1, head
    while lines:
        try:
            peeks = [peek.record(line) for line in lines]
        except BROKEN:
            yield from _odd_lines(lines, start)
        else:
            yield Batch(peeks, _numbered("line", range(start, start + len(lines))), _decoder(lines))
        start += len(lines)
        lines = stream.readlines(_BATCH)


def _odd_lines(lines: list[bytes], start: int) -> Iterator[Batch | Unread]:
    """Lines among which one is blank, broken or of another form, one by one."""
    values, numbers = [], []
    for number, line in enumerate(lines, start):
        if line.strip():
            try:
                values.append(decode(line))
                numbers.append(number)
            except BROKEN as error:
                yield Unread(f"line {number}", why_broken(error))
    yield Batch(values, _numbered("line", numbers), values.__getitem__)


def _decoder(lines: list[bytes]) -> Callable[[int], Any]:
    return lambda index: decode(lines[index])


def _numbered(what: str, numbers: range | list[int]) -> Callable[[int], str]:
    return lambda index: f"{what} {numbers[index]}"


def _document(data: bytes, peek: Peek) -> Iterator[Batch | Unread]:
    try:
        peeks = peek.log(data).get("Records")
    except BROKEN:
        peeks = None
    if peeks is not None:
        parts = cache(lambda: peek.log_in_parts(data)["Records"])
        numbers = _numbered("record", range(1, len(peeks) + 1))
        yield Batch(peeks, numbers, lambda index: decode(bytes(parts()[index])))
        return
    try:
        values = list(unpacked(decode(data)))
    except BROKEN as error:
        yield from _salvaged(data.decode("utf-8", "replace"), why_broken(error))
    else:
        yield _whole(values)


def _whole(values: list[Any]) -> Batch:
    return Batch(values, _numbered("record", range(1, len(values) + 1)), values.__getitem__)


def _salvaged(text: str, why: str) -> Iterator[Batch | Unread]:
    """The records of a broken document, one by one; also those that just stand one after the other."""
    array = _ARRAY.match(text)
    values, numbers, number = [], [], 0
    place = array.end() if array else 0
    while (place := _after(text, place)) < len(text) and not (array and text[place] in "]}"):
        number += 1
        try:
            value, place = _READER.raw_decode(text, place)
            values.append(value)
            numbers.append(number)
        except BROKEN:
            yield Unread(f"record {number}", why)
            again = _RECORD.search(text, place + 1)
            place = again.start() if again else len(text)
    yield Batch(values, _numbered("record", numbers), values.__getitem__)


def _after(text: str, place: int) -> int:
    found = _BETWEEN.match(text, place)
    return found.end() if found else place
