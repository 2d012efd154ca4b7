"""What an alert says: an input transformer for one detection.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any

from troposphere import FindInMap, Join, Sub, events

from cfn_breakglass.config.message_fields import FIELDS, PLACEHOLDER, Field
from cfn_breakglass.detections.catalog import Detection
from cfn_breakglass.names import RoleNames, sub


def transformer(
    detection: Detection, role: RoleNames, message: str | None, *, shared: bool = False
) -> events.InputTransformer:
    """The text of ``message`` with its fields filled in, or a JSON object of all fields.

    ``shared`` is whether the template has the mapping ``JSON_TEXT``, which spares each rule most of that object.
    """
    fields = {name: detection.field(name) for name in FIELDS} | {"role": Field("", constant=role.label)}
    return _text(message, fields) if message else _object(fields, shared=shared)


_OF_THE_RULE = ("detection", "result", "role")
_IN_A_LINE = 4  # a few members in a line keep the template small


def _object(fields: dict[str, Field], *, shared: bool) -> events.InputTransformer:
    """JSON; what callers choose stands unquoted, for EventBridge then writes it as JSON itself."""
    rest = _members({name: one for name, one in fields.items() if name not in _OF_THE_RULE})
    tail = [FindInMap(_MAPPING, *_KEYS)] if shared and rest == [_TAIL] else rest
    parts = ["{", *_members({name: fields[name] for name in _OF_THE_RULE}), ",\n", *tail, "}"]
    paths: dict[str, str] = {}
    for name, one in fields.items():
        if one.constant is None:
            paths |= {name: one.paths[0]} if one.between else _variables(name, one)
    return _transformer(parts, paths)


def _members(fields: dict[str, Field]) -> list[Any]:
    """The members of a JSON object, its pieces of text in a row joined."""
    parts: list[Any] = []
    for index, (name, one) in enumerate(fields.items()):
        separator = (", " if index % _IN_A_LINE else ",\n") if index else ""
        parts.append(f"{separator}{json.dumps(name)}: ")
        if one.constant is not None:
            parts += ['"', sub(one.constant), '"']
        elif one.between:
            parts.append(f"<{name}>")
        else:
            # AWS's own words, of which one is there: safe within quotes, where they can be joined.
            parts += ['"', *map("<{}>".format, _variables(name, one)), '"']
    return [
        piece
        for is_text, run in groupby(parts, key=lambda part: isinstance(part, str))
        for piece in (["".join(run)] if is_text else run)
    ]


_DOLLAR_BRACE = re.compile(r"(?<=\$)(?=\{)")
_UNCLOSED = re.compile(r"\$\{[^{}]*(?:$|\{)")


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
    return events.InputTransformer(
        InputTemplate=_substituted(parts) or _joined(parts), **({"InputPathsMap": paths} if paths else {})
    )


def _substituted(parts: list[Any]) -> Sub | None:
    """``parts`` as one Fn::Sub, where they hold one; it does not take a ${ that is never closed."""
    if not any(isinstance(one, Sub) for one in parts) or not all(isinstance(one, str | Sub) for one in parts):
        return None
    text = "".join(one.data["Fn::Sub"] if isinstance(one, Sub) else one.replace("${", "${!") for one in parts)
    return None if _UNCLOSED.search(text) else Sub(text)


def _joined(parts: list[Any]) -> Any:
    runs = [
        one
        for is_text, run in groupby(parts, key=lambda part: isinstance(part, str))
        # Cut in two, ${ cannot be taken for a reference that somebody forgot to resolve.
        for one in (_DOLLAR_BRACE.split("".join(run)) if is_text else run)
    ]
    return runs[0] if len(runs) == 1 else Join("", runs)


_MAPPING, _KEYS = "AlertText", ("Json", "AllButTheRule")
(_TAIL,) = _members({name: one for name, one in FIELDS.items() if name not in _OF_THE_RULE})
JSON_TEXT = {_MAPPING: {_KEYS[0]: {_KEYS[1]: _TAIL}}}
"""A mapping of the template: what the JSON of every rule ends with."""
