"""An edge pattern and a central pattern in one rule: it matches just what both match."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from cfn_breakglass.analysis.eventbridge.pattern import compile_pattern
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.detections.composition import CompositionError, compose, in_one_rule
from cfn_breakglass.errors import PatternError
from cfn_breakglass.generation.generate import template_files

PREFIX = [{"prefix": "aws."}]
ABSENT, PRESENT = [{"exists": False}], [{"exists": True}]

COMPOSED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "fields of one only": ({"a": ["1"]}, {"b": ["2"]}, {"a": ["1"], "b": ["2"]}),
    "nested": ({"d": {"a": ["1"]}}, {"d": {"b": ["2"]}}, {"d": {"a": ["1"], "b": ["2"]}}),
    "equal values": ({"a": PREFIX}, {"a": PREFIX}, {"a": PREFIX}),
    "a word with the prefix": ({"a": PREFIX}, {"a": ["aws.sts"]}, {"a": ["aws.sts"]}),
    "words in common": ({"a": ["1", "2"]}, {"a": ["2", "3"]}, {"a": ["2"]}),
    "words but for some": ({"a": ["1", "2"]}, {"a": [{"anything-but": ["1"]}]}, {"a": ["2"]}),
    "words but for one": ({"a": [{"anything-but": "1"}]}, {"a": ["1", "2"]}, {"a": ["2"]}),
    "neither of the words": (
        {"a": [{"anything-but": ["1"]}]},
        {"a": [{"anything-but": ["2"]}]},
        {"a": [{"anything-but": ["1", "2"]}]},
    ),
    "neither of the beginnings": (
        {"a": [{"anything-but": {"prefix": ["1"]}}]},
        {"a": [{"anything-but": {"prefix": ["2"]}}]},
        {"a": [{"anything-but": {"prefix": ["1", "2"]}}]},
    ),
    "words but for those of a beginning": (
        {"a": ["aws.sts", "x"]},
        {"a": [{"anything-but": {"prefix": ["aws."]}}]},
        {"a": ["x"]},
    ),
    "a prefix but for some words": ({"a": [{"anything-but": ["1"]}]}, {"a": PREFIX}, {"a": PREFIX}),
    "a word or nothing": ({"a": ["1", *ABSENT]}, {"a": ABSENT}, {"a": ABSENT}),
    "alternatives": (
        {"$or": [{"a": ["1"]}, {"b": ["2"]}]},
        {"c": ["3"]},
        {"c": ["3"], "$or": [{"a": ["1"]}, {"b": ["2"]}]},
    ),
    "a field of the alternatives": (
        {"$or": [{"a": ["1"], "b": ["2"]}, {"b": ["3"]}]},
        {"a": ["1", "4"]},
        {"$or": [{"a": ["1"], "b": ["2"]}, {"a": ["1", "4"], "b": ["3"]}]},
    ),
    "a nested field of the alternatives": (
        {"$or": [{"d": {"a": ["1", "2"]}}, {"b": ["3"]}]},
        {"d": {"a": ["2"]}},
        {"$or": [{"d": {"a": ["2"]}}, {"d": {"a": ["2"]}, "b": ["3"]}]},
    ),
    "other nested fields than those of the alternatives": (
        {"$or": [{"d": {"a": ["1"]}}, {"b": ["3"]}]},
        {"d": {"c": ["2"]}},
        {"d": {"c": ["2"]}, "$or": [{"d": {"a": ["1"]}}, {"b": ["3"]}]},
    ),
    "an alternative that is contradicted": (
        {"$or": [{"a": ["1"]}, {"a": ["2"], "b": ["3"]}]},
        {"a": ["2"]},
        {"a": ["2"], "b": ["3"]},
    ),
}
IMPOSSIBLE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "alternatives in one place": ({"$or": [{"a": ["1"]}, {"b": ["1"]}]}, {"$or": [{"c": ["1"]}, {"d": ["1"]}]}),
    "no word in common": ({"a": ["1"]}, {"a": ["2"]}),
    "there and not there": ({"a": PRESENT}, {"a": ABSENT}),
    "a prefix but for a word of it": ({"a": PREFIX}, {"a": [{"anything-but": ["aws.sts"]}]}),
    "a prefix but for a longer one": ({"a": PREFIX}, {"a": [{"anything-but": {"prefix": ["aws.s"]}}]}),
    "two wildcards": ({"a": [{"wildcard": "x*"}]}, {"a": [{"wildcard": "*y"}]}),
    "fields where the other has values": ({"a": {"b": ["1"]}}, {"a": ["1"]}),
}


@pytest.mark.parametrize(("edge", "kind", "both"), COMPOSED.values(), ids=COMPOSED)
def test_composes(edge: dict[str, Any], kind: dict[str, Any], both: dict[str, Any]) -> None:
    assert compose(edge, kind) == both


@pytest.mark.parametrize(("edge", "kind"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_one_pattern_cannot_say_is_an_error(edge: dict[str, Any], kind: dict[str, Any]) -> None:
    with pytest.raises(CompositionError):
        compose(edge, kind)


def test_one_rule_lists_no_call_that_no_event_of_its_services_can_be() -> None:
    kind = {"detail": {"$or": [{"b": ["1"]}, {"eventName": ["PutRolePolicy", "Subscribe", "NotInTheTable"]}]}}
    assert in_one_rule({"source": ["aws.sns"]}, kind) == {
        "source": ["aws.sns"],
        "detail": {"$or": [{"b": ["1"]}, {"eventName": ["Subscribe", "NotInTheTable"]}]},
    }
    # Without a call there is no alternative.
    kind["detail"]["$or"][1] = {"eventName": ["PutRolePolicy"]}
    assert in_one_rule({"source": ["aws.sns"]}, kind) == {"source": ["aws.sns"], "detail": {"b": ["1"]}}


@pytest.mark.parametrize("role", ["n" * 64, f"{'p' * 60}/{'n' * 64}"])
@pytest.mark.parametrize("main_region", ["us-east-1", "us-gov-west-1", "cn-north-1"])
def test_in_a_single_region_every_pattern_has_room_for_long_names(main_region: str, role: str) -> None:
    settings = {"name": "b" * 32, "main_region": main_region, "regions": [], "role": {"existing": role}}
    assert template_files(config_of({**settings, "alerts": {"emails": ["ops@example.com"]}}))


def test_in_an_organization_every_pattern_has_room_for_long_names() -> None:
    organization = {"id": "o-a1b2c3d4e5", "hub": "999999999999", "units": ["r-ab12"]}
    alerts = {"emails": ["ops@example.com"], "fallback": ["platform@example.com"]}
    settings = {"name": "b" * 32, "main_region": "us-east-1", "usernames": ["alice"], "organization": organization}
    assert template_files(config_of({**settings, "alerts": alerts}))


WORDS = st.sampled_from(["aws.iam", "aws.sts", "x"])
VALUES = st.lists(
    st.one_of(
        WORDS,
        st.sampled_from([*PREFIX, *ABSENT, *PRESENT]),
        WORDS.map(lambda word: {"anything-but": [word]}),
    ),
    min_size=1,
    max_size=3,
)


def fields(least: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, min_size=least, max_size=2)


@st.composite
def patterns(draw: st.DrawFn) -> dict[str, Any]:
    pattern: dict[str, Any] = dict(draw(fields(1)))
    if draw(st.booleans()):
        pattern["$or"] = draw(st.tuples(fields(1), fields(1)).map(list))
    return {"detail": pattern} if draw(st.booleans()) else pattern


EVENTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), WORDS)


@given(patterns(), patterns(), st.lists(EVENTS, min_size=1, max_size=10))
def test_the_composed_pattern_matches_what_both_match(
    edge: dict[str, Any], kind: dict[str, Any], events: list[dict[str, str]]
) -> None:
    try:
        both = compose(edge, kind)
        pieces = [compile_pattern(pattern) for pattern in (edge, kind)]
    except CompositionError:
        return  # it says so, and nobody takes it for a pattern
    except PatternError:
        assume(condition=False)  # a field twice in one alternative is no pattern at all
    for record in events:
        event = {**record, "detail": record}
        assert compile_pattern(both).matches(event) == all(piece.matches(event) for piece in pieces)
