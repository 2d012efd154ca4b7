"""What a target receives: EventBridge's input transformer.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html. A template that begins
with a brace or a bracket is JSON and has to give JSON; any other is lines of text, each in quotes, delivered with
them. ``<name>`` within quotes is written as it is, unescaped, an object or array without its own quotes; outside
of them it is written as JSON. What the event does not have is empty text: nothing within quotes, ``""`` outside.
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
_WITHOUT_DETAIL = "aws.events.event"
_WHOLE = "aws.events.event.json"
_PREDEFINED = frozenset({_RULE_ARN, _RULE_NAME, _INGESTION, _WITHOUT_DETAIL, _WHOLE})

Step = str | int | None  # a name, an index, or None for every child


class TransformError(BreakglassError):
    """An input transformer that EventBridge would refuse or could never deliver."""


class UndeliverableError(BreakglassError):
    """A JSON template gave, for this event, ``output`` that is not JSON: EventBridge drops the delivery."""

    def __init__(self, output: str, reason: str) -> None:
        self.output = output
        self.reason = reason
        super().__init__(output, reason)

    def __str__(self) -> str:
        return f"the input transformer gives no JSON for this event ({self.reason}): {self.output}"


class _Slot(NamedTuple):
    name: str
    quoted: bool


class Transformer:
    """A compiled input transformer; ``paths`` are the JSON paths it reads, ``$`` for the whole event."""

    def __init__(self, input_paths: Mapping[str, str], template: str) -> None:
        self._steps = {name: _parse_path(name, path) for name, path in input_paths.items()}
        self._parts = list(_split(template))
        self._json = template.lstrip()[:1] in ("{", "[")
        used = {part.name for part in self._parts if isinstance(part, _Slot)}
        if unknown := sorted(used - _PREDEFINED - self._steps.keys()):
            raise TransformError(f"the input template has <{unknown[0]}>, which no input path defines")
        whole = {"$"} if used & {_WITHOUT_DETAIL, _WHOLE} else set()
        self.paths = tuple(sorted({input_paths[name] for name in used & self._steps.keys()} | whole))
        self._validate()

    def render(self, event: Mapping[str, Any], *, rule_name: str, rule_arn: str, ingestion_time: str | None) -> str:
        """Write what the target receives; UndeliverableError if a JSON template gives no JSON."""
        values: dict[str, Any] = {name: _look_up(event, steps) for name, steps in self._steps.items()}
        values[_RULE_NAME], values[_RULE_ARN] = rule_name, rule_arn
        values[_INGESTION] = _MISSING if ingestion_time is None else ingestion_time
        values[_WHOLE] = dict(event)
        values[_WITHOUT_DETAIL] = {name: value for name, value in event.items() if name != "detail"}
        text = "".join(part if isinstance(part, str) else _written(values[part.name], part) for part in self._parts)
        if self._json:
            try:
                json.loads(text)
            except ValueError as error:
                raise UndeliverableError(text, str(error)) from None
        return text

    def _validate(self) -> None:
        """Try the template with every slot holding its own name."""
        probe = "".join(part if isinstance(part, str) else _probe(part) for part in self._parts)
        texts = [probe] if self._json else [line for line in probe.splitlines() if line.strip()]
        try:
            found = [json.loads(text) for text in texts]
        except ValueError as error:
            hint = "is not JSON" if self._json else "needs quotes around each line of text"
            raise TransformError(f"the input template {hint} ({error})") from None
        if not self._json and not (found and all(isinstance(line, str) for line in found)):
            raise TransformError("the input template must be JSON or lines of text, each in quotes")
        if key := next((key for key in _keys(found) if _TOKEN.search(key)), None):
            raise TransformError(f"the input template has {key} as a key; a variable can only be a value")


def render(
    input_paths: Mapping[str, str],
    template: str,
    event: Mapping[str, Any],
    *,
    rule_name: str,
    rule_arn: str,
    ingestion_time: str | None = None,
) -> str:
    """Transform one event; to transform many, keep a Transformer. Without a time, ingestion-time is missing."""
    transformer = Transformer(input_paths, template)
    return transformer.render(event, rule_name=rule_name, rule_arn=rule_arn, ingestion_time=ingestion_time)


def _parse_path(name: str, path: str) -> list[Step]:
    if not _NAME.fullmatch(name):
        raise TransformError(f"an input path cannot be called {name!r}: letters, digits, - and _, not AWS first")
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise TransformError(f"input path {name} is {path!r}; EventBridge reads dots, [0] and * after a $")
    return [each[1] or (int(each[3]) if each[3] else None) for each in _STEP.finditer(path)]


def _split(template: str) -> Iterator[str | _Slot]:
    """Cut a template at its variables, telling those in quotes from those outside."""
    start, quoted = 0, False
    for token in _TOKEN.finditer(template):
        if token[0] == '"':
            quoted = not quoted
        elif name := token[1]:
            if quoted and name in (_WITHOUT_DETAIL, _WHOLE):
                raise TransformError(f"<{name}> can only be a value of its own, not part of text in quotes")
            yield template[start : token.start()]
            yield _Slot(name, quoted)
            start = token.end()
    yield template[start:]


def _probe(slot: _Slot) -> str:
    return f"<{slot.name}>" if slot.quoted else f'"<{slot.name}>"'


def _keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _keys(child)


def _look_up(event: Mapping[str, Any], steps: list[Step]) -> Any:
    """Find a path's value; through a wildcard the list of all there are, missing if there is none."""
    nodes: list[Any] = [event]
    for step in steps:
        nodes = [child for node in nodes for child in _children(node, step)]
    if None in steps:
        return nodes or _MISSING
    return nodes[0] if nodes else _MISSING


def _children(node: Any, step: Step) -> list[Any]:
    if isinstance(step, str):
        return [node[step]] if isinstance(node, Mapping) and step in node else []
    if isinstance(step, int):
        return [node[step]] if isinstance(node, list) and step < len(node) else []
    return list(node.values()) if isinstance(node, Mapping) else node if isinstance(node, list) else []


def _written(value: Any, slot: _Slot) -> str:
    if value is _MISSING:
        return "" if slot.quoted else '""'
    if slot.quoted and isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace('"', "") if slot.quoted else text
