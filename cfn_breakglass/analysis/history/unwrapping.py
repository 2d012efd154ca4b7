"""The CloudTrail records in a value, whatever they are wrapped in.

CloudTrail, Logs, SNS, SQS, Firehose, Splunk, Elasticsearch and others each put a record into objects, arrays and texts
of their own. So a record is searched for by what it is, not by where it is:

    >>> record = {"eventSource": "sts.amazonaws.com", "awsRegion": "eu-west-1", "userIdentity": {"type": "Root"}}
    >>> text = '{"eventSource": "sts.amazonaws.com", "awsRegion": "eu-west-1", "userIdentity": {"type": "Root"}}'
    >>> records_in({"Records": [record]}) == records_in({"Messages": [{"MessageId": "1", "Body": text}]}) == [record]
    True

A row of a query is a record too, if it has all columns of it, see query_rows.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import NO_RECORDS, is_event, is_record
from cfn_breakglass.analysis.history.decoding import DECODE_ERRORS, decode_json
from cfn_breakglass.analysis.history.query_rows import is_row, record_of_row, rows_of_answer

_EMPTY_ANSWERS: tuple[Any, ...] = ({"Records": []}, {"Events": []})
# How gzip, and an object of JSON, begin in Base64.
_BASE64 = ("H4sI", "eyJ", "ewo")
_GZIP = b"\x1f\x8b"


def records_in(value: Any) -> list[Any]:
    """The records in a value; if it holds none, what can best be said to be none: an object of a known kind, or it."""
    records = _find(value)
    if records is None:
        return [next((member for member in _objects_in(value) if NO_RECORDS.keys() & member.keys()), value)]
    return records


def _find(value: Any) -> list[Any] | None:
    """The records in a value, and what stands in an array among them and is none; None if there is no record."""
    if isinstance(value, str):
        return _find(_decode(value))
    if isinstance(value, list):
        columns = _columns(value)
        return _find_in_list(value) if columns is None else _find(columns)
    return _find_in_object(value) if isinstance(value, dict) else None


def _find_in_object(value: dict[str, Any]) -> list[Any] | None:
    if is_record(value) or is_event(value):
        return [value]
    if value in _EMPTY_ANSWERS:
        return []
    if (rows := rows_of_answer(value)) is not None:
        return _find(rows)
    records: list[Any] = []
    for member in value.values():
        # Some envelopes hold a record twice, as text and decoded.
        records += [record for record in _find(member) or () if record not in records]
    return records or ([record_of_row(value)] if is_row(value) else None)


def _find_in_list(values: list[Any]) -> list[Any] | None:
    found = [_find(value) for value in values]
    if all(records is None for records in found):
        return None
    return [
        record
        for value, records in zip(values, found, strict=True)
        for record in ([value] if records is None else records)
    ]


def _columns(values: list[Any]) -> dict[str, Any] | None:
    """The columns of a row that Logs Insights or CloudTrail Lake writes as an array; None for any other array."""
    if not all(isinstance(value, dict) for value in values):
        return None
    if all(value.keys() == {"field", "value"} for value in values):
        columns = {str(value["field"]): value["value"] for value in values}
    elif all(len(value) == 1 and isinstance(next(iter(value.values())), str) for value in values):
        columns = {name: text for value in values for name, text in value.items()}
    else:
        return None
    return columns if len(columns) == len(values) > 0 else None


def _decode(text: str) -> Any:
    """What a text holds as JSON, in Base64 and gzip too; None if it holds none."""
    stripped = text.strip()
    try:
        if stripped.startswith(("{", "[")):
            return decode_json(stripped.encode("utf-8", "surrogatepass"))
        if stripped.startswith(_BASE64):
            data = base64.b64decode(stripped, validate=True)
            return decode_json(zlib.decompress(data, wbits=31) if data.startswith(_GZIP) else data)
    except (*DECODE_ERRORS, zlib.error):
        pass
    return None


def _objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a value, the outermost first."""
    decoded = _decode(value) if isinstance(value, str) else value
    if isinstance(decoded, list):
        members: Iterable[Any] = (_columns(decoded) or {}, *decoded)
    elif isinstance(decoded, dict):
        yield decoded
        members = decoded.values()
    else:
        return
    for member in members:
        yield from _objects_in(member)
