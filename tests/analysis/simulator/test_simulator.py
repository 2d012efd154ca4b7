"""What an event sets off in two small stacks, and every way in which AWS would drop it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from deployments import deploy, deploy_folder

from cfn_breakglass.analysis.simulator.dead_letters import dead_letter_problem
from cfn_breakglass.analysis.simulator.simulator import Delivery, Simulator
from cfn_breakglass.errors import BreakglassError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cfn_breakglass.analysis.template.reader import Stack

    Edit = Callable[[dict[str, Any]], None]

ACCOUNT = "111122223333"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/bg"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:bg"
LOG = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:bg-logins"
FORWARDER = f"arn:aws:iam::{ACCOUNT}:role/bg-forwarder"
EDGE = "bg-Assume"
ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

REGIONAL = """
  ForwardAssume:
    Type: AWS::Events::Rule
    Properties:
      Name: bg-Assume
      State: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS
      EventPattern: {source: [aws.sts], detail: {eventName: [AssumeRole]}}
      Targets:
      - Id: CentralBus
        Arn: {"Fn::Sub": "arn:${AWS::Partition}:events:us-east-1:${AWS::AccountId}:event-bus/bg"}
        RoleArn: {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/bg-forwarder"}
        DeadLetterConfig: {Arn: {"Fn::GetAtt": [Lost, Arn]}}
  Lost: {Type: AWS::SQS::Queue, Properties: {QueueName: bg-lost}}
  LostPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [{Ref: Lost}]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          Effect: Allow
          Principal: {Service: events.amazonaws.com}
          Action: sqs:SendMessage
          Resource: {"Fn::GetAtt": [Lost, Arn]}
          Condition: {ArnEquals: {"aws:SourceArn": {"Fn::GetAtt": [ForwardAssume, Arn]}}}
"""

PLAN = "Metadata: {cfn-breakglass: {Name: bg, MainRegion: us-east-1, Regions: [eu-west-1, ap-south-1]}}"

STACKSET = f"""
{PLAN}
Rules:
  NotInMainRegion:
    Assertions:
    - Assert: {{"Fn::Not": [{{"Fn::Equals": [{{Ref: "AWS::Region"}}, us-east-1]}}]}}
      AssertDescription: us-east-1 is the main region
Resources:
{REGIONAL}
"""

CENTRAL = """
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: bg}}
  Forwarder:
    Type: AWS::IAM::Role
    Properties:
      RoleName: bg-forwarder
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          Effect: Allow
          Principal: {Service: events.amazonaws.com}
          Action: sts:AssumeRole
          Condition:
            StringEquals: {"aws:SourceAccount": {Ref: "AWS::AccountId"}}
            ArnLike: {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:events:*:${AWS::AccountId}:rule/bg-*"}}
      Policies:
      - PolicyName: forward
        PolicyDocument:
          Version: "2012-10-17"
          Statement: {Effect: Allow, Action: "events:PutEvents", Resource: {"Fn::GetAtt": [Bus, Arn]}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: bg}}
  TopicPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [{Ref: Topic}]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          Effect: Allow
          Principal: {Service: events.amazonaws.com}
          Action: sns:Publish
          Resource: {Ref: Topic}
          Condition:
            StringEquals: {"aws:SourceAccount": {Ref: "AWS::AccountId"}}
            ArnEquals: {"aws:SourceArn": {"Fn::GetAtt": [RoleAssumed, Arn]}}
  Mail:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: {Ref: Topic}, Protocol: email, Endpoint: ops@example.com}
  Phone:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: {Ref: Topic}, Protocol: sms, Endpoint: "+15550100"}
  Elsewhere:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: "arn:aws:sns:us-east-1:111122223333:other", Protocol: sms, Endpoint: "+15550111"}
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: bg-logins}}
  LogPolicy:
    Type: AWS::Logs::ResourcePolicy
    Properties:
      PolicyName: bg
      PolicyDocument:
        Fn::Sub: >-
          {"Version":"2012-10-17","Statement":[{"Effect":"Allow",
          "Principal":{"Service":["events.amazonaws.com","delivery.logs.amazonaws.com"]},
          "Action":["logs:CreateLogStream","logs:PutLogEvents"],
          "Resource":"arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:bg-*:*"}]}
  RoleAssumed:
    Type: AWS::Events::Rule
    Properties:
      Name: bg-RoleAssumed
      EventBusName: {Ref: Bus}
      State: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS
      EventPattern: {source: [aws.sts], detail: {errorCode: [{exists: false}]}}
      Targets:
      - Id: Alert
        Arn: {Ref: Topic}
        InputTransformer:
          InputPathsMap: {who: $.detail.user, region: $.region}
          InputTemplate: '"<who> in <region> by <aws.events.rule-name>"'
      - Id: Log
        Arn: {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:bg-logins"}
"""

MAIN = f"{PLAN}\nResources:\n{REGIONAL}\n{CENTRAL}"


def deployed(edit_main: Edit | None = None, edit_stackset: Edit | None = None) -> dict[str, Stack]:
    """Deploy the two templates after an edit of what their texts say."""
    main, stackset = yaml.safe_load(MAIN), yaml.safe_load(STACKSET)
    for edit, template in ((edit_main, main), (edit_stackset, stackset)):
        if edit:
            edit(template)
    return deploy(json.dumps(main), json.dumps(stackset), account=ACCOUNT)


def assumed(region: str = "eu-west-1", **detail: Any) -> dict[str, Any]:
    return {
        "source": "aws.sts",
        "detail-type": "AWS API Call via CloudTrail",
        "account": ACCOUNT,
        "region": region,
        "time": "2024-05-01T03:00:00Z",
        "detail": {"eventName": "AssumeRole", "user": "ann", "readOnly": True, "managementEvent": True, **detail},
    }


def properties(template: dict[str, Any], logical_id: str) -> dict[str, Any]:
    node: dict[str, Any] = template["Resources"][logical_id].setdefault("Properties", {})
    return node


def problems(stacks: dict[str, Stack], region: str = "eu-west-1") -> dict[str, str | None]:
    """The problem of every delivery of one AssumeRole, by its kind."""
    return {delivery.kind: delivery.problem for delivery in Simulator(stacks).run(assumed(region))}


def put(logical_id: str, *path: str | int, value: Any) -> Edit:
    """Make an edit that sets one property of a resource, and makes the mappings on the way."""

    def edit(template: dict[str, Any]) -> None:
        node: Any = properties(template, logical_id)
        for key in path[:-1]:
            node = node.setdefault(key, {}) if isinstance(node, dict) else node[key]
        node[path[-1]] = value

    return edit


def without(*logical_ids: str) -> Edit:
    def edit(template: dict[str, Any]) -> None:
        for logical_id in logical_ids:
            del template["Resources"][logical_id]

    return edit


def adding(**resources: dict[str, Any]) -> Edit:
    def edit(template: dict[str, Any]) -> None:
        template["Resources"] |= resources

    return edit


def both(*edits: Edit) -> Edit:
    def edit(template: dict[str, Any]) -> None:
        for change in edits:
            change(template)

    return edit


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "ap-south-1"])
def test_an_event_of_any_region_reaches_the_topic_and_the_log_of_the_main_region(region: str) -> None:
    event = assumed(region)
    topic, log = Simulator(deployed()).run(event)
    assert topic == Delivery(
        detection="RoleAssumed",
        rule="bg-RoleAssumed",
        region="us-east-1",
        target=TOPIC,
        kind="topic",
        message=f'"ann in {region} by bg-RoleAssumed"',
        subscribers=(("email", "ops@example.com"), ("sms", "+15550100")),
    )
    assert (log.target, log.kind, log.subscribers, log.problem) == (LOG, "log", (), None)
    assert json.loads(log.message) == event


@pytest.mark.parametrize(
    "event",
    [
        assumed("eu-north-1"),
        {**assumed(), "source": "my.sts"},
        assumed(eventName="GetCallerIdentity"),
        {key: value for key, value in assumed().items() if key != "region"},
    ],
    ids=["region-without-stack", "forged-source", "other-call", "no-region"],
)
def test_an_event_that_concerns_nobody(event: dict[str, Any]) -> None:
    assert Simulator(deployed()).run(event) == []


def test_a_simulator_runs_many_events() -> None:
    simulator = Simulator(deployed())
    assert [len(simulator.run(assumed(region))) for region in ("us-east-1", "eu-west-1", "sa-east-1")] == [2, 2, 0]


@pytest.mark.parametrize(
    ("state", "of_a_read", "of_a_write"),
    [(ALL, 2, 2), ("ENABLED", 0, 2), (None, 0, 2), ("DISABLED", 0, 0)],
)
def test_a_rule_receives_events_by_its_state(state: str | None, of_a_read: int, of_a_write: int) -> None:
    stacks = deployed(edit_stackset=put("ForwardAssume", "State", value=state or {"Ref": "AWS::NoValue"}))
    assert len(Simulator(stacks).run(assumed())) == of_a_read
    assert len(Simulator(stacks).run(assumed(readOnly=False))) == of_a_write


@pytest.mark.parametrize(("state", "of_a_write"), [("ENABLED", ["topic", "log"]), ("DISABLED", ["bus"])])
def test_a_rule_on_the_central_bus_receives_events_by_its_state(state: str, of_a_write: list[str]) -> None:
    stacks = deployed(put("RoleAssumed", "State", value=state))
    withheld = f"the rule bg-RoleAssumed on the bus {BUS} does not receive it: its State is {state}"
    (lost,) = Simulator(stacks).run(assumed())
    assert (lost.problem, lost.kind, lost.target, lost.region) == (withheld, "bus", BUS, "eu-west-1")
    assert (lost.detection, lost.rule) == ("RoleAssumed", EDGE)
    assert [delivery.kind for delivery in Simulator(stacks).run(assumed(readOnly=False))] == of_a_write


@pytest.mark.parametrize(
    ("name", "detection"),
    [
        ("bg-RoleActions.Failed", "RoleActions"),
        ("bg-RoleActions", "RoleActions"),
        ("other", "other"),
        ("bg-bg-x", "bg-x"),
    ],
)
def test_the_name_of_a_rule_holds_its_detection(name: str, detection: str) -> None:
    stacks = deployed(put("RoleAssumed", "Name", value=name))
    assert {(delivery.rule, delivery.detection) for delivery in Simulator(stacks).run(assumed())} == {(name, detection)}


def test_a_rule_without_a_pattern_waits_for_no_event() -> None:
    schedule = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)"}}
    assert len(Simulator(deployed(edit_stackset=adding(Daily=schedule))).run(assumed())) == 2


WRONG_RULE = "arn:aws:events:us-east-1:111122223333:rule/bg-Other"
TRUST = ("Forwarder", "AssumeRolePolicyDocument", "Statement")
FORWARD = ("Forwarder", "Policies", 0, "PolicyDocument", "Statement")
RULE = f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/{EDGE}"
CENTRAL_RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/bg/bg-RoleAssumed"


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (put(*TRUST, "Principal", value={"Service": "sns.amazonaws.com"}), "does not trust"),
        (put(*TRUST, "Action", value="sts:TagSession"), "does not trust"),
        (put(*TRUST, "Condition", "ArnLike", value={"aws:SourceArn": WRONG_RULE}), "does not trust"),
        (put(*TRUST, "Condition", "StringEquals", value={"aws:SourceAccount": "444455556666"}), "does not trust"),
        (put(*FORWARD, "Action", value="events:PutRule"), "may not put"),
        (put(*FORWARD, "Resource", value=BUS + "2"), "may not put"),
        (put(*FORWARD, "Effect", value="Deny"), "may not put"),
        (put(*FORWARD, "Condition", value={"StringEquals": {"events:source": "aws.iam"}}), "may not put"),
        (put("Forwarder", "Policies", value=[]), "may not put"),
    ],
)
def test_a_forwarder_role_that_does_not_let_the_event_through(edit: Edit, problem: str) -> None:
    messages = {
        "does not trust": f"the role {FORWARDER} does not trust the rule {RULE}",
        "may not put": f"the role {FORWARDER} may not put events on {BUS}",
    }
    (lost,) = Simulator(deployed(edit)).run(assumed())
    assert (lost.problem, lost.kind, lost.target, lost.region) == (messages[problem], "bus", BUS, "eu-west-1")
    assert (lost.detection, json.loads(lost.message)) == ("RoleAssumed", assumed())


PUT_EVENTS = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "events:*", "Resource": BUS}}
MANAGED = {"ManagedPolicyName": "forward", "PolicyDocument": PUT_EVENTS}


@pytest.mark.parametrize(
    ("kind", "policy", "attached"),
    [
        ("RolePolicy", {"RoleName": {"Ref": "Forwarder"}, "PolicyDocument": PUT_EVENTS}, []),
        ("Policy", {"Roles": [{"Ref": "Forwarder"}], "PolicyDocument": PUT_EVENTS}, []),
        ("ManagedPolicy", {"Roles": [{"Ref": "Forwarder"}], **MANAGED}, []),
        ("ManagedPolicy", MANAGED, [{"Ref": "Apart"}]),
    ],
)
def test_a_forwarder_role_may_have_its_policy_apart(kind: str, policy: dict[str, Any], attached: list[Any]) -> None:
    bare = put("Forwarder", "Policies", value=[])
    apart = adding(Apart={"Type": f"AWS::IAM::{kind}", "Properties": policy})
    linked = put("Forwarder", "ManagedPolicyArns", value=attached)
    assert problems(deployed(both(bare, apart, linked))) == {"topic": None, "log": None}
    of_another_role = both(apart, put("Apart", "RoleName", value="x"), put("Apart", "Roles", value=["x"]))
    assert problems(deployed(both(bare, of_another_role)))["bus"] is not None


def test_a_forward_without_a_role_is_lost() -> None:
    stacks = deployed(edit_stackset=put("ForwardAssume", "Targets", 0, "RoleArn", value={"Ref": "AWS::NoValue"}))
    assert problems(stacks) == {"bus": f"the rule {EDGE} forwards to {BUS} without a role"}


def test_a_forwarder_role_that_no_template_makes_is_assumed_to_allow_it() -> None:
    deliveries = Simulator(deployed(without("Forwarder"))).run(assumed())
    assert [(delivery.problem, delivery.assumed_allowed) for delivery in deliveries] == [(None, (FORWARDER,))] * 2


def test_the_rules_on_a_bus_prove_that_it_exists() -> None:
    for name in ("bg", BUS):
        existing = both(
            put("RoleAssumed", "EventBusName", value=name), put(*FORWARD, "Resource", value=BUS), without("Bus")
        )
        assert problems(deployed(existing)) == {"topic": None, "log": None}


def test_a_bus_that_nobody_makes_loses_the_event() -> None:
    gone = both(without("Bus", "RoleAssumed", "TopicPolicy"), put(*FORWARD, "Resource", value=BUS))
    assert problems(deployed(gone)) == {"bus": f"no template makes the bus {BUS} or puts a rule on it"}


def test_an_event_that_no_rule_on_the_bus_matches_is_not_wanted() -> None:
    other = put("RoleAssumed", "EventPattern", "source", value=["aws.iam"])
    simulator = Simulator(deployed(other))
    assert simulator.run(assumed()) == []
    # Whoever knows that it is wanted can ask.
    assert [problem.message for problem in simulator.untaken(assumed())] == [f"no rule on the bus {BUS} takes it"]
    assert not any(Simulator(deployed()).untaken(assumed()))


def test_an_event_on_a_bus_without_a_rule_is_lost() -> None:
    (lost,) = Simulator(deployed(without("RoleAssumed", "TopicPolicy"))).run(assumed())
    assert (lost.problem, lost.kind, lost.rule) == (f"there is no rule on the bus {BUS}", "bus", EDGE)


def second_central_rule(**pattern: Any) -> Edit:
    """Make an edit that adds rules for another detection to the central bus."""
    other = {"EventBusName": {"Ref": "Bus"}, "State": ALL, "EventPattern": {"source": ["aws.sts"], **pattern}}
    return adding(
        **{
            logical_id: {"Type": "AWS::Events::Rule", "Properties": {**other, "Name": name, "Targets": []}}
            for logical_id, name in (("Other", "bg-RoleDenied"), ("Twin", "bg-RoleDenied.Failed"))
        }
    )


@pytest.mark.parametrize(
    ("pattern", "lost"),
    [({}, ["RoleAssumed", "RoleDenied"]), ({"detail": {"errorCode": [{"exists": True}]}}, ["RoleAssumed"])],
    ids=["of both detections", "of one"],
)
def test_what_cannot_be_forwarded_is_lost_for_each_detection_that_takes_it(
    pattern: dict[str, Any], lost: list[str]
) -> None:
    stacks = deployed(both(second_central_rule(**pattern), put("Forwarder", "Policies", value=[])))
    deliveries = Simulator(stacks).run(assumed())
    assert [delivery.detection for delivery in deliveries] == lost
    assert {(delivery.rule, delivery.region, delivery.kind) for delivery in deliveries} == {(EDGE, "eu-west-1", "bus")}


def test_what_no_detection_takes_is_not_lost_where_it_cannot_be_forwarded() -> None:
    other = put("RoleAssumed", "EventPattern", "source", value=["aws.iam"])
    assert Simulator(deployed(both(other, put("Forwarder", "Policies", value=[])))).run(assumed()) == []


def test_a_path_is_a_central_rule_with_the_edge_rules_that_may_forward_to_it() -> None:
    direct = adding(
        Direct={
            "Type": "AWS::Events::Rule",
            "Properties": {"Name": "bg-Fallback", "EventPattern": {"source": ["aws.sns"]}, "Targets": [{"Arn": TOPIC}]},
        }
    )
    unrelated = put("ForwardAssume", "EventPattern", value={"source": ["cfn-breakglass.bg"]})
    simulator = Simulator(deployed(direct, unrelated))
    paths = {
        region: [
            (path.rule.name, [edge.name for edge in path.edges], path.is_direct, path.accepts_aws_events)
            for path in simulator.paths(region)
        ]
        for region in ("us-east-1", "eu-west-1", "eu-north-1")
    }
    assert paths == {
        "us-east-1": [("bg-Fallback", [], True, True), ("bg-RoleAssumed", [EDGE], False, True)],
        "eu-west-1": [("bg-RoleAssumed", [], False, False)],
        "eu-north-1": [("bg-RoleAssumed", [], False, False)],
    }


@pytest.mark.parametrize("third", [f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default", BUS + "2"])
def test_an_event_is_forwarded_once(third: str) -> None:
    again = put("RoleAssumed", "Targets", value=[{"Id": "Again", "Arn": third, "RoleArn": FORWARDER}])
    (lost,) = Simulator(deployed(again)).run(assumed())
    assert lost.problem == f"it arrived from another bus, and is not forwarded again to {third}"
    assert (lost.region, lost.target) == ("us-east-1", third)


def test_a_rule_on_the_default_bus_may_notify_a_topic() -> None:
    direct = both(put("RoleAssumed", "EventBusName", value="default"), without("ForwardAssume", "LostPolicy"))
    stacks = deployed(direct)
    assert problems(stacks, "us-east-1") == {"topic": None, "log": None}


@pytest.mark.parametrize(
    "edit",
    [
        without("TopicPolicy"),
        put("TopicPolicy", "Topics", value=[TOPIC + "2"]),
        put("TopicPolicy", "PolicyDocument", "Statement", "Action", value="sns:Subscribe"),
        put("TopicPolicy", "PolicyDocument", "Statement", "Resource", value=TOPIC + "2"),
        put("TopicPolicy", "PolicyDocument", "Statement", "Principal", value={"AWS": ACCOUNT}),
        put("TopicPolicy", "PolicyDocument", "Statement", "Condition", "ArnEquals", "aws:SourceArn", value=WRONG_RULE),
        put("TopicPolicy", "PolicyDocument", "Statement", "Condition", "ArnEquals", "aws:SourceArn", value=RULE),
        put("TopicPolicy", "PolicyDocument", "Statement", "Condition", "StringEquals", "aws:SourceAccount", value="1"),
    ],
)
def test_a_topic_whose_policy_does_not_let_the_rule_publish(edit: Edit) -> None:
    outcome = problems(deployed(edit))
    assert outcome["topic"] == f"the policy of the topic {TOPIC} does not let the rule {CENTRAL_RULE} publish"
    assert outcome["log"] is None


def test_a_topic_that_no_template_makes_in_the_region() -> None:
    elsewhere = put("RoleAssumed", "Targets", 0, "Arn", value=f"arn:aws:sns:eu-west-1:{ACCOUNT}:bg")
    topic = adding(Topic={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "bg"}})
    outcome = problems(deployed(elsewhere, topic))
    assert outcome["topic"] == f"no template makes the topic arn:aws:sns:eu-west-1:{ACCOUNT}:bg in us-east-1"


def key(**more: Any) -> Edit:
    """Encrypt the topic with a key of the stack that EventBridge may use as ``more`` says."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        **more,
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return adding(
        Key={"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document}},
        Alias={"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/bg", "TargetKeyId": {"Ref": "Key"}}},
    )


@pytest.mark.parametrize("reference", [{"Ref": "Key"}, {"Fn::GetAtt": ["Key", "Arn"]}, {"Ref": "Alias"}])
def test_an_encrypted_topic_whose_key_eventbridge_may_use(reference: dict[str, Any]) -> None:
    assert problems(deployed(both(key(), put("Topic", "KmsMasterKeyId", value=reference)))) == {
        "topic": None,
        "log": None,
    }


@pytest.mark.parametrize(
    "more",
    [
        {"Action": "kms:Decrypt"},
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {"Condition": {"ArnEquals": {"aws:SourceArn": CENTRAL_RULE}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}},
    ],
)
def test_an_encrypted_topic_whose_key_eventbridge_may_not_use(more: dict[str, Any]) -> None:
    outcome = problems(deployed(both(key(**more), put("Topic", "KmsMasterKeyId", value={"Ref": "Key"}))))
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/break-glass-Key"
    assert outcome["topic"] == f"the policy of the key {arn} does not let EventBridge use it for {TOPIC}"


def test_a_key_of_aws_cannot_be_used_and_an_existing_one_is_assumed_to_allow_it() -> None:
    outcome = problems(deployed(put("Topic", "KmsMasterKeyId", value="alias/aws/sns")))
    assert outcome["topic"] == f"EventBridge cannot use the key alias/aws/sns of {TOPIC}; it takes a customer key"
    other = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"
    both_unknown = both(put("Topic", "KmsMasterKeyId", value=other), without("Forwarder"))
    topic, log = Simulator(deployed(both_unknown)).run(assumed())
    assert (topic.problem, topic.assumed_allowed, log.assumed_allowed) == (None, (FORWARDER, other), (FORWARDER,))


def logs_policy(**more: Any) -> Edit:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{LOG}:*",
        **more,
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return put("LogPolicy", "PolicyDocument", value=json.dumps(document))


def test_a_logs_policy_may_name_the_rule() -> None:
    condition = {"ArnEquals": {"aws:SourceArn": CENTRAL_RULE}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert problems(deployed(logs_policy(Condition=condition)))["log"] is None


@pytest.mark.parametrize(
    ("edit", "service", "action"),
    [
        (without("LogPolicy"), "events", "CreateLogStream"),
        (logs_policy(Resource=LOG), "events", "CreateLogStream"),
        (logs_policy(Resource=f"{LOG}-other:*"), "events", "CreateLogStream"),
        (logs_policy(Action="logs:CreateLogStream"), "events", "PutLogEvents"),
        (logs_policy(Principal={"Service": "events.amazonaws.com"}), "delivery.logs", "CreateLogStream"),
        (logs_policy(Condition={"ArnEquals": {"aws:SourceArn": RULE}}), "events", "CreateLogStream"),
    ],
)
def test_a_log_group_no_policy_lets_eventbridge_write_to(edit: Edit, service: str, action: str) -> None:
    outcome = problems(deployed(edit))
    call = f"{service}.amazonaws.com logs:{action}"
    assert outcome == {
        "topic": None,
        "log": f"no Logs resource policy lets {call} in {LOG} for the rule {CENTRAL_RULE}",
    }


def test_a_log_group_that_nobody_makes() -> None:
    assert problems(deployed(without("Log")))["log"] == f"no template makes the log group {LOG} in us-east-1"
    starred = put("RoleAssumed", "Targets", 1, "Arn", value={"Fn::GetAtt": ["Log", "Arn"]})
    outcome = problems(deployed(starred))["log"]
    assert outcome == f"no template makes the log group {LOG}:* in us-east-1; a target's ARN does not end in :*"


def test_a_log_group_target_with_a_role_loses_the_event() -> None:
    outcome = problems(deployed(put("RoleAssumed", "Targets", 1, "RoleArn", value=FORWARDER)))
    assert outcome["log"] == f"with a role in the target, EventBridge loses what it should write to {LOG}"


QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:bg-lost"
REFUSED = f"the policy of the queue {QUEUE} does not let the rule {RULE} send"
SENDER = ("LostPolicy", "PolicyDocument", "Statement", "Condition", "ArnEquals", "aws:SourceArn")


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (adding(), None),
        (without("LostPolicy"), REFUSED),
        (put("LostPolicy", "Queues", value=["https://sqs.eu-west-1.amazonaws.com/1/bg-lost"]), REFUSED),
        (put(*SENDER, value=WRONG_RULE), REFUSED),
        (
            put("Lost", "KmsMasterKeyId", value="alias/aws/sqs"),
            f"EventBridge cannot use the key alias/aws/sqs of {QUEUE}; it takes a customer key",
        ),
        (without("Lost", "LostPolicy"), f"no template makes the queue {QUEUE} in eu-west-1"),
    ],
)
def test_the_policy_of_a_queue_decides_what_it_accepts(edit: Edit, problem: str | None) -> None:
    dead_letters = both(put("ForwardAssume", "Targets", 0, "DeadLetterConfig", "Arn", value=QUEUE), edit)
    stack = deployed(edit_stackset=dead_letters)["eu-west-1"]
    (rule,) = Simulator({"eu-west-1": stack}).rules
    (target,) = rule.targets
    denied = dead_letter_problem(stack, rule, target)
    assert (denied and denied.message) == problem
    as_target = put("ForwardAssume", "Targets", value=[{"Id": "Queue", "Arn": QUEUE}])
    assert problems(deployed(edit_stackset=both(as_target, edit))) == {"queue": problem}


