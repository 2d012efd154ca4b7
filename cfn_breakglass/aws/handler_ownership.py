"""By which calls CloudFormation can touch a part of ours for a stack of another name, by resource type.

CloudFormation makes its calls for a stack's own resources, so that a stack of another name cannot touch a resource
that only one stack can have. Some types set what belongs to another resource: a policy, a subscription, an attachment.
Their handlers do not ask whose that resource is.

A create handler that reads first, by its permissions in ``cloudformation_handlers.json``, has to fail with
AlreadyExists: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html.
Of the other types CloudFormation compares the physical name with those of all stacks of the account and region, and
says "already exists in stack": https://github.com/serverless/serverless/issues/1842.

A stack can also import what no stack of its own region has: what is inside a part, such as the policies in a role; what
a person made, such as the stack set of a rollout by hand; what all regions share, such as a role.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html

This holds for what stacks do. A person can also move a part to another stack (CreateStackRefactor), have our stack
taken into another stack set (ImportStacksToStackSet), or have a handler run on a part without any stack (the Cloud
Control API's UpdateResource and DeleteResource). These calls name our stack or our part, and have to alert themselves.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

CLOUDFORMATION: Final = "cloudformation.amazonaws.com"
"""The address of every call that CloudFormation makes, which no other caller can have."""
REFUSES: Final = "refuses"
"""To create a resource of a name that is there fails, whoever has it."""
OVERWRITES: Final = "overwrites"
"""To create a resource replaces what is there."""
ADDS: Final = "adds"
"""To create a resource adds something of its own to a resource that may be another stack's."""

_TYPES: Final = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-"


class HandlerOwnership(NamedTuple):
    """What the handlers of a resource type do about a resource that another stack has.

    ``creating`` is ``REFUSES``, ``OVERWRITES`` or ``ADDS``. All calls are IAM's actions. ``overwriting`` are those by
    which a stack of another name can change or remove a part of ours, or add to it. ``by_owner`` are those by which
    the stack that has a resource can do so where our stack does not have it. ``tolerated``
    are those that could do so too and are left to the log. ``reason`` says why, ``source`` where that is from.
    """

    type: str
    creating: str
    reason: str
    source: str
    overwriting: tuple[str, ...] = ()
    by_owner: tuple[str, ...] = ()
    tolerated: tuple[str, ...] = ()


SLACK_CHANNEL: Final = "AWS::Chatbot::SlackChannelConfiguration"
TEAMS_CHANNEL: Final = "AWS::Chatbot::MicrosoftTeamsChannelConfiguration"
CHANNEL_TYPES: Final = (SLACK_CHANNEL, TEAMS_CHANNEL)
"""The types of chat channels. The service was called AWS Chatbot when it got them."""

_CHANNEL: Final = (
    "A configuration of that name fails the stack. It has no region, so that a stack of another region can import one."
)

