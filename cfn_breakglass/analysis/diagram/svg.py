"""A picture as SVG: who may assume the role, what each region watches, and who is notified in the main region."""

from __future__ import annotations

import io
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

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
    DEFAULT_BUS,
    FORWARDERS,
    FULL_WIDTH,
    GAP,
    MARGIN,
    SECTION,
    SINKS,
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
from cfn_breakglass.analysis.diagram.picture import ALARMS, DIRECT_RULES, NO_SINKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfn_breakglass.analysis.diagram.picture import AlertSource, Component, Picture, RegionGroup


def svg(picture: Picture) -> str:
    """Draw ``picture`` as SVG, always with the same bytes."""
    body = drawsvg.Group()
    head = arrow_head()
    y = _draw_role_row(body, picture, head)
    default_buses = []
    for regions in picture.region_groups[1:]:
        boxes, y = _draw_other_regions(body, picture, regions, y, head)
        default_buses.append((regions, boxes))
    main, y = _draw_main_region(body, picture, y, head)
    for regions, (box, forwarders) in default_buses:
        _draw_arrows_to_hub(body, forwarders, regions, main.buses, head)
        for arn in regions.forwarder_arns if not picture.hub else ():
            _draw_arrow_down(body, box, main.forwarders[arn], head)
    return _document(picture, body, y)


class _RegionBoxes(NamedTuple):
    """The box of a default bus, and those of the forwarders in the same frame by ARN."""

    default_bus: Box
    forwarders: dict[str, Box]


class _MainBoxes(NamedTuple):
    """The boxes of the forwarders and of the buses of the main region, by ARN."""

    forwarders: dict[str, Box]
    buses: dict[str, Box]


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


def _draw_role_row(body: drawsvg.Group, picture: Picture, head: drawsvg.Marker) -> float:
    """Draw the title, the principals that may assume the role, and the role; return where the next section begins."""
    draw_text(body, TextLine(HEADING, clip(picture.title, HEADING, FULL_WIDTH[1])), DEFAULT_BUS[0], 42)
    people = [
        TextLine(TITLE, "May assume the role"),
        *(TextLine(NOTE, f"\u2022 {principal}") for principal in picture.first_principals),
    ]
    trail = [TextLine(TITLE, "CloudTrail"), TextLine(NOTE, "records each call in its region")]
    cards = [
        Card(DEFAULT_BUS[0], FORWARDERS[0] + FORWARDERS[1] - DEFAULT_BUS[0], "people", people),
        Card(*BUSES, "role", component_lines(picture.role)),
        Card(*SINKS, "trail", trail),
    ]
    height = max(card.height for card in cards)
    boxes = [Box(card.x, 62, card.width, height) for card in cards]
    for box, card in zip(boxes, cards, strict=True):
        draw_card(body, box, card.css, card.lines)
    for left, right in pairwise(boxes):
        draw_arrow(body, (left.right, left.middle), (right.x, right.middle), head)
    last = boxes[-1]
    drop = drawsvg.Path(class_="arrow", marker_end=head)
    body.append(drop.M(last.x + last.width / 2, last.bottom).V(last.bottom + SECTION))
    return last.bottom + SECTION


def _draw_other_regions(
    body: drawsvg.Group, picture: Picture, regions: RegionGroup, y: float, head: drawsvg.Marker
) -> tuple[_RegionBoxes, float]:
    """Draw regions other than the main one; return what is in their frame, and where the next section begins."""
    width = SINKS[0] + SINKS[1] - BUSES[0]
    cards = [Card(BUSES[0], width, "regions", regions_lines(regions))]
    cards += [Card(BUSES[0], width, "queue", queue_lines(queue)) for queue in regions.queues]
    bus = Card(*DEFAULT_BUS, "bus", default_bus_lines(picture, regions))
    # Those of the main region forward from everywhere, unless every account has its own.
    roles = [role for role in picture.forwarders if picture.hub and role.arn in regions.forwarder_arns]
    forwarders = [Card(*FORWARDERS, "role", component_lines(role)) for role in roles]
    inner = max(bus.height, *map(total_height, (cards, forwarders)))
    top = draw_frame(body, picture.title_of(regions), f"{regions.template} template", y, inner)
    (box,) = draw_column(body, [bus], top)
    draw_column(body, cards, top)
    forwarder_boxes = _by_arn(roles, _draw_beside(body, forwarders, box, top, inner))
    for forwarder in forwarder_boxes.values():
        draw_arrow(body, (box.right, box.middle), (forwarder.x, forwarder.middle), head)
    return _RegionBoxes(box, forwarder_boxes), top + inner + MARGIN + GAP


def _draw_beside(body: drawsvg.Group, cards: Sequence[Card], start: Box, top: float, height: float) -> list[Box]:
    """Draw a column of cards with its middle beside that of ``start``, as far as the frame allows."""
    first = min(max(start.middle - total_height(cards) / 2, top), top + height - total_height(cards))
    return draw_column(body, cards, first)


