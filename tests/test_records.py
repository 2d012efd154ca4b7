"""Records and their peeks: what the quick look says, the whole record says too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from samples import ACCOUNT, SAMPLES, SETTINGS, account

from cfn_breakglass.emitted.cloudtrail import RecordError, envelope
from cfn_breakglass.emitted.eventbridge import compile_pattern
from cfn_breakglass.emitted.gate import Gate
from cfn_breakglass.emitted.peek import Peek

SIMULATOR = account(json.dumps(SETTINGS))
WATCHING = {region: SIMULATOR.watching(region) for region in SIMULATOR.regions}
PEEK = Peek(name for rule in SIMULATOR.rules for name in rule.pattern.fields)
RECORDS = [json.loads(sample.read_text(encoding="utf-8")) for sample in SAMPLES]
odd = st.sampled_from([None, "", "x", 7, True, [], ["x"], {}, {"arn": "x"}, [{"arn": "x"}]])
PLACES = [
    *(("eventSource",), ("eventName",), ("awsRegion",), ("errorCode",), ("requestParameters",), ("responseElements",)),
    *(("userIdentity",), ("userIdentity", "arn"), ("userIdentity", "sessionContext"), ("userIdentity", "type")),
    *(("userIdentity", "sessionContext", "sessionIssuer"), ("requestParameters", "roleArn")),
    ("userIdentity", "sessionContext", "sessionIssuer", "arn"),
]


@st.composite
def records(draw: st.DrawFn) -> Any:
    """A sample in which some of what patterns read is gone, or of another kind, or that of another sample."""
    record = json.loads(json.dumps(draw(st.sampled_from(RECORDS))))
    for *parents, last in draw(st.lists(st.sampled_from(PLACES), max_size=3)):
        node = record
        for step in parents:
            node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node[last] = draw(odd | st.sampled_from([other.get(last) for other in RECORDS]))
            if draw(st.booleans()):
                del node[last]
    return record


def matches(record: Any) -> bool | None:
    try:
        event = envelope(record)
    except RecordError:
        return None
    return any(rule.pattern.matches(event) for rule in WATCHING.get(event["region"], []))


@settings(deadline=None, max_examples=300)
@given(st.lists(records(), min_size=1, max_size=5))
def test_the_gate_and_the_peek_turn_nothing_away_that_matches(some: list[Any]) -> None:
    gate = Gate(WATCHING)
    for record in some * 2:  # the second time from memory
        whole = matches(record)
        assert gate(record) or whole is False
        try:
            peek = PEEK.record(json.dumps(record).encode())
        except ValueError:
            continue
        assert matches(peek) == whole
        assert gate(peek) or whole is False


def test_the_gate_turns_most_away() -> None:
    gate = Gate(WATCHING)
    record = {"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "awsRegion": "us-east-1"}
    user = {"arn": f"arn:aws:iam::{ACCOUNT}:user/x"}
    assert [gate(record), gate(record), gate(record | {"userIdentity": user})] == [False, False, False]


def test_the_gate_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cfn_breakglass.emitted.gate._REMEMBERED", 2)
    gate = Gate(WATCHING)
    names = [{"eventSource": "ec2.amazonaws.com", "awsRegion": "us-east-1", "eventName": f"N{n % 4}"} for n in range(9)]
    assert not any(gate(name) for name in names)


def test_what_is_wanted_whole_is_kept_whole() -> None:
    peek = Peek(["detail.a", "detail.a.b", "detail.c.d", "detail.e.f.g", "detail.e.f", "source"])
    given = {"a": {"x": 1, "b": 2}, "c": {"d": 1, "x": 2}, "e": {"f": {"x": 1, "g": 2}, "x": 1}, "z": 1}
    kept = {"a": {"x": 1, "b": 2}, "c": {"d": 1}, "e": {"f": {"x": 1, "g": 2}}}
    assert peek.record(json.dumps(given).encode()) == kept


def test_a_pattern_that_wants_a_field_absent_takes_null_for_what_it_is() -> None:
    pattern = compile_pattern({"detail": {"userIdentity": {"arn": [{"exists": False}]}}})
    names = frozenset({"detail.userIdentity.arn"})
    null: dict[str, Any] = {"detail": {"userIdentity": {"arn": None}}}
    absent: dict[str, Any] = {"detail": {"userIdentity": {}}}
    assert pattern.allows((null, absent), names)
    assert not pattern.allows((null,), names)
