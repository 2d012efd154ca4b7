"""Template -> text, byte for byte the same each time; text -> files, whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml
from troposphere import Template

from cfn_breakglass.errors import OutputError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
_SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"),
    *("Transform", "Resources", "Outputs"),
)
_ATTRIBUTES = ("Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties")


_WIDTH = 120
_SIDE_BY_SIDE = 5
_SMALL = 50
# Sections, resources and their attributes keep a line of their own.
_DEEP = 3
_UNQUOTED = re.compile(r"[A-Za-z0-9$/][^:#{}\[\],]*")
_TAG = "tag:yaml.org,2002:"
_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9]")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Repeats a value instead of pointing at it: reviewers read templates, and CloudFormation takes no alias."""

    _resolved: ClassVar[dict[tuple[str, tuple[bool, bool]], str]] = {}

    def represent(self, data: Any) -> None:
        node = _node(data)
        lengths: dict[int, int] = {}
        _measure(node, lengths)
        _lay_out(node, lengths)
        self.serialize(node)

    def resolve(self, kind: type, value: Any, implicit: Any) -> Any:
        if kind is not yaml.ScalarNode:
            return super().resolve(kind, value, implicit)
        # The same few words are asked about thousands of times.
        key = value, implicit
        if key not in self._resolved:
            self._resolved[key] = super().resolve(kind, value, implicit)
        return self._resolved[key]


def _node(data: Any) -> yaml.Node:
    """Plain data as YAML's nodes, without the generality of PyYAML's representers, which takes longer."""
    if isinstance(data, str):
        # Other parsers see numbers where PyYAML sees text: 12e4 is one to them, and a user may be called so.
        style = "|" if "\n" in data else "'" if _LIKE_A_NUMBER.match(data) else None
        return yaml.ScalarNode(f"{_TAG}str", data, style=style)
    if isinstance(data, Mapping):
        return yaml.MappingNode(f"{_TAG}map", [(_node(key), _node(value)) for key, value in data.items()])
    if isinstance(data, list | tuple):
        return yaml.SequenceNode(f"{_TAG}seq", [_node(item) for item in data])
    if isinstance(data, bool):
        return yaml.ScalarNode(f"{_TAG}bool", str(data).lower())
    return yaml.ScalarNode(f"{_TAG}int", str(int(data)))


def _lay_out(node: yaml.Node, lengths: Mapping[int, int], indent: int = 0, begins: int = 0, depth: int = 0) -> None:
    """Put on one line what fits there: it reads better, and keeps a template small.

    ``begins`` is the column where it begins on the line of its key, ``indent`` that of lines of its own.
    """
    if not isinstance(node, yaml.CollectionNode):
        return
    node.flow_style = depth >= _DEEP and (begins + lengths[id(node)] <= _WIDTH or _plain(node, lengths))
    if node.flow_style:
        return
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _lay_out(item, lengths, indent + 2, indent + 2, depth + 1)
    else:
        for key, value in node.value:
            deeper = 0 if isinstance(value, yaml.SequenceNode) else 2
            _lay_out(value, lengths, indent + deeper, indent + len(key.value) + 2, depth + 1)


def _plain(node: yaml.CollectionNode, lengths: Mapping[int, int]) -> bool:
    """Whether it is so many small things that they read better side by side, on several lines if need be."""
    held = [each for item in node.value for each in (item if isinstance(item, tuple) else (item,))]
    return len(node.value) > _SIDE_BY_SIDE and all(
        isinstance(each, yaml.ScalarNode) or lengths[id(each)] <= _SMALL for each in held
    )


def _measure(node: yaml.Node, lengths: dict[int, int]) -> int:
    """How long each collection is on one line, give or take a few characters, by its id; and how long ``node`` is."""
    if isinstance(node, yaml.ScalarNode):
        return _WIDTH + 1 if "\n" in node.value else len(node.value) + 2 * (not _UNQUOTED.fullmatch(node.value))
    if isinstance(node, yaml.SequenceNode):
        length = sum(_measure(item, lengths) + 2 for item in node.value)
    else:
        length = sum(len(key.value) + 4 + _measure(value, lengths) for key, value in node.value)
    lengths[id(node)] = length
    return length


def as_data(template: Template) -> dict[str, Any]:
    """The template as plain data, its sections and each resource's attributes in AWS's order."""
    data = _ordered(template.to_dict(), _SECTIONS)
    data["Resources"] = {title: _ordered(held, _ATTRIBUTES) for title, held in data["Resources"].items()}
    return data


def as_yaml(data: Mapping[str, Any]) -> str:
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH))


def as_json(data: Mapping[str, Any]) -> str:
    """JSON with a line for each resource: small enough for CloudFormation, and a diff shows what changed."""
    sections = (f" {json.dumps(name)}: {_section(held)}" for name, held in data.items())
    return "{\n" + ",\n".join(sections) + "\n}\n"


def as_policy(document: Mapping[str, Any], most: int) -> str:
    """A policy as JSON of at most ``most`` characters if it can be, white space and all; readable if that fits."""
    readable = json.dumps(document, indent=1) + "\n"
    return readable if len(readable) <= most else json.dumps(document, separators=(",", ":")) + "\n"


def _section(held: Any) -> str:
    if not isinstance(held, dict):
        return json.dumps(held, ensure_ascii=False)
    members = (f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in held.items())
    return "{\n" + ",\n".join(members) + "\n }"


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write every file of ``files`` (name to text) into ``folder``, or raise OutputError with none replaced."""
    temporary = {folder / f".{name}.new": folder / name for name in files}
    try:
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(0, "it is a file", str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        for new, final in temporary.items():
            if final.is_dir():
                raise IsADirectoryError(0, "it is a folder", str(final))
            new.write_text(files[final.name], encoding="utf-8", newline="\n")
        for new, final in temporary.items():
            new.replace(final)
    except OSError as error:
        for new in temporary:
            _discard(new)
        where = error.filename or folder
        raise OutputError(f"{folder}: cannot write {where}: {error.strerror}\n  nothing was changed") from None


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the folder itself cannot be written; there is nothing of ours in it


def _ordered(held: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    return {key: held[key] for key in order if key in held}
