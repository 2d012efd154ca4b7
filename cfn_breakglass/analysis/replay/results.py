"""What is asked of a history of records, and what is answered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cfn_breakglass.analysis.replay.explain import Explanation
from cfn_breakglass.analysis.replay.sources import Unread
from cfn_breakglass.analysis.simulator.simulator import Delivery


@dataclass(frozen=True)
class Question:
    """What is asked of a history: the folder of the templates, and of what only to tell; empty is everything."""

    templates: Path
    account: str = ""
    detections: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    explain: bool = False


@dataclass(frozen=True)
class Told:
    """What one record caused, and why, if that was asked."""

    place: str
    time: str
    region: str
    account: str
    who: str
    event: str
    event_id: str
    deliveries: tuple[Delivery, ...]
    explanations: tuple[Explanation, ...] = ()


@dataclass
class Counts:
    """How many records there were, and how many of them nobody watches: by account and reason, by region."""

    records: int = 0
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    uncovered: Counter[str] = field(default_factory=Counter)


Answer = Told | Unread | Counts
