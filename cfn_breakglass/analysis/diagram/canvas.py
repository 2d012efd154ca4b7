"""Cards and arrows on an SVG drawing, and text that fits into its card."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import drawsvg

# The font is unknown, so that a letter counts as wide as in the widest of the usual fonts.
_SANS = "-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
_MONO = "ui-monospace, Menlo, Consolas, 'Liberation Mono', monospace"
_MONO_WIDTH = 0.605
_SANS_WIDTHS = {**dict.fromkeys("iIjl.,:;'|!()[] ftr-/", 0.42), **dict.fromkeys("mMwW@%", 1.0)}
_CAPITAL_WIDTH, _OTHER_WIDTH = 0.77, 0.64

INK, MUTED, LINE, PAPER = "#1f2328", "#59636e", "#818b98", "#ffffff"


class Style(NamedTuple):
    """How a line of text looks: its CSS class, font size in px, and whether the font is monospaced."""

    css: str
    size: float
    height: float
    mono: bool = False
    bold: bool = False

    def width(self, text: str) -> float:
        """An upper bound of the width of ``text``, in px."""
        if self.mono:
            return len(text) * self.size * _MONO_WIDTH
        widths = (_SANS_WIDTHS.get(letter, _CAPITAL_WIDTH if letter.isupper() else _OTHER_WIDTH) for letter in text)
        return sum(widths) * self.size * (1.08 if self.bold else 1)


HEADING = Style("heading", 19, 26, bold=True)
TITLE = Style("title", 13, 19, bold=True)
NAME = Style("name", 11.5, 16, mono=True)
RULE = Style("rule", 12, 17, mono=True)
NOTE = Style("note", 11.5, 16)
STYLES = (HEADING, TITLE, NAME, RULE, NOTE)

_FILLS = {"heading": INK, "title": INK, "name": "#0550ae", "rule": INK, "note": MUTED}
CSS = "\n".join(
    f".{style.css} {{ font: {'600' if style.bold else '400'} {style.size}px {_MONO if style.mono else _SANS};"
    f" fill: {_FILLS[style.css]} }}"
    for style in STYLES
)

_COLOURS = {
    "people": ("#fff8c5", "#d4a72c"),
    "role": ("#fff1e5", "#e16f24"),
    "trail": ("#f6f8fa", LINE),
    "regions": (PAPER, "#d1d9e0"),
    "bus": ("#ddf4ff", "#54aeff"),
    "topic": ("#ffeff7", "#e85aad"),
    "log": ("#dafbe1", "#4ac26b"),
    "queue": ("#f6f8fa", LINE),
    "nobody": ("#ffebe9", "#ff8182"),
}
CSS += "".join(f"\n.{css} {{ fill: {fill}; stroke: {edge} }}" for css, (fill, edge) in _COLOURS.items())
CSS += f"""
.queue {{ stroke-dasharray: 4 3 }}
.paper {{ fill: {PAPER}; stroke: #d1d9e0 }}
.frame {{ fill: #fafbfc; stroke: #d1d9e0 }}
.arrow {{ fill: none; stroke: {LINE}; stroke-width: 1.5 }}
"""


class TextLine(NamedTuple):
    """A text and how it looks."""

    style: Style
    text: str


@dataclass(frozen=True)
class Box:
    """A rectangle, in px."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


PADDING = 11
_TOP = 8


def wrap_to_width(text: str, style: Style, width: float) -> list[str]:
    """Break ``text`` into lines no wider than ``width``: at blanks if possible, else after - / : . _, else anywhere."""
    lines, line = [], ""
    for word in re.findall("[^ ]+ *", text):
        pieces = [word]
        if style.width(word.rstrip()) > width:
            parts = re.findall(r"[^-/:._]*[-/:._]?", word)
            pieces = [piece for part in parts for piece in ([part] if style.width(part) <= width else part)]
        for piece in pieces:
            if line and style.width((line + piece).rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
    return [*lines, line.rstrip()]


def clip(text: str, style: Style, width: float) -> str:
    """Shorten ``text`` to one line no wider than ``width``."""
    while style.width(text) > width:
        text = text.rstrip("\u2026")[:-1].rstrip() + "\u2026"
    return text


def wrap_lines(lines: list[TextLine], width: float) -> list[TextLine]:
    """Break ``lines`` so that they fit into a card of that width."""
    return [
        TextLine(style, piece) for style, text in lines for piece in wrap_to_width(text, style, width - 2 * PADDING)
    ]


def card_height(lines: list[TextLine], width: float) -> float:
    """The height of a card of that width with ``lines``."""
    return 2 * _TOP + sum(line.style.height for line in wrap_lines(lines, width))


def draw_text(
    drawing: drawsvg.DrawingParentElement, line: TextLine, x: float, baseline: float, anchor: str = "start"
) -> None:
    """Write one line; ``anchor`` is the end of it that is at ``x``."""
    drawing.append(drawsvg.Text(line.text, None, x, baseline, class_=line.style.css, text_anchor=anchor))


def draw_rectangle(drawing: drawsvg.DrawingParentElement, box: Box, css: str, radius: float = 8) -> None:
    drawing.append(drawsvg.Rectangle(box.x, box.y, box.width, box.height, rx=radius, class_=css))


def draw_card(drawing: drawsvg.DrawingParentElement, box: Box, css: str, lines: list[TextLine]) -> None:
    """Draw a card with its text from the top down."""
    draw_rectangle(drawing, box, css)
    y = box.y + _TOP
    for line in wrap_lines(lines, box.width):
        draw_text(drawing, line, box.x + PADDING, y + line.style.height * 0.74)
        y += line.style.height


def draw_arrow(
    drawing: drawsvg.DrawingParentElement, start: tuple[float, float], end: tuple[float, float], head: drawsvg.Marker
) -> None:
    """Draw an arrow that starts and ends horizontally."""
    middle = (start[0] + end[0]) / 2
    path = drawsvg.Path(class_="arrow", marker_end=head)
    drawing.append(path.M(*start).C(middle, start[1], middle, end[1], *end))


def arrow_head() -> drawsvg.Marker:
    head = drawsvg.Marker(-8, -4, 0, 4, orient="auto", markerUnits="userSpaceOnUse")
    head.append(drawsvg.Lines(-8, -4, 0, 0, -8, 4, close=True, fill=LINE))
    return head
