"""What is wrong with a file, and where: the plumbing under every kind of setting."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import yaml

from cfn_breakglass.errors import Problem

YAML_TAG: Final = "tag:yaml.org,2002:"
_SHOWN: Final = 80
_SUGGESTIONS: Final = 50


class Report:
    """Everything wrong with a file, and on which line each of its keys stands.

    ``known`` are the keys the file may hold, dotted. ``kept`` maps a list to the positions in the file of what was
    read of it.
    """

    def __init__(self, known: Sequence[str] = ()) -> None:
        self.known = known
        self.problems: list[Problem] = []
        self.lines: dict[str, int] = {}
        self.kept: dict[str, list[int]] = {}
        self._columns: dict[str, int] = {}
        self._faulty: set[str] = set()

    def seen(self, key: str, node: yaml.Node) -> None:
        self.lines[key] = line_of(node)
        self._columns[key] = column_of(node)

    def given(self, key: str) -> bool:
        """Whether the file holds ``key``, dotted, with a value."""
        return key in self.lines

    def item(self, key: str, position: int) -> str:
        """The key of the value at ``position`` in what was read of the list ``key``, as the file counts it."""
        return f"{key}[{self.kept[key][position]}]"

    def add(self, key: str, text: str, fix: str = "", *, at: yaml.Node | None = None) -> None:
        """Report ``key`` at its place in the file (or that of ``at``), or else at that of the section around it."""
        self._faulty.add(key)
        where = key
        while where and where not in self.lines:
            where = where[: max(where.rfind("."), where.rfind("["), 0)]
        line, column = (line_of(at), column_of(at)) if at else (self.lines.get(where, 0), self._columns.get(where, 0))
        self.problems.append(Problem(line, printable(text), printable(fix), column))

    def unknown(self, key: str) -> None:
        """Report a key that is no setting, with the setting that was probably meant."""
        # Looking for it takes a while; who has so many unknown keys has another kind of file.
        near = _nearest(key, self.known) if len(self.problems) < _SUGGESTIONS else None
        self.add(key, f"{key} is not a setting", f"did you mean {near}?" if near else self._beside(key))

    def _beside(self, key: str) -> str:
        section = key.rpartition(".")[0]
        inside = [one.rpartition(".")[2] for one in self.known if one.rpartition(".")[0] == section]
        return f"the settings {f'of {section}' if section else 'here'} are: {', '.join(inside)}"

    def sound(self, *keys: str) -> bool:
        """Whether nothing is wrong with these keys or anything inside them."""
        return not any(
            faulty == key or faulty.startswith((f"{key}.", f"{key}[")) for key in keys for faulty in self._faulty
        )


def _nearest(key: str, known: Sequence[str]) -> str | None:
    from difflib import get_close_matches

    section, _, word = key.rpartition(".")
    anywhere = {one.rpartition(".")[2]: one for one in reversed(known)}
    beside = {one.rpartition(".")[2]: one for one in known if one.rpartition(".")[0] == section}
    # The right word at the wrong level, a typo at the right level, both.
    for words, cutoff in ((anywhere, 1.0), (beside, 0.6), (anywhere, 0.7)):
        if near := get_close_matches(word, words, n=1, cutoff=cutoff):
            return words[near[0]]
    return None


def line_of(node: yaml.Node | yaml.Event) -> int:
    return node.start_mark.line + 1 if node.start_mark else 0


def column_of(node: yaml.Node) -> int:
    return node.start_mark.column + 1 if node.start_mark else 0


def inner(key: str, name: str) -> str:
    """The key of ``name`` within ``key``, dotted."""
    return f"{key}.{shortened(name)}" if key else shortened(name)


def is_kind(node: yaml.Node, *kinds: str) -> bool:
    """Whether YAML reads the node as one of ``kinds``: str, int, null and so on."""
    return any(node.tag == YAML_TAG + kind for kind in kinds)


def pairs(node: yaml.MappingNode, key: str, report: Report) -> Iterator[tuple[str, yaml.Node]]:
    """The entries of a mapping by the text of their keys; one that is twice, a merge or no text is reported instead."""
    seen: dict[str, int] = {}
    for name, value in node.value:
        wrong = _wrong_key(name)
        if wrong:
            report.add(key, f"{key or 'the file'} {wrong[0]}", wrong[1], at=name)
            continue
        path = inner(key, name.value)
        if name.value in seen:
            text = f"{path} is here twice, first in line {seen[name.value]}"
            report.add(path, text, "keep one of them", at=name)
        else:
            report.seen(path, name)
            seen[name.value] = line_of(name)
            yield name.value, value


def _wrong_key(name: yaml.Node) -> tuple[str, str] | None:
    if is_kind(name, "merge"):
        return "holds a YAML merge (<<)", "write out what it would bring in"
    # Whatever YAML makes of them, on and Null are words where they are keys.
    if isinstance(name, yaml.ScalarNode) and name.value and name.tag.startswith(YAML_TAG):
        return None
    return f"has a key that is {shown(name)}", "write a name, then a colon"


def shown(node: yaml.Node) -> str:
    """A node as an error names it."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    value = str(node.value)
    if is_kind(node, "int", "float") or re.fullmatch(r"[0-9]{12}", value):
        return f"the number {shortened(value)}"
    if is_kind(node, "bool"):
        return value if value.lower() in ("true", "false") else f"{value}, which YAML reads as true or false"
    if is_kind(node, "timestamp"):
        return f"{value}, which YAML reads as a date"
    return shortened(repr(value)) if value and not is_kind(node, "null") else "empty"


def shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def printable(text: str) -> str:
    """``text`` with what a terminal cannot or should not show spelled as Python escapes."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
