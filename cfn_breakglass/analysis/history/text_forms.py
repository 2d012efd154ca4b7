"""The values in a text that is not JSON: CSV, YAML, and lines of a log with JSON in them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from cfn_breakglass.analysis.history.decoding import DECODE_ERRORS, describe_decode_error
from cfn_breakglass.analysis.history.query_rows import REQUIRED_COLUMNS
from cfn_breakglass.analysis.history.sources import Unread
from cfn_breakglass.analysis.history.unpacking import Readable, as_stream, blocks_of
from cfn_breakglass.analysis.history.unwrapping import records_in

_BINARY_FORMS = {
    b"PAR1": "this is Parquet; UNLOAD of Athena writes JSON with format = 'JSON'",
    b"ORC": "this is ORC; UNLOAD of Athena writes JSON with format = 'JSON'",
    b"Obj\x01": "this is Avro; UNLOAD of Athena writes JSON with format = 'JSON'",
    b"BZh": "this is bzip2; unpack it first",
    b"\xfd7zXZ": "this is xz; unpack it first",
    b"7z\xbc\xaf": "this is 7-Zip; unpack it first",
}
# A column that holds all of a record: of CloudTrail Lake, Logs Insights, Splunk, Elasticsearch and lookup-events.
_RECORD_COLUMNS = {"eventjson", "@message", "message", "_raw", "event.original", "cloudtrailevent"}
# Excel writes semicolons where a comma is the decimal sign, and the console of Athena copies tabs.
_DELIMITERS = ",;\t"
# What Excel, and Export-Csv of PowerShell, write before the names of the columns.
_BEFORE_HEADER = re.compile(rb"\A\s*(?:sep=|#TYPE ).*\n")
_COLUMN_OF_HISTORY = "event name"
_NO_RECORD_COLUMN = "this is CSV without a column that holds a record, such as eventJson, @message or _raw"
_NO_JSON = "there is no JSON in it"
_MAX_CELL = 1 << 24  # characters
_ROWS = 1_000  # rows of CSV that are in memory at a time
_YAML = re.compile(r"---$|(?:- )?[A-Za-z]\w*:(?:\s|$)")
_JSON_START = re.compile(r'\{\s*"')
_LINES_SIZE = 1 << 20  # bytes of a log that are in memory at a time
_MAX_RECORD = 1 << 19  # characters; twice the most that CloudTrail writes
_decode_next_value = json.JSONDecoder().raw_decode


class Values(NamedTuple):
    """Values in which records should be, each with its place."""

    values: list[Any]
    places: list[str]


def read_text(head: bytes, stream: Readable) -> Iterator[Values | Unread]:
    """The values in a text that begins with ``head`` and goes on in ``stream``; Unread for what cannot be decoded."""
    reason = next((reason for start, reason in _BINARY_FORMS.items() if head.startswith(start)), "")
    if reason or b"\0" in head:
        yield Unread("", reason or "this is neither text nor packed in a way that simulate unpacks")
        return
    head = _BEFORE_HEADER.sub(b"", head)
    first_line = head.strip().partition(b"\n")[0].decode("utf-8", "replace").strip()
    text = as_stream(chain([head], blocks_of(stream)))
    if _YAML.match(first_line):
        yield from _read_yaml(text)
    elif "{" not in first_line and _has_known_column(first_line):
        yield from _read_csv(text, max(_DELIMITERS, key=first_line.count))
    else:  # a log may begin with a sentence that has a comma
        yield from _read_log(text, _NO_RECORD_COLUMN if "," in first_line else _NO_JSON)


def _read_yaml(stream: io.BufferedReader) -> Iterator[Values | Unread]:
    """Documents as the AWS CLI writes them; their times become texts."""
    import yaml

    text = stream.read()
    try:
        documents = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        values = json.loads(json.dumps(documents, default=str))
    except (yaml.YAMLError, TypeError, *DECODE_ERRORS):
        yield from _read_log(as_stream(iter([text])))
    else:
        records = records_in(values)
        yield Values(records, [f"record {number}" for number in range(1, len(records) + 1)])


def _has_known_column(header: str) -> bool:
    columns = {_column(name.strip('"')) for name in re.split(f"[{_DELIMITERS}]", header)}
    return not columns.isdisjoint((*_RECORD_COLUMNS, *REQUIRED_COLUMNS, _COLUMN_OF_HISTORY))


def _read_csv(stream: io.BufferedReader, delimiter: str) -> Iterator[Values | Unread]:
    csv.field_size_limit(_MAX_CELL)
    text = io.TextIOWrapper(stream, "utf-8", "replace", newline="")
    rows = csv.DictReader(text, restkey="", restval="", delimiter=delimiter)
    number = 1
    try:
        if problem := _header_problem({_column(name) for name in rows.fieldnames or ()}):
            yield Unread("", problem)
            return
        while values := list(islice(rows, _ROWS)):
            yield Values(values, [f"row {number}" for number in range(number, number + len(values))])
            number += len(values)
    except csv.Error as error:
        yield Unread(f"row {number} and the rest", f"it is not CSV: {error}")


def _column(name: str) -> str:
    return name.strip().lower()


def _header_problem(columns: set[str]) -> str:
    """Why no row holds a whole record; empty if the rows do."""
    missing = [name for name in REQUIRED_COLUMNS if name not in columns]
    if not missing or columns & _RECORD_COLUMNS:
        return ""
    if _COLUMN_OF_HISTORY in columns:
        return "this is CSV of the event history, which leaves out most of a record; download it as JSON"
    if "eventname" in columns:
        names = f"column {missing[0]}" if len(missing) == 1 else f"columns {', '.join(missing)}"
        return f"this is CSV without the {names}; select all columns"
    return _NO_RECORD_COLUMN


def _read_log(stream: io.BufferedReader, without_json: str = _NO_JSON) -> Iterator[Values | Unread]:
    """The JSON objects among other text, as ``aws logs tail`` writes them and Logs exports them.

    ``without_json`` is what to say if there are none.
    """
    log, has_json = _Log(), False
    while block := stream.read(_LINES_SIZE):
        values, unread = log.read(block + stream.readline(), is_end=not stream.peek(1))
        has_json = has_json or bool(values.values or unread)
        yield values
        yield from unread
    if not has_json:
        yield Unread("", without_json)


class _Log:
    """A log read block by block. ``_text`` is what is not read yet, and ``_line`` the number of its first line."""

    def __init__(self) -> None:
        self._text = ""
        self._line = 1

    def read(self, block: bytes, *, is_end: bool) -> tuple[Values, list[Unread]]:
        """The JSON objects of a block. One that it ends in is read with the next, unless ``is_end``."""
        text, line, position = self._text + block.decode("utf-8", "replace"), self._line, 0
        values, unread = Values([], []), []
        while start := _JSON_START.search(text, position):
            line += text.count("\n", position, start.start())
            position = start.start()
            try:
                value, end = _decode_next_value(text, position)
            except DECODE_ERRORS as error:
                if not is_end and len(text) - position < _MAX_RECORD:
                    break
                unread.append(Unread(f"line {line}", describe_decode_error(error)))
                end = text.find("\n", position) + 1 or len(text)
            else:
                values.values.append(value)
                values.places.append(f"line {line}")
            line += text.count("\n", position, end)
            position = end
        self._text = text[position:] if start else ""
        self._line = line if start else line + text.count("\n", position)
        return values, unread
