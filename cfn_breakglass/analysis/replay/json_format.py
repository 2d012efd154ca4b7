"""The results of a replay as JSON, for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from cfn_breakglass.analysis.history.sources import Unread
from cfn_breakglass.analysis.replay.results import OUTCOMES, RecordResult, ReplayResult, Summary, outcome_of


class JsonFormat:
    """One object per line, each with its ``type``: delivery, explanation, unread, and at the end one summary."""

    def result_lines(self, result: ReplayResult) -> Iterator[str]:
        if isinstance(result, Unread):
            yield _line("unread", **result._asdict())
        elif isinstance(result, RecordResult):
            record = {name: value for name, value in vars(result).items() if name not in {"deliveries", "explanations"}}
            for delivery in result.deliveries:
                # The region of the record is that of the line; the delivery's own is in the ARN of the target.
                fields = {name: value for name, value in asdict(delivery).items() if name != "region"}
                yield _line("delivery", **record, **fields, outcome=outcome_of(delivery))
            for explanation in result.explanations:
                fields = asdict(explanation) | {"fields": [row._asdict() for row in explanation.fields]}
                yield _line("explanation", **record, **fields)

    def summary_lines(self, summary: Summary) -> Iterator[str]:
        detections: dict[str, dict[str, int]] = {
            name: {"events": count} | {outcome: summary.outcomes[name, outcome] for outcome in OUTCOMES}
            for name, count in sorted(summary.events.items())
        }
        yield _line(
            "summary",
            records=summary.counts.records,
            unread=summary.unread,
            detections=detections,
            uncovered=dict(summary.counts.uncovered),
            rejected=[
                {"account": account, "reason": reason, "records": count}
                for (account, reason), count in sorted(summary.counts.rejected.items())
            ],
        )


def _line(kind: str, /, **values: Any) -> str:
    return json.dumps({"type": kind, **values})
