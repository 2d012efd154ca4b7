"""Bad input: what the command line says to it, and that it changes nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rejections import CASES, generate

from cfn_breakglass.config.loader import load_config
from cfn_breakglass.errors import ConfigError

GOOD = """\
main_region: us-east-1
usernames: [alice]
role: {managed_policies: [ReadOnlyAccess]}
alerts: {emails: [ops@example.com], fallback: [oncall@example.com]}
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_refused(case: Path, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "main-region.yaml").write_text("as it was\n")
    result = generate(tmp_path, case / "breakglass.yaml")
    assert result.stderr == (case / "stderr.txt").read_text(encoding="utf-8")
    assert (result.exit_code, result.stdout) == (2, "")
    after = contents(tmp_path)
    after.pop("breakglass.yaml", None)
    assert after == {"templates/main-region.yaml": b"as it was\n"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_problem_says_what_to_do(case: Path) -> None:
    head, *problems = (case / "stderr.txt").read_text(encoding="utf-8").rstrip("\n").split("\n\n")
    assert head == f"breakglass.yaml: {len(problems)} problem{'s' if len(problems) > 1 else ''}"
    lines = [re.fullmatch(r"  (?:line (\d+): )?\S.*\n    \S.*", problem) for problem in problems]
    assert [problem for problem, line in zip(problems, lines, strict=True) if not line] == [], (
        "these do not say what to do"
    )
    numbers = [int(line[1] or 0) for line in lines if line]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_folder_holds_a_config_and_a_message(case: Path) -> None:
    assert contents(case).keys() <= {"breakglass.yaml", "stderr.txt"}


def test_the_real_command_line_says_the_same(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "ten-problems")
    (tmp_path / "breakglass.yaml").write_bytes((case / "breakglass.yaml").read_bytes())
    command = [sys.executable, "-m", "cfn_breakglass", "generate"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (case / "stderr.txt").read_text(encoding="utf-8")


def test_a_config_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "breakglass.yaml").mkdir()
    result = generate(tmp_path, tmp_path / "none.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("breakglass.yaml: 1 problem\n\n  it cannot be read: ")
    assert "name the file in it with --config" in result.stderr


def test_a_config_below_a_file_and_one_that_is_packed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x\n")
    with pytest.raises(ConfigError, match=r"it cannot be read: (?s:.*)one of its folders is a file"):
        load_config(tmp_path / "file" / "breakglass.yaml")
    for start, kind in ((b"PK\x03\x04\xff", "a zip file"), (b"\x28\xb5\x2f\xfd\x24", "a zstd file")):
        (tmp_path / "packed.yaml").write_bytes(start)
        with pytest.raises(ConfigError, match=f"it is {kind}(?s:.*)unpack it"):
            load_config(tmp_path / "packed.yaml")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    (tmp_path / "good.txt").write_text(GOOD)
    return tmp_path / "good.txt"


def test_an_output_that_is_a_file(good: Path) -> None:
    (good.parent / "templates").write_text("a file\n")
    result = generate(good.parent, good)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("templates: cannot write ")
    assert contents(good.parent).keys() == {"good.txt", "breakglass.yaml", "templates"}


@pytest.mark.parametrize("name", ["main-region.yaml", "stackset.yaml"])
def test_a_folder_where_a_template_goes(good: Path, name: str) -> None:
    (good.parent / "templates" / name).mkdir(parents=True)
    (good.parent / "templates" / "other.yaml").write_text("as it was\n")
    result = generate(good.parent, good)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"templates: cannot write templates/{name}: it is a folder")
    assert contents(good.parent).keys() == {"good.txt", "breakglass.yaml", "templates/other.yaml"}
