"""YAML text -> the tree of its nodes, or the one problem that keeps anybody from reading it.

Looking at the parser's events first keeps what hostile text can do (deep nesting, aliases of aliases) in bounds.
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
_DEEPEST = 50
# https://yaml.org/spec/1.1/#c-printable
_NOT_YAML: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Cause(NamedTuple):
    """Why a parser gives up: a pattern its words match, a pattern the line matches, what to say, what to do."""

    words: str
    line: str
    text: str
    fix: str


_CAUSES: Final = (
    _Cause("another document", "", "a second document begins here", "take the line of three hyphens away"),
    _Cause("", r"^\s*\t", "a tab stands where the line is indented", "indent with blanks"),
    _Cause("", r"(^|[\s\[,])\*", "to YAML, a * that begins a value stands for another", 'put quotes around it: "*"'),
    _Cause("cannot start any token", "", "a value cannot begin with this mark", "put quotes around the value"),
    _Cause(
        "mapping values",
        "",
        "a colon stands where YAML takes none",
        "put quotes around a text with a colon in it, or check this line and the one before",
    ),
    _Cause("quoted scalar.*end of stream", "", "a quote that begins here does not end", "close it"),
    _Cause("simple key", "", "a line that begins here has no colon", "write a name, a colon and a value"),
    _Cause(r"flow sequence", "", "a [ that begins here does not end well", "check its commas, colons and the ]"),
    _Cause(r"flow mapping", "", "a { that begins here does not end well", "check its commas, colons and the }"),
    _Cause("block (mapping|collection)", "", "this line does not go on from those before", "check how it is indented"),
)


class NotYamlError(Exception):
    """The text cannot be read as one YAML document; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def compose(text: str) -> yaml.Node | None:
    """The document in ``text``, None for none at all; raises NotYamlError."""
    if len(text) > _MOST_CHARACTERS:
        fix = "shorten it; each account takes a config of its own"
        raise NotYamlError(
            Problem(0, f"it has {len(text):,} characters; a config has at most {_MOST_CHARACTERS:,}", fix)
        )
    if found := _NOT_YAML.search(text.removeprefix("\ufeff")):
        line = text.count("\n", 0, found.start()) + 1
        raise NotYamlError(Problem(line, f"it holds the control character {found[0]!a}", "take it away"))
    try:
        _measure(text)
        return yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise NotYamlError(_problem(error, text)) from None


class _Open:
    """A collection that has not ended: its anchor, and how much it holds and how deep, aliases followed."""

    def __init__(self, anchor: str | None) -> None:
        self.anchor = anchor
        self.size = 1
        self.depth = 1

    def takes(self, size: int, depth: int) -> None:
        self.size += size
        self.depth = max(self.depth, depth + 1)


def _measure(text: str) -> None:
    """Raise NotYamlError for a document whose tree would be endless, or far too large or deep."""
    within = [_Open(None)]
    anchors: dict[str, _Open] = {}
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            within.append(_Open(event.anchor))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            ended = within.pop()
            anchors |= {ended.anchor: ended} if ended.anchor else {}
            within[-1].takes(ended.size, ended.depth)
        elif isinstance(event, yaml.AliasEvent):
            _refuse_endless(event, within)
            meant = anchors.get(str(event.anchor), _Open(None))
            within[-1].takes(meant.size, meant.depth)
        elif isinstance(event, yaml.ScalarEvent):
            anchors.pop(str(event.anchor), None)
            within[-1].takes(1, 0)
        _refuse_large(event, within)


def _refuse_endless(event: yaml.AliasEvent, within: list[_Open]) -> None:
    if event.anchor in (one.anchor for one in within):
        text = f"the alias *{event.anchor} stands inside what it stands for"
        raise NotYamlError(Problem(line_of(event), text, "write out what is meant"))


def _refuse_large(event: yaml.Event, within: list[_Open]) -> None:
    line = line_of(event)
    if len(within) + within[-1].depth > _DEEPEST:
        raise NotYamlError(Problem(line, "this is nested too deep for a config", "see cfn-breakglass schema"))
    if within[-1].size > _MOST_NODES:
        raise NotYamlError(Problem(line, "with its aliases followed, this is too large", "write out what is meant"))


def _problem(error: yaml.YAMLError, text: str) -> Problem:
    said = [str(getattr(error, part, None) or "") for part in ("context", "problem")]
    begun, noticed = (getattr(error, f"{part}_mark", None) for part in ("context", "problem"))
    lines = text.splitlines() or [""]
    where = min(noticed.line, len(lines) - 1) if noticed else 0
    for cause in _CAUSES:
        if re.search(cause.words, " ".join(said)) and re.search(cause.line, lines[where]):
            if begun and "that begins here" in cause.text:
                where = begun.line
            return Problem(where + 1, f"it is not YAML: {cause.text}", cause.fix)
    return Problem(where + 1, f"it is not YAML: {said[1]}", "check this line and the one before")
