"""Regions, partitions and accounts that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfn_breakglass.aws.arns import Arn, parse_arn
from cfn_breakglass.aws.partitions import partition_of, partition_of_new
from cfn_breakglass.config.aws_types import protocol
from cfn_breakglass.config.model import Config
from cfn_breakglass.config.problems import Problems


def check_placement(config: Config, problems: Problems) -> None:
    """Report everything in ``config`` that is in an account, partition or region where it cannot be used."""
    _check_accounts(config, problems)
    if not problems.is_valid("main_region"):
        return
    if "regions" in problems.item_indexes:  # the default is right in every partition
        _check_regions(config, problems)
    _check_new_regions(config, problems)
    _check_partitions(config, problems)
    _check_main_region(config, problems)
    _check_china(config, problems)
    _check_chat(config, problems)


def _check_accounts(config: Config, problems: Problems) -> None:
    arns = [(key, arn) for key, arn in _arns(config.same_account_arns, problems) if arn.account.isdecimal()]
    showing = (key for key, arn in arns if arn.service == "iam" and arn.account == config.account)
    source = f"{next(showing, '')} is in account"
    if config.account_:
        source = "account is"
    if config.organization:
        source = "organization.hub is"
    for key, arn in arns:
        if config.account and arn.account != config.account and problems.is_valid(key):
            text = f"{key} is in account {arn.account}, but {source} {config.account}"
            problems.add(key, text, _account_fix(config, arn))


def _account_fix(config: Config, arn: Arn) -> str:
    if not config.organization:
        return "write ARNs of one account; each account needs a config of its own"
    if arn.service == "iam":
        return "write the ARN that it has in the hub; every account uses its own of that name"
    return "write the ARN of one in the hub, which has the topic and the logs"


def _check_regions(config: Config, problems: Problems) -> None:
    partition = config.partition
    for index, region in enumerate(config.regions):
        key = problems.key_of_item("regions", index)
        if region == config.main_region:
            fix = "remove it; the main region is always watched"
            problems.add(key, f"{key} is {region}, which is the main region", fix)
        elif region != "*" and region not in partition.regions:
            other = partition_of(region).name
            text = f"{key} is {region} in partition {other}, but main_region is in partition {partition.name}"
            fix = "remove it: events do not leave their partition, so each partition needs a config of its own"
            problems.add(key, text, fix)
        elif "*" in config.regions and region in partition.default:
            fix = 'remove it; with "*", add only opt-in regions'
            problems.add(key, f'{key} is {region}, which "*" already includes', fix)


def _check_new_regions(config: Config, problems: Problems) -> None:
    for index, region in enumerate(config.new_regions):
        partition = partition_of_new(region)
        if partition is not config.partition:
            key = problems.key_of_item("new_regions", index)
            place = f"partition {partition.name}" if partition else "none of the partitions that this release knows"
            text = f"{key} is {region} in {place}, but main_region is in partition {config.partition.name}"
            problems.add(key, text, "remove it: events do not leave their partition, so each needs a config of its own")


def _check_partitions(config: Config, problems: Problems) -> None:
    partition = config.partition.name
    other_account_arns = {
        "role.trust.principals": config.role.trust.principals,
        "role.trust.account_access.application": tuple(filter(None, [config.role.trust.account_access.application])),
        "alerts.topic": _topic(config),
        "alerts.sqs": config.alerts.sqs,
        "alerts.application": config.alerts.application,
        "alerts.fallback": config.alerts.fallback,
    }
    arns = _arns(config.same_account_arns | other_account_arns, problems)
    partitions = [(key, arn.partition) for key, arn in arns]
    for key, arn_partition in [*partitions, *_partitions_in_policies(config, problems)]:
        if arn_partition != partition:
            text = f"{key} is in partition {arn_partition}, but main_region is in partition {partition}"
            problems.add(key, text, f"write an ARN that begins with arn:{partition}:")


def _partitions_in_policies(config: Config, problems: Problems) -> Iterator[tuple[str, str]]:
    """The partitions of what policies name, by key. Most have wildcards, so they are not complete ARNs."""
    principals = {"protection.exempt": config.protection.exempt, "protection.responders": config.protection.responders}
    for key, arns in principals.items():
        for index, arn in enumerate(arns):
            yield problems.key_of_item(key, index), arn.split(":")[1]
    for position, statement in enumerate(config.role.policy_statements):
        statement_key = problems.key_of_item("role.policy_statements", position)
        for name in statement.keys() & {"Resource", "NotResource"}:
            key, value = f"{statement_key}.{name}", statement[name]
            for index, resource in enumerate(value if isinstance(value, list) else [value]):
                if arn_start := re.match("arn:([a-z-]+):", resource):
                    yield (f"{key}[{index}]" if isinstance(value, list) else key), arn_start[1]


def _check_main_region(config: Config, problems: Problems) -> None:
    fixes = {
        "event_bus.existing": "write a bus in the main region, where the central rules are",
        "alerts.topic": "write a topic in the main region, where the rules are that publish to it",
        "alerts.lambda": "write a function in the main region; the stack cannot allow the topic to call others",
        "encryption": "write a key in the main region, where the topic and the logs are",
    }
    arns = {**config.same_account_arns, "alerts.topic": _topic(config)}
    for key, arn in _arns({key: arns.get(key, ()) for key in fixes}, problems):
        if arn.region != config.main_region:
            text = f"{key} is in {arn.region}, but main_region is {config.main_region}"
            problems.add(key, text, fixes[key.partition("[")[0]])


def _topic(config: Config) -> tuple[str, ...]:
    return (config.alerts.topic,) if config.alerts.topic else ()


def _check_china(config: Config, problems: Problems) -> None:
    """https://docs.amazonaws.cn/en_us/aws/latest/userguide/sns.html: no text messages and no mobile push in China."""
    if config.partition.name != "aws-cn":
        return
    endpoints = {"alerts.sms": config.alerts.sms, "alerts.application": config.alerts.application}
    for key in (key for key, values in endpoints.items() if values):
        text = f"{key}: SNS has no text messages and no mobile push in {config.main_region}"
        problems.add(key, text, "remove it")
    for index, endpoint in enumerate(config.alerts.fallback):
        if protocol(endpoint) == "sms":
            key = problems.key_of_item("alerts.fallback", index)
            problems.add(key, f"{key}: SNS has no text messages in {config.main_region}", "remove it")


def _check_chat(config: Config, problems: Problems) -> None:
    """https://docs.aws.amazon.com/general/latest/gr/chatbot.html: only in the partition aws."""
    if config.partition.name == "aws":
        return
    for key in (f"alerts.{name}" for name in ("slack", "teams") if getattr(config.alerts, name)):
        text = f"{key}: Amazon Q Developer in chat applications is not in partition {config.partition.name}"
        problems.add(key, text, "remove it; a Lambda function in alerts.lambda can post to a chat")


def _arns(values_by_key: dict[str, tuple[str, ...]], problems: Problems) -> Iterator[tuple[str, Arn]]:
    """Every value that is an ARN, with its key. A name of something of AWS is not an ARN."""
    for key, values in values_by_key.items():
        for index, value in enumerate(values):
            if arn := parse_arn(value):
                yield (problems.key_of_item(key, index) if key in problems.item_indexes else key), arn
