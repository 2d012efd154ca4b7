"""The lines that a replay writes while its results come and at the end: the report itself, and notes on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from cfn_breakglass.analysis.history.sources import Unread
from cfn_breakglass.analysis.replay.results import ReplayResult, Summary
from cfn_breakglass.text_layout import count_of, terminal_safe


class OutputFormat(Protocol):
    """How results are written: lines for each as it comes, and lines for the summary at the end."""

    def result_lines(self, result: ReplayResult) -> Iterator[str]: ...

    def summary_lines(self, summary: Summary) -> Iterator[str]: ...


class OutputLine(NamedTuple):
    """A line of the report, or of the notes on it."""

    text: str
    is_note: bool = False


class ReplayReport:
    """The report in one format, the notes in another, and the summary of all results up to now."""

    def __init__(self, report: OutputFormat, notes: OutputFormat) -> None:
        self._formats = ((report, False), (notes, True))
        self.summary = Summary()

    def result_lines(self, result: ReplayResult) -> Iterator[OutputLine]:
        self.summary.add(result)
        for output_format, is_note in self._formats:
            for text in output_format.result_lines(result):
                yield OutputLine(text, is_note)

    def summary_lines(self) -> Iterator[OutputLine]:
        for output_format, is_note in self._formats:
            for text in output_format.summary_lines(self.summary):
                yield OutputLine(text, is_note)


_MAX_PLACES = 1_000


class Notes:
    """Notes at the end; if ``lists_places``, with the first place of the parts of a file that have the same problem.

    At most ``_MAX_PLACES`` places are held in memory. If there are more, all are written, and from then on each as it
    comes. ``hints`` say how to set a missing option.
    """

    def __init__(self, *, lists_places: bool, hints: Mapping[str, str]) -> None:
        self._lists_places = lists_places
        self._hints = hints
        # By file and reason: the first place, and how many there are.
        self._places: dict[tuple[str, str], tuple[str, int]] = {}
        self._are_too_many = False

    def result_lines(self, result: ReplayResult) -> Iterator[str]:
        if not self._lists_places or not isinstance(result, Unread):
            return
        hint = f"; {self._hints[result.missing_option]}" if result.missing_option else ""
        key = result.place.rpartition(": ")[0], result.reason + hint
        first_place, count = self._places.get(key, (result.place, 0))
        self._places[key] = first_place, count + 1
        if len(self._places) > _MAX_PLACES and not self._are_too_many:
            self._are_too_many = True
            yield f"over {_MAX_PLACES:,} parts of the input cannot be read; from here on each is listed as it comes:"
        if self._are_too_many:
            yield from self._place_lines()
            self._places.clear()

    def summary_lines(self, summary: Summary) -> Iterator[str]:
        for region, count in sorted(summary.counts.uncovered.items()):
            records = f"{count_of(count, 'record')} of {terminal_safe(region)}"
            yield f"{records}, which no template covers: no rule sees them"
        for (account, reason), count in sorted(summary.counts.rejected.items()):
            records = f"{count_of(count, 'record')} of account {account}"
            yield f"{records}, in which the templates cannot be deployed: {reason}"
        if summary.unread:
            yield f"{count_of(summary.unread, 'part')} of the input could not be read{self._list_position}"
            yield from self._place_lines()

    def _place_lines(self) -> Iterator[str]:
        for (_, reason), (place, count) in self._places.items():
            more = f" and {count - 1:,} more" if count > 1 else ""
            yield f"  {terminal_safe(place)}{more}: {terminal_safe(reason)}"

    @property
    def _list_position(self) -> str:
        if not self._lists_places:
            return "; each has a line of the type unread"
        return "; each is listed above" if self._are_too_many else ":"
