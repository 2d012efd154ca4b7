"""The trail that records what is called in every region, and the bucket that keeps it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import awacs.s3
from awacs import aws
from troposphere import AWSObject, cloudtrail, s3

from cfn_breakglass.builders.iam_policy import TRAIL, WITHOUT_TLS, allow, anybody, deny, policy, service
from cfn_breakglass.builders.scanner_suppressions import NO_KEY, accepted
from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.names import Names, sub
from cfn_breakglass.plan import Plan

# Whoever deletes the stack must not end the recording, nor delete what is recorded.
_RETAINED = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


def trail(plan: Plan, *, after: Collection[str] = ()) -> list[AWSObject]:
    """A trail of the management events of every region with a bucket of its own; the trail comes last.

    The bucket waits for the resources of the IDs ``after``, which may fail: with the first file of the trail, it can no
    longer be deleted, and would be in the way when the stack is created again.
    """
    names, key = plan.names, plan.encryption.key_arn
    bucket = _bucket(plan, sorted(after))
    bucket_policy = s3.BucketPolicy(
        "TrailBucketPolicy", Bucket=bucket.ref(), PolicyDocument=_policy(bucket, names), **_RETAINED
    )
    created = cloudtrail.Trail(
        "Trail",
        TrailName=names.trail,
        S3BucketName=bucket.ref(),
        IsLogging=True,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        DependsOn=[bucket_policy.title],
        **({"KMSKeyId": key} if key else {"Metadata": accepted(CKV_AWS_35=NO_KEY)}),
        **_RETAINED,
        **tags(plan),
    )
    return [bucket, bucket_policy, created]


def _bucket(plan: Plan, after: list[str]) -> s3.Bucket:
    # No bucket key: CloudTrail's own use of the key costs nothing, and a bucket key would require it to decrypt.
    key = plan.encryption.key_arn
    algorithm = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    encryption = s3.ServerSideEncryptionRule(
        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(**algorithm)
    )
    return s3.Bucket(
        "TrailBucket",
        BucketName=sub(plan.names.trail_bucket),
        BucketEncryption=s3.BucketEncryption(ServerSideEncryptionConfiguration=[encryption]),
        OwnershipControls=s3.OwnershipControls(
            Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")],
        ),
        PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
        Metadata=accepted(
            CKV_AWS_18="Only CloudTrail writes there; a bucket for its access log would want one as well"
        ),
        **_RETAINED,
        **({"DependsOn": after} if after else {}),
        **_lock(plan.config.trail_lock_days),
        **tags(plan),
    )


def _lock(days: int | None) -> dict[str, Any]:
    if not days:
        return {}
    # Not GOVERNANCE: an administrator may lift that, and the lock is against administrators.
    retention = s3.DefaultRetention(Mode="COMPLIANCE", Days=days)
    return {
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": s3.ObjectLockConfiguration(
            ObjectLockEnabled="Enabled", Rule=s3.ObjectLockRule(DefaultRetention=retention)
        ),
    }


def _policy(bucket: s3.Bucket, names: Names) -> aws.PolicyDocument:
    arn, files = bucket.get_att("Arn"), "${" + bucket.title + ".Arn}/"
    our_trail = {"aws:SourceArn": sub(names.trail_arn)}
    with_acl = {**our_trail, "s3:x-amz-acl": "bucket-owner-full-control"}
    return policy(
        allow("TrailAcl", [awacs.s3.GetBucketAcl], [arn], principal=service(TRAIL), when={aws.StringEquals: our_trail}),
        allow(
            "TrailFiles",
            [awacs.s3.PutObject],
            [sub(f"{files}AWSLogs/${{AWS::AccountId}}/*")],
            principal=service(TRAIL),
            when={aws.StringEquals: with_acl},
        ),
        deny("OnlyTls", [awacs.s3.Action("*")], [arn, sub(f"{files}*")], principal=anybody(), when=WITHOUT_TLS),
    )
