"""Whether every event, alarm and heartbeat reaches its subscribers, as far as that can be told without a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple

from cfn_breakglass.analysis.eventbridge.stack_rules import Rule, Target, bus_arn
from cfn_breakglass.analysis.simulator.alarm_delivery import (
    alarm_event,
    alarm_problems,
    alarm_topics,
    unwatched_resources,
)
from cfn_breakglass.analysis.simulator.dead_letters import dead_letter_problem
from cfn_breakglass.analysis.simulator.delivery_permissions import find_by_arn
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.simulator.heartbeat_path import has_heartbeat, heartbeat_results
from cfn_breakglass.analysis.simulator.sample_event import sample_event
from cfn_breakglass.analysis.simulator.schedules import default_bus_schedules
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.analysis.simulator.subscriptions import subscription_problems
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.errors import BreakglassError

CANNOT_TELL: Final = "cannot-tell"
_ENABLED: Final = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
_RULE: Final = "AWS::Events::Rule"
_ALARM: Final = "AWS::CloudWatch::Alarm"
_CLOUDTRAIL: Final = "via CloudTrail"


class Occurrence(NamedTuple):
    """A problem, and the rule, alarm or schedule that it keeps from working in a region."""

    problem: DeliveryProblem
    region: str
    logical_id: str


def alert_path_problems(stacks: Mapping[str, Stack]) -> list[Occurrence]:
    """Every problem between an event and its subscribers, in the stacks of an account by region.

    What is not known here, such as a target that is a Lambda function, is a problem with the code ``CANNOT_TELL``.
    """
    occurrences = [*_rule_states(stacks)]
    try:
        occurrences += _AlertPath(stacks).occurrences()
    except BreakglassError as error:
        occurrences.append(_unknown(error, next(iter(stacks)), ""))
    return list(dict.fromkeys(occurrences))


def _rule_states(stacks: Mapping[str, Stack]) -> Iterator[Occurrence]:
    for region, stack in stacks.items():
        for rule in stack.of_type(_RULE):
            state = rule.properties.get("State", "ENABLED")
            if state == "DISABLED":
                problem = DeliveryProblem("rule-disabled", f"the rule {rule.name} is DISABLED", region, rule.logical_id)
                yield Occurrence(problem, region, rule.logical_id)
            elif state == "ENABLED" and _may_match_reads(rule):
                message = f"the rule {rule.name} matches no read-only call"
                problem = DeliveryProblem("rule-misses-read-events", message, region, rule.logical_id)
                yield Occurrence(problem, region, rule.logical_id)


def _may_match_reads(rule: Resource) -> bool:
    """Whether read-only calls, which an ENABLED rule does not receive, may be among what the pattern matches."""
    pattern = rule.properties.get("EventPattern", {})
    sources, types = pattern.get("source", ["aws."]), pattern.get("detail-type", [_CLOUDTRAIL])
    return any(not isinstance(source, str) or source.startswith("aws.") for source in sources) and any(
        not isinstance(detail_type, str) or detail_type.endswith(_CLOUDTRAIL) for detail_type in types
    )


class _AlertPath:
    """The stacks with every rule enabled: a disabled rule is one problem, not one more for each path through it."""

    def __init__(self, stacks: Mapping[str, Stack]) -> None:
        self._stacks = {region: _with_enabled_rules(stack) for region, stack in stacks.items()}
        self._simulator = Simulator(self._stacks)
        self._rules = self._simulator.rules
        self._resources = {
            (region, rule.arn): rule for region, stack in self._stacks.items() for rule in stack.of_type(_RULE)
        }
        self._buses = {rule.bus for rule in self._rules}
        roles = {role.arn for stack in self._stacks.values() for role in stack.of_type("AWS::IAM::Role")}
        self._own_forwarder_roles = roles & {
            target.role for rule in self._rules for target in rule.targets if target.role and target.kind == "bus"
        }

    def occurrences(self) -> Iterator[Occurrence]:
        for rule in self._rules:
            resource = self._resources[rule.region, rule.arn]
            yield from judge(rule.region, resource.logical_id, partial(self._rule_problems, rule, resource))
        for region, stack in self._stacks.items():
            for alarm in stack.of_type(_ALARM):
                yield from judge(region, alarm.logical_id, partial(alarm_problems, stack, alarm, self._buses))
            rules = [rule for rule in self._rules if rule.region == region]
            yield from judge(region, "", partial(unwatched_resources, stack, rules))
        for find_occurrences in (self._unforwarded, self._unmatched_alarms, self._heartbeats):
            try:
                yield from find_occurrences()
            except BreakglassError as error:
                yield _unknown(error, next(iter(self._stacks)), "")

    def _rule_problems(self, rule: Rule, resource: Resource) -> Iterator[DeliveryProblem]:
        stack = self._stacks[rule.region]
        if not rule.targets:
            message = f"the rule {rule.name} has no target"
            yield DeliveryProblem("rule-without-target", message, rule.region, resource.logical_id)
        for target in rule.targets:
            if target.kind == "bus":
                problem = self._forward_problem(rule, resource, target)
            else:
                problem = self._simulator.deliverable(rule, target).problem
                yield from subscription_problems(stack, target.arn)
            if problem:
                yield problem
            # What notifies a topic in the place of alarms shares nothing with the alert path, and so no queue.
            is_fallback = not target.dead_letter_arn and target.arn in alarm_topics(stack)
            if not is_fallback and (lost := dead_letter_problem(stack, rule, target)):
                yield lost

    def _forward_problem(self, rule: Rule, resource: Resource, target: Target) -> DeliveryProblem | None:
        stack = self._stacks[rule.region]
        if rule.bus != bus_arn(stack, "default"):
            message = f"the rule {rule.name} forwards to {target.arn} what was forwarded already"
            return DeliveryProblem("forwarded-again", message, rule.region, resource.logical_id, target.arn)
        event = sample_event(stack, rule, resource.properties["EventPattern"])
        if event is None:
            return None
        problem, assumed_allowed = self._simulator.forwardable(rule, target, event)
        if problem:
            return problem
        # One role forwards for all regions: where the templates make it, another one is a mistake.
        if target.role in assumed_allowed and self._own_forwarder_roles:
            message = f"no template makes the role {target.role} of the rule {rule.name}"
            return DeliveryProblem("role-missing", message, about=str(target.role))
        if not rule.pattern.is_covered(central.pattern for central in self._rules if central.bus == target.arn):
            message = f"no rule on the bus {target.arn} matches what the rule {rule.name} forwards, or a part of that"
            return DeliveryProblem("forward-unmatched", message, about=target.arn)
        return None

    def _unforwarded(self) -> Iterator[Occurrence]:
        """The central rules to which no rule of a region forwards anything that they match."""
        default_buses = {bus_arn(stack, "default") for stack in self._stacks.values()}
        for rule in (rule for rule in self._rules if rule.bus not in default_buses):
            resource = self._resources[rule.region, rule.arn]
            bus = find_by_arn(self._stacks[rule.region], "AWS::Events::EventBus", rule.bus) or resource
            for region in self._stacks:
                if not any(edge.pattern.overlaps(rule.pattern) for edge in self._possible_edges(region, rule.bus)):
                    message = f"no rule in {region} forwards to the bus {rule.bus} what the rule {rule.name} matches"
                    problem = DeliveryProblem("rule-unreached", message, rule.region, bus.logical_id)
                    yield Occurrence(problem, region, resource.logical_id)

    def _possible_edges(self, region: str, bus: str) -> list[Rule]:
        """The rules of a region that forward to the bus, or to none that has rules: which is a finding for itself."""
        return [
            rule
            for rule in self._simulator.watching(region)
            if any(target.arn == bus for target in rule.targets)
            or not any(target.kind != "bus" or target.arn in self._buses for target in rule.targets)
        ]

    def _unmatched_alarms(self) -> Iterator[Occurrence]:
        """The alarms whose event no rule matches, where the templates have rules for such events at all."""
        alarms = [(stack, alarm) for stack in self._stacks.values() for alarm in stack.of_type(_ALARM)]
        unmatched = [(stack, alarm) for stack, alarm in alarms if not self._is_watched(alarm_event(stack, alarm))]
        for stack, alarm in unmatched if len(unmatched) < len(alarms) else ():
            message = f"no rule in {stack.region} matches the event of the alarm {alarm.name}"
            problem = DeliveryProblem("alarm-event-unmatched", message)
            yield Occurrence(problem, stack.region, alarm.logical_id)

    def _is_watched(self, event: Mapping[str, Any]) -> bool:
        return any(rule.fires_on(event) for rule in self._simulator.watching(str(event["region"])))

    def _heartbeats(self) -> Iterator[Occurrence]:
        if not has_heartbeat(self._stacks):
            return
        for region, result in heartbeat_results(self._stacks, self._simulator).items():
            if result.problem:
                schedules = default_bus_schedules(self._stacks[region])
                subject = schedules[0].logical_id if schedules else result.problem.logical_id
                yield Occurrence(result.problem, region, subject)


def judge(region: str, logical_id: str, find_problems: Callable[[], Iterable[DeliveryProblem]]) -> Iterator[Occurrence]:
    """The problems that a function finds for a resource, until there is one that it cannot tell."""
    try:
        for problem in find_problems():
            yield Occurrence(problem, region, logical_id)
    except BreakglassError as error:
        yield _unknown(error, region, logical_id)


def _unknown(error: BreakglassError, region: str, logical_id: str) -> Occurrence:
    return Occurrence(DeliveryProblem(CANNOT_TELL, str(error), about=str(error)), region, logical_id)


def _with_enabled_rules(stack: Stack) -> Stack:
    resources = {
        logical_id: replace(resource, properties={**resource.properties, "State": _ENABLED})
        if resource.type == _RULE
        else resource
        for logical_id, resource in stack.resources.items()
    }
    return replace(stack, resources=resources)
