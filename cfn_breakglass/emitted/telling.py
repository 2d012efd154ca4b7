"""What is said of a history as its answers come, and at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from cfn_breakglass.emitted.history import Answer
from cfn_breakglass.emitted.tally import Tally


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
