"""The alert topic, who may publish to it, and its subscribers.

https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import awacs.sns
from troposphere import AWSObject, sns

from cfn_breakglass.builders.alerts.messages import message_of
from cfn_breakglass.builders.alerts.subscriptions import subscribe
from cfn_breakglass.builders.iam_policy import EVENTS, allow, only_from, policy, service
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.builders.scanner_suppressions import NO_KEY, accepted
from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.detections.catalog import Detection
from cfn_breakglass.plan import Plan


class AlertTopic(NamedTuple):
    """A topic that rules notify, its policy, and what makes its subscribers."""

    topic: sns.Topic
    policy: sns.TopicPolicy
    subscriptions: list[AWSObject]
    sink: Sink


def alert_topic(plan: Plan) -> AlertTopic | None:
    """The topic of all detections that alert, and a subscription for each endpoint; None if none does."""
    detections = plan.destinations.topic
    if not detections:
        return None
    names, alerts = plan.names, plan.config.alerts
    topic, allowed = topic_for_rules(plan, "AlertTopic", names.topic, detections)

    def target(detection: Detection) -> dict[str, Any]:
        return {"Id": "Alert", "Arn": topic.ref(), **message_of(plan, detection)}

    return AlertTopic(topic, allowed, subscribe(topic, alerts.endpoints), Sink(detections, target, is_urgent=True))


def topic_for_rules(
    plan: Plan, title: str, name: str, detections: Iterable[Detection]
) -> tuple[sns.Topic, sns.TopicPolicy]:
    """A topic for ``detections``, and its policy, by which only our rules may publish."""
    key, names = plan.encryption.key_arn, plan.names
    encryption = {"KmsMasterKeyId": key} if key else {"Metadata": accepted(CKV_AWS_26=NO_KEY)}
    topic = sns.Topic(title, TopicName=name, DisplayName=names.prefix, **encryption, **tags(plan))
    buses = dict.fromkeys(plan.bus_of(detection.family).name for detection in detections) if plan.buses else (None,)
    rules = [arn for bus in buses for arn in names.rule_arns(bus)]
    publish = allow("OurRules", [awacs.sns.Publish], [topic.ref()], principal=service(EVENTS), when=only_from(rules))
    return topic, sns.TopicPolicy(f"{title}Policy", Topics=[topic.ref()], PolicyDocument=policy(publish))
