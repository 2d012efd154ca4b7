"""An AWS account within moto: our templates deployed in it, events put into it, and what its log groups then hold."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from samples import ACCOUNT

from cfn_breakglass.analysis.template.reader import Stack, parse
from cfn_breakglass.aws.partitions import partition_of

NAME: Final = "break-glass"
# Types that moto makes nothing of in a stack, and says so in a warning. (A colon parts the fields of a filter.)
NOT_MADE: Final = (
    *("AWS::Chatbot::MicrosoftTeamsChannelConfiguration", "AWS::Chatbot::SlackChannelConfiguration"),
    "AWS::CloudFormation::StackSet",
    *("AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm", "AWS::IAM::RolePolicy", "AWS::Logs::MetricFilter"),
    "AWS::Logs::QueryDefinition",
    *("AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"),
    "AWS::Scheduler::Schedule",
)
DEPLOYS: Final = [
    pytest.mark.filterwarnings(f"ignore:Tried to parse {kind.replace(':', '.')} :UserWarning") for kind in NOT_MADE
]
logging.getLogger("moto").addFilter(lambda record: not str(record.msg).startswith("No Moto CloudFormation support"))
# One for all accounts, since each reads the descriptions of the services anew.
_SESSION: Final = boto3.Session(aws_access_key_id="any", aws_secret_access_key="any")  # noqa: S106 - moto takes any
# Whatever is set for other tests, these stay within the process.
_CONFIG: Final = Config(ignore_configured_endpoint_urls=True)


class Aws:
    """An account, by its API; ``main`` is the main region."""

    def __init__(self, main: str, number: str) -> None:
        self._keys = _keys_of(number, main)
        self._clients: dict[tuple[str, str], Any] = {}
        self.main = main
        self.number = number

    def client(self, service: str, region: str = "") -> Any:
        """The client of a service, in the main region if no other is given."""
        key = service, region or self.main
        if key not in self._clients:
            # moto reads the partition from the host name, and cannot read GovCloud's, iam.us-gov.amazonaws.com.
            host = f"https://iam.{key[1]}.amazonaws.com" if service == "iam" else None
            self._clients[key] = _SESSION.client(service, key[1], endpoint_url=host, config=_CONFIG, **self._keys)
        return self._clients[key]

    def deploy(self, main_region: str, stackset: str, regions: Iterable[str]) -> None:
        """Create the stack in the main region and roll the stack set out, as the README says."""
        self.create_stack(NAME, main_region)
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack_set(StackSetName=NAME, TemplateBody=readable(stackset, self.main))
        if others := list(regions):
            cloudformation.create_stack_instances(StackSetName=NAME, Accounts=[self.number], Regions=others)

    def create_stack(self, name: str, template: str) -> None:
        """Create a stack in the main region."""
        self.client("cloudformation").create_stack(
            StackName=name, TemplateBody=readable(template, self.main), Capabilities=["CAPABILITY_NAMED_IAM"]
        )

    def put(self, event: Mapping[str, Any]) -> None:
        """Put an event on the default bus of its region, which gives it an ID, a time and an account of its own."""
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Resources": event["resources"],
            "Detail": json.dumps(event["detail"]),
        }
        answer = self.client("events", event["region"]).put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0

    def logged(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every event in a log group of the main region, after the name of the group."""
        logs = self.client("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                yield from ((group["logGroupName"], json.loads(line["message"])) for line in page["events"])

    def take_topics_off(self) -> None:
        """Leave the rules of the main region those targets only that moto can deliver to."""
        events = self.client("events")
        for bus in events.list_event_buses()["EventBuses"]:
            for rule in events.list_rules(EventBusName=bus["Name"])["Rules"]:
                names = {"Rule": rule["Name"], "EventBusName": bus["Name"]}
                targets = events.list_targets_by_rule(**names)["Targets"]
                if topics := [target["Id"] for target in targets if ":sns:" in target["Arn"]]:
                    events.remove_targets(**names, Ids=topics)


@contextmanager
def account(main: str, number: str = ACCOUNT) -> Iterator[Aws]:
    """An empty account, of the number that the samples name unless another is given, and no templates yet."""
    with mock_aws():
        yield Aws(main, number)


def _keys_of(number: str, region: str) -> dict[str, str]:
    """The keys of a session in an account, as the arguments of a client: without any, moto is in one of its own."""
    role = f"arn:{partition_of(region).name}:iam::{number}:role/Deployer"
    answer = _SESSION.client("sts", region, config=_CONFIG).assume_role(RoleArn=role, RoleSessionName="deploy")
    names = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey"}
    return {argument: answer["Credentials"][name] for argument, name in names.items()}


def readable(text: str, region: str) -> str:
    """A template in words that moto reads as AWS does.

    A Ref of an event bus, of which it makes no name, becomes the Fn::GetAtt that says the same, and the partition,
    which to it is aws everywhere, is spelled out, as is the end of host names. The tags of a key it reads as KMS's API
    has them.
    """
    template = parse(text, "template")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::KMS::Key" and "Tags" in resource["Properties"]:
            resource["Properties"]["Tags"] = [
                {"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in resource["Properties"]["Tags"]
            ]
    buses = {name for name, resource in template["Resources"].items() if resource["Type"] == "AWS::Events::EventBus"}

    def with_bus_names(node: Any) -> Any:
        if isinstance(node, dict):
            if node.keys() == {"Ref"} and node["Ref"] in buses:
                return {"Fn::GetAtt": [node["Ref"], "Name"]}
            return {key: with_bus_names(value) for key, value in node.items()}
        return [with_bus_names(value) for value in node] if isinstance(node, list) else node

    partition = partition_of(region)
    text = json.dumps(with_bus_names(template)).replace("${AWS::Partition}", partition.name)
    return text.replace("${AWS::URLSuffix}", partition.url_suffix)


def prepare(aws: Aws, stack: Stack) -> None:
    """Make what the stack takes to be there: users, a role, a function, a bus."""
    iam, events = aws.client("iam"), aws.client("events")
    for user in {user for resource in stack.resources.values() for user in resource.properties.get("Users", [])}:
        iam.create_user(UserName=user)
    for role in {policy.properties["RoleName"] for policy in stack.of_type("AWS::IAM::RolePolicy")}:
        iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}")
    for permission in stack.of_type("AWS::Lambda::Permission"):
        _create_function(aws, permission.properties["FunctionName"].rpartition(":")[2])
    made = {bus.name for bus in stack.of_type("AWS::Events::EventBus")}
    for bus in {rule.properties.get("EventBusName", "default") for rule in stack.of_type("AWS::Events::Rule")} - made:
        if bus != "default":
            events.create_event_bus(Name=bus)


def _create_function(aws: Aws, name: str) -> None:
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    image = f"{ACCOUNT}.dkr.ecr.{aws.main}.amazonaws.com/{name}:1"
    aws.client("lambda").create_function(FunctionName=name, Role=role, PackageType="Image", Code={"ImageUri": image})
