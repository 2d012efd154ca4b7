"""An event that is too large for EventBridge reaches nobody, and the simulator says so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from paths import EVENTS
from samples import SETTINGS, account

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record

SAMPLE = EVENTS / "RoleActions" / "raises-write.json"
LARGEST = 256 * 1_024


def event_of(size: int) -> dict[str, Any]:
    """An event of so many bytes: its request holds a long text."""
    event = event_from_record(json.loads(SAMPLE.read_text(encoding="utf-8")) | {"requestParameters": {"text": ""}})
    written = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    event["detail"]["requestParameters"]["text"] = "x" * (size - len(written.encode()))
    return event


@pytest.mark.parametrize(("size", "arrives"), [(LARGEST, True), (LARGEST + 1, False)])
def test_an_event_that_is_too_large_is_lost(size: int, *, arrives: bool) -> None:
    deliveries = account(json.dumps(SETTINGS)).run(event_of(size))
    assert {delivery.kind for delivery in deliveries} == {"topic", "log"}
    assert {delivery.problem is None for delivery in deliveries} == {arrives}
    assert arrives or all("256 KB" in str(delivery.problem) for delivery in deliveries)