EMITTED: Final[tuple[HandlerOwnership, ...]] = (
    HandlerOwnership(
        TEAMS_CHANNEL,
        REFUSES,
        _CHANNEL,
        _TYPES + "chatbot-microsoftteamschannelconfiguration.html",
        by_owner=(
            "chatbot:DeleteMicrosoftTeamsChannelConfiguration",
            "chatbot:UpdateMicrosoftTeamsChannelConfiguration",
        ),
    ),
    HandlerOwnership(
        SLACK_CHANNEL,
        REFUSES,
        _CHANNEL,
        _TYPES + "chatbot-slackchannelconfiguration.html",
        by_owner=("chatbot:DeleteSlackChannelConfiguration", "chatbot:UpdateSlackChannelConfiguration"),
    ),
    HandlerOwnership(
        "AWS::CloudFormation::StackSet",
        REFUSES,
        "CreateStackSet fails with NameAlreadyExistsException. Any stack can import a stack set that a person made.",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html",
        by_owner=(
            *("cloudformation:DeleteStackInstances", "cloudformation:UpdateStackInstances"),
            "cloudformation:UpdateStackSet",
        ),
    ),
    HandlerOwnership(
        "AWS::CloudTrail::Trail",
        REFUSES,
        "CreateTrail fails with TrailAlreadyExistsException. But every alert needs a trail, and the account's may be "
        "another stack's.",
        "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html",
        overwriting=(
            *("cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors"),
            *("cloudtrail:StopLogging", "cloudtrail:UpdateTrail"),
        ),
    ),
    HandlerOwnership(
        "AWS::CloudWatch::Alarm",
        REFUSES,
        "The create handler describes the alarm first.",
        _TYPES + "cloudwatch-alarm.html",
    ),
    HandlerOwnership(
        "AWS::Events::EventBus",
        REFUSES,
        "CreateEventBus fails with ResourceAlreadyExistsException. An existing bus may be another stack's.",
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html",
        by_owner=("events:DeleteEventBus", "events:UpdateEventBus"),
    ),
    HandlerOwnership(
        "AWS::Events::Rule",
        REFUSES,
        "The create handler describes the rule first. A rule of another name on a bus of ours changes none of ours.",
        "https://github.com/serverless/serverless/issues/10104",
    ),
    HandlerOwnership(
        "AWS::IAM::ManagedPolicy",
        ADDS,
        "CreatePolicy fails with EntityAlreadyExists, but a policy of another name can be attached to a role of ours. "
        "To delete a policy detaches it from every role that has it. A stack of another region can import ours.",
        "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/931",
        overwriting=("iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:DetachRolePolicy"),
    ),
    HandlerOwnership(
        "AWS::IAM::Role",
        REFUSES,
        "CreateRole fails with EntityAlreadyExists. A stack of another region can import a role. The Cloud Control API "
        "can change it, of a region that nobody watches or by its name in other letter case. Before a role is deleted, "
        "it loses its policies.",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
        overwriting=(
            *("iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary"),
            *("iam:UpdateAssumeRolePolicy", "iam:UpdateRole"),
        ),
        by_owner=("iam:DeleteRole",),
    ),
    HandlerOwnership(
        "AWS::IAM::RolePolicy",
        ADDS,
        "The create handler reads the policy first, but one of another name can deny a role of ours what it needs. "
        "Any stack can import, and then delete, a policy that AWS::IAM::Role put on a role.",
        _TYPES + "iam-rolepolicy.html",
        overwriting=("iam:DeleteRolePolicy", "iam:PutRolePolicy"),
    ),
    HandlerOwnership(
        "AWS::IAM::User",
        REFUSES,
        "CreateUser fails with EntityAlreadyExists.",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html",
    ),
    HandlerOwnership(
        "AWS::KMS::Alias",
        REFUSES,
        "CreateAlias fails with AlreadyExistsException.",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html",
    ),
    HandlerOwnership(
        "AWS::KMS::Key",
        REFUSES,
        "AWS gives a new key its ID. An existing key may be another stack's.",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html",
        by_owner=("kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"),
    ),
    HandlerOwnership(
        "AWS::Lambda::Permission",
        REFUSES,
        "CloudFormation gives each permission an ID of its own, and removes only that one.",
        _TYPES + "lambda-permission.html",
    ),
    HandlerOwnership(
        "AWS::Logs::LogGroup",
        REFUSES,
        "CreateLogGroup fails with ResourceAlreadyExistsException.",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
    ),
    HandlerOwnership(
        "AWS::Logs::MetricFilter",
        REFUSES,
        "The create handler describes the filter first. One of another name on a log group of ours only counts.",
        "https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-logs/pull/56",
    ),
    HandlerOwnership(
        "AWS::Logs::QueryDefinition",
        REFUSES,
        "AWS gives a new query an ID of its own; one of the same name is another. It only reads.",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html",
    ),
    HandlerOwnership(
        "AWS::Logs::ResourcePolicy",
        ADDS,
        "The create handler describes the policy first, but one of another name can deny what ours allows. "
        "A stack deletes no policy but those that it put, and those have alerted.",
        "https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-logs/pull/56",
        overwriting=("logs:PutResourcePolicy",),
        tolerated=("logs:DeleteResourcePolicy",),
    ),
    HandlerOwnership(
        "AWS::S3::Bucket",
        REFUSES,
        "A bucket that exists fails the stack, also in us-east-1, where CreateBucket itself would succeed.",
        _TYPES + "s3-bucket.html",
    ),
    HandlerOwnership(
        "AWS::S3::BucketPolicy",
        REFUSES,
        "The create handler reads the policy first: The bucket policy already exists.",
        "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1068",
    ),
    HandlerOwnership(
        "AWS::SNS::Subscription",
        ADDS,
        "Subscribe answers with the subscription that the endpoint has already; the other stack can then filter its "
        "messages away or remove it.",
        "https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html",
        overwriting=("sns:SetSubscriptionAttributes", "sns:Subscribe", "sns:Unsubscribe"),
    ),
    HandlerOwnership(
        "AWS::SNS::Topic",
        REFUSES,
        "The topic already exists, or already exists in another stack.",
        "https://github.com/awslabs/fhir-works-on-aws-deployment/issues/754",
    ),
    HandlerOwnership(
        "AWS::SNS::TopicPolicy",
        OVERWRITES,
        "A topic has one policy, and no handler reads it: the last stack wins, and its removal resets the policy.",
        "https://github.com/awslabs/aurora-snapshot-tool/pull/21",
        overwriting=("sns:SetTopicAttributes",),
    ),
    HandlerOwnership(
        "AWS::SQS::Queue",
        REFUSES,
        "The create handler asks for the queue's URL first.",
        "https://github.com/CloudSmith-Delivery-Troubleshooting/order-processing-system/issues/58",
    ),
    HandlerOwnership(
        "AWS::SQS::QueuePolicy",
        OVERWRITES,
        "A queue has one policy, and no handler reads it. It does not alert: the dead-letter queue of each region has "
        "one, so that every rollout would alert once a region. What a queue refuses, FailedInvocations and its alarm "
        "report.",
        _TYPES + "sqs-queuepolicy.html",
        tolerated=("sqs:SetQueueAttributes",),
    ),
    HandlerOwnership(
        "AWS::Scheduler::Schedule",
        REFUSES,
        "CreateSchedule fails with ConflictException.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
    ),
)
"""The types of which a template of ours has resources."""

