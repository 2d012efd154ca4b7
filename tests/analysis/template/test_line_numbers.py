"""The line of each part of a template, YAML or JSON."""

from __future__ import annotations

import json

import pytest
from paths import TEMPLATES

from cfn_breakglass.analysis.template.line_numbers import LineNumbers
from cfn_breakglass.analysis.template.reader import parse

TEXT = """\
# generated
Description: About
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: alerts
  Policy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics:
      - !Ref Topic
      - Fn::GetAtt: [Topic,
          Arn]
      PolicyDocument: {"Statement": [
        {"Sid": "One"},
        {"Sid": "Two"}]}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("Description",), 2),
        (("Resources",), 3),
        (("Resources", "Topic"), 4),
        (("Resources", "Topic", "Properties", "TopicName"), 7),
        (("Resources", "Policy"), 8),
        (("Resources", "Policy", "Properties", "Topics", 0), 12),
        (("Resources", "Policy", "Properties", "Topics", 1), 13),
        (("Resources", "Policy", "Properties", "Topics", 1, "Fn::GetAtt", 1), 14),
        (("Resources", "Policy", "Properties", "PolicyDocument", "Statement", 1, "Sid"), 17),
    ],
    ids=str,
)
def test_each_part_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert LineNumbers(TEXT).line_of(*path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("Resources", "Topic", "Properties", "KmsMasterKeyId"), 6),
        (("Resources", "Topic", "Condition", "Deep", 3), 4),
        (("Resources", "Policy", "Properties", "Topics", 0, "Ref"), 12),
        (("Resources", "Nobody"), 3),
        (("Outputs", "RoleArn"), 1),
        ((), 1),
    ],
    ids=str,
)
def test_what_is_not_in_the_file_has_the_line_of_what_is_around_it(path: tuple[str | int, ...], line: int) -> None:
    assert LineNumbers(TEXT).line_of(*path) == line


@pytest.mark.parametrize("indent", [2, "\t"], ids=["blanks", "tabs"])
def test_json_has_lines(indent: str | int) -> None:
    template = {
        "Description": "tabs\t, a pair \U0001f600, a slash / and \\ud83d, \x7f",
        "Resources": {"A": {"Type": "B", "Properties": {"Names": ["a", "b"]}}, "C": {"Type": "D"}},
    }
    text = json.dumps(template, indent=indent).replace("/", r"\/")
    parse(text, "t.json")
    lines = LineNumbers(text)
    assert [lines.line_of("Resources", name) for name in template["Resources"]] == [4, 13]
    assert lines.line_of("Resources", "A", "Properties", "Names", 1) == 9
    assert LineNumbers(json.dumps(template)).line_of("Resources", "C") == 1


def test_lines_of_the_committed_templates() -> None:
    for path in sorted(TEMPLATES.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        lines = LineNumbers(text)
        for logical_id in parse(text, str(path))["Resources"]:
            line = lines.line_of("Resources", logical_id)
            assert text.splitlines()[line - 1] == f"  {logical_id}:", (path, logical_id)
