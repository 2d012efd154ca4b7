"""A picture as Mermaid text, a flowchart: https://mermaid.js.org/syntax/flowchart.html."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_breakglass.analysis.diagram.picture import DEAD_LETTERS, NO_SINKS, plural, target_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfn_breakglass.analysis.diagram.picture import Component, Picture, RegionGroup

# What would end a label, begin a tag or an entity of Mermaid's own, or be taken for Markdown.
_ENTITIES = str.maketrans({"#": "#35;", "&": "#38;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "*": "#42;"})
# The description is not in quotes: a brace ends it.
_PLAIN = str.maketrans({"{": "(", "}": ")", "\n": " "})


def mermaid(picture: Picture) -> str:
    """Write ``picture`` as a flowchart that GitHub draws; the same text each time."""
    return "\n".join(["flowchart LR", *(f"    {line}" for line in _lines(picture))]) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    yield f"accTitle: {picture.title.translate(_PLAIN)}"
    yield f"accDescr {{ {picture.description.translate(_PLAIN)} }}"
    yield _node("takers", "May take the role on", picture.first_principals)
    yield _part("role", picture.role)
    yield "takers --> role"
    for index, area in enumerate(picture.region_groups[1:], start=1):
        yield f'subgraph area{index}["{plural(len(area.regions), "other region")}"]'
        yield "    " + _node(f"regions{index}", "Regions", area.regions)
        yield from _watched(picture, area, index)
        yield "end"
    main = picture.region_groups[0]
    yield f'subgraph area0["Main region {_text(", ".join(main.regions))}"]'
    yield from _watched(picture, main, 0)
    yield from (f"    {line}" for line in _central(picture))
    yield "end"
    yield from _ways(picture)


def _watched(picture: Picture, area: RegionGroup, index: int) -> Iterator[str]:
    rules = [
        line
        for watch in area.rule_groups
        for line in (f"rules to {target_names(watch, picture.names_by_arn)}:", *watch.names)
    ]
    yield "    " + _node(f"default{index}", "Default bus", tuple(rules or ["has no rules"]))
    for number, queue in enumerate(area.queues):
        yield "    " + _node(f"queue{index}_{number}", queue.title, (queue.name, DEAD_LETTERS))


def _central(picture: Picture) -> Iterator[str]:
    for index, role in enumerate(picture.forwarders):
        yield _part(f"forwarder{index}", role)
    for index, bus in enumerate(picture.alert_sources):
        yield _part(f"bus{index}", bus.component)
        for number, watch in enumerate(bus.groups):
            yield _node(f"rules{index}_{number}", bus.contents.capitalize(), watch.names)
    for index, sink in enumerate(picture.sinks):
        yield _part(f"sink{index}", sink)
    if not picture.sinks:
        yield f'nobody["{NO_SINKS}"]'


def _ways(picture: Picture) -> Iterator[str]:
    roles = {role.arn: f"forwarder{index}" for index, role in enumerate(picture.forwarders)}
    buses = {bus.component.arn: f"bus{index}" for index, bus in enumerate(picture.alert_sources)}
    sinks = {sink.arn: f"sink{index}" for index, sink in enumerate(picture.sinks)}
    for index, area in enumerate(picture.region_groups):
        yield f"role -. CloudTrail .-> default{index}"
        for arn in area.forwarder_arns:
            yield f"default{index} --> {roles[arn]}"
    heard = {arn for area in picture.region_groups for watch in area.rule_groups for arn in watch.target_arns}
    for arn, bus in buses.items():
        if arn in heard:
            yield from (f"{role} --> {bus}" for role in roles.values())
    for index, bus_of in enumerate(picture.alert_sources):
        for number, watch in enumerate(bus_of.groups):
            yield f"bus{index} --> rules{index}_{number}"
            yield from (f"rules{index}_{number} --> {sinks[arn]}" for arn in watch.target_arns)


def _part(node: str, part: Component) -> str:
    return _node(node, part.title, (*([part.name] if part.name else []), *part.notes))


def _node(node: str, title: str, lines: tuple[str, ...]) -> str:
    return f'{node}["<b>{_text(title)}</b><br/>{"<br/>".join(map(_text, lines))}"]'


def _text(text: str) -> str:
    return text.translate(_ENTITIES)
