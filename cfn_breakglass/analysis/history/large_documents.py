"""A large JSON document in pieces that are documents of the same form, so that it is never in memory as a whole.

CloudTrail writes a log file as one object with an array of records. A document that is as long as many log files is
cut before the last record that has been read completely, and each piece gets the opening and closing brackets of the
document. When 40 bytes are read at a time:

    >>> from io import BytesIO
    >>> stream = BytesIO(b'{"Records": [{"eventVersion": "1"}, {"eventVersion": "2"}, {"eventVersion": "3"}]}')
    >>> for piece in document_pieces(b"", stream, 40):
    ...     print(piece.decode())
    {"Records": [{"eventVersion": "1"}, {"eventVersion": "2"}]}
    {"Records": [{"eventVersion": "3"}]}

A record may hold an array of objects that look like records. A cut between them leaves a piece that is not JSON, and so
the cut before it is tried:

    >>> stream = BytesIO(b'[{"eventVersion": "1"}, {"eventVersion": "2", "a": [{"b": 1}, {"eventVersion": "3"}]}]')
    >>> for piece in document_pieces(b"", stream, 44):
    ...     print(piece.decode())
    [{"eventVersion": "1"}]
    [{"eventVersion": "2", "a": [{"b": 1}, {"eventVersion": "3"}]}]
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from cfn_breakglass.analysis.history.decoding import DECODE_ERRORS
from cfn_breakglass.analysis.history.unpacking import Readable

ARRAY_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:(\{)\s*"Records"\s*:\s*)?\[')
"""How a log file or an array begins; group 1 is there if it is a log file."""

# Between two records as CloudTrail writes them. No text has quotes like these: in a text they are escaped.
_NEXT_RECORD = re.compile(rb'\}\s*,\s*(?=\{\s*"eventVersion")')
_MAX_RECORD_SIZE = 1 << 19  # twice the most that CloudTrail writes


def document_pieces(head: bytes, stream: Readable, size: int) -> Iterator[bytes]:
    """Read the rest of a document that begins with ``head``, ``size`` bytes at a time, and cut it between records.

    A document that is small, or that CloudTrail did not write so, is one piece.
    """
    head += stream.read(size)
    opening, closing = _brackets(head)
    while more := stream.read(size):
        for cut in _cuts(head) if opening else ():
            piece = head[:cut].rstrip(b", \t\r\n") + closing
            if _is_json(piece):
                yield piece
                head = opening + head[cut:]
                break
        head += more
    yield head


def _brackets(head: bytes) -> tuple[bytes, bytes]:
    """What stands before and after the records of a log file or an array; empty for any other document."""
    array = ARRAY_START.match(head)
    if not array:
        return b"", b""
    return array[0], b"]}" if array[1] else b"]"


def _cuts(data: bytes) -> list[int]:
    """Where something begins that looks like a record, the last few places first."""
    start = max(0, len(data) - _MAX_RECORD_SIZE)
    return [match.end() for match in _NEXT_RECORD.finditer(data, start)][::-1]


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except DECODE_ERRORS:
        return False
    return True
