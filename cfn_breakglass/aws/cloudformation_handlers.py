"""Which calls CloudFormation makes for a resource of each type that our templates hold.

The rows are those of the CloudFormation registry, each type's schema under ``handlers``, as cfn-lint ships them
(``aws cloudformation describe-type --type RESOURCE --type-name TYPE`` gives the same); a test compares the two. Left
out is s3:REST.PUT.OBJECT, which is no action of IAM.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple


class Handlers(NamedTuple):
    """What each handler of a type calls. A service's prefix holds up to the next semicolon."""

    create: str
    read: str = ""
    update: str = ""
    delete: str = ""


HANDLERS: Final[Mapping[str, Handlers]] = {
    "AWS::CloudFormation::StackSet": Handlers(
        create=(
            "cloudformation:CreateStackInstances CreateStackSet DescribeStackSetOperation GetTemplateSummary "
            "ListStackSetOperationResults TagResource; iam:PassRole"
        ),
        read="cloudformation:DescribeStackInstance DescribeStackSet ListStackInstances",
        update=(
            "cloudformation:CreateStackInstances DeleteStackInstances DescribeStackSet DescribeStackSetOperation "
            "GetTemplateSummary ListStackSetOperationResults TagResource UntagResource UpdateStackInstances "
            "UpdateStackSet; iam:PassRole"
        ),
        delete=(
            "cloudformation:DeleteStackInstances DeleteStackSet DescribeStackSet DescribeStackSetOperation "
            "ListStackSetOperationResults UntagResource"
        ),
    ),
    "AWS::CloudTrail::Trail": Handlers(
        create=(
            "cloudtrail:AddTags CreateTrail PutEventConfiguration PutEventSelectors PutInsightSelectors "
            "StartLogging; iam:CreateServiceLinkedRole GetRole PassRole; organizations:DescribeOrganization "
            "ListAWSServiceAccessForOrganization"
        ),
        read=(
            "cloudtrail:DescribeTrails GetEventConfiguration GetEventSelectors GetInsightSelectors GetTrail "
            "GetTrailStatus ListTags"
        ),
        update=(
            "cloudtrail:AddTags DescribeTrails GetTrail PutEventConfiguration PutEventSelectors "
            "PutInsightSelectors RemoveTags StartLogging StopLogging UpdateTrail; iam:CreateServiceLinkedRole "
            "GetRole PassRole; organizations:DescribeOrganization ListAWSServiceAccessForOrganization"
        ),
        delete="cloudtrail:DeleteTrail",
    ),
    "AWS::CloudWatch::Alarm": Handlers(
        create="cloudwatch:DescribeAlarms ListTagsForResource PutMetricAlarm TagResource",
        read="cloudwatch:DescribeAlarms ListTagsForResource",
        update="cloudwatch:DescribeAlarms ListTagsForResource PutMetricAlarm TagResource UntagResource",
        delete="cloudwatch:DeleteAlarms DescribeAlarms",
    ),
    "AWS::Events::EventBus": Handlers(
        create=(
            "events:CreateEventBus DescribeEventBus ListTagsForResource PutPermission TagResource; kms:Decrypt "
            "DescribeKey Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncrypt ReEncryptFrom "
            "ReEncryptTo"
        ),
        read="events:DescribeEventBus ListTagsForResource",
        update=(
            "events:DescribeEventBus PutPermission TagResource UntagResource UpdateEventBus; kms:Decrypt "
            "DescribeKey Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncrypt ReEncryptFrom "
            "ReEncryptTo"
        ),
        delete=(
            "events:DeleteEventBus DescribeEventBus ListTagsForResource RemovePermission UntagResource UpdateEventBus"
        ),
    ),
    "AWS::Events::Rule": Handlers(
        create="events:DescribeRule PutRule PutTargets TagResource; iam:PassRole",
        read="events:DescribeRule ListTagsForResource ListTargetsByRule; iam:PassRole",
        update="events:DescribeRule PutRule PutTargets RemoveTargets TagResource UntagResource; iam:PassRole",
        delete="events:DeleteRule DescribeRule ListTargetsByRule RemoveTargets; iam:PassRole",
    ),
    "AWS::IAM::ManagedPolicy": Handlers(
        create="iam:AttachGroupPolicy AttachRolePolicy AttachUserPolicy CreatePolicy",
        read="iam:GetPolicy GetPolicyVersion ListEntitiesForPolicy",
        update=(
            "iam:AttachGroupPolicy AttachRolePolicy AttachUserPolicy CreatePolicyVersion DeletePolicyVersion "
            "DetachGroupPolicy DetachRolePolicy DetachUserPolicy GetPolicy ListPolicyVersions"
        ),
        delete=(
            "iam:DeletePolicy DeletePolicyVersion DetachGroupPolicy DetachRolePolicy DetachUserPolicy GetPolicy "
            "ListEntitiesForPolicy ListPolicyVersions"
        ),
    ),
    "AWS::IAM::Role": Handlers(
        create="iam:AttachRolePolicy CreateRole GetRole GetRolePolicy PutRolePolicy TagRole UntagRole",
        read="iam:GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies",
        update=(
            "iam:AttachRolePolicy DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy "
            "PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole "
            "UpdateRoleDescription"
        ),
        delete=(
            "iam:DeleteRole DeleteRolePolicy DetachRolePolicy GetRole ListAttachedRolePolicies ListRolePolicies "
            "TagRole UntagRole"
        ),
    ),
    "AWS::IAM::RolePolicy": Handlers(
        create="iam:GetRolePolicy PutRolePolicy",
        read="iam:GetRolePolicy",
        update="iam:GetRolePolicy PutRolePolicy",
        delete="iam:DeleteRolePolicy GetRolePolicy",
    ),
    "AWS::KMS::Alias": Handlers(
        create="kms:CreateAlias",
        read="kms:ListAliases",
        update="kms:UpdateAlias",
        delete="kms:DeleteAlias",
    ),
    "AWS::KMS::Key": Handlers(
        create="kms:CreateKey DisableKey EnableKeyRotation PutKeyPolicy TagResource",
        read="kms:DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
        update=(
            "kms:DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation ListResourceTags "
            "PutKeyPolicy TagResource UntagResource UpdateKeyDescription"
        ),
        delete="kms:DescribeKey ScheduleKeyDeletion",
    ),
    "AWS::Lambda::Permission": Handlers(
        create="lambda:AddPermission",
        read="lambda:GetPolicy",
        delete="lambda:RemovePermission",
    ),
    "AWS::Logs::LogGroup": Handlers(
        create=(
            "logs:CreateLogDelivery CreateLogGroup DescribeIndexPolicies DescribeLogGroups "
            "DescribeResourcePolicies GetDataProtectionPolicy PutBearerTokenAuthentication "
            "PutDataProtectionPolicy PutIndexPolicy PutResourcePolicy PutRetentionPolicy TagResource; "
            "firehose:TagDeliveryStream"
        ),
        read=(
            "logs:DescribeIndexPolicies DescribeLogGroups DescribeResourcePolicies GetDataProtectionPolicy "
            "ListTagsForResource"
        ),
        update=(
            "logs:AssociateKmsKey CreateLogDelivery DeleteIndexPolicy DeleteResourcePolicy DeleteRetentionPolicy "
            "DescribeLogGroups DescribeResourcePolicies DisassociateKmsKey GetDataProtectionPolicy "
            "ListTagsForResource PutBearerTokenAuthentication PutDataProtectionPolicy PutIndexPolicy "
            "PutLogGroupDeletionProtection PutResourcePolicy PutRetentionPolicy TagResource UntagResource; "
            "firehose:TagDeliveryStream"
        ),
        delete="logs:DeleteDataProtectionPolicy DeleteLogGroup DescribeLogGroups",
    ),
    "AWS::Logs::MetricFilter": Handlers(
        create="logs:DescribeMetricFilters PutMetricFilter",
        read="logs:DescribeMetricFilters",
        update="logs:DescribeMetricFilters PutMetricFilter",
        delete="logs:DeleteMetricFilter",
    ),
    "AWS::Logs::ResourcePolicy": Handlers(
        create="logs:DescribeResourcePolicies PutResourcePolicy",
        read="logs:DescribeResourcePolicies",
        update="logs:DeleteResourcePolicy DescribeResourcePolicies PutResourcePolicy",
        delete="logs:DeleteResourcePolicy",
    ),
    "AWS::S3::Bucket": Handlers(
        create=(
            "s3:CreateBucket CreateBucketMetadataTableConfiguration DeleteObject GetBucketAcl "
            "GetBucketMetadataTableConfiguration ListBucket PutAccelerateConfiguration PutAnalyticsConfiguration "
            "PutBucketAbac PutBucketCORS PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration "
            "PutBucketOwnershipControls PutBucketPublicAccessBlock PutBucketReplication PutBucketTagging "
            "PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration "
            "PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration PutObjectAcl "
            "PutObjectLockConfiguration PutReplicationConfiguration TagResource; iam:PassRole; "
            "s3tables:CreateNamespace CreateTable CreateTableBucket GetTable GetTableMetadataLocation "
            "PutTableBucketPolicy PutTableEncryption PutTablePolicy UpdateTableMetadataLocation"
        ),
        read=(
            "s3:GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketCORS GetBucketLogging "
            "GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration "
            "GetBucketOwnershipControls GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning "
            "GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration "
            "GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration "
            "GetReplicationConfiguration ListBucket ListTagsForResource"
        ),
        update=(
            "s3:CreateBucketMetadataTableConfiguration DeleteBucketAnalyticsConfiguration DeleteBucketCors "
            "DeleteBucketEncryption DeleteBucketLifecycle DeleteBucketMetadataTableConfiguration "
            "DeleteBucketMetricsConfiguration DeleteBucketReplication DeleteBucketWebsite "
            "GetBucketMetadataTableConfiguration ListBucket PutAccelerateConfiguration PutAnalyticsConfiguration "
            "PutBucketAbac PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification "
            "PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPublicAccessBlock "
            "PutBucketReplication PutBucketTagging PutBucketVersioning PutBucketWebsite "
            "PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration "
            "PutLifecycleConfiguration PutMetricsConfiguration PutObjectLockConfiguration "
            "PutReplicationConfiguration TagResource UntagResource "
            "UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration "
            "UpdateBucketMetadataJournalTableConfiguration; iam:PassRole; s3tables:CreateNamespace CreateTable "
            "CreateTableBucket GetTable GetTableMetadataLocation PutTableBucketPolicy PutTableEncryption "
            "PutTablePolicy UpdateTableMetadataLocation"
        ),
        delete="s3:DeleteBucket ListBucket",
    ),
    "AWS::S3::BucketPolicy": Handlers(
        create="s3:GetBucketPolicy PutBucketPolicy",
        read="s3:GetBucketPolicy",
        update="s3:GetBucketPolicy PutBucketPolicy",
        delete="s3:DeleteBucketPolicy GetBucketPolicy",
    ),
    "AWS::SNS::Subscription": Handlers(
        create="sns:Subscribe; iam:GetRole PassRole",
        read="sns:GetSubscriptionAttributes",
        update="sns:SetSubscriptionAttributes; iam:GetRole PassRole",
        delete="sns:GetSubscriptionAttributes Unsubscribe",
    ),
    "AWS::SNS::Topic": Handlers(
        create=(
            "sns:CreateTopic GetTopicAttributes PutDataProtectionPolicy Subscribe TagResource; iam:GetRole PassRole"
        ),
        read="sns:GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource",
        update=(
            "sns:GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource "
            "PutDataProtectionPolicy SetTopicAttributes Subscribe TagResource Unsubscribe UntagResource; "
            "iam:GetRole PassRole"
        ),
        delete="sns:DeleteTopic GetTopicAttributes",
    ),
    "AWS::SNS::TopicPolicy": Handlers(
        create="sns:SetTopicAttributes",
        update="sns:SetTopicAttributes",
        delete="sns:SetTopicAttributes",
    ),
    "AWS::SQS::Queue": Handlers(
        create="sqs:CreateQueue GetQueueAttributes GetQueueUrl ListQueueTags TagQueue",
        read="sqs:GetQueueAttributes ListQueueTags",
        update="sqs:GetQueueAttributes ListQueueTags SetQueueAttributes TagQueue UntagQueue",
        delete="sqs:DeleteQueue GetQueueAttributes",
    ),
    "AWS::SQS::QueuePolicy": Handlers(
        create="sqs:SetQueueAttributes",
        update="sqs:SetQueueAttributes",
        delete="sqs:SetQueueAttributes",
    ),
    "AWS::Scheduler::Schedule": Handlers(
        create="scheduler:CreateSchedule GetSchedule; iam:PassRole",
        read="scheduler:GetSchedule",
        update="scheduler:GetSchedule UpdateSchedule; iam:PassRole",
        delete="scheduler:DeleteSchedule GetSchedule",
    ),
}

