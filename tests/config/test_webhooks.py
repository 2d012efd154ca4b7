"""Which web addresses can be subscribed, and that no password is printed."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cfn_breakglass.config.aws_types import HTTPS, protocol
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.webhooks import chat_service, has_password, secrets_in
from cfn_breakglass.errors import ConfigError

SECRET = "{{resolve:secretsmanager:prod/hook:SecretString:password}}"  # noqa: S105 - it is a reference
LISTS = ("https", "fallback")

CHAT = {
    "https://hooks.slack.com/services/T0/B0/token": "Slack",
    "https://hooks.slack-gov.com/services/T0/B0/token": "Slack",
    "https://HOOKS.Slack.com/services/T0/B0/token": "Slack",
    "https://hooks.slack.com": "Slack",
    "https://hooks.slack.com:443/services/T0": "Slack",
    "https://hooks.slack.com./services/T0": "Slack",
    "https://hooks.slack.com?x=1": "Slack",
    "https://bot@hooks.slack.com/services/T0": "Slack",
    "https://bot:word@hooks.slack.com/services/T0": "Slack",
    f"https://bot:{SECRET}@hooks.slack.com/services/T0": "Slack",
    "https://example.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4": "Microsoft Teams",
    "https://example.webhook.office365.us/webhookb2/1": "Microsoft Teams",
    "https://outlook.office.com/webhook/1": "Microsoft Teams",
    "https://outlook.office365.com/webhook/1": "Microsoft Teams",
    "https://prod-01.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=x": "Power Automate",
    "https://prod-01.usgovtexas.logic.azure.us/workflows/1": "Power Automate",
    "https://1a.2b.environment.api.powerplatform.com:443/powerautomate/automations/direct/x": "Power Automate",
    "https://discord.com/api/webhooks/1/token": "Discord",
    "https://canary.discord.com/api/webhooks/1/token": "Discord",
    "https://discordapp.com/api/webhooks/1/token": "Discord",
    "https://chat.googleapis.com/v1/spaces/1/messages?key=x": "Google Chat",
    "https://webexapis.com/v1/webhooks/incoming/1": "Webex",
    "https://api.telegram.org/bot1/sendMessage": "Telegram",
    "https://open.larksuite.com/open-apis/bot/v2/hook/1": "Lark",
    "https://open.feishu.cn/open-apis/bot/v2/hook/1": "Lark",
    "https://oapi.dingtalk.com/robot/send?access_token=1": "DingTalk",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1": "WeCom",
    "https://events.pagerduty.com/v2/enqueue": "PagerDuty",
    "https://events.pagerduty.com:443/v2?x=1": "PagerDuty",
}
BUILT_IN = {
    "PagerDuty": "its integration for AWS",
    "Slack": "alerts.slack",
    "Microsoft Teams": "alerts.teams",
    "Power Automate": "alerts.teams",
}
TAKEN = (
    "https://myhooks.slack.com.example.com/x",
    "https://myhooks.slack.com/x",
    "https://slack.com/x",
    "https://hooks.slack.company/x",
    "https://hooks-slack.com/x",
    "https://example.com/hooks.slack.com",
    "https://example.com/@hooks.slack.com/x",
    "https://example.com?to=@hooks.slack.com",
    "https://hooks.slack.com@example.com/x",
    "https://mydiscord.com/api/webhooks/1",
    "https://events.pagerduty.com/x-ere/key",
    "https://events.pagerduty.com/v25/key",
    "https://example.com/v2/events.pagerduty.com/v2",
    "https://internal.example.com/x",
    "https://example.com/.internal",
    "https://100.example.com/x",
    "https://10.example.com/x",
    "https://192.168.example.com/x",
    "https://172.32.0.1/x",
    "https://queue.example.com/111122223333/alerts",
    "https://x1.lambda-url.us-east-1.on.aws/",
    "https://example.com",
    "https://example.com:8443/x?y=1",
    "https://user@example.com/x",
    f"https://user:{SECRET}@example.com/x",
    f"https://{SECRET}:{SECRET}@example.com/x",
    "https://user:{{resolve:secretsmanager:hook}}@example.com/x",
)
UNREACHABLE = {
    "https://sqs.us-east-1.amazonaws.com/111122223333/token": "is the URL of a queue",
    "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/token": "is the URL of a queue",
    "https://queue.amazonaws.com/111122223333/token": "is the URL of a queue",
    "https://eu-west-1.queue.amazonaws.com/111122223333/token": "is the URL of a queue",
    "https://10.0.0.5:8443/token": "is in a private network",
    "https://172.31.255.1/token": "is in a private network",
    "https://alerts.corp.internal/token": "is in a private network",
    "https://user@Hooks.Local./token": "is in a private network",
}
PASSWORDS = (
    "https://user:word@example.com/x",
    "https://user:wo:rd@example.com/x",
    "https://:word@example.com/x",
    "https://user:{{resolve:ssm:word}}@example.com/x",
    f"https://user:word{SECRET}@example.com/x",
)
NO_ADDRESSES = (
    "http://user:word@example.com",
    "https://user:wo/rd@example.com",
    "https://us.er:wo/rd@example.com",
    "https://user:wo?rd@example.com",
    f"http://user:word{SECRET}@example.com",
    "https://user:" + "word" * 30 + "/@example.com",
    "user:word@example.com",
)


def config_with(key: str, address: str) -> Any:
    alerts = {key: [address]} if key == "https" else {"emails": ["ops@example.com"], key: [address]}
    return config_of({"main_region": "us-east-1", "usernames": ["alice"], "alerts": alerts})


def refusal(key: str, address: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config_with(key, address)
    (problem,) = caught.value.problems
    return f"{problem.text} | {problem.fix}"


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize("address", CHAT)
def test_a_chat_service_cannot_confirm(address: str, key: str) -> None:
    told = refusal(key, address)
    assert told.startswith(f"alerts.{key}[0] is a webhook of {CHAT[address]} (")
    assert "cannot confirm a subscription" in told
    instead = BUILT_IN.get(CHAT[address], "alerts.lambda")
    assert (instead in told) == (key == "https")  # neither a chat channel nor a function can be a fallback
    assert "token" not in told


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize("address", UNREACHABLE)
def test_what_cannot_be_reached_is_refused(address: str, key: str) -> None:
    told = refusal(key, address)
    assert told.startswith(f"alerts.{key}[0] {UNREACHABLE[address]}")
    assert "token" not in told


@pytest.mark.parametrize("address", TAKEN)
def test_every_other_address_is_taken(address: str) -> None:
    assert chat_service(address) is None
    assert config_with("https", address).alerts.endpoints == (("https", address),)
    assert config_with("fallback", address).alerts.fallback_endpoints == (("https", address),)
    assert protocol(address) == "https"
    assert Draft202012Validator(HTTPS.schema()).is_valid(address)


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize("address", PASSWORDS)
def test_a_password_in_clear_text_is_refused_and_not_printed(address: str, key: str) -> None:
    told = refusal(key, address)
    assert told.startswith(f"alerts.{key}[0] has a password, ")
    assert "https://USER:{{resolve:secretsmanager:SECRET:SecretString:KEY}}@host" in told
    assert "word@" not in told
    assert not Draft202012Validator(HTTPS.schema()).is_valid(address)


def test_what_the_fix_says_is_taken() -> None:
    fix = refusal("https", PASSWORDS[0]).rpartition(" ")[2]
    assert config_with("https", fix.replace("@host", "@example.com"))


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_refused_without_its_password(address: str, key: str) -> None:
    told = refusal(key, address)
    assert "which is not an" in told
    if "://" in address:
        assert "***" in told
        assert not any(part in told for part in ("word", "wo/", "wo?", "/rd"))


def test_a_list_with_a_password_and_no_brackets_does_not_print_it() -> None:
    with pytest.raises(ConfigError) as caught:
        config_of({"main_region": "us-east-1", "usernames": ["a"], "alerts": {"https": PASSWORDS[0]}})
    assert "https://user:***@example.com/x" in str(caught.value)
    assert "word" not in str(caught.value)


def test_a_reference_is_no_password_and_is_printed() -> None:
    twice = [TAKEN[-1], TAKEN[-1]]
    with pytest.raises(ConfigError) as caught:
        config_of({"main_region": "us-east-1", "usernames": ["a"], "alerts": {"https": twice}})
    assert TAKEN[-1] in str(caught.value)


def test_the_secrets_of_an_address() -> None:
    assert secrets_in(f"https://user:{SECRET}@example.com") == ["prod/hook"]
    assert secrets_in("https://{{resolve:secretsmanager:a}}:{{resolve:secretsmanager:b}}@example.com") == ["a", "b"]
    assert secrets_in("https://user:{{resolve:ssm:a}}@example.com") == []


def test_a_long_address_is_read_at_once() -> None:
    """A pattern with two ways to read a reference would try all 2^40 of them here."""
    address = f"https://{'{{resolve:secretsmanager:a}}' * 40}"
    assert not has_password(address)
    assert not chat_service(address)
