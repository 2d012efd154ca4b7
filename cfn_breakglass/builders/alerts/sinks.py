"""Where detections go: the topic, the login log, the action log, and the log of the heartbeat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from troposphere import AWSObject, sns

from cfn_breakglass.builders.alerts.alert_topic import alert_topic
from cfn_breakglass.builders.alerts.log_groups import event_logs, log_policy
from cfn_breakglass.builders.heartbeat import heartbeat_log
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.plan import Plan


class Sinks(NamedTuple):
    """The destinations of the rules of one template.

    ``policies``, among the ``resources``, allow the rules to deliver there. ``topic`` is None if nothing alerts.
    """

    sinks: list[Sink]
    resources: list[AWSObject]
    policies: list[AWSObject]
    topic: sns.Topic | None


def alert_sinks(plan: Plan, *, log_policy_id: str, log_policy_name: str, after: Iterable[AWSObject] = ()) -> Sinks:
    """Every destination of the plan, with one CloudWatch Logs policy for all log groups; these wait for ``after``."""
    topic = alert_topic(plan)
    event_groups = [*event_logs(plan, after=after), *heartbeat_log(plan)]
    sinks, resources, policies = [], [], []
    if topic:
        sinks.append(topic.sink)
        resources += [topic.topic, topic.policy, *topic.subscriptions]
        policies.append(topic.policy)
    for log in event_groups:
        sinks.append(log.sink)
        resources += [log.group, *log.metric_filters]
    if event_groups:
        write = log_policy(log_policy_id, log_policy_name, [log.group for log in event_groups])
        resources.append(write)
        policies.append(write)
    return Sinks(sinks, resources, policies, topic.topic if topic else None)
