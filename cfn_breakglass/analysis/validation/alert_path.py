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
from cfn_breakglass.analysis.template.resource_types import RESOURCE_TYPES
from cfn_breakglass.errors import BreakglassError

CANNOT_TELL: Final = "cannot-tell"
_ENABLED: Final = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
_RULE: Final = "AWS::Events::Rule"
_ALARM: Final = "AWS::CloudWatch::Alarm"
_CLOUDTRAIL: Final = "via CloudTrail"


class Occurrence(NamedTuple):
    """A problem, and the rule, alarm or schedule of a template that it keeps from working in a region."""

    problem: DeliveryProblem
    region: str
    template: str
    logical_id: str


def alert_path_problems(
    stacks: Mapping[str, Stack], organization: str = "", hub: Stack | None = None
) -> list[Occurrence]:
    """Every problem between an event of an account and its subscribers; the arguments are those of ``AccountStacks``.

    What is not known here, such as a target that is a Lambda function, is a problem with the code ``CANNOT_TELL``.
    """
    occurrences = [*_rule_states(stacks), *_names_taken(stacks)]
    try:
        occurrences += _AlertPath(stacks, organization, hub).occurrences()
    except BreakglassError as error:
        occurrences.append(_unknown(error, next(iter(stacks.values()))))
    return list(dict.fromkeys(occurrences))


def _rule_states(stacks: Mapping[str, Stack]) -> Iterator[Occurrence]:
    for region, stack in stacks.items():
        for rule in stack.of_type(_RULE):
            state = rule.properties.get("State", "ENABLED")
            if state == "DISABLED":
                message = f"the rule {rule.name} is DISABLED"
                problem = DeliveryProblem("rule-disabled", message, rule.template, rule.logical_id)
                yield Occurrence(problem, region, rule.template, rule.logical_id)
            elif state == "ENABLED" and _may_match_reads(rule):
                message = f"the rule {rule.name} matches no read-only call"
                problem = DeliveryProblem("rule-misses-read-events", message, rule.template, rule.logical_id)
                yield Occurrence(problem, region, rule.template, rule.logical_id)


def _names_taken(stacks: Mapping[str, Stack]) -> Iterator[Occurrence]:
    """The resources that have the name of one in another template which goes to the same account and region."""
    for region, stack in stacks.items():
        first: dict[tuple[str, str], Resource] = {}
        for resource in stack.resources.values():
            resource_type = RESOURCE_TYPES.get(resource.type)
            if not resource_type or resource_type.name_property not in resource.properties:
                continue
            other = first.setdefault((resource.type, resource.arn), resource)
            if other.template != resource.template:
                message = f"{other.logical_id} has the name {resource.name} as well"
                problem = DeliveryProblem("name-taken", message, resource.template, resource.logical_id, resource.name)
                yield Occurrence(problem, region, other.template, other.logical_id)


def _may_match_reads(rule: Resource) -> bool:
    """Whether read-only calls, which an ENABLED rule does not receive, may be among what the pattern matches."""
    pattern = rule.properties.get("EventPattern", {})
    sources, types = pattern.get("source", ["aws."]), pattern.get("detail-type", [_CLOUDTRAIL])
    return any(not isinstance(source, str) or source.startswith("aws.") for source in sources) and any(
        not isinstance(detail_type, str) or detail_type.endswith(_CLOUDTRAIL) for detail_type in types
    )


