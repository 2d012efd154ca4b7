"""Sections of a config: a frozen dataclass whose fields are made by ``setting``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, field, fields, is_dataclass
from typing import Any, NamedTuple

import yaml

from cfn_breakglass.report import Report, inner, is_kind, pairs, shown
from cfn_breakglass.settings import INVALID, Kind, read, truth

_A_FILE = "write a setting in each line, such as main_region: us-east-1"


class Section(NamedTuple):
    """A mapping with known keys, read as ``of``."""

    of: type

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        known = {_spelled(one): one for one in fields(self.of)}
        if not isinstance(node, yaml.MappingNode):
            fix = f"write its settings below it, indented; it has: {', '.join(known)}" if key else _A_FILE
            report.add(key, f"{key or 'the file'} is {shown(node)}; it takes a mapping of settings", fix)
            return INVALID
        values = {}
        for name, value in pairs(node, key, report):
            path = inner(key, name)
            if name not in known:
                report.unknown(path)
            elif is_kind(value, "null") and "example" not in known[name].metadata:
                del report.lines[path]  # an empty value is the default
            elif (held := read(known[name].metadata["kind"], value, path, report)) is not INVALID:
                values[known[name].name] = held
        return self._filled(values, key, report)

    def _filled(self, values: dict[str, Any], key: str, report: Report) -> Any:
        for one in fields(self.of):
            if "example" in one.metadata and one.name not in values:
                values[one.name] = ""
                path = inner(key, _spelled(one))
                if not report.given(path):
                    report.add(path, f"{path} is missing", f"add it: {one.metadata['example']}")
        return self.of(**values)

    def schema(self) -> dict[str, Any]:
        properties = {_spelled(one): _described(one) for one in fields(self.of)}
        required = [_spelled(one) for one in fields(self.of) if "example" in one.metadata]
        schema = {"type": "object", "additionalProperties": False, "properties": properties}
        return schema | ({"required": required} if required else {})


class Switchable(Section):
    """A section, or true for its defaults, or false for none; read as ``of`` or None. An empty one is none."""

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        if (wanted := truth(node)) is not None:
            return self.of() if wanted else None
        if isinstance(node, yaml.MappingNode):
            held = super().read(node, key, report)
            return held if any(not is_kind(value, "null") for _, value in node.value) else None
        known = ", ".join(map(_spelled, fields(self.of)))
        report.add(key, f"{key} is {shown(node)}", f"write true or false, or below it, indented, some of: {known}")
        return INVALID

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "boolean"}, super().schema()]}


def keys(cls: type, within: str = "") -> Iterator[tuple[str, Field[Any]]]:
    """Every key of the section, dotted, with its field; sections before what is in them."""
    for one in fields(cls):
        path = inner(within, _spelled(one))
        yield path, one
        kind = one.metadata["kind"]
        if isinstance(kind, Section):
            yield from keys(kind.of, path)


def _spelled(one: Field[Any]) -> str:
    return one.name.rstrip("_")


def _described(one: Field[Any]) -> dict[str, Any]:
    about = {"description": one.metadata["about"]}
    schema: dict[str, Any] = one.metadata["kind"].schema()
    if "example" in one.metadata:
        return about | schema
    default = one.default if one.default_factory is MISSING else one.default_factory()
    schema = {"anyOf": [schema, {"type": "null"}]}
    if not is_dataclass(default):
        schema["default"] = list(default) if isinstance(default, tuple) else default
    return about | schema


def setting(kind: Kind, about: str, *, default: Any = MISSING, example: str = "") -> Any:
    """A dataclass field that is a setting: its kind, what it is for, and its default or an example."""
    metadata = {"kind": kind, "about": about} | ({"example": example} if example else {})
    if isinstance(default, dict) or is_dataclass(default):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)
