"""The text of an alert: an input transformer for one detection.

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

    ``shared`` is whether the template has the mapping ``JSON_TEXT``, which holds most of that object for all rules.
    """
    fields = {name: detection.field(name) for name in FIELDS} | {"role": Field("", constant=role.label)}
    return _text(message, fields) if message else _json_object(fields, shared=shared)


# The fields that differ from rule to rule.
_RULE_FIELDS = ("detection", "result", "role")
_MEMBERS_A_LINE = 4  # a few members in a line keep the template small


def _json_object(fields: dict[str, Field], *, shared: bool) -> events.InputTransformer:
    """JSON. What callers choose has no quotes around it: EventBridge then writes it as JSON itself."""
    common = _members({name: field for name, field in fields.items() if name not in _RULE_FIELDS})
    end = [FindInMap(_MAPPING, *_MAPPING_KEYS)] if shared and common == [_COMMON_MEMBERS] else common
    pieces = ["{", *_members({name: fields[name] for name in _RULE_FIELDS}), ",\n", *end, "}"]
    paths: dict[str, str] = {}
    for name, field in fields.items():
        if field.constant is None:
            paths |= {name: field.paths[0]} if field.between else _variables(name, field)
    return _transformer(pieces, paths)


def _members(fields: dict[str, Field]) -> list[Any]:
    """The members of a JSON object as pieces: text that follows text is one piece."""
    pieces: list[Any] = []
    for index, (name, field) in enumerate(fields.items()):
        separator = (", " if index % _MEMBERS_A_LINE else ",\n") if index else ""
        pieces.append(f"{separator}{json.dumps(name)}: ")
        if field.constant is not None:
            pieces += ['"', sub(field.constant), '"']
        elif field.between:
            pieces.append(f"<{name}>")
        else:
            # AWS's own words, and an event has only one of them. They are safe within quotes, where they can be joined.
            pieces += ['"', *map("<{}>".format, _variables(name, field)), '"']
    return [
        piece
        for is_text, run in groupby(pieces, key=lambda piece: isinstance(piece, str))
        for piece in (["".join(run)] if is_text else run)
    ]


_DOLLAR_BRACE = re.compile(r"(?<=\$)(?=\{)")
_UNCLOSED = re.compile(r"\$\{[^{}]*(?:$|\{)")


def _text(message: str, fields: dict[str, Field]) -> events.InputTransformer:
    """Text. EventBridge wants quotes around each line, and subscribers see them."""
    pieces: list[Any] = ['"']
    paths: dict[str, str] = {}
    for index, part in enumerate(PLACEHOLDER.split(message.strip("\n"))):
        if index % 2 == 0:  # between the placeholders
            pieces.append('"\n"'.join(json.dumps(line, ensure_ascii=False)[1:-1] for line in part.split("\n")))
        elif (constant := fields[part].constant) is not None:
            pieces.append(sub(constant))
        else:
            variables = _variables(part, fields[part])
            paths |= variables
            pieces.append(fields[part].between.join(map("<{}>".format, variables)))
    return _transformer([*pieces, '"'], paths)


def _variables(name: str, field: Field) -> dict[str, str]:
    """The variables of a field in the template of the text, and their paths in the event."""
    return {f"{name}{index or ''}": path for index, path in enumerate(field.paths)}


def _transformer(pieces: list[Any], paths: dict[str, str]) -> events.InputTransformer:
    """Join ``pieces``. Only our own references are resolved: a message may hold any ${ of its own, and keeps it."""
    return events.InputTransformer(
        InputTemplate=_as_sub(pieces) or _as_join(pieces), **({"InputPathsMap": paths} if paths else {})
    )


def _as_sub(pieces: list[Any]) -> Sub | None:
    """``pieces`` as one Fn::Sub, if they hold one. Fn::Sub does not allow a ${ that is never closed."""
    if not any(isinstance(piece, Sub) for piece in pieces) or not all(isinstance(piece, str | Sub) for piece in pieces):
        return None
    text = "".join(piece.data["Fn::Sub"] if isinstance(piece, Sub) else piece.replace("${", "${!") for piece in pieces)
    return None if _UNCLOSED.search(text) else Sub(text)


def _as_join(pieces: list[Any]) -> Any:
    """``pieces`` as one text, or as Fn::Join."""
    runs = [
        element
        for is_text, run in groupby(pieces, key=lambda piece: isinstance(piece, str))
        # Cut in two, ${ cannot be mistaken for a reference that somebody forgot to resolve.
        for element in (_DOLLAR_BRACE.split("".join(run)) if is_text else run)
    ]
    return runs[0] if len(runs) == 1 else Join("", runs)


_MAPPING, _MAPPING_KEYS = "AlertText", ("Json", "AllButTheRule")
(_COMMON_MEMBERS,) = _members({name: field for name, field in FIELDS.items() if name not in _RULE_FIELDS})
JSON_TEXT = {_MAPPING: {_MAPPING_KEYS[0]: {_MAPPING_KEYS[1]: _COMMON_MEMBERS}}}
"""A mapping of the template: what the JSON of every rule ends with."""
