"""Event patterns of a plan as EventBridge sees them, and random events made from what patterns look for."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import botocore.session
from hypothesis import strategies as st
from samples import ACCOUNT
from troposphere import encode_to_dict

from cfn_breakglass.analysis.eventbridge.pattern import Pattern, compile_pattern
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.plan import Plan, make_plan

PSEUDO_PARAMETERS: Final = {
    "${AWS::Partition}": "aws",
    "${AWS::AccountId}": ACCOUNT,
    "${AWS::Region}": "eu-west-1",
    "${Key}": "1234abcd-12ab-34cd-56ef-1234567890ab",
}
# What botocore calls the services whose names it spells otherwise.
_MODELS: Final = {"monitoring": "cloudwatch", "cloudcontrolapi": "cloudcontrol"}
Path = tuple[str, ...]


def resolve_pattern(node: Any) -> Any:
    """A pattern of a plan as plain data, with what CloudFormation would fill in."""
    node = encode_to_dict(node)
    if isinstance(node, list):
        return [resolve_pattern(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.keys() & {"Ref", "Fn::Sub"}:
        text = node.get("Fn::Sub") or "${" + node["Ref"] + "}"
        for parameter, value in PSEUDO_PARAMETERS.items():
            text = text.replace(parameter, value)
        return text
    return {name: resolve_pattern(value) for name, value in node.items()}


def compiled(pattern: Any) -> Pattern:
    """A pattern of a plan, ready to match."""
    return compile_pattern(resolve_pattern(pattern))


@cache
def plan_of(settings: str) -> Plan:
    """The plan for settings given as YAML text."""
    import yaml

    return make_plan(config_of(yaml.safe_load(settings)))


def values_by_path(patterns: Iterable[Any]) -> dict[Path, list[Any]]:
    """Every value that one of the patterns looks for, and one that it does not, by the path of its field."""
    values: defaultdict[Path, dict[str, Any]] = defaultdict(dict)
    for pattern in patterns:
        for path, matcher in _leaves(resolve_pattern(pattern)):
            for value in _values(matcher):
                values[path][repr(value)] = value
    return {path: list(found.values()) for path, found in values.items()}


def _leaves(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, value in node.items():
        if name == "$or":
            for alternative in value:
                yield from _leaves(alternative, path)
        elif isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        else:
            for matcher in value:
                yield (*path, name), matcher


def _values(matcher: Any) -> list[Any]:
    """A value or two that a matcher takes, or that it is about."""
    if not isinstance(matcher, dict):
        return [matcher]
    ((operator, operand),) = matcher.items()
    if operator == "exists":
        return ["anything"]
    values = [
        value for item in (operand if isinstance(operand, list) else [operand]) for value in _about(operator, item)
    ]
    return [*values, "something else"]


def _about(operator: str, operand: Any) -> list[Any]:
    if isinstance(operand, dict):  # a matcher within one: ignoring case, or anything but a prefix
        return _values(operand)
    assert operator in {"prefix", "suffix", "wildcard", "equals-ignore-case", "anything-but"}, operator
    text = operand.replace("*", "x")
    return [text, f"{text}y", f"y{text}"]


def events(values: dict[Path, list[Any]], samples: list[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Events of ``samples`` in which up to four fields are other values that patterns look for.

    A call that the samples know has a source that makes it, and a call has only parameters of its own: no other event
    is made by AWS.
    """
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for sample in samples:
        sources[str(sample["detail"].get("eventName"))].add(sample["source"])
    changes = st.lists(
        st.sampled_from([(path, value) for path in sorted(values) for value in values[path]]), max_size=4
    )
    return st.tuples(st.sampled_from(samples), changes).map(lambda drawn: _changed(drawn[0], drawn[1], sources))


def _changed(event: dict[str, Any], changes: list[tuple[Path, Any]], sources: Mapping[str, set[str]]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(event))
    for path, value in changes:
        node = changed
        for name in path[:-1]:
            inner = node.get(name)
            node[name] = inner if isinstance(inner, dict) else {}
            node = node[name]
        node[path[-1]] = value
    of_call = sources.get(str(changed["detail"].get("eventName")), {changed["source"]})
    possible = {**changed, "source": changed["source"] if changed["source"] in of_call else min(of_call)}
    _drop_foreign_parameters(event, possible)
    return possible


def _drop_foreign_parameters(sample: dict[str, Any], changed: dict[str, Any]) -> None:
    """Leave out parameters that the call does not have; what CloudTrail omits hides all others.

    A call that botocore does not know has those of the sample.
    """
    parameters = changed["detail"].get("requestParameters")
    if not isinstance(parameters, dict):
        return
    if "omitted" in parameters:
        kept = {"omitted"}
    else:
        call = str(changed["detail"].get("eventName"))
        known = _parameters_of(changed["source"].removeprefix("aws."), call)
        is_same_call = call == sample["detail"].get("eventName")
        kept = {*known, *(sample["detail"].get("requestParameters") or {} if is_same_call or not known else ())}
    changed["detail"]["requestParameters"] = {name: value for name, value in parameters.items() if name in kept}


@cache
def _parameters_of(service: str, call: str) -> frozenset[str]:
    """The parameters of a call as CloudTrail writes them; none of a call that botocore does not know."""
    session, name = botocore.session.get_session(), _MODELS.get(service, service)
    model = session.get_service_model(name) if name in session.get_available_services() else None
    if model is None or call not in model.operation_names:
        return frozenset()
    shape = model.operation_model(call).input_shape
    return frozenset(name[0].lower() + name[1:] for name in (shape.members if shape else ()))
