"""The YAML that is written, read back by readers that differ in what they take for a number."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden_cases import CASES, golden_files
from template_data import read_yaml

from cfn_breakglass import config_of, output_files
from cfn_breakglass.generation.yaml_format import as_yaml

SETTINGS: dict[str, Any] = {"main_region": "us-east-1", "regions": [], "alerts": {"emails": ["ops@example.com"]}}

# What YAML 1.2, Go, JavaScript or Ruby read as a number, a time or the like, and PyYAML as text.
NUMBER_LIKE = ("12e4", "1_000", "0o17", "1e3", "+1", "-5", ".5", "0x1F", "1.", "007", "12:30:45", "2031-03-10")


@pytest.mark.parametrize("name", NUMBER_LIKE)
def test_a_text_like_a_number_is_in_quotes(name: str) -> None:
    text = as_yaml({"Name": name, "Names": [name, "alice"]})
    assert text.count(f"'{name}'") == 2
    assert yaml.safe_load(text) == {"Name": name, "Names": [name, "alice"]}


@pytest.mark.parametrize(
    "word", ["true", "no", "null", "~", "", "a: b", "a #b", "*x", "&x", "!x", "[x", "{x", "\n", "é"]
)
def test_any_text_comes_back_as_that_text(word: str) -> None:
    data = {"Resources": {"A": {"Type": "T", "Properties": {"Text": word, "Texts": [word] * 7}}}}
    assert yaml.safe_load(as_yaml(data)) == data


def test_a_user_with_a_name_like_a_number_keeps_it_in_the_template() -> None:
    text = output_files(config_of(SETTINGS | {"usernames": ["12e4"]}))["main-region.yaml"]
    assert set(re.findall(r"(.)12e4(.)", text)) == {("'", "'"), ("/", "}")}


def test_no_alias_and_no_anchor_stands_in_yaml() -> None:
    """CloudFormation takes them and people who review do not."""
    shared = {"Effect": "Allow", "Action": ["s3:GetObject"]}
    text = as_yaml({"A": [shared, shared], "B": shared})
    assert not re.search(r"[&*]id", text)
    assert yaml.safe_load(text) == json.loads(json.dumps({"A": [shared, shared], "B": shared}))


@pytest.mark.parametrize(
    ("function", "short_form"),
    [
        ({"Ref": "AWS::Region"}, "!Ref 'AWS::Region'"),
        ({"Fn::GetAtt": ["Key", "Arn"]}, "!GetAtt Key.Arn"),
        ({"Fn::Sub": "${A}-b"}, "!Sub '${A}-b'"),
        ({"Fn::Sub": "a: ${A}"}, "!Sub 'a: ${A}'"),
        ({"Fn::Not": [{"Fn::Equals": [{"Ref": "A"}, "b"]}]}, "!Not [!Equals [!Ref A, b]]"),
        ({"Fn::FindInMap": ["A", "B", "C"]}, "!FindInMap [A, B, C]"),
        ({"Fn::Join": ["", ["a", {"Ref": "B"}]]}, "!Join ['', [a, !Ref B]]"),
    ],
)
def test_an_intrinsic_function_has_its_short_form(function: dict[str, Any], short_form: str) -> None:
    data = {"Resources": {"A": {"Properties": {"Text": function}}}}
    assert as_yaml(data).splitlines()[-1].strip() == f"Properties: {{Text: {short_form}}}"
    assert read_yaml(as_yaml(data)) == data


@pytest.mark.parametrize(
    "data", [{"Ref": ["A"]}, {"Ref": "A", "Fn::Sub": "b"}, {"Fn::GetAtt": ["A", "B", "C"]}, {"Fn::Other": "a"}]
)
def test_what_has_no_short_form_keeps_its_long_form(data: dict[str, Any]) -> None:
    assert yaml.safe_load(as_yaml({"A": data})) == {"A": data}


@pytest.mark.parametrize("case", CASES[:3], ids=lambda case: case.name)
def test_pyyaml_without_libyaml_writes_the_same(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_libyaml = golden_files(case)
    monkeypatch.delattr(yaml, "CSafeDumper")
    assert golden_files(case) == with_libyaml
