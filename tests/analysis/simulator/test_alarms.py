"""What cannot be delivered is kept and sets off an alarm, which notifies its subscribers by two paths."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from deployments import deploy
from samples import ACCOUNT, SETTINGS, templates
from template_data import read_yaml
from template_edits import Edit, edited, with_properties, without

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.dead_letters import dead_letter_problem
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.analysis.validation.alert_path import CANNOT_TELL, alert_path_problems

WITHOUT = {key: value for key, value in SETTINGS["alerts"].items() if key != "fallback"}
FALLBACK = {"fallback": ["boss@example.com", "+15550100", "https://hooks.example.com/x"]}
SUBSCRIBERS = {("email", "boss@example.com"), ("sms", "+15550100"), ("https", "https://hooks.example.com/x")}
CHINA = {
    "main_region": "cn-north-1",
    "regions": ["cn-northwest-1"],
    "alerts": {
        "emails": ["ops@example.com"],
        "fallback": [endpoint for endpoint in FALLBACK["fallback"] if "+" not in endpoint],
    },
}
QUEUE, OF_TOPIC = "dead-letters", "notifications"
OF_BUS, OF_ACTIONS, OF_MONITORING = "invocations", "invocations-actions", "invocations-monitoring"
EVERY_BUS = [OF_BUS, OF_ACTIONS, OF_MONITORING]

# name: (settings that differ from the usual, the alarms of the main region but for the heartbeat's)
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "with a fallback": ({}, [QUEUE, *EVERY_BUS, OF_TOPIC]),
    "without a fallback": ({"alerts": WITHOUT}, [QUEUE, *EVERY_BUS, OF_TOPIC]),
    "log only": ({"alerts": {"log": True, **FALLBACK}}, [QUEUE, *EVERY_BUS]),
    "no action log": (
        {"actions": {"log": "none"}, "detections": {"RoleActions": "off"}},
        [QUEUE, *EVERY_BUS, OF_TOPIC],
    ),
    "nothing about sessions": (
        {
            "detections": dict.fromkeys(
                ("ConsoleSignIn", "RoleChained", "RolePassed", "RoleActions", "BackdoorCreated"), "off"
            )
        },
        [QUEUE, OF_BUS, OF_MONITORING, OF_TOPIC],
    ),
    "an existing bus": (
        {"event_bus": {"existing": "shared"}},
        [QUEUE, f"{OF_BUS}-entrance", OF_ACTIONS, OF_MONITORING, OF_TOPIC],
    ),
    "a bus of another name": ({"event_bus": {"name": "emergency"}}, [QUEUE, *EVERY_BUS, OF_TOPIC]),
    "nobody is notified": ({"alerts": {"log": False, **FALLBACK}, "actions": {"log": "none"}}, [QUEUE]),
    # There is no bus but the default one, and CloudWatch has no rule of ours apart from those of others there.
    "one region": ({"regions": []}, [QUEUE, OF_TOPIC]),
    "China": (CHINA, [QUEUE, *EVERY_BUS, OF_TOPIC]),
}
every_case = pytest.mark.parametrize("case", CASES)


def settings(case: str) -> str:
    usual = {**SETTINGS, "alerts": {**WITHOUT, **FALLBACK}, "regions": ["eu-west-1", "ap-south-1"]}
    return json.dumps({**usual, **CASES[case][0]})


@cache
def stacks(case: str) -> dict[str, Stack]:
    return deploy(*templates(settings(case)), account=ACCOUNT)


def problems(stacks_by_region: dict[str, Stack]) -> list[str]:
    return [occurrence.problem.message for occurrence in alert_path_problems(stacks_by_region)]


def main_of(stacks_by_region: dict[str, Stack]) -> Stack:
    return next(iter(stacks_by_region.values()))


def alarms(stack: Stack) -> dict[str, Resource]:
    """The alarms of a stack by the end of their names; those of the heartbeat have tests of their own."""
    by_name = {alarm.name: alarm for alarm in stack.of_type("AWS::CloudWatch::Alarm")}
    assert all(name.startswith("break-glass-failing-") for name in by_name)
    short = {name.removeprefix("break-glass-failing-"): alarm for name, alarm in by_name.items()}
    return {name: alarm for name, alarm in short.items() if not name.startswith("heartbeat-")}


@every_case
def test_every_target_has_a_dead_letter_queue(case: str) -> None:
    for text in templates(settings(case)):
        resources = read_yaml(text)["Resources"]
        rules = {name: resource for name, resource in resources.items() if resource["Type"].endswith("::Rule")}
        for name, rule in rules.items():
            for target in rule["Properties"]["Targets"]:
                if target["Id"] == "Fallback":
                    # It needs nothing but its topic.
                    assert (name, target.keys() & {"DeadLetterConfig", "RetryPolicy"}) == (
                        "MonitoringTamperedFallback",
                        set(),
                    )
                    continue
                assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}, name
                # AWS has no retry policy for a bus, and a log may come late.
                retries = {"MaximumEventAgeInSeconds": 3_600} if target["Id"] == "Alert" else {}
                assert target.get("RetryPolicy", {}) == retries, name
    assert problems(stacks(case)) == []


def queue_policy(stack: Stack) -> dict[str, Any]:
    (policy,) = stack.of_type("AWS::SQS::QueuePolicy")
    return dict(policy.properties["PolicyDocument"])


# A rule's ARN after the region and account, and the regions whose queue accepts its messages.
SENDERS: dict[str, tuple[str, set[str]]] = {
    "on the default bus": ("rule/break-glass.Assume", {"main", "other"}),
    "on the default bus, of the rule that watches the others": ("rule/break-glass-TamperingRules", {"main", "other"}),
    "on the central bus": ("rule/break-glass/break-glass-RoleAssumed", {"main"}),
    "on the bus for actions": ("rule/break-glass-actions/break-glass-RoleActions", {"main"}),
    "on the bus for the monitoring": ("rule/break-glass-monitoring/break-glass-MonitoringTampered", {"main"}),
    "of another owner": ("rule/nightly-export", set()),
    "of another owner, with our name at the end": ("rule/my-break-glass.Assume", set()),
    "of another owner on a bus of that name": ("rule/break-glass/nightly-export", set()),
    "of a config whose name begins with ours": ("rule/break-glass2.Assume", set()),
    "of another one whose name begins with ours": ("rule/break-glass-audit.Assume", set()),
}


@pytest.mark.parametrize("sender", SENDERS)
def test_the_queue_accepts_messages_of_our_rules_only(sender: str) -> None:
    rule, accepting = SENDERS[sender]
    by_region = stacks("with a fallback")
    for kind, region in (("main", "us-east-1"), ("other", "eu-west-1")):
        for home in ("us-east-1", "eu-west-1", "ap-south-1"):
            for owner in (ACCOUNT, "444455556666"):
                sent = allowed(
                    [queue_policy(by_region[region])],
                    action="sqs:SendMessage",
                    resource=f"arn:aws:sqs:{region}:{ACCOUNT}:break-glass-dead-letters",
                    principal_service="events.amazonaws.com",
                    context={"aws:SourceArn": f"arn:aws:events:{home}:{owner}:{rule}"},
                )
                assert sent == (kind in accepting and home == region and owner == ACCOUNT)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
@pytest.mark.parametrize("action", ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:PurgeQueue"])
def test_the_queue_is_reached_by_tls_only(region: str, action: str) -> None:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    administrator = {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/Admin"}
    for by_tls in ("true", "false"):
        reached = allowed(
            [queue_policy(stacks("with a fallback")[region]), everything],
            action=action,
            resource=f"arn:aws:sqs:{region}:{ACCOUNT}:break-glass-dead-letters",
            context=administrator | {"aws:SecureTransport": by_tls},
        )
        assert reached == (by_tls == "true")


@every_case
def test_the_queue_outlives_the_customer_key(case: str) -> None:
    for stack in stacks(case).values():
        (queue,) = stack.of_type("AWS::SQS::Queue")
        assert queue.properties["SqsManagedSseEnabled"] is True
        assert "KmsMasterKeyId" not in queue.properties


@every_case
def test_every_failure_raises_an_alarm(case: str) -> None:
    by_region = stacks(case)
    main, *others = by_region.values()
    assert list(alarms(main)) == CASES[case][1]
    for other in others:
        assert list(alarms(other)) == [QUEUE]
    assert problems(by_region) == []


@every_case
def test_alarms_of_the_main_region_notify_the_fallback_as_well(case: str) -> None:
    by_region = stacks(case)
    main, *others = by_region.values()
    topics = {topic.logical_id: topic for topic in main.of_type("AWS::SNS::Topic")}
    has_fallback = "fallback" in json.loads(settings(case))["alerts"]
    assert ("FallbackTopic" in topics) == has_fallback
    arns = [topics["FallbackTopic"].arn] if has_fallback else []
    actions = [alarm.properties.get("AlarmActions", []) for alarm in main.of_type("AWS::CloudWatch::Alarm")]
    assert actions
    assert all(topics_of_alarm == arns for topics_of_alarm in actions)
    for other in others:
        assert all("AlarmActions" not in alarm.properties for alarm in other.of_type("AWS::CloudWatch::Alarm"))
    subscribed = {
        (subscription.properties["Protocol"], subscription.properties["Endpoint"])
        for subscription in main.of_type("AWS::SNS::Subscription")
        if subscription.properties["TopicArn"] in arns
    }
    expected = {(protocol, endpoint) for protocol, endpoint in SUBSCRIBERS if case != "China" or protocol != "sms"}
    assert subscribed == (expected if has_fallback else set())


def test_the_fallback_shares_nothing_with_the_alert_path() -> None:
    by_region = stacks("with a fallback")
    topic = main_of(by_region).resources["FallbackTopic"]
    assert topic.properties == {"TopicName": "break-glass-fallback", "DisplayName": "break-glass"}
    notifying = [rule for rule in Simulator(by_region).rules if any(target.arn == topic.arn for target in rule.targets)]
    # One rule notifies it of what can silence its own alert, and uses nothing else of that path.
    (rule,) = notifying
    assert (rule.name, rule.bus.rpartition("/")[2]) == ("break-glass.MonitoringTampered.Fallback", "default")
    assert [(target.arn, target.role, target.dead_letter_arn) for target in rule.targets] == [(topic.arn, None, None)]


def test_a_subscriber_may_be_notified_by_both_paths() -> None:
    both = json.dumps({**SETTINGS, "alerts": {"emails": ["ops@example.com"], "fallback": ["ops@example.com"]}})
    main = main_of(deploy(*templates(both), account=ACCOUNT))
    assert len(main.of_type("AWS::SNS::Subscription")) == 2


# An alarm's ARN after the region and account, and whether it may publish.
PUBLISHERS = {
    "alarm:break-glass-failing-dead-letters": True,
    "alarm:break-glass-failing-heartbeat-eu-west-1": True,
    "alarm:break-glass-cpu-high": False,
    "alarm:other-break-glass-failing-dead-letters": False,
}


@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_the_fallback_accepts_messages_of_our_alarms_only(publisher: str) -> None:
    main = main_of(stacks("with a fallback"))
    policy = main.resources["FallbackTopicPolicy"].properties["PolicyDocument"]
    for home in ("us-east-1", "eu-west-1"):
        for owner in (ACCOUNT, "444455556666"):
            for service in ("cloudwatch.amazonaws.com", "events.amazonaws.com"):
                accepted = allowed(
                    [policy],
                    action="sns:Publish",
                    resource=main.resources["FallbackTopic"].arn,
                    principal_service=service,
                    context={
                        "aws:SourceArn": f"arn:aws:cloudwatch:{home}:{owner}:{publisher}",
                        "aws:SourceAccount": owner,
                    },
                )
                is_ours = home == "us-east-1" and owner == ACCOUNT and service == "cloudwatch.amazonaws.com"
                assert accepted == (is_ours and PUBLISHERS[publisher])


def gone_off(stack: Stack, alarm: Resource) -> dict[str, Any]:
    """The event of an alarm that a template by_region, as CloudWatch sends it."""
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": stack.account,
        "time": "2025-03-14T03:07:12Z",
        "region": stack.region,
        "resources": [alarm.arn],
        "detail": {
            "alarmName": alarm.name,
            "configuration": {"description": alarm.properties.get("AlarmDescription")},
            "previousState": {"value": "OK", "timestamp": "2025-03-14T02:07:12.987+0000"},
            "state": {"value": "ALARM", "reason": "it was", "timestamp": "2025-03-14T03:07:12.987+0000"},
        },
    }


@pytest.mark.parametrize("case", [case for case in CASES if case != "nobody is notified"])
def test_an_alarm_that_goes_off_alerts_like_any_detection(case: str) -> None:
    by_region = stacks(case)
    main = main_of(by_region)
    simulator = Simulator(by_region)
    kinds = ["topic", "log"] if "AlertTopic" in main.resources else ["log"]
    for stack in by_region.values():
        for alarm in stack.of_type("AWS::CloudWatch::Alarm"):
            deliveries = {delivery.kind: delivery for delivery in simulator.run(gone_off(stack, alarm))}
            assert list(deliveries) == kinds
            for delivery in deliveries.values():
                assert (delivery.detection, delivery.region, delivery.problem) == ("DeliveryFailing", main.region, None)
                assert alarm.name in delivery.message
            if "topic" in deliveries:
                alert = json.loads(deliveries["topic"].message)
                assert (alert["result"], alert["error"], alert["region"]) == ("Failure", "it was", stack.region)


def damaged(main: Edit | None = None, other: Edit | None = None) -> dict[str, Stack]:
    """An account with the templates of the first case, each edited."""
    texts = templates(settings("with a fallback"))
    edits = [
        edited(text, _without_dependencies(edit)) if edit else text
        for text, edit in zip(texts, (main, other), strict=True)
    ]
    return deploy(*edits, account=ACCOUNT)


def _without_dependencies(edit: Edit) -> Edit:
    """The edit, and no resource depends on another."""

    def freed(resources: dict[str, Any]) -> None:
        edit(resources)
        for resource in resources.values():
            resource.pop("DependsOn", None)

    return freed


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_from_a_target_that_fails_to_the_subscriber(region: str) -> None:
    """A region cannot forward some events any more: they are kept, and an alarm on that goes off."""
    broken = with_properties("ForwardAssume", {"Targets": [BROKEN]})
    by_region = damaged(broken, broken)
    simulator = Simulator(by_region)
    rule = next(rule for rule in simulator.watching(region) if rule.name == "break-glass.Assume")
    (target,) = rule.targets
    lost = {
        "source": "aws.sts",
        "detail-type": "AWS API Call via CloudTrail",
        "region": region,
        "detail": {
            "eventName": "AssumeRole",
            "requestParameters": {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"},
        },
    }
    (delivery,) = simulator.run(lost)
    assert "without a role" in (delivery.problem or "")
    assert delivery.detection == "RoleAssumed"
    # EventBridge puts it into the queue, and the alarm on that queue goes off.
    stack = by_region[region]
    (queue,) = stack.of_type("AWS::SQS::Queue")
    assert (target.dead_letter_arn, dead_letter_problem(stack, rule, target)) == (queue.arn, None)
    (alarm,) = (alarm for alarm in alarms(stack).values() if dimensions(alarm) == {"QueueName": queue.name})
    assert {occurrence.problem.code for occurrence in alert_path_problems(by_region)} == {"forward-without-role"}
    deliveries = {delivery.kind: delivery for delivery in simulator.run(gone_off(stack, alarm))}
    assert [delivery.problem for delivery in deliveries.values()] == [None, None]
    assert ("email", "ops@example.com") in deliveries["topic"].subscribers


BROKEN = {
    "Id": "CentralBus",
    "Arn": {"Fn::Sub": "arn:aws:events:us-east-1:${AWS::AccountId}:event-bus/break-glass"},
    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}},
}


def dimensions(alarm: Resource) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm.properties.get("Dimensions", [])}


TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:break-glass-fallback"
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:break-glass-dead-letters"
ALARM = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:break-glass-failing-dead-letters"
QUERY = 'SELECT SUM(FailedInvocations) FROM SCHEMA("AWS/Events", EventBusName, RuleName) WHERE EventBusName = '
SHUT = {"PolicyDocument": {"Version": "2012-10-17", "Statement": []}}


def renamed(*names: str) -> dict[str, Any]:
    return {"Dimensions": [{"Name": name, "Value": "break-glass-dead-letters"} for name in names]}


def without_subscribers(resources: dict[str, Any]) -> None:
    for name in [name for name in resources if name.startswith("FallbackSubscription")]:
        del resources[name]


# name: (edit of main-region.yaml, the end of the name of an alarm, the end of what is wrong with it then)
DAMAGES: dict[str, tuple[Edit, str, str]] = {
    "no alarm on the queue": (without("DeadLetterAlarm"), "", f"no alarm watches the queue {QUEUE_ARN}"),
    "a dimension SQS does not have": (
        with_properties("DeadLetterAlarm", renamed("Queue")),
        QUEUE,
        "in us-east-1 emits",
    ),
    "a dimension too many": (
        with_properties("DeadLetterAlarm", renamed("QueueName", "Region")),
        QUEUE,
        "in us-east-1 emits",
    ),
    "a queue that is not there": (
        with_properties("DeadLetterAlarm", {"Dimensions": [{"Name": "QueueName", "Value": "lost"}]}),
        QUEUE,
        "watches AWS/SQS ApproximateNumberOfMessagesVisible of QueueName lost, which nothing in us-east-1 emits",
    ),
    "a topic that is not there": (
        with_properties("AlertTopicAlarm", {"Dimensions": [{"Name": "TopicName", "Value": "lost"}]}),
        OF_TOPIC,
        "watches AWS/SNS NumberOfNotificationsFailed of TopicName lost, which nothing in us-east-1 emits",
    ),
    "a bus that is not there": (
        with_properties("CentralBusAlarm", {"Metrics": [{"Id": "failed", "Expression": f"{QUERY}'lost'"}]}),
        OF_BUS,
        "watches AWS/Events FailedInvocations of EventBusName lost, which nothing in us-east-1 emits",
    ),
    "a threshold that one failure does not reach": (
        with_properties("DeadLetterAlarm", {"Threshold": 1}),
        QUEUE,
        "does not go off at a failure",
    ),
    "a comparison that is always true": (
        with_properties("AlertTopicAlarm", {"ComparisonOperator": "GreaterThanOrEqualToThreshold"}),
        OF_TOPIC,
        "goes off while nothing fails",
    ),
    "missing data that breaches": (
        with_properties("CentralBusAlarm", {"TreatMissingData": "breaching"}),
        OF_BUS,
        "goes off while nothing fails",
    ),
    "datapoints counted": (
        with_properties("DeadLetterAlarm", {"Statistic": "SampleCount"}),
        QUEUE,
        "goes off while nothing fails",
    ),
    "a failure has to last": (
        with_properties("CentralBusAlarm", {"EvaluationPeriods": 2}),
        OF_BUS,
        "does not go off at a failure that comes once",
    ),
    "actions switched off": (
        with_properties("DeadLetterAlarm", {"ActionsEnabled": False}),
        QUEUE,
        "has ActionsEnabled: false",
    ),
    "a policy that lets nobody": (
        with_properties("FallbackTopicPolicy", SHUT),
        "",
        f"the policy of the topic {TOPIC} does not let the alarm {ALARM} publish",
    ),
    "the key of SNS itself": (
        with_properties("FallbackTopic", {"KmsMasterKeyId": "alias/aws/sns"}),
        "",
        f"CloudWatch cannot use the key alias/aws/sns of {TOPIC}; it takes a customer key",
    ),
    "a topic without subscribers": (without_subscribers, "", f"the topic {TOPIC} has no subscriber"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damage_is_seen(damage: str) -> None:
    edit, alarm, problem = DAMAGES[damage]
    messages = problems(damaged(edit))
    about = f"the alarm break-glass-failing-{alarm} " if alarm else ""
    assert any(message.startswith(about) and problem in message for message in messages), messages


def test_a_queue_of_another_region_needs_its_own_alarm() -> None:
    by_region = damaged(other=without("DeadLetterAlarm"))
    queues = [f"arn:aws:sqs:{region}:{ACCOUNT}:break-glass-dead-letters" for region in ("ap-south-1", "eu-west-1")]
    assert problems(by_region) == [f"no alarm watches the queue {lost}" for lost in queues]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            with_properties("CentralBusAlarm", {"Metrics": [{"Id": "x", "Expression": "SELECT 1"}]}),
            "what the alarm watches",
        ),
        (with_properties("DeadLetterAlarm", {"MetricName": "NumberOfMessagesSent"}), "is not known here"),
        (
            with_properties("DeadLetterAlarm", {"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}),
            "what the alarm does",
        ),
    ],
)
def test_an_unknown_alarm_cannot_be_judged(edit: Edit, message: str) -> None:
    (unknown,) = [
        occurrence.problem
        for occurrence in alert_path_problems(damaged(edit))
        if occurrence.problem.code == CANNOT_TELL
    ]
    assert message in unknown.message
