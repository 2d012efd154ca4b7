"""A CloudTrail history, with the templates deployed where each record comes from: which deliveries it would cause."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Generic, NamedTuple, TypeVar

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import RecordError, actor_name, event_from_record
from cfn_breakglass.analysis.history.decoding import DECODE_ERRORS, describe_decode_error
from cfn_breakglass.analysis.history.prefilter import PartialDecoder, RecordFilter
from cfn_breakglass.analysis.history.records import Batch, Lines, line_batches, read_parts
from cfn_breakglass.analysis.history.sources import Source, SourceError, Unread, open_source
from cfn_breakglass.analysis.history.unwrapping import records_in
from cfn_breakglass.analysis.replay.accounts import Accounts, Deployment, UnknownAccountError
from cfn_breakglass.analysis.replay.explain import Explanation, explain_path, explain_unwatched, uncovered_reason
from cfn_breakglass.analysis.replay.results import RecordCounts, RecordResult, ReplayOptions
from cfn_breakglass.analysis.simulator.simulator import Delivery
from cfn_breakglass.analysis.template.template_files import template_set

# As many as the accounts of an organization in their regions; then they are looked up anew.
_MAX_FILTERS = 50_000
# Without a pattern nothing passes the filter but what is no plain CloudTrail record.
_is_no_plain_record = RecordFilter([]).may_match

Result = TypeVar("Result")


class SourcePart(NamedTuple):
    """A part of a file, and the file's name."""

    file: str
    part: Lines | Batch | Unread


class RecordReplay(ABC, Generic[Result]):
    """The templates of a folder, and what they say of the records that pass their filter."""

    def __init__(self, options: ReplayOptions) -> None:
        self._options = options
        templates = template_set(options.templates)
        self._accounts = Accounts(options, templates)
        self.is_of_organization = templates.accounts is not None
        self._decoder = PartialDecoder(self._accounts.fields)
        self.regions = self._accounts.regions
        # By account and region: whether a record may match a pattern.
        self._filters: dict[tuple[str, str], Callable[[Any], bool]] = {}

    @abstractmethod
    def _results(self, event: Mapping[str, Any], account: str, place: str) -> Iterator[Result]:
        """The results of an event of a region and an account that are watched."""

    @abstractmethod
    def _is_watched(self, region: str) -> bool:
        """Whether records of a region can have results."""

    def _filter(self, deployment: Deployment) -> Callable[[Any], bool]:
        """Whether a partially decoded record may have results where the templates are deployed so."""
        return deployment.may_match

    def read(self, source: Source, standard_input: BinaryIO) -> Iterator[Result | Unread | RecordCounts]:
        """Give the results of each record, Unread for each part that cannot be read, and counts."""
        for part in self.parts(source, standard_input):
            yield from self.results(part)

    def parts(self, source: Source, standard_input: BinaryIO) -> Iterator[SourcePart]:
        """The parts of a source, for ``results``."""
        try:
            with open_source(source, standard_input) as files:
                for file in files:
                    name = _place(source.name, file.name)
                    yield from (SourcePart(name, part) for part in read_parts(file, self._decoder))
        except SourceError as error:
            yield SourcePart(source.name, Unread("", str(error)))

    def results(self, source_part: SourcePart) -> Iterator[Result | Unread | RecordCounts]:
        """What ``read`` gives for a part of a source."""
        file, part = source_part
        for batch in line_batches(part, self._decoder) if isinstance(part, Lines) else (part,):
            if isinstance(batch, Unread):
                yield batch._replace(place=_place(file, batch.place))
            else:
                yield from self._read_batch(batch, file)

    def _read_batch(self, batch: Batch, file: str) -> Iterator[Result | Unread | RecordCounts]:
        counts = RecordCounts(len(batch.partial_records))
        filters, account = self._filters, self._options.account
        for index, record in enumerate(batch.partial_records):
            try:
                if not filters[account or record.f_recipientAccountId, record.f_awsRegion](record):
                    continue
            except (AttributeError, KeyError, TypeError):
                if self._count_if_unwatched(record, counts):
                    continue
            counts.records -= 1  # it may be none, or several
            yield from self._read_full_records(batch, index, _place(file, batch.place(index)), counts)
        yield counts

    def _count_if_unwatched(self, record: Any, counts: RecordCounts) -> bool:
        """Count a plain record of an account and a region in which no rule sees it; False for any other record.

        The next records of its account and region are decided by their filter.
        """
        if self._options.explain:
            return False
        try:
            account, region = self._options.account or record.f_recipientAccountId, record.f_awsRegion
            deployment = self._accounts.deployment(account)
            if self._is_watched(region) and not deployment.rejection:
                if len(self._filters) >= _MAX_FILTERS:
                    self._filters.clear()
                self._filters[account, region] = self._filter(deployment)
                return False
        except (AttributeError, RecordError, TypeError):
            return False
        if not region or not isinstance(region, str) or _is_no_plain_record(record):
            return False
        self._count_unwatched(counts, account, region, deployment.rejection)
        return True

    def _read_full_records(
        self, batch: Batch, index: int, place: str, counts: RecordCounts
    ) -> Iterator[Result | Unread]:
        """Decode all of a value, which may be one record, a log file with several, or none."""
        try:
            records = records_in(batch.decode(index))
        except DECODE_ERRORS as error:
            yield Unread(place, describe_decode_error(error))
            return
        for number, record in enumerate(records, 1):
            record_place = place if len(records) == 1 else f"{place}, record {number}"
            try:
                yield from self._run(event_from_record(record), record_place, counts)
                counts.records += 1
            except UnknownAccountError as error:
                yield Unread(record_place, str(error), missing_option="account")
            except RecordError as error:
                yield Unread(record_place, str(error))
            except DECODE_ERRORS as error:
                yield Unread(record_place, describe_decode_error(error))

    def _run(self, event: Mapping[str, Any], place: str, counts: RecordCounts) -> Iterator[Result]:
        region, account = event.get("region"), self._options.account or event.get("account")
        if not isinstance(region, str) or not isinstance(account, str):
            raise RecordError("this is not an event: it has no region or no account")
        rejection = self._accounts.deployment(account).rejection
        is_watched = self._is_watched(region) and not rejection
        if not is_watched:
            self._count_unwatched(counts, account, region, rejection)
        if is_watched or (self._options.explain and self._is_selected(region)):
            yield from self._results(event, account, place)

    def _is_selected(self, region: str) -> bool:
        return not self._options.regions or region in self._options.regions

    def _count_unwatched(self, counts: RecordCounts, account: str, region: str, rejection: str) -> None:
        """Count a record that no rule sees, unless nobody asked for those of its region."""
        if self._is_selected(region):
            if rejection:
                counts.rejected[account, rejection] += 1
            else:
                counts.uncovered[region] += 1


