"""Decoding of JSON."""

from __future__ import annotations

import json
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
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    # Without the position, the same error has the same reason wherever it is.
    return f"it is not JSON: {error.msg if isinstance(error, json.JSONDecodeError) else error}"
