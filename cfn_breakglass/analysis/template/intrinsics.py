"""CloudFormation's intrinsic functions for one account and region."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.template.resource_types import KINDS, NAMING, Place, spell
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def text(value: Any) -> str:
    """Spell a scalar as CloudFormation does where it wants text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"{value!r} is not text")


def exactly(count: int, argument: Any) -> list[Any]:
    """``argument`` if it is a list of ``count``."""
    if len(items(argument)) != count:
        raise ValueError(f"a list of {count} is wanted, not {argument!r}")
    return items(argument)


def items(argument: Any) -> list[Any]:
    if not isinstance(argument, list):
        raise ValueError(f"{argument!r} is not a list")  # noqa: TRY004 - the one error of this module
    return argument


def join(argument: Any) -> str:
    separator, parts = exactly(2, argument)
    return text(separator).join(text(part) for part in items(parts))


def split(argument: Any) -> list[str]:
    separator, whole = exactly(2, argument)
    return text(whole).split(text(separator))


def select(argument: Any) -> Any:
    index, choices = exactly(2, argument)
    position, values = text(index), items(choices)
    if not position.isdecimal() or int(position) >= len(values):
        raise ValueError(f"there is no item {position} in {values!r}")
    return values[int(position)]


def equals(argument: Any) -> bool:
    left, right = exactly(2, argument)
    return text(left) == text(right)


def contains(argument: Any) -> bool:
    choices, wanted = exactly(2, argument)
    return wanted in items(choices)


VALUES: dict[str, Callable[[Any], Any]] = {"Fn::Join": join, "Fn::Select": select, "Fn::Split": split}
TESTS: dict[str, Callable[[Any], bool]] = {"Fn::Contains": contains, "Fn::Equals": equals}


_HOLE = re.compile(r"\$\{(!?)([^{}]*)\}")
_NO_VALUE = object()