ONLY_WITH: Final[Mapping[str, Mapping[str, str]]] = {
    "AWS::CloudTrail::Trail": {
        "AdvancedEventSelectors": "cloudtrail:PutEventSelectors",
        "AggregationConfigurations": "cloudtrail:PutEventConfiguration",
        "CloudWatchLogsRoleArn": "iam:GetRole PassRole",
        "EventSelectors": "cloudtrail:PutEventSelectors",
        "InsightSelectors": "cloudtrail:PutInsightSelectors",
        "IsOrganizationTrail": (
            "iam:CreateServiceLinkedRole; organizations:DescribeOrganization ListAWSServiceAccessForOrganization"
        ),
    },
    "AWS::Events::EventBus": {
        "KmsKeyIdentifier": (
            "kms:Decrypt DescribeKey Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncrypt ReEncryptFrom "
            "ReEncryptTo"
        ),
        "Policy": "events:PutPermission RemovePermission",
    },
    "AWS::IAM::ManagedPolicy": {
        "Groups": "iam:AttachGroupPolicy DetachGroupPolicy",
        "Roles": "iam:AttachRolePolicy DetachRolePolicy",
        "Users": "iam:AttachUserPolicy DetachUserPolicy",
    },
    "AWS::IAM::Role": {
        "ManagedPolicyArns": "iam:AttachRolePolicy",
        "PermissionsBoundary": "iam:PutRolePermissionsBoundary DeleteRolePermissionsBoundary",
        "Policies": "iam:PutRolePolicy",
    },
    "AWS::KMS::Key": {"Tags": "kms:TagResource"},
    "AWS::Logs::LogGroup": {
        "BearerTokenAuthenticationEnabled": "logs:PutBearerTokenAuthentication",
        "DataProtectionPolicy": "logs:PutDataProtectionPolicy DeleteDataProtectionPolicy",
        "FieldIndexPolicies": "logs:PutIndexPolicy DeleteIndexPolicy",
        "LogGroupClass": "logs:CreateLogDelivery; firehose:TagDeliveryStream",
        "ResourcePolicyDocument": "logs:PutResourcePolicy DeleteResourcePolicy",
    },
    "AWS::S3::Bucket": {
        "AbacStatus": "s3:PutBucketAbac",
        "AccelerateConfiguration": "s3:PutAccelerateConfiguration",
        "AccessControl": "s3:PutBucketAcl PutObjectAcl",
        "AnalyticsConfigurations": "s3:PutAnalyticsConfiguration DeleteBucketAnalyticsConfiguration",
        "CorsConfiguration": "s3:PutBucketCORS DeleteBucketCors",
        "IntelligentTieringConfigurations": "s3:PutIntelligentTieringConfiguration",
        "InventoryConfigurations": "s3:PutInventoryConfiguration",
        "LifecycleConfiguration": "s3:PutLifecycleConfiguration DeleteBucketLifecycle",
        "LoggingConfiguration": "s3:PutBucketLogging",
        "MetadataConfiguration": (
            "s3:CreateBucketMetadataTableConfiguration DeleteBucketMetadataTableConfiguration "
            "UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration "
            "UpdateBucketMetadataJournalTableConfiguration DeleteObject; s3tables:CreateNamespace CreateTable "
            "CreateTableBucket GetTable GetTableMetadataLocation PutTableBucketPolicy PutTableEncryption "
            "PutTablePolicy UpdateTableMetadataLocation"
        ),
        "MetricsConfigurations": "s3:PutMetricsConfiguration DeleteBucketMetricsConfiguration",
        "NotificationConfiguration": "s3:PutBucketNotification",
        "ReplicationConfiguration": (
            "s3:PutBucketReplication PutReplicationConfiguration DeleteBucketReplication; iam:PassRole"
        ),
        "WebsiteConfiguration": "s3:PutBucketWebsite DeleteBucketWebsite",
    },
    "AWS::SNS::Subscription": {"SubscriptionRoleArn": "iam:GetRole PassRole"},
    "AWS::SNS::Topic": {
        "DataProtectionPolicy": "sns:PutDataProtectionPolicy",
        "DeliveryStatusLogging": "iam:GetRole PassRole",
        "Subscription": "sns:Subscribe Unsubscribe",
    },
}
"""Calls that are made only for a property, by that property: what lacks it can be deployed without them.

Those that undo what templates of ours may have had, and no longer have, are not here: they are made all the same.
"""

