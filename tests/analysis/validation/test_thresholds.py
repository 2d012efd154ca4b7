"""What ``validate`` finds at a limit and just beyond it, and that it overlooks neither digests nor warnings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from paths import GOLDEN

from cfn_breakglass.analysis.template.reader import parse, resolve
from cfn_breakglass.analysis.validation.cfn_lint import lint
from cfn_breakglass.analysis.validation.guard_scp import scp_findings
from cfn_breakglass.analysis.validation.trail import trail_problems

ACCOUNT = "111122223333"
MAIN = (GOLDEN / "everything" / "main-region.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("size", "fits"), [(5_120, True), (5_121, False)])
def test_an_scp_has_at_most_5120_characters(tmp_path: Path, size: int, *, fits: bool) -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html; blanks count too."""
    statement = {"Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    path = tmp_path / "guard-scp.json"
    path.write_text(text.ljust(size), encoding="utf-8")
    assert (scp_findings(path) == []) == fits


def problems_of_trail(resource_of_files: str) -> list[str]:
    """What is wrong with the trail if its bucket takes files with these ARNs only."""
    template: dict[str, Any] = parse(MAIN, "main-region.yaml")
    statements = template["Resources"]["TrailBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (writes,) = (statement for statement in statements if "s3:PutObject" in statement["Action"])
    writes["Resource"] = {"Fn::Sub": "${TrailBucket.Arn}/AWSLogs/${AWS::AccountId}/" + resource_of_files}
    stack = resolve(template, account=ACCOUNT, region="us-east-1")
    (trail,) = stack.of_type("AWS::CloudTrail::Trail")
    return [str(problem) for problem in trail_problems(stack, trail)]


@pytest.mark.parametrize(
    ("files", "is_whole"), [("*", True), ("CloudTrail*", True), ("CloudTrail/*", False), ("CloudTrail-Digest/*", False)]
)
def test_a_trail_writes_its_records_and_the_digests_that_prove_them(files: str, *, is_whole: bool) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html."""
    assert (problems_of_trail(files) == []) == is_whole


def test_a_template_cannot_turn_warnings_off() -> None:
    template = {
        "Metadata": {"cfn-lint": {"config": {"ignore_checks": ["W", "E"]}}},
        "Parameters": {"Unused": {"Type": "String", "Default": "x"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    }
    assert "W2001" in {finding.rule_id for finding in lint(json.dumps(template), "main-region.json", ["us-east-1"])}
