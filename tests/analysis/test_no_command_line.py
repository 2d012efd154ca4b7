"""The analysis knows no command line: it returns data, and only ``cli`` makes flags and commands of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from paths import PACKAGE

MODULES = sorted((PACKAGE / "analysis").rglob("*.py"))
COMMAND = re.compile(r"(?<![\w-])--[a-z]|cfn-breakglass")
# What only looks like it, whole.
NO_COMMANDS = {
    "--config-file": "cfn-lint takes its options as on its command line",
    "cfn-breakglass": "the key under which the templates' Metadata says what they are for",
}


def texts(module: Path) -> set[str]:
    """Every text in a module, also as a part of an f-string, and every docstring."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative_to(PACKAGE).as_posix())
def test_no_text_holds_a_flag_or_the_name_of_the_command(module: Path) -> None:
    assert [text for text in texts(module) if COMMAND.search(text) and text not in NO_COMMANDS] == []


def test_what_only_looks_like_a_command_is_there() -> None:
    assert set().union(*map(texts, MODULES)) >= NO_COMMANDS.keys()


@pytest.mark.parametrize("text", ["give it with --account", "--mfa/--no-mfa", "see cfn-breakglass trust", "(--tag)"])
def test_a_command_is_seen(text: str) -> None:
    assert COMMAND.search(text)
