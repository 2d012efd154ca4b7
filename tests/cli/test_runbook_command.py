"""``runbook``: what it writes and prints, and that it writes nothing over what somebody has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paths import ROOT

from cfn_breakglass.cli.app import cli

CONFIG = """main_region: us-east-1
usernames: [alice]
alerts:
  emails: [ops@example.com]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "breakglass.yaml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["runbook", *arguments])


def text(name: str = "RUNBOOK.md") -> str:
    return Path(name).read_text(encoding="utf-8")


def replace(old: str, new: str, name: str = "RUNBOOK.md") -> None:
    assert old in text(name)
    Path(name).write_text(text(name).replace(old, new), encoding="utf-8")


def test_it_writes_a_file_and_says_what_is_left_to_do() -> None:
    result = run()
    assert result.exit_code == 0
    first, second, third = result.stdout.splitlines()
    assert first == "Wrote RUNBOOK.md."
    assert second.startswith("7 of 7 blanks are empty")
    assert "alerts.runbook" in third
    assert text().startswith("# Break-glass runbook: break-glass\n")


def test_an_address_in_the_config_and_a_blank_are_done() -> None:
    run()
    replace("- Tickets: ________________________", "- Tickets: SEC")
    replace("emails:", "format: text\n  runbook: https://wiki.example.com/x\n  emails:", "breakglass.yaml")
    result = run()
    assert result.stdout.splitlines()[1].startswith("6 of 7 blanks are empty")
    assert "alerts.runbook" not in result.stdout
    assert "- Tickets: SEC\n" in text()


def test_the_form_follows_from_the_name_of_the_file() -> None:
    run("--output", "book/a.html")
    assert text("book/a.html").startswith("<!doctype html>")
    run("--format", "html")
    assert text("RUNBOOK.html").startswith("<!doctype html>")
    run("--output", "a.txt")
    assert text("a.txt").startswith("# ")


def test_check_says_whether_the_file_is_current() -> None:
    missing = run("--check")
    assert (missing.exit_code, missing.stdout) == (1, "RUNBOOK.md is missing\n")
    assert not Path("RUNBOOK.md").exists()
    run()
    current = run("--check")
    assert (current.exit_code, current.stdout) == (0, "RUNBOOK.md is up to date with breakglass.yaml.\n")
    replace("- Tickets: ________________________", "- Tickets: SEC")
    assert run("--check").exit_code == 0
    before = text()
    replace("usernames: [alice]", "usernames: [bob]", "breakglass.yaml")
    stale = run("--check")
    assert stale.exit_code == 1
    assert "-- IAM user alice" in stale.stdout
    assert "+- IAM user bob" in stale.stdout
    assert text() == before


def test_a_change_elsewhere_stops_it_and_check_shows_it() -> None:
    run()
    replace("Give nobody your session.", "Give Ana your session.")
    before = text()
    result = run()
    assert (result.exit_code, result.stdout, text()) == (2, "", before)
    assert result.stderr.startswith("RUNBOOK.md: line ")
    assert (
        "has changes outside its blanks\n  nothing was written\n  move it into a blank; or add --force" in result.stderr
    )
    assert "-- Give Ana your session." in run("--check").stdout


def test_force_keeps_the_file_under_another_name() -> None:
    run()
    replace("- Tickets: ________________________", "- Tickets: SEC")
    replace("Give nobody your session.", "Give Ana your session.")
    before = text()
    result = run("--force")
    assert result.stdout.startswith("Kept RUNBOOK.md as RUNBOOK.md.1.old.\nWrote RUNBOOK.md.\n")
    assert text("RUNBOOK.md.1.old") == before
    assert "- Tickets: SEC\n" in text()
    assert "Give nobody" in text()
    run("--force")
    assert not Path("RUNBOOK.md.2.old").exists()


def test_html_takes_the_blanks_of_the_markdown_file() -> None:
    run()
    replace("- Tickets: ________________________", "- Tickets: SEC")
    run("--format", "html")
    assert "<p>Tickets: SEC</p>" in text("RUNBOOK.html")
    replace("Give nobody", "Give Ana", "RUNBOOK.html")
    result = run("--format", "html")
    assert result.exit_code == 2
    assert "RUNBOOK.html: it has changes; write them into the blanks of the Markdown file" in result.stderr
    assert run("--format", "html", "--force").stdout.startswith("Kept RUNBOOK.html as RUNBOOK.html.1.old.\n")
    replace("Give nobody", "Give Ana")
    result = run("--format", "html")
    assert result.exit_code == 2
    assert result.stderr.startswith("RUNBOOK.md: line ")


def test_what_stands_at_the_end_of_a_path_has_to_be_a_file() -> None:
    Path("RUNBOOK.md").mkdir()
    result = run()
    assert result.exit_code == 2
    assert result.stderr.startswith("RUNBOOK.md: it cannot be read")


def test_bad_input_is_one_message() -> None:
    Path("breakglass.yaml").write_text("main_region: mars\n", encoding="utf-8")
    result = run()
    assert result.exit_code == 2
    assert result.stderr.startswith("breakglass.yaml: ")
    assert not Path("RUNBOOK.md").exists()


def test_the_starter_makes_one() -> None:
    assert run("--config", str(ROOT / "breakglass.yaml")).exit_code == 0
