"""The EventBridge rules of a stack, compiled: their bus, their pattern and their targets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import SOURCE_PREFIX, reaches_rule
from cfn_breakglass.analysis.eventbridge.input_transformer import Transformer, TransformError
from cfn_breakglass.analysis.eventbridge.pattern import Pattern, compile_pattern
from cfn_breakglass.analysis.template.resource_types import bus_name
from cfn_breakglass.analysis.template.template_files import config_name, rule_id
from cfn_breakglass.errors import PatternError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cfn_breakglass.analysis.template.reader import Resource, Stack

_TARGET_KINDS = {"sns": "topic", "logs": "log", "sqs": "queue", "events": "bus"}
"""Kind of a target by the service in its ARN."""


@dataclass(frozen=True)
class Target:
    """Where a rule sends the events that match it; ``kind`` is topic, log, queue or bus."""

    kind: str
    arn: str
    role: str | None = None
    constant: str | None = None
    transformer: Transformer | None = None
    dead_letter_arn: str | None = None

    def message(self, event: Mapping[str, Any], rule: Rule) -> str:
        """The text that the target receives: the event as JSON, the rule's Input, or the input transformer's output.

        UndeliverableError if the transformer's template is JSON, but its output for this event is not.
        """
        if self.transformer:
            return self.transformer.render(
                event, rule_name=rule.name, rule_arn=rule.arn, ingestion_time=event.get("time")
            )
        return self.constant or json.dumps(event, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True)
class Rule:
    """A rule on a bus of a region; ``detection`` is its name without the stack's prefix, up to a dot.

    It is the whole name where the Metadata of the template give no prefix: nobody can tell then where one ends.
    """

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
        """Whether the rule fires on an event that is not too large: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html."""
        return self.pattern.matches(event) and reaches_rule(event, self.state)

    @property
    def forwards(self) -> bool:
        """Whether the rule only forwards: another rule says which detection an event is."""
        return bool(self.targets) and all(target.kind == "bus" for target in self.targets)

    @property
    def accepts_aws_events(self) -> bool:
        """Whether the pattern can match an event of AWS, whose source begins with ``aws.``."""
        sources = [
            next((matcher for matcher in branch if matcher.name == "source"), None) for branch in self.pattern.branches
        ]
        return any(not source or source.predicates or any(map(_is_aws, source.texts)) for source in sources)

    @property
    def context(self) -> dict[str, str | list[str]]:
        """The condition keys with which EventBridge calls a target for this rule."""
        return {"aws:SourceArn": self.arn, "aws:SourceAccount": self.account}


def _is_aws(source: str) -> bool:
    return source.startswith(SOURCE_PREFIX)


def bus_arn(stack: Stack, name: str) -> str:
    """The ARN of a bus in the stack's account and region."""
    return f"arn:{stack.partition}:events:{stack.region}:{stack.account}:event-bus/{name}"


def rules_of(stack: Stack) -> list[Rule]:
    """Every rule of the stack that has an event pattern; PatternError or TransformError if EventBridge refuses one."""
    rules = stack.of_type("AWS::Events::Rule")
    return [_compile_rule(stack, resource) for resource in rules if "EventPattern" in resource.properties]


def _compile_rule(stack: Stack, resource: Resource) -> Rule:
    try:
        return _rule(stack, resource)
    except (PatternError, TransformError) as error:
        raise type(error)(f"{resource.logical_id}: {error}") from error


def _rule(stack: Stack, resource: Resource) -> Rule:
    properties = resource.properties
    return Rule(
        detection=_detection(resource.name, stack.metadata),
        name=resource.name,
        arn=resource.arn,
        account=stack.account,
        region=stack.region,
        bus=bus_arn(stack, bus_name(properties.get("EventBusName", "default"))),
        state=properties.get("State", "ENABLED"),
        pattern=compile_pattern(properties["EventPattern"]),
        targets=tuple(_target(resource, target) for target in properties.get("Targets", [])),
    )


def _detection(rule_name: str, metadata: Mapping[str, Any]) -> str:
    return rule_id(rule_name, metadata).partition(".")[0] if config_name(metadata) else rule_name


def _target(rule: Resource, properties: Mapping[str, Any]) -> Target:
    arn = str(properties.get("Arn", ""))
    kind = _TARGET_KINDS.get(arn.split(":")[2]) if arn.startswith("arn:") else None
    if kind is None or (kind == "bus" and ":event-bus/" not in arn):
        raise TemplateError(f"{rule.logical_id}: cannot tell what the target {arn!r} does with an event")
    if "InputPath" in properties or (kind in ("bus", "log") and properties.keys() & {"Input", "InputTransformer"}):
        raise TemplateError(f"{rule.logical_id}: cannot tell what the target {arn} gets of an event")
    transformer = properties.get("InputTransformer")
    return Target(
        kind,
        arn,
        role=properties.get("RoleArn"),
        constant=properties.get("Input"),
        transformer=transformer and Transformer(transformer.get("InputPathsMap", {}), transformer["InputTemplate"]),
        dead_letter_arn=properties.get("DeadLetterConfig", {}).get("Arn"),
    )
