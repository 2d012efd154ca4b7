"""CloudFormation's intrinsic functions for one account and region."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from cfn_breakglass.analysis.template.resource_types import (
    NAME_PROPERTIES,
    RESOURCE_TYPES,
    StackLocation,
    format_identifier,
)
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PLACEHOLDER: Final = re.compile(r"\$\{(!?)([^{}]*)\}")
"""A variable of Fn::Sub; with an exclamation mark, text that looks like one."""
_NO_VALUE: Final = object()


def to_text(value: Any) -> str:
    """Write a scalar as CloudFormation writes it in a text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"{value!r} is not text")


def require_list(argument: Any) -> list[Any]:
    """``argument``, which has to be a list."""
    if not isinstance(argument, list):
        raise ValueError(f"{argument!r} is not a list")  # noqa: TRY004 - the one error of this module
    return argument


def list_of_length(count: int, argument: Any) -> list[Any]:
    """``argument``, which has to be a list of ``count``."""
    if len(require_list(argument)) != count:
        raise ValueError(f"it takes a list of {count}, not {argument!r}")
    return require_list(argument)


def _join(argument: Any) -> str:
    separator, texts = list_of_length(2, argument)
    return to_text(separator).join(to_text(text) for text in require_list(texts))


def _split(argument: Any) -> list[str]:
    separator, text = list_of_length(2, argument)
    return to_text(text).split(to_text(separator))


def _select(argument: Any) -> Any:
    index, elements = list_of_length(2, argument)
    position, values = to_text(index), require_list(elements)
    if not position.isdecimal() or int(position) >= len(values):
        raise ValueError(f"there is no item {position} in {values!r}")
    return values[int(position)]


def _equals(argument: Any) -> bool:
    left, right = list_of_length(2, argument)
    return to_text(left) == to_text(right)


def _contains(argument: Any) -> bool:
    values, value = list_of_length(2, argument)
    return value in require_list(values)


_VALUE_FUNCTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
}
"""Functions of their resolved argument alone."""
_CONDITION_FUNCTIONS: Final[dict[str, Callable[[Any], bool]]] = {"Fn::Contains": _contains, "Fn::Equals": _equals}


