"""Would an alarm go off when something fails on the way, and whom it tells hear of it? From the same stacks.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cfn_breakglass.analysis.eventbridge.rules import bus_arn
from cfn_breakglass.analysis.simulator.delivery_permissions import Caller, can_send
from cfn_breakglass.analysis.simulator.metrics import Alarm, Metric, alarms
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cfn_breakglass.analysis.template.reader import Resource, Stack

_SERVICE = "cloudwatch.amazonaws.com"


class _Kind(NamedTuple):
    """What a metric of AWS is about: the dimension that names it, and its type."""

    dimension: str
    type: str


# The metrics that count failures, each of which is zero or silent while all is well.
_FAILURES = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): _Kind("QueueName", "AWS::SQS::Queue"),
    ("AWS/SNS", "NumberOfNotificationsFailed"): _Kind("TopicName", "AWS::SNS::Topic"),
}
_OF_RULES = Metric("AWS/Events", "FailedInvocations", frozenset())
_QUERY = re.compile(
    r'SELECT SUM\(FailedInvocations\) FROM SCHEMA\("AWS/Events", EventBusName, RuleName\)'
    r" WHERE EventBusName = '([A-Za-z0-9._-]+)'"
)


def alarm_problems(stack: Stack, buses: Collection[str], queues: Collection[str]) -> Iterator[str]:
    """Why alarms of a stack would not go off, or tell nobody; TemplateError for what is not known here.

    ``buses`` are the ARNs of buses that rules stand on, ``queues`` those of the dead-letter queues of the region: each
    needs an alarm. What is no metric of AWS is only asked whom it tells.
    """
    simple = {alarm.name: alarm for alarm in alarms(stack)}
    for resource in stack.of_type("AWS::CloudWatch::Alarm"):
        alarm = simple.get(resource.name) or _on_rules(resource)
        problems = [*_measured(stack, alarm, buses), *_told(stack, resource)]
        yield from (f"the alarm {resource.name} {problem}" for problem in problems)
    watched = {value for alarm in simple.values() for name, value in alarm.metric.dimensions if name == "QueueName"}
    for queue in sorted(queues):
        if queue.rpartition(":")[2] not in watched:
            yield f"no alarm watches the dead-letter queue {queue}"


def _on_rules(resource: Resource) -> Alarm:
    """An alarm on a Metrics Insights query, which is about a bus."""
    queries = resource.properties.get("Metrics", [])
    found = _QUERY.fullmatch(str(queries[0].get("Expression"))) if len(queries) == 1 else None
    if not found:
        raise TemplateError(f"{resource.logical_id}: cannot tell what the alarm watches")
    metric = _OF_RULES._replace(dimensions=frozenset({("EventBusName", found[1])}))
    return Alarm(resource.name, metric, resource.properties)


def _measured(stack: Stack, alarm: Alarm, buses: Collection[str]) -> Iterator[str]:
    metric = alarm.metric
    if not metric.namespace.startswith("AWS/"):
        return
    if not _exists(stack, metric, buses):
        yield f"watches {metric}, which nothing in {stack.region} makes"
    if not alarm.breached_by(1):
        yield "does not go off at a failure"
    if alarm.given.get("DatapointsToAlarm", alarm.given["EvaluationPeriods"]) != 1:
        yield "does not go off at a failure that comes once"
    if alarm.breached_by(0) or alarm.minds_silence or alarm.given.get("Statistic") == "SampleCount":
        yield "goes off while nothing fails"


def _exists(stack: Stack, metric: Metric, buses: Collection[str]) -> bool:
    """Whether AWS would ever tell the metric: of what is there, and by exactly the dimensions it has."""
    names = dict(metric.dimensions)
    if metric._replace(dimensions=frozenset()) == _OF_RULES:
        return bus_arn(stack, names["EventBusName"]) in buses
    kind = _FAILURES.get((metric.namespace, metric.name))
    if not kind:
        raise TemplateError(f"the metric {metric} is not known here")
    return names.keys() == {kind.dimension} and any(
        one.name == names[kind.dimension] for one in stack.of_type(kind.type)
    )


def _told(stack: Stack, alarm: Resource) -> Iterator[str]:
    """Why those would hear nothing whom an alarm tells: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html."""
    actions = alarm.properties.get("AlarmActions", [])
    if actions and alarm.properties.get("ActionsEnabled") is False:
        yield "is told to do nothing"
    context = {"aws:SourceArn": alarm.arn, "aws:SourceAccount": stack.account}
    for arn in actions:
        if ":sns:" not in arn:
            raise TemplateError(f"{alarm.logical_id}: cannot tell what the alarm does with {arn}")
        caller = Caller(_SERVICE, f"the alarm {alarm.arn}", context, context)
        if problem := can_send(stack, "topic", arn, caller).problem:
            yield f"tells nobody: {problem}"
        elif not any(one.properties.get("TopicArn") == arn for one in stack.of_type("AWS::SNS::Subscription")):
            yield f"tells nobody: {arn} has no subscriber"
