"""The texts a config may hold: AWS's names and ARNs, addresses, and what people read.

Patterns are both Python's and JSON Schema's. The two differ in what a word is, so classes are spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.partitions import ALL_REGIONS
from cfn_breakglass.config.message_fields import FIELDS, PLACEHOLDER
from cfn_breakglass.config.problems import YAML_TAG, Report, is_kind
from cfn_breakglass.config.types import INVALID, Text, Wrong

_CHAR: Final = r"[A-Za-z0-9_+=,.@-]"
_PATH: Final = rf"(?:{_CHAR}+/)*"
_ARN: Final = r"arn:[a-z-]+"
_IAM: Final = rf"{_ARN}:iam::[0-9]{{12}}"
_POLICY: Final = rf"{_ARN}:iam::(?:[0-9]{{12}}|aws):policy/{_PATH}{_CHAR}{{1,128}}"
_ROLE_ARN: Final = rf"{_IAM}:role/{_PATH}{_CHAR}{{1,64}}"
_RESERVED: Final = "AWSReservedSSO_"


def _near(word: str, known: Iterable[str], most: int = 1) -> list[str]:
    from difflib import get_close_matches

    return sorted(get_close_matches(word, sorted(known), n=most))


def _region(text: str) -> Wrong | None:
    if text in ALL_REGIONS:
        return None
    near = _near(text, ALL_REGIONS, 2)
    return f"is {text!r}, which is no region", f"did you mean {' or '.join(near)}?" if near else _A_REGION


def _existing_role(text: str) -> Wrong | None:
    if text.rpartition("/")[2].startswith(_RESERVED) and "aws-reserved/" not in text:
        return (
            f"is {text!r}: Identity Center puts this role under a path",
            "write role.permission_set with the permission set's name",
        )
    return None


def _permission_set(text: str) -> Wrong | None:
    if text.startswith(_RESERVED):
        name = text.removeprefix(_RESERVED).rpartition("_")[0]
        return f"is {text!r}, the name of its role", f"write the permission set's name alone: {name or 'BreakGlass'}"
    return None


def _bus(text: str) -> Wrong | None:
    if "aws.partner/" in text:
        reason = "a partner event source can be no rule's target, so nothing could be forwarded to it"
        return f"is {text!r}: {reason}", "name a custom event bus of the main region"
    if text == "default" or text.endswith("event-bus/default"):
        reason = "CloudTrail's events start on the default bus; forwarding to it would loop"
        return f"is {text!r}: {reason}", "leave it out, or name a custom event bus"
    return None


def _message(text: str) -> Wrong | None:
    unknown = [name for name in PLACEHOLDER.findall(text) if name not in FIELDS]
    if unknown:
        names = ", ".join(f"<{name}>" for name in unknown)
        near = _near(unknown[0], FIELDS)
        hint = f"did you mean <{near[0]}>? " if near else ""
        return f"says {names}; there is no such field", f"{hint}the fields are: {', '.join(FIELDS)}"
    if re.search(r"[<>]", PLACEHOLDER.sub("", text)):
        return "has a < or > that belongs to no field", "leave it out: to EventBridge, < and > are the ends of a field"
    return None


def _managed_policy(text: str) -> Wrong | None:
    if text in _JOB_FUNCTIONS:
        return f"is {text!r}; AWS has that policy under a path", f"write job-function/{text}"
    return None


def _service(text: str) -> Wrong | None:
    if text in _MISNAMED:
        return f"is {text!r}, which CloudTrail calls otherwise", f"write {_MISNAMED[text]}"
    return None


def _queue(text: str) -> Wrong | None:
    if text.endswith(".fifo"):
        return f"is {text!r}: the topic cannot send to a FIFO queue", "write the ARN of a standard queue"
    return None


def _tag(text: str) -> Wrong | None:
    # AWS takes letters of every language, which the patterns of JSON Schema cannot say.
    if text.lower().startswith("aws:"):
        return f"is {text!r}: what begins with aws: belongs to AWS", "choose another name"
    if re.fullmatch(r"[\w .:/=+@-]*", text):
        return None
    return f"is {text!r}, which AWS does not take in a tag", "write letters, digits, blanks and _ . : / = + - @ only"


_A_REGION: Final = "write a region such as eu-west-1"

# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html
_JOB_FUNCTIONS: Final = {
    *("Billing", "DatabaseAdministrator", "DataScientist", "NetworkAdministrator", "SupportUser"),
    *("SystemAdministrator", "ViewOnlyAccess"),
}
# What people call a service, and the first word of its event source, where that is another.
_MISNAMED: Final = {
    "apigatewayv2": "apigateway",
    "cloudwatch": "monitoring",
    "cloudwatchlogs": "logs",
    "documentdb": "rds",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "eventbridge": "events",
    "iam-identity-center": "sso",
    "msk": "kafka",
    "opensearch": "es",
    "parameterstore": "ssm",
    "stepfunctions": "states",
    "systemsmanager": "ssm",
}

NAME: Final = Text(
    "a name that AWS takes everywhere",
    r"[A-Za-z][A-Za-z0-9-]{0,31}",
    "write at most 32 letters, digits and hyphens, a letter first",
)
REGION: Final = Text("a region", fix=_A_REGION, judge=_region, among=tuple(sorted(ALL_REGIONS)))
REGIONS: Final = REGION._replace(
    judge=lambda text: None if text == "*" else _region(text), among=("*", *sorted(ALL_REGIONS))
)
USERNAME: Final = Text("a user name", r"\S+", "write the name of an IAM user", longest=255)

ROLE_ARN: Final = Text("a role's ARN", _ROLE_ARN, "write one such as arn:aws:iam::111122223333:role/Name")
EXISTING_ROLE: Final = Text(
    "a role's name, with its path, or ARN",
    rf"/?{_PATH}{_CHAR}{{1,64}}|{_ROLE_ARN}",
    "write one such as ops/Emergency or arn:aws:iam::111122223333:role/ops/Emergency",
    judge=_existing_role,
)
PERMISSION_SET: Final = Text(
    "a permission set's name",
    rf"{_CHAR}{{1,32}}",
    "write at most 32 letters, digits and + = , . @ _ -",
    judge=_permission_set,
)
PRINCIPAL_NAME: Final = Text(
    "the name of a role or user",
    rf"{_CHAR}{{1,64}}",
    "write the name alone, without a path: at most 64 letters, digits and + = , . @ _ -",
)
ROLE_PATH: Final = Text(
    "a path",
    rf"/{_PATH}",
    "write / or /word/; it holds letters, digits and + = , . @ _ -",
    longest=limits.ROLE_PATH.maximum,
)
MANAGED_POLICY: Final = Text(
    "a managed policy's AWS name or ARN",
    rf"{_PATH}{_CHAR}{{1,128}}|{_POLICY}",
    "write one such as job-function/ViewOnlyAccess",
    judge=_managed_policy,
)
POLICY_ARN: Final = Text("a managed policy's ARN", _POLICY, "write one such as arn:aws:iam::111122223333:policy/Name")
SAML_PROVIDER: Final = Text(
    "a SAML provider's ARN",
    rf"{_IAM}:saml-provider/\S+",
    "write one such as arn:aws:iam::111122223333:saml-provider/Corp",
)
OIDC_PROVIDER: Final = Text(
    "an OIDC provider's ARN",
    rf"{_IAM}:oidc-provider/\S+",
    "write one such as arn:aws:iam::111122223333:oidc-provider/idp.example.com",
)
PRINCIPAL: Final = Text(
    "an account ID or the ARN of a user, a role or an account",
    rf"[0-9]{{12}}|{_IAM}:(?:root|(?:user|role)/{_PATH}{_CHAR}{{1,64}})",
    "write one such as arn:aws:iam::111122223333:user/name",
)

EMAIL: Final = Text(
    "an e-mail address", r"[^\s@<>,;]+@[^\s@<>,;.]+(?:\.[^\s@<>,;.]+)+", "write it as name@example.com", longest=320
)
PHONE: Final = Text(
    "a phone number in E.164 form",
    r"\+[1-9][0-9]{1,14}",
    'write + and the country code, digits only, in quotes: "+15550100"',
)
HTTPS: Final = Text("an https address", r"https://[^\s/@]+\.[^\s/@]+(?:/\S*)?", "write https://host/path")
QUEUE: Final = Text(
    "the ARN of a queue",
    rf"{_ARN}:sqs:[a-z0-9-]+:[0-9]{{12}}:[A-Za-z0-9_-]+",
    "write one such as arn:aws:sqs:us-east-1:111122223333:alerts",
    judge=_queue,
)
FUNCTION: Final = Text(
    "the ARN of a Lambda function",
    rf"{_ARN}:lambda:[a-z0-9-]+:[0-9]{{12}}:function:[A-Za-z0-9_:$-]+",
    "write one such as arn:aws:lambda:us-east-1:111122223333:function:alert",
)
PUSH: Final = Text(
    "the ARN of a mobile push endpoint",
    rf"{_ARN}:sns:[a-z0-9-]+:[0-9]{{12}}:endpoint/[A-Za-z0-9_/.-]+",
    "write one such as arn:aws:sns:us-east-1:111122223333:endpoint/APNS/app/5e3e9847-3183-3f18-a7e8-671c3a57d4b3",
)
_ENDPOINTS: Final = {
    "email": EMAIL,
    "sms": PHONE,
    "https": HTTPS,
    "sqs": QUEUE,
}
ENDPOINT: Final = Text(
    "somebody to tell",
    "|".join(kind.pattern for kind in _ENDPOINTS.values()),
    'write an e-mail address, a phone number such as "+15550100", https://host/path or the ARN of a queue',
    judge=_queue,
    longest=HTTPS.longest,
)


def protocol(endpoint: str) -> str:
    """SNS's protocol for an ENDPOINT."""
    return next(name for name, kind in _ENDPOINTS.items() if not kind.wrong(endpoint))


