"""Our matcher against moto's, where moto follows EventBridge, and where it is known not to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from moto.events.models import EventPattern

from cfn_breakglass.analysis.eventbridge.pattern import compile_pattern

NAMES = ["a", "b", "c"]
words = st.sampled_from(["", "a", "ab", "abc", "B", "aws.sts", "a*b", "10.0.0.1", "10.9.0.1"])
numbers = st.integers(-5, 5) | st.sampled_from([0.5, 1.5, -2.25])
scalars = words | numbers | st.none()
# No booleans (to moto true is 1), no empty or nested containers, no objects in arrays: see DIFFERENT.
fields = scalars | st.lists(scalars, min_size=1, max_size=3)
events = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), fields, min_size=1),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), fields | inner, min_size=1),
    max_leaves=4,
)


def operator(name: str, operand: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return operand.map(lambda value: {name: value})


texts = st.sampled_from(["a", "ab", "B", "aws."])
wildcards = st.sampled_from(["*", "a*", "*b", "a*c", r"a\*b"])
ignoring = operator("equals-ignore-case", texts)
items = st.one_of(
    scalars,
    ignoring,
    operator("prefix", texts | ignoring),
    operator("suffix", texts | ignoring),
    operator("wildcard", wildcards),
    operator("exists", st.booleans()),
    operator("numeric", st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), numbers).map(list)),
    operator("numeric", st.tuples(st.just(">"), st.integers(-5, 0), st.just("<="), st.integers(1, 5)).map(list)),
    operator("cidr", st.sampled_from(["10.0.0.0/16", "10.0.0.0/8"])),
    operator("anything-but", texts | st.lists(texts, min_size=1) | numbers | st.lists(numbers, min_size=1)),
    operator("anything-but", operator("prefix", texts) | operator("suffix", texts) | operator("wildcard", wildcards)),
    operator("anything-but", operator("equals-ignore-case", st.lists(texts, min_size=1))),
)
leaves = st.lists(items, min_size=1, max_size=3)


def objects(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        st.dictionaries(st.sampled_from(names), leaves, min_size=1),
        lambda inner: st.dictionaries(st.sampled_from(names), leaves | inner, min_size=1),
        max_leaves=3,
    )


# What is within $or and what is beside it name different fields: nobody agrees about one named twice.
alternatives = st.lists(objects(["a", "b"]), min_size=2, max_size=3)
patterns = objects(NAMES) | st.builds(lambda rest, either: {**rest, "$or": either}, objects(["c"]), alternatives)


def moto(pattern: Any, event: Any) -> bool:
    return bool(EventPattern.load(json.dumps(pattern)).matches_event(event))


@given(patterns, events)
def test_agrees_with_moto(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    assert compile_pattern(pattern).matches(event) == moto(pattern, event)


# Where moto differs from event-ruler: (pattern, event, what EventBridge says)
DIFFERENT: dict[str, tuple[Any, Any, bool]] = {
    "true is not the number 1": ({"a": [1]}, {"a": True}, False),
    "true is not numeric": ({"a": [{"numeric": ["=", 1]}]}, {"a": True}, False),
    "numbers beyond 5e9 are not compared": ({"a": [{"numeric": [">", 0]}]}, {"a": 6_000_000_000}, False),
    "an empty object is no field": ({"a": [{"exists": True}]}, {"a": {}}, False),
    "an empty array is no field": ({"a": [{"exists": True}]}, {"a": []}, False),
    "an array of objects has fields": ({"a": {"b": [1]}}, {"a": [{"b": 0}, {"b": 1}]}, True),
    "an array of objects is no field": ({"a": [{"exists": True}]}, {"a": [{"b": 0}]}, False),
    "a nested array is opened": ({"a": [1]}, {"a": [[1]]}, True),
    "a wildcard spans lines": ({"a": [{"wildcard": "x*y"}]}, {"a": "x\ny"}, True),
    "a Kelvin sign is no k": ({"a": [{"equals-ignore-case": "k"}]}, {"a": "\N{KELVIN SIGN}"}, False),
    "a block may have host bits": ({"a": [{"cidr": "10.0.0.5/24"}]}, {"a": "10.0.0.1"}, True),
    "an address is one however spelled": ({"a": ["::1"]}, {"a": "0:0:0:0:0:0:0:1"}, True),
    "$or may be a name": ({"$or": {"a": [1]}}, {"$or": {"a": 1}}, True),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_differs_from_moto(name: str) -> None:
    pattern, event, matches = DIFFERENT[name]
    assert compile_pattern(pattern).matches(event) == matches
    try:
        answer: bool | None = moto(pattern, event)
    except (TypeError, AttributeError):
        answer = None
    assert answer != matches, "moto has learned this: move it to the patterns above"
