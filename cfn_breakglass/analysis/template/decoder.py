"""Template text, YAML or JSON, to the data that CloudFormation reads in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import yaml

from cfn_breakglass.errors import UnreadableTemplateError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from yaml import SafeLoader as _FastestLoader
else:
    _FastestLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SHORT_FORMS: Final = frozenset(
    (
        *("And", "Base64", "Cidr", "Equals", "FindInMap", "GetAZs", "GetAtt", "GetStackOutput", "If", "ImportValue"),
        *("Join", "Length", "Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform"),
        # Functions of the section Rules
        *("Contains", "EachMemberEquals", "EachMemberIn", "RefAll", "ValueOf", "ValueOfAll"),
    )
)
"""Intrinsic functions whose long form begins with ``Fn::``.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""
_WITHOUT_PREFIX: Final = frozenset(("Condition", "Ref"))


def decode_template(text: str, file: str) -> Any:
    """Decode a template; UnreadableTemplateError, which says the line, for what is neither YAML nor JSON.

    Short forms of intrinsic functions become their long forms: ``!GetAtt Topic.Arn`` is
    ``{"Fn::GetAtt": ["Topic", "Arn"]}``.
    """
    try:
        if text[:1] == "{":
            return json.loads(text, object_pairs_hook=_without_duplicates)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        # libyaml says of what should go on where the text ends that it is missing in the line after it.
        line = min(error.problem_mark.line + 1, len(text.splitlines())) if error.problem_mark else 1
        reason = ", ".join(filter(None, (error.context, error.problem)))
        raise UnreadableTemplateError(f"{file}: line {line}: not a template: {reason}") from error
    except json.JSONDecodeError as error:
        raise UnreadableTemplateError(f"{file}: line {error.lineno}: not a template: {error.msg}") from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UnreadableTemplateError(f"{file}: not a template: {reason}") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError(f"a key stands twice among {sorted(key for key, _ in pairs)}")
    return mapping


class _Loader(_FastestLoader):
    """YAML as CloudFormation reads it: a date is text, a key stands once, and tags are intrinsic functions."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name for it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) < len(node.value):
            raise yaml.MarkedYAMLError(problem="a key stands twice", problem_mark=node.start_mark)
        return mapping


def _long_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    """The long form of the short form ``!name`` of an intrinsic function."""
    if name in _WITHOUT_PREFIX:
        return {name: _argument(loader, node)}
    if name not in _SHORT_FORMS:
        raise yaml.MarkedYAMLError(
            problem=f"!{name} is not an intrinsic function of CloudFormation", problem_mark=node.start_mark
        )
    argument = _argument(loader, node)
    if name == "GetAtt" and isinstance(argument, str):
        argument = argument.split(".", 1)
    return {f"Fn::{name}": argument}


def _argument(loader: _Loader, node: yaml.Node) -> Any:
    match node:
        case yaml.ScalarNode():
            return loader.construct_scalar(node)
        case yaml.SequenceNode():
            return loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _long_form)
