"""Who is notified of an event in some account: by a rule, by an alarm at what fails, or by a missing heartbeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from cfn_breakglass.analysis.eventbridge.stack_rules import Rule, Target
from cfn_breakglass.analysis.simulator.alarm_delivery import alarm_event
from cfn_breakglass.analysis.simulator.dead_letters import dead_letter_problem
from cfn_breakglass.analysis.simulator.delivery_permissions import Sender, can_send
from cfn_breakglass.analysis.simulator.heartbeat_path import heartbeat_results
from cfn_breakglass.analysis.simulator.metrics import metric_alarm
from cfn_breakglass.analysis.simulator.simulator import Delivery, Simulator
from cfn_breakglass.analysis.simulator.subscriptions import subscribers_of
from cfn_breakglass.analysis.template.reader import Resource, Stack

Stacks = Mapping[str, Stack]


class Way(StrEnum):
    """How a person learns of an event, the best way first."""

    ALERT = "an alert"
    FALLBACK = "the fallback topic"
    ALARM = "an alarm at the failure"
    HEARTBEAT = "the alarm of a missing heartbeat, hours later"
    NONE = "nothing"


class Account:
    """An account with these stacks."""

    def __init__(self, stacks: Stacks) -> None:
        self.stacks = stacks
        self.simulator = Simulator(stacks)
        topics = (topic for stack in stacks.values() for topic in stack.of_type("AWS::SNS::Topic"))
        self._fallback_topics = {topic.arn for topic in topics if topic.logical_id == "FallbackTopic"}

    def way(self, event: Mapping[str, Any], before: Account) -> Way:
        """The best way by which somebody learns of an event; ``before`` is the account as it was."""
        topics = self.topics(event, str(event["detail"]["eventName"]))
        if set(topics) - self._fallback_topics:
            return Way.ALERT
        if topics:
            return Way.FALLBACK
        if any(self._alarm_notifies(stack, alarm) for stack, alarm in self._alarms_at_losses(event)):
            return Way.ALARM
        if any(self._alarm_notifies(stack, alarm) for stack, alarm in self._alarms_without_heartbeat(before)):
            return Way.HEARTBEAT
        return Way.NONE

    def alerts(self, event: Mapping[str, Any], text: str) -> list[str]:
        """The detection of each alert that reaches a subscriber and holds the ``text``; not what the fallback gets."""
        deliveries = self._notifications(event, text)
        return [delivery.detection for delivery in deliveries if delivery.target not in self._fallback_topics]

    def topics(self, event: Mapping[str, Any], text: str) -> list[str]:
        """The topic of each message that reaches a subscriber and holds the ``text``."""
        return [delivery.target for delivery in self._notifications(event, text)]

    def _notifications(self, event: Mapping[str, Any], text: str) -> list[Delivery]:
        return [
            delivery
            for delivery in self.simulator.run(event)
            if delivery.kind == "topic" and not delivery.problem and delivery.subscribers and text in delivery.message
        ]

    def _losses(self, event: Mapping[str, Any]) -> Iterator[tuple[Rule, Target]]:
        """The rules that fail to deliver the event, and to what."""
        firing = [rule for rule in self.simulator.rules if rule.fires_on(event)]
        for rule in self.simulator.watching(str(event["region"])):
            if rule not in firing:
                continue
            for target in rule.targets:
                if target.kind != "bus":
                    yield from self._undelivered(rule, target)
                elif self.simulator.forwardable(rule, target, event).problem:
                    yield rule, target
                else:
                    for central in firing:
                        if central.bus == target.arn:
                            for sink in central.targets:
                                yield from self._undelivered(central, sink)

    def _undelivered(self, rule: Rule, target: Target) -> Iterator[tuple[Rule, Target]]:
        if self.simulator.deliverable(rule, target).problem:
            yield rule, target

    def _alarms_at_losses(self, event: Mapping[str, Any]) -> Iterator[tuple[Stack, Resource]]:
        for rule, target in self._losses(event):
            stack = self.stacks[rule.region]
            has_dead_letter = dead_letter_problem(stack, rule, target) is None
            queue = (target.dead_letter_arn or "").rpartition(":")[2]
            bus = rule.bus.rpartition("/")[2]
            for alarm in stack.of_type("AWS::CloudWatch::Alarm"):
                if "MetricName" in alarm.properties:
                    if has_dead_letter and ("QueueName", queue) in metric_alarm(alarm).metric.dimensions:
                        yield stack, alarm
                elif f"EventBusName = '{bus}'" in alarm.properties["Metrics"][0]["Expression"]:
                    yield stack, alarm

    def _alarms_without_heartbeat(self, before: Account) -> Iterator[tuple[Stack, Resource]]:
        alarms_before = {
            region: result.alarm
            for region, result in heartbeat_results(before.stacks, before.simulator).items()
            if not result.problem
        }
        results = heartbeat_results(self.stacks, self.simulator)
        silent = {alarm for region, alarm in alarms_before.items() if region not in results or results[region].problem}
        for stack in self.stacks.values():
            for alarm in stack.of_type("AWS::CloudWatch::Alarm"):
                if alarm.name in silent:
                    yield stack, alarm

    def _alarm_notifies(self, stack: Stack, alarm: Resource) -> bool:
        """Whether an alarm that goes off notifies a subscriber: by its own actions or as an event."""
        context = {"aws:SourceArn": alarm.arn, "aws:SourceAccount": stack.account}
        sender = Sender("cloudwatch.amazonaws.com", alarm.arn, context, context)
        is_enabled = alarm.properties.get("ActionsEnabled", True)
        actions = alarm.properties.get("AlarmActions", []) if is_enabled else []
        return any(
            not can_send(stack, "topic", topic, sender).problem and subscribers_of(stack, topic) for topic in actions
        ) or bool(self.topics(alarm_event(stack, alarm), alarm.name))
