"""Where things are in the drawing: the columns, and what stands in each card."""

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
from cfn_breakglass.analysis.diagram.picture import DEAD_LETTERS, target_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfn_breakglass.analysis.diagram.picture import AlertSource, Component, Picture, RegionGroup, RuleGroup

WIDTH = 1000
MARGIN, GAP, SECTION, TITLE_HEIGHT = 16, 12, 26, 40
# The columns, left edge and width: what is watched, who forwards, the buses, who is told.
WATCHED, FORWARDS, BUSES, SINKS = (32.0, 212.0), (284.0, 124.0), (448.0, 220.0), (716.0, 252.0)
FULL = (WATCHED[0], SINKS[0] + SINKS[1] - WATCHED[0])

_REGIONS_A_ROW, _REGION_WIDTH = 4, 17


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
    return sum(one.height + GAP for one in cards) - GAP


def draw_column(body: drawsvg.Group, cards: Sequence[Card], y: float) -> list[Box]:
    """Draw cards one below the other."""
    boxes = []
    for one in cards:
        boxes.append(Box(one.x, y, one.width, one.height))
        draw_card(body, boxes[-1], one.css, one.lines)
        y = boxes[-1].bottom + GAP
    return boxes


def draw_frame(body: drawsvg.Group, title: str, file: str, y: float, inner: float) -> float:
    """Draw the frame around regions, with room for ``inner`` in it; return where its content begins."""
    box = Box(MARGIN, y, WIDTH - 2 * MARGIN, TITLE_HEIGHT + inner + MARGIN)
    draw_rectangle(body, box, "frame", 10)
    draw_text(body, TextLine(TITLE, title), WATCHED[0], y + 25)
    draw_text(body, TextLine(NOTE, file), SINKS[0] + SINKS[1], y + 25, "end")
    return y + TITLE_HEIGHT


def component_lines(part: Component) -> list[TextLine]:
    name = [TextLine(NAME, part.name)] if part.name else []
    return [TextLine(TITLE, part.title), *name, *(TextLine(NOTE, note) for note in part.notes)]


def default_bus_lines(picture: Picture, area: RegionGroup) -> list[TextLine]:
    lines = [TextLine(TITLE, "Default bus"), TextLine(NOTE, "gets what CloudTrail records")]
    for watch in area.rule_groups:
        lines += [
            TextLine(NOTE, f"rules to {target_names(watch, picture.names_by_arn)}:"),
            *(TextLine(RULE, rule) for rule in watch.names),
        ]
    return lines if area.rule_groups else [*lines, TextLine(NOTE, "has no rules")]


def queue_lines(part: Component) -> list[TextLine]:
    return [TextLine(TITLE, part.title), TextLine(NOTE, f"{part.name} {DEAD_LETTERS}")]


def regions_lines(area: RegionGroup) -> list[TextLine]:
    names = [name.ljust(_REGION_WIDTH, "\u00a0") for name in area.regions]
    rows = ["".join(names[index : index + _REGIONS_A_ROW]) for index in range(0, len(names), _REGIONS_A_ROW)]
    return [TextLine(TITLE, "Regions"), *(TextLine(NAME, row) for row in rows)]


def alert_source_lines(bus: AlertSource) -> list[TextLine]:
    lines = [*component_lines(bus.component), *(line for watch in bus.groups for line in _watch_lines(bus, watch))]
    return lines if bus.groups else [*lines, TextLine(NOTE, f"has no {bus.contents}")]


def group_middles(bus: AlertSource) -> list[float]:
    """Where the rules of each watch are in the card of their bus, from its top."""
    found, lines = [], component_lines(bus.component)
    for watch in bus.groups:
        before = card_height(lines, BUSES[1])
        lines += _watch_lines(bus, watch)
        found.append((before + card_height(lines, BUSES[1])) / 2)
    return found


def _watch_lines(bus: AlertSource, watch: RuleGroup) -> list[TextLine]:
    return [TextLine(NOTE, f"{bus.contents}:"), *(TextLine(RULE, rule) for rule in watch.names)]


def css_class(part: Component) -> str:
    return {"sns": "topic", "logs": "log"}.get(part.arn.split(":")[2], "bus")
