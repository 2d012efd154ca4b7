"""What the README says is so: its commands run, its code runs, its tables are those of the product."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from paths import ROOT
from readme_tables import with_tables

from cfn_breakglass import __version__, config_of
from cfn_breakglass.cli.app import cli

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line for kind, text in BLOCKS if kind == "console" for line in text.splitlines()]
INLINE = re.findall(r"`(cfn-breakglass [^`]+)`", README)


def test_the_tables_are_those_of_the_product() -> None:
    assert with_tables(README) == README, "make golden"


def test_the_first_command_writes_and_the_second_tests() -> None:
    assert COMMANDS[:2] == ["make generate", "make test"]


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("make ")])
def test_make_knows_the_target(command: str) -> None:
    done = subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_ci_runs_the_commands() -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for command in ("make generate", "make check", "make e2e"):
        assert command in gate
    assert any(line.startswith("make test") for line in gate)


def test_pip_installs_it(tmp_path: Path) -> None:
    assert "pip install ." in COMMANDS
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(ROOT / "cfn_breakglass", source / "cfn_breakglass", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    # Without an index nothing but the package itself can come.
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run([*install, "--target", target, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    installed = {path.relative_to(target).as_posix() for path in (target / "cfn_breakglass").rglob("*")}
    wanted = {path.relative_to(source).as_posix() for path in (source / "cfn_breakglass").rglob("*")}
    assert wanted <= installed


def test_the_commands_run_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ours = [one for one in [*COMMANDS, *INLINE] if one.startswith("cfn-breakglass ")]
    assert {one.split()[1] for one in ours} == {
        "init",
        "generate",
        "validate",
        "simulate",
        "trust",
        "diagram",
        "schema",
        "completion",
    }
    sample = ROOT / "tests" / "events" / "RootSignIn" / "raises-failed.json"
    (tmp_path / "history").mkdir()
    shutil.copy(sample, tmp_path / "history")
    for command in ours:
        done = CliRunner().invoke(cli, shlex.split(command)[1:])
        assert done.exit_code == 0, f"{command}: {done.output}"


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "yaml"])
def test_the_yaml_is_config(text: str) -> None:
    assert config_of({"main_region": "us-east-1", "usernames": ["alice"], **yaml.safe_load(text)})


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "python"])
def test_the_python_runs(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, Any] = {}
    exec(text, namespace)  # noqa: S102 - it is ours
    printed = yaml.safe_load(capsys.readouterr().out)
    kinds = {held["Type"] for held in printed["Resources"].values()}
    assert {"AWS::IAM::Role", "AWS::SNS::Topic", "AWS::Logs::LogGroup", "AWS::Events::Rule"} <= kinds
    assert list(namespace["alone"].resources) == ["Role", "RoleGrant"]


def test_the_changelog_tells_of_this_version() -> None:
    assert f"### {__version__}\n" in README


def test_links_within_the_repository_lead_somewhere() -> None:
    headings = {"#" + heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", README, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.startswith("https://") or target in headings or (ROOT / target).exists()
