"""YAML text -> the tree of its nodes, or the one problem because of which it cannot be read.

The parser's events are checked first: they show deep nesting and aliases of aliases before these cost time or memory.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import yaml

from cfn_breakglass.config.problems import line_of
from cfn_breakglass.errors import Problem

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_CHARACTERS = 262_144
_MOST_NODES = 100_000
_MOST_LEVELS = 50
# https://yaml.org/spec/1.1/#c-printable
_NOT_YAML: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_AT_START: Final = "that starts here"


class _Cause(NamedTuple):
    """A reason why a parser stops, found by a pattern in its message and a pattern in the line, and how to fix it."""

    message_pattern: str
    line_pattern: str
    text: str
    fix: str


_CAUSES: Final = (
    _Cause("another document", "", "a second document starts here", "remove the line of three hyphens"),
    _Cause("", r"^\s*\t", "this line is indented with a tab", "indent it with spaces"),
    _Cause("", r"(^|[\s\[,])\*", "YAML reads a value that begins with * as an alias", 'put quotes around it: "*"'),
    _Cause("cannot start any token", "", "a value cannot begin with this character", "put quotes around the value"),
    _Cause(
        "mapping values",
        "",
        "a colon cannot be here",
        "put quotes around a text that contains a colon, or check this line and the one before",
    ),
    _Cause("quoted scalar.*end of stream", "", f"a quote {_AT_START} does not end", "add the missing quote"),
    _Cause("simple key", "", f"a setting {_AT_START} has no colon", "write a name, a colon and a value"),
    _Cause(r"flow sequence", "", f"a [ {_AT_START} does not end", "check its commas, colons and the ]"),
    _Cause(r"flow mapping", "", f"a {{ {_AT_START} does not end", "check its commas, colons and the }"),
    _Cause(
        "block (mapping|collection)",
        "",
        "this line does not continue the lines before it",
        "check how far it is indented",
    ),
)


class NotYamlError(Exception):
    """The text cannot be read as one YAML document; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def compose_yaml(text: str) -> yaml.Node | None:
    """The document in ``text``, or None if there is none. Raises NotYamlError."""
    if len(text) > _MOST_CHARACTERS:
        message = f"the file has {len(text):,} characters; a config has at most {_MOST_CHARACTERS:,}"
        raise NotYamlError(Problem(0, message, "shorten it; each account needs a config of its own"))
    if control := _NOT_YAML.search(text.removeprefix("\ufeff")):
        line = text.count("\n", 0, control.start()) + 1
        message = f"the file contains the control character {control[0]!a}"
        raise NotYamlError(Problem(line, message, "remove that character"))
    try:
        _check_size(text)
        return yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise NotYamlError(_problem_of(error, text)) from None


class _OpenCollection:
    """A collection that has not ended: its anchor, its size and its depth, with aliases followed."""

    def __init__(self, anchor: str | None) -> None:
        self.anchor = anchor
        self.size = 1
        self.depth = 1

    def add(self, size: int, depth: int) -> None:
        self.size += size
        self.depth = max(self.depth, depth + 1)


def _check_size(text: str) -> None:
    """Raise NotYamlError for a document whose tree would be endless, or far too large or deep."""
    stack = [_OpenCollection(None)]
    anchors: dict[str, _OpenCollection] = {}
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            stack.append(_OpenCollection(event.anchor))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            ended = stack.pop()
            anchors |= {ended.anchor: ended} if ended.anchor else {}
            stack[-1].add(ended.size, ended.depth)
        elif isinstance(event, yaml.AliasEvent):
            _reject_recursion(event, stack)
            target = anchors.get(str(event.anchor), _OpenCollection(None))
            stack[-1].add(target.size, target.depth)
        elif isinstance(event, yaml.ScalarEvent):
            anchors.pop(str(event.anchor), None)
            stack[-1].add(1, 0)
        _reject_large(event, stack)


def _reject_recursion(event: yaml.AliasEvent, stack: list[_OpenCollection]) -> None:
    if event.anchor in (collection.anchor for collection in stack):
        text = f"the alias *{event.anchor} is inside the value that it stands for"
        raise NotYamlError(Problem(line_of(event), text, "write the value itself"))


def _reject_large(event: yaml.Event, stack: list[_OpenCollection]) -> None:
    line = line_of(event)
    if len(stack) + stack[-1].depth > _MOST_LEVELS:
        raise NotYamlError(Problem(line, "this is nested too deep for a config", "see cfn-breakglass schema"))
    if stack[-1].size > _MOST_NODES:
        raise NotYamlError(Problem(line, "with its aliases followed, this is too large", "write the values themselves"))


def _problem_of(error: yaml.YAMLError, text: str) -> Problem:
    messages = [str(getattr(error, part, None) or "") for part in ("context", "problem")]
    start_mark, problem_mark = (getattr(error, f"{part}_mark", None) for part in ("context", "problem"))
    lines = text.splitlines() or [""]
    index = min(problem_mark.line, len(lines) - 1) if problem_mark else 0
    for cause in _CAUSES:
        if re.search(cause.message_pattern, " ".join(messages)) and re.search(cause.line_pattern, lines[index]):
            if start_mark and _AT_START in cause.text:
                index = start_mark.line
            return Problem(index + 1, f"this is not valid YAML: {cause.text}", cause.fix)
    return Problem(index + 1, f"this is not valid YAML: {messages[1]}", "check this line and the one before")
