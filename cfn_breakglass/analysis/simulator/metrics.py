"""What CloudWatch makes of a line in a log group: the metrics of its metric filters, and the alarms on them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.errors import TemplateError

_SELECTOR = r"\$((?:\.[A-Za-z0-9_-]+)+)"
_TERM = rf'{_SELECTOR}\s*=\s*"([^"*]*)"'
_PATTERN = re.compile(rf"\{{\s*(?:{_TERM}|\(\s*{_TERM}\s*\)(?:\s*&&\s*\(\s*{_TERM}\s*\))*)\s*\}}")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


class Metric(NamedTuple):
    """A metric of CloudWatch. Another namespace, name or set of dimensions is another metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        of = ", ".join(f"{name} {value}" for name, value in sorted(self.dimensions))
        return f"{self.namespace} {self.name}" + (f" of {of}" if of else "")


class Alarm(NamedTuple):
    """An alarm on one metric with one threshold."""

    template: str
    logical_id: str
    name: str
    metric: Metric
    properties: Mapping[str, Any]

    @property
    def treats_missing_as_breaching(self) -> bool:
        return bool(self.properties.get("TreatMissingData") == "breaching")

    @property
    def breaching_periods(self) -> int:
        """How many periods have to breach before it goes off."""
        return int(self.properties.get("DatapointsToAlarm", self._property("EvaluationPeriods")))

    @property
    def breaching_seconds(self) -> int:
        """How many seconds in a row have to breach before it goes off."""
        return self.breaching_periods * int(self._property("Period"))

    def breached_by(self, value: float) -> bool:
        comparison = self._property("ComparisonOperator")
        if comparison not in _COMPARISONS:
            raise TemplateError(f"{self.logical_id}: cannot tell when {comparison} holds")
        return _COMPARISONS[comparison](value, float(self._property("Threshold")))

    def _property(self, name: str) -> Any:
        if name not in self.properties:
            raise TemplateError(f"{self.logical_id}: cannot tell when an alarm without {name} goes off")
        return self.properties[name]


def counted_metrics(stack: Stack, log_group: Resource, line: str) -> list[Metric]:
    """The metrics that count a ``line`` of JSON in a log group; TemplateError for a filter pattern not known here."""
    record = json.loads(line)
    return [metric for metric_filter in filters_of(stack, log_group) for metric in _published(metric_filter, record)]


def filters_of(stack: Stack, log_group: Resource) -> list[Resource]:
    """The metric filters of a log group."""
    filters = stack.of_type("AWS::Logs::MetricFilter")
    return [log_filter for log_filter in filters if log_filter.properties.get("LogGroupName") == log_group.name]


def metric_alarms(stack: Stack) -> list[Alarm]:
    """The alarms of a stack that watch a single metric; those on expressions are left out."""
    alarms = stack.of_type("AWS::CloudWatch::Alarm")
    return [metric_alarm(resource) for resource in alarms if "MetricName" in resource.properties]


def metric_alarm(resource: Resource) -> Alarm:
    """The alarm of a resource that watches a single metric."""
    properties = resource.properties
    dimensions = frozenset(
        (str(dimension["Name"]), str(dimension["Value"])) for dimension in properties.get("Dimensions", [])
    )
    metric = Metric(str(properties.get("Namespace")), properties["MetricName"], dimensions)
    return Alarm(resource.template, resource.logical_id, resource.name, metric, properties)


def _published(metric_filter: Resource, record: Mapping[str, Any]) -> Iterator[Metric]:
    logical_id, properties = metric_filter.logical_id, metric_filter.properties
    pattern = str(properties.get("FilterPattern")).strip()
    if not _PATTERN.fullmatch(pattern):
        raise TemplateError(f"{logical_id}: cannot tell what the filter pattern matches")
    if any(_look_up(record, path) != value for path, value in re.findall(_TERM, pattern)):
        return
    for transformation in properties.get("MetricTransformations", []):
        dimensions = transformation.get("Dimensions", [])
        if dimensions and "DefaultValue" in transformation:
            raise TemplateError(f"{logical_id}: CloudWatch takes no DefaultValue beside Dimensions")
        values = {dimension["Key"]: _selected(logical_id, record, dimension["Value"]) for dimension in dimensions}
        # Without the field, there is no metric of that dimension.
        if all(isinstance(value, str) for value in values.values()):
            yield Metric(transformation["MetricNamespace"], transformation["MetricName"], frozenset(values.items()))


def _selected(logical_id: str, record: Mapping[str, Any], selector: str) -> Any:
    match = re.fullmatch(_SELECTOR, selector)
    if not match:
        raise TemplateError(f"{logical_id}: cannot tell what the dimension {selector!r} is")
    return _look_up(record, match[1])


def _look_up(record: Any, path: str) -> Any:
    for step in path.split(".")[1:]:
        record = record.get(step) if isinstance(record, dict) else None
    return record
