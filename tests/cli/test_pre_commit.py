"""The hooks for pre-commit run real commands on the right files."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner
from paths import ROOT

from cfn_breakglass.cli.app import cli

HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
every_hook = pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))


def test_there_is_a_hook_for_each_check() -> None:
    assert [hook["entry"] for hook in HOOKS] == ["cfn-breakglass generate --check", "cfn-breakglass validate"]
    assert len({hook["id"] for hook in HOOKS}) == len(HOOKS)


@every_hook
def test_a_hook_has_what_pre_commit_wants(hook: dict[str, Any]) -> None:
    """https://pre-commit.com/#creating-new-hooks: the required keys, and the types of those that are used."""
    texts = {"id", "name", "description", "entry", "language", "files"}
    assert hook.keys() == texts | {"pass_filenames"}
    assert all(isinstance(hook[key], str) for key in texts)
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)


@every_hook
def test_the_entry_is_a_command(hook: dict[str, Any]) -> None:
    program, name, *arguments = shlex.split(hook["entry"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert program in project["scripts"]
    command = cli.get_command(click.Context(cli), name)
    assert command
    command.make_context(name, arguments)  # raises for options and values that it does not have


@every_hook
def test_the_entry_passes_on_the_committed_files(hook: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert CliRunner().invoke(cli, shlex.split(hook["entry"])[1:]).exit_code == 0


@every_hook
def test_the_entry_fails_on_a_file_that_was_edited(
    hook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (Path("breakglass.yaml"), *(ROOT / "templates").iterdir()):
        copy = tmp_path / path.relative_to(ROOT) if path.is_absolute() else tmp_path / path
        copy.parent.mkdir(exist_ok=True)
        text = (ROOT / path).read_text(encoding="utf-8")
        copy.write_text(text.replace("State: ENABLED", "State: ON", 1), encoding="utf-8")
    assert CliRunner().invoke(cli, shlex.split(hook["entry"])[1:]).exit_code == 1


@every_hook
def test_the_hook_runs_when_a_file_that_it_reads_changes(hook: dict[str, Any]) -> None:
    names = [f"templates/{path.name}" for path in (ROOT / "templates").iterdir() if path.suffix != ".svg"]
    reads_config = "generate" in hook["entry"]
    assert all(re.search(hook["files"], name) for name in names)
    assert bool(re.search(hook["files"], "breakglass.yaml")) == reads_config
    assert not re.search(hook["files"], "templates/diagram.svg")
