"""Decoding of records: whole, or only what patterns read, which takes a third of the time.

msgspec skips what a type does not name, and unlike a look for substrings knows an escaped name when it sees one.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final

import msgspec

ABSENT: Final = object()
"""What a peek has where the record has no such field."""

# What says whose record it is, where it was recorded, what of, and that it is an EventBridge event.
_ALWAYS = ("recipientAccountId", "awsRegion", "eventSource", "eventName", "detail")
_RECORD = "detail."
# AWS writes an object where we look into one; what else there may be is kept as it is.
_ODD: Any = None | str | int | float | bool | list[Any]

_Tree = dict[str, Any]


def _log_decoder(records: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(msgspec.defstruct("Log", [("Records", records, None)])).decode


_PARTS = _log_decoder(list[msgspec.Raw])


class Peek:
    """Decoders that keep of a CloudTrail record only the ``fields`` of its event, as attributes: see ``attribute``.

    What is no object is given back as it is, and a field that is not there is ABSENT, of an object that is not there
    None.
    """

    def __init__(self, fields: Iterable[str]) -> None:
        own = (field.removeprefix(_RECORD) for field in fields if field.startswith(_RECORD))
        record = _keeping("Record", _tree((*_ALWAYS, *own))) | _ODD
        self.record = msgspec.json.Decoder(record).decode
        self._log = _log_decoder(types.GenericAlias(list, record))

    def log(self, data: bytes) -> tuple[list[Any] | None, Callable[[int], bytes]]:
        """Peek at every record of a log file, None if it is none, and say how to come by the bytes of each."""
        parts = cache(lambda: _PARTS(data).Records)
        return self._log(data).Records, lambda index: bytes(parts()[index])


def attribute(step: str) -> str:
    """Give the attribute of a peek that a name in a record becomes."""
    # No text, number or list has an attribute that begins so.
    return f"f_{step}" if f"f_{step}".isidentifier() else f"x_{step.encode().hex()}"


def _tree(paths: Iterable[str]) -> _Tree:
    """Paths with dots as nested mappings; None is a value, kept whole."""
    tree: _Tree = {}
    # The shorter first: what is kept whole has nothing below it.
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


def _keeping(name: str, tree: _Tree) -> Any:
    fields = [
        (attribute(step), _keeping(name, below) | _ODD, None) if below else (attribute(step), Any, ABSENT)
        for step, below in tree.items()
    ]
    # gc: these hold no cycles, and there are many.
    return msgspec.defstruct(name, fields, rename={attribute(step): step for step in tree}, gc=False)


def decode(data: bytes) -> Any:
    """Decode JSON, and what of it msgspec refuses, such as half a surrogate pair; ValueError or RecursionError."""
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return json.loads(data.decode("utf-8-sig", "replace"))


def unpacked(value: Any) -> Iterator[Any]:
    """The records of a log file, an array, or an answer of ``aws cloudtrail lookup-events``; else ``value`` itself."""
    if isinstance(value, list):
        yield from value
    elif isinstance(value, dict) and isinstance(value.get("Records"), list):
        yield from value["Records"]
    elif isinstance(value, dict) and isinstance(value.get("Events"), list):
        yield from map(_looked_up, value["Events"])
    else:
        yield _looked_up(value)


def _looked_up(event: Any) -> Any:
    """The record in what lookup-events answers; what is broken or something else stands for itself."""
    text = event.get("CloudTrailEvent") if isinstance(event, dict) else None
    try:
        return decode(text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else event
    except (ValueError, RecursionError):
        return event
