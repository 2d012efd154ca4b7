"""The heartbeat: every region proves time and again that its events arrive, and silence is an alarm.

A schedule puts a test event on the default bus. From there it takes the road of everything else, into a log group
whose metric filter counts it by region: https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import awacs.events
import awacs.sts
from awacs import aws
from troposphere import AWSHelperFn, AWSObject, Ref, cloudwatch, events, iam, logs, scheduler, sns

from cfn_breakglass.builders.iam_policy import Conditions, allow, policy, service
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.builders.scanner_suppressions import NO_KEY, accepted
from cfn_breakglass.config.model import DAILY, HOURLY
from cfn_breakglass.detections.catalog import HEARTBEAT, Detection
from cfn_breakglass.names import Names, default_bus_arn, log_group_arn, schedule_group_arn, sub

_SCHEDULER: Final = "scheduler.amazonaws.com"
_REGION: Final = "Region"
_METRIC: Final = "Beats"
# Long enough to tell since when a region is quiet; it is evidence of nothing else.
_DAYS: Final = 30

# One beat may be lost: only two and a quarter without any are an alarm. Before CloudWatch counts missing data it looks
# back further than that, by some periods of which it does not say how many. With periods as long as a beat these would
# double the wait; with a twelfth of it, the alarm comes about three beats after the last.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
_PERIODS_A_BEAT: Final = 12
_PERIODS: Final = 27


class _Rhythm(NamedTuple):
    rate: str
    seconds: int


_RHYTHMS: Final = {HOURLY: _Rhythm("rate(1 hour)", 3_600), DAILY: _Rhythm("rate(1 day)", 86_400)}


def heartbeat_role(names: Names) -> iam.Role:
    """The one role of the schedules of all regions; all it may do is put the test event on a default bus.

    AWS takes the schedule's group for the source, not the schedule:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    ours: Conditions = {
        aws.StringEquals: {"aws:SourceAccount": Ref("AWS::AccountId")},
        aws.ArnLike: {"aws:SourceArn": sub(schedule_group_arn("*"))},
    }
    beat: Conditions = {aws.StringEquals: {"events:source": names.heartbeat_source, "events:detail-type": HEARTBEAT}}
    put = policy(allow([awacs.events.PutEvents], [sub(default_bus_arn("*"))], when=beat))
    return iam.Role(
        "HeartbeatRole",
        RoleName=names.heartbeat,
        Description="Puts the heartbeat on the default bus of every region",
        AssumeRolePolicyDocument=policy(allow([awacs.sts.AssumeRole], principal=service(_SCHEDULER), when=ours)),
        Policies=[iam.Policy(PolicyName="beat", PolicyDocument=put)],
    )


def heartbeat_schedule(
    names: Names, how_often: str, rule: AWSObject, role: iam.Role | None = None
) -> scheduler.Schedule:
    """The schedule of a region; ``role`` is there in the main region's template only.

    Its first beat comes at once, so it waits for the ``rule`` that forwards it. It has no dead-letter queue: a beat
    that cannot be put is silence, and the alarm tells of that.
    """
    return scheduler.Schedule(
        "HeartbeatSchedule",
        DependsOn=[rule.title],
        Name=names.heartbeat,
        ScheduleExpression=_RHYTHMS[how_often].rate,
        FlexibleTimeWindow=scheduler.FlexibleTimeWindow(Mode="OFF"),
        Target=scheduler.Target(
            Arn=sub(default_bus_arn()),
            RoleArn=role.get_att("Arn") if role else sub(names.heartbeat_role_arn),
            EventBridgeParameters=scheduler.EventBridgeParameters(DetailType=HEARTBEAT, Source=names.heartbeat_source),
            Input="{}",
        ),
    )


def heartbeat_log(names: Names, beat: Detection, *, key: AWSHelperFn | str | None = None) -> Sink:
    """A log group for the beats of all regions, encrypted as the others are, and the metric that counts them by region.

    It goes with the stack: nothing in it is worth keeping.
    """
    group = logs.LogGroup(
        "HeartbeatLog",
        LogGroupName=names.heartbeat_log,
        RetentionInDays=_DAYS,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        **({"KmsKeyId": key} if key else {"Metadata": accepted(CKV_AWS_158=NO_KEY)}),
    )
    counted = logs.MetricFilter(
        "HeartbeatMetric",
        LogGroupName=group.ref(),
        FilterPattern=f'{{ $.source = "{names.heartbeat_source}" }}',
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

    def target(_: Detection) -> events.Target:
        return events.Target(Id="HeartbeatLog", Arn=sub(log_group_arn("${HeartbeatLog}")))

    return Sink([group, counted], [beat], target)


def heartbeat_alarms(
    names: Names, how_often: str, regions: Iterable[str], topic: sns.Topic | None = None
) -> list[cloudwatch.Alarm]:
    """An alarm per region that goes off, and tells ``topic``, when beats fail to arrive.

    There are dozens in a template of limited size: nothing is in them that can be left out.
    """
    period = _RHYTHMS[how_often].seconds // _PERIODS_A_BEAT
    return [
        cloudwatch.Alarm(
            # Named after the region: a region more or less leaves the others alone.
            "Quiet" + region.title().replace("-", ""),
            AlarmName=f"{names.alarms}heartbeat-{region}",
            Namespace=names.prefix,
            MetricName=_METRIC,
            Dimensions=[cloudwatch.MetricDimension(Name=_REGION, Value=region)],
            Statistic="Sum",
            Period=period,
            EvaluationPeriods=_PERIODS,
            ComparisonOperator="LessThanThreshold",
            Threshold=1,
            TreatMissingData="breaching",
            **({"AlarmActions": [topic.ref()]} if topic else {}),
        )
        for region in regions
    ]
