"""Event patterns, by the words of EventBridge's user guide and the tests of AWS's event-ruler."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from cfn_breakglass.analysis.eventbridge.pattern import Mismatch, compile_pattern
from cfn_breakglass.errors import PatternError

if TYPE_CHECKING:
    import random

ABSENT = object()
ROLE = "arn:aws:iam::111122223333:role/bg/Rescue"

# name: (the list of a pattern's field, the values it matches, the values it does not)
FIELDS: dict[str, tuple[list[Any], list[Any], list[Any]]] = {
    "text": (["a"], ["a", ["b", "a"]], ["A", "aa", "", None, ABSENT, {"a": "a"}, [], [["b"]]]),
    "text in a nested array": (["a"], [[["a"]], ["b", ["c", ["a"]]]], [[["b"]]]),
    "one of several": (["a", "b", "a"], ["a", "b", ["c", "b"]], ["c", ABSENT]),
    "empty text": ([""], [""], [None, ABSENT, " ", []]),
    "null": ([None], [None, [None]], ["", "null", 0, False, ABSENT]),
    "true": ([True], [True], [1, "true", False, None]),
    "false": ([False], [False], [0, "", None, ABSENT]),
    "number": ([300], [300, 300.0, 3.0e2, [1, 300]], ["300", 300.000001, 301, ABSENT]),
    "one is not true": ([1], [1, 1.0], [True]),
    "number too large to compare": ([111122223333], [111122223333], [111122223334, "111122223333"]),
    "number too precise to compare": ([0.1234567], [0.1234567], [0.1234568]),
    "address": (["10.0.0.1"], ["10.0.0.1"], ["10.0.0.10", 10]),
    "address, however spelled": (["2001:db8::1"], ["2001:DB8:0:0:0:0:0:1"], ["2001:db8::2", "2001:db8::1::"]),
    "exactly": ([{"exactly": "a"}], ["a"], ["A"]),
    "prefix": ([{"prefix": "aws."}], ["aws.", "aws.sts"], ["AWS.sts", "x.aws.", 1, None, ABSENT]),
    "empty prefix": ([{"prefix": ""}], ["", "x"], [1, None, ABSENT]),
    "prefix ignoring case": ([{"prefix": {"equals-ignore-case": "EventB"}}], ["eventBridge", "EVENTB"], ["xeventb", 1]),
    "suffix": ([{"suffix": ".png"}], [".png", "a.png"], [".PNG", ".pngx", 1]),
    "suffix ignoring case": ([{"suffix": {"equals-ignore-case": ".png"}}], ["a.PNG", ".png"], [".png\n", "png", 1]),
    "equals-ignore-case": ([{"equals-ignore-case": ROLE}], [ROLE, ROLE.upper()], [f"{ROLE}2", None, ABSENT]),
    "ignoring case takes no look-alikes": ([{"equals-ignore-case": "k"}], ["K"], ["\N{KELVIN SIGN}"]),
    "ignoring case beyond English": ([{"equals-ignore-case": "É"}], ["é", "É"], ["e"]),
    "wildcard": ([{"wildcard": "*/dir/*.png"}], ["a/dir/b.png", "/dir/.png", "a\n/dir/b.png"], ["dir/b.png", 1]),
    "wildcard escapes": ([{"wildcard": r"\**\\"}], ["*\\", "*x\\"], ["x\\", "*x"]),
    "wildcard of regex signs": ([{"wildcard": "a.*(b"}], ["a.x(b", "a.(b"], ["axx(b"]),
    "exists": ([{"exists": True}], ["", None, 0, [1], [[None]]], [ABSENT, {"x": 1}, {}, [], [{"x": 1}]]),
    "exists false": ([{"exists": False}], [ABSENT, {"x": 1}, {}, [], [{"x": 1}]], ["", None, 0, [1]]),
    "absent or a value": ([False, {"exists": False}], [False, ABSENT, {"x": 1}], [True, None]),
    "anything-but": ([{"anything-but": "a"}], ["b", "A", None, 1, ["a", "b"]], ["a", ABSENT, ["a"], {"x": 1}]),
    "anything-but several": ([{"anything-but": ["a", "b"]}], ["c", ["a", "b", "c"]], ["a", "b", ["a", "b"]]),
    "anything-but number": ([{"anything-but": 100}], [101, "100", None], [100, 100.0, 1e2]),
    "anything-but numbers": ([{"anything-but": [100, 200]}], [300], [100, 200.0]),
    "anything-but takes an address for text": ([{"anything-but": "::1"}], ["0:0:0:0:0:0:0:1"], ["::1"]),
    "anything-but prefix": ([{"anything-but": {"prefix": "us-"}}], ["eu-x", 1], ["us-x", ABSENT]),
    "anything-but prefixes": ([{"anything-but": {"prefix": ["us-", "eu-"]}}], ["ap-x"], ["us-x", "eu-x"]),
    "anything-but suffix": ([{"anything-but": {"suffix": [".png"]}}], ["a.jpg"], ["a.png"]),
    "anything-but wildcard": ([{"anything-but": {"wildcard": ["*/lib/*", "x*"]}}], ["a"], ["a/lib/b", "xa"]),
    "anything-but ignoring case": ([{"anything-but": {"equals-ignore-case": ["a", "b"]}}], ["c"], ["A", "b"]),
    "numeric =": ([{"numeric": ["=", 3.018e2]}], [301.8], [301, "301.8", None]),
    "numeric <": ([{"numeric": ["<", 10]}], [9.999999, -5e9], [10, -5_000_000_001, "9", True]),
    "numeric <=": ([{"numeric": ["<=", 10]}], [10], [10.000001]),
    "numeric >": ([{"numeric": [">", 0]}], [0.000001, 5e9], [0, 0.0000001, 1.1234567]),
    "numeric >=": ([{"numeric": [">=", 0]}], [0, -0.0], [-1, ABSENT]),
    "numeric range": ([{"numeric": [">", 0, "<=", 5]}], [5, [9, 1]], [0, 5.1, 6]),
    "cidr": ([{"cidr": "10.0.0.0/24"}], ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "x", "::1", 10, "10.0.0.256"]),
    "cidr with host bits": ([{"cidr": "10.0.0.5/24"}], ["10.0.0.1"], ["10.0.1.5"]),
    "cidr IPv6": ([{"cidr": "2001:db8::/32"}], ["2001:DB8::1"], ["2001:db9::1", "10.0.0.1"]),
}
ROWS = [
    pytest.param(expected, value, matches, id=f"{name}: {'absent' if value is ABSENT else json.dumps(value)}")
    for name, (expected, hits, misses) in FIELDS.items()
    for matches, values in ((True, hits), (False, misses))
    for value in values
]


@pytest.mark.parametrize(("expected", "value", "matches"), ROWS)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_field(expected: list[Any], value: Any, matches: bool, depth: int) -> None:  # noqa: FBT001 - a table's column
    pattern: Any = {"f": expected}
    event: Any = {"other": 1} if value is ABSENT else {"f": value}
    for _ in range(depth - 1):
        pattern, event = {"in": pattern}, {"in": event}
    assert compile_pattern(pattern).matches(event) == matches


AB = {"a": ["1"], "b": ["2"]}
# name: (pattern, event, whether it matches)
PATTERNS: dict[str, tuple[Any, Any, bool]] = {
    "all fields": (AB, {"a": "1", "b": "2"}, True),
    "one field is wrong": (AB, {"a": "1", "b": "3"}, False),
    "names are case-sensitive": ({"A": ["1"]}, {"a": "1"}, False),
    "parent is null": ({"a": {"b": [{"exists": False}]}}, {"a": None}, True),
    "parent is null, value expected": ({"a": {"b": ["1"]}}, {"a": None}, False),
    "parent is text": ({"a": {"b": ["1"]}}, {"a": "1"}, False),
    "a dot in a pattern's name is a step": ({"a.b": ["1"]}, {"a": {"b": "1"}}, True),
    "array of objects": ({"a": {"b": ["1"]}}, {"a": [{"b": "0"}, {"b": "1"}]}, True),
    "array of arrays of objects": ({"a": {"b": ["1"]}}, {"a": [[{"b": "0"}], [{"b": "1"}]]}, True),
    "array without the field": ({"a": {"b": ["1"]}}, {"a": [{"c": "1"}, "1"]}, False),
    "same element": ({"x": AB}, {"x": [{"a": "0", "b": "2"}, {"a": "1", "b": "2"}]}, True),
    "different elements": ({"x": AB}, {"x": [{"a": "1", "b": "0"}, {"a": "0", "b": "2"}]}, False),
    "different arrays": ({"x": {"a": ["1"]}, "y": {"b": ["2"]}}, {"x": [{}, {"a": "1"}], "y": [{"b": "2"}]}, True),
    "element and what is beside the array": (
        {"a": ["1"], "x": {"b": ["2"]}},
        {"a": "1", "x": [{"b": "0"}, {"b": "2"}]},
        True,
    ),
    "absent beside the element": (
        {"x": {"a": ["1"], "b": [{"exists": False}]}},
        {"x": [{"a": "1"}, {"b": "2"}]},
        True,
    ),
    "present beside the element": (
        {"x": {"a": ["1"], "b": [{"exists": False}]}},
        {"x": [{"a": "1", "b": "2"}, {"c": "3"}]},
        False,
    ),
    "absent comes first in the alphabet, so anywhere": (
        {"x": {"a": [{"exists": False}], "b": ["2"]}},
        {"x": [{"a": "1"}, {"b": "2"}]},
        False,
    ),
    "plain values of an array go together": (
        {"x": ["1"], "y": ["2"]},
        {"x": ["0", "1"], "y": ["2", "0"]},
        True,
    ),
    "$or, first": ({"$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"a": "1"}, True),
    "$or, second": ({"$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"b": "2"}, True),
    "$or, neither": ({"$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"a": "2", "b": "1"}, False),
    "$or and a field": ({"c": ["3"], "$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"a": "1"}, False),
    "$or with several fields": ({"$or": [AB, {"c": ["3"]}]}, {"a": "1", "c": "4"}, False),
    "$or below": ({"x": {"$or": [{"a": ["1"]}, {"b": ["2"]}]}}, {"x": {"b": "2"}}, True),
    "$or of what is in arrays": (
        {"x": {"$or": [{"a": ["9"]}, {"b": ["2"]}], "c": ["3"]}},
        {"x": [{"b": "2"}, {"c": "3"}]},
        False,
    ),
    "two $or": (
        {"$or": [{"a": ["1"]}, {"b": ["2"]}], "x": {"$or": [{"c": ["3"]}, {"d": ["4"]}]}},
        {"b": "2", "x": {"d": "4"}},
        True,
    ),
    "$or in $or": (
        {"$or": [{"a": ["1"], "$or": [{"b": ["2"]}, {"c": ["3"]}]}, {"d": ["4"]}]},
        {"a": "1", "c": "3"},
        True,
    ),
    "$or as the name of an object": ({"$or": {"a": ["1"]}}, {"$or": {"a": "1"}}, True),
    "$or as the name of a field": ({"$or": ["1"]}, {"$or": "1"}, True),
    "$or of operators is a name": ({"$or": [{"prefix": "a"}, {"suffix": "b"}]}, {"$or": "ax"}, True),
}


@pytest.mark.parametrize(("pattern", "event", "matches"), PATTERNS.values(), ids=PATTERNS)
def test_pattern(pattern: Any, event: Any, matches: bool) -> None:  # noqa: FBT001 - a table's column
    compiled = compile_pattern(pattern)
    assert compiled.matches(event) == matches
    assert bool(compiled.explain(event)) != matches


# name: (pattern, a part of the error)
REFUSED: dict[str, tuple[Any, str]] = {
    "no pattern": ({}, "the pattern must be an object with a field or more"),
    "a list": ([], "the pattern must be an object"),
    "an empty object": ({"a": {}}, "a must be an object with a field or more"),
    "an empty list": ({"a": {"b": []}}, "a.b must be an object, or a list of one value or more"),
    "a leaf that is no list": ({"a": "1"}, "a must be an object, or a list"),
    "a name that is no text": ({1: ["1"]}, "cannot have a field called 1"),
    "a list in a list": ({"a": [["1"]]}, 'a: a value is text, a number, true, false, null or an operator, not ["1"]'),
    "an unknown operator": ({"a": [{"regex": "x"}]}, 'a: "regex" is not an operator'),
    "an operator of two keys": ({"a": [{"prefix": "x", "suffix": "y"}]}, "one key, not 2"),
    "an operator of no key": ({"a": [{}]}, "one key, not 0"),
    "prefix of a number": ({"a": [{"prefix": 1}]}, "an operator for text cannot have 1"),
    "prefix of a list": ({"a": [{"prefix": ["x"]}]}, 'an operator for text cannot have ["x"]'),
    "prefix of another operator": ({"a": [{"prefix": {"suffix": "x"}}]}, "may hold equals-ignore-case"),
    "suffix of two": ({"a": [{"suffix": {"equals-ignore-case": "x", "y": 1}}]}, "one key"),
    "suffix of null": ({"a": [{"suffix": None}]}, "cannot have null"),
    "equals-ignore-case of a list": ({"a": [{"equals-ignore-case": ["x"]}]}, "cannot have ["),
    "two wildcards": ({"a": [{"wildcard": "a**"}]}, "has **"),
    "a bad escape": ({"a": [{"wildcard": r"a\b"}]}, "a backslash that belongs to no"),
    "a backslash at the end": ({"a": [{"wildcard": "a\\"}]}, "a backslash that belongs to no"),
    "exists of text": ({"a": [{"exists": "false"}]}, "exists takes true or false"),
    "anything-but nothing": ({"a": [{"anything-but": []}]}, "anything-but cannot be []"),
    "anything-but null": ({"a": [{"anything-but": None}]}, "None is not a number"),
    "anything-but true": ({"a": [{"anything-but": [True]}]}, "True is not a number"),
    "anything-but a mix": ({"a": [{"anything-but": ["1", 1]}]}, "'1' is not a number"),
    "anything-but a huge number": ({"a": [{"anything-but": 111122223333}]}, "within 5e9"),
    "anything-but exists": ({"a": [{"anything-but": {"exists": True}}]}, 'cannot hold "exists"'),
    "anything-but an empty prefix": ({"a": [{"anything-but": {"prefix": ""}}]}, "anything-but cannot be"),
    "anything-but no suffixes": ({"a": [{"anything-but": {"suffix": []}}]}, "anything-but cannot be"),
    "anything-but a number's prefix": ({"a": [{"anything-but": {"prefix": [1]}}]}, "cannot have 1"),
    "numeric without a list": ({"a": [{"numeric": 5}]}, "numeric takes a list"),
    "numeric of nothing": ({"a": [{"numeric": []}]}, "numeric takes a list"),
    "numeric without a number": ({"a": [{"numeric": [">"]}]}, "numeric takes a list"),
    "numeric of text": ({"a": [{"numeric": [">", "5"]}]}, "'5' is not a number"),
    "numeric too large": ({"a": [{"numeric": [">", 5_000_000_001]}]}, "within 5e9"),
    "numeric too precise": ({"a": [{"numeric": [">", 0.0000001]}]}, "six decimals"),
    "numeric of another sign": ({"a": [{"numeric": ["!=", 5]}]}, "cannot have the signs !="),
    "numeric range downwards": ({"a": [{"numeric": ["<", 5, ">", 0]}]}, "cannot have the signs <, >"),
    "numeric range upside down": ({"a": [{"numeric": [">", 5, "<", 5]}]}, "upside down"),
    "cidr without a mask": ({"a": [{"cidr": "10.0.0.0"}]}, "cidr takes a block"),
    "cidr of one address": ({"a": [{"cidr": "10.0.0.0/32"}]}, "a mask up to /31"),
    "cidr of one IPv6 address": ({"a": [{"cidr": "::1/128"}]}, "a mask up to /31"),
    "cidr of a name": ({"a": [{"cidr": "localhost/8"}]}, "cidr takes a block"),
    "cidr of no address": ({"a": [{"cidr": "10.0.0.256/8"}]}, "cidr takes a block"),
    "$or of one": ({"$or": [{"a": ["1"]}]}, "$or in the pattern must be a list of two or more objects"),
    "$or of none": ({"x": {"$or": []}}, "$or in x must be a list of two or more objects"),
    "$or of an empty object": ({"$or": [{"a": ["1"]}, {}]}, "an object with a field or more"),
    "$or of a reserved name": (
        {"$or": [{"a": ["1"]}, {"b": {"regex": ["x"]}}]},
        "b cannot have a field called 'regex'",
    ),
    "a path within and beside $or": (
        {"a": ["1"], "$or": [{"a": ["2"]}, {"b": ["1"]}]},
        "a is in the pattern more than once",
    ),
    "a path spelled two ways": ({"a.b": ["1"], "a": {"b": ["2"]}}, "a.b is in the pattern more than once"),
    "too many combinations": (
        {name: {"$or": [{f"f{i}": ["1"]} for i in range(11)]} for name in "abc"},
        "more than 1,000 combinations",
    ),
}


@pytest.mark.parametrize(("pattern", "part"), REFUSED.values(), ids=REFUSED)
def test_refused(pattern: Any, part: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert part in str(caught.value)


ASSUMED = compile_pattern(
    {
        "source": ["aws.sts"],
        "detail": {
            "errorCode": [{"exists": False}],
            "$or": [
                {"eventName": ["AssumeRole"], "requestParameters": {"roleArn": [{"equals-ignore-case": ROLE}]}},
                {"eventName": ["SwitchRole"], "x": {"y": ["1"]}, "z": [{"prefix": "a"}, {"anything-but": "b"}]},
            ],
        },
    }
)
EXPECTED = f'the pattern wants it to equal, ignoring case, "{ROLE}"'
DENIED = {"eventName": "AssumeRole", "errorCode": "AccessDenied", "requestParameters": None}
# name: (event, why it does not match)
EXPLAINED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "it matches": (
        {"source": "aws.sts", "detail": {"eventName": "AssumeRole", "requestParameters": {"roleArn": ROLE}}},
        [],
    ),
    "of the nearest alternative": (
        {"source": "aws.sts", "detail": DENIED},
        [
            'detail.errorCode is "AccessDenied"; the pattern wants it to be absent',
            f"detail.requestParameters.roleArn is absent, as detail.requestParameters is null; {EXPECTED}",
        ],
    ),
    "an object": (
        {"source": "aws.sts", "detail": {"eventName": "AssumeRole", "requestParameters": {"roleArn": {}}}},
        [f"detail.requestParameters.roleArn is an object; {EXPECTED}"],
    ),
    "an empty array": (
        {"source": "aws.sts", "detail": {"eventName": "AssumeRole", "requestParameters": {"roleArn": []}}},
        [f"detail.requestParameters.roleArn is absent; {EXPECTED}"],
    ),
    "several values": (
        {"source": "aws.sts", "detail": {"eventName": "AssumeRole", "requestParameters": {"roleArn": ["a", None]}}},
        [f'detail.requestParameters.roleArn is ["a", null]; {EXPECTED}'],
    ),
    "a long value": (
        {"source": "x" * 500, "detail": {"eventName": "SwitchRole", "x": {"y": "1"}, "z": "b"}},
        [
            'detail.z is "b"; the pattern wants it to begin with "a" or to be present and not to equal "b"',
            f'source is "{"x" * 118}...{"x" * 117}"; the pattern wants it to equal "aws.sts"',
        ],
    ),
}


@pytest.mark.parametrize(("event", "sentences"), EXPLAINED.values(), ids=EXPLAINED)
def test_explain(event: dict[str, Any], sentences: list[str]) -> None:
    assert [str(mismatch) for mismatch in ASSUMED.explain(event)] == sentences


def test_explain_array_consistency() -> None:
    mismatches = compile_pattern({"x": AB}).explain({"x": [{"a": "1"}, {"b": "2"}]})
    assert mismatches == (Mismatch("x.a + x.b", "right only across elements of an array", "to be right within one"),)


def test_fields_are_those_of_every_alternative() -> None:
    assert ASSUMED.fields == (
        "detail.errorCode",
        "detail.eventName",
        "detail.requestParameters.roleArn",
        "detail.x.y",
        "detail.z",
        "source",
    )


names = st.sampled_from(["a", "b", "c"])
words = st.sampled_from(["", "a", "ab", "AB", "b*", "10.0.0.1", "\\"])
scalars = st.one_of(words, st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.integers())
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
events = st.dictionaries(names, values, max_size=3)
operators = st.sampled_from(["prefix", "suffix", "wildcard", "exists", "numeric", "cidr", "anything-but", "no-such"])
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | operators | st.just("$or"), inner, max_size=3),
)
texts = st.sampled_from(["a", "ab", "b"])
items = st.one_of(
    scalars,
    st.builds(
        lambda operator, text: {operator: text}, st.sampled_from(["prefix", "suffix", "equals-ignore-case"]), texts
    ),
    st.builds(lambda present: {"exists": present}, st.booleans()),
    st.builds(lambda text: {"anything-but": text}, texts),
    st.builds(lambda number: {"numeric": [">", number]}, st.integers(-3, 3)),
)
leaves = st.lists(items, min_size=1, max_size=3)
bodies = st.recursive(leaves, lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3), max_leaves=6)
patterns = st.dictionaries(names, bodies, min_size=1, max_size=3)


@given(anything, events)
def test_what_is_no_pattern_is_refused_and_nothing_else_happens(pattern: Any, event: dict[str, Any]) -> None:
    try:
        compiled = compile_pattern(pattern)
    except PatternError as error:
        assert str(error)  # noqa: PT017 - whether it is refused depends on the example
    else:
        assert compiled.matches(event) == (not compiled.explain(event))


@given(st.lists(patterns, min_size=2, max_size=4), events)
def test_or_is_the_union(options: list[Any], event: dict[str, Any]) -> None:
    union = any(compile_pattern(option).matches(event) for option in options)
    assert compile_pattern({"$or": options}).matches(event) == union


@given(patterns, events, st.randoms(use_true_random=False))
def test_the_order_of_arrays_and_fields_is_nothing(pattern: Any, event: dict[str, Any], chance: random.Random) -> None:
    def shuffled(node: Any) -> Any:
        if isinstance(node, list):
            return [shuffled(child) for child in chance.sample(node, len(node))]
        if isinstance(node, dict):
            pairs = chance.sample(list(node.items()), len(node))
            return {name: child if name == "numeric" else shuffled(child) for name, child in pairs}
        return node

    compiled = compile_pattern(pattern)
    assert compiled.matches(shuffled(event)) == compiled.matches(event)
    assert compile_pattern(shuffled(pattern)).matches(event) == compiled.matches(event)


@given(
    st.sampled_from([None, "prefix", "suffix", "equals-ignore-case", "wildcard"]),
    st.lists(st.sampled_from(["a", "ab", "B", "a*"]), min_size=1),
    scalars,
)
def test_anything_but_is_the_complement_where_the_field_is(
    operator: str | None, expected: list[str], value: Any
) -> None:
    direct = [{operator: text} for text in expected] if operator else expected
    but = compile_pattern({"f": [{"anything-but": {operator: expected} if operator else expected}]})
    assert but.matches({"f": value}) != compile_pattern({"f": direct}).matches({"f": value})
    assert not but.matches({})


@given(patterns, events)
def test_an_array_of_one_object_is_that_object(pattern: Any, event: dict[str, Any]) -> None:
    assert compile_pattern({"in": pattern}).matches({"in": [event]}) == compile_pattern(pattern).matches(event)
