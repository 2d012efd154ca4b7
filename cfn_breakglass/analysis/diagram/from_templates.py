"""The picture of the templates in a folder, from their text alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from os.path import commonprefix
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

from cfn_breakglass.analysis.diagram.picture import (
    ALARMS,
    CENTRAL_RULES,
    DIRECT_RULES,
    AlertSource,
    Component,
    Picture,
    RegionGroup,
    RuleGroup,
)
from cfn_breakglass.analysis.diagram.trust_summary import allowed_principals
from cfn_breakglass.analysis.eventbridge.stack_rules import rules_of
from cfn_breakglass.analysis.simulator.subscriptions import subscribers_of
from cfn_breakglass.analysis.template.reader import resolve
from cfn_breakglass.analysis.template.template_files import config_name, rule_id, template_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from cfn_breakglass.analysis.eventbridge.stack_rules import Rule
    from cfn_breakglass.analysis.template.reader import Resource, Stack
    from cfn_breakglass.analysis.template.template_files import TemplateFile

_PLACEHOLDER_ACCOUNT = "000000000000"
"""An account that no config names, so that no account of a config counts as the account deployed to."""
_PROTOCOLS = {"application": "mobile push", "firehose": "Firehose", "lambda": "Lambda"}
_ABBREVIATIONS = ("http", "https", "sms", "sqs")
_SERVICES = {"sns": "Topic", "logs": "Log group", "sqs": "Queue"}
EXTERNAL = "exists already"
_IN_EVERY_ACCOUNT = "in every account, by the accounts template"


def picture_of(folder: Path) -> Picture:
    """Read main-region and stackset in ``folder``, YAML or JSON; TemplateError if they cannot be read."""
    main_file, stackset_file, accounts_file = template_set(folder)
    account = main_file.coverage.account or _PLACEHOLDER_ACCOUNT
    (main_deployment,) = _deployments(main_file, account)
    # In an organization, the hub stands for every account: its roles are called as those of any other.
    stackset_deployments = _deployments(stackset_file, account)
    main = main_deployment.stack
    (of_roles,) = _deployments(accounts_file, account) if accounts_file else (main_deployment,)
    of_account = of_roles.stack
    deployments = (main_deployment, *stackset_deployments)
    if accounts_file:
        deployments = (*stackset_deployments, main_deployment)
    edge_rules = [rule for deployment in deployments for rule in _default_bus_rules(deployment.rules)]
    notifying_rules = [rule for rule in main_deployment.rules if not _is_edge_rule(rule)]
    sinks = _sinks(main, notifying_rules)
    sink_arns = [sink.arn for sink in sinks]
    role, in_every_account = _role(of_account), (_IN_EVERY_ACCOUNT,) if accounts_file else ()
    return Picture(
        name=config_name(main.metadata),
        role=replace(role, notes=(*role.notes, *in_every_account)),
        principals=_principals(of_account, role, _PLACEHOLDER_ACCOUNT if accounts_file else account),
        region_groups=(
            _region_group("main-region", [main_deployment], filter(_is_edge_rule, main_deployment.rules)),
            *_region_groups(stackset_deployments),
        ),
        forwarders=_forwarders(of_account, edge_rules, "of every account" if accounts_file else ""),
        alert_sources=(*_buses(main, notifying_rules, edge_rules, sink_arns), *_alarms(main, sink_arns)),
        sinks=sinks,
        hub=account if accounts_file else "",
    )


class _Deployment(NamedTuple):
    """A stack and its rules."""

    stack: Stack
    rules: list[Rule]


def _deployments(file: TemplateFile, account: str) -> list[_Deployment]:
    stacks = [resolve(file.template, account=account, region=region, file=file.file) for region in file.regions]
    return [_Deployment(stack, rules_of(stack)) for stack in stacks]


def _is_on_default_bus(rule: Rule) -> bool:
    return rule.bus.endswith(":event-bus/default")


def _is_edge_rule(rule: Rule) -> bool:
    """Whether a rule stands on the default bus and does not notify by itself."""
    return _is_on_default_bus(rule) and (rule.forwards or not rule.targets)


def _default_bus_rules(rules: Iterable[Rule]) -> list[Rule]:
    return [rule for rule in rules if _is_on_default_bus(rule)]


def _region_group(template: str, deployments: Sequence[_Deployment], rules: Iterable[Rule]) -> RegionGroup:
    """The group of regions whose deployments are all like the first one; ``rules`` are drawn on its default bus."""
    stack, drawn = deployments[0].stack, list(rules)
    routes = [(target.role, target.arn) for rule in drawn for target in rule.targets if target.role]
    return RegionGroup(
        template=template,
        regions=tuple(deployment.stack.region for deployment in deployments),
        is_watched=bool(_default_bus_rules(deployments[0].rules)),
        rule_groups=_rule_groups(stack, drawn),
        queues=tuple(map(_component, stack.of_type("AWS::SQS::Queue"))),
        routes=tuple(dict.fromkeys(routes)),
    )


def _region_groups(deployments: Iterable[_Deployment]) -> list[RegionGroup]:
    """Group regions with the same resources, most often all of them."""
    alike: dict[object, list[_Deployment]] = {}
    for deployment in deployments:
        group = _stackset_group([deployment])
        queues = tuple(queue.name for queue in group.queues)
        alike.setdefault((group.rule_groups, queues, group.routes), []).append(deployment)
    return [_stackset_group(members) for members in alike.values()]


def _stackset_group(deployments: Sequence[_Deployment]) -> RegionGroup:
    return _region_group("stackset", deployments, _default_bus_rules(deployments[0].rules))


def _rule_groups(stack: Stack, rules: Iterable[Rule]) -> tuple[RuleGroup, ...]:
    names_by_targets: dict[tuple[str, ...], list[str]] = {}
    for rule in rules:
        suffix = " (disabled)" if rule.state == "DISABLED" else ""
        name = rule_id(rule.name, stack.metadata) + suffix
        names_by_targets.setdefault(tuple(target.arn for target in rule.targets), []).append(name)
    return tuple(RuleGroup(tuple(names), target_arns) for target_arns, names in names_by_targets.items())


def _component(resource: Resource, *notes: str) -> Component:
    """A resource of the templates, called by its logical ID in words."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", resource.logical_id).capitalize()
    words = words.replace("Dead letter", "Dead-letter")
    return Component(words, resource.name, resource.arn, notes)


