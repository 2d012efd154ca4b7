"""The input transformer, by the words of EventBridge's user guide."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from cfn_breakglass.analysis.eventbridge.input_transformer import (
    Transformer,
    TransformError,
    UndeliverableError,
)

RULE: dict[str, str] = {"rule_name": "bg-RoleAssumed", "rule_arn": "arn:aws:events:eu-west-1:111122223333:rule/bg"}
EVENT: dict[str, Any] = {
    "detail-type": "AWS API Call via CloudTrail",
    "source": "aws.sts",
    "resources": ["arn:1", "arn:2"],
    "detail": {
        "eventName": "AssumeRole",
        "readOnly": True,
        "count": 3.5,
        "nothing": None,
        "quote": 'say "hi"\n',
        "name": "Zoë",
        "items": [{"id": "i-1"}, {"id": "i-2"}, {"no": 1}],
        "user": {"type": "IAMUser", "tags": {"a/b": "c"}},
    },
}
PATHS = {
    "all": "$",
    "arrays": "$.resources[1]",
    "beyond": "$.resources[2]",
    "children": "$.detail.user.*",
    "count": "$.detail.count",
    "ids": "$.detail.items[*].id",
    "index-of-text": "$.source[0]",
    "kind": "$.detail-type",
    "missing": "$.detail.no.such",
    "name": "$.detail.name",
    "no_hits": "$.detail.eventName.*",
    "nothing": "$.detail.nothing",
    "quote": "$.detail.quote",
    "ro": "$.detail.readOnly",
    "slash": "$.detail.user.tags.a/b",
    "user": "$.detail.user",
    "what": "$.detail.eventName",
}

# By name, a template and what is delivered.
DELIVERED: dict[str, tuple[str, str]] = {
    "text keeps its quotes": ('"<what> by <name>"', '"AssumeRole by Zoë"'),
    "text of several lines": ('"<what>"\n\n"in <kind>"', '"AssumeRole"\n\n"in AWS API Call via CloudTrail"'),
    "text with quotes of its own": (r'"is \"<what>\""', r'"is \"AssumeRole\""'),
    "text is not escaped": ('"<quote>"', '"say "hi"\n"'),
    "text without what is missing": ('"[<missing>][<beyond>][<no_hits>]"', '"[][][]"'),
    "text of values that are none": ('"<ro> <count> <nothing>"', '"true 3.5 null"'),
    "text of an object": ('"<user>"', '"{type:IAMUser,tags:{a/b:c}}"'),
    "text without variables": ('"hello"', '"hello"'),
    "text that compares": ('"1 < 2 > 0 and <"', '"1 < 2 > 0 and <"'),
    "a variable alone": ("<user>", '{"type":"IAMUser","tags":{"a/b":"c"}}'),
    "text as JSON": ('{"a": <what>, "b": <quote>}', r'{"a": "AssumeRole", "b": "say \"hi\"\n"}'),
    "values as JSON": ('{"a": [<ro>, <count>, <nothing>]}', '{"a": [true, 3.5, null]}'),
    "containers as JSON": (
        '{"a": <user>, "b": <ids>}',
        '{"a": {"type":"IAMUser","tags":{"a/b":"c"}}, "b": ["i-1","i-2"]}',
    ),
    "what is missing as JSON": ('{"a": <missing>, "b": <no_hits>}', '{"a": "", "b": ""}'),
    "an index into text": ('{"a": <index-of-text>}', '{"a": ""}'),
    "within JSON's quotes": ('{"a": "<what> by <missing><slash>"}', '{"a": "AssumeRole by c"}'),
    "an object within JSON's quotes": ('{"a": "is <user>"}', '{"a": "is {type:IAMUser,tags:{a/b:c}}"}'),
    "an element": ('["<arrays>"]', '["arn:2"]'),
    "children": ('{"a": <children>}', '{"a": ["IAMUser",{"a/b":"c"}]}'),
    "the rule": (
        '{"rule": <aws.events.rule-name>, "arn": "<aws.events.rule-arn>"}',
        f'{{"rule": "bg-RoleAssumed", "arn": "{RULE["rule_arn"]}"}}',
    ),
    "the time": ('"at <aws.events.event.ingestion-time>"', '"at 2025-01-01T00:00:00Z"'),
}


def render(
    input_paths: dict[str, str], template: str, event: dict[str, Any], *, ingestion_time: str | None = None
) -> str:
    return Transformer(input_paths, template).render(event, ingestion_time=ingestion_time, **RULE)


@pytest.mark.parametrize(("template", "delivered"), DELIVERED.values(), ids=DELIVERED)
def test_delivered(template: str, delivered: str) -> None:
    assert render(PATHS, template, EVENT, ingestion_time="2025-01-01T00:00:00Z") == delivered


def test_the_whole_event() -> None:
    text = render(PATHS, '{"a": <aws.events.event.json>, "b": <aws.events.event>, "c": <all>}', EVENT)
    rest = {name: value for name, value in EVENT.items() if name != "detail"}
    assert json.loads(text) == {"a": EVENT, "b": rest, "c": EVENT}


def test_a_time_nobody_knows_is_missing() -> None:
    assert render({}, '{"a": <aws.events.event.ingestion-time>}', EVENT) == '{"a": ""}'


def test_output_that_is_not_json_is_not_delivered() -> None:
    with pytest.raises(UndeliverableError) as caught:
        render(PATHS, '{"a": "<quote>"}', EVENT)
    assert caught.value.output == '{"a": "say "hi"\n"}'
    assert "the output of the input transformer for this event is not JSON (Expecting" in str(caught.value)


NAMED = "the input template has "
# name: (input paths, template, a part of the error)
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "undefined": ({"a": "$.a"}, '"<a> <b>"', "<b>, which no input path defines"),
    "unknown predefined": ({}, '"<aws.events.rule>"', "<aws.events.rule>, which no"),
    "a reserved name": ({"AWSx": "$.a"}, '"x"', "cannot be called 'AWSx'"),
    "a name with a dot": ({"a.b": "$.a"}, '"x"', "cannot be called 'a.b'"),
    "a path without $": ({"a": "detail"}, '"x"', "input path a is 'detail'"),
    "a path in brackets": ({"a": "$['detail']"}, '"x"', "EventBridge reads dots"),
    "a path that filters": ({"a": "$.a[?(@.b)]"}, '"x"', "EventBridge reads dots"),
    "a path that is no text": ({"a": 1}, '"x"', "input path a is 1"),
    "text without quotes": ({"a": "$.a"}, "the <a>", "needs quotes around each line"),
    "a line without quotes": ({}, '"a"\nb', "needs quotes around each line"),
    "no template": ({}, "", "must be JSON or lines of text"),
    "a number": ({}, "5", "must be JSON or lines of text"),
    "broken JSON": ({}, '{"a": }', "is not JSON"),
    "a variable as a key": ({"a": "$.a"}, '{"b": [{"<a>": 1}]}', "<a> as a key"),
    "a bare variable as a key": ({"a": "$.a"}, "{<a>: 1}", "<a> as a key"),
    "the event in text": ({}, '"<aws.events.event.json>"', "can only be a value of its own"),
    "the event in JSON's quotes": ({}, '{"a": "<aws.events.event>"}', "can only be a value of its own"),
}


@pytest.mark.parametrize(("paths", "template", "part"), REFUSED.values(), ids=REFUSED)
def test_refused(paths: dict[str, Any], template: str, part: str) -> None:
    with pytest.raises(TransformError) as caught:
        Transformer(paths, template)
    assert part in str(caught.value)


def test_paths_are_those_the_template_uses() -> None:
    used = Transformer(PATHS, '{"a": <what>, "b": "<name> <what>"}').paths
    assert used == ("$.detail.eventName", "$.detail.name")
    assert Transformer(PATHS, '{"a": <aws.events.event>, "b": <ro>}').paths == ("$", "$.detail.readOnly")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(json_values)
def test_what_is_outside_quotes_arrives_as_it_is(value: Any) -> None:
    text = render({"v": "$.detail.v"}, '{"value": <v>}', {"detail": {"v": value}})
    assert json.loads(text) == {"value": value}


@given(st.text())
def test_what_is_within_quotes_is_delivered_raw_or_not_at_all(value: str) -> None:
    try:
        text = render({"v": "$.v"}, '{"value": "<v>"}', {"v": value})
    except UndeliverableError as error:
        text = error.output
        assert any(sign in '"\\' or sign < " " for sign in value)
    assert text == f'{{"value": "{value}"}}'
