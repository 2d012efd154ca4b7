"""Plain data -> YAML that people review: on one line what fits there, and the same text each time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import yaml

_WIDTH = 120
_SIDE_BY_SIDE = 5
_SMALL = 50
# Sections, resources and their attributes keep a line of their own.
_DEEP = 3
_COLLECTION = (dict, list)
_UNQUOTED = re.compile(r"[A-Za-z0-9$/][^:#{}\[\],]*")
_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9]")

_RESOLVER: Any = yaml.resolver.Resolver()
_TEXT = "tag:yaml.org,2002:str"
# A function of a list whose short form may stand before that list; what is not here keeps its long form.
_OF_LISTS = frozenset(
    ("Fn::And", "Fn::Equals", "Fn::FindInMap", "Fn::If", "Fn::Join", "Fn::Not", "Fn::Or", "Fn::Select")
)


def as_yaml(data: Mapping[str, Any]) -> str:
    """``data``, made of dicts, lists, text, whole numbers, true and false, as YAML without aliases."""
    dumper = getattr(yaml, "CSafeDumper", PythonDumper)
    return str(yaml.emit(_Layout(data).events, Dumper=dumper, allow_unicode=True, width=_WIDTH))


class PythonDumper(yaml.SafeDumper):
    """PyYAML without libyaml. It writes what libyaml does: quotes around a text with a tag only where they must be."""

    def choose_scalar_style(self) -> str:
        event = self.event
        if isinstance(event, yaml.ScalarEvent) and event.tag:
            self.event = yaml.ScalarEvent(None, None, (True, True), event.value, style=event.style)
        try:
            return str(super().choose_scalar_style())
        finally:
            self.event = event


class _Layout:
    """Plain data as YAML's ``events``, without aliases: CloudFormation does not allow them.

    What fits on one line stands there, and an intrinsic function has its short form: that reads better and keeps a
    template small. PyYAML's own way from data to events, by representers and nodes, takes several times as long.
    """

    def __init__(self, data: Any) -> None:
        self.lengths: dict[int, int] = {}
        self._measure(data)
        self.events: list[yaml.Event] = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
        self._lay_out(data)
        self.events += [yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent()]

    def _measure(self, data: Any) -> int:
        """The length of ``data`` on one line, to within a few characters; ``lengths`` keeps it for each collection."""
        if function := _short_form(data):
            tag, argument = function
            length = len(tag) + 1 + self._measure(argument)
        elif isinstance(data, dict):
            length = sum([len(key) + 4 + self._measure(value) for key, value in data.items()])
        elif isinstance(data, list):
            length = sum([self._measure(element) + 2 for element in data])
        else:
            return _length(data)
        self.lengths[id(data)] = length
        return length

    def _lay_out(self, data: Any, indent: int = 0, begins: int = 0, depth: int = 0, *, inline: bool = False) -> None:
        """Add the events of ``data``, which is ``inline`` if what holds it is on one line.

        ``begins`` is the column where it begins on the line of its key, ``indent`` that of lines of its own.
        """
        if not isinstance(data, _COLLECTION):
            self.events.append(_scalar(data))
            return
        tag, data = _short_form(data) or (None, data)
        if isinstance(data, str):
            self.events.append(_scalar(data, tag))
            return
        inline = inline or (depth >= _DEEP and (begins + self.lengths[id(data)] <= _WIDTH or self._side_by_side(data)))
        if isinstance(data, dict):
            self.events.append(_MAPPING[inline])
            for key, value in data.items():
                self.events.append(_scalar(key))
                deeper = 0 if isinstance(value, list) else 2
                self._lay_out(value, indent + deeper, indent + len(key) + 2, depth + 1, inline=inline)
            self.events.append(_END_OF_MAPPING)
        else:
            self.events.append(_list(tag, inline=inline))
            for item in data:
                self._lay_out(item, indent + 2, indent + 2, depth + 1, inline=inline)
            self.events.append(_END_OF_LIST)

    def _side_by_side(self, data: Any) -> bool:
        """Whether it has so many small members that they read better side by side, on several lines if they must."""
        values = data.values() if isinstance(data, dict) else data
        return len(data) > _SIDE_BY_SIDE and all(self.lengths.get(id(value), 0) <= _SMALL for value in values)


def _short_form(data: Any) -> tuple[str, Any] | None:
    """The tag and the argument of an intrinsic function that ``data`` is, None if it is anything else.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
    """
    if not isinstance(data, dict) or len(data) != 1:
        return None
    ((name, argument),) = data.items()
    match name, argument:
        case ("Ref", str()):
            return "!Ref", argument
        case ("Fn::Sub", str()):
            return "!Sub", argument
        case ("Fn::GetAtt", [str(logical_id), str(attribute)]):
            return "!GetAtt", f"{logical_id}.{attribute}"
    return (f"!{name.removeprefix('Fn::')}", argument) if name in _OF_LISTS and isinstance(argument, list) else None


# The emitter only reads events, so that one event serves many times, as most words of a template occur many times.
_MAPPING = {inline: yaml.MappingStartEvent(None, None, implicit=True, flow_style=inline) for inline in (True, False)}
_END_OF_MAPPING, _END_OF_LIST = yaml.MappingEndEvent(), yaml.SequenceEndEvent()


@cache
def _list(tag: str | None, *, inline: bool) -> yaml.SequenceStartEvent:
    return yaml.SequenceStartEvent(None, tag, implicit=tag is None, flow_style=inline)


@lru_cache(maxsize=4_096, typed=True)  # to Python, True is 1
def _scalar(value: Any, tag: str | None = None) -> yaml.ScalarEvent:
    if not isinstance(value, str):
        return yaml.ScalarEvent(None, None, (True, False), _spelled(value))
    # Other parsers see numbers where PyYAML sees text: 12e4 is one to them, and a user may be called so.
    style = "|" if "\n" in value else "'" if _LIKE_A_NUMBER.match(value) else None
    if tag:
        return yaml.ScalarEvent(None, tag, (False, False), value, style=style)
    is_text = _RESOLVER.resolve(yaml.ScalarNode, value, (True, False)) == _TEXT
    return yaml.ScalarEvent(None, None, (is_text, True), value, style=style)


@lru_cache(maxsize=4_096, typed=True)
def _length(value: Any) -> int:
    text = _spelled(value)
    return _WIDTH + 1 if "\n" in text else len(text) + 2 * (not _UNQUOTED.fullmatch(text))


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(int(value))
