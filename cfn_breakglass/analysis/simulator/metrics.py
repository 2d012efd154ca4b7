"""What CloudWatch makes of a line in a log group: the metrics of its metric filters, and the alarms on them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

from __future__ import annotations

import json
import operator
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cfn_breakglass.analysis.template.reader import Resource, Stack

_SELECTOR = r"\$((?:\.[A-Za-z0-9_-]+)+)"
_PATTERN = re.compile(rf'\{{\s*{_SELECTOR}\s*=\s*"([^"*]*)"\s*\}}')
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


class Metric(NamedTuple):
    """A metric of CloudWatch: all that makes it another one."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        of = ", ".join(f"{name} {value}" for name, value in sorted(self.dimensions))
        return f"{self.namespace} {self.name}" + (f" of {of}" if of else "")


class Alarm(NamedTuple):
    """An alarm on one metric with one threshold."""

    name: str
    metric: Metric
    given: Mapping[str, Any]

    @property
    def minds_silence(self) -> bool:
        return bool(self.given.get("TreatMissingData") == "breaching")

    @property
    def waits(self) -> int:
        """How many seconds in a row have to be bad before it goes off."""
        periods = self.given.get("DatapointsToAlarm", self.given["EvaluationPeriods"])
        return int(periods) * int(self.given["Period"])

    def breached_by(self, value: float) -> bool:
        return _COMPARISONS[self.given["ComparisonOperator"]](value, float(self.given["Threshold"]))


def counted(stack: Stack, log: Resource, line: str) -> list[Metric]:
    """The metrics that a ``line`` of JSON in a log group counts for; TemplateError for a filter not known here."""
    return [
        metric
        for each in stack.of_type("AWS::Logs::MetricFilter")
        if each.properties.get("LogGroupName") == log.name
        for metric in _published(each, json.loads(line))
    ]


def alarms(stack: Stack) -> list[Alarm]:
    """The alarms of a stack that watch a metric of their own; those on expressions are left out."""
    found = [one for one in stack.of_type("AWS::CloudWatch::Alarm") if "MetricName" in one.properties]
    return [Alarm(one.name, _watched(one.properties), one.properties) for one in found]


def _watched(given: Mapping[str, Any]) -> Metric:
    dimensions = frozenset((str(one["Name"]), str(one["Value"])) for one in given.get("Dimensions", []))
    return Metric(given["Namespace"], given["MetricName"], dimensions)


def _published(each: Resource, line: Mapping[str, Any]) -> Iterator[Metric]:
    found = _PATTERN.fullmatch(str(each.properties.get("FilterPattern")).strip())
    if not found:
        raise TemplateError(f"{each.logical_id}: cannot tell what the filter pattern takes")
    if _look_up(line, found[1]) != found[2]:
        return
    for given in each.properties.get("MetricTransformations", []):
        wanted = given.get("Dimensions", [])
        if wanted and "DefaultValue" in given:
            raise TemplateError(f"{each.logical_id}: CloudWatch takes no DefaultValue beside Dimensions")
        values = {one["Key"]: _selected(each, line, one["Value"]) for one in wanted}
        # Without the field, there is no metric of that dimension.
        if all(isinstance(value, str) for value in values.values()):
            yield Metric(given["MetricNamespace"], given["MetricName"], frozenset(values.items()))


def _selected(each: Resource, line: Mapping[str, Any], selector: str) -> Any:
    found = re.fullmatch(_SELECTOR, selector)
    if not found:
        raise TemplateError(f"{each.logical_id}: cannot tell what the dimension {selector!r} is")
    return _look_up(line, found[1])


def _look_up(line: Any, path: str) -> Any:
    for step in path.split(".")[1:]:
        line = line.get(step) if isinstance(line, dict) else None
    return line
