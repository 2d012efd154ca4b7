"""What a schedule of EventBridge Scheduler puts on the default bus of its region, and whether it may.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cfn_breakglass.analysis.eventbridge.stack_rules import bus_arn
from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.delivery_permissions import role_policies
from cfn_breakglass.analysis.simulator.delivery_problem import BrokenPathError, DeliveryProblem
from cfn_breakglass.analysis.simulator.sample_event import make_event
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.errors import TemplateError

_SCHEDULER = "scheduler.amazonaws.com"
_RATE = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}


def default_bus_schedules(stack: Stack) -> list[Resource]:
    """The schedules of a stack that put an event on the default bus of its region."""
    bus = bus_arn(stack, "default")
    schedules = stack.of_type("AWS::Scheduler::Schedule")
    return [schedule for schedule in schedules if schedule.properties["Target"].get("Arn") == bus]


def enabled_schedule(stack: Stack) -> Resource:
    """The schedule that puts an event on the default bus; BrokenPathError if none does."""
    schedules = default_bus_schedules(stack)
    if not schedules:
        message = f"no schedule puts an event on the default bus of {stack.region}"
        raise BrokenPathError(DeliveryProblem("schedule-missing", message))
    schedule = schedules[0]
    if schedule.properties.get("State") == "DISABLED":
        message = f"the schedule {schedule.logical_id} is DISABLED in {stack.region}"
        raise BrokenPathError(DeliveryProblem("schedule-disabled", message, schedule.template, schedule.logical_id))
    return schedule


def scheduled_event(stack: Stack, schedule: Resource) -> dict[str, Any]:
    """The event that ``schedule`` puts on the bus. AWS sets the account and the region."""
    target = schedule.properties["Target"]
    parameters = target.get("EventBridgeParameters", {})
    try:
        detail = json.loads(target.get("Input", "null"))
    except ValueError:
        detail = None
    if not isinstance(detail, dict) or not parameters or parameters["Source"].startswith("aws."):
        message = f"EventBridge takes no such event as the schedule {schedule.logical_id} puts"
        raise BrokenPathError(
            DeliveryProblem("schedule-event-invalid", message, schedule.template, schedule.logical_id)
        )
    return make_event(stack, parameters["Source"], parameters["DetailType"], detail)


def check_role(stacks: Mapping[str, Stack], stack: Stack, schedule: Resource, event: Mapping[str, Any]) -> None:
    """BrokenPathError if none of ``stacks`` makes the schedule's role, or it may not be assumed or put the event.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    target = schedule.properties["Target"]
    makers = {role.arn: (maker, role) for maker in stacks.values() for role in maker.of_type("AWS::IAM::Role")}
    if target["RoleArn"] not in makers:
        message = f"no template makes the role {target['RoleArn']} of the schedule {schedule.logical_id}"
        raise BrokenPathError(
            DeliveryProblem("schedule-role-missing", message, schedule.template, schedule.logical_id, target["RoleArn"])
        )
    maker, role = makers[target["RoleArn"]]
    group = f"schedule-group/{schedule.properties.get('GroupName', 'default')}"
    source = f"arn:{stack.partition}:scheduler:{stack.region}:{stack.account}:{group}"
    if not allowed(
        [role.properties["AssumeRolePolicyDocument"]],
        action="sts:AssumeRole",
        resource=role.arn,
        principal_service=_SCHEDULER,
        context={"aws:SourceArn": source, "aws:SourceAccount": stack.account},
    ):
        message = f"the role {role.arn} does not trust the schedules of {source}"
        raise BrokenPathError(
            DeliveryProblem("role-trust-denies", message, role.template, role.logical_id, "EventBridge Scheduler")
        )
    keys = {"events:source": event["source"], "events:detail-type": event["detail-type"]}
    if not allowed(role_policies(maker, role), action="events:PutEvents", resource=target["Arn"], context=keys):
        message = f"the role {role.arn} may not put {event['source']} on {target['Arn']}"
        raise BrokenPathError(
            DeliveryProblem("role-policy-denies", message, role.template, role.logical_id, "a default bus")
        )


def seconds_between(schedule: Resource) -> int:
    """How many seconds apart its events are; TemplateError for an expression that is no rate."""
    expression = str(schedule.properties["ScheduleExpression"])
    match = _RATE.fullmatch(expression)
    if not match:
        raise TemplateError(f"{schedule.logical_id}: cannot tell how often {expression} is")
    return int(match[1]) * _SECONDS[match[2]]
