"""A picture as SVG: who takes the role on, what each region watches, and whom the main region tells."""

from __future__ import annotations

import io
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

import drawsvg

from cfn_breakglass.analysis.diagram.canvas import (
    CSS,
    HEADING,
    NOTE,
    TITLE,
    Box,
    TextLine,
    arrow_head,
    clip,
    draw_arrow,
    draw_card,
    draw_rectangle,
    draw_text,
)
from cfn_breakglass.analysis.diagram.layout import (
    BUSES,
    FORWARDS,
    FULL,
    GAP,
    MARGIN,
    SECTION,
    SINKS,
    WATCHED,
    WIDTH,
    Card,
    alert_source_lines,
    component_lines,
    css_class,
    default_bus_lines,
    draw_column,
    draw_frame,
    group_middles,
    queue_lines,
    regions_lines,
    total_height,
)
from cfn_breakglass.analysis.diagram.picture import NO_SINKS, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfn_breakglass.analysis.diagram.picture import AlertSource, Component, Picture, RegionGroup


def svg(picture: Picture) -> str:
    """Draw ``picture``; the same text each time, with a background of its own."""
    body = drawsvg.Group()
    head = arrow_head()
    y = _role_row(body, picture, head)
    sources = []
    for area in picture.region_groups[1:]:
        box, y = _others(body, picture, area, y)
        sources.append((area, box))
    forwarders, y = _main(body, picture, y, head)
    for area, box in sources:
        for arn in area.forwarder_arns:
            _down(body, box, forwarders[arn], head)
    return _document(picture, body, y)


def _document(picture: Picture, body: drawsvg.Group, height: float) -> str:
    drawing = drawsvg.Drawing(WIDTH, int(height), role="img", aria_labelledby="title desc")
    drawing.append_css(CSS)
    drawing.append(drawsvg.Title(picture.title, id="title"))
    drawing.append(drawsvg.Raw(f'<desc id="desc">{escape(picture.description)}</desc>'))
    draw_rectangle(drawing, Box(0.5, 0.5, WIDTH - 1, int(height) - 1), "paper", 10)
    drawing.append(body)
    out = io.StringIO()
    drawing.as_svg(out)
    return out.getvalue().rstrip("\n") + "\n"


def _role_row(body: drawsvg.Group, picture: Picture, head: drawsvg.Marker) -> float:
    """Draw the title, and who takes the role on; return where the next section begins."""
    draw_text(body, TextLine(HEADING, clip(picture.title, HEADING, FULL[1])), WATCHED[0], 42)
    people = [
        TextLine(TITLE, "May take the role on"),
        *(TextLine(NOTE, f"\u2022 {taker}") for taker in picture.first_principals),
    ]
    trail = [TextLine(TITLE, "CloudTrail"), TextLine(NOTE, "records each call in its region")]
    cards = [
        Card(WATCHED[0], FORWARDS[0] + FORWARDS[1] - WATCHED[0], "people", people),
        Card(*BUSES, "role", component_lines(picture.role)),
        Card(*SINKS, "trail", trail),
    ]
    tallest = max(one.height for one in cards)
    boxes = [Box(one.x, 62, one.width, tallest) for one in cards]
    for box, one in zip(boxes, cards, strict=True):
        draw_card(body, box, one.css, one.lines)
    for left, right in pairwise(boxes):
        draw_arrow(body, (left.right, left.middle), (right.x, right.middle), head)
    last = boxes[-1]
    drop = drawsvg.Path(class_="arrow", marker_end=head)
    body.append(drop.M(last.x + last.width / 2, last.bottom).V(last.bottom + SECTION))
    return last.bottom + SECTION


def _others(body: drawsvg.Group, picture: Picture, area: RegionGroup, y: float) -> tuple[Box, float]:
    """Draw regions other than the main one; return the box of their default bus, and where to go on."""
    wide = SINKS[0] + SINKS[1] - BUSES[0]
    cards = [Card(BUSES[0], wide, "regions", regions_lines(area))]
    cards += [Card(BUSES[0], wide, "queue", queue_lines(part)) for part in area.queues]
    bus = Card(*WATCHED, "bus", default_bus_lines(picture, area))
    inner = max(bus.height, total_height(cards))
    top = draw_frame(body, plural(len(area.regions), "other region"), f"{area.template} template", y, inner)
    (box,) = draw_column(body, [bus], top)
    draw_column(body, cards, top)
    return box, top + inner + MARGIN + GAP


