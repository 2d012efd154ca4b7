"""The answers to a history as text, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from cfn_breakglass.analysis.replay.explain import Explanation, briefly, in_record
from cfn_breakglass.analysis.replay.results import Answer, Told
from cfn_breakglass.analysis.replay.summary import OUTCOMES, Tally
from cfn_breakglass.analysis.simulator.simulator import Delivery
from cfn_breakglass.analysis.text_layout import align_columns, count_of, printable, wrap_words

_SHOWN = 1_000
_INDENT = 4 * " "
_HEADINGS = ("Fits", "Field", "The record has", "The pattern wants")


class Text:
    """A paragraph for each record that set something off, and a table by detection; explanations are ``width`` wide."""

    def __init__(self, width: int) -> None:
        self._width = width

    def answer(self, answer: Answer) -> Iterator[str]:
        if not isinstance(answer, Told):
            return
        yield printable(f"{answer.time}  {answer.region}  {answer.who}  {answer.event}  ({answer.place})")
        for detection in dict.fromkeys(one.detection for one in answer.deliveries):
            yield f"  {detection}"
            for delivery in dict.fromkeys(one for one in answer.deliveries if one.detection == detection):
                yield from _delivery(delivery)
        rules = Counter(one.detection for one in answer.explanations)
        for explanation in _together(answer.explanations):
            yield from self._explanation(explanation, named=rules[explanation.detection] > 1)
        yield ""

    def end(self, tally: Tally) -> Iterator[str]:
        yield f"{count_of(tally.counts.records, 'record')} read, {count_of(tally.alerts, 'alert')}"
        if not tally.events:
            return
        width = max(len("Detection"), *map(len, tally.events))
        yield f"\n{'Detection':{width}}  {'Events':>8}  {'Alerts':>8}  {'Logged':>8}  {'Lost':>8}"
        for name, events in sorted(tally.events.items()):
            counts = (events, *(tally.outcomes[name, what] for what in OUTCOMES))
            yield f"{name:{width}}  {'  '.join(f'{count:8,}' for count in counts)}"

    def _explanation(self, explanation: Explanation, *, named: bool) -> Iterator[str]:
        """The sentences, and record and pattern side by side; the rule is ``named`` where a detection has several."""
        yield ""
        rule = f" (rule {explanation.rule})" if named else ""
        yield f"  {explanation.detection}{rule}: {'it fires' if explanation.fires else 'it does not fire'}"
        for reason in explanation.reasons:
            first, *more = wrap_words(printable(reason), self._width - len(_INDENT) - 2)
            yield _INDENT + first
            yield from (f"{_INDENT}  {line}" for line in more)
        if not explanation.fields:
            return
        rows = [
            ("yes" if row.matches else "NO", in_record(row.path), in_record(row.actual), _value(row.expected))
            for row in explanation.fields
        ]
        for line in align_columns(
            [_HEADINGS, *(tuple(map(printable, row)) for row in rows)], self._width - len(_INDENT)
        ):
            yield f"{_INDENT}{line}"


def _together(explanations: tuple[Explanation, ...]) -> Iterator[Explanation]:
    """Explanations, as one where no rule of several detections sees the event."""
    for (rule, _), group in groupby(explanations, key=lambda one: (one.rule, one.reasons)):
        if rule:
            yield from group
        else:
            found = list(group)
            yield replace(found[0], detection=", ".join(one.detection for one in found))


def _value(wanted: str) -> str:
    """What a pattern wants, where no sentence needs its "to equal"."""
    return briefly(wanted).removeprefix("to equal ").removeprefix("to be ")


def _delivery(delivery: Delivery) -> Iterator[str]:
    people = ", ".join(f"{protocol} {endpoint}" for protocol, endpoint in delivery.subscribers)
    yield f"    {delivery.kind} {delivery.target}{f', to {people}' if people else ''}"
    if delivery.problem:
        yield f"      lost: {printable(delivery.problem)}"
    if delivery.assumed_allowed:
        yield f"      not in the templates, taken to let it pass: {', '.join(delivery.assumed_allowed)}"
    if delivery.kind == "log":
        yield "      the whole event"
        return
    shown = delivery.message[:_SHOWN]
    yield from (f"      {printable(line)}" for line in shown.splitlines())
    if more := len(delivery.message) - len(shown):
        yield f"      ... and {count_of(more, 'character')} more; --json has them all"
