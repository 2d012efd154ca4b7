"""The scanners look: each finds what it is for, hears a reason, and never passes for having seen nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from scan import cfn_lint, checkov, environment, is_about, main, parliament, reasons

from cfn_breakglass.analysis.template.template_files import read_template_files
from cfn_breakglass.builders.scanner_suppressions import accepted

TEMPLATE = """\
Metadata: {cfn-breakglass: {MainRegion: us-east-1, Regions: []}}
Resources:
  Bare:
    Type: AWS::SQS::Queue
    Properties: {MessageRetentionPeriod: 60}
  Reasoned:
    Type: AWS::SQS::Queue
    Metadata:
      checkov: %s
      cfn-lint: {config: {ignore_checks: [I3011]}}
    Properties: {MessageRetentionPeriod: 60}
  Grant:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [{Ref: Bare}]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
        - Effect: Allow
          Principal: {Service: events.amazonaws.com}
          Action: ['sqs:SendMessage']
          Resource: [{'Fn::GetAtt': [Bare, Arn]}]
          Condition: {StringEquals: {'sqs:Colour': red}}
"""
REASON = accepted(CKV_AWS_27="nothing is in it")
SAID = """\
{main}: line 3: 'DeletionPolicy' is a required property [I3011]
{main}: line 3: 'UpdateReplacePolicy' is a required property [I3011]
cfn-lint: 1 templates in 1 regions: 2 found, 0 accepted
{main}: line 3: CKV_AWS_27 AWS::SQS::Queue.Bare: Ensure all data stored in the SQS queue is encrypted
{others}: line 3: CKV_AWS_27 AWS::SQS::Queue.Bare: Ensure all data stored in the SQS queue is encrypted
accepted 2 times: CKV_AWS_27 AWS::SQS::Queue.Reasoned: nothing is in it
checkov: 2 templates, 6 resources, 4 checks: 2 found, 2 accepted
{scp}: NO_VERSION Policy does not contain a Version element
{main} us-east-1: AWS::SQS::QueuePolicy Grant.PolicyDocument: UNKNOWN_CONDITION_FOR_ACTION Unknown condition for action
parliament: 2 policies, 2 of them different, with 2 statements: 2 found, 0 accepted
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("main-region", "stackset"):
        (tmp_path / f"{name}.yaml").write_text(TEMPLATE % json.dumps(REASON["checkov"]), encoding="utf-8")
    return tmp_path


def test_each_scanner_finds_what_it_is_for_and_hears_a_reason(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main_region, stackset, scp = (folder / name for name in ("main-region.yaml", "stackset.yaml", "guard-scp.json"))
    scp.write_text('{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}', encoding="utf-8")
    environment()  # what it says is no part of this
    capsys.readouterr()
    assert main(str(folder)) == 1
    said = [re.sub(r" \(.*(?= \[)| \(.*|: Unknown .*|: $", "", line) for line in capsys.readouterr().out.splitlines()]
    assert said == SAID.format(main=main_region, others=stackset, scp=scp).splitlines()


def test_a_folder_without_templates_is_no_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(str(tmp_path)) == 1
    assert "there is no such file" in capsys.readouterr().out


def test_nothing_to_look_at_is_no_pass() -> None:
    verdicts = [cfn_lint([]), checkov(environment(), []), parliament(environment(), {})]
    assert [verdict.found for verdict in verdicts] == [["there was nothing to look at"]] * 3


def test_what_checkov_cannot_read_is_no_pass(folder: Path) -> None:
    read = read_template_files(folder)
    (folder / "stackset.yaml").write_text("Resources: [", encoding="utf-8")
    found = checkov(environment(), read).found
    assert found[1:] == [f"{folder}/stackset.yaml: checkov could not read it", "checkov read 3 resources of 6"]


def test_a_scanner_that_wants_a_network_is_told_no() -> None:
    program = """
import ask_checkov, socket, sys
sys.addaudithook(ask_checkov._offline)
try:
    socket.create_connection(("localhost", 9))
except OSError as error:
    print(error, len(ask_checkov._reached))
"""
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", program], cwd=here, capture_output=True, text=True, check=True)
    assert done.stdout == "the scanners stay offline 1\n"


@pytest.mark.parametrize(
    ("where", "heard"),
    [("AWS::KMS::Key Key.KeyPolicy", True), ("AWS::IAM::Role Role.Policies.0.PolicyDocument", False)],
)
def test_a_reason_is_heard_only_where_it_is_given(where: str, heard: bool) -> None:  # noqa: FBT001 - a row of the table
    said = {"check": "RESOURCE_STAR", "policy": f"main-region.yaml us-east-1: {where}", "detail": ["kms:Decrypt"]}
    assert any(is_about(reason, said) for reason in reasons()) is heard
