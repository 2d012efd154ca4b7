"""The templates inside a template: what a stack set deploys, and to which regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.template.reader import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfn_breakglass.analysis.template.reader import Stack

_TYPE = "AWS::CloudFormation::StackSet"


class StackSetTemplate(NamedTuple):
    """The template of a stack set, as text and parsed, and its regions; ``name`` is for messages."""

    logical_id: str
    name: str
    text: str
    template: dict[str, Any]
    regions: tuple[str, ...]


def stackset_templates(stack: Stack, file: str) -> Iterator[StackSetTemplate]:
    """Read the template of every stack set in ``stack``; TemplateError if one cannot be read.

    ``file`` is the name of the file that holds the template of ``stack``.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
    """
    for stackset in stack.of_type(_TYPE):
        name, body = f"{file}: {stackset.logical_id}", stackset.properties.get("TemplateBody", "")
        groups = stackset.properties.get("StackInstancesGroup", [])
        regions = dict.fromkeys(region for group in groups for region in group["Regions"])
        yield StackSetTemplate(stackset.logical_id, name, body, parse(body, name), tuple(regions))
