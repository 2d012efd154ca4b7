"""Whether an alarm goes off when a region sends no heartbeat: its path from the schedule to the alarm."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

from cfn_breakglass.analysis.eventbridge.stack_rules import Rule, Target
from cfn_breakglass.analysis.simulator.delivery_problem import BrokenPathError, DeliveryProblem
from cfn_breakglass.analysis.simulator.metrics import Alarm, Metric, counted_metrics, filters_of, metric_alarms
from cfn_breakglass.analysis.simulator.schedules import (
    check_role,
    default_bus_schedules,
    enabled_schedule,
    scheduled_event,
    seconds_between,
)
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.analysis.template.reader import Resource, Stack


class HeartbeatResult(NamedTuple):
    """The alarm that goes off without the heartbeat of a region, or the ``problem`` for which none does."""

    alarm: str = ""
    problem: DeliveryProblem | None = None


class _Heartbeat(NamedTuple):
    """The heartbeat of a region: the stack and the log group where it arrives, the line there, its interval."""

    stack: Stack
    log_group: Resource
    line: str
    seconds: int

    @property
    def filters(self) -> list[Resource]:
        return filters_of(self.stack, self.log_group)

    @property
    def metrics(self) -> list[Metric]:
        return counted_metrics(self.stack, self.log_group, self.line)


def has_heartbeat(stacks: Mapping[str, Stack]) -> bool:
    """Whether any region sends a heartbeat, or any alarm waits for one."""
    return any(default_bus_schedules(stack) or heartbeat_alarms(stack) for stack in stacks.values())


def heartbeat_alarms(stack: Stack) -> list[Alarm]:
    """The alarms that go off when a metric of our own is missing."""
    return [
        alarm
        for alarm in metric_alarms(stack)
        if alarm.treats_missing_as_breaching and not alarm.metric.namespace.startswith("AWS/")
    ]


def heartbeat_results(stacks: Mapping[str, Stack], simulator: Simulator) -> dict[str, HeartbeatResult]:
    """What comes of it when a region sends no heartbeat, by region; TemplateError for what is not known here.

    In an account that has a hub, only whether it is logged there: the alarms count those of the hub.
    """
    heartbeats: dict[str, _Heartbeat] = {}
    problems: dict[str, DeliveryProblem] = {}
    for region, stack in stacks.items():
        try:
            heartbeats[region] = _logged_heartbeat(stacks, stack, simulator)
        except BrokenPathError as error:
            problems[region] = error.problem
            continue
        is_of_hub = heartbeats[region].stack.account == stack.account
        if problem := (_uncounted if is_of_hub else _counted_for_hub)(heartbeats[region], region):
            problems[region] = problem
    if simulator.has_hub:
        return {region: HeartbeatResult(problem=problems.get(region)) for region in stacks}
    metrics = {region: heartbeat.metrics for region, heartbeat in heartbeats.items()}
    regions_by_metric = Counter(chain.from_iterable(metrics.values()))
    alarms = {region: heartbeat_alarms(stack) for region, stack in stacks.items()}
    idle = [alarm for region in stacks for alarm in alarms[region] if alarm.metric not in regions_by_metric]
    results = {}
    for region in stacks:
        if region in problems:
            results[region] = HeartbeatResult(problem=_blaming(idle, problems[region]))
        else:
            results[region] = _alarm_result(heartbeats[region], regions_by_metric, idle)
    return results


def _blaming(idle: list[Alarm], problem: DeliveryProblem) -> DeliveryProblem:
    """A missing schedule has no resource to change; an alarm that waits for its heartbeat is the nearest."""
    if problem.code != "schedule-missing" or not idle:
        return problem
    return problem._replace(template=idle[0].template, logical_id=idle[0].logical_id)


def _logged_heartbeat(stacks: Mapping[str, Stack], stack: Stack, simulator: Simulator) -> _Heartbeat:
    schedule = enabled_schedule(stack)
    event = scheduled_event(stack, schedule)
    check_role(stacks, stack, schedule, event)
    rule, target = _logging_rule(stack, schedule, event, simulator)
    log_stack = simulator.stack_of(rule)
    log_group = {group.arn: group for group in log_stack.of_type("AWS::Logs::LogGroup")}[target.arn]
    return _Heartbeat(log_stack, log_group, target.message(event, rule), seconds_between(schedule))


def _uncounted(heartbeat: _Heartbeat, region: str) -> DeliveryProblem | None:
    group = heartbeat.log_group
    if heartbeat.metrics:
        return None
    message = f"no metric filter counts what arrives in {group.name} from {region}"
    blamed = heartbeat.filters[0] if len(heartbeat.filters) == 1 else group
    return DeliveryProblem("heartbeat-uncounted", message, blamed.template, blamed.logical_id, group.name)


def _counted_for_hub(heartbeat: _Heartbeat, region: str) -> DeliveryProblem | None:
    """Whether the heartbeat of another account is counted as if it were the hub's."""
    hub_line = json.dumps({**json.loads(heartbeat.line), "account": heartbeat.stack.account})
    hub_metrics = counted_metrics(heartbeat.stack, heartbeat.log_group, hub_line)
    if not set(heartbeat.metrics) & set(hub_metrics):
        return None
    message = f"heartbeats of other accounts from {region} are counted as those of the hub"
    blamed = heartbeat.filters[0]
    return DeliveryProblem("heartbeat-accounts-together", message, blamed.template, blamed.logical_id)


