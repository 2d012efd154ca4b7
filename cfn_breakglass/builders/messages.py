"""What an alert says: an input transformer for one detection.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json

from troposphere import events

from cfn_breakglass.detections import Detection
from cfn_breakglass.fields import FIELDS, PLACEHOLDER, Field
from cfn_breakglass.names import RoleNames, sub


def transformer(detection: Detection, role: RoleNames, message: str | None) -> events.InputTransformer:
    """The text of ``message`` with its fields filled in, or a JSON object of all fields."""
    fields = {name: detection.field(name) for name in FIELDS} | {"role": Field("", constant=role.label)}
    return _text(message, fields) if message else _object(fields)


def _object(fields: dict[str, Field]) -> events.InputTransformer:
    """JSON; what callers choose stands unquoted, for EventBridge then writes it as JSON itself."""
    members, paths = [], {}
    for name, one in fields.items():
        if one.constant is not None:
            value = json.dumps(one.constant)
        elif one.between:
            paths[name] = one.paths[0]
            value = f"<{name}>"
        else:
            # AWS's own words, of which one at most is there: safe within quotes, where they can be joined.
            variables = _variables(name, one)
            paths |= variables
            value = '"' + "".join(f"<{variable}>" for variable in variables) + '"'
        members.append(f"{json.dumps(name)}: {value}")
    lines = [", ".join(members[start : start + 4]) for start in range(0, len(members), 4)]
    return _transformer("{" + ",\n".join(lines) + "}", paths, resolve=True)


def _text(message: str, fields: dict[str, Field]) -> events.InputTransformer:
    """Text; EventBridge wants quotes around each line, and subscribers see them."""
    literals, names = PLACEHOLDER.split(message)[::2], PLACEHOLDER.findall(message)
    paths: dict[str, str] = {}
    filled = []
    for name in names:
        one = fields[name]
        variables = _variables(name, one)
        paths |= variables
        filled.append(one.constant if one.constant is not None else one.between.join(map("<{}>".format, variables)))
    if any("${" in value for value in filled):
        literals = [literal.replace("${", "${!") for literal in literals]
    text = "".join(literal + value for literal, value in zip(literals, [*filled, ""], strict=True))
    lines = [json.dumps(line, ensure_ascii=False) for line in text.splitlines()]
    return _transformer("\n".join(lines), paths, resolve=any("${" in value for value in filled))


def _variables(name: str, one: Field) -> dict[str, str]:
    return {f"{name}{index or ''}": path for index, path in enumerate(one.paths)}


def _transformer(template: str, paths: dict[str, str], *, resolve: bool) -> events.InputTransformer:
    text = sub(template) if resolve else template
    return events.InputTransformer(InputTemplate=text, **({"InputPathsMap": paths} if paths else {}))
