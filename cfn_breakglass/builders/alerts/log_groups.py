"""Log groups that rules write to, and the one policy that lets them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import awacs.logs
from troposphere import AWSHelperFn, AWSObject, events, logs

from cfn_breakglass.builders.iam_policy import EVENTS, allow, policy, service
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.builders.scanner_suppressions import NO_KEY, accepted
from cfn_breakglass.detections.catalog import Detection
from cfn_breakglass.names import log_group_arn, sub


def log_group(
    logical_id: str,
    name: str,
    retention_days: int,
    detections: list[Detection],
    *,
    key: AWSHelperFn | str | None = None,
    after: Iterable[AWSObject] = (),
) -> Sink:
    """A log group that keeps the whole events of ``detections``, encrypted by the ``key`` of that ARN if there is one.

    It outlives the stack, and nobody deletes it by one call: its protection has to be taken off first.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protecting-log-groups-from-deletion.html
    """
    group = logs.LogGroup(
        logical_id,
        LogGroupName=name,
        RetentionInDays=retention_days,
        DeletionProtectionEnabled=True,
        # Not RetainExceptOnCreate: a stack that cannot be created cannot delete what is protected either.
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        **({"KmsKeyId": key} if key else {"Metadata": accepted(CKV_AWS_158=NO_KEY)}),
    )
    # It stays when the stack cannot be created, and is in the way of the next try: so it comes after what may fail.
    if waited_for := [resource.title for resource in after]:
        group.DependsOn = waited_for

    def target(_: Detection) -> events.Target:
        # No RoleArn: with one, EventBridge loses the events. No :* either, which GetAtt would bring.
        return events.Target(Id=logical_id, Arn=sub(log_group_arn("${" + logical_id + "}")))

    return Sink([group], detections, target)


def log_policy(logical_id: str, name: str, groups: list[logs.LogGroup]) -> logs.ResourcePolicy:
    """One policy for all of ``groups``: an account has room for ten in a region."""
    write = allow(
        [awacs.logs.CreateLogStream, awacs.logs.PutLogEvents],
        [log_group_arn("${" + group.title + "}:*") for group in groups],
        principal=service(EVENTS, "delivery.logs.amazonaws.com"),
    )
    document = json.dumps(json.loads(policy(write).to_json()), separators=(",", ":"))
    return logs.ResourcePolicy(logical_id, PolicyName=name, PolicyDocument=sub(document))
