"""Where detections go: the topic, the chat topic, the login log, the action log, and the log of the heartbeat."""

from __future__ import annotations

from typing import NamedTuple

from troposphere import AWSObject, sns

from cfn_breakglass.builders.alerts.alert_topic import AlertTopic, alert_topic
from cfn_breakglass.builders.alerts.log_groups import event_logs, log_policy
from cfn_breakglass.builders.heartbeat import heartbeat_log
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.config.model import CREATE
from cfn_breakglass.plan import Plan


class Sinks(NamedTuple):
    """The destinations of the rules of one template.

    ``resources`` are the topics, the log of the heartbeat and all that allows the rules to deliver; the log groups of
    detections are made last. ``topics`` are those that the template makes.
    """

    sinks: list[Sink]
    resources: list[AWSObject]
    topics: list[sns.Topic]


def alert_sinks(plan: Plan, *, log_policy_id: str, log_policy_name: str) -> Sinks:
    """Every destination of the plan, with one CloudWatch Logs policy for all log groups."""
    topics = [topic for topic in (alert_topic(plan), _chat_topic(plan)) if topic]
    event_groups, heartbeats = event_logs(plan), heartbeat_log(plan)
    sinks = [part.sink for part in (*topics, *event_groups, heartbeats) if part]
    resources: list[AWSObject] = []
    group_names = [log.name for log in event_groups]
    for topic in topics:
        resources += topic.resources
    if heartbeats:
        resources += [heartbeats.group, heartbeats.metric_filter]
        group_names.append(plan.names.heartbeat_log)
    if group_names and plan.config.logs_policy == CREATE:
        resources.append(log_policy(log_policy_id, log_policy_name, group_names))
    return Sinks(sinks, resources, [topic.topic for topic in topics if topic.topic])


def _chat_topic(plan: Plan) -> AlertTopic | None:
    if not plan.destinations.chat:
        return None
    from cfn_breakglass.builders.alerts.chat import chat_topic

    return chat_topic(plan)
