"""The templates of every golden case, as text; what AWS would say to them; and that JSON says the same as YAML."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from golden_cases import CASES, golden_files, templates_folder
from paths import GOLDEN, ROOT, STARTER
from template_data import resources_of, template_data

from cfn_breakglass import load_config, template_files
from cfn_breakglass.analysis.diagram.from_templates import picture_of
from cfn_breakglass.analysis.diagram.svg import svg
from cfn_breakglass.analysis.validation.folder import validate_folder
from cfn_breakglass.aws import limits

COMMITTED = [*CASES, ROOT]
VALIDATED_QUICKLY = (
    "everything",
    "deployer-user",
    "existing-role-managed",
    "managed-rollout",
    "organization-managed",
)
"""Cases that together hold every property of every type of resource: cfn-lint takes a second for each."""

every_case = pytest.mark.parametrize("case", COMMITTED, ids=lambda case: case.name)


def committed(case: Path, name: str) -> str:
    return (templates_folder(case) / name).read_text(encoding="utf-8")


@every_case
def test_templates_are_the_golden_ones(case: Path) -> None:
    for name, text in golden_files(case).items():
        assert text == committed(case, name), f"{case.name}/{name}: make golden"


def assert_valid(case: Path) -> None:
    assert validate_folder(templates_folder(case)).findings == []


@pytest.mark.parametrize("name", VALIDATED_QUICKLY)
def test_aws_accepts_the_templates_in_every_region(name: str) -> None:
    assert_valid(GOLDEN / name)


@pytest.mark.thorough("cfn-lint and AWS's limits over the templates of every golden case")
@pytest.mark.parametrize(
    "case", [case for case in COMMITTED if case.name not in VALIDATED_QUICKLY], ids=lambda case: case.name
)
def test_aws_accepts_the_templates_of_every_case(case: Path) -> None:
    assert_valid(case)


def properties_of(case: Path) -> set[tuple[str, str]]:
    """Every type of resource in the templates of a case, with every property that is set."""
    return {
        (resource["Type"], name)
        for path in templates_folder(case).glob("*.yaml")
        if path.name != "breakglass.yaml"
        for resource in resources_of(path.read_text(encoding="utf-8")).values()
        for name in resource.get("Properties", {})
    }


@pytest.mark.thorough("cfn-lint and AWS's limits over the templates of every golden case")
def test_the_quick_cases_hold_every_property() -> None:
    quick = set[tuple[str, str]]().union(*(properties_of(GOLDEN / name) for name in VALIDATED_QUICKLY))
    missing = {case.name: properties_of(case) - quick for case in COMMITTED}
    assert {name: properties for name, properties in missing.items() if properties} == {}


@every_case
def test_json_says_the_same_as_yaml(case: Path, tmp_path: Path) -> None:
    config, _ = load_config(case / "breakglass.yaml")
    for name, text in template_files(config, "json").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        same = template_data(committed(case, Path(name).with_suffix(".yaml").name))
        assert json.loads(text) == same
        assert len(text.encode()) <= limits.TEMPLATE.maximum, f"{case.name}/{name} is too large"
    if case.name == "smallest":  # what is the same data is judged the same
        assert validate_folder(tmp_path).findings == []


@every_case
def test_the_template_of_the_other_regions_needs_no_bucket(case: Path) -> None:
    text = committed(case, "stackset.yaml")
    assert len(text.encode()) <= limits.TEMPLATE_BODY.maximum


def test_the_picture_is_that_of_the_templates() -> None:
    drawn = (ROOT / "templates" / "diagram.svg").read_text(encoding="utf-8")
    assert drawn == svg(picture_of(ROOT / "templates")), "make golden"


def test_no_case_suppresses_a_lint_rule() -> None:
    for case in COMMITTED:
        for name in ("main-region.yaml", "stackset.yaml"):
            assert "cfn-lint" not in committed(case, name), f"{case.name}/{name}"


@every_case
def test_stackset_can_go_anywhere_without_questions(case: Path) -> None:
    text = committed(case, "stackset.yaml")
    assert "Parameters" not in template_data(text)
    assert [name for name, resource in resources_of(text).items() if resource["Type"].startswith("AWS::IAM::")] == []


@every_case
def test_templates_are_yaml_without_aliases_in_aws_order(case: Path) -> None:
    before = ["AWSTemplateFormatVersion", "Description", "Metadata", "Rules", "Mappings", "Conditions"]
    order = [*before, "Resources", "Outputs"]
    for name in {"main-region.yaml", "accounts.yaml", "stackset.yaml"} & golden_files(case).keys():
        text = committed(case, name)
        template = template_data(text)
        # The template of all regions of an organization can be deployed in any of them.
        optional = {"Mappings", "Conditions", "Outputs", *(["Rules"] if "organization" in case.name else [])}
        assert list(template) == [section for section in order if section not in optional or section in template]
        tokens = list(yaml.scan(text, Loader=yaml.CSafeLoader))
        assert not [token for token in tokens if isinstance(token, yaml.AliasToken | yaml.AnchorToken)]
        assert not re.findall(r'(?<!")Fn::|\bRef:', text), "an intrinsic function has its short form"


def test_the_starter_is_the_committed_config() -> None:
    assert (ROOT / "breakglass.yaml").read_text(encoding="utf-8") == STARTER.read_text(encoding="utf-8")


def test_no_text_depends_on_the_order_of_a_set() -> None:
    """Python gives texts another hash in each process, unless it is told a seed."""
    cases = [str(GOLDEN / name / "breakglass.yaml") for name in ("everything", "existing-bus", "one-region")]
    script = (
        f"import hashlib; from cfn_breakglass import load_config, output_files; from pathlib import Path;"
        f"texts = [str(output_files(load_config(Path(case))[0])) for case in {cases}];"
        f"print([hashlib.sha256(text.encode()).hexdigest() for text in texts])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(printed) == 1
