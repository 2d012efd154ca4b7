"""Whether an alarm goes off when something fails on the alert path, and notifies its subscribers.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from cfn_breakglass.analysis.eventbridge.stack_rules import Rule, bus_arn
from cfn_breakglass.analysis.simulator.delivery_permissions import Sender, can_send
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.simulator.metrics import Alarm, Metric, metric_alarm
from cfn_breakglass.analysis.simulator.sample_event import make_event
from cfn_breakglass.analysis.simulator.subscriptions import subscription_problems
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.errors import TemplateError

_CLOUDWATCH = "cloudwatch.amazonaws.com"


class _MetricSource(NamedTuple):
    """What emits a metric of AWS: what people call it, its type, and the dimension that holds its name."""

    kind: str
    type: str
    dimension: str


# The metrics that count failures, by namespace and name. Each is zero or missing while nothing fails.
_SOURCES = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): _MetricSource("queue", "AWS::SQS::Queue", "QueueName"),
    ("AWS/SNS", "NumberOfNotificationsFailed"): _MetricSource("topic", "AWS::SNS::Topic", "TopicName"),
    ("AWS/Events", "FailedInvocations"): _MetricSource("bus", "AWS::Events::EventBus", "EventBusName"),
}
_QUERY = re.compile(
    r'SELECT SUM\(FailedInvocations\) FROM SCHEMA\("AWS/Events", EventBusName, RuleName\)'
    r" WHERE EventBusName = '([A-Za-z0-9._-]+)'"
)


def alarm_problems(stack: Stack, resource: Resource, buses: Collection[str]) -> Iterator[DeliveryProblem]:
    """Why an alarm of the stack would not go off, or would notify nobody; TemplateError for what is not known here.

    ``buses`` are the ARNs of the buses that have rules. Of an alarm on a metric that AWS does not emit, only the
    notification is judged.
    """
    alarm = _find_alarm(resource)
    if not alarm:
        raise TemplateError(f"{resource.logical_id}: cannot tell what the alarm watches")
    for problem in chain(_metric_problems(stack, alarm, buses), _action_problems(stack, resource)):
        if problem.logical_id or problem.code == "topic-missing":
            yield problem
        else:
            yield _on(resource, problem)


def alarm_topics(stack: Stack) -> set[str]:
    """The ARNs of the topics that alarms of the stack notify."""
    return {
        arn for alarm in stack.of_type("AWS::CloudWatch::Alarm") for arn in alarm.properties.get("AlarmActions", [])
    }


def unwatched_resources(stack: Stack, rules: Iterable[Rule]) -> Iterator[DeliveryProblem]:
    """The dead-letter queues, topics and buses of the ``rules`` that no alarm of the stack watches for failures.

    A topic that alarms notify is left out: an alarm on it would notify itself.
    """
    arns = {
        arn
        for rule in rules
        for target in rule.targets
        for arn in (rule.bus, target.dead_letter_arn, target.arn if target.kind == "topic" else None)
    }
    alarms = filter(None, (_find_alarm(resource) for resource in stack.of_type("AWS::CloudWatch::Alarm")))
    metrics = [alarm.metric for alarm in alarms]
    for key, source in _SOURCES.items():
        watched = [metric.dimensions for metric in metrics if (metric.namespace, metric.name) == key]
        resources = {
            frozenset({(source.dimension, resource.name)}): resource for resource in stack.of_type(source.type)
        }
        # An alarm that watches something else by mistake is a problem of its own.
        if set(watched) <= resources.keys():
            for dimensions, resource in resources.items():
                if resource.arn in arns - alarm_topics(stack) and dimensions not in watched:
                    code, message = f"{source.kind}-without-alarm", f"no alarm watches the {source.kind} {resource.arn}"
                    yield DeliveryProblem(code, message, resource.template, resource.logical_id)


def alarm_event(stack: Stack, alarm: Resource) -> dict[str, Any]:
    """The event that CloudWatch puts on the default bus when the alarm goes off.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    detail = {"alarmName": alarm.name, "state": {"value": "ALARM"}, "previousState": {"value": "OK"}}
    return make_event(stack, "aws.cloudwatch", "CloudWatch Alarm State Change", detail, [alarm.arn])


def _on(alarm: Resource, problem: DeliveryProblem) -> DeliveryProblem:
    message = f"the alarm {alarm.name} {problem.message}"
    return problem._replace(message=message, template=alarm.template, logical_id=alarm.logical_id)


def _find_alarm(resource: Resource) -> Alarm | None:
    """The alarm with its metric, which for a Metrics Insights query is about a bus; None for other expressions."""
    if "MetricName" in resource.properties:
        return metric_alarm(resource)
    queries = resource.properties.get("Metrics", [])
    match = _QUERY.fullmatch(str(queries[0].get("Expression"))) if len(queries) == 1 else None
    if not match:
        return None
    metric = Metric("AWS/Events", "FailedInvocations", frozenset({("EventBusName", match[1])}))
    return Alarm(resource.template, resource.logical_id, resource.name, metric, resource.properties)


def _metric_problems(stack: Stack, alarm: Alarm, buses: Collection[str]) -> Iterator[DeliveryProblem]:
    metric = alarm.metric
    if not metric.namespace.startswith("AWS/"):
        return
    if not _is_emitted(stack, metric, buses):
        message = f"watches {metric}, which nothing in {stack.region} emits"
        yield DeliveryProblem("alarm-metric-missing", message, about=str(metric))
    if not alarm.breached_by(1):
        yield DeliveryProblem("alarm-misses-failure", "does not go off at a failure")
    if alarm.breaching_periods != 1:
        yield DeliveryProblem("alarm-misses-single-failure", "does not go off at a failure that comes once")
    if alarm.breached_by(0) or alarm.treats_missing_as_breaching or alarm.properties.get("Statistic") == "SampleCount":
        yield DeliveryProblem("alarm-without-failure", "goes off while nothing fails")


def _is_emitted(stack: Stack, metric: Metric, buses: Collection[str]) -> bool:
    """Whether AWS emits the metric, with exactly these dimensions, for something that the stack has."""
    source = _SOURCES.get((metric.namespace, metric.name))
    if not source:
        raise TemplateError(f"the metric {metric} is not known here")
    names = dict(metric.dimensions)
    if names.keys() != {source.dimension}:
        return False
    name = names[source.dimension]
    # A bus that the stack makes may have no rule, so that nothing can fail there; one with our rules may be another's.
    is_made = any(resource.name == name for resource in stack.of_type(source.type))
    return is_made or (source.kind == "bus" and bus_arn(stack, name) in buses)


def _action_problems(stack: Stack, alarm: Resource) -> Iterator[DeliveryProblem]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html."""
    if alarm.properties.get("ActionsEnabled") is False:
        yield DeliveryProblem("alarm-actions-disabled", "has ActionsEnabled: false")
    context = {"aws:SourceArn": alarm.arn, "aws:SourceAccount": stack.account}
    for arn in alarm.properties.get("AlarmActions", []):
        if ":sns:" not in arn:
            raise TemplateError(f"{alarm.logical_id}: cannot tell what the alarm does with {arn}")
        sender = Sender(_CLOUDWATCH, f"the alarm {alarm.arn}", context, context)
        if problem := can_send(stack, "topic", arn, sender).problem:
            yield problem
        yield from subscription_problems(stack, arn)
