"""The heartbeat: every region proves again and again that its events arrive; an alarm goes off when it does not.

A schedule puts a test event on the default bus. From there it takes the alert path of every other event, into a log
group whose metric filter counts it by region: https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import awacs.events
import awacs.sts
from awacs import aws
from troposphere import Ref, cloudwatch, events, iam, logs, scheduler, sns

from cfn_breakglass.builders.alerts.log_groups import log_encryption, log_target
from cfn_breakglass.builders.iam_policy import Conditions, allow, policy, service
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.builders.shared_properties import forwarding_role_boundary, tags
from cfn_breakglass.config.model import DAILY, HOURLY
from cfn_breakglass.detections.edges import HEALTH, HEARTBEAT
from cfn_breakglass.names import Names, default_bus_arn, schedule_group_arn, sub
from cfn_breakglass.plan import Plan

_SCHEDULER: Final = "scheduler.amazonaws.com"
_REGION: Final = "Region"
_METRIC: Final = "Beats"
# Long enough to say since when a region has had no heartbeat; it is evidence of nothing else.
_DAYS: Final = 30

# One beat may be lost: only two and a quarter without any raise the alarm. Before CloudWatch counts missing data it
# looks further back, by some periods; it does not say how many. With periods as long as a beat these would double the
# delay. With a twelfth of it, the alarm comes about three beats after the last.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
_PERIODS_A_BEAT: Final = 12
_PERIODS: Final = 27


class _Rhythm(NamedTuple):
    rate: str
    seconds: int
    warm_up_minutes: int


# Until a region is rolled out, it has no heartbeat. So long after its creation, an alarm does not go off: longer than
# the periods that it looks at, if AWS allows that. Whoever has not rolled out by then has a region that is not watched.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_WarmUpConfiguration.html
_RHYTHMS: Final = {
    HOURLY: _Rhythm("rate(1 hour)", 3_600, warm_up_minutes=180),
    DAILY: _Rhythm("rate(1 day)", 86_400, warm_up_minutes=2_880),
}


def warm_up_hours(heartbeat: str) -> int:
    """How many hours after their creation the alarms of missing heartbeats begin to report a region."""
    return _RHYTHMS[heartbeat].warm_up_minutes // 60


def heartbeat_role(plan: Plan) -> iam.Role | None:
    """The one role of the schedules of all regions; all it may do is put the test event on a default bus.

    AWS takes the schedule's group for the source, not the schedule:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    if not plan.heartbeat:
        return None
    names = plan.names
    our_schedules: Conditions = {
        aws.StringEquals: {"aws:SourceAccount": Ref("AWS::AccountId")},
        aws.ArnLike: {"aws:SourceArn": sub(schedule_group_arn("*"))},
    }
    beat: Conditions = {aws.StringEquals: {"events:source": names.heartbeat_source, "events:detail-type": HEARTBEAT}}
    put = policy(allow("Beat", [awacs.events.PutEvents], [sub(default_bus_arn("*"))], when=beat))
    assume = allow("OurSchedules", [awacs.sts.AssumeRole], principal=service(_SCHEDULER), when=our_schedules)
    return iam.Role(
        "HeartbeatRole",
        RoleName=names.heartbeat,
        Description="Puts the heartbeat on the default bus of every region",
        AssumeRolePolicyDocument=policy(assume),
        Policies=[iam.Policy(PolicyName="beat", PolicyDocument=put)],
        **forwarding_role_boundary(plan),
        **tags(plan),
    )


