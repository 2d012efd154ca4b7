"""Short forms of intrinsic functions are read as their long forms, by every command."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from golden_cases import quickly
from paths import EVENTS, GOLDEN
from template_data import read_yaml

from cfn_breakglass.analysis.template.decoder import decode_template
from cfn_breakglass.analysis.template.reader import parse
from cfn_breakglass.cli.app import cli
from cfn_breakglass.errors import UnreadableTemplateError


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref Topic", {"Ref": "Topic"}),
        ("!Ref AWS::Region", {"Ref": "AWS::Region"}),
        ("[!Ref AWS::Region, 1]", [{"Ref": "AWS::Region"}, 1]),
        ("!Condition IsMain", {"Condition": "IsMain"}),
        ("!GetAtt Topic.TopicArn", {"Fn::GetAtt": ["Topic", "TopicArn"]}),
        ("!GetAtt Nested.Outputs.Arn", {"Fn::GetAtt": ["Nested", "Outputs.Arn"]}),
        ("!GetAtt [Topic, TopicArn]", {"Fn::GetAtt": ["Topic", "TopicArn"]}),
        ("!GetAtt\n- Topic\n- !Ref Name", {"Fn::GetAtt": ["Topic", {"Ref": "Name"}]}),
        ("!Sub '${AWS::Region}-x'", {"Fn::Sub": "${AWS::Region}-x"}),
        ("!Sub |\n  a\n  ${B}\n", {"Fn::Sub": "a\n${B}\n"}),
        ("!Sub ['${n}', {n: !Ref Name}]", {"Fn::Sub": ["${n}", {"n": {"Ref": "Name"}}]}),
        ("!Join ['-', [a, 3, !Ref B]]", {"Fn::Join": ["-", ["a", 3, {"Ref": "B"}]]}),
        ("!If [IsMain, !Ref AWS::NoValue, {a: b}]", {"Fn::If": ["IsMain", {"Ref": "AWS::NoValue"}, {"a": "b"}]}),
        ("!FindInMap [Names, !Ref AWS::Region, Bus]", {"Fn::FindInMap": ["Names", {"Ref": "AWS::Region"}, "Bus"]}),
        ("!Not [!Equals [a, b]]", {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}),
        (
            "!And [!Condition A, !Or [!Condition B]]",
            {"Fn::And": [{"Condition": "A"}, {"Fn::Or": [{"Condition": "B"}]}]},
        ),
        ("!Contains [[us-east-1], !Ref AWS::Region]", {"Fn::Contains": [["us-east-1"], {"Ref": "AWS::Region"}]}),
        ("!Select [0, !Split [',', a]]", {"Fn::Select": [0, {"Fn::Split": [",", "a"]}]}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!Sub 2012-10-17", {"Fn::Sub": "2012-10-17"}),
        ("!Transform {Name: N}", {"Fn::Transform": {"Name": "N"}}),
        ("Fn::Base64: !Sub a", {"Fn::Base64": {"Fn::Sub": "a"}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_short_form_is_read_as_its_long_form(short: str, long: Any) -> None:
    assert decode_template(short, "t.yaml") == long


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("!Reff A", "!Reff is not an intrinsic function of CloudFormation"),
        ("!getatt A.B", "!getatt is not an intrinsic function of CloudFormation"),
        ("!Fn::Sub a", "!Fn::Sub is not an intrinsic function of CloudFormation"),
        ("!!python/name:os.system x", "could not determine a constructor for the tag 'tag:yaml.org"),
    ],
)
def test_an_unknown_tag_is_one_message_with_file_and_line(tag: str, reason: str) -> None:
    text = f"Resources:\n  A:\n    Type: T\n    Properties:\n      X:\n      - a\n      - {tag}\n"
    with pytest.raises(UnreadableTemplateError) as caught:
        parse(text, "my.yaml")
    assert str(caught.value).startswith(f"my.yaml: line 7: not a template: {reason}")
    assert "\n" not in str(caught.value)


def test_a_key_that_stands_twice_in_an_argument_is_an_error() -> None:
    with pytest.raises(UnreadableTemplateError, match=r"^t.yaml: line 2: not a template: a key stands twice$"):
        decode_template("A:\n  !Transform {Name: a, Name: b}", "t.yaml")


class _Formatted(yaml.CSafeDumper):
    """A formatter: no comments, blocks only, and each intrinsic function in its short form."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _short_form(dumper: _Formatted, mapping: dict[str, Any]) -> yaml.Node:
    (name, argument), *more = mapping.items() if mapping else [("", "")]
    is_function = re.fullmatch("Ref|Fn::.*", name) or (name == "Condition" and isinstance(argument, str))
    if more or not is_function:
        return dumper.represent_dict(mapping)
    tag = f"!{name.removeprefix('Fn::')}"
    if name == "Fn::GetAtt":
        return dumper.represent_scalar(tag, ".".join(argument))
    if isinstance(argument, str):
        return dumper.represent_scalar(tag, argument)
    return dumper.represent_sequence(tag, argument)


_Formatted.add_representer(dict, _short_form)


def formatted(text: str) -> str:
    """The template in ``text`` as a formatter writes it."""
    return yaml.dump(read_yaml(text), Dumper=_Formatted, sort_keys=False, default_flow_style=False, width=10_000)


CASE = GOLDEN / "managed-rollout"
SAMPLE = str(EVENTS / "RoleAssumed" / "raises-saml.json")
COMMANDS = (
    ["simulate", "--json", SAMPLE],
    ["simulate", "--explain", SAMPLE],
    ["trust"],
    ["diagram"],
    ["diagram", "--format", "mermaid"],
)


@pytest.mark.parametrize("case", quickly("deployer", "everything", adds="every golden case in the short form"))
def test_a_formatted_template_is_the_same_template(case: Path) -> None:
    for path in set(case.glob("*.yaml")) - {case / "breakglass.yaml"}:
        text = path.read_text(encoding="utf-8")
        short = formatted(text)
        assert not re.search(r"(^| )('?Fn::\w+'?|Ref): ", short, re.MULTILINE), path
        assert decode_template(short, str(path)) == decode_template(text, str(path)), path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a golden case, its templates as a formatter writes them."""
    for path in CASE.glob("*.*"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(formatted(text) if path.suffix == ".yaml" else text, encoding="utf-8")
    short = (tmp_path / "main-region.yaml").read_text(encoding="utf-8")
    assert all(f" {tag} " in short for tag in ("!Ref", "!GetAtt", "!Sub")), short
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_formatted_template_gives_the_same_answers(
    command: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for templates in (CASE, folder):
        monkeypatch.chdir(templates)
        results.append(CliRunner().invoke(cli, [*command, "--templates", "."]))
    golden, short = results
    assert (short.exit_code, short.output) == (golden.exit_code, golden.output)
    assert golden.exit_code != 2, golden.output


def test_a_formatted_template_is_as_valid(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(cli, ["validate", "--templates", "."])
    assert done.exit_code == 0, done.output
    assert re.search(r"^stackset.yaml: 0 problems in \d+ regions$", done.output, re.MULTILINE), done.output
