"""The state that CloudWatch gives each alarm: while all is well, at a failure, and when a metric has no data.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from statistics import fmean
from typing import Any

import botocore.session
import pytest
from fresh_stacks import stack, stack_of

from cfn_breakglass.analysis.template.reader import Resource, Stack

ALARM, OK, NO_DATA = "ALARM", "OK", "INSUFFICIENT_DATA"
MISSING = {"notBreaching": OK, "breaching": ALARM, "missing": NO_DATA}
STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Average": fmean,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
    "Sum": sum,
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}
HOUR, DAY = 3_600, 86_400
APART = {"hourly": HOUR, "daily": DAY}
"""How many seconds there are between two beats of a schedule."""

SETTINGS = {"main_region": "us-east-1", "usernames": ["alice"], "alerts": {"emails": ["ops@example.com"]}}


def state(alarm: Mapping[str, Any], samples: Iterable[tuple[float, float]], now: float) -> str:
    """The state of an alarm at ``now`` after ``samples``, each of a time in seconds and a value.

    Only the latest periods count, whose number is EvaluationPeriods.
    """
    queries = alarm.get("Metrics", [])
    period = alarm["Period"] if not queries else queries[0]["Period"]
    statistic = STATISTICS["Sum" if queries else alarm["Statistic"]]
    compare, threshold = COMPARISONS[alarm["ComparisonOperator"]], float(alarm["Threshold"])
    judged = []
    for number in range(alarm["EvaluationPeriods"]):
        end = now - number * period
        values = [value for time, value in samples if end - period <= time < end]
        breached = compare(statistic(values), threshold) if values else None
        judged.append(MISSING[alarm["TreatMissingData"]] if breached is None else ALARM if breached else OK)
    if set(judged) == {NO_DATA}:
        return NO_DATA
    return ALARM if judged.count(ALARM) >= alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) else OK


def alarms(case: str, file: str = "main-region.yaml", region: str | None = None) -> list[Resource]:
    return stack(case, file, region).of_type("AWS::CloudWatch::Alarm")


def is_of_heartbeat(alarm: Resource) -> bool:
    return "-failing-heartbeat-" in alarm.name


FAILURES = {
    f"{alarm.name} in {file}": alarm
    for file, region in (("main-region.yaml", None), ("stackset.yaml", "eu-west-1"))
    for alarm in alarms("everything", file, region)
    if not is_of_heartbeat(alarm)
}
every_failure = pytest.mark.parametrize("alarm", FAILURES.values(), ids=FAILURES)


def test_each_kind_of_failure_has_its_alarm() -> None:
    kinds = {name.removeprefix("break-glass-failing-") for name in FAILURES}
    assert kinds == {
        *("dead-letters in main-region.yaml", "dead-letters in stackset.yaml"),
        *("invocations in main-region.yaml", "invocations-actions in main-region.yaml"),
        *("invocations-monitoring in main-region.yaml", "notifications in main-region.yaml"),
        "notifications-chat in main-region.yaml",
    }


@every_failure
def test_an_alarm_goes_off_at_one_failure_among_much_that_is_well(alarm: Resource) -> None:
    minutes = [(60.0 * minute, 0.0) for minute in range(10)]
    assert state(alarm.properties, minutes, 600) == OK
    assert state(alarm.properties, [*minutes, (400.0, 1.0)], 600) == ALARM
    # CloudWatch tells it while it is news: five minutes later at the latest.
    assert state(alarm.properties, [(0.0, 1.0)], 300) == ALARM


@every_failure
def test_an_alarm_is_ok_again_where_the_metric_has_no_data(alarm: Resource) -> None:
    """The metrics of a queue that is idle and of a topic that nothing is sent to have none."""
    assert state(alarm.properties, [], 600) == OK
    assert state(alarm.properties, [(0.0, 1.0)], 1_200) == OK


def with_heartbeat(how_often: str) -> Stack:
    return stack_of(SETTINGS | {"heartbeat": how_often})


def beats(apart: int, *, lost: frozenset[int], late: float = 0.0) -> list[tuple[float, float]]:
    """The beats of twelve rounds, each of which counts one, but for the ``lost`` ones.

    A schedule with a flexible time window is late by anything up to that; here the first beat after a lost one is.
    """
    return [(apart * number + (late if number - 1 in lost else 0.0), 1.0) for number in range(12) if number not in lost]


def flexible_seconds(schedule: Resource) -> float:
    window = schedule.properties["FlexibleTimeWindow"]
    return float(window["MaximumWindowInMinutes"] * 60) if window["Mode"] == "FLEXIBLE" else 0.0


@pytest.mark.parametrize("how_often", APART)
def test_one_lost_beat_is_no_alarm_and_three_are_one(how_often: str) -> None:
    apart, made = APART[how_often], with_heartbeat(how_often)
    (schedule,) = made.of_type("AWS::Scheduler::Schedule")
    assert schedule.properties["ScheduleExpression"] == {HOUR: "rate(1 hour)", DAY: "rate(1 day)"}[apart]
    alarm = next(each for each in made.of_type("AWS::CloudWatch::Alarm") if is_of_heartbeat(each))
    late, step = flexible_seconds(schedule), apart / 60
    times = [apart * 4 + number * step for number in range(7 * 60)]
    for lost, expected in ((frozenset[int](), {OK}), (frozenset({5}), {OK}), (frozenset({5, 6, 7}), {OK, ALARM})):
        arrived = beats(apart, lost=lost, late=late)
        assert {state(alarm.properties, arrived, now) for now in times} == expected, lost
    # The last beat came at 4, and the third in a row is due at 7.
    assert state(alarm.properties, beats(apart, lost=frozenset({5, 6, 7})), 7 * apart) == ALARM


@pytest.mark.parametrize("how_often", APART)
def test_a_rollout_within_the_warm_up_raises_no_alarm(how_often: str) -> None:
    apart, made = APART[how_often], with_heartbeat(how_often)
    alarm = next(each for each in made.of_type("AWS::CloudWatch::Alarm") if is_of_heartbeat(each)).properties
    warm_up = 60 * alarm["WarmUpConfiguration"]["WarmUpPeriodDurationInMinutes"]
    rolled_out = warm_up * 2 // 3
    arrived = [(float(time), 1.0) for time in range(rolled_out, rolled_out + 12 * apart, apart)]
    assert state(alarm, arrived, rolled_out) == ALARM, "without a warm-up it goes off"
    assert {state(alarm, arrived, now) for now in range(warm_up, warm_up + 3 * apart, 60)} == {OK}
    # Never rolled out, the region is reported when the warm-up ends.
    assert state(alarm, [], warm_up) == ALARM


@pytest.mark.parametrize("how_often", APART)
def test_a_warm_up_outlasts_what_the_alarm_looks_at_unless_aws_allows_less(how_often: str) -> None:
    """When a shorter one ends, the alarm still looks at times before it was made."""
    alarm = next(filter(is_of_heartbeat, with_heartbeat(how_often).of_type("AWS::CloudWatch::Alarm"))).properties
    cloudwatch = botocore.session.Session().get_service_model("cloudwatch")
    length = cloudwatch.shape_for("WarmUpConfiguration").members["WarmUpPeriodDurationInMinutes"]
    warm_up = alarm["WarmUpConfiguration"]["WarmUpPeriodDurationInMinutes"]
    assert min(alarm["EvaluationPeriods"] * alarm["Period"] // 60, length.metadata["max"]) <= warm_up
    assert warm_up <= length.metadata["max"]


@pytest.mark.parametrize("how_often", APART)
def test_the_alarm_of_a_region_counts_the_beats_of_that_region(how_often: str) -> None:
    made = with_heartbeat(how_often)
    (metric_filter,) = made.of_type("AWS::Logs::MetricFilter")
    (counted,) = metric_filter.properties["MetricTransformations"]
    (dimension,) = counted["Dimensions"]
    assert (counted["MetricValue"], dimension["Value"]) == ("1", "$.region")
    regions = set()
    for alarm in (each for each in made.of_type("AWS::CloudWatch::Alarm") if is_of_heartbeat(each)):
        region = alarm.name.partition("-failing-heartbeat-")[2]
        regions.add(region)
        assert alarm.properties["Dimensions"] == [{"Name": dimension["Key"], "Value": region}]
        assert alarm.properties["MetricName"] == counted["MetricName"]
        assert alarm.properties["Namespace"] == counted["MetricNamespace"]
    assert regions == {made.region, *made.metadata["cfn-breakglass"]["Regions"]}


@pytest.mark.parametrize(("case", "count"), [("everything", 1), ("smallest", 0)])
def test_alarms_notify_the_fallback_topic_where_there_is_one(case: str, count: int) -> None:
    topics = [topic.arn for topic in stack(case).of_type("AWS::SNS::Topic") if topic.name.endswith("-fallback")]
    assert len(topics) == count
    assert {tuple(alarm.properties.get("AlarmActions", [])) for alarm in alarms(case)} == {tuple(topics)}
