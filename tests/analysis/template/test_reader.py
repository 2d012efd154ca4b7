"""Template text to a Stack, and what cannot become one."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from cfn_breakglass.analysis.template.reader import Stack, parse, resolve
from cfn_breakglass.errors import TemplateError

ACCOUNT = "111122223333"

RESOURCES = """
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: bg}}
  Central:
    Type: AWS::Events::Rule
    Properties: {Name: bg-Central, EventBusName: {Ref: Bus}}
  ByArn:
    Type: AWS::Events::Rule
    Properties: {Name: bg-ByArn, EventBusName: {"Fn::GetAtt": [Bus, Arn]}}
  Regional:
    Type: AWS::Events::Rule
    Properties: {Name: bg-Regional, EventBusName: default}
  Unnamed: {Type: AWS::Events::Rule}
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: Rescue, Path: /bg/}}
  Plain: {Type: AWS::IAM::Role, Properties: {RoleName: {Ref: "AWS::NoValue"}}}
  Policy: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: Limits}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: alerts}}
  Mail:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: {Ref: Topic}, Protocol: email, Endpoint: ops@example.com}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: lost}}
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /aws/events/bg}}
  LogPolicy: {Type: AWS::Logs::ResourcePolicy, Properties: {PolicyName: bg-logs}}
  Key: {Type: AWS::KMS::Key}
