"""Event patterns and input transformers that EventBridge does not take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from cfn_breakglass.analysis.eventbridge.input_transformer import Transformer, TransformError
from cfn_breakglass.analysis.eventbridge.pattern import compile_pattern
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.errors import PatternError

_INPUT_PATH_NAME: Final = re.compile(r"(?!AWS)[A-Za-z0-9]+")


class InvalidRule(NamedTuple):
    """A part of a rule that EventBridge does not take; ``rule_id`` is that of the finding."""

    rule_id: str
    logical_id: str
    message: str


def invalid_rules(stack: Stack) -> list[InvalidRule]:
    """Every event pattern and input transformer of the stack that EventBridge does not take, whatever its size."""
    return [invalid for rule in stack.of_type("AWS::Events::Rule") for invalid in _invalid_parts(rule)]


def _invalid_parts(rule: Resource) -> Iterator[InvalidRule]:
    try:
        if "EventPattern" in rule.properties:
            compile_pattern(rule.properties["EventPattern"])
    except PatternError as error:
        yield InvalidRule("event-pattern-invalid", rule.logical_id, str(error))
    for target in rule.properties.get("Targets", []):
        for message in _transformer_errors(target.get("InputTransformer", {})):
            yield InvalidRule("input-transformer-invalid", rule.logical_id, message)


def _transformer_errors(transformer: Mapping[str, Any]) -> Iterator[str]:
    input_paths = transformer.get("InputPathsMap", {})
    invalid_names = [name for name in input_paths if not _INPUT_PATH_NAME.fullmatch(name)]
    for name in invalid_names:
        yield f"the input path {name!r} needs a name of letters and digits that does not start with AWS"
    if "InputTemplate" in transformer and not invalid_names:
        try:
            Transformer(input_paths, transformer["InputTemplate"])
        except TransformError as error:
            yield str(error)
