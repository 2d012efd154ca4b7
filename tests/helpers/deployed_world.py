"""What a config makes, deployed on paper, and every call by which CloudFormation deploys it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from fresh_stacks import key_of
from troposphere import Template

from cfn_breakglass.analysis.template.reader import Resource, Stack, resolve
from cfn_breakglass.aws.cloudformation_handlers import calls_on_everything, calls_to_deploy
from cfn_breakglass.builders.deployment.deployer_permissions import STACK_SET
from cfn_breakglass.config.model import Config
from cfn_breakglass.generation.files import as_data
from cfn_breakglass.plan import make_plan
from cfn_breakglass.templates import make_templates

ACCOUNT = "111122223333"
MANAGEMENT = "777788889999"


_WORLDS: dict[str, World] = {}


class World(NamedTuple):
    """What a config makes, deployed on paper: main-region.yaml, deployer.yaml and stackset.yaml in another region."""

    main: Stack
    deployer: Stack
    regional: Stack

    @classmethod
    def of(cls, config: Config) -> World:
        """The world of a config, which is made once."""
        key = key_of(config)
        if key not in _WORLDS:
            _WORLDS[key] = cls._deploy(config)
        return _WORLDS[key]

    @classmethod
    def _deploy(cls, config: Config) -> World:
        account = config.account or ACCOUNT
        elsewhere = next(iter(sorted(config.partition.regions - {config.main_region})))
        templates = make_templates(make_plan(config))
        assert templates.deployer

        def deployed(template: Template, region: str) -> Stack:
            return resolve(as_data(template), account=account, region=region)

        return cls(
            main=deployed(templates.main_region, config.main_region),
            deployer=deployed(templates.deployer, config.main_region),
            regional=deployed(templates.stackset, elsewhere),
        )

    def arn(self, service: str, rest: str, region: str = "") -> str:
        return f"arn:{self.main.partition}:{service}:{region}:{self.main.account}:{rest}"


class Call(NamedTuple):
    """A call as IAM is asked about it."""

    action: str
    resource: str
    keys: Mapping[str, str]


def deploying(world: World) -> Iterator[Call]:
    """What CloudFormation calls to create, read, update and delete the main stack, by the ARNs that AWS gives them."""
    if any(held.properties["PermissionModel"] == "SERVICE_MANAGED" for held in world.main.of_type(STACK_SET)):
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html
        yield Call("organizations:ListDelegatedAdministrators", "*", {})
    for held in world.main.resources.values():
        for call in sorted(calls_to_deploy(held.type, held.properties)):
            yield from asked(world, held, call)


def asked(world: World, held: Resource, call: str) -> Iterator[Call]:
    keys = {"aws:RequestedRegion": world.main.region}
    given = held.properties
    if call in KEYED:
        yield from (Call(call, arn, {**keys, **more}) for arn, more in KEYED[call](world, held))
    elif held.type == "AWS::KMS::Key" and call not in calls_on_everything():
        return  # these are in the policy of the key; see test_the_key_lets_itself_be_deployed
    elif call != NEVER:
        if "PermissionsBoundary" in given:
            keys["iam:PermissionsBoundary"] = given["PermissionsBoundary"]
        if held.type == "AWS::Lambda::Permission":
            keys["lambda:Principal"] = given["Principal"]
        yield from (Call(call, arn, keys) for arn in (["*"] if call in calls_on_everything() else about(world, held)))


NEVER = "iam:DeleteRolePermissionsBoundary"


def passed(_: World, held: Resource) -> Iterator[tuple[str, dict[str, str]]]:
    service = held.type.split("::")[1].lower()
    for key in ("RoleArn", "AdministrationRoleARN", "IamRoleArn"):
        for role in values(held.properties, key):
            yield role, {"iam:PassedToService": f"{service}.amazonaws.com"}


def linked_to_service(world: World, _: Resource) -> Iterator[tuple[str, dict[str, str]]]:
    service = "management.chatbot.amazonaws.com"
    role = f"role/aws-service-role/{service}/AWSServiceRoleForAWSChatbot"
    yield world.arn("iam", role), {"iam:AWSServiceName": service}


def put_on_users(world: World, held: Resource) -> Iterator[tuple[str, dict[str, str]]]:
    for user in held.properties["Users"]:
        for path in ("", "staff/"):
            yield world.arn("iam", f"user/{path}{user}"), {"iam:PolicyARN": held.arn}


def put_on_role(_: World, held: Resource) -> Iterator[tuple[str, dict[str, str]]]:
    given = held.properties
    bounded = {"iam:PermissionsBoundary": given["PermissionsBoundary"]} if "PermissionsBoundary" in given else {}
    for policy in given["ManagedPolicyArns"]:
        yield held.arn, {"iam:PolicyARN": policy, **bounded}


def tagged(_: World, held: Resource) -> Iterator[tuple[str, dict[str, str]]]:
    tags = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in held.properties.get("Tags", [])}
    yield held.arn, tags


def set_of_stacks(_: World, held: Resource) -> Iterator[tuple[str, dict[str, str]]]:
    yield "*", role_of_stack_set(held)


def changed_set(world: World, held: Resource) -> Iterator[tuple[str, dict[str, str]]]:
    yield from ((arn, role_of_stack_set(held)) for arn in about(world, held))


def role_of_stack_set(held: Resource) -> dict[str, str]:
    """The role that works, in the words of IAM; a stack set of an organization has none."""
    role = held.properties.get("AdministrationRoleARN")
    return {"cloudformation:RoleArn": role} if role else {}


# Calls of which IAM is told more than what they are about.
KEYED = {
    "cloudformation:CreateStackSet": set_of_stacks,
    "cloudformation:UpdateStackSet": changed_set,
    "iam:AttachRolePolicy": put_on_role,
    "iam:AttachUserPolicy": put_on_users,
    "iam:CreateServiceLinkedRole": linked_to_service,
    "iam:DetachUserPolicy": put_on_users,
    "iam:PassRole": passed,
    "kms:TagResource": tagged,
}


def about(world: World, held: Resource) -> list[str]:
    """The ARNs that a call about a resource is on."""
    arns = ABOUT[held.type](world, held.properties) if held.type in ABOUT else [held.arn]
    assert all(arns), f"which ARN does a call about {held.type} have?"
    return arns


def stack_set_arns(world: World, given: Mapping[str, Any]) -> list[str]:
    name = f"{given['StackSetName']}:0f1e2d3c-0000-0000-0000-000000000000"
    kinds = {one["Type"].replace("::", "-") for one in json.loads(given["TemplateBody"])["Resources"].values()}
    region, account = world.main.region, world.main.account
    accounts = {account: account}
    if given["PermissionModel"] == "SERVICE_MANAGED":
        # AWS keeps it in the management account, and does not say whose ID its ARN has.
        accounts = dict.fromkeys((account, MANAGEMENT), "ou-ab12-11111111")
    return [
        *(f"arn:{world.main.partition}:cloudformation:{region}:{owner}:stackset/{name}" for owner in accounts),
        *(
            f"arn:{world.main.partition}:cloudformation:{region}:{owner}:stackset-target/{name}/{target}"
            for owner, target in accounts.items()
        ),
        *(f"arn:{world.main.partition}:cloudformation:{region}::type/resource/{kind}" for kind in kinds),
    ]


# Types that have no ARN of their own, or more than one.
ABOUT: dict[str, Callable[[World, Mapping[str, Any]], list[str]]] = {
    "AWS::CloudFormation::StackSet": stack_set_arns,
    # A bare name may be that of a role under a path; otherwise the outputs tell which role it is.
    "AWS::IAM::RolePolicy": lambda world, given: [
        world.main.outputs.get("RoleArn") or world.arn("iam", f"role/any/{given['RoleName']}")
    ],
    "AWS::KMS::Alias": lambda world, given: [world.arn("kms", given["AliasName"], world.main.region)],
    "AWS::Lambda::Permission": lambda _, given: [given["FunctionName"]],
    "AWS::Logs::LogGroup": lambda world, given: [
        world.arn("logs", f"log-group:{given['LogGroupName']}{end}", world.main.region) for end in ("", ":*")
    ],
    "AWS::Logs::MetricFilter": lambda world, given: [
        world.arn("logs", f"log-group:{given['LogGroupName']}:log-stream:", world.main.region)
    ],
    "AWS::S3::Bucket": lambda world, given: [f"arn:{world.main.partition}:s3:::{given['BucketName']}"],
    "AWS::S3::BucketPolicy": lambda world, given: [f"arn:{world.main.partition}:s3:::{given['Bucket']}"],
    "AWS::SNS::Subscription": lambda _, given: [given["TopicArn"]],
    "AWS::SNS::TopicPolicy": lambda _, given: list(given["Topics"]),
    "AWS::SQS::QueuePolicy": lambda world, given: [
        world.arn("sqs", url.rpartition("/")[2], world.main.region) for url in given["Queues"]
    ],
    "AWS::Scheduler::Schedule": lambda world, given: [
        world.arn("scheduler", f"schedule/default/{given['Name']}", world.main.region)
    ],
}


def values(held: Any, name: str) -> Iterator[str]:
    if isinstance(held, Mapping):
        for key, value in held.items():
            yield from [value] if key == name else values(value, name)
    elif isinstance(held, list):
        for item in held:
            yield from values(item, name)