"""


def value_of(expression: Any, *, region: str = "eu-west-1", **sections: Any) -> Any:
    """Resolve one value as a property of a template that has ``sections`` and the resources above."""
    template = {"Resources": yaml.safe_load(RESOURCES), **sections}
    template["Resources"]["Subject"] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    template["Resources"]["Subject"]["Properties"] = {"It": expression}
    stack = resolve(parse(json.dumps(template), "t.yaml"), account=ACCOUNT, region=region, file="t.yaml")
    return stack.resources["Subject"].properties.get("It")


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def att(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (ref("Role"), "Rescue"),
        (att("Role", "Arn"), f"arn:aws:iam::{ACCOUNT}:role/bg/Rescue"),
        ({"Fn::GetAtt": "Role.Arn"}, f"arn:aws:iam::{ACCOUNT}:role/bg/Rescue"),
        (ref("Plain"), "break-glass-Plain"),
        (att("Plain", "Arn"), f"arn:aws:iam::{ACCOUNT}:role/break-glass-Plain"),
        (ref("Policy"), f"arn:aws:iam::{ACCOUNT}:policy/Limits"),
        (ref("Bus"), "bg"),
        (att("Bus", "Name"), "bg"),
        (att("Bus", "Arn"), f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/bg"),
        (ref("Central"), "bg|bg-Central"),
        (att("Central", "Arn"), f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/bg/bg-Central"),
        (att("ByArn", "Arn"), f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/bg/bg-ByArn"),
        (ref("Regional"), "bg-Regional"),
        (att("Regional", "Arn"), f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/bg-Regional"),
        (att("Unnamed", "Arn"), f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/break-glass-Unnamed"),
        (ref("Topic"), f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts"),
        (att("Topic", "TopicName"), "alerts"),
        (ref("Mail"), f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts:break-glass-Mail"),
        (ref("Queue"), f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/lost"),
        (att("Queue", "Arn"), f"arn:aws:sqs:eu-west-1:{ACCOUNT}:lost"),
        (att("Queue", "QueueName"), "lost"),
        (ref("Log"), "/aws/events/bg"),
        (att("Log", "Arn"), f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/events/bg:*"),
        (ref("LogPolicy"), "bg-logs"),
        (att("Key", "Arn"), f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/break-glass-Key"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_resources_are_spelled_as_aws_does(expression: Any, value: str) -> None:
    assert value_of(expression) == value


def test_the_stack_knows_the_name_and_arn_of_its_resources() -> None:
    stack = resolve(
        parse(f"Resources:{RESOURCES}\n  Odd: {{Type: AWS::Odd::One}}", "t"), account=ACCOUNT, region="eu-west-1"
    )
    assert (stack.resources["Log"].name, stack.resources["Odd"].name) == ("/aws/events/bg", "")
    assert stack.resources["Log"].arn == f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/events/bg"
    assert stack.resources["LogPolicy"].arn == ""
    assert [rule.name for rule in stack.of_type("AWS::Events::Rule")][:2] == ["bg-Central", "bg-ByArn"]


PARAMETERS = {
    "Name": {"Type": "String", "Default": "bg"},
    "Days": {"Type": "Number", "Default": 7},
    "Users": {"Type": "CommaDelimitedList", "Default": "ann, bob"},
    "Asked": {"Type": "String"},
    "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/bg/name"},
}
SECTIONS: dict[str, Any] = {
    "Parameters": PARAMETERS,
    "Mappings": {"Names": {"eu-west-1": {"Bus": "irish", "Zones": ["a", "b"]}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [ref("AWS::Region"), "eu-west-1"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "Either": {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "Seven": {"Fn::Equals": [ref("Days"), 7]},
        "Truth": {"Fn::Equals": ["true", True]},
        "Loop": {"Fn::Not": [{"Condition": "Loop"}]},
        "Odd": {"Fn::Maybe": []},
        "Listless": {"Fn::And": {"Condition": "Yes"}},
        "TwoNots": {"Fn::Not": [{"Condition": "Yes"}, {"Condition": "No"}]},
    },
}


def when(condition: Any) -> dict[str, Any]:
    return {"Fn::If": [condition, "then", "else"]}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Ref": "AWS::AccountId"}, ACCOUNT),
        ({"Ref": "AWS::StackName"}, "break-glass"),
        ({"Fn::Select": [0, {"Fn::Split": [":", ref("AWS::StackId")]}]}, "arn"),
        ({"a": ref("AWS::NoValue"), "b": [ref("AWS::NoValue"), 1]}, {"b": [1]}),
        (ref("AWS::NoValue"), None),
        (ref("Name"), "bg"),
        (ref("Days"), "7"),
        (ref("Users"), ["ann", "bob"]),
        ({"Fn::Sub": "${Name}-${AWS::Region}"}, "bg-eu-west-1"),
        ({"Fn::Sub": "${Role.Arn}/${!aws:username}"}, f"arn:aws:iam::{ACCOUNT}:role/bg/Rescue/${{aws:username}}"),
        ({"Fn::Sub": ["${who}@${Topic.TopicName}", {"who": ref("Name")}]}, "bg@alerts"),
        ({"Fn::Sub": "no hole, $5 {x}"}, "no hole, $5 {x}"),
        ({"Fn::Join": ["-", ["a", ref("Name"), 3, True]]}, "a-bg-3-true"),
        ({"Fn::Join": ["+", ref("Users")]}, "ann+bob"),
        ({"Fn::Select": ["1", ref("Users")]}, "bob"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::FindInMap": ["Names", ref("AWS::Region"), "Bus"]}, "irish"),
        ({"Fn::FindInMap": ["Names", ref("AWS::Region"), "Zones"]}, ["a", "b"]),
        (when("Yes"), "then"),
        (when("No"), "else"),
        (when("Both"), "else"),
        (when("Either"), "then"),
        (when("Seven"), "then"),
        (when("Truth"), "then"),
        ({"Fn::If": ["No", ref("NoSuchThing"), "unread"]}, "unread"),
        ({"Condition": {"StringEquals": {"a": "b"}}}, {"Condition": {"StringEquals": {"a": "b"}}}),
        ('{"Ref": "text"}', '{"Ref": "text"}'),
    ],
    ids=json.dumps,
)
def test_intrinsics(expression: Any, value: Any) -> None:
    assert value_of(expression, **SECTIONS) == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (ref("Nobody"), "Resources.Subject.Properties.It: Ref: there is no resource or parameter 'Nobody'"),
        (ref("Asked"), "the parameter Asked is not in the template"),
        (ref("Stored"), "the parameter Stored is not in the template"),
        ({"Ref": ["a"]}, "['a'] is not text"),
        ({"Ref": "Name", "b": 1}, "Ref must stand alone, not among ['Ref', 'b']"),
        (att("Role", "Colour"), "the attribute Colour of AWS::IAM::Role cannot be resolved here"),
        (ref("Subject"), "the Ref of AWS::CloudFormation::WaitConditionHandle cannot be resolved here"),
        ({"Fn::GetAtt": "Role"}, "it takes a list of 2, not ['Role']"),
        ({"Fn::GetAtt": [["Role"], "Arn"]}, "['Role'] is not text"),
        ({"Fn::ImportValue": "x"}, "Fn::ImportValue is a function that cannot be resolved here"),
        ({"deep": [{"Fn::Cidr": "x"}]}, "Resources.Subject.Properties.It.deep.0: Fn::Cidr is"),
        ({"Fn::Sub": "${Nobody}"}, "Fn::Sub: there is no resource or parameter 'Nobody'"),
        ({"Fn::Sub": "${Users}"}, "['ann', 'bob'] is not text"),
        ({"Fn::Sub": ["a"]}, "a list of 2"),
        ({"Fn::Join": ["-", "abc"]}, "'abc' is not a list"),
        ({"Fn::Join": ["-", [["a"]]]}, "['a'] is not text"),
        ({"Fn::Select": [2, ref("Users")]}, "there is no item 2 in ['ann', 'bob']"),
        ({"Fn::Select": [-1, ref("Users")]}, "there is no item -1"),
        ({"Fn::FindInMap": ["Names", "us-east-1", "Bus"]}, "there is no 'us-east-1' in"),
        ({"Fn::FindInMap": ["Names", "eu-west-1"]}, "a list of 3"),
        (when("Perhaps"), "there is no condition 'Perhaps'"),
        (when(["Yes"]), "there is no condition ['Yes']"),
        (when("Loop"), "Conditions.Loop depends on itself"),
        (when("Odd"), "is not a condition"),
        (when("Listless"), "Conditions.Listless: {'Condition': 'Yes'} is not a list"),
        (when("TwoNots"), "Conditions.TwoNots: it takes a list of 1"),
    ],
    ids=json.dumps,
)
def test_what_is_not_known_is_an_error_that_says_where(expression: Any, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        value_of(expression, **SECTIONS)
    assert message in str(caught.value)
    assert str(caught.value).startswith("t.yaml: ")


def test_a_resource_named_after_itself_is_an_error() -> None:
    template = {"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": att("A", "TopicName")}}}}
    with pytest.raises(TemplateError, match=r"Resources.A depends on itself"):
        resolve(template, account=ACCOUNT, region="eu-west-1")


def test_a_false_condition_drops_resources_and_outputs() -> None:
    template = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}, "Always": {"Fn::Equals": ["a", "a"]}},
        "Resources": {
            "Gone": {"Type": "AWS::SNS::Topic", "Condition": "Never"},
            "Made": {"Type": "AWS::SNS::Topic", "Condition": "Always", "Properties": {"TopicName": "made"}},
        },
        "Outputs": {
            "Gone": {"Value": ref("Gone"), "Condition": "Never"},
            "Made": {"Value": ref("Made"), "Condition": "Always"},
        },
        "Metadata": {"cfn-breakglass": {"Name": "bg"}},
        "Description": "What it is",
    }
    stack = resolve(template, account=ACCOUNT, region="eu-west-1")
    assert list(stack.resources) == ["Made"]
    assert stack.outputs == {"Made": f"arn:aws:sns:eu-west-1:{ACCOUNT}:made"}
    assert (stack.metadata, stack.description) == ({"cfn-breakglass": {"Name": "bg"}}, "What it is")
    template["Outputs"] = {"Gone": {"Value": ref("Gone")}}
    with pytest.raises(
        TemplateError, match=r"Outputs.Gone: Ref: the resource Gone is not created, its condition is false"
    ):
        resolve(template, account=ACCOUNT, region="eu-west-1")


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("us-east-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
        ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
        ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
    ],
)
def test_a_region_tells_its_partition(region: str, partition: str, suffix: str) -> None:
    assert value_of({"Fn::Sub": "${AWS::Partition} ${AWS::URLSuffix}"}, region=region) == f"{partition} {suffix}"
    assert value_of(ref("Queue"), region=region) == f"https://sqs.{region}.{suffix}/{ACCOUNT}/lost"


ASSERTED = """
Rules:
  Region:
    Assertions:
    - Assert: %s
      AssertDescription: Deploy this in us-east-1
