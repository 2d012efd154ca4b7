"""cfn-lint over the text of a template."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cfn_breakglass.analysis.validation.cfn_lint import RULE_PAGE, lint
from cfn_breakglass.errors import TemplateError

LINTED = """AWSTemplateFormatVersion: "2010-09-09"
Metadata:
  cfn-lint: {config: {ignore_checks: [E3002, E3030, W]}}
Resources:
  Rule:
    Type: AWS::Events::Rule
    Metadata: {cfn-lint: {config: {ignore_checks: [E3030]}}}
    Properties: {State: NONSENSE, EventPattern: {source: [aws.sts]}}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicNam: alerts}
"""


def test_no_error_can_be_suppressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".cfnlintrc").write_text(
        "merge_configs: true\nignore_checks: [E]\nregions: [mars-north-1]\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    findings = lint(LINTED, "main.yaml", ["us-east-1", "eu-west-1"])
    assert [(finding.line, finding.rule_id, finding.level) for finding in findings] == [
        (8, "E3030", "error"),
        (11, "E3002", "error"),
    ]
    assert str(findings[0]).startswith("main.yaml: line 8: 'NONSENSE' is not one of")
    assert str(findings[0]).endswith("[E3030]")
    assert [finding.logical_id for finding in findings] == ["Rule", "Topic"]
    assert findings[0].remedy == f"See {RULE_PAGE}E3030"


def test_a_valid_template_has_no_finding() -> None:
    assert lint("Resources: {Topic: {Type: AWS::SNS::Topic}}", "main.yaml", ["us-east-1"]) == []


def test_informational_rules_run_on_demand_and_metadata_may_suppress_them() -> None:
    queue = "Resources: {Q: {Type: AWS::SQS::Queue, %s Properties: {MessageRetentionPeriod: 60}}}"
    findings = lint(queue % "", "main.yaml", ["us-east-1"], informational=True)
    assert {(finding.rule_id, finding.level) for finding in findings} == {("I3011", "note")}
    assert lint(queue % "", "main.yaml", ["us-east-1"]) == []
    suppressed = queue % "Metadata: {cfn-lint: {config: {ignore_checks: [I3011]}}},"
    assert lint(suppressed, "main.yaml", ["us-east-1"], informational=True) == []


def test_a_template_does_not_change_the_findings_of_another() -> None:
    findings = lint(LINTED, "main.yaml", ["us-east-1"])
    lint("Resources: {Topic: {Type: AWS::SNS::Topic}}", "main.yaml", ["cn-north-1"], informational=True)
    assert lint(LINTED, "main.yaml", ["us-east-1"]) == findings != []


def test_cfn_lint_applies_the_regions_of_the_template() -> None:
    slack = "Resources: {Slack: {Type: 'AWS::Chatbot::SlackChannelConfiguration', Properties: %s}}" % json.dumps(  # noqa: UP031 - braces
        {"ConfigurationName": "a", "IamRoleArn": "arn:aws:iam::111122223333:role/a"}
        | {"SlackChannelId": "C01234567", "SlackWorkspaceId": "T01234567"}
    )
    assert lint(slack, "t.yaml", ["us-east-1"]) == []
    findings = lint(slack, "t.yaml", ["us-east-1", "cn-north-1"])
    assert [(finding.rule_id, "cn-north-1" in finding.message) for finding in findings] == [("E3006", True)]


def test_text_that_is_no_yaml_is_a_finding() -> None:
    (finding,) = lint("Resources: [", "bad.yaml", ["us-east-1"])
    assert (finding.file, finding.rule_id, finding.level) == ("bad.yaml", "E0000", "error")


@pytest.mark.parametrize("regions", [[], ["us-east-1", "mars-north-1"]])
def test_lint_without_a_region_it_knows_cannot_tell(regions: list[str]) -> None:
    with pytest.raises(TemplateError, match=r"main.yaml: cfn-lint needs regions it knows"):
        lint(LINTED, "main.yaml", regions)


def test_only_linting_pays_for_cfn_lint() -> None:
    code = "import sys, cfn_breakglass.analysis.validation.folder; sys.exit('cfnlint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
