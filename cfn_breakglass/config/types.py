"""Types of settings: each reads a YAML node, reports what is wrong with it, and describes itself as JSON Schema.

No library does this for us, because ``generate`` has to start quickly: importing pydantic, or attrs and cattrs, takes
2.6 or 1.5 times as long as importing everything else that ``generate`` needs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

import yaml

from cfn_breakglass.config.problems import YAML_TAG, Fault, Problems, describe_node, has_yaml_type, shortened

INVALID: Final = object()
"""What a type returns for a node whose problems it has reported."""

WORDS_FOR_ALL: Final = frozenset(("*", "all", "any", "anybody", "every", "everybody", "everything"))
"""Words by which people mean everything; few settings know one of them."""
ANY_TEXT: Final = r"[\s\S]+"
_MOST_CHARACTERS: Final = 2_048
_BOOLEANS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_IMPLICIT_TAGS: Final[dict[type[yaml.Node], tuple[str, ...]]] = {
    yaml.MappingNode: ("map",),
    yaml.SequenceNode: ("seq",),
    yaml.ScalarNode: ("str", "int", "float", "bool", "null", "timestamp", "merge", "value"),
}
"""The tags that YAML gives to a node which has no tag in the file."""

# These mean nothing in a setting, and terminals, editors or AWS cannot handle them. Line ends and tabs are allowed.
_CONTROL_CHARACTERS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


_MINUTES: Final = {"minutes": 1, "hours": 60, "days": 1_440, "weeks": 10_080, "months": 43_200, "years": 525_600}
_UNITS: Final = {
    spelling: unit
    for unit in _MINUTES
    for spelling in (unit, unit[:-1], unit[0], {"minutes": "min", "hours": "hr"}.get(unit, unit))
    if spelling != "m"  # minutes or months
}
_DURATION: Final = re.compile(rf"([0-9]{{1,9}})\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})")
"""A length of time as people write it: 1 year, 90 days, 12h."""


class SettingType(Protocol):
    """The type of a setting."""

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any: ...

    def schema(self) -> dict[str, Any]: ...


def read_setting(setting_type: SettingType, node: yaml.Node, key: str, problems: Problems) -> Any:
    """The value of ``node`` by its type, or INVALID after a report. A node with a tag such as !Sub is invalid."""
    if has_foreign_tag(node, key, problems):
        return INVALID
    return setting_type.read(node, key, problems)


def has_foreign_tag(node: yaml.Node, key: str, problems: Problems) -> bool:
    """Whether a node has a YAML tag that plain values do not have; if so, it is reported."""
    if has_yaml_type(node, *_IMPLICIT_TAGS[type(node)]):
        return False
    tag = shortened(node.tag.replace(YAML_TAG, "!!"))
    problems.add(key, f"{key or 'the file'} has the YAML tag {tag}", "write the value itself, without a tag")
    return True


class String(NamedTuple):
    """Text of one form.

    ``description`` is what it is, with its article. The whole text has to match ``pattern``; ``fix`` is what to write
    instead. ``check`` finds what a pattern cannot, and goes first. ``words`` are the values that editors suggest.
    """

    description: str
    pattern: str = ANY_TEXT
    fix: str = ""
    check: Callable[[str], Fault | None] | None = None
    max_length: int = _MOST_CHARACTERS
    words: tuple[str, ...] = ()

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            problems.add(key, f"{key} is {describe_node(node)}, but it has to be text", self.fix)
            return INVALID
        is_empty = has_yaml_type(node, "null")
        fault = self.fault_of("" if is_empty else node.value) or (self._empty if is_empty else None)
        if not has_yaml_type(node, "str", "null") or _is_unquoted_account(node):
            subject = "an account ID" if re.fullmatch(r"[0-9]{12}", node.value) and not fault else "it"
            fix = fault.fix if fault else f'put quotes around it: "{node.value}"'
            problems.add(key, f"{key} is {describe_node(node)}, but {subject} has to be text", fix)
        elif fault:
            problems.add(key, f"{key} {fault.text}", fault.fix)
        else:
            return node.value
        return INVALID

    def fault_of(self, value: str) -> Fault | None:
        if len(value) > self.max_length:
            text = f"has {len(value):,} characters; {self.description} has at most {self.max_length:,}"
            return Fault(text, "shorten it")
        if _CONTROL_CHARACTERS.search(value):
            return Fault(f"is {shortened(repr(value))}, which contains a control character", "remove that character")
        if value and self.check and (fault := self.check(value)):
            return fault
        if re.fullmatch(self.pattern, value):
            return None
        return (
            Fault(f"is {shortened(repr(value))}, which is not {self.description}", self.fix) if value else self._empty
        )

    @property
    def _empty(self) -> Fault:
        return Fault("is empty", f"write {self.description}")

    def schema(self) -> dict[str, Any]:
        if self.words:
            return {"enum": list(self.words)}
        limits = {"type": "string", "maxLength": self.max_length}
        return limits | ({"minLength": 1} if self.pattern == ANY_TEXT else {"pattern": f"^(?:{self.pattern})$"})


def _is_unquoted_account(node: yaml.ScalarNode) -> bool:
    # One that begins with 0 is text to this parser, but a number to editors and other YAML parsers.
    return not node.style and bool(re.fullmatch(r"[0-9]{12}", node.value))


class Choice(NamedTuple):
    """One of a few words. ``off`` and the like are words here, although YAML 1.1 reads them as booleans."""

    words: tuple[str, ...]

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if isinstance(node, yaml.ScalarNode) and node.value in self.words:
            return node.value
        value = shortened(str(node.value)) if has_yaml_type(node, "bool") else describe_node(node)
        problems.add(key, f"{key} is {value}", f"write one of: {', '.join(self.words)}")
        return INVALID

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


def boolean_of(node: yaml.Node) -> bool | None:
    """True or false as YAML 1.1 reads it, None for everything else."""
    is_boolean = isinstance(node, yaml.ScalarNode) and has_yaml_type(node, "bool")
    return _BOOLEANS.get(node.value.lower()) if is_boolean else None


class Boolean:
    """true or false."""

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        value = boolean_of(node)
        if value is None:
            problems.add(key, f"{key} is {describe_node(node)}", "write true or false, without quotes")
            return INVALID
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Integer(NamedTuple):
    """A whole number in a range, or one of ``choices``, the values that ``service`` offers."""

    unit: str
    minimum: int
    maximum: int
    choices: tuple[int, ...] = ()
    service: str = ""

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        digits = node.value if isinstance(node, yaml.ScalarNode) else ""
        text = f"{key} is {describe_node(node)}, but it has to be"
        if not re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", digits):
            fix = f"write it in digits, such as {self._example(digits)}"
            problems.add(key, f"{text} a whole number of {self.unit}", fix)
        elif not has_yaml_type(node, "int"):
            problems.add(key, f"{text} a number", f"remove the quotes: {digits}")
        elif fault := self._fault_of(int(digits[:18])):  # Python rejects numbers of thousands of digits
            problems.add(key, f"{key} is {shortened(digits)}{fault.text}", fault.fix)
        else:
            return int(digits)
        return INVALID

    def _example(self, text: str) -> int:
        """The number that a length of time in words is, such as 365 for 1 year; otherwise the least."""
        values = self.choices or (self.minimum, self.maximum)
        duration = _DURATION.fullmatch(text.strip().lower())
        if not (duration and self.unit in _MINUTES):
            return values[0]
        number = math.ceil(int(duration[1]) * _MINUTES[_UNITS[duration[2]]] / _MINUTES[self.unit])
        if self.choices:
            return next((choice for choice in self.choices if choice >= number), self.choices[-1])
        return min(max(number, self.minimum), self.maximum)

    def _fault_of(self, value: int) -> Fault | None:
        if self.choices and value not in self.choices:
            below, above = ([step for step in self.choices if (step > value) is more] for more in (False, True))
            nearest = " or ".join(map(str, below[-1:] + above[:1]))
            return Fault(f", which {self.service} does not offer", f"write the nearest that it offers: {nearest}")
        if not self.minimum <= value <= self.maximum:
            return Fault("", f"write a number of {self.unit} from {self.minimum} to {self.maximum:,}")
        return None

    def schema(self) -> dict[str, Any]:
        if self.choices:
            return {"enum": list(self.choices)}
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}
