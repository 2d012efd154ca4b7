"""Who is notified of what a topic receives."""

from __future__ import annotations

from collections.abc import Iterator

from cfn_breakglass.analysis.simulator.delivery_permissions import find_by_arn
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.aws.handler_ownership import SLACK_CHANNEL, TEAMS_CHANNEL

_SNS = "sns.amazonaws.com"


# The property with the ID of the channel, and what people call its service.
_CHANNELS = {SLACK_CHANNEL: ("SlackChannelId", "Slack"), TEAMS_CHANNEL: ("TeamsChannelId", "Teams")}


def subscribers_of(stack: Stack, topic: str) -> list[tuple[str, str]]:
    """Who the topic with this ARN notifies: SNS's protocol and the endpoint, or a chat service and the channel."""
    subscriptions = [
        (str(subscription.properties.get("Protocol")), str(subscription.properties.get("Endpoint", "")))
        for subscription in _subscriptions_of(stack, topic)
    ]
    channels = [
        (service, str(channel.properties.get(channel_property)))
        for channel_type, (channel_property, service) in _CHANNELS.items()
        for channel in stack.of_type(channel_type)
        if topic in channel.properties.get("SnsTopicArns", [])
    ]
    return [*subscriptions, *channels]


def _subscriptions_of(stack: Stack, topic: str) -> list[Resource]:
    subscriptions = stack.of_type("AWS::SNS::Subscription")
    return [subscription for subscription in subscriptions if subscription.properties.get("TopicArn") == topic]


def subscription_problems(stack: Stack, topic: str) -> Iterator[DeliveryProblem]:
    """Why a subscriber of the topic with this ARN is not notified; nothing for what is no topic of the stack.

    https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html
    """
    resource = find_by_arn(stack, "AWS::SNS::Topic", topic)
    if resource and not subscribers_of(stack, topic):
        message = f"the topic {topic} has no subscriber"
        yield DeliveryProblem("topic-without-subscribers", message, resource.template, resource.logical_id)
    for subscription in _subscriptions_of(stack, topic):
        if subscription.properties.get("Protocol") == "lambda":
            function = subscription.properties.get("Endpoint")
            permissions = [
                permission
                for permission in stack.of_type("AWS::Lambda::Permission")
                if permission.properties.get("FunctionName") == function
            ]
            # Where the stack gives no permission, the function may have one from elsewhere.
            if permissions and not any(_lets_sns_invoke(permission, stack, topic) for permission in permissions):
                denying = permissions[0]
                message = f"the permission of the function {function} does not let {topic} invoke it"
                yield DeliveryProblem(
                    "lambda-permission-denies",
                    message,
                    denying.template,
                    denying.logical_id,
                    str(function),
                )


def _lets_sns_invoke(permission: Resource, stack: Stack, topic: str) -> bool:
    properties = permission.properties
    return (
        properties.get("Action") in ("lambda:InvokeFunction", "lambda:*")
        and properties.get("Principal") == _SNS
        and properties.get("SourceArn", topic) == topic
        and properties.get("SourceAccount", stack.account) == stack.account
    )
