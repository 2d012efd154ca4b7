"""The types of text in a config: AWS's names and ARNs, addresses, messages and times.

Each pattern has to mean the same in Python and in JSON Schema. They disagree on which characters form a word, so every
class of characters is spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.partitions import ALL_REGIONS
from cfn_breakglass.config.message_fields import FIELDS, OTHER_NOTATION, PLACEHOLDER
from cfn_breakglass.config.problems import YAML_TAG, Fault, Problems, has_yaml_type
from cfn_breakglass.config.types import INVALID, WORDS_FOR_ALL, String
from cfn_breakglass.config.webhooks import HTTPS as HTTPS_PATTERN, chat_service, has_password, is_private, is_queue

_CHAR: Final = r"[A-Za-z0-9_+=,.@-]"
_PATH: Final = rf"(?:{_CHAR}+/)*"
_ARN: Final = r"arn:[a-z-]+"
_IAM: Final = rf"{_ARN}:iam::[0-9]{{12}}"
_POLICY: Final = rf"{_ARN}:iam::(?:[0-9]{{12}}|aws):policy/{_PATH}{_CHAR}{{1,128}}"
_ROLE_ARN: Final = rf"{_IAM}:role/{_PATH}{_CHAR}{{1,64}}"
_IDENTITY_CENTER_PREFIX: Final = "AWSReservedSSO_"
_WITHOUT_PATH: Final = f":role/{_IDENTITY_CENTER_PREFIX}"
_RESERVED_PATHS: Final = ("/aws-reserved/", "/aws-service-role/")
_REGION_EXAMPLE: Final = "write a region such as eu-west-1"

# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html
_JOB_FUNCTIONS: Final = {
    *("Billing", "DatabaseAdministrator", "DataScientist", "NetworkAdministrator", "SupportUser"),
    *("SystemAdministrator", "ViewOnlyAccess"),
}
_IN_TEAMS: Final = "write the channel in alerts.teams instead"
_INSTEAD_OF_CHAT: Final = {
    "Slack": "write the channel in alerts.slack instead",
    "Microsoft Teams": _IN_TEAMS,
    "Power Automate": _IN_TEAMS,
    "PagerDuty": "write the address of its integration for AWS instead",
}
# What people call a service, and the first word of its event source, where that is another.
EVENT_SOURCE_NAMES: Final = {
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


_NEW_REGION: Final = r"[a-z]{2,4}(?:-[a-z]{2,10}){1,2}-[0-9]{1,2}"


def _similar(word: str, words: Iterable[str], most: int = 1) -> list[str]:
    from difflib import get_close_matches

    return sorted(get_close_matches(word, sorted(words), n=most))


def _check_listed_region(text: str) -> Fault | None:
    fault = None if text == "*" else _check_region(text)
    if fault and re.fullmatch(_NEW_REGION, text):
        return fault._replace(fix=f"{fault.fix} If it is newer than this release, write it in new_regions")
    return fault


def _check_new_region(text: str) -> Fault | None:
    if text in ALL_REGIONS:
        return Fault(f"is {text!r}, which this release knows", "write it in regions instead")
    return None


def _check_region(text: str) -> Fault | None:
    if text in ALL_REGIONS:
        return None
    if text in WORDS_FOR_ALL:
        return Fault(
            f"is {text!r}, which is not a region", 'in regions, write "*"; elsewhere a region such as eu-west-1'
        )
    similar = _similar(text, ALL_REGIONS, 2)
    fix = f"did you mean {' or '.join(similar)}?" if similar else _REGION_EXAMPLE
    return Fault(f"is {text!r}, which is not a region", fix)


def _check_name(text: str) -> Fault | None:
    if text == "default":
        return Fault(f"is {text!r}, which is the name of the bus that every region has", "choose another name")
    return None


def _check_role_path(text: str) -> Fault | None:
    if text.startswith(_RESERVED_PATHS):
        return Fault(f"is {text!r}, which AWS keeps for roles of its own", "choose another path")
    return None


def _check_oidc_provider(text: str) -> Fault | None:
    if match := re.search("oidc-provider/(https?://)", text):
        return Fault(f"is {text!r}, but the ARN of a provider has no {match[1]}", "remove that from it")
    return None


def _without_path(text: str, fix: str) -> Fault:
    return Fault(f"is {text!r} without the path that Identity Center gives to this role", fix)


def _check_exempt(text: str) -> Fault | None:
    before, without_path, name = text.partition(_WITHOUT_PATH)
    arn = f"{before}:role/aws-reserved/sso.amazonaws.com/*{_IDENTITY_CENTER_PREFIX}{name}"
    return _without_path(text, f"write {arn}") if without_path else None


def _check_principal(text: str) -> Fault | None:
    fix = "write the name of its permission set in role.trust.permission_sets instead"
    return _without_path(text, fix) if _WITHOUT_PATH in text else None


def _check_existing_role(text: str) -> Fault | None:
    if "aws-service-role/" in text or text.rpartition("/")[2].startswith("AWSServiceRoleFor"):
        fix = "write a role that people can assume"
        return Fault(f"is {text!r}, a service-linked role, which only its service can assume", fix)
    if text.rpartition("/")[2].startswith(_IDENTITY_CENTER_PREFIX) and "aws-reserved/" not in text:
        return _without_path(text, "write the name of its permission set in role.permission_set instead")
    return None


def _check_permission_set(text: str) -> Fault | None:
    if text.startswith(_IDENTITY_CENTER_PREFIX):
        name = text.removeprefix(_IDENTITY_CENTER_PREFIX).rpartition("_")[0]
        fix = f"write only the name of the permission set: {name or 'BreakGlass'}"
        return Fault(f"is {text!r}, which is the name of a role", fix)
    return None


def _check_bus(text: str) -> Fault | None:
    if ":event-busv2/" in text:
        reason = "a bus of the new kind (AWS::EventsV2), on which rules cannot stand"
        return Fault(
            f"is {text!r}, {reason}", 'write a "Custom Event Bus - Classic", or remove it to let the stack create one'
        )
    if "aws.partner/" in text:
        reason = "a rule cannot have a partner event bus as its target, so no event could be forwarded to it"
        return Fault(f"is {text!r}: {reason}", "write the name of a custom event bus in the main region")
    if text == "default" or text.endswith("event-bus/default"):
        reason = "CloudTrail's events are on the default bus already, so forwarding to it would be a loop"
        return Fault(f"is {text!r}: {reason}", "remove it, or write the name of a custom event bus")
    return None


def _check_message(text: str) -> Fault | None:
    problems, fixes = [], []
    if foreign := list(dict.fromkeys(match[0] for match in re.finditer(OTHER_NOTATION, text, re.IGNORECASE))):
        problems.append(f"{' and '.join(foreign)}, which nothing would fill in")
        fixes += _right_notation(foreign)
        text = re.sub(OTHER_NOTATION, "", text, flags=re.IGNORECASE)
    if unknown := [name for name in PLACEHOLDER.findall(text) if name not in FIELDS]:
        names = " and ".join(f"<{name}>" for name in unknown)
        problems.append(f"{names}, {'which is not a field' if len(unknown) == 1 else 'which are not fields'}")
        fixes.append(_suggested_field(unknown[0]))
    if problems:
        return Fault(f"contains {', and '.join(problems)}", "; ".join(fixes))
    if re.search(r"[<>]", PLACEHOLDER.sub("", text)):
        fix = "remove it: to EventBridge, < and > are the start and the end of a field"
        return Fault("contains a < or > that does not belong to a field", fix)
    return None


def _right_notation(placeholders: Iterable[str]) -> list[str]:
    """What to write instead of placeholders in another notation, which may name a field in any letter case."""
    by_lower_case = {name.lower(): name for name in FIELDS}
    words = list(dict.fromkeys(_word_of(placeholder) for placeholder in placeholders))
    fields = [by_lower_case[word.lower()] for word in words if word.lower() in by_lower_case]
    unknown = [word for word in words if word.lower() not in by_lower_case]
    return [
        *(["write " + " and ".join(f"<{name}>" for name in fields)] if fields else []),
        *([f"a field is written <name>: {_suggested_field(unknown[0])}"] if unknown else []),
    ]


def _word_of(placeholder: str) -> str:
    """The word in a placeholder; the s of %(name)s is none of it."""
    return re.sub(r"[^A-Za-z0-9_]", "", re.sub(r"\)s$", "", placeholder))


def _suggested_field(word: str) -> str:
    similar = _similar(word, FIELDS)
    return f"{f'did you mean <{similar[0]}>? The' if similar else 'the'} fields are: {', '.join(FIELDS)}"


def _check_managed_policy(text: str) -> Fault | None:
    if text in _JOB_FUNCTIONS:
        return Fault(f"is {text!r}, but AWS has that policy under a path", f"write job-function/{text}")
    return None


def _check_service(text: str) -> Fault | None:
    if text in WORDS_FOR_ALL:
        return Fault(f"is {text!r}, which is not a service", "remove actions.services to log every service")
    if text in EVENT_SOURCE_NAMES:
        name = EVENT_SOURCE_NAMES[text]
        return Fault(f"is {text!r}, but CloudTrail calls that service {name}", f"write {name}")
    return None


def _check_queue(text: str) -> Fault | None:
    if text.endswith(".fifo"):
        return Fault(f"is {text!r}, but the topic cannot send to a FIFO queue", "write the ARN of a standard queue")
    return None


def _check_topic(text: str) -> Fault | None:
    if text.endswith(".fifo"):
        return Fault(f"is {text!r}, but a rule cannot send to a FIFO topic", "write the ARN of a standard topic")
    return None


def _check_https(text: str) -> Fault | None:
    service, _ = chat_service(text) or ("", "")
    by_function = "write a Lambda function that posts to it in alerts.lambda instead"
    return _fault_of_address(text, _INSTEAD_OF_CHAT.get(service, by_function), " in alerts.sqs instead")


def _check_teams_channel(text: str) -> Fault | None:
    if re.fullmatch(r"[^%]*:[^%]*@[^%]*", text):
        encoded = text.replace(":", "%3A").replace("@", "%40")
        return Fault(f"is {text!r}, but AWS takes it as it is in a link", f"write {encoded}")
    return None


def _check_endpoint(text: str) -> Fault | None:
    return _check_queue(text) or _fault_of_address(text, "write an e-mail address, a phone number or a queue instead")


def _fault_of_address(text: str, instead_of_chat: str, instead_of_url: str = "") -> Fault | None:
    # The path of a webhook is as good as a password, so neither problem quotes the address.
    if chat := chat_service(text):
        reason = "which cannot confirm a subscription, so SNS would never send it an alert"
        return Fault(f"is a webhook of {chat[0]} ({chat[1]}), {reason}", instead_of_chat)
    if is_queue(text):
        return Fault("is the URL of a queue, which cannot confirm a subscription", f"write its ARN{instead_of_url}")
    if is_private(text):
        return Fault("is in a private network, which SNS does not reach", "write an address that everybody can reach")
    if has_password(text):
        reason = "which everybody could read who may read this file, the template or the stack"
        fix = "put the password into Secrets Manager: https://USER:{{resolve:secretsmanager:SECRET:SecretString:KEY}}@host"
        return Fault(f"has a password, {reason}", fix)
    return None


def _check_tag(text: str) -> Fault | None:
    # AWS allows letters of every language, which the patterns of JSON Schema cannot express.
    if text.lower().startswith("aws:"):
        return Fault(f"is {text!r}, but AWS reserves everything that begins with aws:", "choose another name")
    if re.fullmatch(r"[\w .:/=+@-]*", text):
        return None
    fix = "write only letters, digits, spaces and _ . : / = + - @"
    return Fault(f"is {text!r}, which has a character that AWS does not allow in a tag", fix)


def _check_unit(text: str) -> Fault | None:
    if re.fullmatch(r"[0-9]{12}", text):
        fix = f"write the ID of the unit that it is in: aws organizations list-parents --child-id {text}"
        return Fault(f"is {text!r}, which is an account", fix)
    return None


NAME: Final = String(
    "a name that every service of AWS accepts",
    r"(?!default$)[A-Za-z][A-Za-z0-9-]{0,31}",
    "write at most 32 letters, digits and hyphens, beginning with a letter",
    check=_check_name,
)
REGION: Final = String("a region", fix=_REGION_EXAMPLE, check=_check_region, words=tuple(sorted(ALL_REGIONS)))
REGIONS: Final = REGION._replace(check=_check_listed_region, words=("*", *sorted(ALL_REGIONS)))
NEW_REGION: Final = String(
    "the name of a region", _NEW_REGION, "write one such as me-west-1", check=_check_new_region, max_length=32
)
USERNAME: Final = String("a user name", r"\S+", "write the name of an IAM user", max_length=255)

ACCOUNT: Final = String("an account ID", r"[0-9]{12}", 'write its twelve digits in quotes: "111122223333"')
ORGANIZATION: Final = String("the ID of an organization", r"o-[a-z0-9]{10,32}", "write one such as o-a1b2c3d4e5")
# https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
ORGANIZATIONAL_UNIT: Final = String(
    "the ID of an organizational unit or of a root",
    r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32}",
    "write one such as ou-ab12-11111111 or r-ab12",
    _check_unit,
)
LIST_UNITS: Final = (
    "list the root by aws organizations list-roots, and the units below it by"
    " aws organizations list-organizational-units-for-parent --parent-id ROOT"
)
ROLE_ARN: Final = String("the ARN of a role", _ROLE_ARN, "write one such as arn:aws:iam::111122223333:role/Name")
EXISTING_ROLE: Final = String(
    "the ARN of a role, or its name with its path",
    rf"/?{_PATH}{_CHAR}{{1,64}}|{_ROLE_ARN}",
    "write one such as ops/Emergency or arn:aws:iam::111122223333:role/ops/Emergency",
    check=_check_existing_role,
)
PERMISSION_SET: Final = String(
    "the name of a permission set",
    rf"{_CHAR}{{1,32}}",
    "write at most 32 letters, digits and + = , . @ _ -",
    check=_check_permission_set,
)
PRINCIPAL_NAME: Final = String(
    "the name of a role or user",
    rf"{_CHAR}{{1,64}}",
    "write only the name, without a path: at most 64 letters, digits and + = , . @ _ -",
)
ROLE_PATH: Final = String(
    "the path of a role",
    rf"(?!{'|'.join(_RESERVED_PATHS)})/{_PATH}",
    "write / or a path such as /ops/, with letters, digits and + = , . @ _ -",
    check=_check_role_path,
    max_length=limits.ROLE_PATH.maximum,
)
MANAGED_POLICY: Final = String(
    "the ARN of a managed policy or the name of an AWS managed policy",
    rf"{_PATH}{_CHAR}{{1,128}}|{_POLICY}",
    "write one such as job-function/ViewOnlyAccess or arn:aws:iam::111122223333:policy/Name",
    check=_check_managed_policy,
)
POLICY_ARN: Final = String(
    "the ARN of a managed policy", _POLICY, "write one such as arn:aws:iam::111122223333:policy/Name"
)
SAML_PROVIDER: Final = String(
    "the ARN of a SAML provider",
    rf"{_IAM}:saml-provider/\S+",
    "write one such as arn:aws:iam::111122223333:saml-provider/Corp",
)
OIDC_PROVIDER: Final = String(
    "the ARN of an OIDC provider",
    rf"{_IAM}:oidc-provider/(?!https?://)\S+",
    "write one such as arn:aws:iam::111122223333:oidc-provider/idp.example.com",
    check=_check_oidc_provider,
)
ACCESS_APPLICATION: Final = String(
    "the ARN of an application of account access manager",
    rf"{_ARN}:account-access:[a-z0-9-]+:[0-9]{{12}}:application/[A-Za-z0-9-]+",
    "write one such as arn:aws:account-access:us-east-1:111122223333:application/app-1234567890abcdef",
)
PRINCIPAL: Final = String(
    "an account ID or the ARN of a user, a role or an account",
    rf"[0-9]{{12}}|{_IAM}:(?:root|(?:user|role)/{_PATH}{_CHAR}{{1,64}})",
    "write one such as arn:aws:iam::111122223333:user/name",
    check=_check_principal,
)

EMAIL: Final = String(
    "an e-mail address",
    r"[^\s@<>,;:]+@[^\s@<>,;:/.]+(?:\.[^\s@<>,;:/.]+)+",
    "write it as name@example.com",
    max_length=320,
)
PHONE: Final = String(
    "a phone number in E.164 form",
    r"\+[1-9][0-9]{1,14}",
    'write + and the country code, only digits, in quotes: "+15550100"',
)
HTTPS: Final = String("an https address", HTTPS_PATTERN, "write it as https://host/path", check=_check_https)
QUEUE: Final = String(
    "the ARN of a queue",
    rf"{_ARN}:sqs:[a-z0-9-]+:[0-9]{{12}}:[A-Za-z0-9_-]+",
    "write one such as arn:aws:sqs:us-east-1:111122223333:alerts",
    check=_check_queue,
)
FUNCTION: Final = String(
    "the ARN of a Lambda function",
    rf"{_ARN}:lambda:[a-z0-9-]+:[0-9]{{12}}:function:[A-Za-z0-9_:$-]+",
    "write one such as arn:aws:lambda:us-east-1:111122223333:function:alert",
)
PUSH: Final = String(
    "the ARN of a mobile push endpoint",
    rf"{_ARN}:sns:[a-z0-9-]+:[0-9]{{12}}:endpoint/[A-Za-z0-9_/.-]+",
    "write one such as arn:aws:sns:us-east-1:111122223333:endpoint/APNS/app/5e3e9847-3183-3f18-a7e8-671c3a57d4b3",
)
TOPIC: Final = String(
    "the ARN of a topic",
    rf"{_ARN}:sns:[a-z0-9-]+:[0-9]{{12}}:[A-Za-z0-9_-]{{1,256}}",
    "write one such as arn:aws:sns:us-east-1:111122223333:security",
    check=_check_topic,
)
_ENDPOINT_TYPES: Final = {
    "email": EMAIL,
    "sms": PHONE,
    "https": HTTPS,
    "sqs": QUEUE,
}
ENDPOINT: Final = String(
    "an endpoint to notify",
    "|".join(endpoint_type.pattern for endpoint_type in _ENDPOINT_TYPES.values()),
    'write an e-mail address, a phone number such as "+15550100", https://host/path or the ARN of a queue',
    check=_check_endpoint,
    max_length=HTTPS.max_length,
)


def protocol(endpoint: str) -> str:
    """SNS's protocol for an ENDPOINT."""
    return next(name for name, endpoint_type in _ENDPOINT_TYPES.items() if not endpoint_type.fault_of(endpoint))


