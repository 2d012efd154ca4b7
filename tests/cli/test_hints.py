"""Below some errors stands the command that helps."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import GOLDEN

from cfn_breakglass.cli.app import cli

COMMANDS = ["simulate -", "trust", "validate", "diagram"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_template_is_created_where_it_was_looked_for(command: str, tmp_path: Path) -> None:
    folder = tmp_path / "of prod"
    done = CliRunner().invoke(cli, [*command.split(), "--templates", str(folder)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"{folder}/main-region.yaml: there is no such file",
        f"  create it with: cfn-breakglass generate --output '{folder}'",
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_broken_template_is_created_anew(command: str, tmp_path: Path) -> None:
    for name in ("main-region", "stackset"):
        (tmp_path / f"{name}.yaml").write_text("a: [", encoding="utf-8")
    done = CliRunner().invoke(cli, [*command.split(), "--templates", str(tmp_path)])
    assert done.exit_code == 2
    assert done.stderr.endswith("\n  create it with: cfn-breakglass generate\n")


def test_a_role_that_is_in_no_template_is_looked_up_in_iam() -> None:
    done = CliRunner().invoke(cli, ["trust", "--templates", str(GOLDEN / "existing-role")])
    command = "aws iam get-role --role-name Emergency --query Role.AssumeRolePolicyDocument"
    assert (done.exit_code, done.stderr.splitlines()[1]) == (2, f"  see the role itself: {command}")
