"""What the answers to a history come to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cfn_breakglass.analysis.replay.results import Answer, Counts
from cfn_breakglass.analysis.replay.sources import Unread
from cfn_breakglass.analysis.simulator.simulator import Delivery

ALERTING = ("topic", "queue")
"""Kinds of targets that tell somebody; a log only keeps."""

OUTCOMES = ("alert", "logged", "lost")
"""What can become of a delivery."""


@dataclass
class Tally:
    """How many records there were, what they set off by detection, and how much could not be read."""

    counts: Counts = field(default_factory=Counts)
    events: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread: int = 0

    def add(self, answer: Answer) -> None:
        if isinstance(answer, Counts):
            self.counts.records += answer.records
            self.counts.refused += answer.refused
            self.counts.uncovered += answer.uncovered
        elif isinstance(answer, Unread):
            self.unread += 1
        else:
            self.events.update({one.detection for one in answer.deliveries})
            self.outcomes.update((one.detection, outcome(one)) for one in answer.deliveries)

    @property
    def alerts(self) -> int:
        return sum(count for (_, what), count in self.outcomes.items() if what == "alert")


def outcome(delivery: Delivery) -> str:
    """What became of a delivery, one of ``OUTCOMES``."""
    if delivery.problem:
        return "lost"
    return "alert" if delivery.kind in ALERTING else "logged"
