"""The findings as text, JSON and SARIF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator, ValidationError

from cfn_breakglass.analysis.validation.finding import Finding
from cfn_breakglass.analysis.validation.finding_rules import FINDING_RULES, make_finding
from cfn_breakglass.analysis.validation.folder import CheckedFile, Validation
from cfn_breakglass.analysis.validation.report_formats import json_report, sarif_report, text_report

DISABLED = make_finding(
    "schedule-disabled", "templates/stackset.yaml", line=354, resource="HeartbeatSchedule", regions="eu-west-1"
)
CFN_LINT = Finding("E3030", "templates/stackset.yaml", 12, "Rule", "'ON' is not allowed", "See the rule.", "warning")
SCP = make_finding("scp-invalid", "two words/guard-scp.json", message="it is not JSON")
FILES = [CheckedFile("main.yaml", 1), CheckedFile("templates/stackset.yaml", 33), CheckedFile("guard-scp.json", None)]
NOTHING = Validation([], FILES)
FINDINGS = Validation([CFN_LINT, DISABLED, SCP], FILES)

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


def sarif_run(validation: Validation) -> dict[str, Any]:
    report = json.loads(sarif_report(validation, "1.2.3"))
    Draft202012Validator(SARIF).validate(report)
    (run,) = report["runs"]
    assert isinstance(run, dict)
    return run


def test_text_has_the_remedy_below_each_finding_and_a_line_for_each_file() -> None:
    assert text_report(Validation([CFN_LINT, DISABLED], [*FILES, CheckedFile("nowhere.yaml", 0)])) == (
        "templates/stackset.yaml: line 12: 'ON' is not allowed [E3030]\n"
        "  See the rule.\n"
        "templates/stackset.yaml: line 354: HeartbeatSchedule is DISABLED: no heartbeat arrives from eu-west-1,"
        " and the alarm on it goes off. [schedule-disabled]\n"
        "  Set State: ENABLED, or remove the line.\n"
        "main.yaml: 0 problems in 1 region\n"
        "templates/stackset.yaml: 2 problems in 33 regions\n"
        "guard-scp.json: 0 problems\n"
        "nowhere.yaml: deployed to no region, so there was nothing to check\n"
    )


def test_json_is_a_version_and_a_list() -> None:
    assert json.loads(json_report(NOTHING)) == {"version": 1, "findings": []}
    report = json.loads(json_report(FINDINGS))
    assert report["version"] == 1
    assert report["findings"][1] == {
        "rule_id": "schedule-disabled",
        "file": "templates/stackset.yaml",
        "line": 354,
        "logical_id": "HeartbeatSchedule",
        "message": "HeartbeatSchedule is DISABLED: no heartbeat arrives from eu-west-1, and the alarm on it goes off.",
        "remedy": "Set State: ENABLED, or remove the line.",
        "level": "error",
    }


def test_sarif_has_the_rules_that_found_something() -> None:
    assert sarif_run(NOTHING) == {
        "tool": {"driver": {"name": "cfn-breakglass", "version": "1.2.3", "rules": []}},
        "results": [],
    }
    run = sarif_run(FINDINGS)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        result["ruleId"] for result in run["results"]
    ]
    assert {rule["id"]: rule["shortDescription"]["text"] for rule in rules} == {
        "E3030": "Rule E3030 of cfn-lint",
        "schedule-disabled": "The schedule of the heartbeat is disabled",
        "scp-invalid": "AWS Organizations does not take the SCP",
    }


def test_sarif_says_where_and_what_to_do() -> None:
    of_cfn_lint, of_schedule, of_scp = sarif_run(FINDINGS)["results"]
    assert (of_cfn_lint["level"], of_schedule["level"]) == ("warning", "error")
    assert of_schedule["message"]["text"] == f"{DISABLED.message} {DISABLED.remedy}"
    assert of_schedule["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "templates/stackset.yaml"},
                "region": {"startLine": 354},
            },
            "logicalLocations": [{"name": "HeartbeatSchedule", "kind": "resource"}],
        }
    ]
    (location,) = of_scp["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "two%20words/guard-scp.json"
    assert "logicalLocations" not in location


def test_sarif_spells_an_absolute_path_as_a_uri(tmp_path: Path) -> None:
    path = tmp_path / "main region.yaml"
    (result,) = sarif_run(Validation([make_finding("scp-invalid", str(path))], FILES))["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == path.as_uri()


def test_the_schema_of_the_test_refuses_something() -> None:
    report = json.loads(sarif_report(FINDINGS, "1.2.3"))
    report["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    with pytest.raises(ValidationError):
        Draft202012Validator(SARIF).validate(report)


@pytest.mark.parametrize(
    ("rule_ids", "exit_code"),
    [([], 0), (["rule-disabled"], 1), (["cannot-tell"], 2), (["cannot-tell", "rule-disabled"], 1)],
    ids=str,
)
def test_exit_codes(rule_ids: list[str], exit_code: int) -> None:
    assert Validation([make_finding(rule_id, "a") for rule_id in rule_ids], FILES).exit_code == exit_code


@pytest.mark.parametrize("rule_id", FINDING_RULES)
def test_a_rule_says_what_it_means_and_what_to_do(rule_id: str) -> None:
    assert rule_id == rule_id.lower().replace("_", "-").replace(" ", "-")
    finding = make_finding(rule_id, "a", resource="R", subjects="S", regions="X", about="A", message="M")
    assert finding.message.endswith(".")
    assert finding.remedy.endswith(".")
    assert "{" not in finding.message + finding.remedy
    assert not FINDING_RULES[rule_id].summary.endswith(".")
