"""What is said of a history as its answers come, and at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from cfn_breakglass.analysis.replay.results import Answer
from cfn_breakglass.analysis.replay.sources import Unread
from cfn_breakglass.analysis.replay.summary import Tally
from cfn_breakglass.analysis.text_layout import count_of, printable


class Form(Protocol):
    """How answers are written: line by line as they come, and at the end what they come to."""

    def answer(self, answer: Answer) -> Iterator[str]: ...

    def end(self, tally: Tally) -> Iterator[str]: ...


class Line(NamedTuple):
    """A line of the answer or, ``aside``, of what the reader has to know of it."""

    text: str
    aside: bool = False


class Report:
    """The answers in one form, the notes in another, and what all come to."""

    def __init__(self, answers: Form, notes: Form) -> None:
        self._forms = ((answers, False), (notes, True))
        self.tally = Tally()

    def answer(self, answer: Answer) -> Iterator[Line]:
        self.tally.add(answer)
        for form, aside in self._forms:
            for text in form.answer(answer):
                yield Line(text, aside)

    def end(self) -> Iterator[Line]:
        for form, aside in self._forms:
            for text in form.end(self.tally):
                yield Line(text, aside)


_HELD = 1_000


class Notes:
    """Notes at the end, with the ``places`` of what could not be read unless the answers tell them.

    No more than so many places are kept in memory: past that, all are told, and from then on each as it is met.
    """

    def __init__(self, *, places: bool) -> None:
        self._places = places
        self._held: list[str] = []
        self._overflown = False

    def answer(self, answer: Answer) -> Iterator[str]:
        if not self._places or not isinstance(answer, Unread):
            return
        self._held.append(f"  {printable(answer.place)}: {printable(answer.why)}")
        if len(self._held) > _HELD and not self._overflown:
            self._overflown = True
            yield f"more than {_HELD:,} parts of the input cannot be read; from here on each is told as it is met:"
        if self._overflown:
            yield from self._held
            self._held.clear()

    def end(self, tally: Tally) -> Iterator[str]:
        for region, count in sorted(tally.counts.uncovered.items()):
            uncovered = printable(region)
            yield f"{count_of(count, 'record')} of {uncovered}, which neither template covers: nothing watches there"
        for (account, why), count in sorted(tally.counts.refused.items()):
            yield f"{count_of(count, 'record')} of account {account}, which the templates refuse: {why}"
        if tally.unread:
            yield f"{count_of(tally.unread, 'part')} of the input could not be read{self._where}"
            yield from self._held

    @property
    def _where(self) -> str:
        if not self._places:
            return "; each has a line of the type unread"
        return "; each is told of above" if self._overflown else ":"