def _logging_rule(
    stack: Stack, schedule: Resource, event: Mapping[str, Any], simulator: Simulator
) -> tuple[Rule, Target]:
    """The rule and the target by which the event reaches a log group."""
    problems = []
    for attempt in simulator.attempts(event):
        if attempt.verdict.problem:
            problems.append(attempt.verdict.problem)
        elif attempt.target.kind == "log":
            return attempt.rule, attempt.target
    message = f"no rule writes the heartbeat of {stack.region} to a log group"
    unmatched = DeliveryProblem("heartbeat-unmatched", message, schedule.template, schedule.logical_id)
    raise BrokenPathError((*problems, *simulator.untaken(event), unmatched)[0])


def _alarm_result(heartbeat: _Heartbeat, regions_by_metric: Mapping[Metric, int], idle: list[Alarm]) -> HeartbeatResult:
    """The alarm that goes off without this heartbeat and not while it arrives. ``idle`` alarms wait for none."""
    metrics = heartbeat.metrics
    alarms = [alarm for alarm in metric_alarms(heartbeat.stack) if alarm.metric in metrics]
    problems = [_alarm_problem(alarm, heartbeat, regions_by_metric[alarm.metric]) for alarm in alarms]
    for alarm, problem in zip(alarms, problems, strict=True):
        if not problem:
            return HeartbeatResult(alarm=alarm.name)
    metric = metrics[0]
    blamed = idle[0] if len(idle) == 1 else heartbeat.filters[0]
    message = f"no alarm watches the metric {metric}"
    about = " by ".join([f"{metric.namespace} {metric.name}", *sorted(name for name, _ in metric.dimensions)])
    unwatched = DeliveryProblem("heartbeat-without-alarm", message, blamed.template, blamed.logical_id, about)
    return HeartbeatResult(problem=next(iter(problems), unwatched))


def _alarm_problem(alarm: Alarm, heartbeat: _Heartbeat, regions: int) -> DeliveryProblem | None:
    """Why the alarm on a metric that counts the heartbeats of so many ``regions`` is of no use."""

    def problem(code: str, message: str, about: str = "") -> DeliveryProblem:
        message = f"the alarm {alarm.name} {message}"
        return DeliveryProblem(code, message, alarm.template, alarm.logical_id, about)

    if regions > 1:
        return problem("heartbeat-alarm-shared", f"watches other regions too: {alarm.metric} counts them as well")
    if not alarm.treats_missing_as_breaching:
        return problem("heartbeat-alarm-ignores-missing", "does not go off when data is missing")
    if alarm.breached_by(1):
        return problem("heartbeat-alarm-always-on", "goes off at the heartbeat itself")
    if alarm.breaching_seconds <= heartbeat.seconds:
        apart = f"after {alarm.breaching_seconds} s without one, and they are {heartbeat.seconds} s apart"
        return problem("heartbeat-alarm-too-early", f"goes off between two heartbeats: {apart}", apart)
    return None