def test_a_constant_input_is_the_message() -> None:
    constant = put("RoleAssumed", "Targets", value=[{"Id": "Alert", "Arn": TOPIC, "Input": '"look"'}])
    assert [delivery.message for delivery in Simulator(deployed(constant)).run(assumed())] == ['"look"']


def test_a_transformer_that_makes_no_json_of_the_event_loses_it() -> None:
    template = {"InputPathsMap": {"who": "$.detail.user"}, "InputTemplate": '{"who": "<who>"}'}
    stacks = deployed(put("RoleAssumed", "Targets", 0, "InputTransformer", value=template))
    topic, _ = Simulator(stacks).run(assumed(user='a"b'))
    assert topic.message == ""
    assert "the output of the input transformer for this event is not JSON" in (topic.problem or "")
    refused = both(put("RoleAssumed", "Targets", 0, "InputTransformer", value=template), without("TopicPolicy"))
    topic, _ = Simulator(deployed(refused)).run(assumed(user='a"b'))
    assert "does not let the rule" in (topic.problem or "")


@pytest.mark.parametrize(
    "target",
    [
        {"Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:x"},
        {"Arn": f"arn:aws:events:us-east-1:{ACCOUNT}:api-destination/x"},
        {"Arn": "bg"},
        {},
        {"Arn": TOPIC, "InputPath": "$.detail"},
        {"Arn": BUS, "Input": "{}"},
        {"Arn": LOG, "InputTransformer": {"InputTemplate": "x"}},
    ],
)
def test_an_unknown_target_is_an_error(target: dict[str, Any]) -> None:
    stacks = deployed(put("RoleAssumed", "Targets", value=[target]))
    with pytest.raises(TemplateError, match="RoleAssumed: cannot tell what the target"):
        Simulator(stacks)