class Resolver:
    """Replaces the intrinsic functions of one template by their values.

    A ``path`` is the dotted path of a node in the template. What cannot be resolved is a TemplateError with that path.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
    """

    def __init__(self, template: dict[str, Any], location: StackLocation, file: str) -> None:
        self._template = template
        self._location = location
        self._file = file
        self._resolving: set[str] = set()
        self._functions: dict[str, Callable[[Any, str], Any]] = {
            "Ref": self._ref,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::Sub": self._sub,
        }
        self._logical_functions: dict[str, Callable[[Any, str], bool]] = {
            "Condition": self.condition_holds,
            "Fn::And": lambda conditions, path: all(self._all_truths(conditions, path)),
            "Fn::Not": self._not,
            "Fn::Or": lambda conditions, path: any(self._all_truths(conditions, path)),
        }

    def resolve_value(self, node: Any, path: str) -> Any:
        """``node`` with every intrinsic function in it replaced by its value."""
        if isinstance(node, dict):
            return self._resolve_mapping(node, path)
        if isinstance(node, list):
            values = [self.resolve_value(element, f"{path}.{index}") for index, element in enumerate(node)]
            return [value for value in values if value is not _NO_VALUE]
        return node

    def is_true(self, node: Any, path: str) -> bool:
        """Whether a condition or an assertion is true."""
        if isinstance(node, dict) and len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in self._logical_functions:
                return self._logical_functions[name](argument, path)
            if name in _CONDITION_FUNCTIONS:
                with self._error_at(f"{path}: {name}"):
                    return _CONDITION_FUNCTIONS[name](self.resolve_value(argument, path))
        raise self.error(path, f"{node!r} is not a condition")

    def condition_holds(self, name: Any, path: str) -> bool:
        """Whether the condition called ``name`` is true."""
        conditions = self._template.get("Conditions", {})
        if not isinstance(name, str) or name not in conditions:
            raise self.error(path, f"there is no condition {name!r}")
        with self._no_cycle(f"Conditions.{name}", path):
            return self.is_true(conditions[name], f"Conditions.{name}")

    def error(self, path: str, reason: str) -> TemplateError:
        return TemplateError(f"{self._file}: {path}: {reason}")

    def name_and_arn(self, logical_id: str) -> tuple[str, str]:
        """Name and ARN of a resource, empty if its type has none or is not in ``RESOURCE_TYPES``."""
        resource_type = RESOURCE_TYPES.get(self._template["Resources"][logical_id]["Type"])
        if not resource_type:
            return "", ""
        path = f"Resources.{logical_id}"
        return self._format(logical_id, "{name}", path), self._format(logical_id, resource_type.arn, path)

    def _resolve_mapping(self, node: dict[Any, Any], path: str) -> Any:
        name = next((key for key in node if key == "Ref" or str(key).startswith("Fn::")), None)
        if name is None:
            values = {key: self.resolve_value(value, f"{path}.{key}") for key, value in node.items()}
            return {key: value for key, value in values.items() if value is not _NO_VALUE}
        if len(node) > 1:
            raise self.error(path, f"{name} must stand alone, not among {sorted(map(str, node))}")
        with self._error_at(f"{path}: {name}"):
            if name in _VALUE_FUNCTIONS:
                return _VALUE_FUNCTIONS[name](self.resolve_value(node[name], path))
            if name in self._functions:
                return self._functions[name](node[name], path)
        raise self.error(path, f"{name} is a function that cannot be resolved here")

    def _ref(self, name: Any, path: str) -> Any:
        pseudo_parameters = self._location.pseudo_parameters
        if to_text(name) in pseudo_parameters:
            return pseudo_parameters[name]
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._template.get("Parameters", {}):
            return self._parameter(name)
        return self._attribute(name, None, path)

    def _parameter(self, name: str) -> Any:
        parameter = self._template["Parameters"][name]
        parameter_type = parameter.get("Type", "String")
        if "Default" not in parameter or parameter_type.startswith("AWS::SSM::"):
            raise ValueError(f"the value of the parameter {name} is not in the template")
        default = to_text(parameter["Default"])
        is_list = parameter_type == "CommaDelimitedList" or parameter_type.startswith("List<")
        return [value.strip() for value in default.split(",")] if is_list else default

    def _get_att(self, argument: Any, path: str) -> str:
        names = argument.split(".", 1) if isinstance(argument, str) else argument
        logical_id, attribute = list_of_length(2, names)
        return self._attribute(to_text(logical_id), to_text(self.resolve_value(attribute, path)), path)

    def _attribute(self, logical_id: str, attribute: str | None, path: str) -> str:
        """The value of an attribute of a resource, or of its Ref."""
        type_name = self._resource(logical_id, path)["Type"]
        resource_type = RESOURCE_TYPES.get(type_name)
        identifier = resource_type and (
            resource_type.ref if attribute is None else resource_type.attributes.get(attribute)
        )
        if not identifier:
            return_value = "Ref" if attribute is None else f"attribute {attribute}"
            raise ValueError(f"the {return_value} of {type_name} cannot be resolved here")
        return self._format(logical_id, identifier, path)

    def _format(self, logical_id: str, identifier: str, path: str) -> str:
        resource = self._template["Resources"][logical_id]
        name_property, properties = RESOURCE_TYPES[resource["Type"]].name_property, resource.get("Properties", {})
        with self._no_cycle(f"Resources.{logical_id}", path), self._error_at(path):
            naming = {key: properties[key] for key in (name_property, *NAME_PROPERTIES) if key in properties}
            values = {key: to_text(value) for key, value in self.resolve_value(naming, path).items()}
        return format_identifier(identifier, logical_id, name_property, values, self._location)

    def _resource(self, logical_id: str, path: str) -> Any:
        resource = self._template["Resources"].get(logical_id)
        if resource is None:
            raise ValueError(f"there is no resource or parameter {logical_id!r}")
        if "Condition" in resource and not self.condition_holds(resource["Condition"], path):
            raise ValueError(f"the resource {logical_id} is not created, its condition is false")
        return resource

    def _sub(self, argument: Any, path: str) -> str:
        template, variables = [argument, {}] if isinstance(argument, str) else list_of_length(2, argument)
        values = self.resolve_value(variables, path)

        def substitute(placeholder: re.Match[str]) -> str:
            is_literal, name = placeholder.groups()
            if is_literal:
                return "${" + name + "}"
            if name in values:
                return to_text(values[name])
            return to_text(self._get_att(name, path) if "." in name else self._ref(name, path))

        return _PLACEHOLDER.sub(substitute, to_text(template))

    def _find_in_map(self, argument: Any, path: str) -> Any:
        node: Any = self._template.get("Mappings", {})
        for key in map(to_text, list_of_length(3, self.resolve_value(argument, path))):
            if not isinstance(node, dict) or key not in node:
                raise ValueError(f"there is no {key!r} in {node!r}")
            node = node[key]
        return node

    def _if(self, argument: Any, path: str) -> Any:
        name, if_true, if_false = list_of_length(3, argument)
        return self.resolve_value(if_true if self.condition_holds(name, path) else if_false, path)

    def _not(self, argument: Any, path: str) -> bool:
        with self._error_at(path):
            return not self.is_true(list_of_length(1, argument)[0], path)

    def _all_truths(self, conditions: Any, path: str) -> list[bool]:
        with self._error_at(path):
            return [self.is_true(condition, path) for condition in require_list(conditions)]

    @contextmanager
    def _error_at(self, path: str) -> Iterator[None]:
        """Turn a ValueError into a TemplateError with the path of the node."""
        try:
            yield
        except ValueError as error:
            raise TemplateError(f"{self._file}: {path}: {error}") from error

    @contextmanager
    def _no_cycle(self, name: str, path: str) -> Iterator[None]:
        """Refuse a condition or a resource that depends on itself."""
        if name in self._resolving:
            raise self.error(path, f"{name} depends on itself")
        self._resolving.add(name)
        try:
            yield
        finally:
            self._resolving.remove(name)
