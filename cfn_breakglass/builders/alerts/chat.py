"""Slack and Microsoft Teams: a topic of their own, its channels, and the role that AWS wants every channel to have.

The service is Amazon Q Developer in chat applications; its types and its principal still have its old name, Chatbot.
https://docs.aws.amazon.com/chatbot/latest/adminguide/what-is.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import awacs.sts
from awacs import aws
from troposphere import AWSObject, Ref, chatbot, iam, sns

from cfn_breakglass.builders.alerts.alert_topic import AlertTopic, topic_for_rules
from cfn_breakglass.builders.alerts.chat_message import chat_message
from cfn_breakglass.builders.iam_policy import Conditions, allow, policy, service
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.builders.shared_properties import helper_role_boundary, tags
from cfn_breakglass.detections.detection import Detection
from cfn_breakglass.names import managed_policy_arn, sub
from cfn_breakglass.plan import Plan

_DENY_ALL = "AWSDenyAll"


def chat_topic(plan: Plan) -> AlertTopic:
    """The topic of all detections that go to chat channels, and these channels.

    The service reads no message but one of its own form, so that people and channels cannot share a topic.
    """
    detections = plan.destinations.chat
    topic, allowed = topic_for_rules(plan, "ChatTopic", plan.names.chat, detections)
    role = _channel_role(plan)

    def target(detection: Detection) -> dict[str, Any]:
        return {"Id": "Chat", "Arn": topic.ref(), "InputTransformer": chat_message(plan, detection)}

    resources = [topic, allowed, role, *_channels(plan, topic, role)]
    return AlertTopic(topic, resources, Sink(detections, target, is_urgent=True))


def _channel_role(plan: Plan) -> iam.Role:
    """The role of whoever gives commands in a channel: it has no policy, so that nobody can do anything there.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/cross-service-confused-deputy-prevention.html
    """
    own_account: Conditions = {aws.StringEquals: {"aws:SourceAccount": Ref("AWS::AccountId")}}
    return iam.Role(
        "ChatRole",
        RoleName=plan.names.chat,
        Description="For chat channels, which only read: it may do nothing",
        AssumeRolePolicyDocument=policy(
            allow("Chat", [awacs.sts.AssumeRole], principal=service("chatbot.amazonaws.com"), when=own_account)
        ),
        **helper_role_boundary(plan),
        **tags(plan),
    )


def _channels(plan: Plan, topic: sns.Topic, role: iam.Role) -> Iterator[AWSObject]:
    """The channels, each with a name of its own: to add or remove one leaves the others alone."""
    names, alerts = plan.names, plan.config.alerts
    shared = {
        "IamRoleArn": role.get_att("Arn"),
        # Without a guardrail, AWS sets AdministratorAccess.
        "GuardrailPolicies": [sub(managed_policy_arn(_DENY_ALL))],
        "SnsTopicArns": [topic.ref()],
        **tags(plan),
    }
    for slack in alerts.slack:
        yield chatbot.SlackChannelConfiguration(
            f"Slack{slack.workspace}{slack.channel}",
            ConfigurationName=f"{names.chat_channels}{slack.workspace}-{slack.channel}",
            SlackWorkspaceId=slack.workspace,
            SlackChannelId=slack.channel,
            **shared,
        )
    for teams in alerts.teams:
        suffix = f"{crc32(f'{teams.tenant}/{teams.team}/{teams.channel}'.encode()):08x}"
        yield chatbot.MicrosoftTeamsChannelConfiguration(
            f"Teams{suffix}",
            ConfigurationName=f"{names.chat_channels}{suffix}",
            TeamsTenantId=teams.tenant,
            TeamId=teams.team,
            TeamsChannelId=teams.channel,
            **shared,
        )
