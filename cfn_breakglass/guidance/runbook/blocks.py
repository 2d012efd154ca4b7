"""What a runbook is made of, whatever the format.

A text may have code between backticks. Everything else in it stands as it is: no other character is a mark.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LINE_TO_FILL_IN: Final = "_" * 24
PRACTICE: Final = "SEC03-BP03"
"""The best practice of AWS's Well-Architected Framework that a runbook is about."""


class Title(NamedTuple):
    text: str


class Heading(NamedTuple):
    """A heading; ``items`` are those of SEC03-BP03 that the section is about, as docs/well-architected.md counts."""

    title: str
    items: tuple[int, ...] = ()


class Subheading(NamedTuple):
    """A heading within a section."""

    title: str


class Paragraph(NamedTuple):
    text: str


class Steps(NamedTuple):
    """A list, numbered if the order matters."""

    texts: tuple[str, ...]
    is_numbered: bool = True


class Code(NamedTuple):
    """What somebody types or copies into a file, letter by letter."""

    text: str
    language: str = "sh"


class Link(NamedTuple):
    """An address on a line of its own."""

    url: str


class Table(NamedTuple):
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Blank(NamedTuple):
    """What a person fills in, kept when the runbook is made anew; ``key`` is its name in the file."""

    key: str
    labels: tuple[str, ...]

    @property
    def empty_text(self) -> str:
        """What stands there until somebody writes."""
        return "\n".join(f"- {label}: {LINE_TO_FILL_IN}" for label in self.labels)


Block = Title | Heading | Subheading | Paragraph | Steps | Code | Link | Table | Blank


_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def spans(text: str) -> list[tuple[str, bool]]:
    """The parts of a text, and whether each is code."""
    parts: list[tuple[str, bool]] = []
    end = 0
    for match in _SPAN.finditer(text):
        inner = match[2]
        is_padded = len(match[1]) > 1 and inner.startswith(" ") and inner.endswith(" ")
        parts += [(text[end : match.start()], False), (inner[1:-1] if is_padded else inner, True)]
        end = match.end()
    return [part for part in [*parts, (text[end:], False)] if part[0]]
