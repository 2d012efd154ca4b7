"""Who is notified of what a topic receives."""

from __future__ import annotations

from collections.abc import Iterator

from cfn_breakglass.analysis.simulator.delivery_permissions import find_by_arn
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.template.reader import Resource, Stack

_SNS = "sns.amazonaws.com"


def subscriptions_of(stack: Stack, topic: str) -> list[Resource]:
    """The subscriptions of the stack to the topic with this ARN."""
    subscriptions = stack.of_type("AWS::SNS::Subscription")
    return [subscription for subscription in subscriptions if subscription.properties.get("TopicArn") == topic]


def subscription_problems(stack: Stack, topic: str) -> Iterator[DeliveryProblem]:
    """Why a subscriber of the topic with this ARN is not notified; nothing for what is no topic of the stack.

    https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html
    """
    resource = find_by_arn(stack, "AWS::SNS::Topic", topic)
    subscriptions = subscriptions_of(stack, topic)
    if resource and not subscriptions:
        message = f"the topic {topic} has no subscriber"
        yield DeliveryProblem("topic-without-subscribers", message, stack.region, resource.logical_id)
    for subscription in subscriptions:
        if subscription.properties.get("Protocol") == "lambda":
            function = subscription.properties.get("Endpoint")
            permissions = [
                permission
                for permission in stack.of_type("AWS::Lambda::Permission")
                if permission.properties.get("FunctionName") == function
            ]
            # Where the stack gives no permission, the function may have one from elsewhere.
            if permissions and not any(_lets_sns_invoke(permission, stack, topic) for permission in permissions):
                message = f"the permission of the function {function} does not let {topic} invoke it"
                yield DeliveryProblem(
                    "lambda-permission-denies", message, stack.region, permissions[0].logical_id, str(function)
                )


def _lets_sns_invoke(permission: Resource, stack: Stack, topic: str) -> bool:
    properties = permission.properties
    return (
        properties.get("Action") in ("lambda:InvokeFunction", "lambda:*")
        and properties.get("Principal") == _SNS
        and properties.get("SourceArn", topic) == topic
        and properties.get("SourceAccount", stack.account) == stack.account
    )
