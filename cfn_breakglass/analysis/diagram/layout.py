"""The columns of the drawing, and the text in each card."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import drawsvg

from cfn_breakglass.analysis.diagram.canvas import (
    NAME,
    NOTE,
    RULE,
    TITLE,
    Box,
    TextLine,
    card_height,
    draw_card,
    draw_rectangle,
    draw_text,
)
from cfn_breakglass.analysis.diagram.picture import DEAD_LETTERS, EDGE_RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfn_breakglass.analysis.diagram.picture import AlertSource, Component, Picture, RegionGroup, RuleGroup

WIDTH = 1000
MARGIN, GAP, SECTION, TITLE_HEIGHT = 16, 12, 26, 40
# The columns, each with its left edge and its width.
DEFAULT_BUS, FORWARDERS, BUSES, SINKS = (32.0, 212.0), (284.0, 124.0), (448.0, 220.0), (716.0, 252.0)
FULL_WIDTH = (DEFAULT_BUS[0], SINKS[0] + SINKS[1] - DEFAULT_BUS[0])

_REGIONS_PER_ROW, _REGION_WIDTH = 4, 17


class Card(NamedTuple):
    """A card before it is drawn."""

    x: float
    width: float
    css: str
    lines: list[TextLine]

    @property
    def height(self) -> float:
        return card_height(self.lines, self.width)


def total_height(cards: Sequence[Card]) -> float:
    return sum(card.height + GAP for card in cards) - GAP


def draw_column(body: drawsvg.Group, cards: Sequence[Card], y: float) -> list[Box]:
    """Draw cards below each other."""
    boxes = []
    for card in cards:
        boxes.append(Box(card.x, y, card.width, card.height))
        draw_card(body, boxes[-1], card.css, card.lines)
        y = boxes[-1].bottom + GAP
    return boxes


def draw_frame(body: drawsvg.Group, title: str, file: str, y: float, inner: float) -> float:
    """Draw the frame around regions, ``inner`` is the height of its content; return where the content begins."""
    box = Box(MARGIN, y, WIDTH - 2 * MARGIN, TITLE_HEIGHT + inner + MARGIN)
    draw_rectangle(body, box, "frame", 10)
    draw_text(body, TextLine(TITLE, title), DEFAULT_BUS[0], y + 25)
    draw_text(body, TextLine(NOTE, file), SINKS[0] + SINKS[1], y + 25, "end")
    return y + TITLE_HEIGHT


def component_lines(component: Component) -> list[TextLine]:
    name = [TextLine(NAME, component.name)] if component.name else []
    return [TextLine(TITLE, component.title), *name, *(TextLine(NOTE, note) for note in component.notes)]


def default_bus_lines(picture: Picture, regions: RegionGroup) -> list[TextLine]:
    lines = [TextLine(TITLE, "Default bus"), TextLine(NOTE, "what CloudTrail records")]
    for group in regions.rule_groups:
        lines.append(TextLine(NOTE, f"{EDGE_RULES} to {picture.target_names(group)}:"))
        lines += [TextLine(RULE, name) for name in group.names]
    if regions.is_watched:
        return lines
    return [*lines, TextLine(NOTE, "has no rules")]


def queue_lines(queue: Component) -> list[TextLine]:
    return [TextLine(TITLE, queue.title), TextLine(NOTE, f"{queue.name} {DEAD_LETTERS}")]


def regions_lines(regions: RegionGroup) -> list[TextLine]:
    names = [name.ljust(_REGION_WIDTH, "\u00a0") for name in regions.regions]
    rows = ["".join(names[index : index + _REGIONS_PER_ROW]) for index in range(0, len(names), _REGIONS_PER_ROW)]
    return [TextLine(TITLE, "Regions"), *(TextLine(NAME, row) for row in rows)]


def alert_source_lines(source: AlertSource) -> list[TextLine]:
    lines = component_lines(source.component)
    lines += [line for group in source.groups for line in _group_lines(source, group)]
    return lines if source.groups else [*lines, TextLine(NOTE, f"has no {source.contents}")]


def group_middles(source: AlertSource) -> list[float]:
    """The middle of each group of rules in the card of their bus, measured from its top."""
    middles, lines = [], component_lines(source.component)
    for group in source.groups:
        before = card_height(lines, BUSES[1])
        lines += _group_lines(source, group)
        middles.append((before + card_height(lines, BUSES[1])) / 2)
    return middles


def _group_lines(source: AlertSource, group: RuleGroup) -> list[TextLine]:
    return [TextLine(NOTE, f"{source.contents}:"), *(TextLine(RULE, name) for name in group.names)]


def css_class(sink: Component) -> str:
    return {"sns": "topic", "logs": "log"}.get(sink.arn.split(":")[2], "bus")
