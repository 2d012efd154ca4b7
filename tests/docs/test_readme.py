"""The README sells and starts: short, in order, nothing in it for contributors; and it is the package's description."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from manual import MANUAL, commands, name_of, read
from paths import ROOT

README = read(ROOT / "README.md")
MOST_WORDS = 1200
ORDER = [
    "# cfn-breakglass",
    "![",
    "## Two commands",
    "make generate",
    "make test",
    "## What an alert looks like",
    "make demo",
    "## Your first deployment",
    "## A whole organization",
    "## Where to read on",
]
# What contributors need has a page of its own.
FOR_CONTRIBUTORS = ("make check", "make scan", "make e2e", "make bench", "make golden", "make test-all", "tests/")


def test_it_is_short() -> None:
    assert len(README.split()) <= MOST_WORDS


def test_it_is_in_order() -> None:
    places = [README.find(part) for part in ORDER]
    assert -1 not in places
    assert places == sorted(places)
    assert [heading for heading in re.findall(r"^#+ .+$", README, re.MULTILINE) if heading not in ORDER] == []


def test_the_first_command_writes_and_the_second_tests() -> None:
    assert commands(README)[:2] == ["make generate", "make test"]


@pytest.mark.parametrize("words", FOR_CONTRIBUTORS)
def test_nothing_is_for_contributors(words: str) -> None:
    assert words not in README


def test_contributors_are_sent_on_once() -> None:
    assert README.partition("## Where to read on")[0].count("CONTRIBUTING.md") == 0
    assert README.count("CONTRIBUTING.md") == 1


def test_it_leads_to_every_page() -> None:
    index = read(ROOT / "docs" / "README.md")
    for page in MANUAL[1:]:
        assert page.name == "README.md" or f"]({name_of(page)})" in README, name_of(page)
        assert page.name == "README.md" or f"]({page.name})" in index, name_of(page)


def test_the_committed_picture_is_shown() -> None:
    (picture,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert (ROOT / picture).is_file()


def test_ci_runs_its_commands() -> None:
    gate = read(ROOT / ".ci" / "run").splitlines()
    for command in ("make generate", "make check", "make e2e"):
        assert command in gate
    assert any(line.startswith("make test") for line in gate)


def test_pip_installs_it(tmp_path: Path) -> None:
    assert "pip install ." in commands(README)
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
    (metadata,) = target.glob("*.dist-info/METADATA")
    assert "\nDescription-Content-Type: text/markdown\n" in read(metadata)
    assert README in read(metadata)
