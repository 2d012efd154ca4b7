"""The answers of a replay as text for people and as JSON for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from cfn_breakglass.emitted.explain import Explanation
from cfn_breakglass.emitted.replay import Answer, Counts, Told
from cfn_breakglass.emitted.simulator import Delivery
from cfn_breakglass.emitted.sources import Unread

ALERTING = ("topic", "queue")
"""Kinds of targets that tell somebody; a log only keeps."""

_SHOWN = 1_000
_PLACES = 100


class Form(Protocol):
    """How answers are written: line by line as they come, and at the end what they come to."""

    def answer(self, answer: Answer) -> Iterator[str]: ...

    def end(self, tally: Tally) -> Iterator[str]: ...


@dataclass
class Tally:
    """What all answers come to; of what could not be read only the first ``places`` are kept."""

    counts: Counts = field(default_factory=Counts)
    events: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread: int = 0
    places: list[Unread] = field(default_factory=list)

    def add(self, answer: Answer) -> None:
        if isinstance(answer, Counts):
            self.counts.records += answer.records
            self.counts.refused += answer.refused
            self.counts.uncovered += answer.uncovered
        elif isinstance(answer, Unread):
            self.unread += 1
            if len(self.places) < _PLACES:
                self.places.append(answer)
        else:
            self.events.update({one.detection for one in answer.deliveries})
            self.outcomes.update((one.detection, outcome(one)) for one in answer.deliveries)

    @property
    def alerts(self) -> int:
        return sum(count for (_, what), count in self.outcomes.items() if what == "alert")


def outcome(delivery: Delivery) -> str:
    """What became of a delivery: alert, logged or lost."""
    if delivery.problem:
        return "lost"
    return "alert" if delivery.kind in ALERTING else "logged"


def notes(tally: Tally) -> Iterator[str]:
    """What the reader has to know of the records that nobody watches or that could not be read."""
    for region, count in sorted(tally.counts.uncovered.items()):
        yield f"{_many(count, 'record')} of {plain(region)}, which neither template covers: nothing watches there"
    for (account, why), count in sorted(tally.counts.refused.items()):
        yield f"{_many(count, 'record')} of account {account}, which the templates refuse: {why}"
    if tally.unread:
        yield f"{_many(tally.unread, 'part')} of the input could not be read:"
        yield from (f"  {plain(one.place)}: {plain(one.why)}" for one in tally.places)
        if more := tally.unread - len(tally.places):
            yield f"  and {more:,} more; --json tells of each"


def plain(text: str) -> str:
    """Text that a terminal only shows: what would move the cursor or change colours is spelled out."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


class Json:
    """One object per line, each with its ``type``: delivery, explanation, unread, and at the end one summary."""

    def answer(self, answer: Answer) -> Iterator[str]:
        if isinstance(answer, Unread):
            yield _line("unread", place=answer.place, why=answer.why)
        elif isinstance(answer, Told):
            about = {name: value for name, value in vars(answer).items() if name not in ("deliveries", "explanations")}
            for delivery in answer.deliveries:
                # The delivery's own region is that of the rule, which is in the target.
                told = {name: value for name, value in asdict(delivery).items() if name != "region"}
                yield _line("delivery", **about, **told, outcome=outcome(delivery))
            for explanation in answer.explanations:
                given = asdict(explanation) | {"fields": [row._asdict() for row in explanation.fields]}
                yield _line("explanation", **about, **given)

    def end(self, tally: Tally) -> Iterator[str]:
        detections: dict[str, dict[str, int]] = {
            name: {"events": count} | {what: tally.outcomes[name, what] for what in ("alert", "logged", "lost")}
            for name, count in sorted(tally.events.items())
        }
        yield _line(
            "summary",
            records=tally.counts.records,
            unread=tally.unread,
            detections=detections,
            uncovered=dict(tally.counts.uncovered),
            refused=dict(tally.counts.refused.keys()),
        )


def _line(kind: str, /, **values: Any) -> str:
    return json.dumps({"type": kind, **values})


class Text:
    """A paragraph for each record that set something off, and a table by detection."""

    def answer(self, answer: Answer) -> Iterator[str]:
        if not isinstance(answer, Told):
            return
        yield plain(f"{answer.time}  {answer.region}  {answer.who}  {answer.event}  ({answer.place})")
        for detection in dict.fromkeys(one.detection for one in answer.deliveries):
            yield f"  {detection}"
            for delivery in dict.fromkeys(one for one in answer.deliveries if one.detection == detection):
                yield from _delivery(delivery)
        for explanation in answer.explanations:
            yield from _explanation(explanation)
        yield ""

    def end(self, tally: Tally) -> Iterator[str]:
        yield f"{_many(tally.counts.records, 'record')} read, {_many(tally.alerts, 'alert')}"
        if not tally.events:
            return
        width = max(len("Detection"), *map(len, tally.events))
        yield f"\n{'Detection':{width}}  {'Events':>8}  {'Alerts':>8}  {'Logged':>8}  {'Lost':>8}"
        for name, events in sorted(tally.events.items()):
            counts = (events, *(tally.outcomes[name, what] for what in ("alert", "logged", "lost")))
            yield f"{name:{width}}  {'  '.join(f'{count:8,}' for count in counts)}"


def _delivery(delivery: Delivery) -> Iterator[str]:
    people = ", ".join(f"{protocol} {endpoint}" for protocol, endpoint in delivery.subscribers)
    yield f"    {delivery.kind} {delivery.target}{f', to {people}' if people else ''}"
    if delivery.problem:
        yield f"      lost: {plain(delivery.problem)}"
    if delivery.unjudged:
        yield f"      not in the templates, taken to let it pass: {', '.join(delivery.unjudged)}"
    if delivery.kind == "log":
        yield "      the whole event"
        return
    shown = delivery.message[:_SHOWN]
    yield from (f"      {plain(line)}" for line in shown.splitlines())
    if more := len(delivery.message) - len(shown):
        yield f"      ... and {_many(more, 'character')} more; --json has them all"


def _explanation(explanation: Explanation) -> Iterator[str]:
    yield f"  {explanation.detection}: {'it fires' if explanation.fires else 'it does not fire'}"
    for reason in explanation.reasons:
        yield f"    {plain(reason)}"
    for row in explanation.fields:
        yield f"    {'+' if row.fits else '-'} {plain(row.path)}"
        yield f"        record:  {plain(row.found)}"
        yield f"        pattern: {plain(row.wanted)}"