def _draw_main_region(
    body: drawsvg.Group, picture: Picture, y: float, head: drawsvg.Marker
) -> tuple[_MainBoxes, float]:
    """Draw the main region; return what is in its frame, and where it ends."""
    region = picture.region_groups[0]
    default_bus = Card(*DEFAULT_BUS, "bus", default_bus_lines(picture, region))
    roles = [] if picture.hub else picture.forwarders
    forwarders = [Card(*FORWARDERS, "role", component_lines(role)) for role in roles]
    sources = [
        Card(*BUSES, "trail" if source.contents == ALARMS else "bus", alert_source_lines(source))
        for source in picture.alert_sources
    ]
    sinks = [Card(*SINKS, css_class(sink), component_lines(sink)) for sink in picture.sinks]
    sinks = sinks or [Card(*SINKS, "nobody", [TextLine(NOTE, NO_SINKS)])]
    queues = [Card(*FULL_WIDTH, "queue", queue_lines(queue)) for queue in region.queues]
    height = max(default_bus.height, *map(total_height, (forwarders, sources, sinks)))
    inner = height + sum(queue.height + GAP for queue in queues)
    top = draw_frame(body, picture.title_of(region), f"{region.template} template", y, inner)

    start = Box(DEFAULT_BUS[0], top, *DEFAULT_BUS)
    if picture.has_main_default_bus:
        (start,) = draw_column(body, [default_bus], top)
    forwarder_boxes = _by_arn(roles, _draw_beside(body, forwarders, start, top, height))
    source_boxes = draw_column(body, sources, top)
    # In the middle, where the arrows to them are shortest.
    sinks_top = top + max(0, total_height(sources) - total_height(sinks)) / 2
    sink_boxes = _by_arn(picture.sinks, draw_column(body, sinks, sinks_top))
    draw_column(body, queues, top + height + GAP)

    source_boxes_by_arn = _by_arn([source.component for source in picture.alert_sources], source_boxes)
    _draw_forwarding(body, picture, start, forwarder_boxes, source_boxes_by_arn, head)
    for source in picture.alert_sources:
        if source.contents == DIRECT_RULES:
            box = source_boxes_by_arn[source.component.arn]
            # Below the arrow to the forwarder role, if there is one.
            y = start.bottom - GAP if forwarder_boxes else start.middle
            draw_arrow(body, (start.right, y), (box.x, box.middle), head)
    _draw_notifications(body, picture.alert_sources, source_boxes, sink_boxes, head)
    return _MainBoxes(forwarder_boxes, source_boxes_by_arn), top + inner + 2 * MARGIN


def _by_arn(components: Sequence[Component], boxes: Sequence[Box]) -> dict[str, Box]:
    return {component.arn: box for component, box in zip(components, boxes, strict=False)}


def _draw_forwarding(  # noqa: PLR0917 - the boxes that are drawn before
    body: drawsvg.Group,
    picture: Picture,
    default_bus: Box,
    forwarders: dict[str, Box],
    buses: dict[str, Box],
    head: drawsvg.Marker,
) -> None:
    """Draw the arrows from the default bus through the forwarder roles to the buses.

    A hub has no forwarders but those of every account, which are drawn there.
    """
    own_routes = picture.region_groups[0].routes
    if picture.hub:
        for bus_arn in dict.fromkeys(bus for _, bus in own_routes):
            bus = buses[bus_arn]
            draw_arrow(body, (default_bus.right, default_bus.middle), (bus.x, bus.y + bus.height / 4), head)
        return
    for arn in picture.region_groups[0].forwarder_arns:
        role = forwarders[arn]
        draw_arrow(body, (default_bus.right, default_bus.middle), (role.x, role.middle), head)
    for role_arn, bus_arn in picture.routes:
        role, bus = forwarders[role_arn], buses[bus_arn]
        draw_arrow(body, (role.right, role.middle), (bus.x, bus.middle), head)


def _draw_notifications(
    body: drawsvg.Group,
    sources: Sequence[AlertSource],
    boxes: Sequence[Box],
    sinks: dict[str, Box],
    head: drawsvg.Marker,
) -> None:
    """Draw the arrows from the rules of each bus to their sinks; no two arrows end in the same place."""
    arrows = [
        (box.y + middle, arn)
        for source, box in zip(sources, boxes, strict=True)
        for middle, group in zip(group_middles(source), source.groups, strict=True)
        for arn in group.target_arns
    ]
    for sink_arn, box in sinks.items():
        starts = [y for y, arn in arrows if arn == sink_arn]
        for index, y in enumerate(starts, start=1):
            end = box.y + box.height * index / (len(starts) + 1)
            draw_arrow(body, (BUSES[0] + BUSES[1], y), (box.x, end), head)


def _draw_arrows_to_hub(
    body: drawsvg.Group, forwarders: dict[str, Box], regions: RegionGroup, buses: dict[str, Box], head: drawsvg.Marker
) -> None:
    """Draw the arrows from the forwarders of every account to the buses of the hub: down between the columns.

    Each forwarder has a line of its own, or it would seem that each forwards to every bus.
    """
    turn = 8
    for index, (role_arn, role) in enumerate(forwarders.items(), start=1):
        share = index / (len(forwarders) + 1)
        x = role.right + (BUSES[0] - role.right) * share
        for bus in (buses[bus_arn] for arn, bus_arn in regions.routes if arn == role_arn):
            end = bus.y + bus.height * share
            path = drawsvg.Path(class_="arrow", marker_end=head).M(role.right, role.middle).H(x - turn)
            path.Q(x, role.middle, x, role.middle + turn).V(end - turn).Q(x, end, x + turn, end)
            body.append(path.H(bus.x))


def _draw_arrow_down(body: drawsvg.Group, start: Box, end: Box, head: drawsvg.Marker) -> None:
    """Draw the arrow from a default bus down to a role in the main region."""
    x, turn = end.x + end.width / 2, 14
    path = drawsvg.Path(class_="arrow", marker_end=head)
    body.append(path.M(start.right, start.middle).H(x - turn).Q(x, start.middle, x, start.middle + turn).V(end.y))
