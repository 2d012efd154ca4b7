"""What an alert says: an input transformer for one detection.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any

from troposphere import Join, events

from cfn_breakglass.detections import Detection
from cfn_breakglass.fields import FIELDS, PLACEHOLDER, Field
from cfn_breakglass.names import RoleNames, sub


def transformer(detection: Detection, role: RoleNames, message: str | None) -> events.InputTransformer:
    """The text of ``message`` with its fields filled in, or a JSON object of all fields."""
    fields = {name: detection.field(name) for name in FIELDS} | {"role": Field("", constant=role.label)}
    return _text(message, fields) if message else _object(fields)


def _object(fields: dict[str, Field]) -> events.InputTransformer:
    """JSON; what callers choose stands unquoted, for EventBridge then writes it as JSON itself."""
    parts: list[Any] = []
    paths: dict[str, str] = {}
    for index, (name, one) in enumerate(fields.items()):
        parts.append(f"{_SEPARATORS[index % 4 == 0] if index else '{'}{json.dumps(name)}: ")
        if one.constant is not None:
            parts += ['"', sub(one.constant), '"']
        elif one.between:
            paths[name] = one.paths[0]
            parts.append(f"<{name}>")
        else:
            # AWS's own words, of which one is there: safe within quotes, where they can be joined.
            variables = _variables(name, one)
            paths |= variables
            parts += ['"', *map("<{}>".format, variables), '"']
    return _transformer([*parts, "}"], paths)


_DOLLAR_BRACE = re.compile(r"(?<=\$)(?=\{)")
_SEPARATORS = (", ", ",\n")  # a few members in a line keep the template small


def _text(message: str, fields: dict[str, Field]) -> events.InputTransformer:
    """Text; EventBridge wants quotes around each line, and subscribers see them."""
    parts: list[Any] = ['"']
    paths: dict[str, str] = {}
    for index, piece in enumerate(PLACEHOLDER.split(message.strip("\n"))):
        if index % 2 == 0:  # between the placeholders
            parts.append('"\n"'.join(json.dumps(line, ensure_ascii=False)[1:-1] for line in piece.split("\n")))
        elif (constant := fields[piece].constant) is not None:
            parts.append(sub(constant))
        else:
            variables = _variables(piece, fields[piece])
            paths |= variables
            parts.append(fields[piece].between.join(map("<{}>".format, variables)))
    return _transformer([*parts, '"'], paths)


def _variables(name: str, one: Field) -> dict[str, str]:
    return {f"{name}{index or ''}": path for index, path in enumerate(one.paths)}


def _transformer(parts: list[Any], paths: dict[str, str]) -> events.InputTransformer:
    """Join ``parts``. Only our own are resolved: a message may hold any ${ of its own, and keeps it."""
    runs = [
        one
        for is_text, run in groupby(parts, key=lambda part: isinstance(part, str))
        # Cut in two, ${ cannot be taken for a reference that somebody forgot to resolve.
        for one in (_DOLLAR_BRACE.split("".join(run)) if is_text else run)
    ]
    template = runs[0] if len(runs) == 1 else Join("", runs)
    return events.InputTransformer(InputTemplate=template, **({"InputPathsMap": paths} if paths else {}))
