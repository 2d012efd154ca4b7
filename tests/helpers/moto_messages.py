"""What the services tell of a resource once it is made, in CloudFormation's words."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError
from moto_aws import NAME, Aws

from cfn_breakglass.analysis.template.reader import Resource

Told = dict[str, Any]


def told(aws: Aws, region: str, resource: Resource) -> Told:
    """Ask for the properties of a resource; none if it is not there."""
    try:
        found = READERS[resource.type](aws, region, resource)
    except ClientError:
        return {}
    return dict(as_foretold(aws, found))


def as_foretold(aws: Aws, found: Any) -> Any:
    """What a service tells, our key called as our reader calls it: nobody knows its ID beforehand."""
    return _renamed(found, _our_key(aws), f"{NAME}-Key")


def _renamed(node: Any, old: str | None, new: str) -> Any:
    """What a service tells, with another word for ``old``, if there is one, wherever it stands."""
    if isinstance(node, dict):
        return {key: _renamed(value, old, new) for key, value in node.items()}
    if isinstance(node, list):
        return [_renamed(item, old, new) for item in node]
    return node.replace(old, new) if old and isinstance(node, str) else node


def _tags(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(tags, key=lambda tag: tag["Key"])


def _tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def _rule(aws: Aws, region: str, rule: Resource) -> Told:
    events = aws.client("events", region)
    bus = rule.properties.get("EventBusName", "default")
    found = events.describe_rule(Name=rule.name, EventBusName=bus)
    return {
        **found,
        "EventPattern": json.loads(found["EventPattern"]),
        "Targets": events.list_targets_by_rule(Rule=rule.name, EventBusName=bus)["Targets"],
        "Tags": _tags(events.list_tags_for_resource(ResourceARN=rule.arn)["Tags"]),
    }


def _bus(aws: Aws, region: str, bus: Resource) -> Told:
    events = aws.client("events", region)
    tags = events.list_tags_for_resource(ResourceARN=bus.arn)["Tags"]
    return {**events.describe_event_bus(Name=bus.name), "Tags": _tags(tags)}


def _topic(aws: Aws, region: str, topic: Resource) -> Told:
    sns = aws.client("sns", region)
    found = sns.get_topic_attributes(TopicArn=topic.arn)["Attributes"]
    tags = sns.list_tags_for_resource(ResourceArn=topic.arn)["Tags"]
    return {**found, "TopicName": found["TopicArn"].rpartition(":")[2], "Tags": _tags(tags)}


def _topic_policy(aws: Aws, region: str, policy: Resource) -> Told:
    (topic,) = policy.properties["Topics"]
    document = json.loads(aws.client("sns", region).get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    # A topic has a policy without our doing.
    return {} if document.get("Id") == "__default_policy_ID" else {"Topics": [topic], "PolicyDocument": document}


def _subscription(aws: Aws, region: str, subscription: Resource) -> Told:
    given = subscription.properties
    found = aws.client("sns", region).list_subscriptions_by_topic(TopicArn=given["TopicArn"])["Subscriptions"]
    return next(({**one} for one in found if one["Endpoint"] == given["Endpoint"]), {})


def _queue(aws: Aws, region: str, queue: Resource) -> Told:
    sqs = aws.client("sqs", region)
    url = sqs.get_queue_url(QueueName=queue.name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {
        "QueueName": found["QueueArn"].rpartition(":")[2],
        "MessageRetentionPeriod": int(found["MessageRetentionPeriod"]),
        "SqsManagedSseEnabled": found["SqsManagedSseEnabled"] == "true",
        "Tags": _tag_list(sqs.list_queue_tags(QueueUrl=url).get("Tags", {})),
    }


def _queue_policy(aws: Aws, region: str, policy: Resource) -> Told:
    (queue,) = policy.properties["Queues"]
    found = aws.client("sqs", region).get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])
    document = found.get("Attributes", {}).get("Policy")
    return {"Queues": [queue], "PolicyDocument": json.loads(document)} if document else {}


def _log_group(aws: Aws, region: str, group: Resource) -> Told:
    logs = aws.client("logs", region)
    (found,) = logs.describe_log_groups(logGroupNamePrefix=group.name)["logGroups"]
    return {
        "LogGroupName": found["logGroupName"],
        "RetentionInDays": found["retentionInDays"],
        "Tags": _tag_list(logs.list_tags_for_resource(resourceArn=group.arn)["tags"]),
    }


def _log_policy(aws: Aws, region: str, policy: Resource) -> Told:
    found = aws.client("logs", region).describe_resource_policies()["resourcePolicies"]
    documents = {one["policyName"]: one["policyDocument"] for one in found}
    return {"PolicyName": policy.name, "PolicyDocument": documents[policy.name]} if policy.name in documents else {}


def _role(aws: Aws, region: str, role: Resource) -> Told:
    iam, which = aws.client("iam", region), {"RoleName": role.name}
    found = iam.get_role(**which)["Role"]
    names = iam.list_role_policies(**which)["PolicyNames"]
    attached = iam.list_attached_role_policies(**which)["AttachedPolicies"]
    return {
        **found,
        "PermissionsBoundary": found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "Policies": [_inline(iam.get_role_policy(**which, PolicyName=name)) for name in names],
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
        "Tags": _tags(found.get("Tags", [])),
    }


def _inline(found: Told) -> Told:
    # What a stack has put on a role moto gives back as Python prints it, not as JSON.
    return {"PolicyName": found["PolicyName"], "PolicyDocument": ast.literal_eval(found["PolicyDocument"])}


def _role_policy(aws: Aws, region: str, policy: Resource) -> Told:
    which = {key: policy.properties[key] for key in ("RoleName", "PolicyName")}
    return dict(aws.client("iam", region).get_role_policy(**which))


def _managed_policy(aws: Aws, region: str, policy: Resource) -> Told:
    iam, which = aws.client("iam", region), {"PolicyArn": policy.arn}
    found = iam.get_policy(**which)["Policy"]
    version = iam.get_policy_version(**which, VersionId=found["DefaultVersionId"])["PolicyVersion"]
    users = iam.list_entities_for_policy(**which)["PolicyUsers"]
    return {
        "ManagedPolicyName": found["PolicyName"],
        "PolicyDocument": version["Document"],
        "Users": sorted(user["UserName"] for user in users),
    }


def _permission(aws: Aws, region: str, permission: Resource) -> Told:
    name = permission.properties["FunctionName"]
    (found,) = json.loads(aws.client("lambda", region).get_policy(FunctionName=name)["Policy"])["Statement"]
    return {
        "FunctionName": found["Resource"],
        "Action": found["Action"],
        "Principal": found["Principal"]["Service"],
        "SourceArn": found["Condition"]["ArnLike"]["AWS:SourceArn"],
    }


def _aliases(aws: Aws) -> dict[str, Told]:
    found = aws.client("kms").list_aliases()["Aliases"]
    return {alias["AliasName"]: alias for alias in found if not alias["AliasName"].startswith("alias/aws/")}


def _our_key(aws: Aws) -> str | None:
    return next((alias["TargetKeyId"] for alias in _aliases(aws).values()), None)


def _alias(aws: Aws, _: str, alias: Resource) -> Told:
    return _aliases(aws).get(alias.name, {})


def _key(aws: Aws, region: str, _: Resource) -> Told:
    kms, which = aws.client("kms", region), {"KeyId": _our_key(aws)}
    tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(**which)["Tags"]}
    return {
        # What a stack has given it moto gives back as it is, not as JSON.
        "KeyPolicy": kms.get_key_policy(**which, PolicyName="default")["Policy"],
        "EnableKeyRotation": kms.get_key_rotation_status(**which)["KeyRotationEnabled"],
        "Tags": _tag_list(tags),
    }


def _bucket(aws: Aws, region: str, bucket: Resource) -> Told:
    found = aws.client("s3", region).get_bucket_encryption(Bucket=bucket.name)["ServerSideEncryptionConfiguration"]
    by_default = [rule["ApplyServerSideEncryptionByDefault"] for rule in found["Rules"]]
    rules = [{"ServerSideEncryptionByDefault": one} for one in by_default]
    return {"BucketName": bucket.name, "BucketEncryption": {"ServerSideEncryptionConfiguration": rules}}


def _bucket_policy(aws: Aws, region: str, policy: Resource) -> Told:
    which = {"Bucket": policy.properties["Bucket"]}
    return which | {"PolicyDocument": json.loads(aws.client("s3", region).get_bucket_policy(**which)["Policy"])}


def _trail(aws: Aws, region: str, trail: Resource) -> Told:
    found = aws.client("cloudtrail", region).get_trail(Name=trail.name)["Trail"]
    return {**found, "TrailName": found["Name"]}


def _alarm(aws: Aws, region: str, alarm: Resource) -> Told:
    return next(iter(aws.client("cloudwatch", region).describe_alarms(AlarmNames=[alarm.name])["MetricAlarms"]), {})


def _metric_filter(aws: Aws, region: str, held: Resource) -> Told:
    group = held.properties["LogGroupName"]
    return next(iter(aws.client("logs", region).describe_metric_filters(logGroupName=group)["metricFilters"]), {})


def _schedule(aws: Aws, region: str, schedule: Resource) -> Told:
    return dict(aws.client("scheduler", region).get_schedule(Name=schedule.properties["Name"]))


def _stack_set(_: Aws, __: str, ___: Resource) -> Told:
    return {}  # the one that the tests roll out by hand has the same name


READERS: Final[dict[str, Callable[[Aws, str, Resource], Told]]] = {
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
