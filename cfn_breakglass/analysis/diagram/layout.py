"""Where things are in the drawing: the columns, and what stands in each card."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import drawsvg

from cfn_breakglass.analysis.diagram.canvas import NAME, NOTE, RULE, TITLE, Box, Line, card, height_of, rectangle, text
from cfn_breakglass.analysis.diagram.model import KEEPS, names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfn_breakglass.analysis.diagram.model import Area, Bus, Part, Picture, Watch

WIDTH = 1000
MARGIN, GAP, SECTION, TITLE_HEIGHT = 16, 12, 26, 40
# The columns, left edge and width: what is watched, who forwards, the buses, who is told.
WATCHED, FORWARDS, BUSES, TOLD = (32.0, 212.0), (284.0, 124.0), (448.0, 220.0), (716.0, 252.0)
FULL = (WATCHED[0], TOLD[0] + TOLD[1] - WATCHED[0])

_REGIONS_A_ROW, _REGION_WIDTH = 4, 17


class Card(NamedTuple):
    """A card before it is drawn."""

    x: float
    width: float
    css: str
    lines: list[Line]

    @property
    def height(self) -> float:
        return height_of(self.lines, self.width)


def stacked(cards: Sequence[Card]) -> float:
    return sum(one.height + GAP for one in cards) - GAP


def stack(body: drawsvg.Group, cards: Sequence[Card], y: float) -> list[Box]:
    """Draw cards one below the other."""
    boxes = []
    for one in cards:
        boxes.append(Box(one.x, y, one.width, one.height))
        card(body, boxes[-1], one.css, one.lines)
        y = boxes[-1].bottom + GAP
    return boxes


def frame(body: drawsvg.Group, title: str, file: str, y: float, inner: float) -> float:
    """Draw the frame around regions, with room for ``inner`` in it; return where its content begins."""
    box = Box(MARGIN, y, WIDTH - 2 * MARGIN, TITLE_HEIGHT + inner + MARGIN)
    rectangle(body, box, "frame", 10)
    text(body, Line(TITLE, title), WATCHED[0], y + 25)
    text(body, Line(NOTE, file), TOLD[0] + TOLD[1], y + 25, "end")
    return y + TITLE_HEIGHT


def part_lines(part: Part) -> list[Line]:
    name = [Line(NAME, part.name)] if part.name else []
    return [Line(TITLE, part.title), *name, *(Line(NOTE, note) for note in part.notes)]


def default_bus_lines(picture: Picture, area: Area) -> list[Line]:
    lines = [Line(TITLE, "Default bus"), Line(NOTE, "gets what CloudTrail records")]
    for watch in area.watches:
        lines += [
            Line(NOTE, f"rules to {names_of(watch, picture.names)}:"),
            *(Line(RULE, rule) for rule in watch.rules),
        ]
    return lines if area.watches else [*lines, Line(NOTE, "has no rules")]


def queue_lines(part: Part) -> list[Line]:
    return [Line(TITLE, part.title), Line(NOTE, f"{part.name} {KEEPS}")]


def regions_lines(area: Area) -> list[Line]:
    names = [name.ljust(_REGION_WIDTH, "\u00a0") for name in area.regions]
    rows = ["".join(names[index : index + _REGIONS_A_ROW]) for index in range(0, len(names), _REGIONS_A_ROW)]
    return [Line(TITLE, "Regions"), *(Line(NAME, row) for row in rows)]


def bus_lines(bus: Bus) -> list[Line]:
    lines = [*part_lines(bus.part), *(line for watch in bus.watches for line in _watch_lines(bus, watch))]
    return lines if bus.watches else [*lines, Line(NOTE, f"has no {bus.holds}")]


def middles(bus: Bus) -> list[float]:
    """Where the rules of each watch are in the card of their bus, from its top."""
    found, lines = [], part_lines(bus.part)
    for watch in bus.watches:
        before = height_of(lines, BUSES[1])
        lines += _watch_lines(bus, watch)
        found.append((before + height_of(lines, BUSES[1])) / 2)
    return found


def _watch_lines(bus: Bus, watch: Watch) -> list[Line]:
    return [Line(NOTE, f"{bus.holds}:"), *(Line(RULE, rule) for rule in watch.rules)]


def css_of(part: Part) -> str:
    return {"sns": "topic", "logs": "log"}.get(part.arn.split(":")[2], "bus")
