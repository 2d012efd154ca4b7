"""Records and what is decoded of them: what the prefilter says of a part, the whole record says too."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from deployments import template_files
from every_case import assert_every
from extent import examples, size
from hypothesis import given, settings, strategies as st
from samples import ACCOUNT, SAMPLES, SETTINGS, SILENT, account, cases_of, record_of, templates, text_of, title

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import RecordError, event_from_record
from cfn_breakglass.analysis.eventbridge.pattern import Pattern, compile_pattern
from cfn_breakglass.analysis.history.prefilter import ABSENT, ANY_ACCOUNT, PartialDecoder, RecordFilter, attribute_name
from cfn_breakglass.analysis.history.records import Batch, read_parts
from cfn_breakglass.analysis.history.sources import Unread
from cfn_breakglass.analysis.history.unpacking import SourceStream
from cfn_breakglass.analysis.replay.accounts import Deployment
from cfn_breakglass.config.model import DETECTIONS

SIMULATOR = account(json.dumps(SETTINGS))
RULES = SIMULATOR.watching("eu-west-1")
FILES = template_files(*templates(json.dumps(SETTINGS)))
ANYWHERE = Deployment(FILES, ANY_ACCOUNT)
PATTERNS: list[tuple[Pattern, RecordFilter | None]] = [
    (rule.pattern, None) for rule in ANYWHERE.simulator.watching("eu-west-1")
]
DECODER = PartialDecoder(ANYWHERE.fields)
RECORDS = [json.loads(sample.read_text(encoding="utf-8")) for sample in SAMPLES]
odd = st.sampled_from([None, "", "x", 7, True, [], ["x"], {}, {"arn": "x"}, [{"arn": "x"}]])
PLACES = [
    *(("eventSource",), ("eventName",), ("errorCode",), ("requestParameters",), ("responseElements",)),
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
            value = draw(odd | st.sampled_from([other.get(last) for other in RECORDS]))
            node[last] = json.loads(json.dumps(value))  # its own: the next step may change it
            if draw(st.booleans()):
                del node[last]
    return record


def matches(record: Any) -> bool:
    """Whether a rule takes the record; True also for what is none, which has to be looked at."""
    try:
        event = event_from_record(record | {"awsRegion": "eu-west-1"})
    except RecordError:
        return True
    return any(rule.pattern.matches(event) for rule in RULES)


def has_deliveries(record: Any) -> bool:
    """Whether anything comes of a record; True also for what is none, which has to be looked at."""
    try:
        return bool(SIMULATOR.run(event_from_record(record | {"awsRegion": "eu-west-1"})))
    except RecordError:
        return True


@settings(examples(40, 1_000))
@given(st.lists(records(), min_size=1, max_size=5))
def test_the_filter_lets_everything_pass_that_matches(some: list[Any]) -> None:
    record_filter = RecordFilter(PATTERNS)
    for record in some * 2:  # the second time from memory
        try:
            partial_record = DECODER.record(json.dumps(record).encode())
        except msgspec.ValidationError:
            continue  # all of it is decoded
        assert record_filter.may_match(partial_record) or not matches(record)
        assert ANYWHERE.may_match(partial_record) or not has_deliveries(record)


@pytest.mark.parametrize("detection", DETECTIONS)
def test_the_filters_let_pass_what_anything_comes_of(detection: str) -> None:
    assert_every(assert_passes_if_anything_comes_of_it, cases_of(detection))


def assert_passes_if_anything_comes_of_it(sample: Path) -> None:
    record = record_of(json.loads(text_of(sample)))
    try:
        may_match = ANYWHERE.may_match(DECODER.record(json.dumps(record).encode()))
    except msgspec.ValidationError:
        return
    assert may_match or not has_deliveries(record)


def test_the_filter_stops_near_misses() -> None:
    record_filter = RecordFilter(PATTERNS)
    records_by_title = {title(sample): record_of(json.loads(sample.read_text(encoding="utf-8"))) for sample in SILENT}
    passed = {
        name
        for name, record in records_by_title.items()
        # A filter is for CloudTrail's records; it does not look into arrays, such as those of alarms.
        if record.get("recipientAccountId") == ACCOUNT and "alarmNames" not in str(record)
        if record_filter.may_match(DECODER.record(json.dumps(record).encode()))
    }
    # The role of another account is as good as the own one to a filter for all accounts. It does not read eventType.
    near = {name for name in passed if not matches(records_by_title[name])}
    assert {name for name in near if "another" not in name} == {"RootUsed/silent-service-event"}


def test_what_is_remembered_of_true_does_not_decide_a_one() -> None:
    record_filter = RecordFilter([(compile_pattern({"detail": {"readOnly": [1]}}), None)])
    call = b'{"eventSource": "iam.amazonaws.com", "userIdentity": null, "readOnly": %b}'
    answers = [
        record_filter.may_match(DECODER.record(call % value)) for value in (b"false", b"true", b"1", b"1.0", b"2")
    ]
    assert answers == [False, True, True, True, False]


def test_a_record_that_has_what_stands_for_every_account_is_looked_at() -> None:
    call: dict[str, Any] = {"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "userIdentity": None}
    call["requestParameters"] = {"roleArn": "x"}
    record_filter = RecordFilter(PATTERNS)
    assert not record_filter.may_match(DECODER.record(json.dumps(call).encode()))
    call["requestParameters"] = {"roleArn": f"x{ANY_ACCOUNT}"}
    assert record_filter.may_match(DECODER.record(json.dumps(call).encode()))


def test_the_filter_forgets() -> None:
    record_filter = RecordFilter(PATTERNS, max_values=2)
    call = {"eventSource": "ec2.amazonaws.com", "userIdentity": {"arn": "x"}}
    partials = [DECODER.record(json.dumps(call | {"eventName": f"N{number % 4}"}).encode()) for number in range(9)]
    assert not any(record_filter.may_match(partial) for partial in partials)


def test_what_is_wanted_whole_is_kept_whole() -> None:
    paths = ("a", "a.b", "c.d", "e.f.g", "e.f")
    decoder = PartialDecoder(["source", *(f"detail.requestParameters.{path}" for path in paths)])
    parameters: dict[str, Any] = {"a": {"x": 1, "b": 2}, "c": {"d": 1, "x": 2}, "e": {"f": {"x": 1, "g": 2}, "x": 1}}
    record = decoder.record(json.dumps({"userIdentity": {}, "requestParameters": parameters, "x": 1}).encode())
    kept = record.f_requestParameters
    assert (kept.f_a, kept.f_e.f_f) == (parameters["a"], parameters["e"]["f"])
    assert (kept.f_c.f_d, record.f_detail) == (1, ABSENT)
    assert not hasattr(kept.f_c, "f_x")
    assert not hasattr(record, "f_x")


def test_names_that_are_no_attributes_are_spelled_out() -> None:
    decoder = PartialDecoder([f"detail.requestParameters.{path}" for path in ("__init__", "a-b.class")])
    record = decoder.record(b'{"userIdentity": null, "requestParameters": {"__init__": 1, "a-b": {"class": 2}}}')
    kept = record.f_requestParameters
    assert getattr(kept, attribute_name("__init__")) == 1
    assert getattr(getattr(kept, attribute_name("a-b")), attribute_name("class")) == 2


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("form", ["log file", "array"])
@pytest.mark.parametrize("piece", [20_000, 500_000, 1 << 26])
def test_a_large_document_is_read_in_pieces(form: str, indent: int | None, piece: int) -> None:
    # Larger than what is read to see the form.
    misleading = {
        "text": '{}, {"eventVersion"' * 1_000,
        "items": [{"a": 1}, {"eventVersion": "1"}, {"eventVersion": "1"}],
    }
    given = [record | {"requestParameters": misleading} for record in RECORDS]
    text = json.dumps({"Records": given} if form == "log file" else given, indent=indent).encode()
    found, largest = [], 0
    for batch in read_parts(SourceStream(io.BufferedReader(io.BytesIO(text))), DECODER, piece_size=piece):
        assert isinstance(batch, Batch)
        largest = max(largest, len(batch.partial_records))
        found += [(batch.place(index), batch.decode(index)) for index in range(len(batch.partial_records))]
    assert found == [(f"record {number}", record) for number, record in enumerate(given, 1)]
    assert (largest < len(given)) == (piece < len(text))


def test_a_large_document_is_read_on_after_a_broken_record() -> None:
    times = size(2, 20)
    whole = json.dumps({"Records": RECORDS * times}).encode()
    where = whole.index(b'"eventName"', len(whole) // 2)
    text = whole[:where] + b"oh" + whole[where:]
    found = list(read_parts(SourceStream(io.BufferedReader(io.BytesIO(text))), DECODER, piece_size=100_000))
    broken = [part for part in found if isinstance(part, Unread)]
    assert [len(broken), sum(len(part.partial_records) for part in found if isinstance(part, Batch))] == [
        1,
        len(RECORDS) * times - 1,
    ]
    last = found[-1]
    assert isinstance(last, Batch)
    assert last.place(len(last.partial_records) - 1) == f"record {len(RECORDS) * times}"
