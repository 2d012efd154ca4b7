"""Log groups that rules write to, and the one policy that allows it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import awacs.logs
from troposphere import logs

from cfn_breakglass.builders.iam_policy import EVENTS, allow, policy, service
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.builders.scanner_suppressions import NO_KEY, accepted
from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.detections.detection import Detection
from cfn_breakglass.names import log_group_arn, sub
from cfn_breakglass.plan import Plan


class EventLog(NamedTuple):
    """A log group of detections: its logical ID, its name, and the rules that write to it."""

    logical_id: str
    name: str
    sink: Sink


def event_logs(plan: Plan) -> list[EventLog]:
    """The login log and the action log, as far as they receive anything.

    Most rules name the log group literally, because it is made after them. A rule that only logs comes after its log:
    until then, nobody misses what it would lose.
    """
    names, destinations = plan.names, plan.destinations
    return [
        EventLog(logical_id, name, _sink(logical_id, name, detections, is_standalone=plan.is_standalone))
        for logical_id, name, detections in (
            ("LoginLog", names.login_log, destinations.login_log),
            ("ActionLog", names.action_log, destinations.action_log),
        )
        if detections
    ]


def event_log_groups(plan: Plan, after: Collection[str] = ()) -> list[logs.LogGroup]:
    """The log groups of ``event_logs``, one after the other and the first after the resources of the IDs ``after``.

    When the stack cannot be created, they stay and are in the way of the next attempt. So they come after what may
    fail.
    """
    groups: list[logs.LogGroup] = []
    for log in event_logs(plan):
        groups.append(_event_log_group(plan, log, [groups[-1].title] if groups else sorted(after)))
    return groups


def _event_log_group(plan: Plan, log: EventLog, after: list[str]) -> logs.LogGroup:
    """A log group that keeps whole events.

    It outlives the stack, and nobody deletes it by one call: its protection has to be taken off first.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protecting-log-groups-from-deletion.html
    """
    return logs.LogGroup(
        log.logical_id,
        LogGroupName=log.name,
        RetentionInDays=plan.config.retention_days,
        DeletionProtectionEnabled=True,
        # Not RetainExceptOnCreate: a stack that cannot be created cannot delete what is protected either.
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        **log_encryption(plan),
        **({"DependsOn": after} if after else {}),
        **tags(plan),
    )


def log_encryption(plan: Plan) -> dict[str, Any]:
    """The key of a log group, or why it has none."""
    key = plan.encryption.key_arn
    return {"KmsKeyId": key} if key else {"Metadata": accepted(CKV_AWS_158=NO_KEY)}


def log_target(logical_id: str, name: str) -> dict[str, Any]:
    """The log group ``name`` as the target of a rule; ``${LogicalId}`` is the name of one that is made before."""
    # No RoleArn: with one, EventBridge loses the events. No :* either, which GetAtt would bring.
    return {"Id": logical_id, "Arn": sub(log_group_arn(name))}


def _sink(logical_id: str, name: str, detections: Collection[Detection], *, is_standalone: bool) -> Sink:
    def target(detection: Detection) -> dict[str, Any]:
        comes_after = is_standalone or not detection.notifies
        return log_target(logical_id, "${" + logical_id + "}" if comes_after else name)

    return Sink(detections, target)


def log_policy(logical_id: str, policy_name: str, group_names: Iterable[str]) -> logs.ResourcePolicy:
    """One policy for all log groups: an account has room for ten in a region."""
    document = _policy_document(log_group_arn(f"{name}:*") for name in group_names)
    return logs.ResourcePolicy(logical_id, PolicyName=policy_name, PolicyDocument=sub(document))


def existing_log_policy(plan: Plan) -> str:
    """What a policy has to say that exists already, as text for Fn::Sub; it is for every log group of ours."""
    return _policy_document([log_group_arn(f"{plan.names.log_groups}*:*")])


def _policy_document(arns: Iterable[str]) -> str:
    write = allow(
        "OurRules",
        [awacs.logs.CreateLogStream, awacs.logs.PutLogEvents],
        list(arns),
        principal=service(EVENTS, "delivery.logs.amazonaws.com"),
    )
    return json.dumps(json.loads(policy(write).to_json()), separators=(",", ":"))
