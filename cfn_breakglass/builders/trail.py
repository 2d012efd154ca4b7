"""The trail that records what is called in every region, and the bucket that keeps it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
"""

from __future__ import annotations

from collections.abc import Iterable

import awacs.s3
from awacs import aws
from troposphere import AWSHelperFn, AWSObject, cloudtrail, s3

from cfn_breakglass.builders.iam_policy import TRAIL, WITHOUT_TLS, allow, anybody, deny, policy, service
from cfn_breakglass.builders.scanner_suppressions import NO_KEY, accepted
from cfn_breakglass.config.model import Config
from cfn_breakglass.names import Names, sub

# Who deletes the stack must not end the recording, nor take what is recorded with it.
_STAYS = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


def trail(
    config: Config, names: Names, *, key: AWSHelperFn | str | None = None, after: Iterable[AWSObject] = ()
) -> list[AWSObject]:
    """A trail of the management events of every region with a bucket of its own.

    ``key`` is the ARN of the key that encrypts what it writes. It comes after whatever may fail: with its first file
    the bucket can no longer be deleted, and would be in the way when the stack is created again.
    """
    bucket = _bucket(config, names, key)
    allowed = s3.BucketPolicy("TrailBucketPolicy", Bucket=bucket.ref(), PolicyDocument=_policy(bucket, names), **_STAYS)
    made = cloudtrail.Trail(
        "Trail",
        TrailName=names.trail,
        S3BucketName=bucket.ref(),
        IsLogging=True,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        DependsOn=[resource.title for resource in (allowed, *after)],
        **({"KMSKeyId": key} if key else {"Metadata": accepted(CKV_AWS_35=NO_KEY)}),
        **_STAYS,
    )
    return [bucket, allowed, made]


def _bucket(config: Config, names: Names, key: AWSHelperFn | str | None) -> s3.Bucket:
    # No bucket key: CloudTrail's own use of the key costs nothing, and for that it would have to be let decrypt.
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    encrypted = s3.ServerSideEncryptionRule(
        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(**by_default)
    )
    bucket = s3.Bucket(
        "TrailBucket",
        BucketName=sub(names.trail_bucket),
        BucketEncryption=s3.BucketEncryption(ServerSideEncryptionConfiguration=[encrypted]),
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
        **_STAYS,
    )
    if config.trail_lock_days:
        # Not GOVERNANCE: an administrator may lift that, and it is administrators whom this is against.
        retention = s3.DefaultRetention(Mode="COMPLIANCE", Days=config.trail_lock_days)
        bucket.ObjectLockEnabled = True
        bucket.ObjectLockConfiguration = s3.ObjectLockConfiguration(
            ObjectLockEnabled="Enabled", Rule=s3.ObjectLockRule(DefaultRetention=retention)
        )
    return bucket


def _policy(bucket: s3.Bucket, names: Names) -> aws.PolicyDocument:
    arn, files = bucket.get_att("Arn"), "${" + bucket.title + ".Arn}/"
    ours = {"aws:SourceArn": sub(names.trail_arn)}
    whole = {**ours, "s3:x-amz-acl": "bucket-owner-full-control"}
    return policy(
        allow([awacs.s3.GetBucketAcl], [arn], principal=service(TRAIL), when={aws.StringEquals: ours}),
        allow(
            [awacs.s3.PutObject],
            [sub(f"{files}AWSLogs/${{AWS::AccountId}}/*")],
            principal=service(TRAIL),
            when={aws.StringEquals: whole},
        ),
        deny([awacs.s3.Action("*")], [arn, sub(f"{files}*")], principal=anybody(), when=WITHOUT_TLS),
    )
