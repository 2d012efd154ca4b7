"""Types of settings that contain others: lists, mappings, sections and IAM's JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from typing import Any, Final, NamedTuple

import yaml

from cfn_breakglass.config.problems import YAML_TAG, Problems, describe_node, has_yaml_type, inner, pairs, shortened
from cfn_breakglass.config.types import (
    INVALID,
    WORDS_FOR_ALL,
    Choice,
    SettingType,
    String,
    boolean_of,
    has_foreign_tag,
    read_setting,
)

POLICY_VERSION: Final = "2012-10-17"


class ListOf(NamedTuple):
    """A list without duplicates; read as a tuple. ``everything`` is the item that stands for all others."""

    item_type: SettingType
    everything: str = ""

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            problems.add(
                key, f"{key} is {describe_node(node)}, but it has to be a list", _list_fix(node, self.everything)
            )
            return INVALID
        values: dict[str, Any] = {}
        item_indexes = problems.item_indexes[key] = []
        for index, item in enumerate(node.value):
            item_key = f"{key}[{index}]"
            problems.record_position(item_key, item)
            value = read_setting(self.item_type, item, item_key, problems)
            if value is INVALID:
                continue
            identity = value if isinstance(value, str) else json.dumps(value, default=vars)  # a section is a dataclass
            if identity in values:
                text = f"{item_key} is {describe_node(item)}, which is already in the list"
                problems.add(item_key, text, "remove one of them")
            else:
                values[identity] = value
                item_indexes.append(index)
        return tuple(values.values())

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item_type.schema(), "uniqueItems": True}


def _list_fix(node: yaml.Node, everything: str) -> str:
    if isinstance(node, yaml.ScalarNode) and node.style and node.value.strip()[:1] in ("", "[", "{"):
        return "remove the quotes" + (", and write [] for an empty list" if node.value.strip()[:1] != "{" else "")
    if isinstance(node, yaml.ScalarNode) and node.value.lower() in WORDS_FOR_ALL:
        return f'write ["{everything}"]' if everything else "write a list that names each, or remove it for the default"
    is_short = isinstance(node, yaml.ScalarNode) and len(node.value) == len(shortened(node.value))
    if not is_short or has_yaml_type(node, "null"):
        return "write [one, another], or each on a line of its own after a hyphen"
    words = [word.strip() for word in node.value.split(",")]
    spelled = [word if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.@/:-]*", word) else json.dumps(word) for word in words]
    return f"put brackets around it: [{', '.join(spelled)}]"


class OneOrMore(NamedTuple):
    """A text, or a list of such texts; a list is read as a tuple."""

    item_type: SettingType

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return ListOf(self.item_type).read(node, key, problems)
        return self.item_type.read(node, key, problems)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.item_type.schema(), ListOf(self.item_type).schema()]}


class StringMap(NamedTuple):
    """A mapping from names of one form to texts of another."""

    name_type: String
    value_type: String
    max_entries: int

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if not isinstance(node, yaml.MappingNode):
            problems.add(key, f"{key} is {describe_node(node)}, but it has to be a mapping", "write {name: value}")
            return INVALID
        if (count := len(node.value)) > self.max_entries:
            problems.add(key, f"{key} has {count} entries, but AWS allows {self.max_entries}", "remove some")
        values = {}
        for name, value in pairs(node, key, problems):
            path = inner(key, name)
            if fault := self.name_type.fault_of(name):
                problems.add(path, f"a key of {key} {fault.text}", fault.fix)
            values[name] = read_setting(self.value_type, value, path, problems)
        return values

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "propertyNames": self.name_type.schema(),
            "additionalProperties": self.value_type.schema(),
            "maxProperties": self.max_entries,
        }


class DetectionLevels(NamedTuple):
    """A mapping from detections to levels; a detection that the file does not name has its default."""

    defaults: Mapping[str, str]
    level_type: Choice

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if not isinstance(node, yaml.MappingNode):
            fix = f"write {{{next(iter(self.defaults))}: {self.level_type.words[0]}}}"
            problems.add(key, f"{key} is {describe_node(node)}, but it has to be a mapping", fix)
            return INVALID
        levels = dict(self.defaults)
        for name, value in pairs(node, key, problems):
            path = inner(key, name)
            if name not in levels:
                problems.add_unknown(path)
            elif has_yaml_type(value, "null"):
                del problems.lines[path]  # an empty value is the default
            elif (level := read_setting(self.level_type, value, path, problems)) is not INVALID:
                levels[name] = level
        return levels

    def schema(self) -> dict[str, Any]:
        levels = {"enum": [*self.level_type.words, None]}
        properties = {name: {**levels, "default": level} for name, level in self.defaults.items()}
        return {"type": "object", "additionalProperties": False, "properties": properties}


class JsonValue(NamedTuple):
    """Any JSON. ``check`` gets it as plain data, reports what is wrong with it, and returns it or INVALID.

    Numbers become text: IAM allows both, and text keeps every digit.
    """

    check: Callable[[Any, str, Problems], Any]
    json_schema: Mapping[str, Any]

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        count = len(problems.reported)
        value = self._data_of(node, key, problems)
        return INVALID if len(problems.reported) > count else self.check(value, key, problems)

    def _data_of(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if has_foreign_tag(node, key, problems):
            return INVALID
        if isinstance(node, yaml.MappingNode):
            entries = pairs(node, key, problems)
            return {name: self._data_of(value, inner(key, name), problems) for name, value in entries}
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                problems.record_position(f"{key}[{index}]", item)
            return [self._data_of(item, f"{key}[{index}]", problems) for index, item in enumerate(node.value)]
        if has_yaml_type(node, "null"):
            return None
        boolean = boolean_of(node)
        return self._text_of(node, key, problems) if boolean is None else boolean

    @staticmethod
    def _text_of(node: yaml.Node, key: str, problems: Problems) -> Any:
        text = yaml.ScalarNode("tag:yaml.org,2002:str", node.value, style=getattr(node, "style", None))
        return String("a value", r"[\s\S]*").read(text, key, problems)

    def schema(self) -> dict[str, Any]:
        return dict(self.json_schema)


class PolicyStatements(NamedTuple):
    """A list of IAM statements, or the policy document around one, as people have it at hand."""

    statements: ListOf

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if not isinstance(node, yaml.MappingNode):
            return self.statements.read(node, key, problems)
        document = dict(pairs(node, key, problems))
        if "Statement" not in document:
            fix = "write a list of statements, or the whole policy with its Version and Statement"
            problems.add(key, f"{key} is a mapping without Statement", fix)
            return INVALID
        for name in document.keys() - {"Version", "Id", "Statement"}:
            problems.add(f"{key}.{name}", f"{key}.{name} is not a key of an IAM policy", "remove it")
        version = document.get("Version")
        if version and version.value != POLICY_VERSION:
            text = f"{key}.Version is {describe_node(version)}, but the stack writes policies of {POLICY_VERSION}"
            problems.add(f"{key}.Version", text, f"write {POLICY_VERSION}, in which ${{...}} is a variable")
        statements = document["Statement"]
        if isinstance(statements, yaml.MappingNode):
            tag, (start, end) = f"{YAML_TAG}seq", (statements.start_mark, statements.end_mark)
            statements = yaml.SequenceNode(tag, [statements], start, end)
        return self.statements.read(statements, key, problems)

    def schema(self) -> dict[str, Any]:
        item = self.statements.item_type.schema()
        document = {
            "type": "object",
            "additionalProperties": False,
            "required": ["Statement"],
            "properties": {
                "Version": {"enum": [POLICY_VERSION]},
                "Id": {"type": "string"},
                "Statement": {"anyOf": [item, self.statements.schema()]},
            },
        }
        return {"anyOf": [self.statements.schema(), document]}


class Section(NamedTuple):
    """A mapping with known keys, read as the dataclass ``settings``."""

    settings: type

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        settings = {_key_of(setting_field): setting_field for setting_field in fields(self.settings)}
        if not isinstance(node, yaml.MappingNode):
            text = f"{key or 'the file'} is {describe_node(node)}, but it has to be a mapping of settings"
            problems.add(key, text, _settings_fix(key, settings))
            return INVALID
        values = {}
        for name, value in pairs(node, key, problems):
            path = inner(key, name)
            if name not in settings:
                problems.add_unknown(path, [inner(key, setting) for setting in settings] if key.endswith("]") else ())
                continue
            setting_field = settings[name]
            if has_yaml_type(value, "null") and _may_be_empty(setting_field):
                del problems.lines[path]  # an empty value is the default
                continue
            setting_value = read_setting(setting_field.metadata["type"], value, path, problems)
            if setting_value is not INVALID:
                values[setting_field.name] = setting_value
        return self._with_required(values, key, problems)

    def _with_required(self, values: dict[str, Any], key: str, problems: Problems) -> Any:
        for setting_field in filter(_is_required, fields(self.settings)):
            if setting_field.name not in values:
                values[setting_field.name] = ""
                path = inner(key, _key_of(setting_field))
                if not problems.is_set(path):
                    problems.add(path, f"{path} is missing", f"add it: {setting_field.metadata['example']}")
        return self.settings(**values)

    def schema(self) -> dict[str, Any]:
        properties = {_key_of(setting_field): _schema_of(setting_field) for setting_field in fields(self.settings)}
        required = [_key_of(setting_field) for setting_field in filter(_is_required, fields(self.settings))]
        schema = {"type": "object", "additionalProperties": False, "properties": properties}
        return schema | ({"required": required} if required else {})


def _settings_fix(key: str, settings: Mapping[str, Any]) -> str:
    if not key:
        return "write one setting on each line, such as main_region: us-east-1"
    return f"write its settings below it, indented; they are: {', '.join(settings)}"


class OptionalSection(Section):
    """A section that can also be true, for its defaults, or false; read as ``settings`` or None.

    A section in which every setting is empty is None.
    """

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if (boolean := boolean_of(node)) is not None:
            return self.settings() if boolean else None
        if isinstance(node, yaml.MappingNode):
            section = super().read(node, key, problems)
            return section if any(not has_yaml_type(value, "null") for _, value in node.value) else None
        settings = ", ".join(map(_key_of, fields(self.settings)))
        fix = f"write true or false, or settings below it, indented; they are: {settings}"
        problems.add(key, f"{key} is {describe_node(node)}", fix)
        return INVALID

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "boolean"}, super().schema()]}


def section_keys(section: type, within: str = "") -> Iterator[tuple[str, Field[Any]]]:
    """Every key of a section, dotted, with its field; a section comes before its own keys."""
    for setting_field in fields(section):
        path = inner(within, _key_of(setting_field))
        yield path, setting_field
        setting_type = setting_field.metadata["type"]
        if isinstance(setting_type, Section):
            yield from section_keys(setting_type.settings, path)


def _key_of(setting_field: Field[Any]) -> str:
    """The key in the file. A field whose key is a word of Python, such as ``lambda``, ends in ``_``."""
    return setting_field.name.rstrip("_")


def _is_required(setting_field: Field[Any]) -> bool:
    return "example" in setting_field.metadata


def _may_be_empty(setting_field: Field[Any]) -> bool:
    """Whether an empty value is the default: not of a section whose settings somebody forgot or left in comments."""
    section = getattr(setting_field.metadata["type"], "settings", None)
    return not (_is_required(setting_field) or (section and any(map(_is_required, fields(section)))))


def _schema_of(setting_field: Field[Any]) -> dict[str, Any]:
    description = {"description": setting_field.metadata["about"]}
    schema: dict[str, Any] = setting_field.metadata["type"].schema()
    if not _may_be_empty(setting_field):
        return description | schema
    factory = setting_field.default_factory
    default = setting_field.default if factory is MISSING else factory()
    schema = {"anyOf": [schema, {"type": "null"}]}
    if not is_dataclass(default):
        schema["default"] = list(default) if isinstance(default, tuple) else default
    return description | schema


def setting(setting_type: SettingType, about: str, *, default: Any = MISSING, example: str = "") -> Any:
    """A dataclass field that is a setting: its type, its description, and its default; an example if it is required."""
    metadata = {"type": setting_type, "about": about} | ({"example": example} if example else {})
    if isinstance(default, dict) or is_dataclass(default):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)
