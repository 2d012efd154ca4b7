"""What a schedule of EventBridge Scheduler puts on the default bus of its region, and whether it may.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.eventbridge.rules import bus_arn
from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.delivery_permissions import role_policies
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cfn_breakglass.analysis.template.reader import Resource, Stack

_SCHEDULER = "scheduler.amazonaws.com"
_RATE = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}


class BrokenError(Exception):
    """A link of the road that does not hold, in a sentence."""


def schedule_of(stack: Stack) -> Resource:
    """The schedule that puts an event on the default bus; BrokenError if none does."""
    bus = bus_arn(stack, "default")
    found = [one for one in stack.of_type("AWS::Scheduler::Schedule") if one.properties["Target"].get("Arn") == bus]
    if not found:
        raise BrokenError(f"no schedule puts an event on the default bus of {stack.region}")
    if found[0].properties.get("State") == "DISABLED":
        raise BrokenError(f"the schedule {found[0].logical_id} is DISABLED in {stack.region}")
    return found[0]


def event_of(stack: Stack, schedule: Resource) -> dict[str, Any]:
    """The event that ``schedule`` puts: AWS adds the account and the region, and nobody can say others."""
    target = schedule.properties["Target"]
    given = target.get("EventBridgeParameters", {})
    try:
        detail = json.loads(target.get("Input", "null"))
    except ValueError:
        detail = None
    if not isinstance(detail, dict) or not given or given["Source"].startswith("aws."):
        raise BrokenError(f"EventBridge takes no such event as the schedule {schedule.logical_id} puts")
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": given["DetailType"],
        "source": given["Source"],
        "account": stack.account,
        "time": "2025-01-01T00:00:00Z",
        "region": stack.region,
        "resources": [],
        "detail": detail,
    }


def judge_role(stacks: Mapping[str, Stack], stack: Stack, schedule: Resource, event: Mapping[str, Any]) -> None:
    """Refuse a role that is in none of ``stacks``, does not trust the schedule, or may not put the event.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    target = schedule.properties["Target"]
    made = {role.arn: (home, role) for home in stacks.values() for role in home.of_type("AWS::IAM::Role")}
    if target["RoleArn"] not in made:
        raise BrokenError(f"no template makes the role {target['RoleArn']} of the schedule {schedule.logical_id}")
    home, role = made[target["RoleArn"]]
    group = f"schedule-group/{schedule.properties.get('GroupName', 'default')}"
    source = f"arn:{stack.partition}:scheduler:{stack.region}:{stack.account}:{group}"
    if not allowed(
        [role.properties["AssumeRolePolicyDocument"]],
        action="sts:AssumeRole",
        resource=role.arn,
        principal_service=_SCHEDULER,
        context={"aws:SourceArn": source, "aws:SourceAccount": stack.account},
    ):
        raise BrokenError(f"the role {role.arn} does not trust the schedules of {source}")
    keys = {"events:source": event["source"], "events:detail-type": event["detail-type"]}
    if not allowed(role_policies(home, role), action="events:PutEvents", resource=target["Arn"], context=keys):
        raise BrokenError(f"the role {role.arn} may not put {event['source']} on {target['Arn']}")


def seconds_between(schedule: Resource) -> int:
    """How far apart its events are; TemplateError for an expression that is no rate."""
    expression = str(schedule.properties["ScheduleExpression"])
    found = _RATE.fullmatch(expression)
    if not found:
        raise TemplateError(f"{schedule.logical_id}: cannot tell how often {expression} is")
    return int(found[1]) * _SECONDS[found[2]]
