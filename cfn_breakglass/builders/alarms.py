"""Alarms on the alert path itself, and a second road for them that shares nothing with the first.

The change of an alarm's state is an event like any other: it takes the road of all detections. What is broken may be
that road, so the alarms of the main region tell the fallback topic as well, without EventBridge.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import awacs.sns
from troposphere import AWSObject, cloudwatch, sns, sqs

from cfn_breakglass.builders.alerts.subscriptions import subscribe
from cfn_breakglass.builders.iam_policy import allow, only_from, policy, service
from cfn_breakglass.builders.rules import Bus
from cfn_breakglass.builders.scanner_suppressions import accepted
from cfn_breakglass.config.model import Alerts
from cfn_breakglass.names import Names

_PERIOD: Final = 300


class Fallback(NamedTuple):
    """The second road: the topic that alarms tell, and all resources that takes; None and none where nobody listens."""

    topic: sns.Topic | None
    resources: list[AWSObject]


def fallback(alerts: Alerts, names: Names) -> Fallback:
    """A topic for the alarms alone, if anybody is to be told there.

    It is not encrypted. With a customer key it would break with that key, of which it has to tell; with the key of SNS
    itself, no alarm may publish. What it carries are names, numbers and times.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    if not alerts.fallback:
        return Fallback(None, [])
    topic = sns.Topic(
        "FallbackTopic",
        TopicName=names.fallback_topic,
        DisplayName=names.prefix,
        Metadata=accepted(CKV_AWS_26="It has to work when the customer key does not, and tells names and numbers only"),
    )
    publish = allow(
        [awacs.sns.Publish],
        [topic.ref()],
        principal=service("cloudwatch.amazonaws.com"),
        when=only_from([names.alarm_arns]),
    )
    allowed = sns.TopicPolicy("FallbackTopicPolicy", Topics=[topic.ref()], PolicyDocument=policy(publish))
    return Fallback(topic, [topic, allowed, *subscribe(topic, alerts.fallback_endpoints, "Fallback")])


def dead_letter_alarm(names: Names, queue: sqs.Queue, told: sns.Topic | None = None) -> cloudwatch.Alarm:
    """An alarm while anything waits in ``queue``, which tells the topic ``told``.

    SQS tells its metrics for up to six hours, and up to a quarter of an hour late when the queue was idle. Missing data
    is no failure: the alarm is OK again by then, and what is lost later alarms anew even if nobody emptied the queue.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-monitoring-using-cloudwatch.html
    """
    return _alarm(
        "DeadLetterAlarm",
        f"{names.alarms}dead-letters",
        "What a rule could not deliver waits in the dead-letter queue",
        told,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[cloudwatch.MetricDimension(Name="QueueName", Value=queue.get_att("QueueName"))],
        Statistic="Maximum",
        Period=_PERIOD,
    )


def notification_alarms(
    names: Names, topics: Iterable[sns.Topic], told: sns.Topic | None = None
) -> list[cloudwatch.Alarm]:
    """An alarm when SNS cannot reach a subscriber of a topic, which EventBridge does not hear of.

    https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
    """
    return [
        _alarm(
            f"{topic.title}Alarm",
            f"{names.alarms}notifications",
            "SNS could not reach a subscriber of the alerts",
            told,
            Namespace="AWS/SNS",
            MetricName="NumberOfNotificationsFailed",
            Dimensions=[cloudwatch.MetricDimension(Name="TopicName", Value=topic.get_att("TopicName"))],
            Statistic="Sum",
            Period=_PERIOD,
        )
        for topic in topics
    ]


def invocation_alarms(names: Names, buses: Iterable[Bus], told: sns.Topic | None = None) -> list[cloudwatch.Alarm]:
    """An alarm per bus that is ours alone when a rule on it fails, also where the dead-letter queue fails with it.

    One query takes all rules of a bus. It knows no OR and no wildcard, so that on a bus with rules of others it cannot
    tell ours; and a metric for each of those does not fit the template.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html and,
    for the dimensions, https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    """
    return [
        _alarm(
            f"{bus.resource.title}Alarm",
            f"{names.alarms}invocations" + ("" if bus.name == names.bus else "-actions"),
            "A rule that tells of an event failed",
            told,
            Metrics=[cloudwatch.MetricDataQuery(Id="failed", Expression=_failed(bus.name), Period=_PERIOD)],
        )
        for bus in buses
        if bus.resource
    ]


def _failed(bus: str) -> str:
    rules = 'SCHEMA("AWS/Events", EventBusName, RuleName)'
    return f"SELECT SUM(FailedInvocations) FROM {rules} WHERE EventBusName = '{bus}'"  # noqa: S608 - not that SQL


def _alarm(title: str, name: str, about: str, told: sns.Topic | None, **metric: Any) -> cloudwatch.Alarm:
    """An alarm at the first datapoint over nothing. Most metrics here are only told while something fails."""
    return cloudwatch.Alarm(
        title,
        AlarmName=name,
        AlarmDescription=about,
        **({"AlarmActions": [told.ref()]} if told else {}),
        **metric,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
