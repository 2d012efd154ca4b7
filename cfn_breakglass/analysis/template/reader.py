"""Template text to a Stack: what CloudFormation would make of it in one account and region."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from cfn_breakglass.analysis.template.intrinsics import Resolver
from cfn_breakglass.analysis.template.resource_types import Place
from cfn_breakglass.errors import TemplateError, UnreadableTemplateError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from yaml import SafeLoader as _Fastest
else:
    _Fastest = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

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


class _Loader(_Fastest):
    """YAML as CloudFormation reads it: a date is text, and a key is given once."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name for it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) < len(node.value):
            raise yaml.MarkedYAMLError(problem="a key is given twice", problem_mark=node.start_mark)
        return mapping


def parse(text: str, file: str) -> dict[str, Any]:
    """Read a template, YAML with long-form intrinsics or JSON; ``file`` is its name in a TemplateError."""
    try:
        template = json.loads(text, object_pairs_hook=_once) if text[:1] == "{" else yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError) as error:
        where = " ".join(str(error).split())
        raise UnreadableTemplateError(f"{file}: not a template: {where}") from error
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


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError(f"a key is given twice among {sorted(key for key, _ in pairs)}")
    return mapping
