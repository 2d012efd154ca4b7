"""What a history of records would have set off, file by file, with the templates deployed where each was recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import RecordError, actor_name, event_from_record
from cfn_breakglass.analysis.replay.accounts import Account, Accounts
from cfn_breakglass.analysis.replay.explain import Explanation, explain, uncovered, unwatched
from cfn_breakglass.analysis.replay.partial_decoder import ABSENT, Peek, unpacked
from cfn_breakglass.analysis.replay.prefilter import Gate
from cfn_breakglass.analysis.replay.records import BROKEN, Batch, batches, why_broken
from cfn_breakglass.analysis.replay.results import Answer, Counts, Question, Told
from cfn_breakglass.analysis.replay.sources import Source, SourceError, Unread, opened
from cfn_breakglass.analysis.simulator.simulator import Delivery
from cfn_breakglass.analysis.template.template_files import main_and_stackset

# As many as the regions of an organization's accounts; then they are made anew.
_GATES = 2_000
# The first gates are those most asked; all together they remember a few times as much as one.
_REMEMBERED = 10_000


class Replay:
    """The templates of a folder, and what they make of records."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._accounts = Accounts(question, main_and_stackset(question.templates))
        self.regions, self.detections = self._accounts.regions, self._accounts.detections
        self._peek = Peek(self._accounts.fields)
        self._gates: dict[tuple[str, str], Gate] = {}
        self._unwatched: dict[tuple[Any, str], str] = {}

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
        gates, account = self._gates, self._question.account
        for index, peek in enumerate(batch.peeks):
            try:
                quiet = not gates[account or peek.f_recipientAccountId, peek.f_awsRegion](peek)
            except (AttributeError, KeyError, TypeError):
                quiet = self._known_unwatched(peek, counts)
            if quiet:
                counts.records += 1
            else:
                yield from self._closely(batch, index, _place(source, batch.place(index)), counts)
        yield counts

    def _known_unwatched(self, peek: Any, counts: Counts) -> bool:
        """Count a plain record of an account and region that are known to be watched by nobody."""
        try:
            account = self._question.account or peek.f_recipientAccountId
            refusal = self._unwatched.get((account, peek.f_awsRegion))
            if (
                refusal is None
                or peek.f_detail is not ABSENT
                or not peek.f_eventSource
                or not isinstance(peek.f_eventSource, str)
            ):
                return False
        except (AttributeError, TypeError):
            return False
        _count(counts, account, peek.f_awsRegion, refusal)
        return True

    def _closely(self, batch: Batch, index: int, place: str, counts: Counts) -> Iterator[Answer]:
        """Read a record whole; it may be a log file in a line, or nothing at all."""
        try:
            values = list(unpacked(batch.whole(index)))
        except BROKEN as error:
            yield Unread(place, why_broken(error))
            return
        for number, value in enumerate(values, 1):
            where = place if len(values) == 1 else f"{place}, record {number}"
            try:
                yield from self._record(event_from_record(value), where, counts)
                counts.records += 1
            except RecordError as error:
                yield Unread(where, str(error))
            except BROKEN as error:
                yield Unread(where, why_broken(error))

    def _record(self, event: Mapping[str, Any], place: str, counts: Counts) -> Iterator[Told]:
        region, account = event.get("region"), self._question.account or event.get("account")
        if not isinstance(region, str) or not isinstance(account, str):
            raise RecordError("this is not an event: it has no region or no account")
        home, wanted = self._accounts.of(account), self._question.regions
        asked = not wanted or region in wanted
        watched = region in home.watching
        self._learn(account, region, home, asked=asked)
        if asked and not watched:
            _count(counts, account, region, home.refusal)
        if asked and (watched or self._question.explain):
            yield from self._told(event, home, place)

    def _learn(self, account: str, region: str, home: Account, *, asked: bool) -> None:
        """Make what tells of the next record of ``account`` and ``region`` without a closer look."""
        if self._question.explain and asked:
            return
        if len(self._gates) + len(self._unwatched) >= _GATES:
            self._gates.clear()
            self._unwatched.clear()
        if asked and region not in home.watching:
            self._unwatched[account, region] = home.refusal
        elif (account, region) not in self._gates:
            self._gates[account, region] = Gate(
                home.watching[region] if asked else (), remembered=_REMEMBERED // (len(self._gates) + 1)
            )

    def _told(self, event: Mapping[str, Any], home: Account, place: str) -> Iterator[Told]:
        wanted = self._question.detections
        run = home.simulator.run(event) if home.simulator else []
        deliveries = tuple(one for one in run if not wanted or one.detection in wanted)
        explanations = tuple(self._explained(event, home)) if self._question.explain else ()
        if deliveries or explanations:
            yield _told(event, place, deliveries, explanations)

    def _explained(self, event: Mapping[str, Any], home: Account) -> Iterator[Explanation]:
        wanted = self._question.detections or self.detections
        rules = home.watching.get(event["region"])
        if rules is None:
            why = home.refusal or uncovered(event)
            yield from (unwatched(one, why) for one in self.detections if one in wanted)
        else:
            yield from (explain(rule, event) for rule in rules if rule.detection in wanted)


def _place(source: Source, within: str) -> str:
    return f"{source.name}: {within}" if within else source.name


def _count(counts: Counts, account: str, region: str, refusal: str) -> None:
    if refusal:
        counts.refused[account, refusal] += 1
    else:
        counts.uncovered[region] += 1


def _told(
    event: Mapping[str, Any], place: str, deliveries: tuple[Delivery, ...], explanations: tuple[Explanation, ...]
) -> Told:
    detail = event.get("detail")
    record = detail if isinstance(detail, Mapping) else {}
    return Told(
        place=place,
        time=str(event.get("time") or ""),
        region=str(event["region"]),
        account=str(event.get("account") or ""),
        who=actor_name(event),
        event=str(record.get("eventName") or event.get("detail-type") or ""),
        event_id=str(record.get("eventID") or event.get("id") or ""),
        deliveries=deliveries,
        explanations=explanations,
    )