OTHERS: Final[tuple[HandlerOwnership, ...]] = (
    HandlerOwnership(
        "AWS::CloudFormation::Stack",
        ADDS,
        "An existing stack can be imported into another stack, which then updates and deletes it. What is done to our "
        "main stack so alerts, whatever the call. Rollouts make the same calls for the stacks of a stack set.",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-nested-stacks.html",
        tolerated=("cloudformation:DeleteStack", "cloudformation:UpdateStack"),
    ),
    HandlerOwnership(
        "AWS::CloudWatch::AlarmMuteRule",
        ADDS,
        "A rule names the alarms that it mutes, which may be another stack's.",
        _TYPES + "cloudwatch-alarmmuterule.html",
        overwriting=("cloudwatch:PutAlarmMuteRule",),
    ),
    HandlerOwnership(
        "AWS::Events::Archive",
        ADDS,
        "An archive names the bus that it copies, which may be another stack's.",
        _TYPES + "events-archive.html",
        overwriting=("events:CreateArchive",),
    ),
    HandlerOwnership(
        "AWS::Events::EventBusPolicy",
        ADDS,
        "A statement of another ID can deny what a bus of ours allows.",
        "https://github.com/aws/aws-cdk/issues/29627",
        overwriting=("events:PutPermission", "events:RemovePermission"),
    ),
    HandlerOwnership(
        "AWS::IAM::InstanceProfile",
        ADDS,
        "A profile hands a role to EC2, which may be another stack's.",
        _TYPES + "iam-instanceprofile.html",
        overwriting=("iam:AddRoleToInstanceProfile",),
    ),
    HandlerOwnership(
        "AWS::IAM::Policy",
        OVERWRITES,
        "Until 2026-01-30 the last stack won; since then a policy of that name is refused. One of another name can "
        "deny a role of ours what it needs.",
        "https://github.com/aws-solutions/instance-scheduler-on-aws/issues/624",
        overwriting=("iam:DeleteRolePolicy", "iam:PutRolePolicy"),
    ),
    HandlerOwnership(
        "AWS::Logs::AccountPolicy",
        ADDS,
        "A policy goes for all log groups of the account: it can mask what is in ours.",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html",
        overwriting=("logs:PutAccountPolicy",),
    ),
    HandlerOwnership(
        "AWS::Logs::LogStream",
        REFUSES,
        "EventBridge makes the streams of a log group. Any stack can import one, and then delete what is in it.",
        _TYPES + "logs-logstream.html",
        overwriting=("logs:DeleteLogStream",),
    ),
    HandlerOwnership(
        "AWS::Logs::SubscriptionFilter",
        ADDS,
        "A filter sends what is in a log group elsewhere.",
        _TYPES + "logs-subscriptionfilter.html",
        overwriting=("logs:PutSubscriptionFilter",),
    ),
    HandlerOwnership(
        "AWS::Logs::Transformer",
        ADDS,
        "A transformer rewrites what a log group takes in.",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutTransformer.html",
        overwriting=("logs:PutTransformer",),
    ),
    HandlerOwnership(
        "AWS::Organizations::Account",
        REFUSES,
        "The stack of the management account that made an account can close it, or move it to another unit.",
        _TYPES + "organizations-account.html",
        overwriting=("organizations:CloseAccount", "organizations:MoveAccount"),
    ),
    HandlerOwnership(
        "AWS::Organizations::Policy",
        REFUSES,
        "The guard SCP may be a stack's of the management account.",
        _TYPES + "organizations-policy.html",
        overwriting=("organizations:DetachPolicy", "organizations:UpdatePolicy"),
    ),
    HandlerOwnership(
        "AWS::SNS::TopicInlinePolicy",
        OVERWRITES,
        "A topic has one policy, and always one.",
        _TYPES + "sns-topicinlinepolicy.html",
        overwriting=("sns:SetTopicAttributes",),
    ),
    HandlerOwnership(
        "AWS::SQS::QueueInlinePolicy",
        OVERWRITES,
        "As AWS::SQS::QueuePolicy.",
        _TYPES + "sqs-queueinlinepolicy.html",
        tolerated=("sqs:SetQueueAttributes",),
    ),
)
"""Types of which no template of ours has resources, but which can touch ours."""