SLACK_WORKSPACE: Final = String(
    "the ID of a Slack workspace",
    r"[TE][0-9A-Z]{2,31}",
    "write the ID that the console of Amazon Q Developer in chat applications shows, such as T07EA123LEP",
)
SLACK_CHANNEL: Final = String(
    "the ID of a Slack channel",
    r"[CG][0-9A-Z]{2,31}",
    "write the end of the link to the channel, such as C07EZ1ABC23",
)
UUID_EXAMPLE: Final = "1a2b3c4d-12ab-34cd-56ef-1234567890ab"
UUID: Final = String(
    "an ID of Microsoft Teams",
    r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    f"copy it from the link to the channel: groupId is the team, tenantId the tenant; such as {UUID_EXAMPLE}",
)
TEAMS_CHANNEL_EXAMPLE: Final = "19%3A0123456789abcdef%40thread.tacv2"
TEAMS_CHANNEL: Final = String(
    "the ID of a Microsoft Teams channel",
    r"[A-Za-z0-9_=+/.,-]*%3[Aa][A-Za-z0-9_=+/.,-]*%40[A-Za-z0-9_=+/.,-]*",
    f"write what follows channel/ in the link to the channel, such as {TEAMS_CHANNEL_EXAMPLE}",
    check=_check_teams_channel,
    max_length=255,
)
MESSAGE: Final = String(
    "a message",
    rf"(?![\s\S]*(?:{OTHER_NOTATION}))(?:[^<>]|<(?:{'|'.join(FIELDS)})>)+",
    check=_check_message,
    max_length=6_000,
)
RUNBOOK: Final = String(
    "the address of a page",
    r"https?://[A-Za-z0-9._~:/?#@!&'()*+,;=%-]+",
    "write one such as https://wiki.example.com/break-glass, without blanks",
    max_length=500,
)
SERVICE: Final = String(
    "the name of a service as CloudTrail writes it",
    r"[a-z0-9][a-z0-9-]*",
    "write the first word of its event source: s3 for s3.amazonaws.com",
    check=_check_service,
)
ENCRYPTION: Final = String(
    "customer-key, none or the ARN of a KMS key",
    rf"customer-key|none|{_ARN}:kms:[a-z0-9-]+:[0-9]{{12}}:key/[A-Za-z0-9-]+",
    "write one such as arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
)
EXEMPT: Final = String(
    "the ARN of a role or user",
    rf"{_ARN}:iam::(?:[0-9]{{12}}|\*):(?:user|role)/[A-Za-z0-9_+=,.@*/-]+",
    'write one such as "arn:aws:iam::*:role/Deployer", with or without *',
    check=_check_exempt,
)
BUS_NAME: Final = String(
    "the name of an event bus",
    r"[A-Za-z0-9._-]{1,256}",
    "write at most 256 letters, digits and . _ -",
    check=_check_bus,
)
EXISTING_BUS: Final = String(
    "the name or ARN of an event bus",
    rf"(?:{_ARN}:events:[a-z0-9-]+:[0-9]{{12}}:event-bus/)?[A-Za-z0-9._-]{{1,256}}",
    "write one such as security or arn:aws:events:us-east-1:111122223333:event-bus/security",
    check=_check_bus,
)
TAG_KEY: Final = String("a tag key", r"(?![Aa][Ww][Ss]:)[\s\S]+", check=_check_tag, max_length=128)
TAG_VALUE: Final = String("a tag value", r"[\s\S]*", check=_check_tag, max_length=256)


