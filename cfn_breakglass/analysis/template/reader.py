"""Template text to a Stack: what CloudFormation would create from it in one account and region."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.template.decoder import decode_template
from cfn_breakglass.analysis.template.intrinsics import Resolver
from cfn_breakglass.analysis.template.resource_types import StackLocation
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTIONS_BY_NAME = ("Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs")
"""Sections that map a name to a mapping."""
_OTHER_SECTIONS = ("AWSTemplateFormatVersion", "Description", "Metadata")


class FailedAssertionError(TemplateError):
    """An assertion in the template's Rules is false: the template is for another account or region."""


@dataclass(frozen=True)
class Resource:
    """A resource with its properties resolved: no intrinsic function is left in them.

    ``name`` and ``arn`` are empty if the type has none or is not in ``RESOURCE_TYPES``. ``template`` is the name of the
    template that makes it.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    name: str = ""
    arn: str = ""
    template: str = ""


@dataclass(frozen=True)
class Stack:
    """A deployed template: resources by logical ID, without those whose condition is false, and outputs by name.

    ``template`` is its name.
    """

    account: str
    region: str
    partition: str
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Any]
    metadata: Mapping[str, Any]
    description: str = ""
    template: str = ""

    def of_type(self, resource_type: str) -> list[Resource]:
        return [resource for resource in self.resources.values() if resource.type == resource_type]


def parse(text: str, file: str) -> dict[str, Any]:
    """Read a template, YAML or JSON, all intrinsics in their long form; ``file`` is its name in a TemplateError."""
    template = decode_template(text, file)
    if not isinstance(template, dict) or not template.get("Resources"):
        raise TemplateError(f"{file}: not a template: it has no Resources")
    if unsupported := sorted(map(str, template.keys() - {*_SECTIONS_BY_NAME, *_OTHER_SECTIONS})):
        raise TemplateError(f"{file}: cannot tell what {', '.join(unsupported)} does to the template")
    for section in _SECTIONS_BY_NAME:
        _check_section(section, template.get(section, {}), file)
    return template


def _check_section(section: str, entries: Any, file: str) -> None:
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise TemplateError(f"{file}: {section} must be a mapping of names to mappings")
    for name, entry in entries.items():
        if section == "Resources" and not isinstance(entry.get("Type"), str):
            raise TemplateError(f"{file}: Resources.{name} has no Type")
        if not isinstance(entry.get("Properties", {}), dict):
            raise TemplateError(f"{file}: {section}.{name}.Properties must be a mapping")


def resolve(
    template: Mapping[str, Any], *, account: str, region: str, stack_name: str = "break-glass", file: str = "template"
) -> Stack:
    """Compute the stack that CloudFormation would create from a parsed ``template``.

    Raises FailedAssertionError if an assertion in ``Rules`` is false. Raises TemplateError for everything else that
    CloudFormation would refuse, such as a dangling reference, and for what this module does not support, such as
    other intrinsic functions.
    """
    location = StackLocation(account, region, stack_name)
    resolver = Resolver(dict(template), location, file)
    _check_assertions(template.get("Rules", {}), resolver)
    resources = _without_false_conditions(template["Resources"], "Resources", resolver)
    outputs = _without_false_conditions(template.get("Outputs", {}), "Outputs", resolver)
    return Stack(
        account=account,
        region=region,
        partition=location.partition,
        resources={name: _resource(name, entry, resolver, file) for name, entry in resources.items()},
        outputs={
            name: resolver.resolve_value(output.get("Value"), f"Outputs.{name}") for name, output in outputs.items()
        },
        metadata=template.get("Metadata", {}),
        description=template.get("Description", ""),
        template=file,
    )


def merge(*stacks: Stack) -> Stack:
    """What several stacks of an account and a region have, as one with the metadata of the first.

    The same logical ID may stand in several of them; then the key of the resource is another.
    """
    first, *others = stacks
    resources, outputs = dict(first.resources), dict(first.outputs)
    for stack in others:
        keys = {logical_id: f"{stack.template}: {logical_id}" for logical_id in stack.resources.keys() & resources}
        resources |= {keys.get(logical_id, logical_id): resource for logical_id, resource in stack.resources.items()}
        outputs |= stack.outputs
    return replace(first, resources=resources, outputs=outputs)


def _resource(logical_id: str, entry: Mapping[str, Any], resolver: Resolver, file: str) -> Resource:
    properties = resolver.resolve_value(entry.get("Properties", {}), f"Resources.{logical_id}.Properties")
    return Resource(logical_id, entry["Type"], properties, *resolver.name_and_arn(logical_id), template=file)


def _without_false_conditions(entries: Mapping[str, Any], section: str, resolver: Resolver) -> dict[str, Any]:
    return {
        name: entry
        for name, entry in entries.items()
        if "Condition" not in entry or resolver.condition_holds(entry["Condition"], f"{section}.{name}")
    }


def _check_assertions(rules: Mapping[str, Any], resolver: Resolver) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html."""
    for name, rule in rules.items():
        path = f"Rules.{name}"
        if "RuleCondition" in rule and not resolver.is_true(rule["RuleCondition"], path):
            continue
        for assertion in rule.get("Assertions", []):
            if not resolver.is_true(assertion.get("Assert"), path):
                reason = assertion.get("AssertDescription", "the assertion does not hold")
                raise FailedAssertionError(str(resolver.error(path, reason)))
