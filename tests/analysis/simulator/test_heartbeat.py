"""An alarm goes off when a region sends no heartbeat: its path, whole and broken at each link."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from deployments import deploy, template_files as read_files
from golden_cases import quickly
from template_data import editable

from cfn_breakglass import config_of, load_config, template_files
from cfn_breakglass.analysis.diagram.from_templates import picture_of
from cfn_breakglass.analysis.eventbridge.stack_rules import rules_of
from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.heartbeat_path import HeartbeatResult, heartbeat_results
from cfn_breakglass.analysis.simulator.simulator import Simulator, deploy as deploy_in_account
from cfn_breakglass.analysis.template.reader import Stack, resolve
from cfn_breakglass.analysis.validation.cfn_lint import lint
from cfn_breakglass.aws.partitions import PARTITIONS, partition_of
from cfn_breakglass.cli.app import cli
from cfn_breakglass.errors import TemplateError

ACCOUNT = "111122223333"
SETTINGS: dict[str, Any] = {
    "name": "bg",
    "main_region": "us-east-1",
    "regions": ["eu-west-1", "af-south-1"],
    "usernames": ["alice"],
    "alerts": {"emails": ["ops@example.com"]},
}
REGIONS = ["us-east-1", "af-south-1", "eu-west-1"]
BEAT: dict[str, Any] = {
    "version": "0",
    "id": "1",
    "detail-type": "Heartbeat",
    "source": "cfn-breakglass.bg",
    "account": ACCOUNT,
    "time": "2025-01-01T00:00:00Z",
    "region": "eu-west-1",
    "resources": [],
    "detail": {},
}

Template = dict[str, Any]
Edit = Callable[[Template], None]


def templates(**settings: Any) -> tuple[Template, Template]:
    files = template_files(config_of(SETTINGS | settings))
    main, rest = (editable(files[f"{name}.yaml"]) for name in ("main-region", "stackset"))
    return main, rest


MAIN, REST = templates()


def deployed(main: Template, rest: Template) -> dict[str, Stack]:
    return deploy(json.dumps(main), json.dumps(rest), account=ACCOUNT)


def results(stacks: Mapping[str, Stack]) -> dict[str, HeartbeatResult]:
    return heartbeat_results(stacks, Simulator(stacks))


def outcomes_of(main: Template, rest: Template) -> dict[str, str]:
    """By region the alarm that goes off without its heartbeat, or why none does."""
    return outcomes(deployed(main, rest))


def outcomes(stacks: Mapping[str, Stack]) -> dict[str, str]:
    by_region = results(stacks).items()
    return {region: result.problem.message if result.problem else result.alarm for region, result in by_region}


def heartbeat_parts(*templates: Template) -> set[str]:
    """The logical IDs of the parts of the heartbeat."""
    names = {name for template in templates for name in template["Resources"]}
    return {name for name in names if "Heartbeat" in name}


def alarms(main: Template) -> list[dict[str, Any]]:
    """Those of the heartbeat: the only ones on a metric that AWS does not emit."""
    every = of_type(main, "AWS::CloudWatch::Alarm")
    return [alarm for alarm in every if not alarm.get("Namespace", "AWS/Events").startswith("AWS/")]


def of_type(template: Template, kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in template["Resources"].values() if resource["Type"] == kind]


def everywhere(prefix: str, regions: list[str]) -> dict[str, str]:
    return {region: f"{prefix}-failing-heartbeat-{region}" for region in regions}


@pytest.mark.parametrize("interval", ["hourly", "daily"])
@pytest.mark.parametrize(
    ("home", "regions"),
    [
        ("us-east-1", ["eu-west-1", "af-south-1"]),
        ("us-east-1", []),
        ("us-east-1", ["*"]),
        ("eu-south-2", ["us-east-1", "mx-central-1"]),
        ("cn-north-1", ["*"]),
        ("us-gov-west-1", ["*"]),
    ],
)
def test_every_region_without_a_heartbeat_is_outcomes_of(home: str, regions: list[str], interval: str) -> None:
    main, rest = templates(main_region=home, regions=regions, heartbeat=interval, name="quiet")
    default = partition_of(home).default if regions == ["*"] else regions
    covered = [home, *sorted({*default} - {home})]
    assert outcomes_of(main, rest) == everywhere("quiet", covered)
    assert list(outcomes_of(main, rest)) == covered


@pytest.mark.parametrize(
    "case", quickly("china", "one-region", "told-nobody", adds="the heartbeat of every golden case and partition")
)
def test_every_region_of_a_golden_case_without_a_heartbeat_is_outcomes_of(case: Path) -> None:
    config, _ = load_config(case / "breakglass.yaml")
    files = template_files(config)
    texts = [files[name] for name in ("main-region.yaml", "stackset.yaml", "accounts.yaml") if name in files]
    account = config.organization.hub if config.organization else ACCOUNT
    stacks = deploy_in_account(read_files(*texts), account).stacks
    if case.name == "told-nobody":
        assert not any(result.alarm for result in results(stacks).values())
    else:
        assert outcomes(stacks) == everywhere(config.name, [config.main_region, *config.secondary_regions])


@pytest.mark.parametrize(("interval", "seconds"), [("hourly", 3_600), ("daily", 86_400)])
def test_an_alarm_goes_off_after_two_lost_heartbeats(interval: str, seconds: int) -> None:
    main, rest = templates(heartbeat=interval)
    for template in (main, rest):
        (schedule,) = of_type(template, "AWS::Scheduler::Schedule")
        assert schedule["ScheduleExpression"] == {3_600: "rate(1 hour)", 86_400: "rate(1 day)"}[seconds]
    assert len(alarms(main)) == len(REGIONS)
    for alarm in alarms(main):
        looks_back = alarm["Period"] * alarm["EvaluationPeriods"]
        assert 2 * seconds < looks_back < 2.5 * seconds
        # What CloudWatch takes: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        assert alarm["Period"] % 60 == 0
        assert looks_back <= (86_400 if alarm["Period"] < 3_600 else 604_800)


def test_a_heartbeat_that_is_off_has_no_parts() -> None:
    main, rest = templates(heartbeat="off")
    assert heartbeat_parts(main, rest) == set()
    problem = "no schedule puts an event on the default bus of {}"
    assert outcomes_of(main, rest) == {region: problem.format(region) for region in REGIONS}


def test_without_detections_the_templates_have_no_heartbeat() -> None:
    assert heartbeat_parts(*templates(alerts={"log": False}, actions={"log": "none"})) == set()


@pytest.mark.parametrize("settings", [{}, {"regions": []}, {"heartbeat": "daily"}])
def test_the_stackset_has_no_parameters_and_no_iam(settings: dict[str, Any]) -> None:
    _, rest = templates(**settings)
    # Where no other region is watched, a region that somebody deploys it to anyway has no path for a heartbeat.
    schedules = of_type(rest, "AWS::Scheduler::Schedule")
    assert len(schedules) == (settings.get("regions") != [])
    assert not [resource["Type"] for resource in rest["Resources"].values() if resource["Type"].startswith("AWS::IAM")]
    assert "Parameters" not in rest


@pytest.mark.thorough("the heartbeat of every golden case and partition")
@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda partition: partition.name)
def test_every_region_of_a_partition_has_a_scheduler(partition: Any) -> None:
    files = template_files(config_of(SETTINGS | {"main_region": partition.default[0], "regions": []}))
    every = sorted(partition.regions)
    assert lint(files["stackset.yaml"], "stackset.yaml", every) == []
    assert lint(files["main-region.yaml"], "main-region.yaml", every[:1]) == []


def test_another_region_leaves_the_alarms_of_the_others_alone() -> None:
    more, _ = templates(regions=["ap-south-1", *SETTINGS["regions"]])
    before = {name: MAIN["Resources"][name] for name in ("HeartbeatUsEast1", "HeartbeatAfSouth1", "HeartbeatEuWest1")}
    assert {name: more["Resources"][name] for name in before} == before


def test_an_alarm_of_a_region_is_small() -> None:
    texts = [
        template_files(config_of(SETTINGS | {"regions": regions}))["main-region.yaml"]
        for regions in (["af-south-1"], ["af-south-1", "eu-west-1"])
    ]
    # With what to do, the time that a rollout takes, and the name of the region wherever all are listed.
    assert len(texts[1]) - len(texts[0]) < 510


def test_the_fallback_topic_is_notified_of_a_missing_heartbeat() -> None:
    main, _ = templates(alerts=SETTINGS["alerts"] | {"fallback": ["boss@example.com"]})
    assert [alarm["AlarmActions"] for alarm in alarms(main)] == [[{"Ref": "FallbackTopic"}]] * len(REGIONS)
    assert not any("AlarmActions" in alarm for alarm in alarms(MAIN))


def test_the_alert_path_notifies_of_a_missing_heartbeat() -> None:
    stacks = deployed(MAIN, REST)
    for result in results(stacks).values():
        change = {"alarmName": result.alarm, "state": {"value": "ALARM"}, "previousState": {"value": "OK"}}
        event = BEAT | {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "detail": change}
        deliveries = Simulator(stacks).run(event | {"region": "us-east-1"})
        (delivery,) = (delivery for delivery in deliveries if delivery.kind == "topic")
        assert (delivery.detection, delivery.problem) == ("DeliveryFailing", None)
        assert result.alarm in delivery.message


def test_the_first_heartbeat_does_not_come_before_the_rule_that_forwards_it() -> None:
    for template in (MAIN, REST):
        assert template["Resources"]["HeartbeatSchedule"]["DependsOn"] == ["ForwardHealth"]


def role_may(**changes: str) -> bool:
    stack = deployed(MAIN, REST)["us-east-1"]
    policies = stack.resources["HeartbeatRole"].properties["Policies"]
    call = {"source": BEAT["source"], "detail-type": BEAT["detail-type"], "bus": "default"} | changes
    return allowed(
        [policy["PolicyDocument"] for policy in policies],
        action="events:PutEvents",
        resource=f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/{call['bus']}",
        context={"events:source": call["source"], "events:detail-type": call["detail-type"]},
    )


def test_the_role_may_put_the_heartbeat_and_nothing_else() -> None:
    assert role_may()
    assert not role_may(source="cfn-breakglass.other")
    assert not role_may(**{"detail-type": "AWS API Call via CloudTrail"})
    assert not role_may(bus="bg")


@pytest.mark.parametrize(
    "forged", [{"account": "444455556666"}, {"source": "cfn-breakglass.other"}, {"detail-type": "Beat"}]
)
def test_a_forged_heartbeat_matches_no_rule(forged: dict[str, str]) -> None:
    stacks = deployed(MAIN, REST)
    assert [delivery.detection for delivery in Simulator(stacks).run(BEAT)] == ["Heartbeat"]
    assert Simulator(stacks).run(BEAT | forged) == []


def put(*path: str | int, value: Any) -> Edit:
    """Set what is at ``path`` of the resources; None takes it away."""

    def edit(template: Template) -> None:
        node = template["Resources"]
        for step in path[:-1]:
            node = node[step]
        if value is None:
            del node[path[-1]]
        else:
            node[path[-1]] = value

    return edit


def property_(logical_id: str, *path: str | int, value: Any) -> Edit:
    return put(logical_id, "Properties", *path, value=value)


LOG = "/aws/events/bg/heartbeat"
LOG_ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{LOG}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/bg-heartbeat"
FORWARDER = f"arn:aws:iam::{ACCOUNT}:role/bg-forwarder"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/bg-monitoring"
TRUST = ("AssumeRolePolicyDocument", "Statement", 0)
ALLOWED = ("Policies", 0, "PolicyDocument", "Statement", 0)
COUNT = ("MetricTransformations", 0)
ALARM = "bg-failing-heartbeat-eu-west-1"
METRIC = "bg Beats of Region eu-west-1"
DEFAULT_BUS = f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default"
GROUP = f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:schedule-group/default"
NO_RULE = f"no rule on the bus {BUS} takes it"
DISTRUSTED = f"the role {ROLE} does not trust the schedules of {GROUP}"
FORBIDDEN = f"the role {ROLE} may not put cfn-breakglass.bg on {DEFAULT_BUS}"
NO_EVENT = "EventBridge takes no such event as the schedule HeartbeatSchedule puts"
NO_SCHEDULE = "no schedule puts an event on the default bus of eu-west-1"
UNCOUNTED = f"no metric filter counts what arrives in {LOG} from eu-west-1"
UNWATCHED = f"no alarm watches the metric {METRIC}"


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (put("HeartbeatSchedule", value=None), NO_SCHEDULE),
        (
            property_("HeartbeatSchedule", "State", value="DISABLED"),
            "the schedule HeartbeatSchedule is DISABLED in eu-west-1",
        ),
        (property_("HeartbeatSchedule", "Target", "Arn", value=BUS), NO_SCHEDULE),
        (property_("HeartbeatSchedule", "Target", "Input", value=None), NO_EVENT),
        (property_("HeartbeatSchedule", "Target", "Input", value="beat"), NO_EVENT),
        (property_("HeartbeatSchedule", "Target", "EventBridgeParameters", value=None), NO_EVENT),
        (property_("HeartbeatSchedule", "Target", "EventBridgeParameters", "Source", value="aws.sts"), NO_EVENT),
        (
            property_("HeartbeatSchedule", "Target", "EventBridgeParameters", "DetailType", value="Beat"),
            FORBIDDEN,
        ),
        (
            property_("HeartbeatSchedule", "Target", "RoleArn", value=FORWARDER),
            f"the role {FORWARDER} does not trust the schedules of {GROUP}",
        ),
        (
            property_("HeartbeatSchedule", "Target", "RoleArn", value=f"{ROLE}2"),
            f"no template makes the role {ROLE}2 of the schedule HeartbeatSchedule",
        ),
        (property_("HeartbeatSchedule", "GroupName", value="mine"), DISTRUSTED.replace("default", "mine")),
        (put("ForwardHealth", value=None), "no rule writes the heartbeat of eu-west-1 to a log group"),
        (
            property_("ForwardHealth", "State", value="DISABLED"),
            "no rule writes the heartbeat of eu-west-1 to a log group",
        ),
        (
            property_("ForwardHealth", "EventPattern", "$or", 1, "detail-type", value=["Beat"]),
            "no rule writes the heartbeat of eu-west-1 to a log group",
        ),
        (
            property_("ForwardHealth", "Targets", 0, "RoleArn", value=ROLE),
            f"the role {ROLE} does not trust the rule arn:aws:events:eu-west-1:{ACCOUNT}:rule/bg.Health",
        ),
    ],
)
def test_a_break_in_one_region_is_a_problem_of_that_region(edit: Edit, problem: str) -> None:
    rest = deepcopy(REST)
    edit(rest)
    outcomes = outcomes_of(MAIN, rest)
    assert outcomes["eu-west-1"] == problem
    assert outcomes["us-east-1"] == everywhere("bg", REGIONS)["us-east-1"]


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (
            property_("HeartbeatRole", "RoleName", value="other"),
            f"no template makes the role {ROLE} of the schedule HeartbeatSchedule",
        ),
        (property_("HeartbeatRole", *TRUST, "Principal", value={"Service": "events.amazonaws.com"}), DISTRUSTED),
        (property_("HeartbeatRole", *TRUST, "Condition", "StringEquals", "aws:SourceAccount", value="1"), DISTRUSTED),
        (
            # Of a schedule's ARN AWS says nothing.
            property_(
                "HeartbeatRole",
                *TRUST,
                *("Condition", "ArnLike", "aws:SourceArn"),
                value=f"arn:aws:scheduler:*:{ACCOUNT}:schedule/default/bg-heartbeat",
            ),
            DISTRUSTED,
        ),
        (property_("HeartbeatRole", *ALLOWED, "Resource", value=[BUS]), FORBIDDEN),
        (property_("HeartbeatRole", *ALLOWED, "Condition", "StringEquals", "events:source", value="x"), FORBIDDEN),
        (property_("MonitoringBus", "Name", value="other"), f"no template makes the bus {BUS}"),
        (put("Heartbeat", value=None), NO_RULE),
        (
            property_("Heartbeat", "State", value="DISABLED"),
            f"the rule bg-Heartbeat on the bus {BUS} does not receive it: its State is DISABLED",
        ),
        (property_("Heartbeat", "EventPattern", "source", value=["x"]), NO_RULE),
        (property_("Heartbeat", "EventBusName", value="default"), NO_RULE),
        (
            put("LogPolicy", value=None),
            f"no Logs resource policy lets events.amazonaws.com logs:CreateLogStream in {LOG_ARN}",
        ),
        (
            property_("HeartbeatLog", "LogGroupName", value="x"),
            "no Logs resource policy lets events.amazonaws.com logs:CreateLogStream in "
            + LOG_ARN.replace(LOG, "x for the rule"),
        ),
        (property_("Key", "KeyPolicy", "Statement", value=[]), "the policy of the key"),
        (put("HeartbeatMetric", value=None), UNCOUNTED),
        (property_("HeartbeatMetric", "LogGroupName", value="x"), UNCOUNTED),
        (property_("HeartbeatMetric", "FilterPattern", value='{ $.source = "x" }'), UNCOUNTED),
        (property_("HeartbeatMetric", "FilterPattern", value='{ $.detail.source = "cfn-breakglass.bg" }'), UNCOUNTED),
        (property_("HeartbeatMetric", *COUNT, "Dimensions", 0, "Value", value="$.detail.region"), UNCOUNTED),
        (
            property_("HeartbeatMetric", *COUNT, "Dimensions", 0, "Value", value="$.account"),
            f"no alarm watches the metric bg Beats of Region {ACCOUNT}",
        ),
        (
            property_("HeartbeatMetric", *COUNT, "Dimensions", 0, "Key", value="Place"),
            "no alarm watches the metric bg Beats of Place eu-west-1",
        ),
        (property_("HeartbeatMetric", *COUNT, "Dimensions", value=None), "no alarm watches the metric bg Beats"),
        (
            property_("HeartbeatMetric", *COUNT, "MetricName", value="x"),
            "no alarm watches the metric bg x of Region eu-west-1",
        ),
        (
            property_("HeartbeatMetric", *COUNT, "MetricNamespace", value="x"),
            "no alarm watches the metric x Beats of Region eu-west-1",
        ),
        (put("HeartbeatEuWest1", value=None), UNWATCHED),
        (property_("HeartbeatEuWest1", "Dimensions", value=None), UNWATCHED),
        (property_("HeartbeatEuWest1", "Dimensions", 0, "Value", value="eu-west-2"), UNWATCHED),
        (property_("HeartbeatEuWest1", "Namespace", value="x"), UNWATCHED),
        (
            property_("HeartbeatEuWest1", "TreatMissingData", value="missing"),
            f"the alarm {ALARM} does not go off when data is missing",
        ),
        (
            property_("HeartbeatEuWest1", "TreatMissingData", value=None),
            f"the alarm {ALARM} does not go off when data is missing",
        ),
        (property_("HeartbeatEuWest1", "Threshold", value=2), f"the alarm {ALARM} goes off at the heartbeat itself"),
        (
            property_("HeartbeatEuWest1", "ComparisonOperator", value="LessThanOrEqualToThreshold"),
            f"the alarm {ALARM} goes off at the heartbeat itself",
        ),
        (
            property_("HeartbeatEuWest1", "EvaluationPeriods", value=12),
            f"the alarm {ALARM} goes off between two heartbeats: after 3600 s without one, and they are 3600 s apart",
        ),
        (
            property_("HeartbeatEuWest1", "DatapointsToAlarm", value=1),
            f"the alarm {ALARM} goes off between two heartbeats: after 300 s without one, and they are 3600 s apart",
        ),
    ],
)
def test_a_break_in_the_main_region_is_a_problem_of_the_other(edit: Edit, problem: str) -> None:
    main = deepcopy(MAIN)
    edit(main)
    result = results(deployed(main, REST))["eu-west-1"]
    assert result.alarm == ""
    assert result.problem
    assert result.problem.message.startswith(problem)


def test_an_alarm_on_all_regions_notices_none_that_stops() -> None:
    main = deepcopy(MAIN)
    property_("HeartbeatMetric", *COUNT, "Dimensions", value=None)(main)
    property_("HeartbeatEuWest1", "Dimensions", value=None)(main)
    problem = f"the alarm {ALARM} watches other regions too: bg Beats counts them as well"
    assert outcomes_of(main, REST) == dict.fromkeys(REGIONS, problem)


def test_a_valid_alarm_is_enough() -> None:
    main = deepcopy(MAIN)
    # It comes before the valid alarm.
    broken = deepcopy(main["Resources"]["HeartbeatEuWest1"])
    broken["Properties"] |= {"AlarmName": "broken", "TreatMissingData": "ignore"}
    main["Resources"] = {"Broken": broken, **main["Resources"]}
    assert outcomes_of(main, REST) == everywhere("bg", REGIONS)


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (property_("HeartbeatSchedule", "ScheduleExpression", value="cron(0 * * * ? *)"), "how often cron"),
        (
            property_("HeartbeatMetric", "FilterPattern", value="Heartbeat"),
            "cannot tell what the filter pattern matches",
        ),
        (property_("HeartbeatMetric", "FilterPattern", value='{ $.source = "cfn*" }'), "cannot tell what the filter"),
        (
            property_("HeartbeatMetric", *COUNT, "Dimensions", 0, "Value", value="region"),
            "what the dimension 'region' is",
        ),
        (property_("HeartbeatMetric", *COUNT, "DefaultValue", value=0), "no DefaultValue beside Dimensions"),
    ],
)
def test_an_unknown_or_invalid_part_is_an_error(edit: Edit, problem: str) -> None:
    main = deepcopy(MAIN)
    edit(main)
    with pytest.raises(TemplateError, match=problem):
        outcomes_of(main, REST)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, template in (("main-region", MAIN), ("stackset", REST)):
        (tmp_path / f"{name}.yaml").write_text(json.dumps(template), encoding="utf-8")
    return tmp_path


def test_the_heartbeat_is_logged_and_is_no_alert(folder: Path) -> None:
    arguments = ["simulate", "--templates", str(folder), "-"]
    done = CliRunner().invoke(cli, arguments, input=json.dumps(BEAT), prog_name="cfn-breakglass")
    assert (done.exit_code, done.stderr) == (1, "")
    assert "1 record read, no alerts" in done.stdout
    assert f"    log {LOG_ARN}\n      the complete event\n" in done.stdout


def explained(folder: Path, *more: str) -> set[str]:
    arguments = ["simulate", "--templates", str(folder), "--json", "--explain", *more, "-"]
    done = CliRunner().invoke(cli, arguments, input=json.dumps(BEAT), prog_name="cfn-breakglass")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["detection"] for line in lines if line["type"] == "explanation"}


def test_only_the_option_explains_a_record_by_the_heartbeat(folder: Path) -> None:
    assert "RoleAssumed" in explained(folder)
    assert "Heartbeat" not in explained(folder)
    assert explained(folder, "--detection", "Heartbeat") == {"Heartbeat"}


@pytest.mark.parametrize(
    ("pattern", "of_aws"),
    [
        ({"source": ["aws.sts"]}, True),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"source": ["mine", "aws.sts"]}, True),
        ({"account": [ACCOUNT]}, True),
        ({"$or": [{"source": ["mine"]}, {"account": [ACCOUNT]}]}, True),
        ({"source": ["mine"]}, False),
        ({"$or": [{"source": ["mine"]}, {"source": ["cfn-breakglass.bg"]}]}, False),
    ],
)
def test_a_rule_is_about_events_of_aws_unless_it_wants_others(pattern: dict[str, Any], of_aws: bool) -> None:  # noqa: FBT001 - a table's column
    resource = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern}}
    (rule,) = rules_of(resolve({"Resources": {"R": resource}}, account=ACCOUNT, region="us-east-1"))
    assert rule.accepts_aws_events is of_aws


def test_the_heartbeat_is_in_the_picture(folder: Path) -> None:
    picture = picture_of(folder)
    (bus,) = (bus for bus in picture.alert_sources if bus.component.name == "bg-monitoring")
    (log,) = (sink for sink in picture.sinks if sink.name == LOG)
    assert [watch.target_arns for watch in bus.groups if "Heartbeat" in watch.names] == [(log.arn,)]
    for area in picture.region_groups:
        (edge,) = (group for group in area.rule_groups if "Health" in group.names)
        assert edge.target_arns == (bus.component.arn,)