_NETWORK: Final = (
    r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?",
    "write one such as 203.0.113.0/24, 203.0.113.7 or 2001:db8::/32",
)
# No call reaches AWS from these. Python's is_private also covers the addresses reserved for examples.
_PRIVATE_NETWORKS: Final = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("fc00::/7", "fe80::/10", "::1/128"),
)


def _check_network(text: str) -> Fault | None:
    from ipaddress import ip_interface, ip_network

    if not re.fullmatch(_NETWORK[0], text):
        return None
    try:
        interface = ip_interface(text)
    except ValueError:
        return Fault(f"is {text!r}, which is not a network or an address", _NETWORK[1])
    network = interface.network
    if not network.prefixlen:
        return Fault(f"is {text!r}, which is every address", "remove role.trust.source_ips to allow every address")
    if interface.ip != network.network_address:
        fix = f"write {network}, or only the address: {interface.ip}"
        return Fault(f"is {text!r}, an address in the network {network}", fix)
    private = [ip_network(private_network) for private_network in _PRIVATE_NETWORKS]
    if any(network[0] in private_network and network[-1] in private_network for private_network in private):
        reason = "which is private: AWS never sees a call come from it"
        return Fault(f"is {text!r}, {reason}", "write the public addresses from which your network reaches AWS")
    return None


NETWORK: Final = String("a network or an address", *_NETWORK, check=_check_network)


_TIME: Final = (
    r"2[0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})",
    "write the day, the time and Z for UTC, such as 2030-01-31T03:00:00Z",
)


def _check_time(text: str) -> Fault | None:
    if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", text):
        return Fault(f"is {text}, which is a day without a time", f"write the time too, such as {text}T00:00:00Z")
    if re.fullmatch(_TIME[0], text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return Fault(f"is {text}, but there is no such time", _TIME[1])
    return None


_TIME_TEXT: Final = String("a time", *_TIME, check=_check_time)


class Timestamp:
    """A time, with or without quotes (YAML reads one without quotes as a date); read as text in UTC, as in IAM."""

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if has_yaml_type(node, "timestamp"):
            node = yaml.ScalarNode(f"{YAML_TAG}str", node.value, node.start_mark, node.end_mark)
        text = _TIME_TEXT.read(node, key, problems)
        if text is INVALID:
            return INVALID
        return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")

    def schema(self) -> dict[str, Any]:
        return _TIME_TEXT.schema()
