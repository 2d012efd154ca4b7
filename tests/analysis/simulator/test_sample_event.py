"""An event that a pattern matches, made from the pattern."""

from __future__ import annotations

from typing import Any

import pytest
from deployments import deploy_folder
from golden_cases import CASES, quickly
from paths import ROOT

from cfn_breakglass.analysis.eventbridge.stack_rules import rules_of
from cfn_breakglass.analysis.simulator.sample_event import sample_event
from cfn_breakglass.analysis.template.reader import resolve

ACCOUNT = "111122223333"
STATE = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def sample(pattern: dict[str, Any]) -> dict[str, Any] | None:
    resource = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern, "State": STATE}}
    stack = resolve({"Resources": {"R": resource}}, account=ACCOUNT, region="eu-west-1")
    (rule,) = rules_of(stack)
    event = sample_event(stack, rule, pattern)
    assert event is None or rule.fires_on(event)
    return event


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["a", "b"], "a"),
        ([True], True),
        ([7], 7),
        ([{"prefix": "aws."}], "aws."),
        ([{"prefix": {"equals-ignore-case": "aws."}}], "aws."),
        ([{"suffix": "/x"}], "/x"),
        ([{"equals-ignore-case": "A"}], "A"),
        ([{"wildcard": "*a*b"}], "xaxb"),
        ([{"anything-but": ["a"]}], "x"),
        ([{"exists": True}], "x"),
        ([{"cidr": "10.0.0.0/8"}], "10.0.0.0"),
        ([{"numeric": ["=", 5]}], 5),
        ([{"numeric": [">", 5]}], 6),
        ([{"numeric": ["<", 5]}], 4),
        ([{"numeric": [">=", 5, "<", 7]}], 5),
        ([{"anything-but": ["x"]}, "a"], "a"),
    ],
    ids=str,
)
def test_a_field_gets_the_first_value_that_fits(conditions: list[Any], expected: Any) -> None:
    event = sample({"detail": {"field": conditions}})
    assert event
    assert event["detail"] == {"field": expected}


def test_a_field_that_has_to_be_absent_is_absent() -> None:
    event = sample({"source": ["aws.sts"], "detail": {"a": ["b"], "errorCode": [{"exists": False}]}})
    assert event
    assert (event["source"], event["region"], event["detail"]) == ("aws.sts", "eu-west-1", {"a": "b"})


def test_alternatives_are_tried_until_one_agrees_with_the_rest() -> None:
    pattern = {
        "detail": {
            "$or": [
                {"request": {"name": [{"prefix": "a"}]}, "user": [{"exists": False}]},
                {"request": {"name": ["b"], "$or": [{"arn": ["c"]}, {"id": [1]}]}},
            ]
        }
    }
    event = sample(pattern)
    assert event
    assert event["detail"] == {"request": {"name": "a"}}


def test_fields_around_alternatives_are_kept() -> None:
    pattern = {"detail": {"request": {"name": ["a"]}, "$or": [{"request": {"id": [1]}}, {"user": ["u"]}]}}
    event = sample(pattern)
    assert event
    assert event["detail"] == {"request": {"name": "a", "id": 1}}


def test_or_may_be_the_name_of_a_field() -> None:
    event = sample({"detail": {"$or": ["a"], "b": ["c"]}})
    assert event
    assert event["detail"] == {"$or": "a", "b": "c"}


def test_there_may_be_none() -> None:
    assert sample({"detail": {"field": [{"anything-but": ["x"]}]}}) is None
    assert sample({"region": ["us-east-1"], "detail": {"a": [{"anything-but": {"prefix": "x"}}]}}) is None


@pytest.mark.parametrize(
    "folder",
    quickly("china", "one-region", cases=[*CASES, ROOT / "templates"], adds="an event for every rule of every case"),
)
def test_every_rule_of_the_committed_templates_has_one(folder: Any) -> None:
    for stack in deploy_folder(folder, account=ACCOUNT).values():
        resources = {rule.arn: rule for rule in stack.of_type("AWS::Events::Rule")}
        for rule in rules_of(stack):
            assert sample_event(stack, rule, resources[rule.arn].properties["EventPattern"]), rule.name
