"""How AWS spells a resource once it is made: what Ref and Fn::GetAtt give, per resource type.

The return values are those of each type's page under
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

# By the start of a region's name, longest first: its partition and the suffix of its host names.
_PARTITIONS = {
    "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"),
    "us-isof-": ("aws-iso-f", "csp.hci.ic.gov"),
    "eu-isoe-": ("aws-iso-e", "cloud.adc-e.uk"),
    "us-iso-": ("aws-iso", "c2s.ic.gov"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
    "eusc-": ("aws-eusc", "amazonaws.eu"),
    "cn-": ("aws-cn", "amazonaws.com.cn"),
}


@dataclass(frozen=True)
class Place:
    """Where a template is deployed: an account, a region, and the name of the stack."""

    account: str
    region: str
    stack: str

    @property
    def partition(self) -> str:
        return self._partition[0]

    @property
    def suffix(self) -> str:
        return self._partition[1]

    @property
    def _partition(self) -> tuple[str, str]:
        found = (value for prefix, value in _PARTITIONS.items() if self.region.startswith(prefix))
        return next(found, ("aws", "amazonaws.com"))

    @property
    def pseudo_parameters(self) -> dict[str, str]:
        stack_arn = f"arn:{self.partition}:cloudformation:{self.region}:{self.account}:stack/{self.stack}"
        return {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": self.partition,
            "AWS::URLSuffix": self.suffix,
            "AWS::StackName": self.stack,
            "AWS::StackId": f"{stack_arn}/00000000-0000-0000-0000-000000000000",
        }


class Kind(NamedTuple):
    """A resource type: the property that names it, its Ref, and its attributes.

    In the last two ``{name}`` is the name, ``{path}`` an IAM path, ``{bus}`` a custom bus and a slash
    (or nothing), ``{bar}`` the same with a bar, ``{topic}`` the ARN of a subscription's topic, and
    the rest is of ``Place``.
    """

    named_by: str
    ref: str
    attributes: dict[str, str]

    @property
    def arn(self) -> str:
        """Spelling of the ARN; empty if the type has none. That of a log group is without the ``:*``."""
        names = ("Arn", "TopicArn", "PolicyArn")
        return next((self.attributes[name].removesuffix(":*") for name in names if name in self.attributes), "")


def _arn(service: str, rest: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{rest}"


def _iam(kind: str) -> str:
    return f"arn:{{partition}}:iam::{{account}}:{kind}{{path}}{{name}}"


def _itself(named_by: str, **attributes: str) -> Kind:
    return Kind(named_by, "{name}", attributes)


_QUEUE_URL = "https://sqs.{region}.{suffix}/{account}/{name}"

KINDS = {
    "AWS::CloudTrail::Trail": _itself("TrailName", Arn=_arn("cloudtrail", "trail/{name}")),
    "AWS::CloudWatch::Alarm": _itself("AlarmName", Arn=_arn("cloudwatch", "alarm:{name}")),
    "AWS::Events::Archive": _itself("ArchiveName", Arn=_arn("events", "archive/{name}")),
    "AWS::Events::EventBus": _itself("Name", Arn=_arn("events", "event-bus/{name}"), Name="{name}"),
    "AWS::Events::Rule": Kind("Name", "{bar}{name}", {"Arn": _arn("events", "rule/{bus}{name}")}),
    "AWS::IAM::Group": _itself("GroupName", Arn=_iam("group")),
    "AWS::IAM::ManagedPolicy": Kind("ManagedPolicyName", _iam("policy"), {"PolicyArn": _iam("policy")}),
    "AWS::IAM::Role": _itself("RoleName", Arn=_iam("role"), RoleId="AROA{name}"),
    "AWS::IAM::User": _itself("UserName", Arn=_iam("user")),
    "AWS::KMS::Alias": _itself("AliasName"),
    "AWS::KMS::Key": _itself("", Arn=_arn("kms", "key/{name}"), KeyId="{name}"),
    "AWS::Lambda::Permission": _itself(""),
    "AWS::Logs::LogGroup": _itself("LogGroupName", Arn=_arn("logs", "log-group:{name}:*")),
    "AWS::Logs::ResourcePolicy": _itself("PolicyName"),
    "AWS::S3::Bucket": _itself("BucketName", Arn="arn:{partition}:s3:::{name}"),
    "AWS::SNS::Subscription": Kind("", "{topic}:{name}", {"Arn": "{topic}:{name}"}),
    "AWS::SNS::Topic": Kind(
        "TopicName", _arn("sns", "{name}"), {"TopicArn": _arn("sns", "{name}"), "TopicName": "{name}"}
    ),
    "AWS::SQS::Queue": Kind(
        "QueueName", _QUEUE_URL, {"Arn": _arn("sqs", "{name}"), "QueueName": "{name}", "QueueUrl": _QUEUE_URL}
    ),
}

# The properties that say what a resource is called; nothing else of it needs to be known to name it.
NAMING = ("Path", "EventBusName", "TopicArn")


def bus_name(given: str) -> str:
    """Name of the bus that an EventBusName property means; it may hold the bus's ARN."""
    return given.rpartition(":event-bus/")[2] if given.startswith("arn:") else given


def spell(template: str, logical_id: str, named_by: str, given: Mapping[str, str], place: Place) -> str:
    """Fill in ``template``, a text of ``Kind``, from the naming properties ``given``."""
    bus = bus_name(given.get("EventBusName", "default"))
    custom = bus != "default"
    return template.format(
        name=given.get(named_by, f"{place.stack}-{logical_id}"),
        path=given.get("Path", "/"),
        bus=f"{bus}/" if custom else "",
        bar=f"{bus}|" if custom else "",
        topic=given.get("TopicArn", ""),
        account=place.account,
        region=place.region,
        partition=place.partition,
        suffix=place.suffix,
    )
