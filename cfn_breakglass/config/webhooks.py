"""Web addresses as subscribers of a topic: which ones get no alert, and whether one has a password.

SNS sends a new subscriber a link, and no alert before somebody follows it. The webhook of a chat service takes only
messages of its own form: nobody sees the link there, so nobody follows it. Nor does SNS reach a private network.
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
    # What it makes for AWS has another path there, and confirms.
    "PagerDuty": ("events.pagerduty.com/v2",),
}
"""Service -> the hosts of its webhooks, some with the beginning of the path. Their subdomains are webhooks too."""
_QUEUE_HOST: Final = re.compile(r"(?:sqs\.[a-z0-9-]+|(?:[a-z0-9-]+\.)?queue)\.amazonaws\.com(?:\.cn)?")
# Names that no public name server answers.
_PRIVATE_HOST: Final = re.compile(
    r".*\.(?:internal|intranet|lan|local|localdomain|localhost|home\.arpa)"
    r"|(?:10|127|192\.168|169\.254|172\.(?:1[6-9]|2[0-9]|3[01]))\.[0-9.]+"
)

# CloudFormation puts a secret in the place of its dynamic reference, in any property of a resource:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
DYNAMIC_REFERENCE: Final = r"\{\{resolve:secretsmanager:[A-Za-z0-9/_+=.-]+(?::SecretString(?::[A-Za-z0-9_.-]+)?)?\}\}"
_HOST: Final = r"[^\s/?#@:{}]+"
HTTPS: Final = rf"https://(?:(?:{DYNAMIC_REFERENCE}|{_HOST})(?::{DYNAMIC_REFERENCE})?@)?{_HOST}\.{_HOST}(?::[0-9]{{1,5}})?(?:[/?]\S*)?"
"""An address of SNS's protocol https, as a pattern; its password can only be a secret in Secrets Manager.

https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html: basic authentication.
"""

_PARTS: Final = re.compile(
    rf"https://(?P<login>(?:{DYNAMIC_REFERENCE}|(?!{DYNAMIC_REFERENCE})[^\s/?#@])*@)?(?P<host>{_HOST})(?::[0-9]+)?"
    r"(?:/(?P<first>[^/?]*))?"
)


def chat_service(address: str) -> tuple[str, str] | None:
    """The chat service whose webhook ``address`` is, and its host as written; None for every other address."""
    parts = _PARTS.match(address)
    labels = _host(address).split(".")
    domains = {".".join(labels[first:]) for first in range(len(labels))}
    domains |= {f"{domain}/{parts['first']}" for domain in domains if parts}
    return next(
        ((service, parts["host"]) for service, hosts in _CHAT_HOSTS.items() if parts and domains.intersection(hosts)),
        None,
    )


def is_queue(address: str) -> bool:
    """Whether ``address`` is the URL of a queue, which is no endpoint of its own."""
    return bool(_QUEUE_HOST.fullmatch(_host(address)))


def is_private(address: str) -> bool:
    """Whether ``address`` is in a private network."""
    return bool(_PRIVATE_HOST.fullmatch(_host(address)))


def _host(address: str) -> str:
    parts = _PARTS.match(address)
    return parts["host"].lower().rstrip(".") if parts else ""


def has_password(address: str) -> bool:
    """Whether ``address`` has a password in clear text."""
    parts = _PARTS.match(address)
    login = re.sub(DYNAMIC_REFERENCE, "", parts["login"] or "") if parts else ""
    return bool(login.partition(":")[2].rstrip("@"))


def secrets_in(text: str) -> list[str]:
    """The names of the secrets in Secrets Manager that CloudFormation puts into ``text``."""
    return [match[0].strip("{}").split(":")[2] for match in re.finditer(DYNAMIC_REFERENCE, text)]
