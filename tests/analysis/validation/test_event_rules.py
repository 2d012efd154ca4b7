"""Event patterns and input transformers that EventBridge does not take."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass.analysis.template.reader import Stack, resolve
from cfn_breakglass.analysis.validation.event_rules import InvalidRule, invalid_rules


def stack_of(**rules: dict[str, Any]) -> Stack:
    """Resolve a template with these rules, by logical ID."""
    resources = {
        name: {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["aws.sts"]}, **properties}}
        for name, properties in rules.items()
    }
    return resolve({"Resources": resources}, account="111122223333", region="us-east-1")


def transformed(template: str, paths: dict[str, str]) -> dict[str, Any]:
    return {"Targets": [{"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}]}


@pytest.mark.parametrize("name", ["user-name", "user_name", "", "AWSuser", "é"])
def test_an_input_path_of_an_invalid_name(name: str) -> None:
    stack = stack_of(R=transformed('"x"', {"user": "$.a", "aws1": "$.b", name: "$.c"}))
    message = f"the input path {name!r} needs a name of letters and digits that does not start with AWS"
    assert invalid_rules(stack) == [InvalidRule("input-transformer-invalid", "R", message)]


@pytest.mark.parametrize(
    ("template", "paths", "expected"),
    [('"<who>"', {}, "who"), ("<user", {"user": "$.a"}, ""), ('"<user>"', {"user": "a"}, "a")],
    ids=["an unknown name", "no line of text", "no path"],
)
def test_an_invalid_input_transformer(template: str, paths: dict[str, str], expected: str) -> None:
    (invalid,) = invalid_rules(
        stack_of(Good=transformed('"<user>"', {"user": "$.a"}), Bad=transformed(template, paths))
    )
    assert (invalid.rule_id, invalid.logical_id) == ("input-transformer-invalid", "Bad")
    assert expected in invalid.message


def test_an_invalid_pattern() -> None:
    (invalid,) = invalid_rules(stack_of(Good={}, Bad={"EventPattern": {"source": [{"prefixed": "aws."}]}}))
    assert (invalid.rule_id, invalid.logical_id) == ("event-pattern-invalid", "Bad")
    assert "prefixed" in invalid.message


def test_a_schedule_has_no_pattern_to_judge() -> None:
    schedule = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)"}}
    assert invalid_rules(resolve({"Resources": {"R": schedule}}, account="111122223333", region="us-east-1")) == []
