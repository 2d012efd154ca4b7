"""Each command ends with the exit codes that its help page explains."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from paths import EVENTS, ROOT

from cfn_breakglass.cli.app import cli

EVENT = EVENTS / "RoleAssumed" / "raises-user-of-the-same-account.json"
NO_EVENT = EVENTS / "RoleAssumed" / "silent-caller-identity.json"
NO_USE = EVENTS / "RoleAssumed" / "silent-session-token.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the committed config and its files, with other files that differ, and with bad ones."""
    shutil.copy(ROOT / "breakglass.yaml", tmp_path)
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    shutil.copytree(ROOT / "templates", tmp_path / "edited")
    edited = tmp_path / "edited" / "stackset.yaml"
    edited.write_text(edited.read_text(encoding="utf-8").replace("State: ENABLED", "State: ON", 1), encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("main_region: mars\n", encoding="utf-8")
    shutil.copy(EVENT, tmp_path / "event.json")
    shutil.copy(NO_EVENT, tmp_path / "no-event.json")
    shutil.copy(NO_USE, tmp_path / "no-use.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


EXIT_CODES = {
    "--help": 0,
    "--version": 0,
    "nonsense": 2,
    "init --config new.yaml": 0,
    "init": 2,
    "init --config none/none/new.yaml": 0,
    "init --config bad.yaml/new.yaml": 2,
    "generate --output new": 0,
    "generate --check": 0,
    "generate --diff": 0,
    "generate --check --output edited": 1,
    "generate --diff --output edited": 1,
    "generate --check --diff --output edited": 1,
    "generate --check --output none": 1,
    "generate --diff --output none": 1,
    "generate --config bad.yaml": 2,
    "generate --check --config bad.yaml": 2,
    "generate --diff --config none.yaml": 2,
    "generate --output bad.yaml": 2,
    "runbook": 0,
    "runbook --format html": 0,
    "runbook --check": 1,
    "runbook --config bad.yaml": 2,
    "runbook --output breakglass.yaml": 2,
    "validate": 0,
    "validate --templates edited": 1,
    "validate --templates none": 2,
    "simulate event.json": 0,
    "simulate no-event.json": 1,
    "simulate --detection RoleChained event.json": 1,
    "simulate none.json": 2,
    "simulate bad.yaml": 2,
    "simulate": 2,
    "report event.json": 0,
    "report --output new.html event.json": 0,
    "report --session alice event.json": 0,
    "report --session nobody event.json": 1,
    "report no-use.json": 1,
    "report --since never event.json": 2,
    "report --output templates event.json": 2,
    "report none.json": 2,
    "report bad.yaml": 2,
    "report": 2,
    "trust": 0,
    "trust --user alice --mfa": 0,
    "trust --user alice --no-mfa": 1,
    "trust --user alice --account 444455556666": 1,
    "trust --templates none": 2,
    "trust --user alice --role arn:aws:iam::111122223333:role/Ops": 2,
    "diagram": 0,
    "diagram --output new.svg": 0,
    "diagram --output templates": 2,
    "diagram --templates none": 2,
    "drill --policy": 0,
    "drill --policy --knock": 0,
    "drill --config none.yaml": 2,
    "drill --timeout 46": 2,
    "schema": 0,
    "completion zsh": 0,
    "completion nonsense": 2,
}


@pytest.mark.parametrize(("command", "exit_code"), EXIT_CODES.items())
def test_exit_code(command: str, exit_code: int) -> None:
    result = CliRunner().invoke(cli, command.split(), prog_name="cfn-breakglass")
    assert result.exit_code == exit_code, result.output
    assert exit_code != 2 or result.stderr, "it does not say why it could not tell"


def test_every_command_has_a_row() -> None:
    commands = cli.list_commands(click.Context(cli))
    assert {*commands, "--help", "--version", "nonsense"} == {command.split()[0] for command in EXIT_CODES}
