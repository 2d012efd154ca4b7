"""What is drawn of the templates, whatever the format, and its text."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_breakglass.text_layout import count_of

_MOST_PRINCIPALS = 6

EDGE_RULES, CENTRAL_RULES, DIRECT_RULES, ALARMS = "edge rules", "central rules", "rules", "alarms"
DEAD_LETTERS = "keeps what a rule of its region could not deliver"
NO_SINKS = "Nobody is notified, and nothing is logged."


@dataclass(frozen=True)
class Component:
    """A resource or a service that is drawn: what it is, its name, and lines about it."""

    title: str
    name: str
    arn: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleGroup:
    """Rules of a bus, or alarms, with the same targets: their names, and the ARNs of the targets."""

    names: tuple[str, ...]
    target_arns: tuple[str, ...]


@dataclass(frozen=True)
class AlertSource:
    """What notifies and logs: a central bus with its rules, the rules of the default bus that do, or the alarms.

    ``contents`` says which: it is one of the words below. The component of the default bus is that bus again.
    """

    component: Component
    groups: tuple[RuleGroup, ...]
    contents: str


@dataclass(frozen=True)
class RegionGroup:
    """Regions with the same rules on the default bus, the same dead-letter queues and the same forwarder roles.

    ``rule_groups`` are the rules that forward; in regions other than the main one, all others too. ``routes`` are the
    ARNs of a forwarder role and of a bus to which it forwards.
    """

    template: str
    regions: tuple[str, ...]
    is_watched: bool
    rule_groups: tuple[RuleGroup, ...]
    queues: tuple[Component, ...]
    routes: tuple[tuple[str, str], ...]

    @property
    def forwarder_arns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(role for role, _ in self.routes))


@dataclass(frozen=True)
class Picture:
    """All that is drawn.

    ``principals`` may assume the role. The first of ``region_groups`` is the main region. ``sinks`` are topics and log
    groups. ``hub`` is the account of the main region if every account of an organization has the role and the other
    regions, of which one is the main one; otherwise it is empty.
    """

    name: str
    role: Component
    principals: tuple[str, ...]
    region_groups: tuple[RegionGroup, ...]
    forwarders: tuple[Component, ...]
    alert_sources: tuple[AlertSource, ...]
    sinks: tuple[Component, ...]
    hub: str = ""

    @property
    def routes(self) -> list[tuple[str, str]]:
        """The ways from a forwarder role to a bus, of all regions."""
        return list(dict.fromkeys(route for regions in self.region_groups for route in regions.routes))

    @property
    def has_main_default_bus(self) -> bool:
        """Whether the default bus of the main region is drawn on its own: a hub has those rules of every account."""
        return not self.hub or self.region_groups[0].is_watched

    @property
    def title(self) -> str:
        groups = self.region_groups[1:] if self.hub else self.region_groups
        count = sum(len(group.regions) for group in groups if group.is_watched)
        whose = " of every account," if self.hub else ""
        return f"{self.name}: a role{whose} watched in {count_of(count, 'region') if count else 'no region'}"

    def title_of(self, regions: RegionGroup) -> str:
        """What a group of regions is, as the title of its frame."""
        if regions == self.region_groups[0]:
            main_region = f"region {', '.join(regions.regions)}"
            return f"Hub {self.hub}, main {main_region}" if self.hub else f"Main {main_region}"
        count = len(regions.regions)
        if self.hub:
            return f"Every account, the hub too, in {count_of(count, 'region')}"
        return count_of(count, "other region")

    @property
    def description(self) -> str:
        """The picture in words, for people who cannot see it."""
        regions = [
            f"{self._where(group)}{', '.join(group.regions)}: {self._rules_and_targets(group.rule_groups, EDGE_RULES)};"
            f" dead letters in {_names(group.queues)}."
            for group in self.region_groups
        ]
        sources = [
            f"{source.component.title} {source.component.name}".rstrip()
            + f": {self._rules_and_targets(source.groups, source.contents)}."
            for source in self.alert_sources
        ]
        sinks = [f"{sink.title} {sink.name}: {', '.join(sink.notes)}." for sink in self.sinks]
        return " ".join(
            [
                f"{self.role.title} {self.role.name}, assumed by {'; '.join(self.first_principals)}.",
                *regions,
                f"Forwarded by {_names(self.forwarders)}.",
                *sources,
                *(sinks or [NO_SINKS]),
            ]
        )

    def _where(self, regions: RegionGroup) -> str:
        if not self.hub:
            return "In "
        return f"In the hub {self.hub}, in " if regions == self.region_groups[0] else "In every account, in "

    @property
    def first_principals(self) -> tuple[str, ...]:
        """As many principals as a picture has room for, and how many more there are."""
        more = len(self.principals) - _MOST_PRINCIPALS
        return self.principals[:_MOST_PRINCIPALS] + ((f"and {more} more",) if more > 0 else ())

    def target_names(self, group: RuleGroup) -> str:
        """The names of the targets of a group of rules."""
        components = (*(source.component for source in self.alert_sources), *self.sinks)
        names = {component.arn: component.name for component in components}
        return ", ".join(names.get(arn, arn) for arn in group.target_arns) or "nowhere"

    def _rules_and_targets(self, groups: tuple[RuleGroup, ...], contents: str) -> str:
        texts = (f"{contents} {', '.join(group.names)} to {self.target_names(group)}" for group in groups)
        return "; ".join(texts) or f"no {contents}"


def _names(components: tuple[Component, ...]) -> str:
    return ", ".join(component.name for component in components) or "nothing"
