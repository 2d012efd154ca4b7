"""Alerts: the topic, who may publish to it, and who is told.

https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
"""

from __future__ import annotations

import awacs.sns
from troposphere import AWSHelperFn, events, sns

from cfn_breakglass.builders.alerts.messages import transformer
from cfn_breakglass.builders.alerts.subscriptions import subscribe
from cfn_breakglass.builders.iam_policy import EVENTS, allow, only_from, policy, service
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.builders.scanner_suppressions import NO_KEY, accepted
from cfn_breakglass.config.model import Alerts
from cfn_breakglass.detections.catalog import Detection
from cfn_breakglass.names import Names


def topic(
    alerts: Alerts, names: Names, detections: list[Detection], *, central: bool, key: AWSHelperFn | str | None = None
) -> Sink:
    """The topic, its policy for our rules on the buses of ``detections``, and a subscription for each endpoint.

    The rules are on the central buses or, without those, on the default bus. The key of the ARN ``key`` encrypts.
    """
    buses = dict.fromkeys(names.bus_name(one.id) if central else None for one in detections)
    encrypted = {"KmsMasterKeyId": key} if key else {"Metadata": accepted(CKV_AWS_26=NO_KEY)}
    made = sns.Topic("AlertTopic", TopicName=names.topic, DisplayName=names.prefix, **encrypted)
    publish = allow(
        [awacs.sns.Publish],
        [made.ref()],
        principal=service(EVENTS),
        when=only_from([names.rule_arn("*", bus) for bus in buses]),
    )
    allowed = sns.TopicPolicy("AlertTopicPolicy", Topics=[made.ref()], PolicyDocument=policy(publish))
    subscriptions = subscribe(made, alerts.endpoints)

    def target(detection: Detection) -> events.Target:
        said = transformer(detection, names.role, alerts.message, shared=central)
        return events.Target(Id="Alert", Arn=made.ref(), InputTransformer=said)

    return Sink([made, allowed, *subscriptions], detections, target)
