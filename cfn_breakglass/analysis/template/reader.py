"""Template text to a Stack: what CloudFormation would make of it in one account and region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.template.decoder import decode_template
from cfn_breakglass.analysis.template.intrinsics import Resolver
from cfn_breakglass.analysis.template.resource_types import Place
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Sections that hold one mapping per name, and the others.
_NAMED = ("Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs")
_OTHERS = ("AWSTemplateFormatVersion", "Description", "Metadata")


class RefusedError(TemplateError):
    """An assertion of the template's own does not hold: it is not meant for this account or region."""


@dataclass(frozen=True)
class Resource:
    """A resource with its properties resolved: no intrinsic is left in them.

    ``name`` and ``arn`` are empty where the type has none that is known here.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    name: str = ""
    arn: str = ""


@dataclass(frozen=True)
class Stack:
    """A template deployed: resources by logical ID (those with a false condition are gone), outputs by name."""

    account: str
    region: str
    partition: str
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Any]
    metadata: Mapping[str, Any]
    description: str = ""

    def of_type(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources.values() if resource.type == kind]


def parse(text: str, file: str) -> dict[str, Any]:
    """Read a template, YAML or JSON, all intrinsics in their long form; ``file`` is its name in a TemplateError."""
    template = decode_template(text, file)
    if not isinstance(template, dict) or not template.get("Resources"):
        raise TemplateError(f"{file}: not a template: it has no Resources")
    if unknown := sorted(map(str, template.keys() - {*_NAMED, *_OTHERS})):
        raise TemplateError(f"{file}: cannot tell what {', '.join(unknown)} does to the template")
    for section in _NAMED:
        _check(section, template.get(section, {}), file)
    return template


def _check(section: str, named: Any, file: str) -> None:
    if not isinstance(named, dict) or not all(isinstance(item, dict) for item in named.values()):
        raise TemplateError(f"{file}: {section} must be a mapping of names to mappings")
    for name, item in named.items():
        if section == "Resources" and not isinstance(item.get("Type"), str):
            raise TemplateError(f"{file}: Resources.{name} has no Type")
        if not isinstance(item.get("Properties", {}), dict):
            raise TemplateError(f"{file}: {section}.{name}.Properties must be a mapping")


def resolve(
    template: Mapping[str, Any], *, account: str, region: str, stack_name: str = "break-glass", file: str = "template"
) -> Stack:
    """Deploy a parsed ``template`` on paper.

    Raises RefusedError where a ``Rules`` assertion does not hold, and TemplateError for whatever else
    CloudFormation would refuse, such as a dangling reference, and for what is not known here, such as
    another intrinsic.
    """
    place = Place(account, region, stack_name)
    resolver = Resolver(dict(template), place, file)
    _assert_rules(template.get("Rules", {}), resolver)
    made = _made(template["Resources"], "Resources", resolver)
    outputs = _made(template.get("Outputs", {}), "Outputs", resolver)
    return Stack(
        account=account,
        region=region,
        partition=place.partition,
        resources={name: _resource(name, item, resolver) for name, item in made.items()},
        outputs={name: resolver.value(item.get("Value"), f"Outputs.{name}") for name, item in outputs.items()},
        metadata=template.get("Metadata", {}),
        description=template.get("Description", ""),
    )


def _resource(logical_id: str, item: Mapping[str, Any], resolver: Resolver) -> Resource:
    properties = resolver.value(item.get("Properties", {}), f"Resources.{logical_id}.Properties")
    return Resource(logical_id, item["Type"], properties, *resolver.identity(logical_id))


def _made(section: Mapping[str, Any], where: str, resolver: Resolver) -> dict[str, Any]:
    return {
        name: item
        for name, item in section.items()
        if "Condition" not in item or resolver.condition(item["Condition"], f"{where}.{name}")
    }


def _assert_rules(rules: Mapping[str, Any], resolver: Resolver) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html."""
    for name, rule in rules.items():
        where = f"Rules.{name}"
        if "RuleCondition" in rule and not resolver.truth(rule["RuleCondition"], where):
            continue
        for assertion in rule.get("Assertions", []):
            if not resolver.truth(assertion.get("Assert"), where):
                why = assertion.get("AssertDescription", "the assertion does not hold")
                raise RefusedError(str(resolver.error(where, why)))
