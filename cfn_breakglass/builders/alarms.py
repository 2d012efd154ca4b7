"""Alarms on the alert path itself, and a fallback topic for them that shares nothing with that path.

The change of an alarm's state is an event like any other and takes the alert path of all detections. That path may be
what is broken, so the alarms of the main region notify the fallback topic as well, without EventBridge.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import awacs.sns
from troposphere import AWSObject, cloudwatch, events, sns, sqs

from cfn_breakglass.builders.alerts.messages import message_of
from cfn_breakglass.builders.alerts.subscriptions import subscribe
from cfn_breakglass.builders.iam_policy import EVENTS, allow, only_from, policy, service
from cfn_breakglass.builders.rules import direct_rule
from cfn_breakglass.builders.scanner_suppressions import accepted
from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.plan import Plan

_PERIOD: Final = 300


class Fallback(NamedTuple):
    """The topic that alarms notify, and all resources that belong to it; None and none without a subscriber."""

    topic: sns.Topic | None
    resources: list[AWSObject]


def fallback_topic(plan: Plan) -> Fallback:
    """A topic for the alarms alone, if the config gives it a subscriber.

    It is not encrypted. With a customer key it would break with that key, and has to report just that; with the key of
    SNS itself, no alarm may publish. It carries names, numbers and times.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    endpoints, names = plan.config.alerts.fallback_endpoints, plan.names
    if not endpoints:
        return Fallback(None, [])
    topic = sns.Topic(
        "FallbackTopic",
        TopicName=names.fallback_topic,
        DisplayName=names.prefix,
        Metadata=accepted(CKV_AWS_26="It has to work when the customer key does not, and tells names and numbers only"),
        **tags(plan),
    )
    publish = allow(
        "OurAlarms",
        [awacs.sns.Publish],
        [topic.ref()],
        principal=service("cloudwatch.amazonaws.com"),
        when=only_from([names.alarm_arns]),
    )
    statements = [publish]
    if plan.silenced_alerts:
        rule = only_from(names.rule_arns())
        statements.append(allow("OurRule", [awacs.sns.Publish], [topic.ref()], principal=service(EVENTS), when=rule))
    allowed = sns.TopicPolicy("FallbackTopicPolicy", Topics=[topic.ref()], PolicyDocument=policy(*statements))
    return Fallback(topic, [topic, allowed, *subscribe(topic, endpoints, "Fallback")])


def silenced_alert_rules(plan: Plan, topic: sns.Topic | None, after: Iterable[AWSObject]) -> list[events.Rule]:
    """The rules that notify the fallback ``topic`` of what can silence its own alert; none without that topic."""
    if not topic:
        return []
    target = {"Id": "Fallback", "Arn": topic.ref()}
    return [
        direct_rule(plan, detection, target | message_of(plan, detection), after) for detection in plan.silenced_alerts
    ]


def dead_letter_alarm(plan: Plan, queue: sqs.Queue, fallback: sns.Topic | None = None) -> cloudwatch.Alarm:
    """An alarm while anything waits in ``queue``.

    SQS reports its metrics for up to six hours, and up to a quarter of an hour late when the queue was idle. Missing
    data is no failure: the alarm is OK again by then, and what is lost later raises it again even if nobody emptied the
    queue.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-monitoring-using-cloudwatch.html
    """
    return _alarm(
        plan,
        "DeadLetterAlarm",
        str(queue.QueueName).removeprefix(f"{plan.names.prefix}-"),
        "Undelivered events wait in this region's dead-letter queue. Their attributes say why.",
        fallback,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[cloudwatch.MetricDimension(Name="QueueName", Value=queue.get_att("QueueName"))],
        Statistic="Maximum",
        Period=_PERIOD,
    )


def notification_alarm(plan: Plan, topic: sns.Topic, fallback: sns.Topic | None = None) -> cloudwatch.Alarm:
    """An alarm when SNS cannot reach a subscriber of ``topic``; EventBridge does not learn of that.

    https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
    """
    return _alarm(
        plan,
        f"{topic.title}Alarm",
        "notifications-chat" if topic.title == "ChatTopic" else "notifications",
        "SNS could not reach a subscriber of the alerts. Check the topic's subscriptions.",
        fallback,
        Namespace="AWS/SNS",
        MetricName="NumberOfNotificationsFailed",
        Dimensions=[cloudwatch.MetricDimension(Name="TopicName", Value=topic.get_att("TopicName"))],
        Statistic="Sum",
        Period=_PERIOD,
    )


def invocation_alarms(
    plan: Plan, buses: Mapping[str, events.EventBus], fallback: sns.Topic | None = None
) -> list[cloudwatch.Alarm]:
    """An alarm per central bus that is ours alone when a rule on it fails, even if the dead-letter queue fails with it.

    ``buses`` are those that the template makes. One query covers all rules of a bus. It knows no OR and no wildcard, so
    that on a bus with rules of others it cannot select ours; and a metric for each of those does not fit the template.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html and,
    for the dimensions, https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    """
    if not plan.detections:
        return []
    return [
        _alarm(
            plan,
            f"{buses[bus.name].title}Alarm",
            f"invocations{bus.suffix}",
            "A rule could not notify or log an event. Look into the dead-letter queue.",
            fallback,
            Metrics=[cloudwatch.MetricDataQuery(Id="failed", Expression=_failures(bus.name), Period=_PERIOD)],
        )
        for bus in plan.buses
        if bus.name in buses
    ]


def _failures(bus: str) -> str:
    rules = 'SCHEMA("AWS/Events", EventBusName, RuleName)'
    return f"SELECT SUM(FailedInvocations) FROM {rules} WHERE EventBusName = '{bus}'"  # noqa: S608 - not that SQL


def _alarm(
    plan: Plan, title: str, name: str, description: str, fallback: sns.Topic | None, **metric: Any
) -> cloudwatch.Alarm:
    """An alarm at the first datapoint above zero. Most metrics here are only reported while something fails."""
    return cloudwatch.Alarm(
        title,
        AlarmName=f"{plan.names.alarms}{name}",
        AlarmDescription=description,
        **({"AlarmActions": [fallback.ref()]} if fallback else {}),
        **metric,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        **tags(plan),
    )
