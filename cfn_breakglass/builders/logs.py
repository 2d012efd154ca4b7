"""Log groups that rules write to, and the one policy that lets them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json

import awacs.logs
from troposphere import events, logs

from cfn_breakglass.builders.policies import EVENTS, allow, policy, service
from cfn_breakglass.builders.watch import Sink
from cfn_breakglass.detections import Detection
from cfn_breakglass.names import log_group_arn, sub


def log_group(logical_id: str, name: str, retention_days: int, detections: list[Detection]) -> Sink:
    """A log group that keeps the whole events of ``detections``; it outlives the stack."""
    group = logs.LogGroup(
        logical_id,
        LogGroupName=name,
        RetentionInDays=retention_days,
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
    )

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
