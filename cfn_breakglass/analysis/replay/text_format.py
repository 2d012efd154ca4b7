"""The results of a replay as text, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from cfn_breakglass.analysis.replay.explain import Explanation, condense_words, record_path
from cfn_breakglass.analysis.replay.results import OUTCOMES, RecordResult, ReplayResult, Summary
from cfn_breakglass.analysis.simulator.simulator import Delivery
from cfn_breakglass.text_layout import align_columns, count_of, terminal_safe, wrap_words

_MAX_MESSAGE_LENGTH = 1_000
_INDENT = 4 * " "
_HEADINGS = ("Fits", "Field", "The record has", "The pattern wants")


class TextFormat:
    """A paragraph for each record that causes a delivery, and a table by detection; explanations are ``width`` wide.

    ``cut_hint`` says where the rest of a message is that is cut off. ``with_account``: records are of several accounts.
    """

    def __init__(self, width: int, *, cut_hint: str, with_account: bool) -> None:
        self._width = width
        self._cut_hint = cut_hint
        self._with_account = with_account

    def result_lines(self, result: ReplayResult) -> Iterator[str]:
        if not isinstance(result, RecordResult):
            return
        where = f"{result.account}  {result.region}" if self._with_account else result.region
        yield terminal_safe(f"{result.time}  {where}  {result.caller}  {result.event}  ({result.place})")
        for detection in dict.fromkeys(delivery.detection for delivery in result.deliveries):
            deliveries = [delivery for delivery in result.deliveries if delivery.detection == detection]
            notifies = any(delivery.kind != "log" for delivery in deliveries)
            yield f"  {detection}{'' if notifies else ' (only logged: nobody is notified)'}"
            for delivery in dict.fromkeys(deliveries):
                yield from self._delivery(delivery)
        rules = Counter(explanation.detection for explanation in result.explanations)
        for group in _merged(result.explanations):
            yield from self._explanation(group, with_rule=len(group) == 1 and rules[group[0].detection] > 1)
        yield ""

    def summary_lines(self, summary: Summary) -> Iterator[str]:
        yield f"{count_of(summary.counts.records, 'record')} read, {count_of(summary.alerts, 'alert')}"
        if not summary.events:
            return
        width = max(len("Detection"), *map(len, summary.events))
        yield f"\n{'Detection':{width}}  {'Events':>8}  {'Alerts':>8}  {'Logged':>8}  {'Lost':>8}"
        for name, events in sorted(summary.events.items()):
            counts = (events, *(summary.outcomes[name, outcome] for outcome in OUTCOMES))
            yield f"{name:{width}}  {'  '.join(f'{count:8,}' for count in counts)}"

    def _delivery(self, delivery: Delivery) -> Iterator[str]:
        subscribers = ", ".join(f"{protocol} {endpoint}" for protocol, endpoint in delivery.subscribers)
        yield f"    {delivery.kind} {delivery.target}{f', to {subscribers}' if subscribers else ''}"
        if delivery.problem:
            yield f"      lost: {terminal_safe(delivery.problem)}"
        if delivery.assumed_allowed:
            yield f"      not in the templates, assumed to allow it: {', '.join(delivery.assumed_allowed)}"
        if delivery.kind == "log":
            yield "      the complete event"
            return
        message = delivery.message[:_MAX_MESSAGE_LENGTH]
        yield from (f"      {terminal_safe(line)}" for line in message.splitlines())
        if rest := len(delivery.message) - len(message):
            yield f"      ... and {count_of(rest, 'character')} more; {self._cut_hint}"

    def _explanation(self, group: Sequence[Explanation], *, with_rule: bool) -> Iterator[str]:
        """The edge rule, the reasons, and record and pattern side by side."""
        explanation = group[0]
        yield ""
        detections = ", ".join(dict.fromkeys(member.detection for member in group))
        rule = f" (rule {explanation.rule})" if with_rule else ""
        yield f"  {detections}{rule}: {'it fires' if explanation.fires else 'it does not fire'}"
        for reason in (*_edge(explanation), *explanation.reasons):
            first, *more = wrap_words(terminal_safe(reason), self._width - len(_INDENT) - 2)
            yield _INDENT + first
            yield from (f"{_INDENT}  {line}" for line in more)
        if not explanation.fields:
            return
        rows = [
            (
                "yes" if row.matches else "NO",
                record_path(row.path),
                record_path(row.actual),
                _required_value(row.expected),
            )
            for row in explanation.fields
        ]
        for line in align_columns(
            [_HEADINGS, *(tuple(map(terminal_safe, row)) for row in rows)], self._width - len(_INDENT)
        ):
            yield f"{_INDENT}{line}"


def _edge(explanation: Explanation) -> Iterator[str]:
    """Which edge rule forwards the event, or does not."""
    if explanation.forwarded_by:
        yield f"the rule {explanation.forwarded_by} forwards it"
    elif explanation.kept_out_by:
        yield f"the rule {explanation.kept_out_by} does not forward it"


def _merged(explanations: Iterable[Explanation]) -> Iterator[list[Explanation]]:
    """Each explanation, those that end at the same edge rule, or see no rule at all, together."""
    for last_rule, group in groupby(explanations, key=lambda explanation: explanation.kept_out_by or explanation.rule):
        members = list(group)
        if members[0].kept_out_by or not last_rule:
            yield members
        else:
            yield from ([member] for member in members)


def _required_value(words: str) -> str:
    """What a pattern requires, without the "to equal" that only a sentence needs."""
    return condense_words(words).removeprefix("to equal ").removeprefix("to be ")
