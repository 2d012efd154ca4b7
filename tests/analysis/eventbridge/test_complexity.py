"""How complex wildcards are, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass.analysis.eventbridge.complexity import complexity


def wildcards(*texts: str) -> list[dict[str, str]]:
    return [{"wildcard": text} for text in texts]


@pytest.mark.parametrize(
    ("pattern", "positions"),
    [
        ({"a": ["x", {"prefix": "y"}]}, 0),
        ({"a": wildcards("ab*")}, 1),
        ({"a": wildcards("*b")}, 2),  # after a b: at the star, and at the end
        ({"a": wildcards("*ab*", "*b")}, 4),  # the example of the module
        ({"a": wildcards("*ab*"), "b": wildcards("*b")}, 3),  # fields do not add up
        ({"$or": [{"a": wildcards("*ab*")}, {"a": wildcards("*b")}]}, 4),  # alternatives do
        ({"a": [{"anything-but": {"wildcard": ["*ab*", "*b"]}}]}, 4),
        ({"a": {"wildcard": {"b": wildcards("*b")}}}, 2),  # a field called wildcard
    ],
    ids=str,
)
def test_complexity(pattern: dict[str, Any], positions: int) -> None:
    assert complexity(pattern) == positions