class Resolver:
    """Works out the values of one template; what it does not know is a TemplateError that says where.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
    """

    def __init__(self, template: dict[str, Any], place: Place, file: str) -> None:
        self._template = template
        self._place = place
        self._file = file
        self._open: set[str] = set()
        self._functions: dict[str, Callable[[Any, str], Any]] = {
            "Ref": self._ref,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::Sub": self._sub,
        }
        self._tests: dict[str, Callable[[Any, str], bool]] = {
            "Condition": self.condition,
            "Fn::And": lambda tests, where: all(self._truths(tests, where)),
            "Fn::Not": self._not,
            "Fn::Or": lambda tests, where: any(self._truths(tests, where)),
        }

    def value(self, node: Any, where: str) -> Any:
        """``node`` with every intrinsic in it replaced by what it stands for."""
        if isinstance(node, dict):
            return self._mapping(node, where)
        if isinstance(node, list):
            values = [self.value(item, f"{where}.{index}") for index, item in enumerate(node)]
            return [value for value in values if value is not _NO_VALUE]
        return node

    def truth(self, node: Any, where: str) -> bool:
        """Whether a condition or an assertion holds."""
        if isinstance(node, dict) and len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in self._tests:
                return self._tests[name](argument, where)
            if name in TESTS:
                with self._located(f"{where}: {name}"):
                    return TESTS[name](self.value(argument, where))
        raise self.error(where, f"{node!r} is not a condition")

    def condition(self, name: Any, where: str) -> bool:
        """Whether the condition called ``name`` holds."""
        conditions = self._template.get("Conditions", {})
        if not isinstance(name, str) or name not in conditions:
            raise self.error(where, f"there is no condition {name!r}")
        with self._once(f"Conditions.{name}", where):
            return self.truth(conditions[name], f"Conditions.{name}")

    def error(self, where: str, what: str) -> TemplateError:
        return TemplateError(f"{self._file}: {where}: {what}")

    def _mapping(self, node: dict[Any, Any], where: str) -> Any:
        name = next((key for key in node if key == "Ref" or str(key).startswith("Fn::")), None)
        if name is None:
            values = {key: self.value(item, f"{where}.{key}") for key, item in node.items()}
            return {key: value for key, value in values.items() if value is not _NO_VALUE}
        if len(node) > 1:
            raise self.error(where, f"{name} must stand alone, not among {sorted(map(str, node))}")
        with self._located(f"{where}: {name}"):
            if name in VALUES:
                return VALUES[name](self.value(node[name], where))
            if name in self._functions:
                return self._functions[name](node[name], where)
        raise self.error(where, f"{name} is not a function that is known here")

    def _ref(self, name: Any, where: str) -> Any:
        pseudo = self._place.pseudo_parameters
        if text(name) in pseudo:
            return pseudo[name]
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._template.get("Parameters", {}):
            return self._parameter(name)
        return self._attribute(name, None, where)

    def _parameter(self, name: str) -> Any:
        parameter = self._template["Parameters"][name]
        kind = parameter.get("Type", "String")
        if "Default" not in parameter or kind.startswith("AWS::SSM::"):
            raise ValueError(f"the value of the parameter {name} is not in the template")
        default = text(parameter["Default"])
        is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
        return [item.strip() for item in default.split(",")] if is_list else default

    def _get_att(self, argument: Any, where: str) -> str:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        logical_id, attribute = exactly(2, parts)
        return self._attribute(text(logical_id), text(self.value(attribute, where)), where)

    def identity(self, logical_id: str) -> tuple[str, str]:
        """Name and ARN of a resource, empty where its type has none that is known here."""
        kind = KINDS.get(self._template["Resources"][logical_id]["Type"])
        if not kind:
            return "", ""
        where = f"Resources.{logical_id}"
        return self._spell(logical_id, "{name}", where), self._spell(logical_id, kind.arn, where)

    def _attribute(self, logical_id: str, attribute: str | None, where: str) -> str:
        of_type = self._resource(logical_id, where)["Type"]
        kind = KINDS.get(of_type)
        spelling = kind and (kind.ref if attribute is None else kind.attributes.get(attribute))
        if not spelling:
            what = "Ref" if attribute is None else f"attribute {attribute}"
            raise ValueError(f"the {what} of {of_type} is not known here")
        return self._spell(logical_id, spelling, where)

    def _spell(self, logical_id: str, spelling: str, where: str) -> str:
        resource = self._template["Resources"][logical_id]
        named_by, properties = KINDS[resource["Type"]].named_by, resource.get("Properties", {})
        with self._once(f"Resources.{logical_id}", where), self._located(where):
            naming = {key: properties[key] for key in (named_by, *NAMING) if key in properties}
            given = {key: text(value) for key, value in self.value(naming, where).items()}
        return spell(spelling, logical_id, named_by, given, self._place)

    def _resource(self, logical_id: str, where: str) -> Any:
        resource = self._template["Resources"].get(logical_id)
        if resource is None:
            raise ValueError(f"there is no resource or parameter {logical_id!r}")
        if "Condition" in resource and not self.condition(resource["Condition"], where):
            raise ValueError(f"the resource {logical_id} is not made, its condition is false")
        return resource

    def _sub(self, argument: Any, where: str) -> str:
        template, given = [argument, {}] if isinstance(argument, str) else exactly(2, argument)
        known = self.value(given, where)

        def fill(hole: re.Match[str]) -> str:
            literal, name = hole.groups()
            if literal:
                return "${" + name + "}"
            if name in known:
                return text(known[name])
            return text(self._get_att(name, where) if "." in name else self._ref(name, where))

        return _HOLE.sub(fill, text(template))

    def _find_in_map(self, argument: Any, where: str) -> Any:
        found: Any = self._template.get("Mappings", {})
        for key in map(text, exactly(3, self.value(argument, where))):
            if not isinstance(found, dict) or key not in found:
                raise ValueError(f"there is no {key!r} in {found!r}")
            found = found[key]
        return found

    def _if(self, argument: Any, where: str) -> Any:
        name, yes, no = exactly(3, argument)
        return self.value(yes if self.condition(name, where) else no, where)

    def _not(self, argument: Any, where: str) -> bool:
        with self._located(where):
            return not self.truth(exactly(1, argument)[0], where)

    def _truths(self, tests: Any, where: str) -> list[bool]:
        with self._located(where):
            return [self.truth(test, where) for test in items(tests)]

    @contextmanager
    def _located(self, where: str) -> Iterator[None]:
        """Say where in the template a ValueError comes from."""
        try:
            yield
        except ValueError as error:
            raise TemplateError(f"{self._file}: {where}: {error}") from error

    @contextmanager
    def _once(self, name: str, where: str) -> Iterator[None]:
        if name in self._open:
            raise self.error(where, f"{name} depends on itself")
        self._open.add(name)
        try:
            yield
        finally:
            self._open.remove(name)