class Replay(RecordReplay[RecordResult]):
    """The deliveries that the templates of a folder cause for records."""

    def _is_watched(self, region: str) -> bool:
        return region in self.regions and self._is_selected(region)

    def _results(self, event: Mapping[str, Any], account: str, place: str) -> Iterator[RecordResult]:
        detections = self._options.detections
        deliveries = tuple(
            delivery
            for delivery in self._accounts.run(event, account)
            if not detections or delivery.detection in detections
        )
        explanations = tuple(self._explanations(event, account)) if self._options.explain else ()
        if deliveries or explanations:
            yield _record_result(event, place, deliveries, explanations)

    def _explanations(self, event: Mapping[str, Any], account: str) -> Iterator[Explanation]:
        selected = self._options.detections or self._accounts.detections
        # Words are cut to a length, and so an ID in them could not be replaced afterwards.
        deployment = self._accounts.own_deployment(account)
        if event["region"] not in deployment.regions:
            reason = deployment.rejection or uncovered_reason(event)
            yield from (explain_unwatched(name, reason) for name in self._accounts.detections if name in selected)
        else:
            paths = deployment.paths[event["region"]]
            yield from (explain_path(path, event) for path in paths if path.rule.detection in selected)


def _place(file: str, place: str) -> str:
    return f"{file}: {place}" if place else file


def _record_result(
    event: Mapping[str, Any], place: str, deliveries: tuple[Delivery, ...], explanations: tuple[Explanation, ...]
) -> RecordResult:
    detail = event.get("detail")
    record = detail if isinstance(detail, Mapping) else {}
    return RecordResult(
        place=place,
        time=str(event.get("time") or ""),
        region=str(event["region"]),
        account=str(event.get("account") or ""),
        caller=actor_name(event),
        event=str(record.get("eventName") or event.get("detail-type") or ""),
        event_id=str(record.get("eventID") or event.get("id") or ""),
        deliveries=deliveries,
        explanations=explanations,
    )