def _external_component(title: str, arn: str) -> Component:
    """A resource that the templates do not create, of which only the ARN is known."""
    name = arn.split("/", 1)[1] if "/" in arn else arn.rpartition(":")[2]
    return Component(title, name, arn, (EXTERNAL,))


def _role(stack: Stack) -> Component:
    arn = str(stack.outputs.get("RoleArn", ""))
    for role in stack.of_type("AWS::IAM::Role"):
        if role.arn == arn:
            return Component("Break-glass role", role.name, arn)
    if arn:
        return _external_component("Break-glass role", arn)
    patterns = json.dumps([resource.properties.get("EventPattern") for resource in stack.of_type("AWS::Events::Rule")])
    # Identity Center ends the name of its roles in 16 characters that are not known before.
    names = re.findall(r':assumed-role/([^/"]+)', patterns)
    name = next((f"{name}*" if name.endswith("_") else name for name in names), "")
    return Component("Break-glass role", name, "", (EXTERNAL,))


def _principals(stack: Stack, role: Component, account: str) -> tuple[str, ...]:
    """Who may assume the role, in words for readers in ``account``."""
    for resource in stack.of_type("AWS::IAM::Role"):
        if resource.arn == role.arn:
            trust_policy = resource.properties.get("AssumeRolePolicyDocument", {})
            return allowed_principals(trust_policy, account) or ("nobody",)
    return ("whom its own trust policy lets",)


def _forwarders(stack: Stack, edge_rules: Iterable[Rule], whose: str) -> tuple[Component, ...]:
    roles = {
        role.arn: Component("Forwarder", role.name, role.arn, (f"an IAM role {whose}".rstrip(),))
        for role in stack.of_type("AWS::IAM::Role")
    }
    arns = [str(stack.outputs.get("ForwarderRoleArn", ""))]
    arns += [target.role or "" for rule in edge_rules for target in rule.targets if target.kind == "bus"]
    return tuple(roles.get(arn) or _external_component("Forwarder", arn) for arn in dict.fromkeys(arns) if arn)


