"""The text of an alert: an input transformer for one detection.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import groupby, takewhile
from typing import Any

from troposphere import FindInMap, Join, Sub, events

from cfn_breakglass.builders.template import DOLLAR_BRACE
from cfn_breakglass.config.message_fields import FIELDS, PLACEHOLDER, TEXT, TEXT_FIELDS, Field
from cfn_breakglass.config.model import EVENT, JSON, TEXT as TEXT_FORMAT
from cfn_breakglass.detections.detection import Detection
from cfn_breakglass.names import RoleNames, sub
from cfn_breakglass.plan import Plan


def message_of(plan: Plan, detection: Detection) -> dict[str, Any]:
    """What a target of a rule says of ``detection``: properties of the target, none for the event as it is."""
    alerts = plan.config.alerts
    if not alerts.message and alerts.format == EVENT:
        return {}
    fields = fields_of(plan, detection)
    if alerts.message:
        return {"InputTransformer": _text(alerts.message, fields)}
    if alerts.format == TEXT_FORMAT:
        return {"InputTransformer": _text(_lines(fields), fields)}
    return {"InputTransformer": _json_object(fields, shared=not plan.is_standalone)}


def json_text(template: str, fields: Mapping[str, Field]) -> events.InputTransformer:
    """JSON: ``template`` with its fields filled in, in quotes or not as it has them."""
    pieces: list[Any] = []
    paths: dict[str, str] = {}
    for index, part in enumerate(PLACEHOLDER.split(template)):
        pieces += _value(part, fields, paths) if index % 2 else [part]
    return _transformer(pieces, paths)


def mappings(plan: Plan) -> dict[str, Any]:
    """The mappings of a template with alerts: what the JSON of every rule ends with, but that of an alarm."""
    alerts = plan.config.alerts
    is_needed = bool(plan.silenced_alerts) or any(
        _members(_COMMON_FIELDS, fields_of(plan, detection), {}) == [_COMMON_MEMBERS]
        for detection in plan.destinations.topic
    )
    return _JSON_TEXT if is_needed and alerts.format == JSON and not alerts.message else {}


def fields_of(plan: Plan, detection: Detection) -> dict[str, Field]:
    """The fields as ``detection`` has them."""
    fields = {name: detection.field(name) for name in (*FIELDS, *TEXT_FIELDS)}
    host = plan.config.partition.console_host
    role = detection.fields.get("role") or Field("", constant=_role(plan.names.role))
    return fields | {
        "role": role,
        "runbook": Field("", constant=plan.config.alerts.runbook or ""),
        "link": Field("", constant=f"https://<region>.{host}/{fields['link'].constant}"),
    }


def _role(role: RoleNames) -> str:
    """The role; in an organization that of the account in which it happened."""
    return role.label.replace("${AWS::AccountId}", "<account>") if role.in_any_account else role.label


def _lines(fields: Mapping[str, Field]) -> str:
    """The lines of an alert that a detection has values for."""
    return "\n".join(
        line for line in TEXT.splitlines() if not any(_is_empty(name, fields) for name in PLACEHOLDER.findall(line))
    )


def _is_empty(name: str, fields: Mapping[str, Field]) -> bool:
    """Whether a field is empty in every alert of a detection."""
    constant = fields[name].constant
    if constant is None:
        return False
    only = PLACEHOLDER.fullmatch(constant)
    return _is_empty(only[1], fields) if only else not constant


# The fields that differ from rule to rule: those before these in FIELDS.
_FIRST_COMMON_FIELD = "principal"
_RULE_FIELDS = tuple(takewhile(lambda name: name != _FIRST_COMMON_FIELD, FIELDS))
_COMMON_FIELDS = tuple(name for name in FIELDS if name not in _RULE_FIELDS)
_MEMBERS_A_LINE = 4  # a few members in a line keep the template small


def _json_object(fields: Mapping[str, Field], *, shared: bool) -> events.InputTransformer:
    """JSON. What callers choose has no quotes around it: EventBridge then writes it as JSON itself."""
    paths: dict[str, str] = {}
    own = _members(_RULE_FIELDS, fields, paths)
    common = _members(_COMMON_FIELDS, fields, paths)
    end = [FindInMap(_MAPPING, *_MAPPING_KEYS)] if shared and common == [_COMMON_MEMBERS] else common
    return _transformer(["{", *own, ",\n", *end, "}"], paths)


def _members(names: Iterable[str], fields: Mapping[str, Field], paths: dict[str, str]) -> list[Any]:
    """The members of a JSON object as pieces; text that follows text is one piece. Adds to ``paths`` what they read."""
    pieces: list[Any] = []
    for index, name in enumerate(names):
        separator = (", " if index % _MEMBERS_A_LINE else ",\n") if index else ""
        pieces.append(f"{separator}{json.dumps(name)}: ")
        field = fields[name]
        if field.constant is None and not field.is_safe:
            paths[name] = field.paths[0]
            pieces.append(f"<{name}>")
        else:
            # AWS's own words or names that AWS checks: they are safe within quotes, where they can be joined.
            pieces += ['"', *_value(name, fields, paths), '"']
    return [
        piece
        for is_text, run in groupby(pieces, key=lambda piece: isinstance(piece, str))
        for piece in (["".join(run)] if is_text else run)
    ]


_UNCLOSED = re.compile(r"\$\{[^{}]*(?:$|\{)")


def _text(message: str, fields: dict[str, Field]) -> events.InputTransformer:
    """Text. EventBridge wants quotes around each line, and subscribers see them."""
    pieces: list[Any] = ['"']
    paths: dict[str, str] = {}
    for index, part in enumerate(PLACEHOLDER.split(message.strip("\n"))):
        if index % 2 == 0:  # between the placeholders
            pieces.append('"\n"'.join(json.dumps(line, ensure_ascii=False)[1:-1] for line in part.split("\n")))
        else:
            pieces += _value(part, fields, paths)
    return _transformer([*pieces, '"'], paths)


def _value(name: str, fields: Mapping[str, Field], paths: dict[str, str]) -> list[Any]:
    """The pieces of a field's value in a text; what it reads of the event goes into ``paths``."""
    field = fields[name]
    if field.constant is None:
        variables = _variables(name, field)
        paths |= variables
        return [field.between.join(map("<{}>".format, variables))]
    parts = PLACEHOLDER.split(field.constant)
    return [
        piece
        for index, part in enumerate(parts)
        for piece in (_value(part, fields, paths) if index % 2 else [sub(part)] if part else [])
    ]


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
        for element in (DOLLAR_BRACE.split("".join(run)) if is_text else run)
    ]
    return runs[0] if len(runs) == 1 else Join("", runs)


_MAPPING, _MAPPING_KEYS = "AlertText", ("Json", "AllButTheRule")
(_COMMON_MEMBERS,) = _members(_COMMON_FIELDS, FIELDS, {})
_JSON_TEXT = {_MAPPING: {_MAPPING_KEYS[0]: {_MAPPING_KEYS[1]: _COMMON_MEMBERS}}}