def _main(body: drawsvg.Group, picture: Picture, y: float, head: drawsvg.Marker) -> tuple[dict[str, Box], float]:
    """Draw the main region; return the boxes of the forwarders by ARN, and where it ends."""
    area = picture.region_groups[0]
    watched = Card(*WATCHED, "bus", default_bus_lines(picture, area))
    forwards = [Card(*FORWARDS, "role", component_lines(part)) for part in picture.forwarders]
    buses = [
        Card(*BUSES, "bus" if bus.contents == "rules" else "trail", alert_source_lines(bus))
        for bus in picture.alert_sources
    ]
    sinks = [Card(*SINKS, css_class(part), component_lines(part)) for part in picture.sinks]
    sinks = sinks or [Card(*SINKS, "nobody", [TextLine(NOTE, NO_SINKS)])]
    queues = [Card(*FULL, "queue", queue_lines(part)) for part in area.queues]
    tall = max(watched.height, *map(total_height, (forwards, buses, sinks)))
    inner = tall + sum(queue.height + GAP for queue in queues)
    top = draw_frame(body, f"Main region {', '.join(area.regions)}", f"{area.template} template", y, inner)

    (start,) = draw_column(body, [watched], top)
    begin = min(max(start.middle - total_height(forwards) / 2, top), top + tall - total_height(forwards))
    roles = _by_arn(picture.forwarders, draw_column(body, forwards, begin))
    centrals = draw_column(body, buses, top)
    told = _by_arn(picture.sinks, draw_column(body, sinks, top))
    draw_column(body, queues, top + tall + GAP)

    _forward(body, picture, start, roles, _by_arn([bus.component for bus in picture.alert_sources], centrals), head)
    _tell(body, picture.alert_sources, centrals, told, head)
    return roles, top + inner + 2 * MARGIN


def _by_arn(parts: Sequence[Component], boxes: Sequence[Box]) -> dict[str, Box]:
    return {part.arn: box for part, box in zip(parts, boxes, strict=False)}


def _forward(  # noqa: PLR0917 - all of them boxes, drawn before
    body: drawsvg.Group,
    picture: Picture,
    start: Box,
    roles: dict[str, Box],
    buses: dict[str, Box],
    head: drawsvg.Marker,
) -> None:
    """Draw the ways from the default bus through the roles to the buses."""
    for arn in picture.region_groups[0].forwarder_arns:
        draw_arrow(body, (start.right, start.middle), (roles[arn].x, roles[arn].middle), head)
    used = {arn for area in picture.region_groups for watch in area.rule_groups for arn in watch.target_arns}
    for arn, box in buses.items():
        if arn in used:
            for role in roles.values():
                draw_arrow(body, (role.right, role.middle), (box.x, box.middle), head)


def _tell(
    body: drawsvg.Group, buses: Sequence[AlertSource], boxes: Sequence[Box], told: dict[str, Box], head: drawsvg.Marker
) -> None:
    """Draw the ways from the rules of a bus to whom they tell, each arriving at a place of its own."""
    ways = [
        (box.y + middle, arn)
        for bus, box in zip(buses, boxes, strict=True)
        for middle, watch in zip(group_middles(bus), bus.groups, strict=True)
        for arn in watch.target_arns
    ]
    for arn, box in told.items():
        starts = [y for y, to in ways if to == arn]
        for index, y in enumerate(starts, start=1):
            end = box.y + box.height * index / (len(starts) + 1)
            draw_arrow(body, (BUSES[0] + BUSES[1], y), (box.x, end), head)


def _down(body: drawsvg.Group, start: Box, end: Box, head: drawsvg.Marker) -> None:
    """Draw the way from a default bus down to a role in the main region."""
    x, turn = end.x + end.width / 2, 14
    path = drawsvg.Path(class_="arrow", marker_end=head)
    body.append(path.M(start.right, start.middle).H(x - turn).Q(x, start.middle, x, start.middle + turn).V(end.y))