MESSAGE: Final = Text("a message", rf"(?:[^<>]|<(?:{'|'.join(FIELDS)})>)+", judge=_message, longest=6_000)
SERVICE: Final = Text(
    "a service as CloudTrail names it",
    r"[a-z0-9][a-z0-9-]*",
    "write the first word of its event source: s3 for s3.amazonaws.com",
    judge=_service,
)
ENCRYPTION: Final = Text(
    "customer-key, none or the ARN of a KMS key",
    rf"customer-key|none|{_ARN}:kms:[a-z0-9-]+:[0-9]{{12}}:key/[A-Za-z0-9-]+",
    "write one such as arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
)
EXEMPT: Final = Text(
    "the ARN of a role or user, which may hold *",
    rf"{_ARN}:iam::(?:[0-9]{{12}}|\*):(?:user|role)/[A-Za-z0-9_+=,.@*/-]+",
    'write one such as "arn:aws:iam::*:role/Deployer"',
)
BUS_NAME: Final = Text(
    "an event bus name", r"[A-Za-z0-9._-]{1,256}", "write at most 256 letters, digits and . _ -", judge=_bus
)
EXISTING_BUS: Final = Text(
    "an event bus name or ARN",
    rf"(?:{_ARN}:events:[a-z0-9-]+:[0-9]{{12}}:event-bus/)?[A-Za-z0-9._-]{{1,256}}",
    "write one such as security or arn:aws:events:us-east-1:111122223333:event-bus/security",
    judge=_bus,
)
TAG_KEY: Final = Text("a tag key", r"(?![Aa][Ww][Ss]:)[\s\S]+", judge=_tag, longest=128)
TAG_VALUE: Final = Text("a tag value", r"[\s\S]*", judge=_tag, longest=256)