@pytest.mark.parametrize(
    "edit",
    [
        put("RoleAssumed", "EventPattern", "source", value=[{"prefixed": "aws."}]),
        put("RoleAssumed", "Targets", 0, "InputTransformer", value={"InputTemplate": "<who>"}),
    ],
)
def test_an_invalid_rule_is_an_error_before_any_event(edit: Edit) -> None:
    stacks = deployed(edit)
    with pytest.raises(BreakglassError, match=r"^RoleAssumed: "):
        Simulator(stacks)


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_templates_are_loaded_from_their_folder(tmp_path: Path, form: str) -> None:
    for name, text in (("main-region", MAIN), ("stackset", STACKSET)):
        written = json.dumps(yaml.safe_load(text)) if form == "json" else text
        (tmp_path / f"{name}.{form}").write_text(written, encoding="utf-8")
    stacks = deploy_folder(tmp_path, account=ACCOUNT)
    assert list(stacks) == ["us-east-1", "eu-west-1", "ap-south-1"]
    assert [(stack.region, stack.account) for stack in stacks.values()] == [(name, ACCOUNT) for name in stacks]
    assert problems(stacks) == {"topic": None, "log": None}


def test_a_missing_template_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"main-region.yaml: there is no such file"):
        deploy_folder(tmp_path, account=ACCOUNT)
    (tmp_path / "main-region.yaml").write_text(MAIN, encoding="utf-8")
    with pytest.raises(TemplateError, match=r"stackset.yaml: there is no such file"):
        deploy_folder(tmp_path, account=ACCOUNT)


def test_a_template_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "main-region.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(TemplateError, match=r"main-region.yaml: it cannot be read: 'utf-8' codec"):
        deploy_folder(tmp_path, account=ACCOUNT)


def test_a_template_for_another_region_is_an_error() -> None:
    main_too = STACKSET.replace("[eu-west-1, ap-south-1]", "[us-east-1]")
    main = MAIN.replace("[eu-west-1, ap-south-1]", "[us-east-1]")
    with pytest.raises(TemplateError, match=r"^stackset.yaml: Rules.NotInMainRegion: us-east-1 is the main region$"):
        deploy(main, main_too, account=ACCOUNT)


@pytest.mark.parametrize("metadata", ["", "Metadata: {cfn-breakglass: {Name: bg}}", "Metadata: {cfn-breakglass: text}"])
def test_a_template_that_does_not_say_its_regions_is_an_error(metadata: str) -> None:
    main = f"{metadata}\nResources: {{T: {{Type: AWS::SNS::Topic}}}}"
    with pytest.raises(TemplateError, match=r"^main-region.yaml: its Metadata does not say which regions it is for$"):
        deploy(main, STACKSET, account=ACCOUNT)
