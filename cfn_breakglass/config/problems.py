"""The problems of a config file, and the positions of its keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import yaml

from cfn_breakglass.config.webhooks import DYNAMIC_REFERENCE
from cfn_breakglass.errors import Problem

YAML_TAG: Final = "tag:yaml.org,2002:"
_LONGEST_QUOTE: Final = 80
_MOST_SUGGESTIONS: Final = 50
_PASSWORD: Final = re.compile(rf"(://[^\s/@:]*:)(?!{DYNAMIC_REFERENCE}@)\S*@")
"""The password in an address such as https://user:password@host, which may hold any character."""


class Fault(NamedTuple):
    """What is wrong with a value, as a sentence without its subject ("is empty"), and how to fix it."""

    text: str
    fix: str


class Problems:
    """Everything that is wrong with a file, and the line of each of its keys.

    ``setting_keys`` are the keys that the file may have, dotted. ``lines`` are those of the keys that it has.
    ``item_indexes`` are, for each list, the indexes in the file of the items that were read without a problem.
    """

    def __init__(self, setting_keys: Sequence[str] = ()) -> None:
        self.setting_keys = setting_keys
        self.reported: list[Problem] = []
        self.lines: dict[str, int] = {}
        self.item_indexes: dict[str, list[int]] = {}
        self._columns: dict[str, int] = {}
        self._faulty: set[str] = set()

    def record_position(self, key: str, node: yaml.Node) -> None:
        self.lines[key] = line_of(node)
        self._columns[key] = column_of(node)

    def is_set(self, key: str) -> bool:
        """Whether the file has ``key``, dotted, with a value."""
        return key in self.lines

    def key_of_item(self, key: str, position: int) -> str:
        """The key, such as ``regions[2]``, of the value at ``position`` of what was read of the list ``key``.

        A value with a problem is not read, so the index in the file can be a higher one than ``position``.
        """
        return f"{key}[{self.item_indexes[key][position]}]"

    def add(self, key: str, text: str, fix: str = "", *, at: yaml.Node | None = None) -> None:
        """Report a problem of ``key`` at the position of ``at``, or of the key, or of the nearest section around it."""
        self._faulty.add(key)
        nearest = nearest_key(key, self.lines)
        line = line_of(at) if at else self.lines.get(nearest, 0)
        column = column_of(at) if at else self._columns.get(nearest, 0)
        self.reported.append(Problem(line, printable(text), printable(fix), column))

    def add_unknown(self, key: str, setting_keys: Sequence[str] = ()) -> None:
        """Report a key that is not a setting, with the setting that was probably meant.

        ``setting_keys`` are those of an item in a list; otherwise they are those of the file.
        """
        known = setting_keys or self.setting_keys
        # A suggestion takes a while, and a file with so many unknown keys is not a config.
        suggestion = _similar_key(key, known) if len(self.reported) < _MOST_SUGGESTIONS else None
        fix = f"did you mean {suggestion}?" if suggestion else self._settings_of_section(key, known)
        self.add(key, f"{key} is not a setting", fix)

    @staticmethod
    def _settings_of_section(key: str, setting_keys: Sequence[str]) -> str:
        section = key.rpartition(".")[0]
        words = [setting.rpartition(".")[2] for setting in setting_keys if setting.rpartition(".")[0] == section]
        return f"the settings {f'of {section}' if section else 'here'} are: {', '.join(words)}"

    def is_valid(self, *keys: str) -> bool:
        """Whether nothing is wrong with these keys or anything inside them."""
        return not any(
            faulty == key or faulty.startswith((f"{key}.", f"{key}[")) for key in keys for faulty in self._faulty
        )


def nearest_key(key: str, lines: Mapping[str, int]) -> str:
    """The key that has a line: ``key`` or the nearest section or list around it; empty for the file as a whole."""
    while key and key not in lines:
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return key


def _similar_key(key: str, setting_keys: Sequence[str]) -> str | None:
    from difflib import get_close_matches

    section, _, word = key.rpartition(".")
    everywhere = {setting.rpartition(".")[2]: setting for setting in reversed(setting_keys)}
    same_section = {
        setting.rpartition(".")[2]: setting for setting in setting_keys if setting.rpartition(".")[0] == section
    }
    # The right word in the wrong section; a typo in the right section; both.
    for words, cutoff in ((everywhere, 1.0), (same_section, 0.6), (everywhere, 0.7)):
        if matches := get_close_matches(word, words, n=1, cutoff=cutoff):
            return words[matches[0]]
    return None


def line_of(node: yaml.Node | yaml.Event) -> int:
    return node.start_mark.line + 1 if node.start_mark else 0


def column_of(node: yaml.Node) -> int:
    return node.start_mark.column + 1 if node.start_mark else 0


def inner(key: str, name: str) -> str:
    """The key of ``name`` within ``key``, dotted."""
    return f"{key}.{shortened(name)}" if key else shortened(name)


def has_yaml_type(node: yaml.Node, *types: str) -> bool:
    """Whether YAML reads the node as one of ``types``: str, int, null and so on."""
    return any(node.tag == YAML_TAG + name for name in types)


def pairs(node: yaml.MappingNode, key: str, problems: Problems) -> Iterator[tuple[str, yaml.Node]]:
    """The entries of a mapping by their names. A name that is a duplicate, a merge or not text is reported instead."""
    first_lines: dict[str, int] = {}
    for name, value in node.value:
        if fault := _fault_of_name(name):
            problems.add(key, f"{key or 'the file'} {fault.text}", fault.fix, at=name)
            continue
        path = inner(key, name.value)
        if name.value in first_lines:
            text = f"{path} is set twice, first on line {first_lines[name.value]}"
            problems.add(path, text, "remove one of them", at=name)
        else:
            problems.record_position(path, name)
            first_lines[name.value] = line_of(name)
            yield name.value, value


def _fault_of_name(name: yaml.Node) -> Fault | None:
    if has_yaml_type(name, "merge"):
        return Fault("has a YAML merge (<<), which a config cannot have", "write out what it would merge in")
    # YAML reads on as true and Null as null, but as names they are text.
    if isinstance(name, yaml.ScalarNode) and name.value and name.tag.startswith(YAML_TAG):
        return None
    return Fault(f"has a key that is {describe_node(name)}", "write a name, then a colon")


def describe_node(node: yaml.Node) -> str:
    """A node in the words of an error message, such as "the number 5" or "a list"."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    value = str(node.value)
    if has_yaml_type(node, "int", "float") or re.fullmatch(r"[0-9]{12}", value):
        return f"the number {shortened(value)}"
    if has_yaml_type(node, "bool"):
        return value if value.lower() in ("true", "false") else f"{value}, which YAML reads as true or false"
    if has_yaml_type(node, "timestamp"):
        return f"{value}, which YAML reads as a date"
    return shortened(repr(value)) if value and not has_yaml_type(node, "null") else "empty"


def shortened(text: str) -> str:
    """The beginning of ``text``, without the password of an address: cut off, it would not be known as one."""
    text = _without_passwords(text)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 3]}..."


def printable(text: str) -> str:
    """``text`` without passwords, and with every character that a terminal cannot show as its Python escape."""
    text = _without_passwords(text)
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def _without_passwords(text: str) -> str:
    return _PASSWORD.sub(r"\1***@", text)
