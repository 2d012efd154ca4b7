"""What a picture of the templates holds, and its words."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_TAKERS = 6


@dataclass(frozen=True)
class Part:
    """A thing to draw: what it is, its name, and lines about it."""

    title: str
    name: str
    arn: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Watch:
    """Rules of one bus, or alarms, that tell the same: their names, and the ARNs of what they tell."""

    rules: tuple[str, ...]
    to: tuple[str, ...]


@dataclass(frozen=True)
class Bus:
    """An event bus with its rules, or the alarms that tell somebody without one: what it ``holds``."""

    part: Part
    watches: tuple[Watch, ...]
    holds: str = "rules"


@dataclass(frozen=True)
class Area:
    """Regions that hold the same: rules on the default bus, dead-letter queues, the ARNs of the roles that forward."""

    template: str
    regions: tuple[str, ...]
    watches: tuple[Watch, ...]
    queues: tuple[Part, ...]
    through: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """All that is drawn. ``areas`` starts with the main region; ``sinks`` are topics and log groups."""

    name: str
    role: Part
    takers: tuple[str, ...]
    areas: tuple[Area, ...]
    forwarders: tuple[Part, ...]
    buses: tuple[Bus, ...]
    sinks: tuple[Part, ...]

    @property
    def regions(self) -> int:
        """How many regions are watched."""
        return sum(len(area.regions) for area in self.areas if area.watches)

    @property
    def title(self) -> str:
        return f"{self.name}: a role watched in {counted(self.regions, 'region') if self.regions else 'no region'}"

    @property
    def description(self) -> str:
        """Say what is drawn to whom cannot see it."""
        forwards = [
            f"{_regions(area)}: {_heard(area.watches, self.names)}; dead letters in {_joined(area.queues)}."
            for area in self.areas
        ]
        buses = [
            f"{bus.part.title} {bus.part.name}: {_heard(bus.watches, self.names, bus.holds)}." for bus in self.buses
        ]
        sinks = [" ".join([f"{sink.title} {sink.name}:", ", ".join(sink.notes)]) + "." for sink in self.sinks]
        return " ".join(
            [
                f"{self.role.title} {self.role.name}, taken on by {'; '.join(self.some_takers)}.",
                *forwards,
                f"Forwarded by {_joined(self.forwarders)}.",
                *buses,
                *(sinks or [NOBODY]),
            ]
        )

    @property
    def names(self) -> dict[str, str]:
        """The name of each part by its ARN."""
        return {part.arn: part.name for part in (*(bus.part for bus in self.buses), *self.sinks)}

    @property
    def some_takers(self) -> tuple[str, ...]:
        """The takers, as many as a picture has room for."""
        more = len(self.takers) - _MOST_TAKERS
        return self.takers[:_MOST_TAKERS] + ((f"and {more} more",) if more > 0 else ())


KEEPS = "keeps what a rule of its region could not deliver"
NOBODY = "Nobody is told, and nothing is logged."


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def names_of(watch: Watch, names: dict[str, str]) -> str:
    """The names of the targets of ``watch``."""
    return ", ".join(names.get(arn, arn) for arn in watch.to) or "nowhere"


def _heard(watches: tuple[Watch, ...], names: dict[str, str], what: str = "rules") -> str:
    return "; ".join(f"{what} {', '.join(one.rules)} to {names_of(one, names)}" for one in watches) or f"no {what}"


def _regions(area: Area) -> str:
    return f"In {', '.join(area.regions)}"


def _joined(parts: tuple[Part, ...]) -> str:
    return ", ".join(part.name for part in parts) or "nothing"
