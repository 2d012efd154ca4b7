"""The options of a replay, its results, and their summary."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cfn_breakglass.analysis.history.sources import Unread
from cfn_breakglass.analysis.replay.explain import Explanation
from cfn_breakglass.analysis.simulator.simulator import Delivery

_ALERTING = ("topic", "queue")
"""Kinds of targets that notify somebody; a log only keeps the event."""

OUTCOMES = ("alert", "logged", "lost")
"""What can become of a delivery."""


@dataclass(frozen=True)
class ReplayOptions:
    """The folder of the templates, and which results to give: an empty set means all.

    ``account`` is where the templates are deployed; empty for the account of each record.
    """

    templates: Path
    account: str = ""
    detections: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    explain: bool = False


@dataclass(frozen=True)
class RecordResult:
    """The deliveries that one record causes and, if ``ReplayOptions.explain``, why each rule fires or does not."""

    place: str
    time: str
    region: str
    account: str
    caller: str
    event: str
    event_id: str
    deliveries: tuple[Delivery, ...]
    explanations: tuple[Explanation, ...] = ()


@dataclass
class RecordCounts:
    """How many records there are, and how many of them no rule sees.

    ``uncovered`` counts by region, ``rejected`` by account and the reason why the templates cannot be deployed in it.
    """

    records: int = 0
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    uncovered: Counter[str] = field(default_factory=Counter)


ReplayResult = RecordResult | Unread | RecordCounts


@dataclass
class Summary:
    """How many records there are, how many events and deliveries each detection has, and how much was not read."""

    counts: RecordCounts = field(default_factory=RecordCounts)
    events: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread: int = 0

    def add(self, result: ReplayResult) -> None:
        if isinstance(result, RecordCounts):
            self.counts.records += result.records
            self.counts.rejected += result.rejected
            self.counts.uncovered += result.uncovered
        elif isinstance(result, Unread):
            self.unread += 1
        else:
            self.events.update({delivery.detection for delivery in result.deliveries})
            self.outcomes.update((delivery.detection, outcome_of(delivery)) for delivery in result.deliveries)

    @property
    def alerts(self) -> int:
        return sum(count for (_, outcome), count in self.outcomes.items() if outcome == "alert")


def outcome_of(delivery: Delivery) -> str:
    """What becomes of a delivery, one of ``OUTCOMES``."""
    if delivery.problem:
        return "lost"
    return "alert" if delivery.kind in _ALERTING else "logged"
