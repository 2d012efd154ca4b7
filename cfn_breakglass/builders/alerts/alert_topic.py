"""The alert topic, who may publish to it, and its subscribers.

https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import awacs.sns
from troposphere import AWSObject, sns

from cfn_breakglass.builders.alerts.messages import message_of
from cfn_breakglass.builders.alerts.subscriptions import subscribe
from cfn_breakglass.builders.iam_policy import EVENTS, allow, only_from, policy, service
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.builders.scanner_suppressions import NO_KEY, accepted
from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.detections.detection import Detection
from cfn_breakglass.plan import Plan


class AlertTopic(NamedTuple):
    """A destination of rules that is a topic; ``topic`` is None if it exists already.

    ``resources`` are the topic, its policy and what makes its subscribers.
    """

    topic: sns.Topic | None
    resources: list[AWSObject]
    sink: Sink


def alert_topic(plan: Plan) -> AlertTopic | None:
    """The topic of all detections that alert, and a subscription for each endpoint; None if none does."""
    detections = plan.destinations.topic
    if not detections:
        return None
    if plan.config.alerts.topic:
        return _existing_topic(plan)
    topic, allowed = topic_for_rules(plan, "AlertTopic", plan.names.topic, detections)
    subscriptions = subscribe(topic, plan.config.alerts.endpoints)
    return AlertTopic(topic, [topic, allowed, *subscriptions], _sink(plan, {"Arn": topic.ref()}))


def _existing_topic(plan: Plan) -> AlertTopic:
    from cfn_breakglass.builders.alerts.existing_topic import publisher_role, role_of_target

    role = publisher_role(plan)
    target = {"Arn": plan.config.alerts.topic, **role_of_target(plan, role)}
    return AlertTopic(None, [role] if role else [], _sink(plan, target))


def _sink(plan: Plan, topic: Mapping[str, Any]) -> Sink:
    """The alert topic as a destination; ``topic`` are the properties of every target that is this topic."""

    def target(detection: Detection) -> dict[str, Any]:
        return {"Id": "Alert", **topic, **message_of(plan, detection)}

    return Sink(plan.destinations.topic, target, is_urgent=True)


def topic_for_rules(
    plan: Plan, title: str, name: str, detections: Iterable[Detection]
) -> tuple[sns.Topic, sns.TopicPolicy]:
    """A topic for ``detections``, and its policy, by which only our rules may publish."""
    key = plan.encryption.key_arn
    encryption = {"KmsMasterKeyId": key} if key else {"Metadata": accepted(CKV_AWS_26=NO_KEY)}
    topic = sns.Topic(title, TopicName=name, DisplayName=plan.names.prefix, **encryption, **tags(plan))
    rules = only_from(plan.rule_arns(detections))
    publish = allow("OurRules", [awacs.sns.Publish], [topic.ref()], principal=service(EVENTS), when=rules)
    return topic, sns.TopicPolicy(f"{title}Policy", Topics=[topic.ref()], PolicyDocument=policy(publish))
