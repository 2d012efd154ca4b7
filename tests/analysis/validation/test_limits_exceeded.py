"""AWS's limits over a stack."""

from __future__ import annotations

import json
from string import ascii_letters
from typing import TYPE_CHECKING, Any

import pytest

from cfn_breakglass.analysis.template.reader import Stack, resolve
from cfn_breakglass.analysis.validation.limits_exceeded import Excess, limits_exceeded
from cfn_breakglass.aws import limits
from cfn_breakglass.aws.pattern_complexity import complexity

if TYPE_CHECKING:
    pass

ACCOUNT = "111122223333"

BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/bg"
WILDCARDS: list[dict[str, Any]] = [
    {"detail": {"a": ["b", {"wildcard": "*"}]}},
    {"a": [{"anything-but": {"wildcard": "*"}}]},
    {"$or": [{"a": ["b"]}, {"c": [{"wildcard": "*"}]}]},
]


def stack_of(**resources: tuple[str, dict[str, Any]]) -> Stack:
    return stack_with(resources)


def stack_with(resources: dict[str, tuple[str, dict[str, Any]]], description: str = "", outputs: int = 0) -> Stack:
    """Resolve a template of ``resources``: by logical ID their type, after AWS::, and properties."""
    template = {
        "Description": description,
        "Resources": {
            name: {"Type": f"AWS::{kind}", "Properties": properties} for name, (kind, properties) in resources.items()
        },
        "Outputs": {f"O{number}": {"Value": "x"} for number in range(outputs)},
    }
    return resolve(template, account=ACCOUNT, region="us-east-1")


def over(stack: Stack, body: str | None = None) -> list[tuple[str, str, int]]:
    return [(excess.limit.subject, excess.part, excess.size) for excess in limits_exceeded(stack, body)]


def rule(**properties: Any) -> tuple[str, dict[str, Any]]:
    return "Events::Rule", {"Name": "bg-Rule", "EventPattern": {"source": ["aws.sts"]}, **properties}


