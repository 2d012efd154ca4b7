"""Whether the trail of a stack records every region, and could write down what it records.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.delivery_permissions import KeyUse, find_key, key_denial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfn_breakglass.analysis.template.reader import Resource, Stack

_SERVICE, _WHO = "cloudtrail.amazonaws.com", "CloudTrail"
_FOLDERS = ("CloudTrail", "CloudTrail-Digest")


def trail_problems(stack: Stack) -> list[str]:
    """Why a trail of the stack would leave something out, or could not write to its bucket.

    A bucket or a key that no resource of the stack makes is taken to let it.
    """
    return [
        f"{trail.logical_id}: {what}"
        for trail in stack.of_type("AWS::CloudTrail::Trail")
        for what in (*_unrecorded(trail), *_bucket(stack, trail), *_key(stack, trail))
    ]


def _unrecorded(trail: Resource) -> Iterator[str]:
    if not trail.properties["IsLogging"]:
        yield "it does not log"
    if not trail.properties.get("IsMultiRegionTrail"):
        yield "it records one region only"


def _bucket(stack: Stack, trail: Resource) -> Iterator[str]:
    name = trail.properties["S3BucketName"]
    bucket = next((one for one in stack.of_type("AWS::S3::Bucket") if one.name == name), None)
    if not bucket:
        return
    documents = [
        policy.properties["PolicyDocument"]
        for policy in stack.of_type("AWS::S3::BucketPolicy")
        if policy.properties["Bucket"] == name
    ]
    said = {"aws:SourceArn": trail.arn, "aws:SourceAccount": stack.account, "aws:SecureTransport": "true"}
    folder = "/".join(filter(None, (bucket.arn, trail.properties.get("S3KeyPrefix"), "AWSLogs", stack.account)))
    calls = [("s3:GetBucketAcl", bucket.arn), *(("s3:PutObject", f"{folder}/{each}/file") for each in _FOLDERS)]
    for action, resource in calls:
        context = {**said, **({"s3:x-amz-acl": "bucket-owner-full-control"} if action == "s3:PutObject" else {})}
        if not allowed(documents, action=action, resource=resource, principal_service=_SERVICE, context=context):
            yield f"the policy of the bucket {name} does not let it {action} {resource}"


def _key(stack: Stack, trail: Resource) -> Iterator[str]:
    given = trail.properties.get("KMSKeyId")
    key = find_key(stack, given) if given else None
    if not key:
        return
    said = {"aws:SourceArn": trail.arn, "aws:SourceAccount": stack.account}
    encrypting = said | {"kms:EncryptionContext:aws:cloudtrail:arn": trail.arn}
    problem = key_denial(
        key,
        KeyUse(_SERVICE, _WHO, ("kms:GenerateDataKey",), encrypting),
        KeyUse(_SERVICE, _WHO, ("kms:DescribeKey",), said),
    )
    if problem:
        yield problem
