"""Kinds of settings: each reads a YAML node, says what is wrong with it, and describes itself as JSON Schema.

They are our own because ``generate`` has to be quick: with pydantic or attrs and cattrs its imports alone would take
2.6 or 1.5 times as long as everything else that it imports.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

import yaml

from cfn_breakglass.config.problems import YAML_TAG, Report, is_kind, shortened, shown

INVALID: Final = object()
"""What a kind returns for a node it has reported."""

Wrong = tuple[str, str]
"""What is wrong with a value, and what to write instead."""

ANY_TEXT: Final = r"[\s\S]+"
_LONGEST: Final = 2_048
_TRUTH: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_PLAIN: Final[dict[type[yaml.Node], tuple[str, ...]]] = {
    yaml.MappingNode: ("map",),
    yaml.SequenceNode: ("seq",),
    yaml.ScalarNode: ("str", "int", "float", "bool", "null", "timestamp", "merge", "value"),
}
"""The tags that YAML gives a node without being told one."""

# Marks that mean nothing in a setting and upset a terminal, an editor or AWS; a line may end and a tab may stand.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Kind(Protocol):
    """What a setting may hold."""

    def read(self, node: yaml.Node, key: str, report: Report) -> Any: ...

    def schema(self) -> dict[str, Any]: ...


def read(kind: Kind, node: yaml.Node, key: str, report: Report) -> Any:
    """``node`` as ``kind``; INVALID after a report. Nothing is of a kind of somebody else's, such as !Sub."""
    if foreign(node, key, report):
        return INVALID
    return kind.read(node, key, report)


def foreign(node: yaml.Node, key: str, report: Report) -> bool:
    """Report a node with a YAML tag that plain values do not have; whether it has one."""
    if is_kind(node, *_PLAIN[type(node)]):
        return False
    tag = shortened(node.tag.replace(YAML_TAG, "!!"))
    report.add(key, f"{key or 'the file'} has the YAML tag {tag}", "write the value itself, without a tag")
    return True


class Text(NamedTuple):
    """Text of one form: ``what`` it is with its article, the pattern it matches whole, what to write instead.

    ``judge`` says what is wrong beyond the pattern, as in "is 'x', which is no y", and what to do; it speaks first.
    ``among`` tells editors which words it takes.
    """

    what: str
    pattern: str = ANY_TEXT
    fix: str = ""
    judge: Callable[[str], Wrong | None] | None = None
    longest: int = _LONGEST
    among: tuple[str, ...] = ()

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            report.add(key, f"{key} is {shown(node)}; {self.what} is text", self.fix)
            return INVALID
        empty = is_kind(node, "null")
        wrong = self.wrong("" if empty else node.value) or (self._empty if empty else None)
        if not is_kind(node, "str", "null") or _bare_account(node):
            what = "an account ID" if re.fullmatch(r"[0-9]{12}", node.value) else self.what
            fix = wrong[1] if wrong else f'put quotes around it: "{node.value}"'
            report.add(key, f"{key} is {shown(node)}; {what} is text", fix)
        elif wrong:
            report.add(key, f"{key} {wrong[0]}", wrong[1])
        else:
            return node.value
        return INVALID

    def wrong(self, value: str) -> Wrong | None:
        if len(value) > self.longest:
            return f"has {len(value):,} characters; {self.what} has at most {self.longest:,}", "shorten it"
        if _CONTROL.search(value):
            return f"is {shortened(repr(value))}, which holds a control character", "take it away"
        if value and self.judge and (found := self.judge(value)):
            return found
        if re.fullmatch(self.pattern, value):
            return None
        return (f"is {shortened(repr(value))}, which is not {self.what}", self.fix) if value else self._empty

    @property
    def _empty(self) -> Wrong:
        return "is empty", f"write {self.what}"

    def schema(self) -> dict[str, Any]:
        if self.among:
            return {"enum": list(self.among)}
        limits = {"type": "string", "maxLength": self.longest}
        return limits | ({"minLength": 1} if self.pattern == ANY_TEXT else {"pattern": f"^(?:{self.pattern})$"})


def _bare_account(node: yaml.ScalarNode) -> bool:
    # One that begins with 0 is text to us, but a number to editors and other readers of YAML.
    return not node.style and bool(re.fullmatch(r"[0-9]{12}", node.value))


class Choice(NamedTuple):
    """One of a few words. ``off`` and the like are words here, whatever YAML 1.1 makes of them."""

    words: tuple[str, ...]

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        if isinstance(node, yaml.ScalarNode) and node.value in self.words:
            return node.value
        is_what = shortened(str(node.value)) if is_kind(node, "bool") else shown(node)
        report.add(key, f"{key} is {is_what}", f"write one of: {', '.join(self.words)}")
        return INVALID

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


def truth(node: yaml.Node) -> bool | None:
    """What YAML 1.1 reads as true or false, None for the rest."""
    return _TRUTH.get(node.value.lower()) if isinstance(node, yaml.ScalarNode) and is_kind(node, "bool") else None


class Flag:
    """true or false."""

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        value = truth(node)
        if value is None:
            report.add(key, f"{key} is {shown(node)}", "write true or false, without quotes")
            return INVALID
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Whole(NamedTuple):
    """A whole number in a range, or one of ``among``, the steps that ``whose`` service has."""

    unit: str
    minimum: int
    maximum: int
    among: tuple[int, ...] = ()
    whose: str = ""

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        digits = node.value if isinstance(node, yaml.ScalarNode) else ""
        if not re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", digits):
            fix = f"write it in digits, such as {self.among[0] if self.among else self.minimum}"
            report.add(key, f"{key} is {shown(node)}; a number of {self.unit} is a whole number", fix)
        elif not is_kind(node, "int"):
            text = f"{key} is {shown(node)}; a number of {self.unit} is a number"
            report.add(key, text, f"take the quotes away: {digits}")
        elif wrong := self._wrong(int(digits[:18])):  # Python refuses numbers of thousands of digits
            report.add(key, f"{key} is {shortened(digits)}{wrong[0]}", wrong[1])
        else:
            return int(digits)
        return INVALID

    def _wrong(self, value: int) -> Wrong | None:
        if self.among and value not in self.among:
            below, above = ([step for step in self.among if (step > value) is more] for more in (False, True))
            steps = " or ".join(map(str, below[-1:] + above[:1]))
            return f", which {self.whose} does not offer", f"the nearest it has: {steps} {self.unit}"
        if not self.minimum <= value <= self.maximum:
            return "", f"write {self.minimum} to {self.maximum:,} {self.unit}"
        return None

    def schema(self) -> dict[str, Any]:
        if self.among:
            return {"enum": list(self.among)}
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}
