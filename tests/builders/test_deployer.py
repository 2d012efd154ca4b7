"""The deployer: that it can deploy what the templates hold, every call of it, and do nothing else."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from deployed_world import ACCOUNT, MANAGEMENT, Call, World, deploying, values
from golden_cases import CASES
from handler_data import TYPES, type_schema
from troposphere import Template

from cfn_breakglass import break_glass_deployer
from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.delivery_permissions import role_policies
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.aws.cloudformation_handlers import calls_on_everything, calls_to_deploy
from cfn_breakglass.builders.deployment.deployer import Deployed, deployer
from cfn_breakglass.config.loader import config_of, load_config
from cfn_breakglass.config.model import MANAGED, Config, Deployer
from cfn_breakglass.generation.files import as_data
from cfn_breakglass.generation.generate import output_files
from cfn_breakglass.plan import make_plan
from cfn_breakglass.templates import main_region, make_templates, stackset

EVERYTHING = {
    "main_region": "us-east-1",
    "usernames": ["alice", "bob"],
    "role": {"policy_statements": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}], "path": "/ops/"},
    "alerts": {
        "emails": ["ops@example.com"],
        "lambda": [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:page"],
        "fallback": ["+15550100"],
    },
    "trail": "create",
    "trail_lock_days": 90,
    "tags": {"team": "security"},
    "deployer": True,
}


def of_case(case: Path, **more: Any) -> Config:
    config = load_config(case / "breakglass.yaml")[0]
    return dataclasses.replace(config, deployer=config.deployer or Deployer(), **more)


IN_ORGANIZATION = {
    **{key: value for key, value in EVERYTHING.items() if not key.startswith("trail")},
    "organization": {"id": "o-a1b2c3d4e5", "hub": ACCOUNT, "units": ["ou-ab12-11111111"]},
}
CONFIGS = {
    "by the console": config_of(EVERYTHING),
    "managed": config_of({**EVERYTHING, "rollout": "managed"}),
    "of an organization": config_of(IN_ORGANIZATION),
    "of an organization, managed": config_of({**IN_ORGANIZATION, "rollout": "managed"}),
    **{case.name: of_case(case, rollout=MANAGED) for case in CASES},
}
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


@every_config
def test_every_type_in_the_templates_has_handlers(config: Config) -> None:
    world = World.of(config)
    assert {held.type for stack in (world.main, world.regional) for held in stack.resources.values()} <= set(TYPES)


def test_a_type_without_handlers_is_an_error() -> None:
    config = CONFIGS["by the console"]
    new = {"Function": {"Type": "AWS::Lambda::Function", "Properties": {}}}
    held = {**as_data(main_region(config))["Resources"], **new}
    with pytest.raises(LookupError, match=r"AWS::Lambda::Function is not in .*: add it to TYPES"):
        deployer(make_plan(config), Deployed(held, as_data(stackset(config))["Resources"]))


def may(stack: Stack, role: str, call: Call) -> bool:
    """Whether the policies that a template gives a role or user allow a call."""
    held = stack.resources[role]
    keys = {"aws:PrincipalArn": held.arn, "aws:ResourceAccount": stack.account, **call.keys}
    return allowed(role_policies(stack, held), action=call.action, resource=call.resource, context=keys)


@every_config
def test_the_service_role_may_make_every_call_that_deploying_takes(config: Config) -> None:
    world = World.of(config)
    calls = list(deploying(world))
    assert len(calls) > 50
    assert [call for call in calls if not may(world.deployer, "ServiceRole", call)] == []


def test_the_key_lets_itself_be_deployed() -> None:
    """IAM knows no name of a key, so the right to ours is in its own policy, and no right to any key is in IAM."""
    world = World.of(CONFIGS["by the console"])
    key, role = world.main.resources["Key"], world.deployer.resources["ServiceRole"]
    alias = {"kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"}
    asked_for = (calls_to_deploy(key.type, key.properties) | alias) - calls_on_everything()
    keys = {"aws:PrincipalArn": role.arn}
    document = key.properties["KeyPolicy"]
    assert all(allowed([document], action=call, resource=key.arn, context=keys) for call in asked_for)
    in_iam = Call("kms:PutKeyPolicy", key.arn, {"aws:RequestedRegion": world.main.region})
    assert not may(world.deployer, "ServiceRole", in_iam)
    without = main_region(config_of({**EVERYTHING, "deployer": False})).to_dict()["Resources"]["Key"]
    assert names_of_roles(world.main.resources["Key"].properties) == {role.arn}
    assert names_of_roles(without) == set()


def names_of_roles(held: Any) -> set[str]:
    return {value for value in values(held, "AWS") if ":role/" in str(value)}


HERE = {"aws:RequestedRegion": "us-east-1"}
ROLE, USER, POLICY = (f"arn:aws:iam::{ACCOUNT}:{kind}/" for kind in ("role", "user", "policy"))
BOUNDARY = {"iam:PermissionsBoundary": f"{POLICY}break-glass-boundary"}
GRANT = {"iam:PolicyARN": f"{POLICY}break-glass-grant"}
ADMIN = {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}
PASSED = {"iam:PassedToService": "cloudformation.amazonaws.com"}
STACK = f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/"
STACK_SET = f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stackset/"
WITH_ROLE = {"cloudformation:RoleArn": f"{ROLE}break-glass-cloudformation"}
WITH_ADMINISTRATION = {"cloudformation:RoleArn": f"{ROLE}break-glass-stackset-administration"}

NOBODY_MAY = {
    "make an administrator": Call("iam:CreateRole", f"{ROLE}mine", {}),
    "make one by a longer name": Call("iam:CreateRole", f"{ROLE}break-glass-mine", BOUNDARY),
    "make a role of ours without its boundary": Call("iam:CreateRole", f"{ROLE}break-glass-forwarder", {}),
    "make it with another boundary": Call(
        "iam:CreateRole", f"{ROLE}break-glass-forwarder", {"iam:PermissionsBoundary": f"{POLICY}mine"}
    ),
    "let it do more without its boundary": Call("iam:PutRolePolicy", f"{ROLE}break-glass-heartbeat", {}),
    "attach a policy to it": Call("iam:AttachRolePolicy", f"{ROLE}break-glass-forwarder", {**BOUNDARY, **ADMIN}),
    "take its boundary off": Call("iam:DeleteRolePermissionsBoundary", f"{ROLE}break-glass-forwarder", BOUNDARY),
    "give it another one": Call(
        "iam:PutRolePermissionsBoundary", f"{ROLE}break-glass-forwarder", {"iam:PermissionsBoundary": f"{POLICY}mine"}
    ),
    "change the boundary": Call("iam:CreatePolicyVersion", f"{POLICY}break-glass-boundary", {}),
    "change the deployer's policy": Call("iam:CreatePolicyVersion", f"{POLICY}break-glass-deployer", {}),
    "change the service role": Call("iam:PutRolePolicy", f"{ROLE}break-glass-cloudformation", BOUNDARY),
    "let others take on the service role": Call("iam:UpdateAssumeRolePolicy", f"{ROLE}break-glass-cloudformation", {}),
    "let others take on the deployer": Call("iam:UpdateAssumeRolePolicy", f"{ROLE}break-glass-deployer", {}),
    "attach another policy to the watched role": Call(
        "iam:AttachRolePolicy", f"{ROLE}ops/break-glass", {"iam:PolicyARN": f"{POLICY}mine"}
    ),
    "change another role": Call("iam:UpdateAssumeRolePolicy", f"{ROLE}Admin", {}),
    "change a role of a longer name": Call("iam:UpdateAssumeRolePolicy", f"{ROLE}ops/break-glass-2", {}),
    "make a user": Call("iam:CreateUser", f"{USER}mine", {}),
    "make an access key": Call("iam:CreateAccessKey", f"{USER}alice", {}),
    "put a policy on a user": Call("iam:PutUserPolicy", f"{USER}alice", {}),
    "make a listed user an administrator": Call("iam:AttachUserPolicy", f"{USER}alice", ADMIN),
    "grant the role to somebody else": Call("iam:AttachUserPolicy", f"{USER}mallory", GRANT),
    "grant it to a name that ends alike": Call("iam:AttachUserPolicy", f"{USER}malalice", GRANT),
    "detach another policy": Call("iam:DetachUserPolicy", f"{USER}alice", ADMIN),
    "make a policy": Call("iam:CreatePolicy", f"{POLICY}mine", {}),
    "take on the role": Call("sts:AssumeRole", f"{ROLE}ops/break-glass", {}),
    "take on another role": Call("sts:AssumeRole", f"{ROLE}Admin", {}),
    "pass another role to CloudFormation": Call("iam:PassRole", f"{ROLE}Admin", PASSED),
    "pass the watched role to CloudFormation": Call("iam:PassRole", f"{ROLE}ops/break-glass", PASSED),
    "pass the forwarder to Lambda": Call(
        "iam:PassRole", f"{ROLE}break-glass-forwarder", {"iam:PassedToService": "lambda.amazonaws.com"}
    ),
    "pass the service role to EC2": Call(
        "iam:PassRole", f"{ROLE}break-glass-cloudformation", {"iam:PassedToService": "ec2.amazonaws.com"}
    ),
    "deploy another stack": Call("cloudformation:CreateStack", f"{STACK}other/1", WITH_ROLE),
    "deploy a stack of a longer name": Call("cloudformation:UpdateStack", f"{STACK}break-glass-deployer/1", WITH_ROLE),
    "deploy it elsewhere": Call(
        "cloudformation:CreateStack", f"{STACK}break-glass/1".replace("us-east-1", "eu-west-1"), WITH_ROLE
    ),
    "deploy ours with another role": Call(
        "cloudformation:UpdateStack", f"{STACK}break-glass/1", {"cloudformation:RoleArn": f"{ROLE}Admin"}
    ),
    "deploy ours with no role": Call("cloudformation:UpdateStack", f"{STACK}break-glass/1", {}),
    "make a change set with no role": Call("cloudformation:CreateChangeSet", f"{STACK}break-glass/1", {}),
    "delete ours with another role": Call(
        "cloudformation:DeleteStack", f"{STACK}break-glass/1", {"cloudformation:RoleArn": f"{ROLE}Admin"}
    ),
    "change the stack policy": Call("cloudformation:SetStackPolicy", f"{STACK}break-glass/1", {}),
    "lift termination protection": Call("cloudformation:UpdateTerminationProtection", f"{STACK}break-glass/1", {}),
    "roll out with another role": Call(
        "cloudformation:CreateStackSet",
        "*",
        {"cloudformation:RoleArn": f"{ROLE}AWSCloudFormationStackSetAdministrationRole"},
    ),
    "roll out with AWS's default role": Call("cloudformation:CreateStackSet", "*", {}),
    "change another stack set": Call("cloudformation:UpdateStackSet", f"{STACK_SET}other:1", WITH_ADMINISTRATION),
    "roll out another type": Call(
        "cloudformation:CreateStackInstances", "arn:aws:cloudformation:us-east-1::type/resource/AWS-IAM-Role", {}
    ),
    "change another rule": Call("events:PutRule", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/other", HERE),
    "change one of ours elsewhere": Call(
        "events:PutRule",
        f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/break-glass-RoleAssumed",
        {"aws:RequestedRegion": "eu-west-1"},
    ),
    "delete another bus": Call("events:DeleteEventBus", f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/other", HERE),
    "open the default bus": Call("events:PutPermission", "*", HERE),
    "forge an event": Call("events:PutEvents", f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/break-glass", HERE),
    "change another topic": Call("sns:SetTopicAttributes", f"arn:aws:sns:us-east-1:{ACCOUNT}:other", HERE),
    "publish a false alert": Call("sns:Publish", f"arn:aws:sns:us-east-1:{ACCOUNT}:break-glass-alerts", HERE),
    "delete another log group": Call(
        "logs:DeleteLogGroup", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/x", HERE
    ),
    "read the logs": Call(
        "logs:GetLogEvents", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/break-glass/login:*", HERE
    ),
    "empty a queue": Call("sqs:PurgeQueue", f"arn:aws:sqs:us-east-1:{ACCOUNT}:break-glass-dead-letters", HERE),
    "stop another trail": Call(
        "cloudtrail:StopLogging", f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/organization", HERE
    ),
    "narrow what our trail records": Call(
        "cloudtrail:PutEventSelectors", f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/break-glass-trail", HERE
    ),
    "read what the trail recorded": Call(
        "s3:GetObject", f"arn:aws:s3:::break-glass-{ACCOUNT}-us-east-1/AWSLogs/x", HERE
    ),
    "delete what the trail recorded": Call(
        "s3:DeleteObject", f"arn:aws:s3:::break-glass-{ACCOUNT}-us-east-1/AWSLogs/x", HERE
    ),
    "change another bucket": Call("s3:PutBucketPolicy", "arn:aws:s3:::other", HERE),
    "take another key": Call("kms:PutKeyPolicy", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/other", HERE),
    "give another key our alias": Call("kms:CreateAlias", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/other", HERE),
    "call a function": Call("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:page", HERE),
    "let anybody call it": Call(
        "lambda:AddPermission", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:page", {"lambda:Principal": "*"}
    ),
    "let SNS call another": Call(
        "lambda:AddPermission",
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:other",
        {"lambda:Principal": "sns.amazonaws.com"},
    ),
    "change a bus policy of the account's logs elsewhere": Call(
        "logs:PutResourcePolicy", "*", {"aws:RequestedRegion": "eu-west-1"}
    ),
}


@pytest.mark.parametrize("who", ["Deployer", "ServiceRole"])
@pytest.mark.parametrize("call", NOBODY_MAY.values(), ids=NOBODY_MAY)
@pytest.mark.parametrize("config", ["by the console", "managed"])
def test_nobody_may(config: str, call: Call, who: str) -> None:
    assert not may(MADE[config].deployer, who, call)


MADE = {name: World.of(CONFIGS[name]) for name in ("by the console", "managed")}

THE_DEPLOYER_MAY_NOT = {
    "change the watched role": Call("iam:PutRolePolicy", f"{ROLE}ops/break-glass", {}),
    "let others take it on": Call("iam:UpdateAssumeRolePolicy", f"{ROLE}ops/break-glass", {}),
    "make a role of ours": Call("iam:CreateRole", f"{ROLE}break-glass-forwarder", BOUNDARY),
    "take on the service role": Call("sts:AssumeRole", f"{ROLE}break-glass-cloudformation", {}),
    "pass the forwarder": Call(
        "iam:PassRole", f"{ROLE}break-glass-forwarder", {"iam:PassedToService": "events.amazonaws.com"}
    ),
    "change a rule": Call("events:PutRule", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/break-glass-RoleAssumed", HERE),
    "subscribe to the alerts": Call("sns:Subscribe", f"arn:aws:sns:us-east-1:{ACCOUNT}:break-glass-alerts", HERE),
    "unsubscribe somebody": Call("sns:Unsubscribe", "*", HERE),
    "delete a log": Call(
        "logs:DeleteLogGroup", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/break-glass/login", HERE
    ),
    "read a template from a stranger's bucket": Call(
        "s3:GetObject", "arn:aws:s3:::cf-templates-squatted-us-east-1/x", {"aws:ResourceAccount": "999999999999"}
    ),
}


@pytest.mark.parametrize("call", THE_DEPLOYER_MAY_NOT.values(), ids=THE_DEPLOYER_MAY_NOT)
def test_the_deployer_may_not(call: Call) -> None:
    assert not may(MADE["by the console"].deployer, "Deployer", call)


THE_DEPLOYER_MAY = {
    "create the stack": Call("cloudformation:CreateStack", f"{STACK}break-glass/1", WITH_ROLE),
    "update it by a change set": Call("cloudformation:CreateChangeSet", f"{STACK}break-glass/1", WITH_ROLE),
    "execute the change set": Call("cloudformation:ExecuteChangeSet", f"{STACK}break-glass/1", {}),
    "see why a change set is not valid": Call("cloudformation:DescribeEvents", f"{STACK}break-glass/1", {}),
    "watch it": Call("cloudformation:DescribeStackEvents", f"{STACK}break-glass/1", {}),
    "wait for it, as aws cloudformation deploy does": Call(
        "cloudformation:DescribeStacks", f"{STACK}break-glass/1", {}
    ),
    "delete it": Call("cloudformation:DeleteStack", f"{STACK}break-glass/1", {}),
    "delete it with its role": Call("cloudformation:DeleteStack", f"{STACK}break-glass/1", WITH_ROLE),
    "hand CloudFormation the service role": Call("iam:PassRole", f"{ROLE}break-glass-cloudformation", PASSED),
    "look around in the console": Call("cloudformation:ListStacks", "*", {}),
    "let the console read a template": Call("cloudformation:GetTemplateSummary", "*", {}),
    "upload a template": Call("s3:PutObject", "arn:aws:s3:::cf-templates-1a2b3c-us-east-1/x", {}),
    "create the stack set": Call("cloudformation:CreateStackSet", "*", WITH_ADMINISTRATION),
    "hand it its role": Call("iam:PassRole", f"{ROLE}break-glass-stackset-administration", PASSED),
    "roll it out": Call("cloudformation:CreateStackInstances", f"{STACK_SET}break-glass:1", {}),
    "roll its types out": Call(
        "cloudformation:CreateStackInstances", "arn:aws:cloudformation:us-east-1::type/resource/AWS-Events-Rule", {}
    ),
    "update it": Call("cloudformation:UpdateStackSet", f"{STACK_SET}break-glass:1", WITH_ADMINISTRATION),
    "see that every region is current": Call("cloudformation:ListStackInstances", f"{STACK_SET}break-glass:1", {}),
    "remove it": Call("cloudformation:DeleteStackInstances", f"{STACK_SET}break-glass:1", {}),
}


@pytest.mark.parametrize("call", THE_DEPLOYER_MAY.values(), ids=THE_DEPLOYER_MAY)
def test_the_deployer_may(call: Call) -> None:
    assert may(MADE["by the console"].deployer, "Deployer", call)


def test_a_managed_rollout_leaves_the_stack_set_to_the_stack() -> None:
    stack = MADE["managed"].deployer
    for name in ("create the stack set", "hand it its role", "roll it out", "update it", "remove it"):
        assert not may(stack, "Deployer", THE_DEPLOYER_MAY[name])
        assert may(stack, "ServiceRole", THE_DEPLOYER_MAY[name])


OF_THE_ORGANIZATION = {name: World.of(CONFIGS[name]) for name in CONFIGS if name.startswith("of an organization")}
MANAGED_STACK_SET = f"arn:aws:cloudformation:us-east-1:{MANAGEMENT}:stackset/"
AS_DELEGATED_ADMINISTRATOR = {
    "be asked whether it is one": Call("organizations:ListDelegatedAdministrators", "*", {}),
    "make the stack sets": Call("cloudformation:CreateStackSet", "*", {}),
    "update that of the roles": Call("cloudformation:UpdateStackSet", f"{MANAGED_STACK_SET}break-glass-accounts:1", {}),
    "update that of the regions": Call("cloudformation:UpdateStackSet", f"{MANAGED_STACK_SET}break-glass:1", {}),
    "roll out to a unit": Call(
        "cloudformation:CreateStackInstances",
        f"arn:aws:cloudformation:us-east-1:{MANAGEMENT}:stackset-target/break-glass-accounts:1/ou-ab12-11111111",
        {},
    ),
    "roll out roles": Call(
        "cloudformation:CreateStackInstances", "arn:aws:cloudformation:us-east-1::type/resource/AWS-IAM-Role", {}
    ),
    "see what is current": Call("cloudformation:ListStackInstances", f"{MANAGED_STACK_SET}break-glass:1", {}),
}
ORGANIZATION_CALLS = pytest.mark.parametrize(
    "call", AS_DELEGATED_ADMINISTRATOR.values(), ids=AS_DELEGATED_ADMINISTRATOR
)


@ORGANIZATION_CALLS
def test_the_deployer_of_a_hub_manages_the_stack_sets_or_leaves_them_to_the_stack(call: Call) -> None:
    by_hand, by_stack = (world.deployer for world in OF_THE_ORGANIZATION.values())
    assert may(by_hand, "Deployer", call)
    assert not may(by_hand, "ServiceRole", call)
    assert may(by_stack, "ServiceRole", call)
    assert not may(by_stack, "Deployer", call)


NOT_IN_A_HUB = (
    *("make a role of ours without its boundary", "make an administrator", "deploy ours with no role"),
    *("roll out with another role", "change another stack set", "make a policy", "take on the role"),
    *("make a user", "forge an event", "change another topic", "pass another role to CloudFormation"),
)


@pytest.mark.parametrize("name", NOT_IN_A_HUB)
@pytest.mark.parametrize("world", OF_THE_ORGANIZATION.values(), ids=OF_THE_ORGANIZATION)
def test_in_a_hub_nobody_may(world: World, name: str) -> None:
    for who in ("Deployer", "ServiceRole"):
        assert not may(world.deployer, who, NOBODY_MAY[name])
        other = NOBODY_MAY[name]._replace(resource=f"{MANAGED_STACK_SET}other:1")
        assert not may(world.deployer, who, other)


@pytest.mark.parametrize("world", OF_THE_ORGANIZATION.values(), ids=OF_THE_ORGANIZATION)
def test_the_deployer_of_a_hub_makes_nothing_that_stack_sets_make(world: World) -> None:
    """AWS's own role makes it, in every account."""
    of_every_account = [
        *(Call(f"iam:{verb}", f"{ROLE}break-glass", BOUNDARY) for verb in ("CreateRole", "PutRolePolicy")),
        *(Call("iam:CreateRole", f"{ROLE}break-glass-{name}", BOUNDARY) for name in ("forwarder", "heartbeat")),
        Call("scheduler:CreateSchedule", f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/x", HERE),
        Call("iam:CreateRole", f"{ROLE}stacksets-exec-0f1e", {}),
        Call("sts:AssumeRole", f"{ROLE}stacksets-exec-0f1e", {}),
    ]
    for who in ("Deployer", "ServiceRole"):
        assert [call for call in of_every_account if may(world.deployer, who, call)] == []


def test_a_hub_without_anything_of_iam_needs_no_right_over_iam() -> None:
    existing = {**IN_ORGANIZATION, "usernames": [], "role": {"existing": "ops/Emergency"}}
    deployer_stack = World.of(config_of(existing)).deployer
    assert not {"ServiceRolePolicy", "Boundary"} & deployer_stack.resources.keys()
    assert "ManagedPolicyArns" not in deployer_stack.resources["ServiceRole"].properties
    every_action = str([role_policies(deployer_stack, held) for held in deployer_stack.of_type("AWS::IAM::Role")])
    assert "iam:Create" not in every_action


def test_the_roles_for_services_have_the_boundary() -> None:
    for name, world in MADE.items():
        boundary = world.deployer.resources["Boundary"]
        roles = {role.logical_id: role for role in world.main.of_type("AWS::IAM::Role")}
        bounded = {title for title, role in roles.items() if role.properties.get("PermissionsBoundary") == boundary.arn}
        assert bounded == roles.keys() - {"Role"}
        assert bounded >= {"ForwarderRole", "HeartbeatRole"}
        assert ("ExecutionRole" in bounded) == (name == "managed")
        assert not may_within(boundary, Call("iam:CreateUser", f"{USER}mine", {}))
        assert not may_within(boundary, Call("sts:AssumeRole", f"{ROLE}Admin", {}))
        assert not may_within(boundary, Call("iam:PutRolePolicy", f"{ROLE}break-glass-forwarder", BOUNDARY))
        for title in bounded:
            for document in role_policies(world.main, roles[title]):
                assert all(one in boundary.properties["PolicyDocument"]["Statement"] for one in document["Statement"])


def may_within(boundary: Resource, call: Call) -> bool:
    document = boundary.properties["PolicyDocument"]
    return allowed([document], action=call.action, resource=call.resource, context=call.keys)


def test_without_a_deployer_there_is_no_boundary() -> None:
    config = config_of({**EVERYTHING, "deployer": False, "rollout": "managed"})
    assert "deployer.yaml" not in output_files(config)
    held = as_data(main_region(config))["Resources"].values()
    assert not [one for one in held if "PermissionsBoundary" in one["Properties"]]


def test_the_role_is_held_to_the_boundary_that_the_config_gives_it() -> None:
    limit = f"{POLICY}Limit"
    world = World.of(config_of({**EVERYTHING, "role": {"permissions_boundary": limit}}))
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        within = Call(action, f"{ROLE}break-glass", {"iam:PermissionsBoundary": limit})
        assert may(world.deployer, "ServiceRole", within)
        assert not may(world.deployer, "ServiceRole", within._replace(keys={}))
        assert not may(world.deployer, "ServiceRole", within._replace(keys=BOUNDARY))


@pytest.mark.parametrize("manage", [False, True])
def test_a_role_that_exists_is_out_of_reach_unless_the_stack_manages_it(*, manage: bool) -> None:
    role = {"existing": f"{ROLE}ops/Emergency", "manage": manage}
    world = World.of(config_of({"main_region": "us-east-1", "role": role, "deployer": True}))
    put = Call("iam:PutRolePolicy", f"{ROLE}ops/Emergency", {})
    assert may(world.deployer, "ServiceRole", put) == manage
    for action in (
        "UpdateAssumeRolePolicy",
        "CreateRole",
        "AttachRolePolicy",
        "DeleteRole",
        "PutRolePermissionsBoundary",
    ):
        assert not may(world.deployer, "ServiceRole", put._replace(action=f"iam:{action}"))


WHO = {
    "a role that is made": (True, "Deployer", "AWS::IAM::Role", "break-glass-deployer"),
    "a role of another name": ({"role": "shipper"}, "Deployer", "AWS::IAM::Role", "shipper"),
    "a user": ({"user": "shipper"}, "Deployer", "AWS::IAM::User", "shipper"),
}


@pytest.mark.parametrize(("setting", "title", "kind", "name"), WHO.values(), ids=WHO)
def test_who_deploys(setting: Any, title: str, kind: str, name: str) -> None:
    stack = World.of(config_of({**EVERYTHING, "deployer": setting})).deployer
    held = stack.resources[title]
    assert (held.type, held.name) == (kind, name)
    attached = stack.resources["DeployerPolicy"].properties
    assert attached["Users" if kind.endswith("User") else "Roles"] == [name]
    assert "LoginProfile" not in held.properties


@pytest.mark.parametrize("setting", [{"role": "ci", "existing": True}, {"user": "ci", "existing": True}])
def test_one_who_is_there_gets_the_policy_and_nothing_else(setting: dict[str, Any]) -> None:
    stack = World.of(config_of({**EVERYTHING, "deployer": setting})).deployer
    assert "Deployer" not in stack.resources
    attached = stack.resources["DeployerPolicy"].properties
    assert (attached.get("Users"), attached.get("Roles")) == ((["ci"], None) if "user" in setting else (None, ["ci"]))


@pytest.mark.parametrize("mfa", [True, False])
def test_the_account_may_take_the_deployer_on_with_mfa_as_the_config_says(*, mfa: bool) -> None:
    stack = World.of(config_of({**EVERYTHING, "role": {"trust": {"mfa": mfa}}})).deployer
    held = stack.resources["Deployer"]
    for shown, let_in in (({}, not mfa), ({"aws:MultiFactorAuthPresent": "true"}, True)):
        keys = {"aws:PrincipalArn": f"{USER}carol", **shown}
        document = held.properties["AssumeRolePolicyDocument"]
        assert allowed([document], action="sts:AssumeRole", resource=held.arn, context=keys) == let_in


SENT = {
    "CloudFormation, as far as AWS says": ({}, True),
    "CloudFormation, for our stack": ({"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"{STACK}break-glass/1"}, True),
    "for another account": ({"aws:SourceAccount": "999999999999"}, False),
    "for another stack": ({"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"{STACK}other/1"}, False),
}


@pytest.mark.parametrize(("keys", "let_in"), SENT.values(), ids=SENT)
def test_only_cloudformation_takes_the_service_role_on(keys: dict[str, str], *, let_in: bool) -> None:
    held = MADE["by the console"].deployer.resources["ServiceRole"]
    for service in ("cloudformation.amazonaws.com", "lambda.amazonaws.com"):
        assert allowed(
            [held.properties["AssumeRolePolicyDocument"]],
            action="sts:AssumeRole",
            resource=held.arn,
            principal_service=service,
            context=keys,
        ) == (let_in and service.startswith("cloudformation"))


def test_with_many_users_everything_still_fits() -> None:
    users = [f"user-{number:02}" for number in range(40)]
    assert "deployer.yaml" in output_files(config_of({**EVERYTHING, "usernames": users, "rollout": "managed"}))


def test_the_deployer_is_to_be_had_alone() -> None:
    alone = Template()
    config = config_of(EVERYTHING)
    alone.add_resource(break_glass_deployer(config))
    deployer_template = make_templates(make_plan(config)).deployer
    assert deployer_template
    assert as_data(alone)["Resources"] == as_data(deployer_template)["Resources"]


def test_the_password_of_a_subscriber_is_the_only_secret_that_the_service_role_may_read() -> None:
    address = "https://user:{{resolve:secretsmanager:prod/hook:SecretString:password}}@example.com/x"
    config = config_of({**EVERYTHING, "alerts": {"https": [address], "fallback": [address]}})
    role = as_data(make_templates(make_plan(config)).deployer)["Resources"]["ServiceRole"]["Properties"]
    statements = [
        statement
        for inline in role["Policies"]
        for statement in inline["PolicyDocument"]["Statement"]
        if "secretsmanager" in str(statement)
    ]
    resource = "arn:${AWS::Partition}:secretsmanager:us-east-1:${AWS::AccountId}:secret:prod/hook-??????"
    assert statements == [
        {
            "Sid": "Passwords",
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": {"Fn::Sub": resource},
        }
    ]


@pytest.mark.parametrize("kind", ["user/ann", "group/on-call", "role/ops/Chief"])
@pytest.mark.parametrize("usernames", [["alice"], {"principal_tag": {"on-call": "yes"}}])
def test_the_grant_can_be_detached_from_whoever_has_it(usernames: Any, kind: str) -> None:
    stack = World.of(config_of({**EVERYTHING, "usernames": usernames})).deployer
    action = f"iam:Detach{kind.partition('/')[0].capitalize()}Policy"
    grant = {"iam:PolicyARN": f"arn:aws:iam::{ACCOUNT}:policy/break-glass-grant"}
    assert may(stack, "ServiceRole", Call(action, f"arn:aws:iam::{ACCOUNT}:{kind}", grant))
    other = {"iam:PolicyARN": f"arn:aws:iam::{ACCOUNT}:policy/other"}
    assert not may(stack, "ServiceRole", Call(action, f"arn:aws:iam::{ACCOUNT}:{kind}", other))


@pytest.mark.parametrize("rollout", ["console", "managed"])
def test_nothing_has_a_description_that_a_later_release_could_not_change(rollout: str) -> None:
    world = World.of(config_of({**EVERYTHING, "rollout": rollout}))
    fixed = {
        resource.logical_id
        for stack in (world.main, world.regional, world.deployer)
        for resource in stack.resources.values()
        for name in resource.properties
        if name.endswith("Description")
        and f"/properties/{name}" in type_schema(resource.type).get("createOnlyProperties", [])
    }
    assert fixed == set()
    assert "/properties/Description" in type_schema("AWS::IAM::ManagedPolicy")["createOnlyProperties"]


def test_the_execution_role_may_do_everything_with_its_own_stacks_as_stack_sets_demand() -> None:
    stack = World.of(config_of({**EVERYTHING, "rollout": "managed"})).main
    own = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/StackSet-break-glass-0f1e/1"
    for action in ("cloudformation:CreateStack", "cloudformation:DescribeEvents", "cloudformation:SetStackPolicy"):
        assert may(stack, "ExecutionRole", Call(action, own, {}))
        assert not may(stack, "ExecutionRole", Call(action, own.replace("break-glass", "other"), {}))