ANYWHERE: Final = frozenset(
    {
        *("cloudformation:CreateStackSet", "cloudformation:GetTemplateSummary", "cloudtrail:DescribeTrails"),
        *("cloudwatch:DescribeAlarms", "kms:CreateKey", "kms:ListAliases"),
        *("logs:DeleteResourcePolicy", "logs:DescribeIndexPolicies", "logs:DescribeLogGroups"),
        *("logs:DescribeResourcePolicies", "logs:PutResourcePolicy"),
        *("sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"),
    }
)
"""Calls that IAM cannot limit to what they are about, or that look among all there are.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""


NO_ACTIONS: Final = frozenset(
    {
        *("kms:ReEncrypt", "s3:DeleteBucketAnalyticsConfiguration", "s3:DeleteBucketCors", "s3:DeleteBucketEncryption"),
        *("s3:DeleteBucketLifecycle", "s3:DeleteBucketMetricsConfiguration", "s3:DeleteBucketReplication"),
        *("s3:PutBucketReplication", "s3:PutObjectLockConfiguration"),
    }
)
"""What the registry lists and IAM does not know; the action for such a call is another one in the list.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""


def calls_of(row: str) -> Iterator[str]:
    """Every action of a text as ``Handlers`` holds it, with its service's prefix."""
    for part in filter(None, row.split("; ")):
        service, _, names = part.partition(":")
        yield from (f"{service}:{name}" for name in names.split())


def needed(kind: str, properties: Mapping[str, Any]) -> set[str]:
    """What CloudFormation calls to create, read, update and delete a resource with these properties.

    LookupError for a type that has no row here: whoever adds a resource to a template adds what deploying it takes.
    """
    if kind not in HANDLERS:
        raise LookupError(f"{kind} has no row in handlers.py: nobody could say what deploying it takes")
    spared = {
        call for name, row in ONLY_WITH.get(kind, {}).items() if name not in properties for call in calls_of(row)
    } - {call for name, row in ONLY_WITH.get(kind, {}).items() if name in properties for call in calls_of(row)}
    return {call for row in HANDLERS[kind] for call in calls_of(row)} - spared - NO_ACTIONS