def transformed(paths: dict[str, str], template: str = "x") -> tuple[str, dict[str, Any]]:
    return rule(Targets=[{"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}])


def role(**properties: Any) -> tuple[str, dict[str, Any]]:
    return "IAM::Role", {"RoleName": "Rescue", "AssumeRolePolicyDocument": TRUST, **properties}


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
BY_SERVICE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def document(size: int) -> dict[str, Any]:
    """Make a policy of ``size`` characters, blanks not counted; the blanks in it do not."""
    empty = {"Statement": [{"Effect": "Allow", "Action": "", "Resource": "a   b"}]}
    length = len(json.dumps(empty, separators=(",", ":"))) - 3
    empty["Statement"][0]["Action"] = "x" * (size - length)
    return empty


def trust_of(size: int) -> dict[str, Any]:
    bare = json.dumps({**BY_SERVICE, "Id": ""}, separators=(",", ":"))
    return {**BY_SERVICE, "Id": "x" * (size - len(bare))}


def pattern_of(size: int) -> dict[str, Any]:
    return {"source": ["x" * (size - len('{"source":[""]}'))]}


def complex_of(size: int) -> dict[str, Any]:
    return {"x": [{"wildcard": f"*{letter}"} for letter in ascii_letters[: size - 1]]}


def attached(count: int) -> dict[str, Any]:
    return {"ManagedPolicyArns": [f"arn:aws:iam::aws:policy/P{number}" for number in range(count)]}


# What is as big as AWS allows, by the limit it meets: a function of a size, and that size.
CASES = [
    pytest.param(limits.PATTERN, lambda n: stack_of(R=rule(EventPattern=pattern_of(n))), "R", id="pattern"),
    pytest.param(
        limits.COMPLEXITY,
        lambda n: stack_of(
            R=rule(EventPattern={"x": [{"wildcard": f"*{letter}"} for letter in ascii_letters[: n - 1]]})
        ),
        "R",
        id="complexity",
    ),
    pytest.param(limits.TARGETS, lambda n: stack_of(R=rule(Targets=[{"Id": "x"}] * n)), "R", id="targets"),
    pytest.param(limits.RULE_NAME, lambda n: stack_of(R=rule(Name="x" * n)), "R", id="rule-name"),
    pytest.param(
        limits.RULES,
        lambda n: stack_with(
            {"Apart": rule(EventBusName="other")} | {f"R{i}": rule(EventBusName=("bg", BUS)[i % 2]) for i in range(n)}
        ),
        "bus bg",
        id="rules-of-a-bus",
    ),
    pytest.param(
        limits.WILDCARD_RULES,
        lambda n: stack_with(
            {
                "Apart": rule(
                    EventPattern={
                        "wildcard": ["no operator"],
                        "a": [{"prefix": "b"}],
                        "$or": [{"c": ["d"]}, {"e": {"f": ["g"]}}],
                    }
                )
            }
            | {f"R{i}": rule(EventPattern=WILDCARDS[i % 3]) for i in range(n)}
        ),
        "bus default",
        id="wildcard-rules",
    ),
    pytest.param(limits.BUS_NAME, lambda n: stack_of(B=("Events::EventBus", {"Name": "x" * n})), "B", id="bus-name"),
    pytest.param(
        limits.INPUT_PATHS,
        lambda n: stack_of(R=transformed({f"k{i}": "$.a" for i in range(n)})),
        "R",
        id="input-paths",
    ),
    pytest.param(limits.INPUT_PATH, lambda n: stack_of(R=transformed({"a": "$", "b": "$" * n})), "R", id="input-path"),
    pytest.param(limits.INPUT_TEMPLATE, lambda n: stack_of(R=transformed({}, "x" * n)), "R", id="input-template"),
    pytest.param(limits.INPUT_TEMPLATE, lambda n: stack_of(R=rule(Targets=[{"Input": "x" * n}])), "R", id="input"),
    pytest.param(
        limits.TRUST_POLICY, lambda n: stack_of(R=role(AssumeRolePolicyDocument=trust_of(n))), "R", id="trust-policy"
    ),
    pytest.param(
        limits.INLINE_POLICIES,
        lambda n: stack_of(
            R=role(Policies=[{"PolicyName": "a", "PolicyDocument": document(4_000)}]),
            Apart=("IAM::RolePolicy", {"RoleName": {"Ref": "R"}, "PolicyDocument": document(4_000)}),
            Shared=("IAM::Policy", {"Roles": [{"Ref": "R"}], "PolicyDocument": document(n - 8_000)}),
            Other=("IAM::RolePolicy", {"RoleName": "Other", "PolicyDocument": document(4_000)}),
            Managed=("IAM::ManagedPolicy", {"Roles": [{"Ref": "R"}], "PolicyDocument": document(4_000)}),
        ),
        "R",
        id="inline-policies",
    ),
    pytest.param(
        limits.MANAGED_POLICY,
        lambda n: stack_of(M=("IAM::ManagedPolicy", {"PolicyDocument": document(n)})),
        "M",
        id="managed-policy",
    ),
    pytest.param(limits.ATTACHED_POLICIES, lambda n: stack_of(R=role(**attached(n))), "R", id="attached-by-the-role"),
    pytest.param(
        limits.ATTACHED_POLICIES,
        lambda n: stack_of(
            R=role(**attached(n - 1)),
            M=("IAM::ManagedPolicy", {"Roles": ["Rescue"], "PolicyDocument": document(100)}),
            Other=("IAM::ManagedPolicy", {"Roles": ["Other"], "PolicyDocument": document(100)}),
        ),
        "R",
        id="attached-by-the-policy",
    ),
    pytest.param(
        limits.ROLE_NAME,
        lambda n: stack_of(R=role(RoleName="x" * n, AssumeRolePolicyDocument=BY_SERVICE)),
        "R",
        id="role-name",
    ),
    pytest.param(
        limits.ROLE_PATH,
        lambda n: stack_of(R=role(Path="/" * n, AssumeRolePolicyDocument=BY_SERVICE)),
        "R",
        id="role-path",
    ),
    pytest.param(
        limits.SWITCH_ROLE_NAME, lambda n: stack_of(R=role(RoleName="x" * (n - 4), Path="/bg/")), "R", id="switch-role"
    ),
    pytest.param(
        limits.LOGS_RESOURCE_POLICY,
        lambda n: stack_of(L=("Logs::ResourcePolicy", {"PolicyDocument": "x" * n})),
        "L",
        id="logs-policy-as-text",
    ),
    pytest.param(
        limits.LOGS_RESOURCE_POLICY,
        lambda n: stack_of(L=("Logs::ResourcePolicy", {"PolicyDocument": {"Id": "x" * (n - len('{"Id":""}'))}})),
        "L",
        id="logs-policy-as-a-mapping",
    ),
    pytest.param(
        limits.TEMPLATE_BODY,
        lambda n: stack_of(S=("CloudFormation::StackSet", {"TemplateBody": "x" * n})),
        "S",
        id="template-of-a-stack-set",
    ),
    pytest.param(
        limits.RESOURCES,
        lambda n: stack_with({f"T{i}": ("SNS::Topic", {}) for i in range(n)}),
        "Resources",
        id="resources",
    ),
    pytest.param(limits.OUTPUTS, lambda n: stack_with({"T": ("SNS::Topic", {})}, outputs=n), "Outputs", id="outputs"),
    pytest.param(
        limits.DESCRIPTION,
        lambda n: stack_with({"T": ("SNS::Topic", {})}, "é" * (n // 2) + "x" * (n % 2)),
        "Description",
        id="description-in-bytes",
    ),
]


@pytest.mark.parametrize(("limit", "stack_at", "logical_id"), CASES)
def test_the_maximum_is_allowed_and_one_more_is_not(limit: limits.Limit, stack_at: Any, logical_id: str) -> None:
    assert over(stack_at(limit.maximum)) == []
    assert over(stack_at(limit.maximum + 1)) == [(limit.subject, logical_id, limit.maximum + 1)]


def test_every_limit_has_its_case() -> None:
    rows = {value for value in vars(limits).values() if isinstance(value, limits.Limit)}
    # Not on resources: tests of events, of templates, of the SCP, of configs and of warnings about text messages
    others = {limits.EVENT, limits.TEMPLATE, limits.SCP, limits.UNITS_OF_STACK_SET, limits.TEXT_MESSAGE}
    assert rows - others == {case.values[0] for case in CASES}


STACKS = [{"wildcard": f"*:stack/{name}/*"} for name in ("Network", "Database", "Api", "Monitoring")]
# name: (pattern, complexity); the second was taken and the third refused, says the issue
# https://github.com/vals-ai/Valkyrie/pull/278
COMPLEX: dict[str, tuple[dict[str, Any], int]] = {
    "none": ({"source": ["aws.sts"], "x": [{"suffix": "*"}, {"prefix": "a*"}]}, 0),
    "three between two stars": ({"resources": STACKS[:3]}, 9),
    "four between two stars": ({"resources": STACKS}, 12),
    "alternatives together": ({"$or": [{"x": STACKS[:2]}, {"x": STACKS[2:3]}]}, 9),
    "fields each for itself": ({"x": STACKS[:1], "y": STACKS[1:2]}, 3),
    "anything but": ({"x": [{"anything-but": {"wildcard": ["*a", "*b"]}}]}, 3),
    "a field of that name": ({"wildcard": {"x": [{"wildcard": "a*"}]}}, 1),
}


@pytest.mark.parametrize(("pattern", "expected"), COMPLEX.values(), ids=COMPLEX)
def test_complexity(pattern: dict[str, Any], expected: int) -> None:
    assert complexity(pattern) == expected


def test_a_pattern_that_is_far_too_complex_is_measured() -> None:
    assert (
        complexity({"x": [{"wildcard": "*a" * 40 + letter} for letter in ascii_letters[:8]]})
        > limits.COMPLEXITY.maximum
    )


def test_a_template_is_measured_in_bytes() -> None:
    stack = stack_of(T=("SNS::Topic", {}))
    assert over(stack, "x" * limits.TEMPLATE.maximum) == []
    assert over(stack, "é" * 524_289) == [("template", "Template", 1_048_578)]


def test_a_rule_without_targets_or_pattern_is_measured() -> None:
    stack = stack_of(R=("Events::Rule", {"Name": "bg", "ScheduleExpression": "rate(1 day)"}))
    assert over(stack) == []


def test_an_excess_is_a_sentence() -> None:
    assert str(Excess(limits.TARGETS, "RoleRule", 6)) == ("RoleRule: targets of a rule: 6; AWS allows 5 targets")
