"""The command ``validate``: its three formats and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paths import GOLDEN
from rejections import inside

from cfn_breakglass import __version__
from cfn_breakglass.cli.app import cli

DISABLED = ("stackset.yaml", "      FlexibleTimeWindow:", "      State: DISABLED\n      FlexibleTimeWindow:")
ON = ("stackset.yaml", "State: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", "State: SOON")
CRON = ("stackset.yaml", "rate(1 hour)", "cron(0 * * * ? *)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files of a golden case in ``templates``."""
    (tmp_path / "templates").mkdir()
    for path in (GOLDEN / "one-incident").iterdir():
        (tmp_path / "templates" / path.name).write_bytes(path.read_bytes())
    return tmp_path


def validate(folder: Path, *arguments: str, changes: list[tuple[str, str, str]] | None = None) -> Result:
    """Run the command after the first occurrence of each text is replaced in its file."""
    for name, old, new in changes or []:
        path = folder / "templates" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with inside(folder):
        return CliRunner().invoke(cli, ["validate", *arguments], prog_name="cfn-breakglass", catch_exceptions=False)


def line_of(folder: Path, name: str, start: str) -> int:
    lines = (folder / "templates" / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(start))


def test_text_says_what_it_means_and_what_to_do(folder: Path) -> None:
    result = validate(folder, changes=[DISABLED])
    assert result.exit_code == 1
    line = line_of(folder, "stackset.yaml", "  HeartbeatSchedule:")
    assert result.stdout == (
        f"templates/stackset.yaml: line {line}: HeartbeatSchedule is DISABLED: no heartbeat arrives from eu-west-1,"
        " and the alarm on it goes off. [schedule-disabled]\n"
        "  Set State: ENABLED, or remove the line.\n"
        "templates/main-region.yaml: 0 problems in 1 region\n"
        "templates/stackset.yaml: 1 problem in 1 region\n"
        "templates/guard-scp.json: 0 problems\n"
    )


def test_json_has_the_findings_of_cfn_lint_too(folder: Path) -> None:
    result = validate(folder, "--format", "json", changes=[DISABLED, ON])
    assert (result.exit_code, result.stderr) == (1, "")
    of_cfn_lint, of_path = json.loads(result.stdout)["findings"]
    assert (of_cfn_lint["rule_id"], of_cfn_lint["logical_id"]) == ("E3030", "ForwardAssume")
    assert of_cfn_lint["line"] == line_of(folder, "stackset.yaml", "      State: SOON")
    assert (of_path["rule_id"], of_path["logical_id"]) == ("schedule-disabled", "HeartbeatSchedule")
    assert of_path["line"] == line_of(folder, "stackset.yaml", "  HeartbeatSchedule:")


def test_sarif_names_this_version(folder: Path) -> None:
    result = validate(folder, "--format", "sarif")
    assert (result.exit_code, result.stderr) == (0, "")
    (run,) = json.loads(result.stdout)["runs"]
    driver = {"name": "cfn-breakglass", "version": __version__, "rules": []}
    assert run == {"tool": {"driver": driver}, "results": []}


def test_what_cannot_be_told_is_not_a_yes(folder: Path) -> None:
    result = validate(folder, changes=[CRON])
    assert (result.exit_code, result.stderr) == (2, "")
    assert "cannot tell how often cron(0 * * * ? *) is" in result.stdout


def test_a_template_that_lacks_what_aws_requires_is_judged_as_far_as_that_goes(folder: Path) -> None:
    changes = [("stackset.yaml", "      Target:\n", "      Aim:\n")]
    result = validate(folder, "--format", "json", changes=changes)
    assert result.exit_code == 1
    assert {finding["rule_id"] for finding in json.loads(result.stdout)["findings"]} == {"E3002", "E3003"}


def test_what_aws_refuses_is_found_in_its_line(folder: Path) -> None:
    name = ("stackset.yaml", "Name: break-glass.Assume", f"Name: break-glass-{'x' * 60}")
    pattern = ("stackset.yaml", "- {suffix: {equals-ignore-case: ", "- {sufix: {equals-ignore-case: ")
    findings = json.loads(validate(folder, "--format", "json", changes=[name, pattern]).stdout)["findings"]
    (limit,) = (finding for finding in findings if finding["rule_id"] == "limit-exceeded")
    (invalid,) = (finding for finding in findings if finding["rule_id"] == "event-pattern-invalid")
    line = line_of(folder, "stackset.yaml", "  ForwardAssume:")
    for finding in (limit, invalid):
        assert (finding["logical_id"], finding["line"], finding["level"]) == ("ForwardAssume", line, "error")
    assert limit["message"] == "ForwardAssume: rule name: 72; AWS allows 64 characters."
    assert "sufix is not an operator" in invalid["message"].replace('"', "")


def test_a_file_that_cannot_be_read_is_no_finding(folder: Path) -> None:
    (folder / "templates" / "guard-scp.json").write_bytes(b"\xff")
    result = validate(folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "guard-scp.json: it cannot be read" in result.stderr


def test_a_stack_set_with_another_template_is_judged_with_the_main_region(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    for path in (GOLDEN / "managed-rollout").iterdir():
        (tmp_path / "templates" / path.name).write_bytes(path.read_bytes())
    disabled = ('"FlexibleTimeWindow"', '"State":"DISABLED","FlexibleTimeWindow"')
    result = validate(tmp_path, "--format", "json", changes=[("main-region.yaml", *disabled)])
    findings = json.loads(result.stdout)["findings"]
    line = line_of(tmp_path, "main-region.yaml", "  StackSet:")
    assert [(finding["rule_id"], finding["logical_id"], finding["line"]) for finding in findings] == [
        ("stackset-template-differs", "StackSet", line),
        ("schedule-disabled", "HeartbeatSchedule", line),
    ]
    assert findings[1]["message"].startswith("In the template of StackSet: HeartbeatSchedule is DISABLED: no heartbeat")