_SOURCES: Final = {"cloudwatch": "aws.monitoring"}
_ROWS: Final = (*EMITTED, *OTHERS)


def _event_names(calls: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({call.partition(":")[2] for call in calls}))


def _owner_calls(*resource_types: str) -> tuple[str, ...]:
    return _event_names(tuple(call for row in _ROWS if row.type in resource_types for call in row.by_owner))


OVERWRITING_CALLS: Final = _event_names(tuple(call for row in _ROWS for call in row.overwriting))
"""The event names of the calls by which a stack of another name can touch a part of ours: these always alert."""
BUS_OWNER_CALLS: Final = _owner_calls("AWS::Events::EventBus")
"""The same for the stack that owns the bus of ``event_bus.existing``."""
CHANNEL_OWNER_CALLS: Final = _owner_calls(*CHANNEL_TYPES)
"""The same for a stack that imported the configuration of a chat channel."""
KEY_OWNER_CALLS: Final = _owner_calls("AWS::KMS::Key")
"""The same for the stack that owns the key that ``encryption`` names."""
ROLE_OWNER_CALLS: Final = _owner_calls("AWS::IAM::Role")
"""The same for the stack that owns the role of ``role.existing`` or of ``event_bus.forwarder_role``."""
SET_OWNER_CALLS: Final = _owner_calls("AWS::CloudFormation::StackSet")
"""The same for a stack that imported the stack set of a rollout by hand."""


def is_of_services(event_name: str, sources: Collection[str]) -> bool:
    """Whether a call of this table can be an event of one of ``sources``, which are EventBridge's, such as aws.sns."""
    calls = (call for row in _ROWS for call in (*row.overwriting, *row.by_owner))
    services = {call.partition(":")[0] for call in calls if call.endswith(f":{event_name}")}
    return not services or any(_SOURCES.get(service, f"aws.{service}") in sources for service in services)