_MOMENT: Final = (
    r"2[0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})",
    "write the day, the time and Z for UTC, such as 2030-01-31T03:00:00Z",
)
_NETWORK: Final = (
    r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?",
    "write one such as 203.0.113.0/24, 203.0.113.7 or 2001:db8::/32",
)
# What AWS never sees a call come from; Python's own idea of private takes in the addresses of examples too.
_PRIVATE: Final = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("fc00::/7", "fe80::/10", "::1/128"),
)


def _network(text: str) -> Wrong | None:
    from ipaddress import ip_interface, ip_network

    if not re.fullmatch(_NETWORK[0], text):
        return None
    try:
        given = ip_interface(text)
    except ValueError:
        return f"is {text!r}, which is not a network", _NETWORK[1]
    network = given.network
    if not network.prefixlen:
        return f"is {text!r}, which is every address", "leave role.trust.source_ips out to ask for none"
    if given.ip != network.network_address:
        return f"is {text!r}, an address in {network}", f"write {network}, or the address alone: {given.ip}"
    private = [ip_network(one) for one in _PRIVATE]
    if any(network[0] in one and network[-1] in one for one in private):
        reason = "a private network, which no call reaches AWS from"
        return f"is {text!r}, {reason}", "write the public addresses of your network's way out"
    return None


def _moment(text: str) -> Wrong | None:
    if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", text):
        return f"is {text}, a day without a time", f"write the time too, such as {text}T00:00:00Z"
    if re.fullmatch(_MOMENT[0], text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return f"is {text}; there is no such time", _MOMENT[1]
    return None


NETWORK: Final = Text("a network or an address", *_NETWORK, judge=_network)


_WRITTEN: Final = Text("a time", *_MOMENT, judge=_moment)


class Moment:
    """A moment, in quotes or not: YAML reads one without as a time. Held in UTC, as IAM takes it."""

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        if is_kind(node, "timestamp"):
            node = yaml.ScalarNode(f"{YAML_TAG}str", node.value, node.start_mark, node.end_mark)
        text = _WRITTEN.read(node, key, report)
        if text is INVALID:
            return INVALID
        return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")

    def schema(self) -> dict[str, Any]:
        return _WRITTEN.schema()
