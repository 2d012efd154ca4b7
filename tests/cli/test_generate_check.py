"""``generate --check`` and ``--diff``: which files differ from what the config generates, and how."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cfn_breakglass.cli.app import cli

CONFIG = """\
main_region: us-east-1
regions: [eu-west-1, ap-south-1]
usernames: [alice]
role: {managed_policies: [ReadOnlyAccess]}
alerts: {emails: [ops@example.com], fallback: [oncall@example.com]}
"""
MAIN = Path("templates/main-region.yaml")
STACKSET = Path("templates/stackset.yaml")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a config and the files of that config."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "breakglass.yaml").write_text(CONFIG, encoding="utf-8")
    arguments = ["--config", str(folder / "breakglass.yaml"), "--output", str(folder / "templates")]
    assert CliRunner().invoke(cli, ["generate", *arguments]).exit_code == 0
    return folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, generated: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of that folder to work in."""
    shutil.copytree(generated, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return iter([tmp_path])


def generate(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["generate", *arguments], prog_name="cfn-breakglass", catch_exceptions=False)


def contents() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path("templates").iterdir()}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_files_that_are_up_to_date() -> None:
    checked = generate("--check")
    assert (checked.exit_code, checked.stdout) == (0, "The files in templates are up to date with breakglass.yaml.\n")
    compared = generate("--diff")
    assert (compared.exit_code, compared.stdout) == (0, "")


def test_check_names_the_file_and_shows_the_difference() -> None:
    edit(STACKSET, "eu-west-1", "eu-west-3")
    before = contents()
    checked = generate("--check")
    assert checked.exit_code == 1
    head, *diff, advice = checked.stdout.splitlines()
    assert head == "templates/stackset.yaml differs from what breakglass.yaml generates:"
    assert diff[:2] == [
        "--- templates/stackset.yaml\ton disk",
        "+++ templates/stackset.yaml\tfrom breakglass.yaml",
    ]
    removed, added = ([line[1:] for line in diff[2:] if line.startswith(sign)] for sign in "-+")
    assert [line.replace("eu-west-3", "eu-west-1") for line in removed] == added
    assert "eu-west-1" in "".join(added)
    assert advice == "Update the files with: cfn-breakglass generate"
    assert contents() == before


def test_check_names_each_file_that_differs() -> None:
    for path in (STACKSET, Path("templates/guard-scp.json")):
        path.write_text(path.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    lines = generate("--check").stdout.splitlines()
    assert [line for line in lines if line.endswith(" generates:")] == [
        "templates/stackset.yaml differs from what breakglass.yaml generates:",
        "templates/guard-scp.json differs from what breakglass.yaml generates:",
    ]
    assert lines.count("-# edited") == 2


def test_check_does_not_show_all_of_a_missing_file() -> None:
    STACKSET.unlink()
    checked = generate("--check")
    assert (checked.exit_code, checked.stdout) == (
        1,
        "templates/stackset.yaml is missing\nUpdate the files with: cfn-breakglass generate\n",
    )


def test_check_in_a_folder_without_files() -> None:
    checked = generate("--check", "--output", "none")
    assert checked.exit_code == 1
    assert checked.stdout.count(" is missing\n") == 3
    assert not Path("none").exists()


@pytest.mark.parametrize("option", ["--check", "--diff"])
@pytest.mark.parametrize("name", ["main-region.yaml", "stackset.yaml", "guard-scp.json"])
def test_windows_line_ends_are_no_difference(option: str, name: str) -> None:
    path = Path("templates", name)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert generate(option).exit_code == 0


@pytest.mark.parametrize("ending", [b"\r", b"\n\n"], ids=["old Macintosh", "double"])
def test_other_line_ends_are_a_difference(ending: bytes) -> None:
    STACKSET.write_bytes(STACKSET.read_bytes().replace(b"\n", ending))
    assert generate("--check").exit_code == 1


def test_with_windows_line_ends_only_the_changed_lines_differ() -> None:
    edit(STACKSET, "eu-west-1", "eu-west-3")
    expected = generate("--diff").stdout
    STACKSET.write_bytes(STACKSET.read_bytes().replace(b"\n", b"\r\n"))
    assert generate("--diff").stdout == expected


def test_diff_is_a_patch_that_updates_the_files() -> None:
    expected = contents()
    edit(MAIN, "ops@example.com", "other@example.com")
    STACKSET.write_text("# something else, without an end of the line", encoding="utf-8")
    Path("templates/guard-scp.json").unlink()
    compared = generate("--diff")
    assert compared.exit_code == 1
    assert contents() != expected
    subprocess.run(["git", "apply", "-p0"], input=compared.stdout_bytes, check=True)  # noqa: S607 - Git is where the developer has it
    assert contents() == expected
    assert generate("--check").exit_code == 0


def test_bytes_that_are_not_text_are_shown_as_escapes() -> None:
    STACKSET.write_bytes(b"\xff\n" + STACKSET.read_bytes())
    assert "\n-\\xff\n" in generate("--diff").stdout


def test_check_and_diff_compare_files_in_the_other_format() -> None:
    generate("--format", "json", "--output", "other")
    assert generate("--check", "--format", "json", "--output", "other").exit_code == 0
    missing = generate("--check", "--output", "other").stdout
    assert "other/stackset.yaml is missing; to compare stackset.json, add --format json\n" in missing


@pytest.mark.parametrize(
    ("options", "command"),
    [
        ([], "cfn-breakglass generate"),
        (["--output", "templates"], "cfn-breakglass generate --output templates"),
        (
            ["--output", "of ours", "--format", "json", "--config", "it's.yaml"],
            """cfn-breakglass generate --config 'it'"'"'s.yaml' --output 'of ours' --format json""",
        ),
    ],
    ids=["nothing", "the default", "everything"],
)
def test_check_gives_the_command_with_the_same_options(options: list[str], command: str) -> None:
    Path("it's.yaml").write_text(CONFIG.replace("alice", "bob"), encoding="utf-8")
    shutil.rmtree("templates")
    assert generate("--check", *options).stdout.endswith(f"\nUpdate the files with: {command}\n")
    assert generate(*shlex.split(command)[2:]).exit_code == 0
    assert generate("--check", *options).exit_code == 0
