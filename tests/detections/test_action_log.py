"""Which calls of a session the log of actions keeps, by ``actions.log`` and ``actions.services``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from paths import EVENTS
from samples import SETTINGS, account

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record

RECORD: dict[str, Any] = json.loads((EVENTS / "RoleActions" / "raises-write.json").read_text(encoding="utf-8"))


def kept(record: dict[str, Any], **actions: Any) -> bool:
    """Whether the log of actions has the call of a record."""
    settings = SETTINGS | {"actions": actions, "detections": {"RoleActions": "log"}}
    deliveries = account(json.dumps(settings)).run(event_from_record(record))
    return any(delivery.target.endswith(":/aws/events/break-glass/actions") for delivery in deliveries)


# CloudTrail leaves readOnly out of some records; such a call counts as a write, so that no write is missed.
READ_ONLY: dict[str, dict[str, Any]] = {"a read": {"readOnly": True}, "a write": {"readOnly": False}, "either": {}}
KEPT = {
    "all": {"a read", "a write", "either"},
    "read": {"a read"},
    "write": {"a write", "either"},
    "none": set[str](),
}


@pytest.mark.parametrize("log", KEPT)
def test_the_log_keeps_the_calls_that_were_asked_for(log: str) -> None:
    record = {key: value for key, value in RECORD.items() if key != "readOnly"}
    assert {what for what, read_only in READ_ONLY.items() if kept(record | read_only, log=log)} == KEPT[log]


@pytest.mark.parametrize(
    ("source", "is_kept"),
    [("s3.amazonaws.com", True), ("s3-outposts.amazonaws.com", False), ("ec2.amazonaws.com", False)],
)
def test_the_log_keeps_the_services_that_were_asked_for(source: str, *, is_kept: bool) -> None:
    record = RECORD | {"eventSource": source}
    assert kept(record, log="all", services=["s3", "iam"]) == is_kept
    assert kept(record, log="all")
