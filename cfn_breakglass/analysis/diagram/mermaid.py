"""A picture as Mermaid text, a flowchart: https://mermaid.js.org/syntax/flowchart.html."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_breakglass.analysis.diagram.picture import DEAD_LETTERS, DIRECT_RULES, EDGE_RULES, NO_SINKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfn_breakglass.analysis.diagram.picture import Component, Picture, RegionGroup

_ENTITIES = str.maketrans({"#": "#35;", "&": "#38;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "*": "#42;"})
"""Characters that would end a label, begin a tag or an entity of Mermaid, or be read as Markdown."""
_WITHOUT_BRACES = str.maketrans({"{": "(", "}": ")", "\n": " "})
"""The description is not in quotes, so that a brace would end it."""


def mermaid(picture: Picture) -> str:
    """Write ``picture`` as a flowchart that GitHub draws, always the same text."""
    return "\n".join(["flowchart LR", *(f"    {line}" for line in _lines(picture))]) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    yield f"accTitle: {picture.title.translate(_WITHOUT_BRACES)}"
    yield f"accDescr {{ {picture.description.translate(_WITHOUT_BRACES)} }}"
    yield _node("takers", "May assume the role", picture.first_principals)
    yield _component_node("role", picture.role)
    yield "takers --> role"
    for index, regions in enumerate(picture.region_groups[1:], start=1):
        yield f'subgraph area{index}["{_escaped(picture.title_of(regions))}"]'
        yield "    " + _node(f"regions{index}", "Regions", regions.regions)
        yield from _region_nodes(picture, regions, index)
        # In an organization every account has these roles, otherwise only the main region.
        if picture.hub and index == 1:
            yield from (f"    {line}" for line in _forwarder_nodes(picture))
        yield "end"
    main_region = picture.region_groups[0]
    yield f'subgraph area0["{_escaped(picture.title_of(main_region))}"]'
    if picture.has_main_default_bus:
        yield from _region_nodes(picture, main_region, 0)
    if not picture.hub:
        yield from (f"    {line}" for line in _forwarder_nodes(picture))
    yield from (f"    {line}" for line in _central_nodes(picture))
    yield "end"
    yield from _arrows(picture)


def _region_nodes(picture: Picture, regions: RegionGroup, index: int) -> Iterator[str]:
    rules = [
        line
        for group in regions.rule_groups
        for line in (f"{EDGE_RULES} to {picture.target_names(group)}:", *group.names)
    ]
    if not regions.is_watched:
        rules = ["has no rules"]
    yield "    " + _node(f"default{index}", "Default bus", ("what CloudTrail records", *rules))
    for number, queue in enumerate(regions.queues):
        yield "    " + _node(f"queue{index}_{number}", queue.title, (queue.name, DEAD_LETTERS))


def _forwarder_nodes(picture: Picture) -> Iterator[str]:
    for index, role in enumerate(picture.forwarders):
        yield _component_node(f"forwarder{index}", role)


def _central_nodes(picture: Picture) -> Iterator[str]:
    for index, source in enumerate(picture.alert_sources):
        yield _component_node(f"bus{index}", source.component)
        for number, group in enumerate(source.groups):
            yield _node(f"rules{index}_{number}", source.contents.capitalize(), group.names)
    for index, sink in enumerate(picture.sinks):
        yield _component_node(f"sink{index}", sink)
    if not picture.sinks:
        yield f'nobody["{NO_SINKS}"]'


def _arrows(picture: Picture) -> Iterator[str]:
    forwarders = {role.arn: f"forwarder{index}" for index, role in enumerate(picture.forwarders)}
    sources = {source.component.arn: f"bus{index}" for index, source in enumerate(picture.alert_sources)}
    sinks = {sink.arn: f"sink{index}" for index, sink in enumerate(picture.sinks)}
    for index, regions in enumerate(picture.region_groups):
        if index or picture.has_main_default_bus:
            yield f"role -. CloudTrail .-> default{index}"
        for arn in regions.forwarder_arns:
            yield f"default{index} --> {forwarders[arn]}"
    routes = picture.routes
    for arn, bus in sources.items():
        yield from (f"{forwarders[role]} --> {bus}" for role, target in routes if target == arn)
    for index, source in enumerate(picture.alert_sources):
        if source.contents == DIRECT_RULES:
            yield f"default0 --> bus{index}"
        for number, group in enumerate(source.groups):
            yield f"bus{index} --> rules{index}_{number}"
            yield from (f"rules{index}_{number} --> {sinks[arn]}" for arn in group.target_arns)


def _component_node(node: str, component: Component) -> str:
    return _node(node, component.title, (*([component.name] if component.name else []), *component.notes))


def _node(node: str, title: str, lines: tuple[str, ...]) -> str:
    return f'{node}["<b>{_escaped(title)}</b><br/>{"<br/>".join(map(_escaped, lines))}"]'


def _escaped(text: str) -> str:
    return text.translate(_ENTITIES)
