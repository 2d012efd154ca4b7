"""The alert topic, who may publish to it, and its subscribers.

https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
"""

from __future__ import annotations

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
    """The topic, its policy for our rules, and a subscription for each endpoint."""

    topic: sns.Topic
    policy: sns.TopicPolicy
    subscriptions: list[AWSObject]
    sink: Sink


def alert_topic(plan: Plan) -> AlertTopic | None:
    """The topic of all detections that alert, None if none does."""
    detections = plan.destinations.topic
    if not detections:
        return None
    key, names, alerts = plan.encryption.key_arn, plan.names, plan.config.alerts
    encryption = {"KmsMasterKeyId": key} if key else {"Metadata": accepted(CKV_AWS_26=NO_KEY)}
    topic = sns.Topic("AlertTopic", TopicName=names.topic, DisplayName=names.prefix, **encryption, **tags(plan))
    buses = dict.fromkeys(plan.bus_of(detection.family).name for detection in detections) if plan.buses else (None,)
    rules = [arn for bus in buses for arn in names.rule_arns(bus)]
    publish = allow("OurRules", [awacs.sns.Publish], [topic.ref()], principal=service(EVENTS), when=only_from(rules))

    def target(detection: Detection) -> dict[str, Any]:
        return {"Id": "Alert", "Arn": topic.ref(), **message_of(plan, detection)}

    return AlertTopic(
        topic,
        sns.TopicPolicy("AlertTopicPolicy", Topics=[topic.ref()], PolicyDocument=policy(publish)),
        subscribe(topic, alerts.endpoints),
        Sink(detections, target, is_urgent=True),
    )