class _AlertPath:
    """The stacks with every rule enabled: a disabled rule is one problem, not one more for each path through it."""

    def __init__(self, stacks: Mapping[str, Stack], organization: str, hub: Stack | None) -> None:
        self._stacks = {region: _with_enabled_rules(stack) for region, stack in stacks.items()}
        hub = hub and _with_enabled_rules(hub)
        self._simulator = Simulator(self._stacks, organization, hub)
        self._is_organization = bool(organization)
        self._rules = self._simulator.rules
        every_stack = [*self._stacks.values(), *([hub] if hub else [])]
        self._resources = {rule.arn: rule for stack in every_stack for rule in stack.of_type(_RULE)}
        self._buses = {rule.bus for rule in self._rules}
        roles = {role.arn for stack in self._stacks.values() for role in stack.of_type("AWS::IAM::Role")}
        self._own_forwarder_roles = roles & {
            target.role for rule in self._rules for target in rule.targets if target.role and target.kind == "bus"
        }

    def occurrences(self) -> Iterator[Occurrence]:
        # Those of a hub are judged with what else the hub has.
        for stack in self._stacks.values():
            rules = [rule for rule in self._rules if (rule.account, rule.region) == (stack.account, stack.region)]
            for rule in rules:
                resource = self._resources[rule.arn]
                yield from judge(stack, resource, partial(self._rule_problems, rule, resource))
            for alarm in stack.of_type(_ALARM):
                yield from judge(stack, alarm, partial(alarm_problems, stack, alarm, self._buses))
            yield from judge(stack, None, partial(unwatched_resources, stack, rules))
        for find_occurrences in (self._unforwarded, self._unmatched_alarms, self._heartbeats):
            try:
                yield from find_occurrences()
            except BreakglassError as error:
                yield _unknown(error, next(iter(self._stacks.values())))

    def _rule_problems(self, rule: Rule, resource: Resource) -> Iterator[DeliveryProblem]:
        stack = self._stacks[rule.region]
        if not rule.targets:
            message = f"the rule {rule.name} has no target"
            yield DeliveryProblem("rule-without-target", message, resource.template, resource.logical_id)
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
            return DeliveryProblem("forwarded-again", message, resource.template, resource.logical_id, target.arn)
        event = sample_event(stack, rule, resource.properties["EventPattern"])
        if event is None:
            return None
        problem, assumed_allowed = self._simulator.forwardable(rule, target, event)
        # One role forwards for all regions: where the templates make it, another one is a mistake.
        if target.role in assumed_allowed and (self._own_forwarder_roles or self._is_organization):
            message = f"no template makes the role {target.role} of the rule {rule.name}"
            return DeliveryProblem("role-missing", message, about=str(target.role))
        if problem:
            return problem
        if not rule.pattern.is_covered(central.pattern for central in self._rules if central.bus == target.arn):
            message = f"no rule on the bus {target.arn} matches what the rule {rule.name} forwards, or a part of that"
            return DeliveryProblem("forward-unmatched", message, about=target.arn)
        return None

    def _unforwarded(self) -> Iterator[Occurrence]:
        """The central rules to which no rule of a region forwards anything that they match."""
        for rule in (rule for rule in self._rules if not rule.bus.endswith(":event-bus/default")):
            resource = self._resources[rule.arn]
            bus = find_by_arn(self._simulator.stack_of(rule), "AWS::Events::EventBus", rule.bus) or resource
            for region in self._stacks:
                if not any(edge.pattern.overlaps(rule.pattern) for edge in self._possible_edges(region, rule.bus)):
                    message = f"no rule in {region} forwards to the bus {rule.bus} what the rule {rule.name} matches"
                    problem = DeliveryProblem("rule-unreached", message, bus.template, bus.logical_id)
                    yield Occurrence(problem, region, resource.template, resource.logical_id)

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
            yield Occurrence(problem, stack.region, alarm.template, alarm.logical_id)

    def _is_watched(self, event: Mapping[str, Any]) -> bool:
        return any(rule.fires_on(event) for rule in self._simulator.watching(str(event["region"])))

    def _heartbeats(self) -> Iterator[Occurrence]:
        if not has_heartbeat(self._stacks):
            return
        for region, result in heartbeat_results(self._stacks, self._simulator).items():
            if result.problem:
                stack = self._stacks[region]
                schedule = next(iter(default_bus_schedules(stack)), None)
                subject = schedule.logical_id if schedule else result.problem.logical_id
                yield Occurrence(result.problem, region, (schedule or stack).template, subject)


def judge(
    stack: Stack, resource: Resource | None, find_problems: Callable[[], Iterable[DeliveryProblem]]
) -> Iterator[Occurrence]:
    """The problems that a function finds for a resource of a stack, or all, until there is one that it cannot tell."""
    try:
        for problem in find_problems():
            yield _occurrence(problem, stack, resource)
    except BreakglassError as error:
        yield _unknown(error, stack, resource)


def _unknown(error: BreakglassError, stack: Stack, resource: Resource | None = None) -> Occurrence:
    return _occurrence(DeliveryProblem(CANNOT_TELL, str(error), about=str(error)), stack, resource)


def _occurrence(problem: DeliveryProblem, stack: Stack, resource: Resource | None) -> Occurrence:
    template, logical_id = (resource.template, resource.logical_id) if resource else (stack.template, "")
    return Occurrence(problem, stack.region, template, logical_id)


def _with_enabled_rules(stack: Stack) -> Stack:
    resources = {
        logical_id: replace(resource, properties={**resource.properties, "State": _ENABLED})
        if resource.type == _RULE
        else resource
        for logical_id, resource in stack.resources.items()
    }
    return replace(stack, resources=resources)
