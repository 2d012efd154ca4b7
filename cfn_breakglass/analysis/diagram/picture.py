"""What a picture of the templates holds, and its words."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_TAKERS = 6


@dataclass(frozen=True)
class Component:
    """A thing to draw: what it is, its name, and lines about it."""

    title: str
    name: str
    arn: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleGroup:
    """Rules of one bus, or alarms, that tell the same: their names, and the ARNs of what they tell."""

    names: tuple[str, ...]
    target_arns: tuple[str, ...]


@dataclass(frozen=True)
class AlertSource:
    """An event bus with its rules, or the alarms that tell somebody without one: what it ``holds``."""

    component: Component
    groups: tuple[RuleGroup, ...]
    contents: str = "rules"


@dataclass(frozen=True)
class RegionGroup:
    """Regions that hold the same: rules on the default bus, dead-letter queues, the ARNs of the roles that forward."""

    template: str
    regions: tuple[str, ...]
    rule_groups: tuple[RuleGroup, ...]
    queues: tuple[Component, ...]
    forwarder_arns: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """All that is drawn. ``areas`` starts with the main region; ``sinks`` are topics and log groups."""

    name: str
    role: Component
    principals: tuple[str, ...]
    region_groups: tuple[RegionGroup, ...]
    forwarders: tuple[Component, ...]
    alert_sources: tuple[AlertSource, ...]
    sinks: tuple[Component, ...]

    @property
    def regions(self) -> int:
        """How many regions are watched."""
        return sum(len(area.regions) for area in self.region_groups if area.rule_groups)

    @property
    def title(self) -> str:
        return f"{self.name}: a role watched in {plural(self.regions, 'region') if self.regions else 'no region'}"

    @property
    def description(self) -> str:
        """Say what is drawn to whom cannot see it."""
        forwards = [
            f"{_regions(area)}: {_heard(area.rule_groups, self.names_by_arn)}; dead letters in {_joined(area.queues)}."
            for area in self.region_groups
        ]
        buses = [
            f"{bus.component.title} {bus.component.name}: {_heard(bus.groups, self.names_by_arn, bus.contents)}."
            for bus in self.alert_sources
        ]
        sinks = [" ".join([f"{sink.title} {sink.name}:", ", ".join(sink.notes)]) + "." for sink in self.sinks]
        return " ".join(
            [
                f"{self.role.title} {self.role.name}, taken on by {'; '.join(self.first_principals)}.",
                *forwards,
                f"Forwarded by {_joined(self.forwarders)}.",
                *buses,
                *(sinks or [NO_SINKS]),
            ]
        )

    @property
    def names_by_arn(self) -> dict[str, str]:
        """The name of each part by its ARN."""
        return {part.arn: part.name for part in (*(bus.component for bus in self.alert_sources), *self.sinks)}

    @property
    def first_principals(self) -> tuple[str, ...]:
        """The takers, as many as a picture has room for."""
        more = len(self.principals) - _MOST_TAKERS
        return self.principals[:_MOST_TAKERS] + ((f"and {more} more",) if more > 0 else ())


DEAD_LETTERS = "keeps what a rule of its region could not deliver"
NO_SINKS = "Nobody is told, and nothing is logged."


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def target_names(watch: RuleGroup, names: dict[str, str]) -> str:
    """The names of the targets of ``watch``."""
    return ", ".join(names.get(arn, arn) for arn in watch.target_arns) or "nowhere"


def _heard(watches: tuple[RuleGroup, ...], names: dict[str, str], what: str = "rules") -> str:
    return "; ".join(f"{what} {', '.join(one.names)} to {target_names(one, names)}" for one in watches) or f"no {what}"


def _regions(area: RegionGroup) -> str:
    return f"In {', '.join(area.regions)}"


def _joined(parts: tuple[Component, ...]) -> str:
    return ", ".join(part.name for part in parts) or "nothing"
