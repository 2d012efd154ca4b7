"""The picture of a folder's templates, from their text alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from os.path import commonprefix
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

from cfn_breakglass.analysis.diagram.picture import AlertSource, Component, Picture, RegionGroup, RuleGroup
from cfn_breakglass.analysis.diagram.trust_summary import allowed_principals
from cfn_breakglass.analysis.eventbridge.rules import rules_of
from cfn_breakglass.analysis.template.reader import resolve
from cfn_breakglass.analysis.template.template_files import main_and_stackset, rule_name_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from cfn_breakglass.analysis.eventbridge.rules import Rule
    from cfn_breakglass.analysis.template.reader import Resource, Stack
    from cfn_breakglass.analysis.template.template_files import TemplateFile

# Nobody's account, so that no account of a config is taken for the one deployed to.
_ANY_ACCOUNT = "000000000000"
_PROTOCOLS = {"application": "mobile push", "firehose": "Firehose", "lambda": "Lambda"}
_SERVICES = {"sns": "Topic", "logs": "Log group", "sqs": "Queue"}
ELSEWHERE = "made elsewhere"


def picture_of(folder: Path) -> Picture:
    """Read main-region and stackset in ``folder``, YAML or JSON; TemplateError when they cannot be read."""
    main_plan, others_plan = main_and_stackset(folder)
    (home,) = _deployed(main_plan)
    others = _deployed(others_plan)
    main = home.stack
    forwards = [rule for held in (home, *others) for rule in held.rules if _on_default(rule)]
    told = [rule for rule in home.rules if not _on_default(rule)]
    sinks = _sinks(main, told)
    return Picture(
        name=rule_name_prefix(main.metadata).removesuffix("-"),
        role=(role := _role(main)),
        principals=_takers(main, role),
        region_groups=(_area("main-region", [home]), *_areas(others)),
        forwarders=_forwarders(main, forwards),
        alert_sources=(*_buses(main, told, forwards, [sink.arn for sink in sinks]), *_alarms(main, sinks)),
        sinks=sinks,
    )


class _Held(NamedTuple):
    """A stack and its rules."""

    stack: Stack
    rules: list[Rule]


def _deployed(plan: TemplateFile) -> list[_Held]:
    account = plan.coverage.account or _ANY_ACCOUNT
    stacks = [resolve(plan.template, account=account, region=region, file=plan.file) for region in plan.regions]
    return [_Held(stack, rules_of(stack)) for stack in stacks]


def _on_default(rule: Rule) -> bool:
    return rule.bus.endswith(":event-bus/default")


def _area(template: str, holders: Sequence[_Held]) -> RegionGroup:
    stack, rules = holders[0]
    forwards = [rule for rule in rules if _on_default(rule)]
    roles = [target.role for rule in forwards for target in rule.targets if target.role]
    return RegionGroup(
        template=template,
        regions=tuple(held.stack.region for held in holders),
        rule_groups=_watches(stack, forwards),
        queues=tuple(map(_made, stack.of_type("AWS::SQS::Queue"))),
        forwarder_arns=tuple(dict.fromkeys(roles)),
    )


def _areas(others: Iterable[_Held]) -> list[RegionGroup]:
    """Group the regions of the stackset by what they hold, most often one group."""
    groups: dict[object, list[_Held]] = {}
    for held in others:
        area = _area("stackset", [held])
        queues = tuple(queue.name for queue in area.queues)
        groups.setdefault((area.rule_groups, queues, area.forwarder_arns), []).append(held)
    return [_area("stackset", group) for group in groups.values()]


def _watches(stack: Stack, rules: Iterable[Rule]) -> tuple[RuleGroup, ...]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for rule in rules:
        off = " (disabled)" if rule.state == "DISABLED" else ""
        label = rule.name.removeprefix(rule_name_prefix(stack.metadata)) + off
        groups.setdefault(tuple(target.arn for target in rule.targets), []).append(label)
    return tuple(RuleGroup(tuple(labels), to) for to, labels in groups.items())


def _made(resource: Resource, *notes: str) -> Component:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", resource.logical_id).capitalize()
    words = words.replace("Dead letter", "Dead-letter")
    return Component(words, resource.name, resource.arn, notes)


def _named(title: str, arn: str) -> Component:
    """Draw what no template of ours makes, by its ARN alone."""
    return Component(title, re.split(r"[:/]", arn)[-1] if "/" not in arn else arn.split("/", 1)[1], arn, (ELSEWHERE,))


def _role(main: Stack) -> Component:
    arn = str(main.outputs.get("RoleArn", ""))
    for role in main.of_type("AWS::IAM::Role"):
        if role.arn == arn:
            return Component("Break-glass role", role.name, arn)
    if arn:
        return _named("Break-glass role", arn)
    patterns = json.dumps([resource.properties.get("EventPattern") for resource in main.of_type("AWS::Events::Rule")])
    # Identity Center ends the name of its roles in 16 characters of its own.
    names = re.findall(r':assumed-role/([^/"]+)', patterns)
    name = next((f"{name}*" if name.endswith("_") else name for name in names), "")
    return Component("Break-glass role", name, "", (ELSEWHERE,))


def _takers(main: Stack, role: Component) -> tuple[str, ...]:
    made = [one for one in main.of_type("AWS::IAM::Role") if one.arn == role.arn]
    if not made:
        return ("whom its own trust policy lets",)
    return allowed_principals(made[0].properties.get("AssumeRolePolicyDocument", {}), main.account) or ("nobody",)


def _forwarders(main: Stack, rules: Iterable[Rule]) -> tuple[Component, ...]:
    made = {
        role.arn: Component("Forwarder", role.name, role.arn, ("an IAM role",))
        for role in main.of_type("AWS::IAM::Role")
    }
    arns = [str(main.outputs.get("ForwarderRoleArn", ""))]
    arns += [target.role or "" for rule in rules for target in rule.targets]
    return tuple(made.get(arn) or _named("Forwarder", arn) for arn in dict.fromkeys(arns) if arn)


def _buses(main: Stack, told: Iterable[Rule], forwards: Iterable[Rule], order: list[str]) -> tuple[AlertSource, ...]:
    parts = {bus.arn: _made(bus) for bus in main.of_type("AWS::Events::EventBus")}
    used = [target.arn for rule in forwards for target in rule.targets if target.kind == "bus"]
    for arn in dict.fromkeys([*used, *(rule.bus for rule in told)]):
        parts.setdefault(arn, _named("Event bus", arn))
    watches = {arn: _watches(main, [rule for rule in told if rule.bus == arn]) for arn in parts}
    first = {arn: index for index, arn in enumerate(dict.fromkeys([*used, *parts]))}

    def place(watch: RuleGroup) -> list[int]:
        return sorted(order.index(arn) for arn in watch.target_arns)

    drawn = sorted(parts, key=first.__getitem__)
    return tuple(AlertSource(parts[arn], tuple(sorted(watches[arn], key=place))) for arn in drawn)


def _alarms(main: Stack, sinks: Iterable[Component]) -> Iterator[AlertSource]:
    """The alarms that tell sinks of their own accord; those on the same metric are counted."""
    drawn = {sink.arn for sink in sinks}
    alike: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for alarm in main.of_type("AWS::CloudWatch::Alarm"):
        metric = str(alarm.properties.get("MetricName", alarm.name))
        if to := tuple(arn for arn in alarm.properties.get("AlarmActions", []) if arn in drawn):
            alike.setdefault((to, metric), []).append(alarm.name)
    stem = _shared([name for some in alike.values() for name in some])
    told: dict[tuple[str, ...], list[str]] = {}
    for (to, _), some in alike.items():
        name = _shared(some).removeprefix(stem)
        told.setdefault(to, []).append(f"{name}* ({len(some)})" if len(some) > 1 else name)
    if told:
        yield AlertSource(
            Component("Alarms", f"{stem}*"), tuple(RuleGroup(tuple(names), to) for to, names in told.items()), "alarms"
        )


def _shared(names: list[str]) -> str:
    return commonprefix(names)  # noqa: RUF071 - names are no paths


def _sinks(main: Stack, told: Sequence[Rule]) -> tuple[Component, ...]:
    """Topics and log groups, and whatever else is told, ordered so that no two ways to them cross."""
    parts = {topic.arn: _made(topic, _subscribers(main, topic.arn)) for topic in main.of_type("AWS::SNS::Topic")}
    for log in main.of_type("AWS::Logs::LogGroup"):
        days = log.properties.get("RetentionInDays")
        parts[log.arn] = _made(log, f"kept {days} days" if days else "kept for ever")
    for target in (target for rule in told for target in rule.targets):
        parts.setdefault(target.arn, _named(_SERVICES.get(target.arn.split(":")[2], "Event bus"), target.arn))
    buses = list(dict.fromkeys(rule.bus for rule in told))
    users = {arn: [buses.index(rule.bus) for rule in told for one in rule.targets if one.arn == arn] for arn in parts}
    return tuple(sorted(parts.values(), key=lambda part: mean(set(users[part.arn]) or {len(buses)})))


def _subscribers(main: Stack, topic: str) -> str:
    """Count them by protocol: their addresses are nothing for a README."""
    protocols = Counter(
        str(one.properties.get("Protocol"))
        for one in main.of_type("AWS::SNS::Subscription")
        if one.properties.get("TopicArn") == topic
    )
    told = {key: _PROTOCOLS.get(key, key if key.startswith("email") else key.upper()) for key in protocols}
    counts = ", ".join(f"{count}\u00a0\u00d7\u00a0{told[key]}" for key, count in protocols.items())
    return f"tells {counts}" if counts else "has no subscriber"
