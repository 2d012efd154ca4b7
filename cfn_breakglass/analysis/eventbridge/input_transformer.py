"""EventBridge's input transformer, which writes the text that a target receives.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html. A template that begins
with a brace or a bracket is JSON, and its output has to be JSON. Any other template is lines of text, each in quotes,
which are delivered, too. The value of a variable ``<name>`` in quotes is written unescaped, and an object or array
without its own quotes. Outside of quotes the value is written as JSON. A variable without a value is written as empty
text: nothing in quotes, ``""`` outside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cfn_breakglass.errors import BreakglassError

_MISSING = object()
_TOKEN = re.compile(r'\\.|"|<([A-Za-z0-9_.-]+)>', re.DOTALL)
_NAME = re.compile(r"(?!AWS)[A-Za-z0-9_-]+")
_PATH = re.compile(r"\$(?:\.[A-Za-z0-9_/-]+|\.\*|\[[0-9]+\]|\[\*\])*")
_STEP = re.compile(r"\.([A-Za-z0-9_/-]+)|\.(\*)|\[([0-9]+)\]|\[(\*)\]")

_RULE_ARN = "aws.events.rule-arn"
_RULE_NAME = "aws.events.rule-name"
_INGESTION = "aws.events.event.ingestion-time"
_EVENT_WITHOUT_DETAIL = "aws.events.event"
_FULL_EVENT = "aws.events.event.json"
_PREDEFINED = frozenset({_RULE_ARN, _RULE_NAME, _INGESTION, _EVENT_WITHOUT_DETAIL, _FULL_EVENT})

PathStep = str | int | None
"""A name, an index, or None for every child."""


class TransformError(BreakglassError):
    """EventBridge would refuse this input transformer, or could never deliver its output."""


class UndeliverableError(BreakglassError):
    """The ``output`` of a JSON template for an event is not JSON, so EventBridge does not deliver it."""

    def __init__(self, output: str, reason: str) -> None:
        self.output = output
        self.reason = reason
        super().__init__(output, reason)

    def __str__(self) -> str:
        return f"the output of the input transformer for this event is not JSON ({self.reason}): {self.output}"


class _Variable(NamedTuple):
    """A variable in a template, and whether it is in quotes."""

    name: str
    in_quotes: bool


class Transformer:
    """A compiled input transformer; ``paths`` are the JSON paths that it reads, ``$`` is the whole event."""

    def __init__(self, input_paths: Mapping[str, str], template: str) -> None:
        self._steps = {name: _parse_path(name, path) for name, path in input_paths.items()}
        self._parts = list(_split(template))
        self._json = template.lstrip()[:1] in ("{", "[")
        used = {part.name for part in self._parts if isinstance(part, _Variable)}
        if unknown := sorted(used - _PREDEFINED - self._steps.keys()):
            raise TransformError(f"the input template has <{unknown[0]}>, which no input path defines")
        full_event = {"$"} if used & {_EVENT_WITHOUT_DETAIL, _FULL_EVENT} else set()
        self.paths = tuple(sorted({input_paths[name] for name in used & self._steps.keys()} | full_event))
        self._validate()

    def render(self, event: Mapping[str, Any], *, rule_name: str, rule_arn: str, ingestion_time: str | None) -> str:
        """The text for one event; UndeliverableError if the template is JSON and the text is not."""
        values: dict[str, Any] = {name: _look_up(event, steps) for name, steps in self._steps.items()}
        values[_RULE_NAME], values[_RULE_ARN] = rule_name, rule_arn
        values[_INGESTION] = _MISSING if ingestion_time is None else ingestion_time
        values[_FULL_EVENT] = dict(event)
        values[_EVENT_WITHOUT_DETAIL] = {name: value for name, value in event.items() if name != "detail"}
        text = "".join(
            part if isinstance(part, str) else _format_value(values[part.name], in_quotes=part.in_quotes)
            for part in self._parts
        )
        if self._json:
            try:
                json.loads(text)
            except ValueError as error:
                raise UndeliverableError(text, str(error)) from None
        return text

    def _validate(self) -> None:
        """Try the template with the name of each variable as its value."""
        probe = "".join(part if isinstance(part, str) else _probe(part) for part in self._parts)
        texts = [probe] if self._json else [line for line in probe.splitlines() if line.strip()]
        try:
            documents = [json.loads(text) for text in texts]
        except ValueError as error:
            hint = "is not JSON" if self._json else "needs quotes around each line of text"
            raise TransformError(f"the input template {hint} ({error})") from None
        if not self._json and not (documents and all(isinstance(line, str) for line in documents)):
            raise TransformError("the input template must be JSON or lines of text, each in quotes")
        if key := next((key for key in _keys(documents) if _TOKEN.search(key)), None):
            raise TransformError(f"the input template has {key} as a key; a variable can only be a value")


def _parse_path(name: str, path: str) -> list[PathStep]:
    if not _NAME.fullmatch(name):
        raise TransformError(f"an input path cannot be called {name!r}: letters, digits, - and _, not AWS first")
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise TransformError(f"input path {name} is {path!r}; EventBridge reads dots, [0] and * after a $")
    return [step[1] or (int(step[3]) if step[3] else None) for step in _STEP.finditer(path)]


def _split(template: str) -> Iterator[str | _Variable]:
    """Split a template at its variables."""
    start, in_quotes = 0, False
    for token in _TOKEN.finditer(template):
        if token[0] == '"':
            in_quotes = not in_quotes
        elif name := token[1]:
            if in_quotes and name in (_EVENT_WITHOUT_DETAIL, _FULL_EVENT):
                raise TransformError(f"<{name}> can only be a value of its own, not part of text in quotes")
            yield template[start : token.start()]
            yield _Variable(name, in_quotes)
            start = token.end()
    yield template[start:]


def _probe(variable: _Variable) -> str:
    return f"<{variable.name}>" if variable.in_quotes else f'"<{variable.name}>"'


def _keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
    for child in _children(node, None):
        yield from _keys(child)


def _look_up(event: Mapping[str, Any], steps: list[PathStep]) -> Any:
    """The value at a path; for a path with a wildcard the list of all values, or _MISSING if there is none."""
    nodes: list[Any] = [event]
    for step in steps:
        nodes = [child for node in nodes for child in _children(node, step)]
    if None in steps:
        return nodes or _MISSING
    return nodes[0] if nodes else _MISSING


def _children(node: Any, step: PathStep) -> list[Any]:
    if isinstance(step, str):
        return [node[step]] if isinstance(node, Mapping) and step in node else []
    if isinstance(step, int):
        return [node[step]] if isinstance(node, list) and step < len(node) else []
    return list(node.values()) if isinstance(node, Mapping) else node if isinstance(node, list) else []


def _format_value(value: Any, *, in_quotes: bool) -> str:
    if value is _MISSING:
        return "" if in_quotes else '""'
    if in_quotes and isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace('"', "") if in_quotes else text
