"""Kinds of settings that hold others: lists, mappings and IAM's JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from typing import Any, NamedTuple

import yaml

from cfn_breakglass.config.problems import Report, inner, is_kind, pairs, shortened, shown
from cfn_breakglass.config.types import INVALID, Choice, Kind, Text, foreign, read, truth


class Listing(NamedTuple):
    """A list without duplicates; read as a tuple."""

    of: Kind

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            report.add(key, f"{key} is {shown(node)}; it takes a list", _bracketed(node))
            return INVALID
        values: dict[str, Any] = {}
        kept = report.kept[key] = []
        for index, item in enumerate(node.value):
            where = f"{key}[{index}]"
            report.seen(where, item)
            value = read(self.of, item, where, report)
            if value is INVALID:
                continue
            same = value if isinstance(value, str) else json.dumps(value)
            if same in values:
                report.add(where, f"{where} is {shown(item)}, which is in the list already", "keep one of them")
            else:
                values[same] = value
                kept.append(index)
        return tuple(values.values())

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.of.schema(), "uniqueItems": True}


def _bracketed(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode) and node.style and node.value.strip()[:1] in ("", "["):
        return "take the quotes away, and write [] for none"
    if not isinstance(node, yaml.ScalarNode) or len(node.value) > len(shortened(node.value)):
        return "write [one, another], or each on a line of its own after a hyphen"
    words = [word.strip() for word in node.value.split(",")]
    spelled = [word if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.@/:-]*", word) else json.dumps(word) for word in words]
    return f"put brackets around it: [{', '.join(spelled)}]"


class Table(NamedTuple):
    """A mapping from names of one kind to values of another."""

    names: Text
    values: Text
    most: int

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        if not isinstance(node, yaml.MappingNode):
            report.add(key, f"{key} is {shown(node)}; it takes a mapping", "write {name: value}")
            return INVALID
        if len(node.value) > self.most:
            report.add(key, f"{key} has {len(node.value)} entries; AWS takes at most {self.most}", "leave some out")
        table = {}
        for name, value in pairs(node, key, report):
            path = inner(key, name)
            if wrong := self.names.wrong(name):
                report.add(path, f"{key} has a key that {wrong[0]}", wrong[1])
            table[name] = read(self.values, value, path, report)
        return table

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "propertyNames": self.names.schema(),
            "additionalProperties": self.values.schema(),
            "maxProperties": self.most,
        }


class Switches(NamedTuple):
    """A mapping from known names to one of a few words, with defaults for the rest."""

    defaults: Mapping[str, str]
    words: Choice

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        if not isinstance(node, yaml.MappingNode):
            report.add(key, f"{key} is {shown(node)}; it takes a mapping", f"write {{name: {self.words.words[0]}}}")
            return INVALID
        switches = dict(self.defaults)
        for name, value in pairs(node, key, report):
            path = inner(key, name)
            if name not in switches:
                report.unknown(path)
            elif is_kind(value, "null"):
                del report.lines[path]  # an empty value is the default
            elif (word := read(self.words, value, path, report)) is not INVALID:
                switches[name] = word
        return switches

    def schema(self) -> dict[str, Any]:
        words = {"enum": [*self.words.words, None]}
        properties = {name: {**words, "default": word} for name, word in self.defaults.items()}
        return {"type": "object", "additionalProperties": False, "properties": properties}


class Data(NamedTuple):
    """Any JSON, read as plain data and handed to ``judge``, which reports what is wrong with it.

    Numbers become text: IAM takes both, and text keeps every digit.
    """

    judge: Callable[[Any, str, Report], Any]
    described: Mapping[str, Any]

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        before = len(report.problems)
        value = self._plain(node, key, report)
        return INVALID if len(report.problems) > before else self.judge(value, key, report)

    def _plain(self, node: yaml.Node, key: str, report: Report) -> Any:
        if foreign(node, key, report):
            return INVALID
        if isinstance(node, yaml.MappingNode):
            return {name: self._plain(value, inner(key, name), report) for name, value in pairs(node, key, report)}
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                report.seen(f"{key}[{index}]", item)
            return [self._plain(item, f"{key}[{index}]", report) for index, item in enumerate(node.value)]
        if is_kind(node, "null"):
            return None
        flag = truth(node)
        return self._text(node, key, report) if flag is None else flag

    @staticmethod
    def _text(node: yaml.Node, key: str, report: Report) -> Any:
        text = yaml.ScalarNode("tag:yaml.org,2002:str", node.value, style=getattr(node, "style", None))
        return Text("a value", r"[\s\S]*").read(text, key, report)

    def schema(self) -> dict[str, Any]:
        return dict(self.described)


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
