"""The command ``validate`` on the files of an organization: those that are missing, left over or of another config."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result
from organization_samples import HUB, ORGANIZATION

from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.generation.files import write_files
from cfn_breakglass.generation.generate import output_files

SETTINGS: dict[str, Any] = {
    "main_region": "us-east-1",
    "regions": ["eu-west-1"],
    "usernames": ["alice"],
    "alerts": {"emails": ["ops@example.com"]},
}
OF_ORGANIZATION = {**SETTINGS, "organization": ORGANIZATION["organization"]}
OF_ANOTHER = {**SETTINGS, "organization": {**ORGANIZATION["organization"], "hub": "888888888888"}}


def write(folder: Path, settings: dict[str, Any], *names: str) -> None:
    """Write the files of these settings, or some of them."""
    files = output_files(config_of(settings))
    write_files(folder, {name: files[name] for name in names or files})


def validate(folder: Path, *options: str) -> Result:
    arguments = ["validate", "--templates", str(folder), *options]
    return CliRunner().invoke(cli, arguments, prog_name="cfn-breakglass", catch_exceptions=False)


class Found(NamedTuple):
    """A finding: its rule, the file and the logical ID that it blames, its line and its sentence."""

    rule: str
    file: str
    logical_id: str
    line: int
    message: str


def findings(folder: Path) -> list[Found]:
    listed = json.loads(validate(folder, "--format", "json").stdout)["findings"]
    return [
        Found(
            finding["rule_id"], Path(finding["file"]).name, finding["logical_id"], finding["line"], finding["message"]
        )
        for finding in listed
    ]


@pytest.mark.parametrize("rollout", ["console", "managed"])
def test_every_account_and_the_main_region_of_the_hub_are_judged(tmp_path: Path, rollout: str) -> None:
    write(tmp_path, {**OF_ORGANIZATION, "rollout": rollout})
    result = validate(tmp_path)
    assert result.exit_code == 0
    assert [line.removeprefix(f"{tmp_path}/") for line in result.stdout.splitlines()] == [
        "main-region.yaml: 0 problems in 1 region",
        "accounts.yaml: 0 problems in 1 region",
        "stackset.yaml: 0 problems in 2 regions",
        "guard-scp.json: 0 problems",
    ]


def test_the_template_of_the_accounts_has_to_be_there(tmp_path: Path) -> None:
    write(tmp_path, OF_ORGANIZATION)
    (tmp_path / "accounts.yaml").unlink()
    result = validate(tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"{tmp_path}/accounts.yaml: there is no such file\n"
        f"  create it with: cfn-breakglass generate --output {tmp_path}\n"
    )


@pytest.mark.parametrize("name", ["accounts.yaml", "stackset.yaml"])
def test_a_template_for_another_hub(tmp_path: Path, name: str) -> None:
    write(tmp_path, OF_ORGANIZATION)
    write(tmp_path, OF_ANOTHER, name)
    (finding,) = findings(tmp_path)
    assert (finding.rule, finding.file, finding.logical_id) == ("organization-differs", name, "")
    assert (tmp_path / name).read_text(encoding="utf-8").splitlines()[finding.line - 1] == "Metadata:"
    organization = "the organization o-a1b2c3d4e5 with the hub"
    assert finding.message == f"It is for {organization} 888888888888, and main-region is for {organization} {HUB}."


def test_a_template_for_other_units(tmp_path: Path) -> None:
    write(tmp_path, OF_ORGANIZATION)
    other = {**ORGANIZATION["organization"], "units": ["ou-ab12-11111111", "ou-ab12-22222222"]}
    write(tmp_path, {**SETTINGS, "organization": other}, "accounts.yaml")
    (finding,) = findings(tmp_path)
    organization = f"the organization o-a1b2c3d4e5 with the hub {HUB} and the units"
    assert (finding.rule, finding.message) == (
        "organization-differs",
        f"It is for {organization} ou-ab12-11111111, ou-ab12-22222222, and main-region is for {organization} r-ab12.",
    )


@pytest.mark.parametrize("detection", ["RoleAssumed", "RoleDenied"])
def test_nothing_is_forwarded_for_what_is_off(tmp_path: Path, detection: str) -> None:
    write(tmp_path, {**OF_ORGANIZATION, "detections": {detection: "off"}})
    assert findings(tmp_path) == []


def test_a_template_that_is_left_over_from_an_organization(tmp_path: Path) -> None:
    write(tmp_path, OF_ORGANIZATION)
    write(tmp_path, SETTINGS)
    (finding,) = findings(tmp_path)
    assert (finding.rule, finding.file) == ("organization-differs", "accounts.yaml")
    assert finding.message.endswith("and main-region is for one account.")


@pytest.mark.parametrize(
    ("stack_set", "file", "old", "new", "rule"),
    [
        ("AccountsStackSet", "accounts", '{"Service":"events', '{"Service":"sns', "role-trust-denies"),
        (
            "StackSet",
            "stackset",
            '"FlexibleTimeWindow"',
            '"State":"DISABLED","FlexibleTimeWindow"',
            "schedule-disabled",
        ),
    ],
    ids=["accounts", "stackset"],
)
def test_a_stack_set_with_another_template_is_judged(stack_set: str, file: str, old: str, new: str, rule: str) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, {**OF_ORGANIZATION, "rollout": "managed"})
        main = folder / "main-region.yaml"
        text = main.read_text(encoding="utf-8")
        main.write_text(text.replace(old, new, 1), encoding="utf-8")
        differs, *others = findings(folder)
    assert differs == Found(
        "stackset-template-differs",
        "main-region.yaml",
        stack_set,
        text.splitlines().index(f"  {stack_set}:") + 1,
        f"{stack_set} deploys another template than the file {file} holds.",
    )
    assert {other.rule for other in others} == {rule}
    assert all(other.message.startswith(f"In the template of {stack_set}: ") for other in others)
