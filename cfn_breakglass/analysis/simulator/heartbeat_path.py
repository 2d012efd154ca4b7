"""Who would notice that a region has gone quiet: the road of its heartbeat, followed from the schedule to the alarm."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from cfn_breakglass.analysis.simulator.metrics import Alarm, Metric, alarms, counted
from cfn_breakglass.analysis.simulator.schedules import BrokenError, event_of, judge_role, schedule_of, seconds_between
from cfn_breakglass.analysis.simulator.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cfn_breakglass.analysis.simulator.simulator import Delivery
    from cfn_breakglass.analysis.template.reader import Stack


class Silence(NamedTuple):
    """What comes of it when a region is silent: the alarm that goes off, or the ``problem`` for which none does."""

    alarm: str = ""
    problem: str = ""


class _Beat(NamedTuple):
    """The heartbeat of a region where it arrives: the stack there, what it counts for, and every how many seconds."""

    home: Stack
    metrics: list[Metric]
    seconds: int


def silences(stacks: Mapping[str, Stack]) -> dict[str, Silence]:
    """What comes of the silence of each region, from the stacks of all; TemplateError for what is not known here."""
    simulator = Simulator(stacks)
    beats: dict[str, _Beat] = {}
    found: dict[str, Silence] = {}
    for region, stack in stacks.items():
        try:
            beats[region] = _arrived(stacks, stack, simulator)
        except BrokenError as broken:
            found[region] = Silence(problem=str(broken))
    heard = Counter(metric for beat in beats.values() for metric in beat.metrics)
    for region, beat in beats.items():
        try:
            found[region] = Silence(alarm=_alarm(beat, heard).name)
        except BrokenError as broken:
            found[region] = Silence(problem=str(broken))
    return {region: found[region] for region in stacks}


def _arrived(stacks: Mapping[str, Stack], stack: Stack, simulator: Simulator) -> _Beat:
    schedule = schedule_of(stack)
    event = event_of(stack, schedule)
    judge_role(stacks, stack, schedule, event)
    delivery = _logged(stack, simulator.run(event))
    home = stacks[delivery.region]
    (log,) = (one for one in home.of_type("AWS::Logs::LogGroup") if one.arn == delivery.target)
    metrics = counted(home, log, delivery.message)
    if not metrics:
        raise BrokenError(f"no metric filter counts what arrives in {log.name} from {stack.region}")
    return _Beat(home, metrics, seconds_between(schedule))


def _logged(stack: Stack, deliveries: list[Delivery]) -> Delivery:
    """The delivery to a log group, where it arrives."""
    for one in deliveries:
        if one.kind == "log" and not one.problem:
            return one
    lost = [one.problem for one in deliveries if one.problem]
    raise BrokenError(lost[0] if lost else f"no rule writes the heartbeat of {stack.region} to a log group")


def _alarm(beat: _Beat, heard: Mapping[Metric, int]) -> Alarm:
    """The alarm that the beats of the region keep quiet, they alone, and their absence does not."""
    found = [one for one in alarms(beat.home) if one.metric in beat.metrics]
    if not found:
        raise BrokenError(f"no alarm watches the metric {beat.metrics[0]}")
    problems = [_problem(one, beat.seconds, heard[one.metric]) for one in found]
    if all(problems):
        raise BrokenError(problems[0])
    return found[problems.index("")]


def _problem(alarm: Alarm, seconds: int, regions: int) -> str:
    """Why an alarm on beats so many ``seconds`` apart, of so many ``regions``, does not tell when one is silent."""
    if regions > 1:
        return f"the alarm {alarm.name} hears other regions too: they count for {alarm.metric} as well"
    if not alarm.minds_silence:
        return f"the alarm {alarm.name} does not take silence for a failure"
    if alarm.breached_by(1):
        return f"the alarm {alarm.name} goes off at the heartbeat itself"
    if alarm.waits <= seconds:
        apart = f"it waits {alarm.waits} s, and they are {seconds} s apart"
        return f"the alarm {alarm.name} goes off between two beats: {apart}"
    return ""
