"""The names, ARNs and other attributes that AWS gives a resource: what Ref and Fn::GetAtt return, per resource type.

The return values are those of each type's page under
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from cfn_breakglass.aws.handler_ownership import SLACK_CHANNEL, TEAMS_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTITIONS = {
    # prefix of the region's name, longest first: partition, suffix of its host names
    "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"),
    "us-isof-": ("aws-iso-f", "csp.hci.ic.gov"),
    "eu-isoe-": ("aws-iso-e", "cloud.adc-e.uk"),
    "us-iso-": ("aws-iso", "c2s.ic.gov"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
    "eusc-": ("aws-eusc", "amazonaws.eu"),
    "cn-": ("aws-cn", "amazonaws.com.cn"),
}


@dataclass(frozen=True)
class StackLocation:
    """Where a template is deployed: an account, a region, and the name of the stack."""

    account: str
    region: str
    stack_name: str

    @property
    def partition(self) -> str:
        return self._partition[0]

    @property
    def url_suffix(self) -> str:
        return self._partition[1]

    @cached_property
    def _partition(self) -> tuple[str, str]:
        matching = (value for prefix, value in _PARTITIONS.items() if self.region.startswith(prefix))
        return next(matching, ("aws", "amazonaws.com"))

    @cached_property
    def pseudo_parameters(self) -> dict[str, str]:
        stack_arn = f"arn:{self.partition}:cloudformation:{self.region}:{self.account}:stack/{self.stack_name}"
        return {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": self.partition,
            "AWS::URLSuffix": self.url_suffix,
            "AWS::StackName": self.stack_name,
            "AWS::StackId": f"{stack_arn}/00000000-0000-0000-0000-000000000000",
        }


class ResourceType(NamedTuple):
    """A resource type: the property that holds its name, the value of its Ref, and those of its attributes.

    The last two are format strings, which ``format_identifier`` fills in: ``{name}`` is the name of the resource,
    ``{path}`` its IAM path, ``{topic}`` the ARN of a subscription's topic. ``{bus}`` is the name of a custom bus and a
    slash, ``{bar}`` the name and a bar; both are empty for the default bus. The others are fields of StackLocation.
    """

    name_property: str
    ref: str
    attributes: dict[str, str]

    @property
    def arn(self) -> str:
        """Format string of the ARN, without the ``:*`` of a log group's; empty if the type has none."""
        names = ("Arn", "TopicArn", "PolicyArn")
        return next((self.attributes[name].removesuffix(":*") for name in names if name in self.attributes), "")


def _arn(service: str, resource: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{resource}"


def _iam_arn(resource: str) -> str:
    return f"arn:{{partition}}:iam::{{account}}:{resource}{{path}}{{name}}"


def _ref_is_name(name_property: str, **attributes: str) -> ResourceType:
    return ResourceType(name_property, "{name}", attributes)


_QUEUE_URL = "https://sqs.{region}.{suffix}/{account}/{name}"


def _channel(service: str) -> ResourceType:
    """A chat channel, which has no region."""
    arn = f"arn:{{partition}}:chatbot::{{account}}:chat-configuration/{service}-channel/{{name}}"
    return ResourceType("ConfigurationName", arn, {"Arn": arn})


RESOURCE_TYPES = {
    SLACK_CHANNEL: _channel("slack"),
    TEAMS_CHANNEL: _channel("microsoft-teams"),
    "AWS::CloudFormation::StackSet": ResourceType("StackSetName", "{name}:00000000-0000-0000-0000-000000000000", {}),
    "AWS::CloudTrail::Trail": _ref_is_name("TrailName", Arn=_arn("cloudtrail", "trail/{name}")),
    "AWS::CloudWatch::Alarm": _ref_is_name("AlarmName", Arn=_arn("cloudwatch", "alarm:{name}")),
    "AWS::Events::Archive": _ref_is_name("ArchiveName", Arn=_arn("events", "archive/{name}")),
    "AWS::Events::EventBus": _ref_is_name("Name", Arn=_arn("events", "event-bus/{name}"), Name="{name}"),
    "AWS::Events::Rule": ResourceType("Name", "{bar}{name}", {"Arn": _arn("events", "rule/{bus}{name}")}),
    "AWS::IAM::Group": _ref_is_name("GroupName", Arn=_iam_arn("group")),
    "AWS::IAM::ManagedPolicy": ResourceType("ManagedPolicyName", _iam_arn("policy"), {"PolicyArn": _iam_arn("policy")}),
    "AWS::IAM::Role": _ref_is_name("RoleName", Arn=_iam_arn("role"), RoleId="AROA{name}"),
    "AWS::IAM::User": _ref_is_name("UserName", Arn=_iam_arn("user")),
    "AWS::KMS::Alias": _ref_is_name("AliasName"),
    "AWS::KMS::Key": _ref_is_name("", Arn=_arn("kms", "key/{name}"), KeyId="{name}"),
    "AWS::Lambda::Permission": _ref_is_name(""),
    "AWS::Logs::LogGroup": _ref_is_name("LogGroupName", Arn=_arn("logs", "log-group:{name}:*")),
    "AWS::Logs::ResourcePolicy": _ref_is_name("PolicyName"),
    "AWS::S3::Bucket": _ref_is_name("BucketName", Arn="arn:{partition}:s3:::{name}"),
    "AWS::SNS::Subscription": ResourceType("", "{topic}:{name}", {"Arn": "{topic}:{name}"}),
    "AWS::SNS::Topic": ResourceType(
        "TopicName", _arn("sns", "{name}"), {"TopicArn": _arn("sns", "{name}"), "TopicName": "{name}"}
    ),
    "AWS::SQS::Queue": ResourceType(
        "QueueName", _QUEUE_URL, {"Arn": _arn("sqs", "{name}"), "QueueName": "{name}", "QueueUrl": _QUEUE_URL}
    ),
}

NAME_PROPERTIES = ("Path", "EventBusName", "TopicArn")
"""Properties that are part of a resource's identifiers, beside the name."""


def bus_name(name_or_arn: str) -> str:
    """The name of the bus in an EventBusName property, which holds its name or its ARN."""
    return name_or_arn.rpartition(":event-bus/")[2] if name_or_arn.startswith("arn:") else name_or_arn


def format_identifier(
    template: str, logical_id: str, name_property: str, values: Mapping[str, str], location: StackLocation
) -> str:
    """Fill in ``template``, a format string of ``ResourceType``, from the ``values`` of the naming properties.

    A resource without a name gets one made of the stack's name and the logical ID.
    """
    bus = bus_name(values.get("EventBusName", "default"))
    is_custom = bus != "default"
    return template.format(
        name=values.get(name_property, f"{location.stack_name}-{logical_id}"),
        path=values.get("Path", "/"),
        bus=f"{bus}/" if is_custom else "",
        bar=f"{bus}|" if is_custom else "",
        topic=values.get("TopicArn", ""),
        account=location.account,
        region=location.region,
        partition=location.partition,
        suffix=location.url_suffix,
    )
