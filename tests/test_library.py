"""The parts one by one, in somebody's own template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from troposphere import AWSObject, Template, iam

from cfn_breakglass import action_log, break_glass_role, config_of, login_alert, watch_role
from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.analysis.template.reader import Stack, resolve
from cfn_breakglass.analysis.validation.cfn_lint import lint

ACCOUNT = "111122223333"
SETTINGS: dict[str, Any] = {
    "main_region": "eu-west-1",
    "role": {"existing": "Emergency"},
    "alerts": {"emails": ["ops@example.com"]},
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def own_role(name: str | None = "Emergency") -> iam.Role:
    named = {"RoleName": name} if name else {}
    return iam.Role("MyRole", AssumeRolePolicyDocument=TRUST, **named)


def deployed(*resources: AWSObject) -> tuple[Stack, str]:
    template = Template()
    template.set_version()
    template.add_resource(list(resources))
    text = template.to_json()
    return resolve(json.loads(text), account=ACCOUNT, region="eu-west-1"), text


def event(role: str, **more: Any) -> dict[str, Any]:
    """A session of ``role`` calling AssumeRole on itself: taken on, and done in the role."""
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/ana"
    record = {
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "awsRegion": "eu-west-1",
        "eventType": "AwsApiCall",
        "readOnly": True,
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "AssumedRole", "principalId": "AROAR:ana", "arn": session, "accountId": ACCOUNT},
        "requestParameters": {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "roleSessionName": "ana"},
        "responseElements": {"assumedRoleUser": {"arn": session}},
    }
    return dict(event_from_record(record | more))


def told(stack: Stack, role: str) -> set[tuple[str, str]]:
    deliveries = Simulator({"eu-west-1": stack}).run(event(role))
    assert [one.problem for one in deliveries if one.problem] == []
    # Nothing in such a template says which name its rules begin with.
    assert {one.detection for one in deliveries} == {one.rule for one in deliveries}
    return {(one.rule.removeprefix("break-glass."), one.kind) for one in deliveries}


ALERTED = {("RoleAssumed", "topic"), ("RoleAssumed", "log")}


@pytest.mark.parametrize("name", ["Emergency", None], ids=["named", "named by CloudFormation"])
def test_login_alert_for_a_role_of_the_same_template(name: str | None) -> None:
    role = own_role(name)
    stack, text = deployed(role, *login_alert(config_of(SETTINGS), role))
    assert lint(text, "own", ["eu-west-1"]) == []
    assert told(stack, name or "break-glass-MyRole") == ALERTED
    assert told(stack, "Other") == set()


def test_login_alert_for_a_role_that_exists() -> None:
    stack, text = deployed(*login_alert(config_of(SETTINGS)))
    assert lint(text, "own", ["eu-west-1"]) == []
    assert told(stack, "Emergency") == ALERTED


def test_action_log_alone() -> None:
    role = own_role()
    stack, text = deployed(role, *action_log(config_of(SETTINGS), role))
    assert lint(text, "own", ["eu-west-1"]) == []
    assert told(stack, "Emergency") == {("RoleActions", "log")}
    assert not stack.of_type("AWS::SNS::Topic")


def test_role_alone() -> None:
    settings = {"main_region": "eu-west-1", "usernames": ["alice"]}
    stack, text = deployed(*break_glass_role(config_of(settings)))
    assert lint(text, "own", ["eu-west-1"]) == []
    assert list(stack.resources) == ["Role", "RoleGrant"]


def test_both_share_one_logs_policy() -> None:
    stack, text = deployed(*watch_role(config_of(SETTINGS)))
    assert lint(text, "own", ["eu-west-1"]) == []
    assert len(stack.of_type("AWS::Logs::ResourcePolicy")) == 1
    assert len(stack.of_type("AWS::Logs::LogGroup")) == 2
    assert told(stack, "Emergency") == ALERTED | {("RoleActions", "log")}


def test_login_alert_and_action_log_can_stand_in_one_template() -> None:
    config = config_of(SETTINGS)
    stack, text = deployed(*login_alert(config), *action_log(config))
    assert lint(text, "own", ["eu-west-1"]) == []
    assert told(stack, "Emergency") == ALERTED | {("RoleActions", "log")}


def test_in_a_template_of_ones_own_an_organization_changes_nothing() -> None:
    settings = {**SETTINGS, "role": {"existing": "ops/Emergency"}}
    organization = {"id": "o-a1b2c3d4e5", "hub": "999999999999", "units": ["r-ab12"]}
    made, same = (watch_role(config_of({**settings, **more})) for more in ({}, {"organization": organization}))
    assert [resource.to_dict() for resource in made] == [resource.to_dict() for resource in same]


def test_the_package_knows_no_other_name() -> None:
    import cfn_breakglass

    for name in cfn_breakglass.__all__:
        assert getattr(cfn_breakglass, name)
    with pytest.raises(AttributeError, match="Nothing"):
        _ = cfn_breakglass.Nothing
    assert Path(cfn_breakglass.__file__).with_name("py.typed").exists()
