"""A document in blocks, which each format writes in its own way.

In a text, ``Value`` marks what comes from a record. It is escaped, and looks like code; every other text is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Value(NamedTuple):
    """A text from a record, which whoever made the call may have chosen."""

    text: str


Text = tuple[str | Value, ...]


@dataclass(frozen=True)
class DocumentHeading:
    """A heading of level 1 to 4; ``anchor`` is what a link to it names."""

    level: int
    text: Text
    anchor: str = ""
    starts_page: bool = False


@dataclass(frozen=True)
class DocumentParagraph:
    """A paragraph."""

    text: Text


@dataclass(frozen=True)
class Facts:
    """Labels, each with a text or several."""

    rows: tuple[tuple[str, tuple[Text, ...]], ...]


@dataclass(frozen=True)
class DocumentTable:
    """A table. ``columns`` have their widths in percent, together 100; ``numbers`` are those that hold numbers.

    ``anchors`` are what the first cell of each row leads to.
    """

    columns: Mapping[str, int]
    rows: tuple[tuple[Text, ...], ...]
    numbers: frozenset[str] = frozenset()
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Blanks:
    """What a person fills in."""

    labels: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """A picture as SVG, which a format without pictures leaves out."""

    svg: str


Block = DocumentHeading | DocumentParagraph | Facts | DocumentTable | Blanks | Drawing
