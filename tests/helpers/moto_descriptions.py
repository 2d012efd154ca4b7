"""What the services answer when asked for a resource that moto created, in CloudFormation's words."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError
from moto_aws import NAME, NOT_MADE, Aws

from cfn_breakglass.analysis.template.reader import Resource, Stack

Properties = dict[str, Any]
Stacks = dict[str, Stack]
Differences = dict[str, tuple[Any, Any]]

# Properties that moto loses on the way from the stack to the service.
NOT_KEPT: Final = {
    "AWS::Events::EventBus": ("Description", "Policy", "Tags"),
    "AWS::IAM::Role": ("ManagedPolicyArns",),
    "AWS::Logs::LogGroup": ("DeletionProtectionEnabled", "KmsKeyId"),
    "AWS::S3::Bucket": (
        *("ObjectLockConfiguration", "ObjectLockEnabled", "OwnershipControls", "PublicAccessBlockConfiguration"),
        *("Tags", "VersioningConfiguration"),
    ),
    "AWS::SNS::Topic": ("Tags",),
}


def _lost(resource: Resource) -> set[str]:
    """The properties of a resource that moto is known not to have."""
    properties = set(resource.properties)
    return properties if resource.type in NOT_MADE else properties & set(NOT_KEPT.get(resource.type, ()))


def lost_properties(stacks: Stacks) -> set[str]:
    return {
        f"{region} {title}.{name}"
        for region, stack in stacks.items()
        for title, resource in stack.resources.items()
        for name in _lost(resource)
    }


def differences(aws: Aws, stacks: Stacks) -> Differences:
    """The properties that the services describe otherwise than the stacks have them: (on paper, in moto)."""
    return {
        f"{region} {title}.{name}": (value, description.get(name))
        for region, stack in stacks.items()
        for title, resource in stack.resources.items()
        for description in [describe(aws, region, resource)]
        for name, value in resource.properties.items()
        if description.get(name) != value
    }


def describe(aws: Aws, region: str, resource: Resource) -> Properties:
    """Ask for the properties of a resource; none if it does not exist."""
    try:
        properties = READERS[resource.type](aws, region, resource)
    except ClientError:
        return {}
    return dict(with_key_on_paper(aws, properties))


def with_key_on_paper(aws: Aws, answer: Any) -> Any:
    """An answer in which the key has the ID that the template reader gives it: AWS makes up another."""
    return _renamed(answer, _template_key(aws), f"{NAME}-Key")


def _renamed(node: Any, old: str | None, new: str) -> Any:
    """An answer with another word for ``old``, if there is one, wherever it stands."""
    if isinstance(node, dict):
        return {key: _renamed(value, old, new) for key, value in node.items()}
    if isinstance(node, list):
        return [_renamed(item, old, new) for item in node]
    return node.replace(old, new) if old and isinstance(node, str) else node


def _tags(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(tags, key=lambda tag: tag["Key"])


def _tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def _rule(aws: Aws, region: str, rule: Resource) -> Properties:
    events = aws.client("events", region)
    bus = rule.properties.get("EventBusName", "default")
    answer = events.describe_rule(Name=rule.name, EventBusName=bus)
    return {
        **answer,
        "EventPattern": json.loads(answer["EventPattern"]),
        "Targets": events.list_targets_by_rule(Rule=rule.name, EventBusName=bus)["Targets"],
        "Tags": _tags(events.list_tags_for_resource(ResourceARN=rule.arn)["Tags"]),
    }


def _bus(aws: Aws, region: str, bus: Resource) -> Properties:
    events = aws.client("events", region)
    tags = events.list_tags_for_resource(ResourceARN=bus.arn)["Tags"]
    return {**events.describe_event_bus(Name=bus.name), "Tags": _tags(tags)}


def _topic(aws: Aws, region: str, topic: Resource) -> Properties:
    sns = aws.client("sns", region)
    answer = sns.get_topic_attributes(TopicArn=topic.arn)["Attributes"]
    tags = sns.list_tags_for_resource(ResourceArn=topic.arn)["Tags"]
    return {**answer, "TopicName": answer["TopicArn"].rpartition(":")[2], "Tags": _tags(tags)}


def _topic_policy(aws: Aws, region: str, policy: Resource) -> Properties:
    (topic,) = policy.properties["Topics"]
    document = json.loads(aws.client("sns", region).get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    # Every topic has a policy by default.
    return {} if document.get("Id") == "__default_policy_ID" else {"Topics": [topic], "PolicyDocument": document}


def _subscription(aws: Aws, region: str, subscription: Resource) -> Properties:
    topic, endpoint = subscription.properties["TopicArn"], subscription.properties["Endpoint"]
    answer = aws.client("sns", region).list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return next(({**description} for description in answer if description["Endpoint"] == endpoint), {})


def _queue(aws: Aws, region: str, queue: Resource) -> Properties:
    sqs = aws.client("sqs", region)
    url = sqs.get_queue_url(QueueName=queue.name)["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {
        "QueueName": answer["QueueArn"].rpartition(":")[2],
        "MessageRetentionPeriod": int(answer["MessageRetentionPeriod"]),
        "SqsManagedSseEnabled": answer["SqsManagedSseEnabled"] == "true",
        "Tags": _tag_list(sqs.list_queue_tags(QueueUrl=url).get("Tags", {})),
    }


def _queue_policy(aws: Aws, region: str, policy: Resource) -> Properties:
    (queue,) = policy.properties["Queues"]
    answer = aws.client("sqs", region).get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])
    document = answer.get("Attributes", {}).get("Policy")
    return {"Queues": [queue], "PolicyDocument": json.loads(document)} if document else {}


def _log_group(aws: Aws, region: str, group: Resource) -> Properties:
    logs = aws.client("logs", region)
    (answer,) = logs.describe_log_groups(logGroupNamePrefix=group.name)["logGroups"]
    return {
        "LogGroupName": answer["logGroupName"],
        "RetentionInDays": answer["retentionInDays"],
        "Tags": _tag_list(logs.list_tags_for_resource(resourceArn=group.arn)["tags"]),
    }


def _log_policy(aws: Aws, region: str, policy: Resource) -> Properties:
    answer = aws.client("logs", region).describe_resource_policies()["resourcePolicies"]
    documents = {document["policyName"]: document["policyDocument"] for document in answer}
    return {"PolicyName": policy.name, "PolicyDocument": documents[policy.name]} if policy.name in documents else {}


def _role(aws: Aws, region: str, role: Resource) -> Properties:
    iam, target = aws.client("iam", region), {"RoleName": role.name}
    answer = iam.get_role(**target)["Role"]
    names = iam.list_role_policies(**target)["PolicyNames"]
    attached = iam.list_attached_role_policies(**target)["AttachedPolicies"]
    return {
        **answer,
        "PermissionsBoundary": answer.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "Policies": [_inline(iam.get_role_policy(**target, PolicyName=name)) for name in names],
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
        "Tags": _tags(answer.get("Tags", [])),
    }


def _inline(answer: Properties) -> Properties:
    # moto gives back what a stack has put on a role as Python prints it, not as JSON.
    return {"PolicyName": answer["PolicyName"], "PolicyDocument": ast.literal_eval(answer["PolicyDocument"])}


def _role_policy(aws: Aws, region: str, policy: Resource) -> Properties:
    target = {key: policy.properties[key] for key in ("RoleName", "PolicyName")}
    return dict(aws.client("iam", region).get_role_policy(**target))


def _managed_policy(aws: Aws, region: str, policy: Resource) -> Properties:
    iam, target = aws.client("iam", region), {"PolicyArn": policy.arn}
    answer = iam.get_policy(**target)["Policy"]
    version = iam.get_policy_version(**target, VersionId=answer["DefaultVersionId"])["PolicyVersion"]
    users = iam.list_entities_for_policy(**target)["PolicyUsers"]
    return {
        "ManagedPolicyName": answer["PolicyName"],
        "PolicyDocument": version["Document"],
        "Users": sorted(user["UserName"] for user in users),
    }


def _permission(aws: Aws, region: str, permission: Resource) -> Properties:
    name = permission.properties["FunctionName"]
    (answer,) = json.loads(aws.client("lambda", region).get_policy(FunctionName=name)["Policy"])["Statement"]
    return {
        "FunctionName": answer["Resource"],
        "Action": answer["Action"],
        "Principal": answer["Principal"]["Service"],
        "SourceArn": answer["Condition"]["ArnLike"]["AWS:SourceArn"],
    }


def _aliases(aws: Aws) -> dict[str, Properties]:
    answer = aws.client("kms").list_aliases()["Aliases"]
    return {alias["AliasName"]: alias for alias in answer if not alias["AliasName"].startswith("alias/aws/")}


def _template_key(aws: Aws) -> str | None:
    return next((alias["TargetKeyId"] for alias in _aliases(aws).values()), None)


def _alias(aws: Aws, _: str, alias: Resource) -> Properties:
    return _aliases(aws).get(alias.name, {})


def _key(aws: Aws, region: str, _: Resource) -> Properties:
    kms, target = aws.client("kms", region), {"KeyId": _template_key(aws)}
    tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(**target)["Tags"]}
    return {
        # moto gives back what a stack has put there as it is, not as JSON.
        "KeyPolicy": kms.get_key_policy(**target, PolicyName="default")["Policy"],
        "EnableKeyRotation": kms.get_key_rotation_status(**target)["KeyRotationEnabled"],
        "Tags": _tag_list(tags),
    }


def _bucket(aws: Aws, region: str, bucket: Resource) -> Properties:
    answer = aws.client("s3", region).get_bucket_encryption(Bucket=bucket.name)["ServerSideEncryptionConfiguration"]
    by_default = [rule["ApplyServerSideEncryptionByDefault"] for rule in answer["Rules"]]
    rules = [{"ServerSideEncryptionByDefault": default} for default in by_default]
    return {"BucketName": bucket.name, "BucketEncryption": {"ServerSideEncryptionConfiguration": rules}}


def _bucket_policy(aws: Aws, region: str, policy: Resource) -> Properties:
    target = {"Bucket": policy.properties["Bucket"]}
    return target | {"PolicyDocument": json.loads(aws.client("s3", region).get_bucket_policy(**target)["Policy"])}


def _trail(aws: Aws, region: str, trail: Resource) -> Properties:
    answer = aws.client("cloudtrail", region).get_trail(Name=trail.name)["Trail"]
    return {**answer, "TrailName": answer["Name"]}


def _alarm(aws: Aws, region: str, alarm: Resource) -> Properties:
    return next(iter(aws.client("cloudwatch", region).describe_alarms(AlarmNames=[alarm.name])["MetricAlarms"]), {})


def _metric_filter(aws: Aws, region: str, metric_filter: Resource) -> Properties:
    group = metric_filter.properties["LogGroupName"]
    return next(iter(aws.client("logs", region).describe_metric_filters(logGroupName=group)["metricFilters"]), {})


def _not_in_moto(_aws: Aws, _region: str, _resource: Resource) -> Properties:
    """Moto has no calls for it at all."""
    return {}


def _schedule(aws: Aws, region: str, schedule: Resource) -> Properties:
    return dict(aws.client("scheduler", region).get_schedule(Name=schedule.properties["Name"]))


def _stack_set(_: Aws, __: str, ___: Resource) -> Properties:
    return {}  # the stack set that the tests roll out by hand has the same name


READERS: Final[dict[str, Callable[[Aws, str, Resource], Properties]]] = {
    "AWS::Chatbot::MicrosoftTeamsChannelConfiguration": _not_in_moto,
    "AWS::Chatbot::SlackChannelConfiguration": _not_in_moto,
    "AWS::CloudFormation::StackSet": _stack_set,
    "AWS::CloudTrail::Trail": _trail,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::Events::EventBus": _bus,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _role,
    "AWS::IAM::RolePolicy": _role_policy,
    "AWS::KMS::Alias": _alias,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::Permission": _permission,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Logs::MetricFilter": _metric_filter,
    "AWS::Logs::QueryDefinition": _not_in_moto,
    "AWS::Logs::ResourcePolicy": _log_policy,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::Scheduler::Schedule": _schedule,
}