def heartbeat_schedule(
    plan: Plan, rules: Mapping[str, events.Rule], role: iam.Role | None = None
) -> list[scheduler.Schedule]:
    """The schedule of a region; the template of the main region makes its ``role`` as well.

    Its first beat comes at once, so it waits for the rule that takes it. It has no dead-letter queue: a beat that
    cannot be put is a missing heartbeat, and the alarm reports that.
    """
    rule = rules.get(HEALTH if plan.buses else HEARTBEAT)
    if not plan.heartbeat or not rule:
        return []
    names = plan.names
    schedule = scheduler.Schedule(
        "HeartbeatSchedule",
        DependsOn=[rule.title],
        Name=names.heartbeat,
        ScheduleExpression=_RHYTHMS[plan.config.heartbeat].rate,
        FlexibleTimeWindow=scheduler.FlexibleTimeWindow(Mode="OFF"),
        Target=scheduler.Target(
            Arn=sub(default_bus_arn()),
            RoleArn=role.get_att("Arn") if role else sub(names.heartbeat_role_arn),
            EventBridgeParameters=scheduler.EventBridgeParameters(DetailType=HEARTBEAT, Source=names.heartbeat_source),
            Input="{}",
        ),
    )
    return [schedule]


class HeartbeatLog(NamedTuple):
    """The log group of the heartbeats, what counts them, and the rule that writes to it."""

    group: logs.LogGroup
    metric_filter: logs.MetricFilter
    sink: Sink


def heartbeat_log(plan: Plan) -> HeartbeatLog | None:
    """A log group for the beats of all regions, and the metric that counts them by region; None without a heartbeat.

    In an organization it counts those of the hub: a metric and an alarm for every account and region would cost more
    than all the rest. A saved query shows the other accounts.

    The log group is deleted with the stack: nothing in it is worth keeping.
    """
    if not plan.heartbeat:
        return None
    names = plan.names
    group = logs.LogGroup(
        "HeartbeatLog",
        LogGroupName=names.heartbeat_log,
        RetentionInDays=_DAYS,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        **log_encryption(plan),
        **tags(plan),
    )
    count = logs.MetricFilter(
        "HeartbeatMetric",
        LogGroupName=group.ref(),
        FilterPattern=_beats(names),
        MetricTransformations=[
            # No DefaultValue: CloudWatch takes none beside dimensions, and silence has to stay silence.
            logs.MetricTransformation(
                MetricNamespace=names.prefix,
                MetricName=_METRIC,
                MetricValue="1",
                Dimensions=[logs.Dimension(Key=_REGION, Value="$.region")],
            )
        ],
    )
    target = log_target(group.title, "${" + group.title + "}")
    return HeartbeatLog(group, count, Sink([plan.heartbeat], lambda _: target))


def _beats(names: Names) -> str:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html."""
    source = f'$.source = "{names.heartbeat_source}"'
    return f'{{ ({source}) && ($.account = "{names.hub}") }}' if names.hub else f"{{ {source} }}"


def missing_heartbeat_alarms(plan: Plan, fallback: sns.Topic | None = None) -> list[cloudwatch.Alarm]:
    """An alarm per region that notifies ``fallback`` when beats fail to arrive.

    There are dozens in a template of limited size: they hold nothing that can be left out. One alarm on a query with
    GROUP BY could not replace them: it looks at three hours, and a region that reports nothing leaves the query.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Metrics_Insights_Alarm.html
    """
    if not plan.heartbeat:
        return []
    rhythm = _RHYTHMS[plan.config.heartbeat]
    return [
        cloudwatch.Alarm(
            # Named after the region: one region more or less leaves the other alarms alone.
            "Heartbeat" + region.title().replace("-", ""),
            AlarmName=f"{plan.names.alarms}heartbeat-{region}",
            AlarmDescription=f"No heartbeat from {region}. Check its stack.",
            Namespace=plan.names.prefix,
            MetricName=_METRIC,
            Dimensions=[cloudwatch.MetricDimension(Name=_REGION, Value=region)],
            Statistic="Sum",
            Period=rhythm.seconds // _PERIODS_A_BEAT,
            EvaluationPeriods=_PERIODS,
            ComparisonOperator="LessThanThreshold",
            Threshold=1,
            TreatMissingData="breaching",
            WarmUpConfiguration=cloudwatch.WarmUpConfiguration(WarmUpPeriodDurationInMinutes=rhythm.warm_up_minutes),
            **({"AlarmActions": [fallback.ref()]} if fallback else {}),
            **tags(plan),
        )
        for region in plan.regions
    ]
