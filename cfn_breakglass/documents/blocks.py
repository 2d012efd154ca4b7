"""What a document is made of, whatever the format. The texts are those of ``texts.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Heading(NamedTuple):
    """A heading of level 1 to 4; ``note`` stands beside it, and ``anchor`` is what a link to it names."""

    level: int
    text: str
    note: str = ""
    anchor: str = ""
    starts_page: bool = False


class Paragraph(NamedTuple):
    """A paragraph, which may begin with what is most important."""

    text: str
    lead: str = ""


class Steps(NamedTuple):
    """A list, numbered if the order matters."""

    texts: tuple[str, ...]
    is_numbered: bool = True


class Facts(NamedTuple):
    """Labels, each with a text or several."""

    rows: tuple[tuple[str, tuple[str, ...]], ...]


class Code(NamedTuple):
    """What somebody types or copies into a file, letter by letter."""

    text: str
    language: str = "sh"


class Link(NamedTuple):
    """An address on a line of its own."""

    url: str


class Table(NamedTuple):
    """A table. ``columns`` have their widths in percent, 0 if the style sheet has them; ``numbers`` hold numbers.

    ``anchors`` are what the first cell of each row leads to.
    """

    columns: Mapping[str, int]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()
    anchors: tuple[str, ...] = ()


class Blanks(NamedTuple):
    """What a person fills in."""

    labels: tuple[str, ...]


class Markup(NamedTuple):
    """A part that is in the format of the document already, such as a drawing."""

    text: str


Block = Heading | Paragraph | Steps | Facts | Code | Link | Table | Blanks | Markup
