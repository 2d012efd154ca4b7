"""Policy statements that IAM takes, and those it would refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cfn_breakglass.config.iam_statements import check_statement
from cfn_breakglass.config.json_schema import schema_text
from cfn_breakglass.config.loader import parse_config
from cfn_breakglass.config.problems import Problems
from cfn_breakglass.config.types import INVALID
from cfn_breakglass.errors import ConfigError

READ: dict[str, Any] = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}


def problems_of(value: Any) -> list[str]:
    problems = Problems()
    checked = check_statement(value, "it", problems)
    assert checked is (INVALID if problems.reported else value)
    return [problem.text for problem in problems.reported]


def without(*keys: str, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in READ.items() if key not in keys} | more


@pytest.mark.parametrize(
    "value",
    [
        READ,
        READ | {"Sid": "Read1", "Effect": "Deny"},
        READ | {"Action": ["s3:GetObject", "s3-object-lambda:Get?", "*", "*:*", "execute-api:Invoke"]},
        without("Action", NotAction=["iam:*"]),
        without("Resource", NotResource="arn:aws:s3:::bucket/a folder/*"),
        READ | {"Resource": "arn:*:s3:::bucket/${aws:username}/*"},
        READ | {"Condition": {}},
        READ | {"Condition": {"Null": {"aws:TokenIssueTime": True}, "ForAllValues:StringLikeIfExists": {"a:b": ["c"]}}},
        READ | {"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "ArnNotLike": {"aws:a": "arn:x"}}},
        READ | {"Condition": {"NumericLessThanEquals": {"aws:MultiFactorAuthAge": "3600"}, "Bool": {"aws:x": False}}},
    ],
    ids=repr,
)
def test_takes(value: dict[str, Any]) -> None:
    assert problems_of(value) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("s3:*", "it is not a statement"),
        (None, "it is not a statement"),
        (without("Effect"), "it has no Effect"),
        (READ | {"Effect": None}, "it.Effect is empty"),
        (READ | {"Effect": ["Allow"]}, "it.Effect is a list"),
        (without("Effect", effect="Allow"), "it.effect is not a key of an IAM statement"),
        (without("Action"), "it has neither Action nor NotAction"),
        (without("Action", Actions="s3:*"), "it.Actions is not a key of an IAM statement"),
        (READ | {"NotResource": "*"}, "it has both Resource and NotResource"),
        (READ | {"NotPrincipal": "*"}, "it.NotPrincipal: a statement about what a role may do has no NotPrincipal"),
        (READ | {"Version": "2012-10-17"}, "it.Version is not a key of an IAM statement"),
        (READ | {"Sid": None}, "it.Sid is empty"),
        (READ | {"Sid": True}, "it.Sid is true"),
        (READ | {"Sid": "a b"}, "it.Sid is 'a b'"),
        (READ | {"Action": []}, "it.Action is an empty list"),
        (READ | {"Action": "GetObject"}, "it.Action is 'GetObject'"),
        (READ | {"Action": ["s3:*", {}]}, "it.Action[1] is an empty mapping"),
        (READ | {"Resource": "bucket"}, "it.Resource is 'bucket'"),
        (READ | {"Condition": None}, "it.Condition is empty"),
        (READ | {"Condition": {"Bools": {"a:b": True}}}, "it.Condition.Bools is not a condition operator of IAM"),
        (READ | {"Condition": {"Bool": {}}}, "it.Condition.Bool is an empty mapping"),
        (READ | {"Condition": {"Bool": {"a:b": []}}}, "it.Condition.Bool.a:b is an empty list"),
        (READ | {"Condition": {"Bool": {"a:b": ["x", None]}}}, "it.Condition.Bool.a:b is a list"),
        (READ | {"Condition": {"Bool": {"a:b": {"c": "d"}}}}, "it.Condition.Bool.a:b is a mapping"),
    ],
    ids=repr,
)  # fmt: skip
def test_refuses(value: Any, text: str) -> None:
    assert problems_of(value) == [text]


STATEMENT = '{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}'


def statements_in(policy: str) -> Any:
    return parse_config(f"main_region: us-east-1\nusernames: [alice]\nrole: {{policy_statements: {policy}}}\n")[0].role


@pytest.mark.parametrize(
    "policy",
    [
        f'{{"Version": "2012-10-17", "Statement": [{STATEMENT}]}}',
        f'{{"Version": "2012-10-17", "Statement": {STATEMENT}}}',
        f'{{"Statement": [{STATEMENT}]}}',
        f"{{Version: 2012-10-17, Id: read, Statement: [{STATEMENT}]}}",
        f"[{STATEMENT}]",
    ],
)
def test_a_policy_document_is_taken_as_its_statements(policy: str) -> None:
    assert statements_in(policy).policy_statements == (READ,)
    assert Draft202012Validator(json.loads(schema_text())).is_valid(
        {
            "main_region": "us-east-1",
            "role": {"policy_statements": yaml.load(policy, Loader=yaml.BaseLoader)},  # noqa: S506 - it is a safe loader
        }
    )


def test_a_problem_in_a_policy_document_has_its_line() -> None:
    text = "main_region: us-east-1\nusernames: [alice]\nrole:\n  policy_statements:\n    Version: '2012-10-17'\n"
    with pytest.raises(ConfigError) as caught:
        parse_config(f"{text}    Statement:\n      - Effect: Allow\n        Action: 's3:Get*'\n        Resource: x\n")
    assert [(problem.line, problem.text) for problem in caught.value.problems] == [
        (9, "role.policy_statements[0].Resource is 'x'")
    ]
