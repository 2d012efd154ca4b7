"""Whether the trail of a stack records every region, and may write down what it records.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
"""

from __future__ import annotations

from collections.abc import Iterator

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.simulator.key_permissions import KeyUse, find_key, key_denial
from cfn_breakglass.analysis.template.reader import Resource, Stack

_SERVICE, _SERVICE_NAME = "cloudtrail.amazonaws.com", "CloudTrail"
_FOLDERS = ("CloudTrail", "CloudTrail-Digest")


def trail_problems(stack: Stack, trail: Resource) -> list[DeliveryProblem]:
    """Why a trail of the stack leaves something out, or cannot write to its bucket.

    A bucket or a key that the stack does not make is assumed to let it.
    """
    return [*_unrecorded(trail), *_bucket_problems(stack, trail), *_key_problems(stack, trail)]


def _unrecorded(trail: Resource) -> Iterator[DeliveryProblem]:
    if not trail.properties.get("IsLogging"):
        yield DeliveryProblem("trail-off", "it does not log", trail.template, trail.logical_id)
    if not trail.properties.get("IsMultiRegionTrail"):
        yield DeliveryProblem("trail-single-region", "it records one region only", trail.template, trail.logical_id)


def _bucket_problems(stack: Stack, trail: Resource) -> Iterator[DeliveryProblem]:
    name = trail.properties["S3BucketName"]
    bucket = next((bucket for bucket in stack.of_type("AWS::S3::Bucket") if bucket.name == name), None)
    if not bucket:
        return
    policies = [policy for policy in stack.of_type("AWS::S3::BucketPolicy") if policy.properties["Bucket"] == name]
    documents = [policy.properties["PolicyDocument"] for policy in policies]
    keys = {"aws:SourceArn": trail.arn, "aws:SourceAccount": stack.account, "aws:SecureTransport": "true"}
    folder = "/".join(filter(None, (bucket.arn, trail.properties.get("S3KeyPrefix"), "AWSLogs", stack.account)))
    files = [f"{folder}/{subfolder}/file" for subfolder in _FOLDERS]
    for action, resource in [("s3:GetBucketAcl", bucket.arn), *(("s3:PutObject", file) for file in files)]:
        context = {**keys, **({"s3:x-amz-acl": "bucket-owner-full-control"} if action == "s3:PutObject" else {})}
        if not allowed(documents, action=action, resource=resource, principal_service=_SERVICE, context=context):
            message = f"the policy of the bucket {name} does not let it {action} {resource}"
            blamed = policies[0] if len(policies) == 1 else bucket
            yield DeliveryProblem("bucket-policy-denies", message, blamed.template, blamed.logical_id, action)


def _key_problems(stack: Stack, trail: Resource) -> Iterator[DeliveryProblem]:
    key_reference = trail.properties.get("KMSKeyId")
    key = find_key(stack, key_reference) if key_reference else None
    if not key:
        return
    keys = {"aws:SourceArn": trail.arn, "aws:SourceAccount": stack.account}
    encrypting = keys | {"kms:EncryptionContext:aws:cloudtrail:arn": trail.arn}
    problem = key_denial(
        key,
        KeyUse(_SERVICE, _SERVICE_NAME, ("kms:GenerateDataKey",), encrypting),
        KeyUse(_SERVICE, _SERVICE_NAME, ("kms:DescribeKey",), keys),
    )
    if problem:
        yield problem
