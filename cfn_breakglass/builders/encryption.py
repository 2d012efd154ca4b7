"""The key of the alert topic, the log groups and the trail, and who may use it.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import awacs.kms
from awacs import aws
from troposphere import AWSHelperFn, AWSObject, encode_to_dict, kms

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.builders.iam_policy import EVENTS, TRAIL, allow, policy, service
from cfn_breakglass.config.model import CREATE, CUSTOMER_KEY, NONE, Config
from cfn_breakglass.names import Names, log_group_arn, root_arn, sub


class Encryption(NamedTuple):
    """What encrypts: a key, ``named`` by its ARN (None: AWS's own keys do), and what we make for that, it above all."""

    named: AWSHelperFn | str | None = None
    key: kms.Key | None = None
    resources: tuple[AWSObject, ...] = ()

    @classmethod
    def by(cls, key: kms.Key, *more: AWSObject) -> Encryption:
        """Encryption by a key of the same template."""
        return cls(key.get_att("Arn"), key, (key, *more))


NOT_ENCRYPTED = Encryption()


def encryption(config: Config, names: Names) -> Encryption:
    """The key that the config asks for: one of our own, with an alias, or one that is there."""
    if config.encryption == NONE:
        return NOT_ENCRYPTED
    if parse_arn(config.encryption):
        return Encryption(config.encryption)
    key = kms.Key(
        "Key",
        EnableKeyRotation=True,
        KeyPolicy=policy(_account(), *_deployed(config, names), *uses(config, names)),
        # Without the key nobody reads the logs again.
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
    )
    return Encryption.by(key, kms.Alias("KeyAlias", AliasName=names.key_alias, TargetKeyId=key.ref()))


def _account() -> aws.Statement:
    """The right to give rights with IAM policies, without which nobody could ever change the key."""
    return allow([awacs.kms.Action("*")], ["*"], principal=aws.Principal("AWS", sub(root_arn())))


def _deployed(config: Config, names: Names) -> list[aws.Statement]:
    """The right of the deployer's role to this key; in a policy of its own it could only be one to all keys."""
    if not config.deployer:
        return []
    from cfn_breakglass.builders.deployment.deployer_permissions import key_calls

    return [allow(key_calls(), ["*"], principal=aws.Principal("AWS", sub(names.service_role_arn)))]


def uses(config: Config, names: Names) -> list[aws.Statement]:
    """What a key's policy has to allow, whoever made the key.

    CloudWatch is let in for alarms of somebody's own that tell a topic. Ours tell the fallback topic, and that and the
    dead-letter queues are encrypted without this key, for they have to work when it does not.
    """
    statements = [
        # No condition: EventBridge sends no SourceArn and no SourceAccount along, and with one nothing would arrive.
        # Who may publish is what the topic's policy says.
        allow(
            [awacs.kms.Decrypt, awacs.kms.Action("GenerateDataKey*")],
            ["*"],
            principal=service(EVENTS, "cloudwatch.amazonaws.com"),
        ),
        allow(
            [
                *(awacs.kms.Decrypt, awacs.kms.Action("Describe*"), awacs.kms.Encrypt),
                *(awacs.kms.Action("GenerateDataKey*"), awacs.kms.Action("ReEncrypt*")),
            ],
            ["*"],
            principal=aws.Principal("Service", sub("logs.${AWS::Region}.${AWS::URLSuffix}")),
            # By name: a log group refers to the key, so the key cannot refer to a log group.
            when={aws.ArnLike: {"kms:EncryptionContext:aws:logs:arn": sub(log_group_arn(f"{names.log_groups}*"))}},
        ),
    ]
    # A trail that was made stays when the config no longer makes one, and goes on with a key of ours.
    if config.trail == CREATE or config.encryption == CUSTOMER_KEY:
        statements.append(_use_of_the_trail(names))
    return statements


def _use_of_the_trail(names: Names) -> aws.Statement:
    """It writes and never reads, and for this trail alone.

    AWS's example names the trail a second time, in the encryption context, which DescribeKey does not have.
    """
    return allow(
        [awacs.kms.DescribeKey, awacs.kms.Action("GenerateDataKey*")],
        ["*"],
        principal=service(TRAIL),
        when={aws.StringEquals: {"aws:SourceArn": sub(names.trail_arn)}},
    )


def uses_as_json(config: Config, names: Names) -> str:
    """The same as text to paste among the statements of the key that the config names by its ARN."""
    place = {
        "AWS::AccountId": str(config.account),
        "AWS::Partition": config.partition.name,
        "AWS::Region": config.main_region,
        "AWS::URLSuffix": config.partition.url_suffix,
    }

    def resolved(held: dict[str, Any]) -> Any:
        text = held.get("Fn::Sub")
        return _HOLE.sub(lambda hole: place[hole[1]], text) if text else held

    statements = json.loads(json.dumps(encode_to_dict(uses(config, names))), object_hook=resolved)
    return ",\n".join(map(json.dumps, statements))


_HOLE = re.compile(r"\$\{([^}]+)\}")
