"""Which calls CloudFormation makes for each type of resource, from the schemas that cfn-lint ships: ``make handlers``.

Add a type to ``TYPES`` when a template gets a resource of a new type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import cfnlint
from paths import PACKAGE

HANDLER_DATA: Final = PACKAGE / "aws" / "cloudformation_handlers.json"
TYPES: Final = (
    "AWS::Chatbot::MicrosoftTeamsChannelConfiguration",
    "AWS::Chatbot::SlackChannelConfiguration",
    "AWS::CloudFormation::StackSet",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::Alarm",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::ResourcePolicy",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
)
_LINT_DATA: Final = Path(cfnlint.__file__).parent / "data"


def type_schema(resource_type: str) -> dict[str, Any]:
    """The CloudFormation registry's schema of a type in us-east-1."""
    index = _read("schemas", "providers", "us-east-1.json")
    return _read("schemas", "resources", f"{index[resource_type]}.json")


def type_names() -> list[str]:
    """AWS's own types in us-east-1."""
    return [name for name in _read("schemas", "providers", "us-east-1.json") if name.startswith("AWS::")]


@cache
def iam_actions() -> dict[str, Mapping[str, Any]]:
    """What IAM knows about each action, ``service:name`` in lower case."""
    services = _read("AdditionalSpecs", "Policies.json")
    return {
        f"{service}:{name}".lower(): action
        for service, policy in services.items()
        for name, action in policy["Actions"].items()
    }


def handler_data() -> str:
    """The text of the data file: the calls of each handler of a type, and the calls that IAM has no resource for.

    A schema also lists calls under names that are not actions of IAM, such as s3:DeleteBucketCors. They are left out:
    the action is another one in the list, such as s3:PutBucketCORS.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    """
    actions = iam_actions()
    handlers = {resource_type: _handlers(type_schema(resource_type), actions) for resource_type in TYPES}
    calls = {call for rows in handlers.values() for row in rows.values() for call in row}
    without_resource = sorted(call for call in calls if not actions[call.lower()].get("Resources"))
    return json.dumps({"handlers": handlers, "calls_without_resource": without_resource}, indent=1) + "\n"


def _handlers(schema: Mapping[str, Any], actions: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        handler: sorted(
            # The schema of a trail writes the service in mixed case, CloudTrail:AddTags.
            {
                f"{service.lower()}:{name}"
                for service, _, name in (call.partition(":") for call in schema["handlers"][handler]["permissions"])
                if f"{service}:{name}".lower() in actions
            }
        )
        for handler in ("create", "read", "update", "delete")
        if handler in schema["handlers"]
    }


@cache
def _read(*parts: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_LINT_DATA.joinpath(*parts).read_text(encoding="utf-8"))
    return data


if __name__ == "__main__":
    HANDLER_DATA.write_text(handler_data(), encoding="utf-8")
