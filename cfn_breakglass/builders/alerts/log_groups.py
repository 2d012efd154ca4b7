"""Log groups that rules write to, and the one policy that allows it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import awacs.logs
from troposphere import AWSObject, logs

from cfn_breakglass.builders.iam_policy import EVENTS, allow, policy, service
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.builders.scanner_suppressions import NO_KEY, accepted
from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.detections.catalog import Detection
from cfn_breakglass.names import log_group_arn, sub
from cfn_breakglass.plan import Plan


class EventLog(NamedTuple):
    """A log group that rules write to, and what belongs to it."""

    group: logs.LogGroup
    sink: Sink
    metric_filters: tuple[logs.MetricFilter, ...] = ()


def event_logs(plan: Plan, *, after: Iterable[AWSObject] = ()) -> list[EventLog]:
    """The login log and the action log, as far as they receive anything."""
    names, destinations = plan.names, plan.destinations
    waiting = [resource.title for resource in after]
    return [
        _event_log(plan, logical_id, name, detections, waiting)
        for logical_id, name, detections in (
            ("LoginLog", names.login_log, destinations.login_log),
            ("ActionLog", names.action_log, destinations.action_log),
        )
        if detections
    ]


def _event_log(
    plan: Plan, logical_id: str, name: str, detections: Collection[Detection], waiting: list[str]
) -> EventLog:
    """A log group that keeps the whole events of ``detections``.

    It outlives the stack, and nobody deletes it by one call: its protection has to be taken off first.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protecting-log-groups-from-deletion.html
    """
    group = logs.LogGroup(
        logical_id,
        LogGroupName=name,
        RetentionInDays=plan.config.retention_days,
        DeletionProtectionEnabled=True,
        # Not RetainExceptOnCreate: a stack that cannot be created cannot delete what is protected either.
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        **log_encryption(plan),
        # When the stack cannot be created, the log group stays and is in the way of the next attempt. So it comes after
        # what may fail.
        **({"DependsOn": waiting} if waiting else {}),
        **tags(plan),
    )
    return EventLog(group, log_sink(logical_id, detections))


def log_encryption(plan: Plan) -> dict[str, Any]:
    """The key of a log group, or why it has none."""
    key = plan.encryption.key_arn
    return {"KmsKeyId": key} if key else {"Metadata": accepted(CKV_AWS_158=NO_KEY)}


def log_sink(logical_id: str, detections: Collection[Detection]) -> Sink:
    """The log group ``logical_id`` as a target."""

    def target(_: Detection) -> dict[str, Any]:
        # No RoleArn: with one, EventBridge loses the events. No :* either, which GetAtt would bring.
        return {"Id": logical_id, "Arn": sub(log_group_arn("${" + logical_id + "}"))}

    return Sink(detections, target)


def log_policy(logical_id: str, name: str, groups: Iterable[logs.LogGroup]) -> logs.ResourcePolicy:
    """One policy for all of ``groups``: an account has room for ten in a region."""
    write = allow(
        "OurRules",
        [awacs.logs.CreateLogStream, awacs.logs.PutLogEvents],
        [log_group_arn("${" + group.title + "}:*") for group in groups],
        principal=service(EVENTS, "delivery.logs.amazonaws.com"),
    )
    document = json.dumps(json.loads(policy(write).to_json()), separators=(",", ":"))
    return logs.ResourcePolicy(logical_id, PolicyName=name, PolicyDocument=sub(document))
