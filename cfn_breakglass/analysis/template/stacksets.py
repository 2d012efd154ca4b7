"""The templates within a template: what a stack set rolls out, to which regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.template.reader import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfn_breakglass.analysis.template.reader import Stack

_TYPE = "AWS::CloudFormation::StackSet"


class RolledOut(NamedTuple):
    """The template that a stack set holds, as text and read, and its regions; ``name`` is for people."""

    name: str
    text: str
    template: dict[str, Any]
    regions: tuple[str, ...]


def rolled_out(stack: Stack, file: str) -> Iterator[RolledOut]:
    """Read every template within ``stack``, which was in ``file``; TemplateError for one that is bad.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
    """
    for held in stack.of_type(_TYPE):
        name, body = f"{file}: {held.logical_id}", held.properties.get("TemplateBody", "")
        regions = (region for group in held.properties.get("StackInstancesGroup", []) for region in group["Regions"])
        yield RolledOut(name, body, parse(body, name), tuple(dict.fromkeys(regions)))
