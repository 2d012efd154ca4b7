"""Regions that are new, and a partition of one region."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from paths import ROOT

from cfn_breakglass import config_of, output_files
from cfn_breakglass.analysis.validation.folder import validate_folder
from cfn_breakglass.cli.app import cli
from cfn_breakglass.generation.files import write_files
from cfn_breakglass.generation.generate import generate_files
from cfn_breakglass.guidance.next_steps import next_steps
from cfn_breakglass.plan import make_plan

NEW: dict[str, Any] = {
    "main_region": "us-east-1",
    "regions": ["eu-west-1"],
    "new_regions": ["me-west-9"],
    "usernames": ["alice"],
    "alerts": {"emails": ["ops@example.com"]},
}
SOVEREIGN: dict[str, Any] = {
    "main_region": "eusc-de-east-1",
    "usernames": ["alice"],
    "role": {"trust": {"saml_provider": "arn:aws-eusc:iam::111122223333:saml-provider/Corp", "saml_names": ["*"]}},
    "alerts": {"emails": ["ops@example.com"]},
    "deployer": True,
}
ASSUMED = ROOT / "tests" / "events" / "RoleAssumed"


def messages_of(folder: Path) -> list[str]:
    return [finding.message for finding in validate_folder(folder).findings]


@pytest.mark.parametrize("settings", [NEW | {"stackset_roles": "create"}, NEW | {"rollout": "managed"}, SOVEREIGN])
def test_validate_has_nothing_against_them(settings: dict[str, Any], tmp_path: Path) -> None:
    write_files(tmp_path, output_files(config_of(settings)))
    assert messages_of(tmp_path) == []


def test_a_new_region_is_watched_as_one_that_has_to_be_opted_in_to() -> None:
    files = output_files(config_of(NEW | {"stackset_roles": "create"}))
    assert "break-glass-failing-heartbeat-me-west-9" in files["main-region.yaml"]
    assert "Regions: [eu-west-1, me-west-9]" in files["stackset.yaml"]
    assert "cloudformation.me-west-9.amazonaws.com" in files["stackset-roles.yaml"]


def test_the_sovereign_cloud_has_names_of_its_own() -> None:
    text = output_files(config_of(SOVEREIGN))["main-region.yaml"]
    for name in ("arn:aws-eusc:", "logs.eusc-de-east-1.amazonaws.eu", "https://signin.amazonaws-eusc.eu/saml*"):
        assert name in text
    assert "arn:aws:" not in text


def steps(settings: dict[str, Any]) -> str:
    plan = make_plan(config_of(settings))
    return next_steps(plan, Path("templates"), generate_files(plan, "yaml", file="breakglass.yaml", lines={}))


def test_the_ten_policies_of_logs_are_mentioned() -> None:
    assert "at most 9 resource policies of CloudWatch Logs" in steps(NEW)
    nothing_logged = {**NEW, "alerts": {"emails": ["a@example.com"], "log": False}, "actions": {"log": "none"}}
    assert "resource policies of CloudWatch Logs" not in steps(nothing_logged | {"heartbeat": "off"})


def test_an_existing_policy_of_logs_is_left_to_its_owner(tmp_path: Path) -> None:
    settings = NEW | {"logs_policy": "existing", "account": "111122223333"}
    files = output_files(config_of(settings))
    assert "AWS::Logs::ResourcePolicy" not in files["main-region.yaml"]
    text = steps(settings)
    assert "at most 9" not in text
    (statement,) = (json.loads(line) for line in text.splitlines() if '"Sid": "OurRules"' in line)
    assert statement["Resource"] == "arn:aws:logs:us-east-1:111122223333:log-group:/aws/events/break-glass/*:*"
    assert statement["Principal"] == {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]}
    write_files(tmp_path, files)
    assert messages_of(tmp_path) == []
    record = next(path for path in ASSUMED.glob("raises-*.json") if '"eu-west-1"' in path.read_text(encoding="utf-8"))
    result = CliRunner().invoke(cli, ["simulate", "--templates", str(tmp_path), str(record)])
    assert "assumed to allow it: the Logs resource policy of us-east-1" in result.stdout


def test_without_that_word_a_missing_policy_is_a_problem(tmp_path: Path) -> None:
    files = output_files(config_of(NEW | {"logs_policy": "existing"}))
    main = files["main-region.yaml"].replace("LogsPolicy: existing", "Note: none")
    write_files(tmp_path, files | {"main-region.yaml": main})
    messages = messages_of(tmp_path)
    assert any("EventBridge may not write to the log group" in message for message in messages)
