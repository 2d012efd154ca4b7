"""The EventBridge rules of a stack, compiled: on which bus, what they take, whom they tell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import SOURCE_PREFIX, reaches_rule
from cfn_breakglass.analysis.eventbridge.input_transformer import Transformer, TransformError
from cfn_breakglass.analysis.eventbridge.pattern import Pattern, compile_pattern
from cfn_breakglass.analysis.template.resource_types import bus_name
from cfn_breakglass.analysis.template.template_files import rule_name_prefix
from cfn_breakglass.errors import PatternError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cfn_breakglass.analysis.template.reader import Resource, Stack

# What a target is, by the service in its ARN.
_KINDS = {"sns": "topic", "logs": "log", "sqs": "queue", "events": "bus"}


@dataclass(frozen=True)
class Target:
    """Where a rule sends what it takes: ``kind`` is topic, log, queue or bus."""

    kind: str
    arn: str
    role: str | None = None
    constant: str | None = None
    transformer: Transformer | None = None
    dead_letter_arn: str | None = None

    def message(self, event: Mapping[str, Any], rule: Rule) -> str:
        """Write what arrives there: the event's JSON, or what Input or the input transformer make of it.

        UndeliverableError if the transformer makes no JSON of this event where its template promises that.
        """
        if self.transformer:
            return self.transformer.render(
                event, rule_name=rule.name, rule_arn=rule.arn, ingestion_time=event.get("time")
            )
        return self.constant or json.dumps(event, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True)
class Rule:
    """A rule of a bus in a region; ``detection`` is what its name says after the stack's own prefix."""

    detection: str
    name: str
    arn: str
    account: str
    region: str
    bus: str
    state: str
    pattern: Pattern
    targets: tuple[Target, ...]

    def fires_on(self, event: Mapping[str, Any]) -> bool:
        """Whether the rule fires, whatever the event's size: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html."""
        return self.pattern.matches(event) and reaches_rule(event, self.state)

    @property
    def accepts_aws_events(self) -> bool:
        """Whether it may take an event of AWS, whose source begins with aws.; all others are somebody's own."""
        wanted = [next((leaf for leaf in branch if leaf.name == "source"), None) for branch in self.pattern.branches]
        return any(not leaf or leaf.predicates or any(map(_is_aws, leaf.texts)) for leaf in wanted)

    @property
    def context(self) -> dict[str, str | list[str]]:
        """What AWS says of the rule when it asks a policy."""
        return {"aws:SourceArn": self.arn, "aws:SourceAccount": self.account}


def _is_aws(source: str) -> bool:
    return source.startswith(SOURCE_PREFIX)


def bus_arn(stack: Stack, name: str) -> str:
    """ARN of a bus of the stack's region."""
    return f"arn:{stack.partition}:events:{stack.region}:{stack.account}:event-bus/{name}"


def rules_of(stack: Stack) -> list[Rule]:
    """Every rule of the stack that waits for events (a schedule does not); PatternError or TransformError if bad."""
    rules = stack.of_type("AWS::Events::Rule")
    return [_compiled(stack, resource) for resource in rules if "EventPattern" in resource.properties]


def _compiled(stack: Stack, resource: Resource) -> Rule:
    try:
        return _rule(stack, resource)
    except (PatternError, TransformError) as error:
        raise type(error)(f"{resource.logical_id}: {error}") from error


def _rule(stack: Stack, resource: Resource) -> Rule:
    given = resource.properties
    return Rule(
        detection=resource.name.removeprefix(rule_name_prefix(stack.metadata)).partition(".")[0],
        name=resource.name,
        arn=resource.arn,
        account=stack.account,
        region=stack.region,
        bus=bus_arn(stack, bus_name(given.get("EventBusName", "default"))),
        state=given.get("State", "ENABLED"),
        pattern=compile_pattern(given["EventPattern"]),
        targets=tuple(_target(resource, target) for target in given.get("Targets", [])),
    )


def _target(rule: Resource, given: Mapping[str, Any]) -> Target:
    arn = str(given.get("Arn", ""))
    kind = _KINDS.get(arn.split(":")[2]) if arn.startswith("arn:") else None
    if kind is None or (kind == "bus" and ":event-bus/" not in arn):
        raise TemplateError(f"{rule.logical_id}: cannot tell what the target {arn!r} does with an event")
    if "InputPath" in given or (kind in ("bus", "log") and given.keys() & {"Input", "InputTransformer"}):
        raise TemplateError(f"{rule.logical_id}: cannot tell what the target {arn} gets of an event")
    transformer = given.get("InputTransformer")
    return Target(
        kind,
        arn,
        given.get("RoleArn"),
        given.get("Input"),
        transformer and Transformer(transformer.get("InputPathsMap", {}), transformer["InputTemplate"]),
        given.get("DeadLetterConfig", {}).get("Arn"),
    )
