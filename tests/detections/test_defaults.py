"""Whom each detection reaches where the config says nothing of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from samples import RAISES, account, own_deliveries, recorded, text_of

from cfn_breakglass import config_of

# What the design says: alert notifies people and is logged, log is only logged, off has no rule at all.
LEVELS = {
    "RoleAssumed": "alert",
    "RoleDenied": "alert",
    "ConsoleSignIn": "alert",
    "RoleChained": "alert",
    "RolePassed": "alert",
    "RoleActions": "log",
    "BackdoorCreated": "alert",
    "EntranceChanged": "alert",
    "MonitoringTampered": "alert",
    "UserSignIn": "off",
    "RootUsed": "off",
    "DeliveryFailing": "alert",
}
KINDS = {"alert": {"topic", "log"}, "log": {"log"}, "off": set[str]()}
SETTINGS = json.dumps(
    {
        "main_region": "us-east-1",
        "regions": ["eu-west-1"],
        "usernames": ["alice", "bob"],
        "role": {"path": "/ops/"},
        "alerts": {"emails": ["ops@example.com"]},
    }
)


def first_sample(detection: str) -> Path:
    return next(sample for sample in RAISES if sample.parent.name == detection)


def test_every_detection_has_a_level() -> None:
    assert set(LEVELS) == {sample.parent.name for sample in RAISES}


@pytest.mark.parametrize("detection", LEVELS)
def test_a_detection_reaches_whom_its_level_says(detection: str) -> None:
    sample = first_sample(detection)
    deliveries = own_deliveries(sample, account(SETTINGS).run(recorded(text_of(sample), "us-east-1")))
    assert {delivery.kind for delivery in deliveries} == KINDS[LEVELS[detection]]


def test_heartbeats_of_many_accounts_come_once_a_day() -> None:
    settings = json.loads(SETTINGS)
    organization = {"id": "o-a1b2c3d4e5", "hub": "111122223333", "units": ["r-ab12"]}
    assert config_of(settings).heartbeat == "hourly"
    assert config_of({**settings, "organization": organization}).heartbeat == "daily"
