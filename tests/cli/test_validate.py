"""The command ``validate``: its three formats and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from paths import GOLDEN
from rejections import inside

from cfn_breakglass import __version__
from cfn_breakglass.cli.app import cli

DISABLED = ("stackset.yaml", "      FlexibleTimeWindow:", "      State: DISABLED\n      FlexibleTimeWindow:")
ON = ("stackset.yaml", "State: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", "State: SOON")
CRON = ("stackset.yaml", "rate(1 hour)", "cron(0 * * * ? *)")

# What tools need of https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json.
TEXT: Final = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LOCATION: Final = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "properties": {"uri": {"type": "string", "pattern": "^[^ \\\\]+$"}},
                },
                "region": {
                    "type": "object",
                    "required": ["startLine"],
                    "properties": {"startLine": {"type": "integer", "minimum": 1}},
                },
            },
        },
        "logicalLocations": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "kind": {"type": "string"}}},
        },
    },
}
SARIF: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["$schema", "version", "runs"],
    "properties": {
        "$schema": {"type": "string", "pattern": "^https://.*sarif.*2.1.0.*json$"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "version", "rules"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "version": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription"],
                                            "properties": {
                                                "id": {"type": "string"},
                                                "shortDescription": TEXT,
                                                "helpUri": {"type": "string", "pattern": "^https://"},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["ruleId", "level", "message", "locations"],
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": TEXT,
                                "locations": {"type": "array", "items": LOCATION},
                            },
                        },
                    },
                },
            },
        },
    },
}


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


def test_json_is_a_version_and_the_findings(folder: Path) -> None:
    assert json.loads(validate(folder, "--format", "json").stdout) == {"version": 1, "findings": []}
    result = validate(folder, "--format", "json", changes=[DISABLED, ON])
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    of_cfn_lint, of_ours = report["findings"]
    assert report["version"] == 1
    assert of_ours == {
        "rule_id": "schedule-disabled",
        "file": "templates/stackset.yaml",
        "line": line_of(folder, "stackset.yaml", "  HeartbeatSchedule:"),
        "logical_id": "HeartbeatSchedule",
        "message": "HeartbeatSchedule is DISABLED: no heartbeat arrives from eu-west-1, and the alarm on it goes off.",
        "remedy": "Set State: ENABLED, or remove the line.",
        "level": "error",
    }
    assert (of_cfn_lint["rule_id"], of_cfn_lint["logical_id"]) == ("E3030", "ForwardRoleAssumed")
    assert of_cfn_lint["line"] == line_of(folder, "stackset.yaml", "      State: SOON")


def sarif(result: Result) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(result.stdout)
    Draft202012Validator(SARIF).validate(report)
    return report


def test_sarif_has_what_tools_need(folder: Path) -> None:
    (run,) = sarif(validate(folder, "--format", "sarif"))["runs"]
    assert run["results"] == run["tool"]["driver"]["rules"] == []
    result = validate(folder, "--format", "sarif", changes=[DISABLED, ON])
    assert result.exit_code == 1
    (run,) = sarif(result)["runs"]
    driver, (of_cfn_lint, of_ours) = run["tool"]["driver"], run["results"]
    assert (driver["name"], driver["version"]) == ("cfn-breakglass", __version__)
    for found, rule_id in ((of_cfn_lint, "E3030"), (of_ours, "schedule-disabled")):
        assert found["ruleId"] == driver["rules"][found["ruleIndex"]]["id"] == rule_id
    assert of_ours["level"] == "error"
    assert of_ours["message"]["text"].endswith("goes off. Set State: ENABLED, or remove the line.")
    (location,) = of_ours["locations"]
    assert location == {
        "physicalLocation": {
            "artifactLocation": {"uri": "templates/stackset.yaml"},
            "region": {"startLine": line_of(folder, "stackset.yaml", "  HeartbeatSchedule:")},
        },
        "logicalLocations": [{"name": "HeartbeatSchedule", "kind": "resource"}],
    }


def test_sarif_spells_any_path_as_a_uri(folder: Path) -> None:
    (folder / "templates").rename(folder / "two words")
    (folder / "two words" / "guard-scp.json").write_text("{", encoding="utf-8")
    for templates, uri in (
        ("two words", "two%20words/guard-scp.json"),
        (str(folder / "two words"), (folder / "two words" / "guard-scp.json").as_uri()),
    ):
        (run,) = sarif(validate(folder, "--templates", templates, "--format", "sarif"))["runs"]
        (finding,) = run["results"]
        assert finding["ruleId"] == "scp-invalid"
        (location,) = finding["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == uri
        assert "logicalLocations" not in location


@pytest.mark.parametrize("report_format", ["text", "json", "sarif"])
@pytest.mark.parametrize(
    ("changes", "exit_code"), [([], 0), ([DISABLED], 1), ([CRON], 2), ([CRON, DISABLED], 1)], ids=str
)
def test_exit_codes(folder: Path, report_format: str, changes: list[tuple[str, str, str]], exit_code: int) -> None:
    result = validate(folder, "--format", report_format, changes=changes)
    assert (result.exit_code, result.stderr) == (exit_code, "")
    assert result.stdout


def test_a_template_that_lacks_what_aws_requires_is_judged_as_far_as_that_goes(folder: Path) -> None:
    changes = [("stackset.yaml", "      Target:\n", "      Aim:\n")]
    result = validate(folder, "--format", "json", changes=changes)
    assert result.exit_code == 1
    assert {finding["rule_id"] for finding in json.loads(result.stdout)["findings"]} == {"E3002", "E3003"}


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