def _buses(
    main: Stack, notifying_rules: Sequence[Rule], edge_rules: Iterable[Rule], sink_arns: list[str]
) -> tuple[AlertSource, ...]:
    """The buses of the main region whose rules notify, in the order in which edge rules use them."""
    components = {bus.arn: _component(bus) for bus in main.of_type("AWS::Events::EventBus")}
    used_arns = [target.arn for rule in edge_rules for target in rule.targets if target.kind == "bus"]
    direct_arns = {rule.bus for rule in notifying_rules if _is_on_default_bus(rule)}
    for arn in dict.fromkeys([*used_arns, *(rule.bus for rule in notifying_rules)]):
        is_direct = arn in direct_arns
        external = Component("Default bus, directly", "", arn) if is_direct else _external_component("Event bus", arn)
        components.setdefault(arn, external)
    groups = {arn: _rule_groups(main, [rule for rule in notifying_rules if rule.bus == arn]) for arn in components}

    def sink_order(group: RuleGroup) -> list[int]:
        return sorted(sink_arns.index(arn) for arn in group.target_arns)

    return tuple(
        AlertSource(
            components[arn],
            tuple(sorted(groups[arn], key=sink_order)),
            DIRECT_RULES if arn in direct_arns else CENTRAL_RULES,
        )
        for arn in dict.fromkeys([*used_arns, *components])
    )


def _alarms(main: Stack, sink_arns: Iterable[str]) -> Iterator[AlertSource]:
    """The alarms that notify a sink; those on the same metric are drawn as a count."""
    drawn = set(sink_arns)
    alarms_by_metric: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for alarm in main.of_type("AWS::CloudWatch::Alarm"):
        metric = str(alarm.properties.get("MetricName", alarm.name))
        if target_arns := tuple(arn for arn in alarm.properties.get("AlarmActions", []) if arn in drawn):
            alarms_by_metric.setdefault((target_arns, metric), []).append(alarm.name)
    stem = _common_prefix([name for alarms in alarms_by_metric.values() for name in alarms])
    names_by_targets: dict[tuple[str, ...], list[str]] = {}
    for (target_arns, _), alarms in alarms_by_metric.items():
        name = _common_prefix(alarms).removeprefix(stem)
        label = f"{name}* ({len(alarms)})" if len(alarms) > 1 else name
        names_by_targets.setdefault(target_arns, []).append(label)
    if names_by_targets:
        groups = tuple(RuleGroup(tuple(names), target_arns) for target_arns, names in names_by_targets.items())
        yield AlertSource(Component("Alarms", f"{stem}*"), groups, ALARMS)


def _common_prefix(names: list[str]) -> str:
    return commonprefix(names)  # noqa: RUF071 - names are no paths


def _sinks(main: Stack, notifying_rules: Sequence[Rule]) -> tuple[Component, ...]:
    """Topics, log groups and other targets, ordered so that the arrows to them do not cross."""
    components = {
        topic.arn: _component(topic, _subscribers(main, topic.arn)) for topic in main.of_type("AWS::SNS::Topic")
    }
    for log in main.of_type("AWS::Logs::LogGroup"):
        days = log.properties.get("RetentionInDays")
        components[log.arn] = _component(log, f"keeps events {days} days" if days else "keeps events for ever")
    for target in (target for rule in notifying_rules for target in rule.targets):
        title = _SERVICES.get(target.arn.split(":")[2], "Event bus")
        components.setdefault(target.arn, _external_component(title, target.arn))
    buses = list(dict.fromkeys(rule.bus for rule in notifying_rules))
    bus_indexes = {
        arn: {buses.index(rule.bus) for rule in notifying_rules if any(target.arn == arn for target in rule.targets)}
        for arn in components
    }
    return tuple(sorted(components.values(), key=lambda sink: mean(bus_indexes[sink.arn] or {len(buses)})))


def _subscribers(main: Stack, topic: str) -> str:
    """Count the subscriptions by protocol; addresses have no place in a README."""
    protocols = Counter(protocol for protocol, _ in subscribers_of(main, topic))
    counts = ", ".join(f"{count}\u00a0\u00d7\u00a0{_protocol(name)}" for name, count in protocols.items())
    return f"notifies {counts}" if counts else "has no subscriber"


def _protocol(name: str) -> str:
    return _PROTOCOLS.get(name, name.upper() if name in _ABBREVIATIONS else name)
