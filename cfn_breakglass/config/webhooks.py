"""Web addresses as subscribers of a topic: of which chat service one is, and whether it has a password.

SNS sends a new subscriber a link, and no alert before somebody follows it. The webhook of a chat service takes only
messages of its own form: nobody sees the link there, so nobody follows it.
https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html
"""

from __future__ import annotations

import re
from typing import Final

_CHAT_HOSTS: Final = {
    "Slack": ("hooks.slack.com", "hooks.slack-gov.com"),
    "Microsoft Teams": ("webhook.office.com", "webhook.office365.us", "outlook.office.com", "outlook.office365.com"),
    # The workflows of Teams, which take the place of its connectors.
    "Power Automate": ("logic.azure.com", "logic.azure.us", "environment.api.powerplatform.com"),
    "Discord": ("discord.com", "discordapp.com"),
    "Google Chat": ("chat.googleapis.com",),
    "Webex": ("webexapis.com",),
    "Telegram": ("api.telegram.org",),
    "Lark": ("open.larksuite.com", "open.feishu.cn"),
    "DingTalk": ("oapi.dingtalk.com",),
    "WeCom": ("qyapi.weixin.qq.com",),
}
"""Chat service -> the hosts of its webhooks. Their subdomains are webhooks too."""

# CloudFormation puts a secret in the place of its dynamic reference, in any property of a resource:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
DYNAMIC_REFERENCE: Final = r"\{\{resolve:secretsmanager:[A-Za-z0-9/_+=.-]+(?::SecretString(?::[A-Za-z0-9_.-]+)?)?\}\}"
_HOST: Final = r"[^\s/?#@:{}]+"
HTTPS: Final = rf"https://(?:(?:{DYNAMIC_REFERENCE}|{_HOST})(?::{DYNAMIC_REFERENCE})?@)?{_HOST}\.{_HOST}(?::[0-9]{{1,5}})?(?:[/?]\S*)?"
"""An address of SNS's protocol https, as a pattern; its password can only be a secret in Secrets Manager.

https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html: basic authentication.
"""

_PARTS: Final = re.compile(
    rf"https://(?P<login>(?:{DYNAMIC_REFERENCE}|(?!{DYNAMIC_REFERENCE})[^\s/?#@])*@)?(?P<host>{_HOST})"
)


def chat_service(address: str) -> tuple[str, str] | None:
    """The chat service whose webhook ``address`` is, and its host as written; None for every other address."""
    parts = _PARTS.match(address)
    labels = parts["host"].lower().rstrip(".").split(".") if parts else []
    domains = {".".join(labels[first:]) for first in range(len(labels))}
    return next(
        ((service, parts["host"]) for service, hosts in _CHAT_HOSTS.items() if parts and domains.intersection(hosts)),
        None,
    )


def has_password(address: str) -> bool:
    """Whether ``address`` has a password in clear text."""
    parts = _PARTS.match(address)
    login = re.sub(DYNAMIC_REFERENCE, "", parts["login"] or "") if parts else ""
    return bool(login.partition(":")[2].rstrip("@"))


def secrets_in(text: str) -> list[str]:
    """The names of the secrets in Secrets Manager that CloudFormation puts into ``text``."""
    return [match[0].strip("{}").split(":")[2] for match in re.finditer(DYNAMIC_REFERENCE, text)]
