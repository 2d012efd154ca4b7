"""Regions, partitions and accounts that do not go together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfn_breakglass.aws.arns import Arn, parse_arn
from cfn_breakglass.aws.partitions import partition_of
from cfn_breakglass.config.aws_types import protocol
from cfn_breakglass.config.model import Config
from cfn_breakglass.config.problems import Report


def check(config: Config, report: Report) -> None:
    """Report what of ``config`` is in a place where it cannot be used."""
    _accounts(config, report)
    if not report.sound("main_region"):
        return
    if "regions" in report.kept:  # the default is in every partition, and never the main region
        _regions(config, report)
    _partitions(config, report)
    _here(config, report)
    _telephones(config, report)


def _accounts(config: Config, report: Report) -> None:
    first = ""
    for key, arn in _arns(config.home_arns, report):
        if not arn.account.isdecimal():
            continue
        if arn.account != config.account:
            text = f"{key} is in account {arn.account}, {first} in {config.account}"
            report.add(key, text, "they have to be in one account; give each account a config of its own")
        first = first or key


def _regions(config: Config, report: Report) -> None:
    partition = config.partition
    for index, region in enumerate(config.regions):
        key = report.item("regions", index)
        if region == config.main_region:
            report.add(key, f"{key} is {region}, which is the main region", "leave it out; it is always covered")
        elif region != "*" and region not in partition.regions:
            theirs = partition_of(region).name
            text = f"{key} is {region}, of partition {theirs}; main_region is in {partition.name}"
            report.add(key, text, "leave it out: events do not cross partitions; that one takes a config of its own")
        elif "*" in config.regions and region in partition.default:
            report.add(key, f'{key} is {region}, which is in "*" already', 'beside "*", name opt-in regions only')


def _partitions(config: Config, report: Report) -> None:
    partition = config.partition.name
    elsewhere = {
        "role.trust.principals": config.role.trust.principals,
        "alerts.sqs": config.alerts.sqs,
        "alerts.application": config.alerts.application,
        "alerts.fallback": config.alerts.fallback,
    }
    found = [(key, arn.partition) for key, arn in _arns(config.home_arns | elsewhere, report)]
    for key, theirs in [*found, *_resource_partitions(config, report)]:
        if theirs != partition:
            text = f"{key} is in partition {theirs}; main_region is in {partition}"
            report.add(key, text, f"write arn:{partition}:...")


def _resource_partitions(config: Config, report: Report) -> Iterator[tuple[str, str]]:
    """The partition of what a policy names; wildcards keep most from being whole ARNs."""
    for index, principal in enumerate(config.protection.exempt):
        yield report.item("protection.exempt", index), principal.split(":")[1]
    for position, statement in enumerate(config.role.policy_statements):
        for name in statement.keys() & {"Resource", "NotResource"}:
            key, held = f"{report.item('role.policy_statements', position)}.{name}", statement[name]
            for index, resource in enumerate(held if isinstance(held, list) else [held]):
                named = re.match("arn:([a-z-]+):", resource)
                if named:
                    yield (f"{key}[{index}]" if isinstance(held, list) else key), named[1]


def _here(config: Config, report: Report) -> None:
    reasons = {
        "event_bus.existing": "name a bus of the main region: the central bus is there",
        "alerts.lambda": "name a function of the main region: the stack can let the topic call only those",
        "encryption": "name a key of the main region: the topic and the logs are there",
    }
    for key, arn in _arns({key: config.home_arns.get(key, ()) for key in reasons}, report):
        if arn.region != config.main_region:
            text = f"{key} is in {arn.region}; main_region is {config.main_region}"
            report.add(key, text, reasons[key.partition("[")[0]])


def _telephones(config: Config, report: Report) -> None:
    """https://docs.amazonaws.cn/en_us/aws/latest/userguide/sns.html: no text messages and no mobile push in China."""
    if config.partition.name != "aws-cn":
        return
    listed = {"alerts.sms": config.alerts.sms, "alerts.application": config.alerts.application}
    for key in (key for key, told in listed.items() if told):
        report.add(key, f"{key}: SNS has neither text messages nor mobile push in {config.main_region}", "leave it out")
    for index, endpoint in enumerate(config.alerts.fallback):
        if protocol(endpoint) == "sms":
            key = report.item("alerts.fallback", index)
            report.add(key, f"{key}: SNS has no text messages in {config.main_region}", "leave it out")


def _arns(values: dict[str, tuple[str, ...]], report: Report) -> Iterator[tuple[str, Arn]]:
    """Every value that is an ARN, with its key; an AWS name stands for none."""
    for key, each in values.items():
        for index, value in enumerate(each):
            if arn := parse_arn(value):
                yield (report.item(key, index) if key in report.kept else key), arn
