"""Whether an alarm goes off when a region sends no heartbeat: its path from the schedule to the alarm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
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
    """The heartbeat of a region: the stack that counts it, the metric filter and the metrics there, its interval."""

    stack: Stack
    filter: Resource
    metrics: list[Metric]
    seconds: int


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
    """What comes of it when a region sends no heartbeat, by region; TemplateError for what is not known here."""
    heartbeats: dict[str, _Heartbeat] = {}
    problems: dict[str, DeliveryProblem] = {}
    for region, stack in stacks.items():
        try:
            heartbeats[region] = _counted_heartbeat(stacks, stack, simulator)
        except BrokenPathError as error:
            problems[region] = error.problem
    regions_by_metric = Counter(metric for heartbeat in heartbeats.values() for metric in heartbeat.metrics)
    alarms = {region: heartbeat_alarms(stack) for region, stack in stacks.items()}
    idle = [(region, alarm) for region in stacks for alarm in alarms[region] if alarm.metric not in regions_by_metric]
    results = {}
    for region in stacks:
        if region in problems:
            results[region] = HeartbeatResult(problem=_blaming(idle, problems[region]))
        else:
            results[region] = _alarm_result(heartbeats[region], regions_by_metric, idle)
    return results


def _blaming(idle: list[tuple[str, Alarm]], problem: DeliveryProblem) -> DeliveryProblem:
    """A missing schedule has no resource to change; an alarm that waits for its heartbeat is the nearest."""
    if problem.code != "schedule-missing" or not idle:
        return problem
    region, alarm = idle[0]
    return problem._replace(region=region, logical_id=alarm.logical_id)


def _counted_heartbeat(stacks: Mapping[str, Stack], stack: Stack, simulator: Simulator) -> _Heartbeat:
    schedule = enabled_schedule(stack)
    event = scheduled_event(stack, schedule)
    check_role(stacks, stack, schedule, event)
    rule, target = _logging_rule(stack, schedule, event, simulator)
    log_stack = stacks[rule.region]
    log_group = {group.arn: group for group in log_stack.of_type("AWS::Logs::LogGroup")}[target.arn]
    metrics = counted_metrics(log_stack, log_group, target.message(event, rule))
    filters = filters_of(log_stack, log_group)
    if not metrics:
        message = f"no metric filter counts what arrives in {log_group.name} from {stack.region}"
        blamed = filters[0] if len(filters) == 1 else log_group
        raise BrokenPathError(
            DeliveryProblem("heartbeat-uncounted", message, log_stack.region, blamed.logical_id, log_group.name)
        )
    return _Heartbeat(log_stack, filters[0], metrics, seconds_between(schedule))


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
    unmatched = DeliveryProblem("heartbeat-unmatched", message, stack.region, schedule.logical_id)
    raise BrokenPathError((*problems, *simulator.untaken(event), unmatched)[0])


def _alarm_result(
    heartbeat: _Heartbeat, regions_by_metric: Mapping[Metric, int], idle: list[tuple[str, Alarm]]
) -> HeartbeatResult:
    """The alarm that goes off without this heartbeat and not while it arrives. ``idle`` alarms wait for none."""
    alarms = [alarm for alarm in metric_alarms(heartbeat.stack) if alarm.metric in heartbeat.metrics]
    problems = [_alarm_problem(alarm, heartbeat, regions_by_metric[alarm.metric]) for alarm in alarms]
    for alarm, problem in zip(alarms, problems, strict=True):
        if not problem:
            return HeartbeatResult(alarm=alarm.name)
    metric = heartbeat.metrics[0]
    blamed = idle[0][1].logical_id if len(idle) == 1 else heartbeat.filter.logical_id
    message = f"no alarm watches the metric {metric}"
    about = " by ".join([f"{metric.namespace} {metric.name}", *sorted(name for name, _ in metric.dimensions)])
    unwatched = DeliveryProblem("heartbeat-without-alarm", message, heartbeat.stack.region, blamed, about)
    return HeartbeatResult(problem=next(iter(problems), unwatched))


def _alarm_problem(alarm: Alarm, heartbeat: _Heartbeat, regions: int) -> DeliveryProblem | None:
    """Why the alarm on a metric that counts the heartbeats of so many ``regions`` is of no use."""

    def problem(code: str, message: str, about: str = "") -> DeliveryProblem:
        message = f"the alarm {alarm.name} {message}"
        return DeliveryProblem(code, message, heartbeat.stack.region, alarm.logical_id, about)

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
