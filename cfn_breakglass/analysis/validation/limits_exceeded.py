"""What in a stack is larger than AWS allows, measured in the units in which AWS counts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cfn_breakglass.analysis.iam.policy import parse_policy, statements
from cfn_breakglass.analysis.simulator.delivery_permissions import role_policies
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.analysis.template.resource_types import bus_name
from cfn_breakglass.aws import limits
from cfn_breakglass.aws.limits import Limit
from cfn_breakglass.aws.pattern_complexity import complexity


@dataclass(frozen=True)
class Excess:
    """Something in a stack that is larger than AWS allows.

    ``part`` is the logical ID of a resource, a section such as Outputs, or an event bus.
    """

    limit: Limit
    part: str
    size: int

    def __str__(self) -> str:
        allowed = f"{self.limit.maximum:,} {self.limit.unit}"
        return f"{self.part}: {self.limit.subject}: {self.size:,}; AWS allows {allowed}"


Measure = tuple[Limit, str, int]


def limits_exceeded(stack: Stack, body: str | None = None) -> list[Excess]:
    """Everything over a limit of ``limits.py``; ``body`` is the text of the template, to be measured too."""
    excesses = [Excess(limit, part, size) for limit, part, size in _measures(stack)]
    if body is not None:
        excesses.append(Excess(limits.TEMPLATE, "Template", len(body.encode())))
    return [excess for excess in excesses if excess.size > excess.limit.maximum]


def _measures(stack: Stack) -> Iterator[Measure]:
    """Every limit that applies to a part of the stack, that part, and its size."""
    for resource in stack.resources.values():
        for limit, size in _of_resource(stack, resource):
            yield limit, resource.logical_id, size
    yield from _buses(stack)
    yield limits.RESOURCES, "Resources", len(stack.resources)
    yield limits.OUTPUTS, "Outputs", len(stack.outputs)
    yield limits.DESCRIPTION, "Description", len(stack.description.encode())


def _compact(document: Any) -> str:
    """JSON without blanks outside of its strings; text stays as it is."""
    if isinstance(document, str):
        return document
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _of_resource(stack: Stack, resource: Resource) -> Iterator[tuple[Limit, int]]:
    properties = resource.properties
    match resource.type:
        case "AWS::Events::Rule":
            yield from _rule(resource)
        case "AWS::Events::EventBus":
            yield limits.BUS_NAME, len(resource.name)
        case "AWS::IAM::Role":
            yield from _role(stack, resource)
        case "AWS::IAM::ManagedPolicy":
            yield limits.MANAGED_POLICY, _without_blanks(properties["PolicyDocument"])
        case "AWS::Logs::ResourcePolicy":
            yield limits.LOGS_RESOURCE_POLICY, len(_compact(properties["PolicyDocument"]))
        case "AWS::CloudFormation::StackSet":
            yield limits.TEMPLATE_BODY, len(properties.get("TemplateBody", "").encode())


def _rule(rule: Resource) -> Iterator[tuple[Limit, int]]:
    targets = rule.properties.get("Targets", [])
    yield limits.RULE_NAME, len(rule.name)
    yield limits.PATTERN, len(_compact(rule.properties.get("EventPattern", "")))
    yield limits.COMPLEXITY, complexity(rule.properties.get("EventPattern", {}))
    yield limits.TARGETS, len(targets)
    for target in targets:
        transformer = target.get("InputTransformer", {})
        paths = transformer.get("InputPathsMap", {})
        yield limits.INPUT_PATHS, len(paths)
        yield limits.INPUT_PATH, max(map(len, paths.values()), default=0)
        yield limits.INPUT_TEMPLATE, len(transformer.get("InputTemplate", "") or target.get("Input", ""))


def _role(stack: Stack, role: Resource) -> Iterator[tuple[Limit, int]]:
    path, trust = role.properties.get("Path", "/"), role.properties.get("AssumeRolePolicyDocument", {})
    yield limits.ROLE_NAME, len(role.name)
    yield limits.ROLE_PATH, len(path)
    yield limits.TRUST_POLICY, len(_compact(trust))
    if any("AWS" in statement.get("Principal", {}) for statement in statements(parse_policy(trust))):
        # Only a role that people assume is one to switch to.
        yield limits.SWITCH_ROLE_NAME, len(path + role.name)
    yield limits.INLINE_POLICIES, sum(map(_without_blanks, role_policies(stack, role, inline=True)))
    yield limits.ATTACHED_POLICIES, len(_attached_policies(stack, role))


def _attached_policies(stack: Stack, role: Resource) -> set[str]:
    """ARNs of the managed policies of a role, whichever of both names the other."""
    policies = stack.of_type("AWS::IAM::ManagedPolicy")
    naming_role = {policy.arn for policy in policies if role.name in policy.properties.get("Roles", [])}
    return naming_role | set(role.properties.get("ManagedPolicyArns", []))


def _buses(stack: Stack) -> Iterator[Measure]:
    patterns: defaultdict[str, list[Any]] = defaultdict(list)
    for rule in stack.of_type("AWS::Events::Rule"):
        bus = bus_name(rule.properties.get("EventBusName", "default"))
        patterns[bus].append(rule.properties.get("EventPattern", {}))
    for bus, on_bus in patterns.items():
        yield limits.RULES, f"bus {bus}", len(on_bus)
        yield limits.WILDCARD_RULES, f"bus {bus}", sum(map(_has_wildcard, on_bus))


def _has_wildcard(pattern: Mapping[str, Any]) -> bool:
    """Whether a pattern uses the operator, which stands among the values of a field."""
    for field, values in pattern.items():
        if field == "$or" or isinstance(values, dict):
            inner = [values] if isinstance(values, dict) else values
            if any(map(_has_wildcard, inner)):
                return True
        elif any(map(_is_wildcard, values)):
            return True
    return False


def _is_wildcard(value: Any) -> bool:
    return isinstance(value, dict) and ("wildcard" in value or any(map(_is_wildcard, value.values())))


def _without_blanks(document: Any) -> int:
    return len("".join(_compact(document).split()))
