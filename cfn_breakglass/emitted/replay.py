"""What a history of records would have set off, file by file, with the templates deployed where each was recorded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from cfn_breakglass.emitted.cloudtrail import RecordError, envelope, who
from cfn_breakglass.emitted.explain import Explanation, explain, uncovered
from cfn_breakglass.emitted.gate import Gate
from cfn_breakglass.emitted.peek import Peek, unpacked
from cfn_breakglass.emitted.plans import pair
from cfn_breakglass.emitted.reader import RefusedError
from cfn_breakglass.emitted.records import BROKEN, Batch, batches, why_broken
from cfn_breakglass.emitted.rules import Rule
from cfn_breakglass.emitted.simulator import Delivery, Simulator, deployed
from cfn_breakglass.emitted.sources import Source, SourceError, Unread, opened
from cfn_breakglass.errors import TemplateError

_ACCOUNT = re.compile(r"[0-9]{12}")
# An account is 17 stacks in memory; folders go account by account.
_ACCOUNTS = 8


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


class _Account(NamedTuple):
    """The templates in an account, or why they refuse it."""

    simulator: Simulator | None
    watching: dict[str, list[Rule]]
    gate: Gate
    refusal: str = ""


class Replay:
    """The templates of a folder, compiled once for each account that records are of."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._plans = pair(question.templates)
        self._account = lru_cache(_ACCOUNTS)(self._deployed)
        if question.account and not _ACCOUNT.fullmatch(question.account):
            raise RecordError(f"{question.account} is no account: that is twelve digits")
        probe = question.account or self._plans[0].coverage.any_account
        simulator = Simulator(deployed(*self._plans, account=probe))
        self.regions = simulator.regions
        self.detections = list(dict.fromkeys(rule.detection for rule in simulator.rules))
        if unknown := sorted(question.detections - set(self.detections)):
            raise TemplateError(f"{unknown[0]} is no detection of the templates\n  they have {self._known()}")
        self._peek = Peek(name for rule in simulator.rules for name in rule.pattern.fields)

    def _known(self) -> str:
        return ", ".join(self.detections)

    def read(self, source: Source, standard_input: BinaryIO) -> Iterator[Answer]:
        """Tell what the records of a source cause, and what of it could not be read."""
        try:
            with opened(source, standard_input) as found:
                for part in batches(found, self._peek):
                    if isinstance(part, Unread):
                        yield Unread(_place(source, part.place), part.why)
                    else:
                        yield from self._batch(part, source)
        except SourceError as error:
            yield Unread(source.name, str(error))

    def _batch(self, batch: Batch, source: Source) -> Iterator[Answer]:
        counts = Counts()
        for index, peek in enumerate(batch.peeks):
            try:
                if self._passes(peek) and self._may_tell(envelope(peek), counts):
                    yield from self._told(envelope(batch.whole(index)), _place(source, batch.place(index)))
                counts.records += 1
            except RecordError:
                yield from self._odd(batch, index, source, counts)
            except BROKEN as error:
                yield Unread(_place(source, batch.place(index)), why_broken(error))
        yield counts

    def _passes(self, peek: Any) -> bool:
        """Whether the gate lets a record through, which it does where it cannot tell."""
        if self._question.explain:
            return True
        account = self._question.account or (peek.get("recipientAccountId") if isinstance(peek, dict) else None)
        return not isinstance(account, str) or self._account(account).gate(peek)

    def _odd(self, batch: Batch, index: int, source: Source, counts: Counts) -> Iterator[Answer]:
        """Read what is no record by the look of it: a log file in a line, perhaps, or nothing at all."""
        place = _place(source, batch.place(index))
        try:
            values = list(unpacked(batch.whole(index)))
        except BROKEN as error:
            yield Unread(place, why_broken(error))
            return
        for number, value in enumerate(values, 1):
            where = place if len(values) == 1 else f"{place}, record {number}"
            try:
                event = envelope(value)
                if self._may_tell(event, counts):
                    yield from self._told(event, where)
                counts.records += 1
            except RecordError as error:
                yield Unread(where, str(error))
            except BROKEN as error:
                yield Unread(where, why_broken(error))

    def _may_tell(self, event: Mapping[str, Any], counts: Counts) -> bool:
        """Whether the whole event has to be looked at; takes an event of which only the peek is known."""
        region = event.get("region")
        account = self._question.account or event.get("account")
        if not isinstance(region, str) or not isinstance(account, str):
            raise RecordError("this is not an event: it has no region or no account")
        if self._question.regions and region not in self._question.regions:
            return False
        home = self._account(account)
        if home.refusal:
            counts.refused[account, home.refusal] += 1
            return False
        rules = home.watching.get(region)
        if rules is None:
            counts.uncovered[region] += 1
            return self._question.explain
        if self._question.explain:
            return True
        for rule in rules:  # noqa: SIM110 - any() builds a generator, too slow for what runs for every record
            if rule.pattern.matches(event):
                return True
        return False

    def _told(self, event: Mapping[str, Any], place: str) -> Iterator[Told]:
        home = self._account(self._question.account or event["account"])
        wanted = self._question.detections
        run = home.simulator.run(event) if home.simulator else []
        deliveries = tuple(one for one in run if not wanted or one.detection in wanted)
        explanations = tuple(self._explained(event, home)) if self._question.explain else ()
        if deliveries or explanations:
            yield _told(event, place, deliveries, explanations)

    def _explained(self, event: Mapping[str, Any], home: _Account) -> Iterator[Explanation]:
        wanted = self._question.detections or self.detections
        rules = home.watching.get(event["region"])
        if rules is None:
            yield uncovered(event, ", ".join(one for one in self.detections if one in wanted))
        for rule in rules or ():
            if rule.detection in wanted:
                yield explain(rule, event)

    def _deployed(self, account: str) -> _Account:
        if not _ACCOUNT.fullmatch(account):
            raise RecordError("it does not say which account it is of; give that with --account")
        try:
            simulator = Simulator(deployed(*self._plans, account=account))
        except RefusedError as error:
            return _Account(None, {}, Gate({}), str(error))
        watching = {region: simulator.watching(region) for region in simulator.regions}
        return _Account(simulator, watching, Gate(watching))


def _place(source: Source, within: str) -> str:
    return f"{source.name}: {within}" if within else source.name


def _told(
    event: Mapping[str, Any], place: str, deliveries: tuple[Delivery, ...], explanations: tuple[Explanation, ...]
) -> Told:
    detail = event.get("detail")
    record = detail if isinstance(detail, Mapping) else {}
    return Told(
        place=place,
        time=str(event.get("time") or ""),
        region=str(event["region"]),
        account=str(event["account"]),
        who=who(event),
        event=str(record.get("eventName") or event.get("detail-type") or ""),
        event_id=str(record.get("eventID") or event.get("id") or ""),
        deliveries=deliveries,
        explanations=explanations,
    )
