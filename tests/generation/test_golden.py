"""The templates of every golden case, as text; what AWS would say to them; and that JSON says the same as YAML."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from golden_cases import CASES, golden_files
from paths import ROOT, STARTER

from cfn_breakglass import load_config, template_files
from cfn_breakglass.analysis.diagram.from_templates import picture_of
from cfn_breakglass.analysis.diagram.svg import svg
from cfn_breakglass.analysis.validation.folder import validate_folder
from cfn_breakglass.aws import limits

COMMITTED = [*CASES, ROOT]


def folder(case: Path) -> Path:
    """Where the templates of a case are."""
    return case / "templates" if case == ROOT else case


@pytest.mark.parametrize("case", COMMITTED, ids=lambda case: case.name)
def test_templates_are_the_golden_ones(case: Path) -> None:
    for name, text in golden_files(case).items():
        assert text == (folder(case) / name).read_text(encoding="utf-8"), f"{case.name}/{name}: make golden"


@pytest.mark.parametrize("case", COMMITTED, ids=lambda case: case.name)
def test_aws_would_take_the_templates_in_every_region(case: Path) -> None:
    assert validate_folder(folder(case)).findings == []


@pytest.mark.parametrize("case", COMMITTED, ids=lambda case: case.name)
def test_json_says_the_same_as_yaml(case: Path, tmp_path: Path) -> None:
    config, _ = load_config(case / "breakglass.yaml")
    for name, text in template_files(config, "json").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        same = (folder(case) / name).with_suffix(".yaml").read_text(encoding="utf-8")
        assert json.loads(text) == yaml.safe_load(same)
        assert len(text.encode()) <= limits.TEMPLATE.maximum
    if case.name == "everything":  # what is the same data is judged the same
        assert validate_folder(tmp_path).findings == []


@pytest.mark.parametrize("case", COMMITTED, ids=lambda case: case.name)
def test_the_template_of_the_other_regions_needs_no_bucket(case: Path) -> None:
    text = (folder(case) / "stackset.yaml").read_text(encoding="utf-8")
    assert len(text.encode()) <= limits.TEMPLATE_BODY.maximum


def test_the_picture_is_that_of_the_templates() -> None:
    drawn = (ROOT / "templates" / "diagram.svg").read_text(encoding="utf-8")
    assert drawn == svg(picture_of(ROOT / "templates")), "make golden"


def test_no_case_suppresses_a_lint_rule() -> None:
    for case in COMMITTED:
        for name in ("main-region.yaml", "stackset.yaml"):
            assert "cfn-lint" not in (folder(case) / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("case", COMMITTED, ids=lambda case: case.name)
def test_stackset_can_go_anywhere_without_questions(case: Path) -> None:
    template = yaml.safe_load((folder(case) / "stackset.yaml").read_text(encoding="utf-8"))
    assert "Parameters" not in template
    assert not [held["Type"] for held in template["Resources"].values() if held["Type"].startswith("AWS::IAM::")]


@pytest.mark.parametrize("case", COMMITTED, ids=lambda case: case.name)
def test_templates_are_plain_long_form_yaml_in_aws_order(case: Path) -> None:
    order = ["AWSTemplateFormatVersion", "Description", "Metadata", "Rules", "Mappings", "Resources", "Outputs"]
    for name in ("main-region.yaml", "stackset.yaml"):
        text = (folder(case) / name).read_text(encoding="utf-8")
        template = yaml.safe_load(text)
        assert list(template) == [section for section in order if section != "Mappings" or section in template]
        tokens = list(yaml.scan(text))
        assert not [token for token in tokens if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken)]


def test_the_starter_is_the_committed_config() -> None:
    assert (ROOT / "breakglass.yaml").read_text(encoding="utf-8") == STARTER.read_text(encoding="utf-8")
