"""The saved queries answer what their names say, of what our logs hold after all samples have happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from fresh_stacks import stack_of
from insights import Answer, answer
from samples import SAMPLES, SETTINGS, account, recorded, succeeded, text_of

LOGS = "/aws/events/break-glass/"
Event = dict[str, Any]


def queries(**settings: Any) -> dict[str, Mapping[str, Any]]:
    """Name -> properties of every saved query of the settings of the samples, with these changes."""
    made = stack_of({**SETTINGS, **settings}).of_type("AWS::Logs::QueryDefinition")
    return {query.properties["Name"]: query.properties for query in made}


@cache
def logged() -> dict[str, dict[str, tuple[Event, set[str]]]]:
    """Log group -> ID -> every event in it, and its detections, in two regions."""
    groups: dict[str, dict[str, tuple[Event, set[str]]]] = {}
    for sample in SAMPLES:
        for region in ("us-east-1", "eu-central-1"):
            event = recorded(text_of(sample), region)
            for delivery in account(json.dumps(SETTINGS)).run(event):
                if delivery.kind == "log":
                    group = groups.setdefault(delivery.target.partition("log-group:")[2], {})
                    _, detections = group.setdefault(f"{sample} {region}", (event, set()))
                    detections.add(delivery.detection)
    return groups


def asked(name: str) -> Answer:
    """The answer to the query of this name."""
    query = queries()[f"break-glass/{name}"]
    held = {key: event for group in query["LogGroupNames"] for key, (event, _) in logged()[group].items()}
    events = [event | {"detail": {**event["detail"], "eventID": key}} for key, event in held.items()]
    return answer(query["QueryString"], events)


def in_log(log: str) -> list[tuple[str, Event, set[str]]]:
    """Each event of a log group as the query has it: its ID, its record, its detections."""
    return [(key, event["detail"], detections) for key, (event, detections) in logged()[LOGS + log].items()]


def ids(found: Answer) -> list[str]:
    return [row["detail.eventID"] for row in found.rows]


def test_sessions_are_every_time_that_somebody_assumed_the_role() -> None:
    expected = {key for key, _, detections in in_log("login") if "RoleAssumed" in detections}
    found = asked("sessions")
    # A session can go on to the role of this name in another account. The column says which account that is.
    others = [key for key in ids(found) if "role-of-the-same-name-in-another-account" in key]
    assert sorted(ids(found)) == sorted([*expected, *others])
    assert found.columns == ["@timestamp", "account", "caller", "session", "ip"]
    assert all(column in row for row in found.rows for column in found.columns)


def test_writes_are_what_sessions_did_but_reads() -> None:
    expected = {key for key, record, _ in in_log("actions") if not record.get("readOnly", False)}
    found = asked("writes")
    assert sorted(ids(found)) == sorted(expected)
    assert {row["detail.readOnly"] for row in found.rows if "detail.readOnly" in row} == {0}
    times = [row["@timestamp"] for row in found.rows]
    assert times == sorted(times)


def test_denials_are_what_failed_and_every_denied_attempt_to_get_in_is_among_them() -> None:
    entries = [*in_log("login"), *in_log("actions")]
    denied = {key for key, _, detections in entries if "RoleDenied" in detections}
    said_so = {
        key for key, record, _ in entries if record.get("errorCode") in ("AccessDenied", "AccessDeniedException")
    }
    found = asked("denials")
    assert denied | said_so <= set(ids(found))
    assert len(ids(found)) == len(set(ids(found)))
    assert not [key for key, record, _ in entries if key in ids(found) and succeeded(record)]
    assert {"ConsoleLogin", "AssumeRole", "AssumeRoleWithSAML"} <= {row["detail.eventName"] for row in found.rows}


def test_the_region_without_heartbeat_for_longest_comes_first() -> None:
    beats = [
        {"account": name, "region": region, "time": f"2026-05-04T{hour:02}:00:00Z"}
        for name, region, hour in (
            *(("111122223333", "us-east-1", hour) for hour in (1, 2, 3)),
            *(("444455556666", "us-east-1", hour) for hour in (2, 1)),
            ("111122223333", "eu-west-1", 1),
        )
    ]
    (query,) = [query for name, query in queries().items() if name == "break-glass/heartbeats"]
    assert query["LogGroupNames"] == [f"{LOGS}heartbeat"]
    found = answer(query["QueryString"], beats)
    assert found.columns == ["account", "region", "last"]
    last = [(row["account"], row["region"], row["last"][11:13]) for row in found.rows]
    expected = [
        ("111122223333", "eu-west-1", "01"),
        ("444455556666", "us-east-1", "02"),
        ("111122223333", "us-east-1", "03"),
    ]
    assert last == expected


ALL = {"sessions", "writes", "denials", "heartbeats"}
WITHOUT: dict[str, tuple[dict[str, Any], set[str]]] = {
    "everything": ({}, ALL),
    "no login log": ({"alerts": {**SETTINGS["alerts"], "log": False}}, ALL - {"sessions"}),
    "no action log": ({"actions": {"log": "none"}}, ALL - {"writes"}),
    "only reads in the action log": ({"actions": {"log": "read"}}, ALL - {"writes"}),
    "no heartbeat": ({"heartbeat": "off"}, ALL - {"heartbeats"}),
    "no RoleAssumed": ({"detections": {**SETTINGS["detections"], "RoleAssumed": "off"}}, ALL - {"sessions"}),
    "no log": ({"alerts": {**SETTINGS["alerts"], "log": False}, "actions": {"log": "none"}}, {"heartbeats"}),
}


@pytest.mark.parametrize(("settings", "expected"), WITHOUT.values(), ids=WITHOUT)
def test_a_query_is_there_where_its_log_is(settings: dict[str, Any], expected: set[str]) -> None:
    assert {name.removeprefix("break-glass/") for name in queries(**settings)} == expected


ROLES: dict[str, tuple[dict[str, Any], str]] = {
    "a path": ({}, ':assumed-role/break-glass/"'),
    "an existing role": ({"role": {"existing": "ops/Rescue+1"}}, ':assumed-role/Rescue+1/"'),
    "a permission set": ({"role": {"permission_set": "Emergency"}}, ':assumed-role/AWSReservedSSO_Emergency_"'),
}


@pytest.mark.parametrize(("settings", "expected"), ROLES.values(), ids=ROLES)
def test_sessions_are_those_of_the_role_of_the_config(settings: dict[str, Any], expected: str) -> None:
    stack = stack_of({"main_region": "us-east-1", "usernames": ["alice"], **settings})
    texts = [query.properties["QueryString"] for query in stack.of_type("AWS::Logs::QueryDefinition")]
    assert [expected in text for text in texts if "assumedRoleUser" in text] == [True]
