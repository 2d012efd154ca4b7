"""Which calls CloudFormation makes to deploy a resource, by its type and its properties.

``cloudformation_handlers.json`` has the calls of each type, from the schemas of the CloudFormation registry that
cfn-lint ships. ``make handlers`` writes it. Below is only what those schemas do not say.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Final

_DATA: Final = Path(__file__).with_suffix(".json")

CALLS_OF_PROPERTY: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "AWS::CloudTrail::Trail": {
        "AdvancedEventSelectors": ("cloudtrail:PutEventSelectors",),
        "AggregationConfigurations": ("cloudtrail:PutEventConfiguration",),
        "CloudWatchLogsRoleArn": ("iam:GetRole", "iam:PassRole"),
        "EventSelectors": ("cloudtrail:PutEventSelectors",),
        "InsightSelectors": ("cloudtrail:PutInsightSelectors",),
        "IsOrganizationTrail": ("iam:CreateServiceLinkedRole", "organizations:*"),
    },
    "AWS::Events::EventBus": {
        "KmsKeyIdentifier": ("kms:*",),
        "Policy": ("events:PutPermission", "events:RemovePermission"),
    },
    "AWS::IAM::ManagedPolicy": {
        "Groups": ("iam:AttachGroupPolicy", "iam:DetachGroupPolicy"),
        "Roles": ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        "Users": ("iam:AttachUserPolicy", "iam:DetachUserPolicy"),
    },
    "AWS::IAM::Role": {
        "ManagedPolicyArns": ("iam:AttachRolePolicy",),
        "PermissionsBoundary": ("iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"),
        "Policies": ("iam:PutRolePolicy",),
    },
    "AWS::KMS::Key": {"Tags": ("kms:TagResource",)},
    "AWS::Logs::LogGroup": {
        "BearerTokenAuthenticationEnabled": ("logs:PutBearerTokenAuthentication",),
        "DataProtectionPolicy": ("logs:PutDataProtectionPolicy", "logs:DeleteDataProtectionPolicy"),
        "FieldIndexPolicies": ("logs:PutIndexPolicy", "logs:DeleteIndexPolicy"),
        "LogGroupClass": ("logs:CreateLogDelivery", "firehose:TagDeliveryStream"),
        "ResourcePolicyDocument": ("logs:PutResourcePolicy", "logs:DeleteResourcePolicy"),
    },
    "AWS::S3::Bucket": {
        "AbacStatus": ("s3:PutBucketAbac",),
        "AccelerateConfiguration": ("s3:PutAccelerateConfiguration",),
        "AccessControl": ("s3:PutBucketAcl", "s3:PutObjectAcl"),
        "AnalyticsConfigurations": ("s3:PutAnalyticsConfiguration",),
        "CorsConfiguration": ("s3:PutBucketCORS",),
        "IntelligentTieringConfigurations": ("s3:PutIntelligentTieringConfiguration",),
        "InventoryConfigurations": ("s3:PutInventoryConfiguration",),
        "LifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
        "LoggingConfiguration": ("s3:PutBucketLogging",),
        "MetadataConfiguration": (
            *("s3:CreateBucketMetadata*", "s3:DeleteBucketMetadata*", "s3:UpdateBucketMetadata*"),
            *("s3:DeleteObject", "s3tables:*"),
        ),
        "MetricsConfigurations": ("s3:PutMetricsConfiguration",),
        "NotificationConfiguration": ("s3:PutBucketNotification",),
        "ReplicationConfiguration": ("s3:PutReplicationConfiguration", "iam:PassRole"),
        "WebsiteConfiguration": ("s3:PutBucketWebsite", "s3:DeleteBucketWebsite"),
    },
    "AWS::SNS::Subscription": {"SubscriptionRoleArn": ("iam:GetRole", "iam:PassRole")},
    "AWS::SNS::Topic": {
        "DataProtectionPolicy": ("sns:PutDataProtectionPolicy",),
        "DeliveryStatusLogging": ("iam:GetRole", "iam:PassRole"),
        "Subscription": ("sns:Subscribe", "sns:Unsubscribe"),
    },
}
"""Calls that CloudFormation makes only for a property: a resource without it can be deployed without them.

A property that an older template of ours had is not here, because an update removes it with the same calls.
"""

_CALLS_ABOUT_EVERYTHING: Final = frozenset(
    {
        # About a template that has no stack, and about all alarms.
        *("cloudformation:GetTemplateSummary", "cloudwatch:DescribeAlarms"),
        # About a subscription, whose ARN ends in an ID that nobody knows in advance.
        *("sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"),
    }
)
"""Calls that IAM has a resource for, but that a deployment has to be allowed on every resource."""


@cache
def _data() -> Mapping[str, Any]:
    # Only a deployer needs this; other configs do not pay for reading it.
    data: dict[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))
    return data


def calls_of_type(resource_type: str) -> set[str]:
    """Every call that CloudFormation can make to create, read, update and delete a resource of this type.

    Raises LookupError for a type that the data does not have.
    """
    handlers = _data()["handlers"]
    if resource_type not in handlers:
        raise LookupError(f"{resource_type} is not in {_DATA.name}: add it to TYPES, and run make handlers")
    return {call for calls in handlers[resource_type].values() for call in calls}


def calls_to_deploy(resource_type: str, properties: Mapping[str, Any]) -> set[str]:
    """What CloudFormation calls to create, read, update and delete a resource with these properties.

    Raises LookupError for a type that the data does not have.
    """
    calls = calls_of_type(resource_type)
    patterns_of = CALLS_OF_PROPERTY.get(resource_type, {})
    absent = _matching(calls, *(patterns for name, patterns in patterns_of.items() if name not in properties))
    present = _matching(calls, *(patterns for name, patterns in patterns_of.items() if name in properties))
    return calls - (absent - present)


def calls_on_everything() -> frozenset[str]:
    """Calls that a policy has to allow on every resource, because IAM cannot limit them to ours.

    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    return _CALLS_ABOUT_EVERYTHING | frozenset(_data()["calls_without_resource"])


def _matching(calls: Iterable[str], *patterns: tuple[str, ...]) -> set[str]:
    """The calls that match any pattern; ``*`` stands for any characters."""
    return {call for call in calls if any(fnmatchcase(call, pattern) for group in patterns for pattern in group)}
