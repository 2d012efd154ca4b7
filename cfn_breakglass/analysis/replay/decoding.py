"""Decoding of JSON, and the records in a value whatever form it has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

DECODE_ERRORS = (ValueError, RecursionError)
"""What decoding can raise."""


def decode_json(data: bytes) -> Any:
    """Decode JSON, also what msgspec rejects, such as half a surrogate pair; ValueError or RecursionError."""
    try:
        return msgspec.json.decode(data)
    except DECODE_ERRORS:
        return json.loads(data.decode("utf-8-sig", "replace"))


def describe_decode_error(error: Exception) -> str:
    """Say why decoding failed."""
    return "it is nested too deep" if isinstance(error, RecursionError) else f"it is not JSON: {error}"


def records_in(value: Any) -> Iterator[Any]:
    """The records of a log file, an array or a response of CloudTrail's LookupEvents; else ``value`` itself."""
    if isinstance(value, list):
        yield from value
    elif isinstance(value, dict) and isinstance(value.get("Records"), list):
        yield from value["Records"]
    elif isinstance(value, dict) and isinstance(value.get("Events"), list):
        yield from map(_looked_up_record, value["Events"])
    else:
        yield _looked_up_record(value)


def _looked_up_record(event: Any) -> Any:
    """The record in an event of a LookupEvents response; anything else is returned as it is."""
    text = event.get("CloudTrailEvent") if isinstance(event, dict) else None
    try:
        return decode_json(text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else event
    except DECODE_ERRORS:
        return event
