"""Alerts: the topic, who may publish to it, and who is told.

https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
"""

from __future__ import annotations

import re
from zlib import crc32

import awacs.sns
from troposphere import AWSObject, awslambda, events, sns

from cfn_breakglass.builders.messages import transformer
from cfn_breakglass.builders.policies import EVENTS, allow, only_from, policy, service
from cfn_breakglass.builders.watch import Sink
from cfn_breakglass.config import Alerts
from cfn_breakglass.detections import Detection
from cfn_breakglass.names import Names


def topic(alerts: Alerts, names: Names, detections: list[Detection], *, central: bool) -> Sink:
    """The topic, its policy for the rules of ``detections``, and a subscription for each endpoint.

    The rules are on the central buses or, without those, on the default bus.
    """
    made = sns.Topic("AlertTopic", TopicName=names.topic, DisplayName=names.prefix)
    publish = allow(
        [awacs.sns.Publish],
        [made.ref()],
        principal=service(EVENTS),
        when=only_from(
            [names.rule_arn(one.rule_id, names.bus_name(one.id) if central else None) for one in detections]
        ),
    )
    allowed = sns.TopicPolicy("AlertTopicPolicy", Topics=[made.ref()], PolicyDocument=policy(publish))
    subscriptions = [
        resource for protocol, endpoint in alerts.endpoints for resource in _subscribe(made, protocol, endpoint)
    ]

    def target(detection: Detection) -> events.Target:
        said = transformer(detection, names.role, alerts.message)
        return events.Target(Id="Alert", Arn=made.ref(), InputTransformer=said)

    return Sink([made, allowed, *subscriptions], detections, target)


def _subscribe(made: sns.Topic, protocol: str, endpoint: str) -> list[AWSObject]:
    # Named after the endpoint: adding or removing one leaves the others alone.
    words = "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", endpoint)[-3:])
    suffix = f"{protocol.capitalize()}{words[:40]}{crc32(endpoint.encode()):08x}"
    subscription = sns.SubscriptionResource(
        f"Subscription{suffix}", TopicArn=made.ref(), Protocol=protocol, Endpoint=endpoint
    )
    if protocol != "lambda":
        return [subscription]
    invoke = awslambda.Permission(
        f"SubscriptionPermission{suffix}",
        FunctionName=endpoint,
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=made.ref(),
    )
    return [subscription, invoke]
