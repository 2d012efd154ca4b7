"""Calls to the chat service that take alerts away from a channel, and those that do not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from deployments import deploy
from samples import ACCOUNT, SETTINGS
from template_data import resources_of

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.aws.partitions import CHAT_REGIONS
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.generation.generate import template_files

TEAM: Final = "1a2b3c4d-12ab-34cd-56ef-1234567890ab"
CHANNELS: Final = {
    "slack": [{"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}],
    "teams": [{"tenant": TEAM, "team": TEAM, "channel": "19%3A0123456789abcdef%40thread.tacv2"}],
}
CONFIGURATIONS: Final = f"arn:aws:chatbot::{ACCOUNT}:chat-configuration"
OURS: Final = f"{CONFIGURATIONS}/slack-channel/break-glass-chat-T07EA123LEP-C07EZ1ABC23"
OTHERS: Final = f"{CONFIGURATIONS}/slack-channel/deployments"
NEW: Final = {"ConfigurationName": "deployments", "SnsTopicArns": []}

# What the calls are about, in the words of the API, which AWS's example of a record has:
# https://docs.aws.amazon.com/chatbot/latest/APIReference/API_Operations.html
TAKING_AWAY: Final[dict[str, tuple[str, Mapping[str, Any]]]] = {
    "another topic": ("UpdateSlackChannelConfiguration", {"ChatConfigurationArn": OURS, "SnsTopicArns": []}),
    "the channel": ("DeleteSlackChannelConfiguration", {"ChatConfigurationArn": OURS}),
    "another channel of Teams": (
        "UpdateMicrosoftTeamsChannelConfiguration",
        {"ChatConfigurationArn": f"{CONFIGURATIONS}/microsoft-teams-channel/break-glass-chat-814c7268"},
    ),
    "the channel of Teams": (
        "DeleteMicrosoftTeamsChannelConfiguration",
        {"ChatConfigurationArn": f"{CONFIGURATIONS}/microsoft-teams-channel/break-glass-chat-814c7268"},
    ),
    "what is associated": ("DisassociateFromConfiguration", {"ChatConfiguration": OURS, "Resource": "custom-action/x"}),
    "the workspace": ("DeleteSlackWorkspaceAuthorization", {"SlackTeamId": "T07EA123LEP"}),
    "the team": ("DeleteMicrosoftTeamsConfiguredTeam", {"TeamId": TEAM}),
}
OF_OTHERS: Final[dict[str, tuple[str, Mapping[str, Any]]]] = {
    "another configuration": ("UpdateSlackChannelConfiguration", {"ChatConfigurationArn": OTHERS}),
    "a new one in our workspace": ("CreateSlackChannelConfiguration", {"SlackTeamId": "T07EA123LEP", **NEW}),
    "a new one in our team": ("CreateMicrosoftTeamsChannelConfiguration", {"TeamId": TEAM, **NEW}),
    "another workspace": ("DeleteSlackWorkspaceAuthorization", {"SlackTeamId": "T0OTHER"}),
    "a tag": ("TagResource", {"ResourceARN": OURS}),
}


def settings_with(*services: str) -> dict[str, Any]:
    channels = {service: CHANNELS[service] for service in services}
    return {**SETTINGS, "alerts": {**SETTINGS["alerts"], **channels}}


ACCOUNTS: Final = {
    name: Simulator(deploy(files["main-region.yaml"], files["stackset.yaml"], account=ACCOUNT))
    for name, files in {
        "with chat": template_files(config_of(settings_with("slack", "teams"))),
        "without": template_files(config_of(settings_with())),
    }.items()
}


def event_of(call: str, parameters: Mapping[str, Any], region: str, **changes: Any) -> dict[str, Any]:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/ci"
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "AssumedRole", "principalId": "AROACI:ci", "arn": arn, "accountId": ACCOUNT},
        "eventTime": "2025-03-14T03:07:12Z",
        "eventSource": "chatbot.amazonaws.com",
        "eventName": call,
        "awsRegion": region,
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2.32.0",
        "requestParameters": dict(parameters),
        "responseElements": None,
        "eventID": "5b2805a5-3e06-4437-a7a2-b5fdb5cbb4e2",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        **changes,
    }
    return event_from_record(json.loads(json.dumps(record)))


def notified(account: str, event: dict[str, Any]) -> list[str]:
    """The topics that are notified of the event, which is nothing but MonitoringTampered."""
    deliveries = ACCOUNTS[account].run(event)
    assert {delivery.detection for delivery in deliveries} <= {"MonitoringTampered"}
    assert [delivery.problem for delivery in deliveries if delivery.problem] == []
    return sorted(delivery.target.rpartition(":")[2] for delivery in deliveries if delivery.kind == "topic")


@pytest.mark.parametrize("region", CHAT_REGIONS)
@pytest.mark.parametrize("title", TAKING_AWAY)
def test_what_takes_alerts_away_alerts_once(title: str, region: str) -> None:
    event = event_of(*TAKING_AWAY[title], region)
    assert notified("with chat", event) == ["break-glass-alerts", "break-glass-chat"]
    assert notified("without", event) == []


@pytest.mark.parametrize("title", TAKING_AWAY)
def test_it_alerts_however_cloudtrail_spells_the_parameters(title: str) -> None:
    call, parameters = TAKING_AWAY[title]
    small = {name[0].lower() + name[1:]: value for name, value in parameters.items()}
    assert notified("with chat", event_of(call, small, "us-east-2")) == ["break-glass-alerts", "break-glass-chat"]


@pytest.mark.parametrize("title", OF_OTHERS)
def test_other_calls_to_the_service_do_not_alert(title: str) -> None:
    assert notified("with chat", event_of(*OF_OTHERS[title], "us-east-2")) == []


def test_a_stack_of_another_region_that_imported_a_channel_alerts() -> None:
    for title in ("another topic", "the channel"):
        event = event_of(*TAKING_AWAY[title], "us-east-2", sourceIPAddress="cloudformation.amazonaws.com")
        assert notified("with chat", event) == ["break-glass-alerts", "break-glass-chat"]


def test_a_denied_call_alerts() -> None:
    message = f"User: arn:aws:iam::{ACCOUNT}:user/x is not authorized to perform: chatbot:X on resource: {OURS}"
    event = event_of("DeleteSlackChannelConfiguration", {}, "us-east-2", errorCode="AccessDenied", errorMessage=message)
    assert notified("with chat", event) == ["break-glass-alerts", "break-glass-chat"]


ORGANIZATION: Final = {"id": "o-a1b2c3d4e5", "hub": ACCOUNT, "units": ["r-ab12"]}


@pytest.mark.parametrize("services", [("slack",), ("teams",), ("slack", "teams")], ids=" and ".join)
@pytest.mark.parametrize(
    "settings",
    [{}, {"regions": []}, {"deployer": True}, {"organization": ORGANIZATION}, {"event_bus": {"existing": "security"}}],
    ids=lambda settings: next(iter(settings), "usual"),
)
def test_only_chat_and_a_fallback_fit_beside_other_settings(
    settings: dict[str, Any], services: tuple[str, ...]
) -> None:
    alerts = {**{service: CHANNELS[service] for service in services}, "fallback": ["fallback@example.com"]}
    mapping = {"main_region": "us-east-1", "usernames": ["alice"], "alerts": alerts, **settings}
    rules = [
        name for name in resources_of(template_files(config_of(mapping))["main-region.yaml"]) if "Fallback" in name
    ]
    assert {"MonitoringTamperedFallback", "MonitoringTamperedFallbackChat"} <= {*rules}


def test_where_only_chat_is_notified_the_fallback_learns_of_it_in_the_main_region() -> None:
    alerts = {"slack": CHANNELS["slack"], "fallback": ["fallback@example.com"]}
    settings = {**SETTINGS, "main_region": "us-east-2", "regions": ["us-west-2"], "alerts": alerts}
    files = template_files(config_of(settings))
    simulator = Simulator(deploy(files["main-region.yaml"], files["stackset.yaml"], account=ACCOUNT))
    topics = {
        region: {
            delivery.target.rpartition("-")[2]
            for delivery in simulator.run(event_of(*TAKING_AWAY["the channel"], region))
            if delivery.kind == "topic"
        }
        for region in ("us-east-2", "us-west-2")
    }
    assert topics == {"us-east-2": {"chat", "fallback"}, "us-west-2": {"chat"}}