Resources:
  Topic: {Type: AWS::SNS::Topic}
"""


def asserting(test: str, region: str) -> Stack:
    return resolve(parse(ASSERTED % test, "main.yaml"), account=ACCOUNT, region=region, file="main.yaml")


REGION = '{Ref: "AWS::Region"}'
EQUALS = f'"Fn::Equals": [{REGION}, us-east-1]'
OTHER_REGION = f'"Fn::Equals": [{REGION}, eu-west-1]'


@pytest.mark.parametrize(
    "test",
    [
        f"{{{EQUALS}}}",
        f'{{"Fn::Not": [{{{OTHER_REGION}}}]}}',
        f'{{"Fn::Contains": [[us-east-1, us-east-2], {REGION}]}}',
        f'{{"Fn::And": [{{{EQUALS}}}, {{"Fn::Not": [{{{OTHER_REGION}}}]}}]}}',
        f'{{"Fn::Or": [{{{EQUALS}}}, {{"Fn::Equals": [a, b]}}]}}',
    ],
)
def test_an_assertion_keeps_a_template_out_of_the_wrong_region(test: str) -> None:
    assert list(asserting(test, "us-east-1").resources) == ["Topic"]
    with pytest.raises(TemplateError, match=r"^main.yaml: Rules.Region: Deploy this in us-east-1$"):
        asserting(test, "eu-west-1")


def test_a_rule_condition_decides_whether_its_assertions_count() -> None:
    rule = {
        "RuleCondition": {"Fn::Equals": [ref("AWS::Region"), "eu-west-1"]},
        "Assertions": [{"Assert": {"Fn::Equals": ["a", "b"]}}],
    }
    assert value_of(1, region="us-east-1", Rules={"R": rule}) == 1
    with pytest.raises(TemplateError, match=r"Rules.R: the assertion does not hold"):
        value_of(1, region="eu-west-1", Rules={"R": rule})


def test_an_assertion_that_is_none_is_an_error() -> None:
    with pytest.raises(TemplateError, match=r"Rules.R: None is not a condition"):
        value_of(1, Rules={"R": {"Assertions": [{}]}})


def test_yaml_dates_stay_text_as_in_cloudformation() -> None:
    template = parse(
        "AWSTemplateFormatVersion: 2010-09-09\nResources: {A: {Type: B, Properties: {V: 2012-10-17}}}", "t"
    )
    assert template["AWSTemplateFormatVersion"] == "2010-09-09"
    assert template["Resources"]["A"]["Properties"] == {"V": "2012-10-17"}


def test_json_and_yaml_read_the_same() -> None:
    text = '{"Resources": {"A": {"Type": "B", "Properties": {"N": [1, true, null, "x"]}}}}'
    assert parse(text, "t.json") == parse(f"---\n{text}", "t.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it has no Resources"),
        ("just text", "it has no Resources"),
        ("Resources: {}", "it has no Resources"),
        ("Resources: [", "my.yaml: line 1: not a template: while parsing"),
        ("{", "my.yaml: line 1: not a template: Expecting property name"),
        ('{"Resources": {"A": {"Type": "B", "Type": "C"}}}', "a key stands twice among ['Type', 'Type']"),
        ("Resources: {A: {Type: B}}\nResources: {A: {Type: C}}", "my.yaml: line 1: not a template: a key stands twice"),
        ("Resources: {A: {Type: B}}\nTransform: T", "cannot tell what Transform does to the template"),
        ("Resources: [A]", "Resources must be a mapping of names to mappings"),
        ("Resources: {A: B}", "Resources must be a mapping of names to mappings"),
        ("Resources: {A: {Properties: {}}}", "Resources.A has no Type"),
        ("Resources: {A: {Type: B, Properties: [C]}}", "Resources.A.Properties must be a mapping"),
        ("Resources: {A: {Type: B}}\nOutputs: {O: text}", "Outputs must be a mapping of names to mappings"),
    ],
)
def test_what_is_not_a_template_is_an_error_that_names_the_file(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text, "my.yaml")
    assert str(caught.value).startswith("my.yaml: ")
    assert message in str(caught.value)
