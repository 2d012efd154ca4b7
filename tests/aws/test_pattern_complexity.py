"""Wildcards that EventBridge counts together: those of one field, however the pattern comes to hold them."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass.aws.pattern_complexity import complexity

FIRST, SECOND = {"wildcard": "*a*b"}, {"wildcard": "*c*d"}
TOGETHER: dict[str, dict[str, Any]] = {
    "in a list": {"x": [FIRST, SECOND]},
    "in alternatives": {"$or": [{"x": [FIRST]}, {"x": [SECOND]}]},
    "one of them forbidden": {"x": [FIRST, {"anything-but": SECOND}]},
    "both forbidden": {"x": [{"anything-but": {"wildcard": ["*a*b", "*c*d"]}}]},
}


def test_the_wildcards_of_two_fields_do_not_add_up() -> None:
    alone = complexity({"x": [FIRST]})
    assert complexity({"x": [FIRST], "y": [SECOND]}) == alone
    assert complexity({"x": {"y": [FIRST]}, "z": {"y": [SECOND]}}) == alone


@pytest.mark.parametrize("pattern", TOGETHER.values(), ids=TOGETHER)
def test_the_wildcards_of_a_field_add_up(pattern: dict[str, Any]) -> None:
    assert complexity(pattern) == complexity(TOGETHER["in a list"]) > complexity({"x": [FIRST]})
