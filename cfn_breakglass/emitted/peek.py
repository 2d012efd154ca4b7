"""Decoding of records: whole, or only what patterns read, which takes a third of the time.

msgspec skips what a type does not name, and unlike a look for substrings knows an escaped name when it sees one.
Where a record is shaped otherwise than the type says, there is no peek, and it is decoded whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, TypedDict

import msgspec

# What makes a record an event, and what tells a record from an EventBridge event.
_ENVELOPE = (
    *("eventSource", "eventType", "awsRegion", "eventID", "eventTime", "recipientAccountId", "userIdentity.accountId"),
    *("version", "id", "source", "account", "time", "region", "resources", "detail-type", "detail"),
)
_RECORD = "detail."

_Tree = dict[str, Any]


class Peek:
    """Decoders that keep of a CloudTrail record only the ``fields`` of its event, and of an event everything."""

    def __init__(self, fields: Iterable[str]) -> None:
        own = (field.removeprefix(_RECORD) for field in fields if field.startswith(_RECORD))
        record: Any = _type("Record", _tree((*_ENVELOPE, *own)))
        log = _keeping("Log", {"Records": list[record]})
        self.record = msgspec.json.Decoder(record).decode
        self.log = msgspec.json.Decoder(log).decode
        self.log_in_parts = msgspec.json.Decoder(_keeping("Parts", {"Records": list[msgspec.Raw]})).decode


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


def _type(name: str, tree: _Tree) -> Any:
    return _keeping(name, {step: _type(step, below) | None if below else Any for step, below in tree.items()})


def _keeping(name: str, fields: dict[str, Any]) -> Any:
    return TypedDict(name, fields, total=False)  # type: ignore[operator] # of fields known only now


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
        yield value


def _looked_up(event: Any) -> Any:
    text = event.get("CloudTrailEvent") if isinstance(event, dict) else None
    return decode(text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else event
