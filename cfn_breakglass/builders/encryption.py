"""The key of the alert topic, the log groups and the trail, and who may use it.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
"""

from __future__ import annotations

import json
import re
from typing import Any

import awacs.kms
from awacs import aws
from troposphere import AWSObject, Ref, encode_to_dict, kms

from cfn_breakglass.builders.iam_policy import EVENTS, TRAIL, Conditions, allow, policy, service
from cfn_breakglass.builders.scanner_suppressions import accepted
from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.config.model import CREATE, CUSTOMER_KEY
from cfn_breakglass.names import Names, log_group_arn, root_arn, sub
from cfn_breakglass.plan import Plan


def customer_key(plan: Plan) -> list[AWSObject]:
    """The key and its alias, if the config asks for a key of its own."""
    if not plan.encryption.logical_id:
        return []
    key = kms.Key(
        plan.encryption.logical_id,
        EnableKeyRotation=True,
        KeyPolicy=policy(_account(), *_service_role_statements(plan), *key_statements(plan)),
        # Without the key nobody reads the logs again.
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        Metadata=accepted(CKV_AWS_33="Anybody is who reads our logs in this account, by CloudWatch Logs alone"),
        **tags(plan),
    )
    return [key, kms.Alias("KeyAlias", AliasName=plan.names.key_alias, TargetKeyId=key.ref())]


def _account() -> aws.Statement:
    """The right to give rights with IAM policies, without which nobody could ever change the key."""
    return allow("Account", [awacs.kms.Action("*")], ["*"], principal=aws.Principal("AWS", sub(root_arn())))


def _service_role_statements(plan: Plan) -> list[aws.Statement]:
    """The right of the deployer's role to this key; in a policy of its own it could only be one to all keys."""
    if not plan.config.deployer:
        return []
    from cfn_breakglass.builders.deployment.deployer_permissions import key_calls

    return [allow("ServiceRole", key_calls(), ["*"], principal=aws.Principal("AWS", sub(plan.names.service_role_arn)))]


def key_statements(plan: Plan) -> list[aws.Statement]:
    """What a key's policy has to allow, whoever made the key.

    CloudWatch is allowed for alarms of somebody's own that notify the alert topic. Ours notify the fallback topic. That
    and the dead-letter queues are encrypted without this key, for they have to work when it does not.
    """
    config, names = plan.config, plan.names
    logs = sub("logs.${AWS::Region}.${AWS::URLSuffix}")
    # By name: the log groups refer to the key, so the key cannot refer to them.
    our_logs: Conditions = {
        aws.ArnLike: {"kms:EncryptionContext:aws:logs:arn": sub(log_group_arn(f"{names.log_groups}*"))}
    }
    logging = [
        awacs.kms.Decrypt,
        awacs.kms.Encrypt,
        awacs.kms.Action("GenerateDataKey*"),
        awacs.kms.Action("ReEncrypt*"),
    ]
    # Logs calls for whoever reads one of the logs, or makes it: what they may do there, their rights to Logs say.
    by_logs: Conditions = {
        **our_logs,
        aws.StringEquals: {"kms:CallerAccount": Ref("AWS::AccountId"), "kms:ViaService": logs},
    }
    statements = [
        # No condition: EventBridge sends neither SourceArn nor SourceAccount along, so with one nothing would arrive.
        # The topic's policy says who may publish.
        allow(
            "Alerts",
            [awacs.kms.Decrypt, awacs.kms.Action("GenerateDataKey*")],
            ["*"],
            principal=service(EVENTS, "cloudwatch.amazonaws.com"),
        ),
        allow(
            "Logs",
            [*logging, awacs.kms.Action("Describe*")],
            ["*"],
            principal=aws.Principal("Service", logs),
            when=our_logs,
        ),
        allow("ByLogs", logging, ["*"], principal=aws.Principal("AWS", "*"), when=by_logs),
    ]
    # A trail that was created stays when the config no longer creates one, and goes on using our key.
    if config.trail == CREATE or config.encryption == CUSTOMER_KEY:
        statements.append(_trail_statement(names))
    return statements


def _trail_statement(names: Names) -> aws.Statement:
    """CloudTrail encrypts and never decrypts, and for this trail alone.

    AWS's example names the trail a second time, in the encryption context, which DescribeKey does not have.
    """
    return allow(
        "Trail",
        [awacs.kms.DescribeKey, awacs.kms.Action("GenerateDataKey*")],
        ["*"],
        principal=service(TRAIL),
        when={aws.StringEquals: {"aws:SourceArn": sub(names.trail_arn)}},
    )


def key_statements_as_json(plan: Plan) -> str:
    """``key_statements`` as text to paste among the statements of the key that the config names by its ARN."""
    values = {
        "AWS::AccountId": plan.config.account or "ACCOUNT",
        "AWS::Partition": plan.config.partition.name,
        "AWS::Region": plan.config.main_region,
        "AWS::URLSuffix": plan.config.partition.url_suffix,
    }

    def resolved(node: dict[str, Any]) -> Any:
        text = "${" + node["Ref"] + "}" if "Ref" in node else node.get("Fn::Sub")
        return _PLACEHOLDER.sub(lambda placeholder: values[placeholder[1]], text) if text else node

    statements = json.loads(json.dumps(encode_to_dict(key_statements(plan))), object_hook=resolved)
    return ",\n".join(map(json.dumps, statements))


_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
