"""The answers to a history as JSON, for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from cfn_breakglass.analysis.eventbridge.pattern import ComparedField
from cfn_breakglass.analysis.replay.results import Answer, Told
from cfn_breakglass.analysis.replay.sources import Unread
from cfn_breakglass.analysis.replay.summary import OUTCOMES, Tally, outcome


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
                given = asdict(explanation) | {"fields": [_field(row) for row in explanation.fields]}
                yield _line("explanation", **about, **given)

    def end(self, tally: Tally) -> Iterator[str]:
        detections: dict[str, dict[str, int]] = {
            name: {"events": count} | {what: tally.outcomes[name, what] for what in OUTCOMES}
            for name, count in sorted(tally.events.items())
        }
        yield _line(
            "summary",
            records=tally.counts.records,
            unread=tally.unread,
            detections=detections,
            uncovered=dict(tally.counts.uncovered),
            refused=[
                {"account": account, "why": why, "records": count}
                for (account, why), count in sorted(tally.counts.refused.items())
            ],
        )


def _field(row: ComparedField) -> dict[str, Any]:
    return {"path": row.path, "found": row.actual, "wanted": row.expected, "fits": row.matches}


def _line(kind: str, /, **values: Any) -> str:
    return json.dumps({"type": kind, **values})
