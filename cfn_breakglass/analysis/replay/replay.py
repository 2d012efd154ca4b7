"""The deliveries that a CloudTrail history would cause, with the templates deployed where each record comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import (
    RecordError,
    actor_name,
    event_from_record,
    is_event_source,
)
from cfn_breakglass.analysis.replay.accounts import Account, Accounts, UnknownAccountError
from cfn_breakglass.analysis.replay.decoding import DECODE_ERRORS, describe_decode_error
from cfn_breakglass.analysis.replay.explain import Explanation, explain_path, explain_unwatched, uncovered_reason
from cfn_breakglass.analysis.replay.partial_decoder import ABSENT, PartialDecoder
from cfn_breakglass.analysis.replay.prefilter import RecordFilter
from cfn_breakglass.analysis.replay.records import Batch, read_batches
from cfn_breakglass.analysis.replay.results import RecordCounts, RecordResult, ReplayOptions, ReplayResult
from cfn_breakglass.analysis.replay.sources import Source, SourceError, Unread, open_source
from cfn_breakglass.analysis.replay.unwrapping import records_in
from cfn_breakglass.analysis.simulator.simulator import Delivery
from cfn_breakglass.analysis.template.template_files import main_and_stackset

# As many as the regions of the accounts of an organization; then they are made anew.
_MAX_FILTERS = 2_000
# The first filters are used most. All together they remember a few times as many values as the first.
_MAX_VALUES = 10_000


class Replay:
    """The templates of a folder, and the deliveries that they cause for records."""

    def __init__(self, options: ReplayOptions) -> None:
        self._options = options
        self._accounts = Accounts(options, main_and_stackset(options.templates))
        self.regions, self.detections = self._accounts.regions, self._accounts.detections
        self._decoder = PartialDecoder(self._accounts.fields)
        # By account and region: what is decided from a partially decoded record.
        self._filters: dict[tuple[str, str], RecordFilter] = {}
        self._rejections: dict[tuple[Any, str], str] = {}

    def read(self, source: Source, standard_input: BinaryIO) -> Iterator[ReplayResult]:
        """Give a result for each record that causes a delivery and each part that cannot be read, and counts."""
        try:
            with open_source(source, standard_input) as files:
                for file in files:
                    name = _place(source.name, file.name)
                    for part in read_batches(file, self._decoder):
                        if isinstance(part, Unread):
                            yield part._replace(place=_place(name, part.place))
                        else:
                            yield from self._read_batch(part, name)
        except SourceError as error:
            yield Unread(source.name, str(error))

    def _read_batch(self, batch: Batch, file: str) -> Iterator[ReplayResult]:
        counts = RecordCounts()
        filters, account = self._filters, self._options.account
        for index, record in enumerate(batch.partial_records):
            try:
                is_done = not filters[account or record.f_recipientAccountId, record.f_awsRegion].may_match(record)
            except (AttributeError, KeyError, TypeError):
                is_done = self._count_if_unwatched(record, counts)
            if is_done:
                counts.records += 1
            else:
                yield from self._read_full_records(batch, index, _place(file, batch.place(index)), counts)
        yield counts

    def _count_if_unwatched(self, record: Any, counts: RecordCounts) -> bool:
        """Count a plain record of an account and a region in which no rule sees it; False for any other record."""
        try:
            account = self._options.account or record.f_recipientAccountId
            rejection = self._rejections.get((account, record.f_awsRegion))
            if rejection is None or record.f_detail is not ABSENT or not is_event_source(record.f_eventSource):
                return False
        except (AttributeError, TypeError):
            return False
        _count_unwatched(counts, account, record.f_awsRegion, rejection)
        return True

    def _read_full_records(
        self, batch: Batch, index: int, place: str, counts: RecordCounts
    ) -> Iterator[RecordResult | Unread]:
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

    def _run(self, event: Mapping[str, Any], place: str, counts: RecordCounts) -> Iterator[RecordResult]:
        region, account_id = event.get("region"), self._options.account or event.get("account")
        if not isinstance(region, str) or not isinstance(account_id, str):
            raise RecordError("this is not an event: it has no region or no account")
        account, regions = self._accounts.get(account_id), self._options.regions
        is_selected = not regions or region in regions
        is_watched = region in account.rules_by_region
        self._prepare_filter(account_id, region, account, is_selected=is_selected)
        if is_selected and not is_watched:
            _count_unwatched(counts, account_id, region, account.rejection)
        if is_selected and (is_watched or self._options.explain):
            yield from self._results(event, account, place)

    def _prepare_filter(self, account_id: str, region: str, account: Account, *, is_selected: bool) -> None:
        """Let the next records of an account and region be decided from their partially decoded fields."""
        if self._options.explain and is_selected:
            return
        if len(self._filters) + len(self._rejections) >= _MAX_FILTERS:
            self._filters.clear()
            self._rejections.clear()
        if is_selected and region not in account.rules_by_region:
            self._rejections[account_id, region] = account.rejection
        elif (account_id, region) not in self._filters:
            rules = account.rules_by_region[region] if is_selected else []
            self._filters[account_id, region] = RecordFilter(
                (rule.pattern for rule in rules), max_values=_MAX_VALUES // (len(self._filters) + 1)
            )

    def _results(self, event: Mapping[str, Any], account: Account, place: str) -> Iterator[RecordResult]:
        detections = self._options.detections
        deliveries = tuple(
            delivery
            for delivery in (account.simulator.run(event) if account.simulator else [])
            if not detections or delivery.detection in detections
        )
        explanations = tuple(self._explanations(event, account)) if self._options.explain else ()
        if deliveries or explanations:
            yield _record_result(event, place, deliveries, explanations)

    def _explanations(self, event: Mapping[str, Any], account: Account) -> Iterator[Explanation]:
        selected = self._options.detections or self.detections
        rules = account.rules_by_region.get(event["region"])
        if rules is None:
            reason = account.rejection or uncovered_reason(event)
            yield from (explain_unwatched(name, reason) for name in self.detections if name in selected)
        else:
            yield from (
                explain_path(path, event) for path in account.paths[event["region"]] if path.rule.detection in selected
            )


def _place(file: str, place: str) -> str:
    return f"{file}: {place}" if place else file


def _count_unwatched(counts: RecordCounts, account: str, region: str, rejection: str) -> None:
    if rejection:
        counts.rejected[account, rejection] += 1
    else:
        counts.uncovered[region] += 1


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
