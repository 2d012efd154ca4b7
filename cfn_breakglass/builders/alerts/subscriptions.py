"""The subscriptions of a topic.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from zlib import crc32

from troposphere import AWSObject, awslambda, sns


def subscribe(topic: sns.Topic, endpoints: Iterable[tuple[str, str]], title: str = "") -> list[AWSObject]:
    """A subscription for each of ``endpoints``, SNS's protocol and endpoint; ``title`` begins the logical IDs."""
    return [
        resource for protocol, endpoint in endpoints for resource in _subscription(topic, protocol, endpoint, title)
    ]


def _subscription(topic: sns.Topic, protocol: str, endpoint: str, title: str) -> list[AWSObject]:
    # Named after the endpoint: to add or remove an endpoint leaves the other subscriptions alone.
    words = "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", endpoint)[-3:])
    suffix = f"{protocol.capitalize()}{words[:40]}{crc32(endpoint.encode()):08x}"
    subscription = sns.SubscriptionResource(
        f"{title}Subscription{suffix}", TopicArn=topic.ref(), Protocol=protocol, Endpoint=endpoint
    )
    if protocol != "lambda":
        return [subscription]
    invoke = awslambda.Permission(
        f"{title}SubscriptionPermission{suffix}",
        FunctionName=endpoint,
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic.ref(),
    )
    return [subscription, invoke]
