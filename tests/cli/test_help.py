"""Each help page fits a terminal of 80 columns, and its examples are true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from click.testing import CliRunner, Result
from paths import EVENTS

from cfn_breakglass.cli.app import cli

COMMANDS = cli.list_commands(click.Context(cli))
RECORD = EVENTS / "RoleAssumed" / "raises-user-of-the-same-account.json"

every_command = pytest.mark.parametrize("name", COMMANDS)


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(cli, list(arguments), prog_name="cfn-breakglass")


def help_page(*command: str) -> str:
    return run(*command, "--help").stdout


class Example(NamedTuple):
    """A command and its output, as a help page has them."""

    command: str
    output: str

    @property
    def pattern(self) -> str:
        """What the real output has to match: dots stand for the rest of a line, or for any number of lines."""
        lines = (re.escape(line) + "\n" for line in self.output.splitlines())
        text = "".join(lines).replace(re.escape("...") + "\n", "...\n")
        return re.sub(r"(?m)^\.\.\.\n", r"(?:.*\\n)*", text).replace("...\n", r".*\n")


def output_example(page: str) -> Example:
    """The example of a command's output on its help page."""
    block = re.search(r"\n  Example of its output(?:, in part)?:\n    \$ (.+)\n((?:    .*\n|\n)+)", page)
    assert block, page
    output = re.sub(r"(?m)^    ", "", block[2]).rstrip("\n") + "\n"
    return Example(block[1], output)


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=str)
def test_a_page_fits_80_columns(command: list[str]) -> None:
    page = help_page(*command)
    assert page.startswith(f"Usage: cfn-breakglass {' '.join(command)}")
    assert [line for line in page.splitlines() if len(line) > 80] == []


def test_the_list_of_commands_is_not_cut_off() -> None:
    lines = help_page().partition("\nCommands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines] == COMMANDS
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


@every_command
def test_a_page_explains_the_exit_codes(name: str) -> None:
    assert re.search(r"\n  Exit codes?: 0", help_page(name))


@every_command
def test_the_output_on_a_page_is_what_the_command_prints(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("init")
    run("generate")
    Path("history").mkdir()
    Path("history/record.json").write_bytes(RECORD.read_bytes())
    example = output_example(help_page(name))
    program, *arguments = shlex.split(example.command)
    assert (program, arguments[0]) == ("cfn-breakglass", name)
    printed = run(*arguments).stdout
    assert re.fullmatch(example.pattern, printed), f"{example.pattern}\n\n{printed}"


@every_command
def test_the_examples_on_a_page_are_commands(name: str) -> None:
    page = help_page(name).replace(" \\\n", " ")
    block = re.search(r"\n  Examples?:\n((?:    .*\n)+)", page)
    assert block, page
    examples = [re.split(r" >>? ", line)[0] for line in block[1].splitlines()]
    command = cli.get_command(click.Context(cli), name)
    assert command
    for example in examples:
        program, command_name, *arguments = shlex.split(example)
        assert (program, command_name) == ("cfn-breakglass", name)
        command.make_context(name, arguments)  # raises for options and values that it does not have
