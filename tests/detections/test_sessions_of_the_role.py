"""What tells a session of the role, however its ARN is spelled, and what a session may do without an alert."""

from __future__ import annotations

import json
from typing import Any

import pytest
from paths import EVENTS
from samples import ACCOUNT, SETTINGS, account

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record

ROLE = f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"
ALERTS = {"alerts": {"emails": ["ops@example.com"]}, "detections": {"RoleActions": "off"}}


def detections_of(event: dict[str, Any], **settings: Any) -> set[str]:
    """The detections that people are alerted of."""
    deliveries = account(json.dumps(SETTINGS | ALERTS | settings)).run(event)
    return {one.detection for one in deliveries if one.kind == "topic"}


def record(sample: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((EVENTS / f"{sample}.json").read_text(encoding="utf-8"))
    return read


def of_session(arn: str) -> dict[str, Any]:
    """A userIdentity as events have it that leave the issuer of the session out."""
    return {"type": "AssumedRole", "principalId": "AROADBQP57FF2AEXAMPLE:alice", "arn": arn, "accountId": ACCOUNT}


@pytest.mark.parametrize(
    "sample",
    [
        "ConsoleSignIn/raises-login",
        "RoleChained/raises-another-role",
        "BackdoorCreated/raises-create-user",
    ],
)
@pytest.mark.parametrize(
    ("name", "is_ours"), [("break-glass", True), ("Break-Glass", True), ("break-glass2", False), ("glass", False)]
)
def test_a_session_is_known_by_its_arn_in_any_letter_case(sample: str, name: str, *, is_ours: bool) -> None:
    """STS gives a session the letters in which the caller wrote the role."""
    caller = of_session(f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/alice")
    event = event_from_record(record(sample) | {"userIdentity": caller})
    assert (sample.partition("/")[0] in detections_of(event)) == is_ours


def test_the_answer_of_sts_tells_which_role_it_was_in_any_letter_case() -> None:
    assumed = record("RoleAssumed/raises-user-of-the-same-account") | {"requestParameters": None}
    for name, is_ours in (("break-glass", True), ("BREAK-GLASS", True), ("break-glass2", False)):
        answer = {"assumedRoleUser": {"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/alice"}}
        assert ("RoleAssumed" in detections_of(event_from_record(assumed | {"responseElements": answer}))) == is_ours


@pytest.mark.parametrize(
    ("usernames", "alerted"),
    [({"principal_tag": {"on-call": "yes"}}, {"BackdoorCreated", "EntranceChanged"}), (["alice"], set())],
)
def test_to_tag_a_user_is_a_way_in_where_a_tag_lets_users_in(usernames: Any, alerted: set[str]) -> None:
    call = record("BackdoorCreated/raises-create-user") | {
        "eventName": "TagUser",
        "requestParameters": {"userName": "mallory", "tags": [{"key": "on-call", "value": "yes"}]},
    }
    settings = {"usernames": usernames, "detections": {"RoleActions": "off", "UserSignIn": "off"}}
    assert detections_of(event_from_record(call), **settings) == alerted
