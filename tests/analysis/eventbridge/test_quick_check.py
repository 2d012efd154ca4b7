"""The quick answer for a field is that of the thorough path, or that it has to be asked."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass.analysis.eventbridge.array_matching import matches_in_arrays
from cfn_breakglass.analysis.eventbridge.pattern import compile_pattern
from cfn_breakglass.analysis.eventbridge.quick_check import all_hold, quick_checks

PATTERN = {"detail": {"userIdentity": {"type": ["Root"]}}}
ABSENT_OR_ROOT = {"detail": {"userIdentity": {"type": ["Root", {"exists": False}]}}}
PREFIX = {"detail": {"userIdentity": {"type": [{"prefix": "Ro"}]}}}
PRESENT = {"detail": {"userIdentity": {"type": [{"exists": True}]}}}


@pytest.mark.parametrize(
    ("pattern", "detail", "answer"),
    [
        (PATTERN, {"userIdentity": {"type": "Root"}}, True),
        (PATTERN, {"userIdentity": {"type": "Role"}}, False),
        (PATTERN, {}, False),
        (PATTERN, {"userIdentity": [{"type": "Root"}]}, None),
        (PATTERN, {"userIdentity": {"type": ["Root"]}}, None),
        (PATTERN, {"userIdentity": {"type": {"Root": "Root"}}}, False),
        (PATTERN, {"userIdentity": "Root"}, False),
        (PATTERN, {"userIdentity": {"type": None}}, False),
        (ABSENT_OR_ROOT, {}, True),
        (ABSENT_OR_ROOT, {"userIdentity": "Root"}, True),
        (ABSENT_OR_ROOT, {"userIdentity": {"type": {}}}, True),
        (ABSENT_OR_ROOT, {"userIdentity": {"type": "Role"}}, False),
        (ABSENT_OR_ROOT, {"userIdentity": []}, None),
        (PREFIX, {"userIdentity": {"type": "Role"}}, True),
        (PREFIX, {"userIdentity": {"type": "User"}}, False),
        (PRESENT, {"userIdentity": {"type": None}}, True),
        (PRESENT, {"userIdentity": {}}, False),
    ],
    ids=str,
)
def test_a_field(pattern: dict[str, Any], detail: dict[str, Any], answer: bool | None) -> None:  # noqa: FBT001 - a table's column
    (matchers,) = compile_pattern(pattern).branches
    event = {"detail": detail}
    assert all_hold(quick_checks(matchers), event) is answer
    if answer is not None:
        assert matches_in_arrays(event, matchers) is answer


def test_a_field_that_fails_decides_whatever_lies_in_arrays() -> None:
    (matchers,) = compile_pattern({"a": ["1"], "b": {"c": ["2"]}}).branches
    checks = quick_checks(matchers)
    assert all_hold(checks, {"a": "0", "b": [{"c": "2"}]}) is False
    assert all_hold(checks, {"a": "1", "b": [{"c": "2"}]}) is None
    assert all_hold(checks, {"a": "1", "b": {"c": "2"}}) is True
