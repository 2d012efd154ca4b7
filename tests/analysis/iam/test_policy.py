"""What a policy lets through, and the policies that are not judged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.errors import TemplateError

ACCOUNT = "111122223333"
RULE = f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/bg-RoleAssumed"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/bg/Rescue"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def allow(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "*", **more}


def publishes(*statements: dict[str, Any], **context: str | list[str]) -> bool:
    """Ask whether EventBridge may publish; the context is that of a rule unless another is passed."""
    keys = context or {"aws:SourceArn": RULE, "aws:SourceAccount": ACCOUNT}
    return allowed(
        [policy(*statements)],
        action="sns:Publish",
        resource=TOPIC,
        principal_service="events.amazonaws.com",
        context=keys,
    )


TO_EVENTS = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ({}, True),
        ({"Resource": TOPIC}, True),
        ({"Resource": [TOPIC + "2", "arn:aws:sns:*:*:alert?"]}, True),
        ({"Resource": TOPIC + "2"}, False),
        ({"Resource": TOPIC.upper()}, False),
        ({"NotResource": TOPIC}, False),
        ({"NotResource": TOPIC + "2"}, True),
        ({"Action": ["sns:Subscribe", "SNS:publish"]}, True),
        ({"Action": "sns:P?blish"}, True),
        ({"Action": "sns:Publishes"}, False),
        ({"Action": "*"}, True),
        ({"Principal": {"Service": ["logs.amazonaws.com", "events.amazonaws.com"]}}, True),
        ({"Principal": {"Service": "logs.amazonaws.com"}}, False),
        ({"Principal": {"AWS": ACCOUNT}}, False),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": "*"}, True),
        ({"Sid": "Here", "Condition": {}}, True),
    ],
    ids=json.dumps,
)
def test_action_resource_and_principal_must_all_match(statement: dict[str, Any], answer: bool) -> None:  # noqa: FBT001 - a row
    assert publishes({**TO_EVENTS, **statement}) == answer


def test_not_action_is_every_other_action() -> None:
    others = {"Effect": "Allow", "Principal": "*", "NotAction": "sns:Publish"}
    assert not publishes(others)
    assert publishes({**others, "NotAction": ["sns:Subscribe"]})


def test_an_explicit_deny_wins_wherever_it_stands() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sns:*"}
    assert not publishes(TO_EVENTS, deny)
    assert not publishes(deny, TO_EVENTS)
    request: dict[str, Any] = {"action": "sns:Publish", "resource": TOPIC, "context": {}}
    assert allowed([policy(allow()), policy({**allow(), "Action": "s3:*"})], **request)
    assert not allowed([policy(allow()), policy(deny)], **request)
    assert not allowed([], **request)


def test_a_policy_may_be_json_text_and_hold_one_statement() -> None:
    text = json.dumps({"Version": "2012-10-17", "Id": "one", "Statement": allow()})
    assert allowed([text], action="a:B", resource="r", context={})


@pytest.mark.parametrize(
    ("operator", "expected", "actual", "answer"),
    [
        ("StringEquals", "ann", "ann", True),
        ("StringEquals", "ann", "Ann", False),
        ("StringEquals", "a*", "ann", False),
        ("StringEquals", ["bob", "ann"], "ann", True),
        ("StringEquals", "ann", ["bob", "ann"], True),
        ("StringEquals", "ann", None, False),
        ("StringEqualsIfExists", "ann", None, True),
        ("StringEqualsIfExists", "ann", "bob", False),
        ("StringEqualsIgnoreCase", "ann", "ANN", True),
        ("StringEqualsIgnoreCase", "ann", "bob", False),
        ("StringNotEquals", "ann", "bob", True),
        ("StringNotEquals", ["ann", "bob"], "bob", False),
        ("StringNotEquals", "ann", None, True),
        ("StringNotEqualsIgnoreCase", "ann", "ANN", False),
        ("StringLike", "a?n*", "annabel", True),
        ("StringLike", "a?n", "annabel", False),
        ("StringLike", "a.n", "ann", False),
        ("StringNotLike", "a*", "ann", False),
        ("ArnEquals", RULE, RULE, True),
        ("ArnEquals", f"arn:*:events:*:{ACCOUNT}:rule/bg-*", RULE, True),
        ("ArnLike", f"arn:aws:events:*:{ACCOUNT}:rule/bg-RoleAssumed", RULE, True),
        ("ArnLike", f"arn:aws:events:*:{ACCOUNT}:rule/bg-Other", RULE, False),
        ("ArnLike", "arn:aws:*:rule/bg-RoleAssumed", RULE, False),
        ("ArnLike", "*", RULE, False),
        ("ArnLike", "arn:aws:logs:*:*:log-group:*", "arn:aws:logs:eu-west-1:1:log-group:a:*", True),
        ("ArnLike", RULE, None, False),
        ("ArnNotEquals", RULE, RULE, False),
        ("ArnNotLike", "arn:aws:events:*:*:rule/x", RULE, True),
        ("Bool", True, "true", True),
        ("Bool", "true", "True", True),
        ("Bool", "true", "false", False),
        ("Bool", False, None, False),
        ("BoolIfExists", "false", None, True),
        ("BoolIfExists", "false", "true", False),
        ("NumericLessThan", 3600, "3599", True),
        ("NumericLessThan", "3600", "3600", False),
        ("NumericLessThanEquals", "3600", "3600", True),
        ("NumericLessThanEquals", "3600", "3601", False),
        ("NumericLessThan", "3600", None, False),
        ("NumericEquals", "2", "2.0", True),
        ("NumericNotEquals", "2", "3", True),
        ("NumericGreaterThan", "2", "3", True),
        ("NumericGreaterThan", "2", "2", False),
        ("NumericGreaterThanEquals", "2", "2", True),
        ("DateLessThan", "2030-01-02T00:00:00Z", "2030-01-01T23:59:59Z", True),
        ("DateLessThan", "2030-01-02", "2030-01-02T00:00:00Z", False),
        ("DateLessThanEquals", "2030-01-02", "2030-01-02T00:00:00Z", True),
        ("DateGreaterThan", "2030-01-02T00:00:00Z", "2030-01-02T01:00:00+02:00", False),
        ("DateGreaterThanEquals", "1893456000", "2030-01-01T00:00:00Z", True),
        ("DateEquals", "1893456000", "2030-01-01", True),
        ("DateNotEquals", "1893456000", "2030-01-01", False),
        ("DateLessThan", "2030-01-02", None, False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", ["198.51.100.7", "203.0.113.0/24"], "203.0.114.9", False),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("IpAddress", "203.0.113.0/24", "2001:db8::1", False),
        ("IpAddress", "203.0.113.0/24", None, False),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.9", False),
        ("NotIpAddress", "203.0.113.0/24", None, True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["x", "b"], True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["x", "y"], False),
        ("ForAnyValue:StringEquals", "a", None, False),
        ("ForAnyValue:StringEqualsIfExists", "a", None, False),
        ("ForAnyValue:StringNotEquals", "a", ["a", "b"], True),
        ("ForAnyValue:StringNotEquals", "a", ["a"], False),
        ("ForAnyValue:StringNotEquals", "a", None, False),
        ("ForAllValues:StringLike", "team*", ["team1", "team2"], True),
        ("ForAllValues:StringLike", "team*", ["team1", "x"], False),
        ("ForAllValues:StringLike", "team*", None, True),
        ("ForAllValues:StringNotLike", "team*", ["x", "team1"], False),
        ("Null", "true", None, True),
        ("Null", True, "x", False),
        ("Null", "false", "x", True),
    ],
)
def test_condition_operators(operator: str, expected: Any, actual: str | list[str] | None, answer: bool) -> None:  # noqa: FBT001 - a row
    context = {"other": "x"} if actual is None else {"AWS:key": actual}
    statement = allow(Condition={operator: {"aws:Key": expected}})
    assert allowed([policy(statement)], action="a:B", resource="r", context=context) == answer


def test_every_key_of_every_operator_must_hold() -> None:
    source = {"ArnEquals": {"aws:SourceArn": RULE}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert publishes({**TO_EVENTS, "Condition": source})
    for operator, keys in source.items():
        wrong = {**source, operator: dict.fromkeys(keys, "arn:aws:events:eu-west-1:444455556666:rule/x")}
        assert not publishes({**TO_EVENTS, "Condition": wrong})
    two = {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:Missing": "x"}}
    assert not publishes({**TO_EVENTS, "Condition": two})


@pytest.mark.parametrize(
    ("principal", "context", "answer"),
    [
        (None, {}, True),
        ("*", {}, True),
        ({"AWS": "*"}, {}, True),
        ({"AWS": ANN}, {"aws:PrincipalArn": ANN}, True),
        ({"AWS": [ANN + "a"]}, {"aws:PrincipalArn": ANN}, False),
        ({"AWS": ACCOUNT}, {"aws:PrincipalArn": ANN}, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"aws:PrincipalArn": ANN}, True),
        ({"AWS": "arn:aws:iam::444455556666:root"}, {"aws:PrincipalArn": ANN}, False),
        ({"AWS": ANN}, {}, False),
        ({"Service": "events.amazonaws.com"}, {"aws:PrincipalArn": ANN}, False),
        ({"Federated": "arn:idp"}, {"aws:FederatedProvider": "arn:idp"}, True),
        ({"Federated": "arn:idp"}, {"aws:FederatedProvider": "arn:other"}, False),
        ({"Federated": "arn:idp"}, {"aws:PrincipalArn": ANN}, False),
        ({"AWS": "arn:other", "Federated": ["arn:idp"]}, {"aws:FederatedProvider": "arn:idp"}, True),
    ],
)
def test_a_caller_that_is_no_service(principal: Any, context: dict[str, str], answer: bool) -> None:  # noqa: FBT001 - a row
    statement = allow() if principal is None else allow(Principal=principal)
    assert allowed([policy(statement)], action="sts:AssumeRole", resource=ROLE, context=context) == answer


SESSION = {"aws:username": "ann", "sts:RoleSessionName": "ann"}


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("${aws:username}", True),
        ("${AWS:UserName}", True),
        ("x${aws:username}", False),
        ("${aws:PrincipalTag/team}", False),
        ("${aws:PrincipalTag/team, 'ann'}", True),
        ("${aws:PrincipalTag/team,'bob'}", False),
    ],
)
@pytest.mark.parametrize("operator", ["StringEquals", "StringEqualsIgnoreCase", "StringLike"])
def test_policy_variables(operator: str, expected: str, answer: bool) -> None:  # noqa: FBT001 - a row
    statement = allow(Condition={operator: {"sts:RoleSessionName": expected}})
    assert allowed([policy(statement)], action="sts:AssumeRole", resource=ROLE, context=SESSION) == answer


def test_without_a_new_version_a_variable_is_just_text() -> None:
    statement = allow(Condition={"StringEquals": {"sts:RoleSessionName": "${aws:username}"}})
    request: dict[str, Any] = {"action": "sts:AssumeRole", "resource": ROLE}
    assert not allowed([{"Statement": statement}], **request, context=SESSION)
    assert not allowed([policy(statement, version="2008-10-17")], **request, context=SESSION)
    assert allowed([{"Statement": statement}], **request, context={"sts:RoleSessionName": "${aws:username}"})


def test_what_a_variable_stands_for_is_no_wildcard() -> None:
    own = policy(allow(Resource="arn:aws:iam::*:user/${aws:username}"))
    assert allowed([own], action="iam:GetUser", resource=ANN, context={"aws:username": "ann"})
    assert not allowed([own], action="iam:GetUser", resource=ANN, context={"aws:username": "*"})
    assert not allowed([own], action="iam:GetUser", resource=ANN, context={})
    stars = policy(allow(Resource="${*}a${?}b${$}c$d"))
    assert allowed([stars], action="a:B", resource="*a?b$c$d", context={})
    assert not allowed([stars], action="a:B", resource="xaxb$c$d", context={})


def test_the_colon_of_a_variable_is_none_of_the_arn() -> None:
    condition = {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:${aws:SourceAccount}:rule/*"}}
    assert publishes({**TO_EVENTS, "Condition": condition})
    assert not publishes(
        {**TO_EVENTS, "Condition": condition}, **{"aws:SourceArn": RULE, "aws:SourceAccount": "444455556666"}
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "a policy is not JSON"),
        ("[]", "not a policy"),
        ([allow()], "not a policy"),
        ({"Statements": []}, "not a policy"),
        ({"Version": "2012-10-18", "Statement": []}, "cannot have the version '2012-10-18'"),
        (policy(allow(NotPrincipal="*")), "cannot evaluate the statement"),
        ({"Statement": ["text"]}, "cannot evaluate the statement"),
        (policy({"Action": "*"}), "is Allow or Deny"),
        (policy(allow(Effect="allow")), "is Allow or Deny"),
        (policy({"Effect": "Allow"}), "one of Action and NotAction"),
        (policy(allow(NotAction="a:B")), "one of Action and NotAction"),
        (policy(allow(Principal={"CanonicalUser": "x"})), "cannot evaluate the principal"),
        (policy(allow(Principal="me")), "cannot evaluate the principal"),
        (policy(allow(Condition=["x"])), "a condition is a mapping"),
        (policy(allow(Condition={"StringEqual": {"a": "b"}})), "operator StringEqual is not supported"),
        (policy(allow(Condition={"ForEvery:StringLike": {"a": "b"}})), "ForEvery:StringLike is not supported"),
        (policy(allow(Condition={"NullIfExists": {"a": "true"}})), "NullIfExists is not supported"),
        (policy(allow(Condition={"StringEquals": "x"})), "a condition is a mapping"),
        (policy(allow(Condition={"StringEquals": {"a": {"b": "c"}}})), "compares with texts"),
        (policy(allow(Principal={"AWS": [{"Ref": "x"}]})), "a principal has no wildcard"),
        (policy(allow(Principal={"AWS": "arn:aws:iam::*:root"})), "a principal has no wildcard"),
        (policy(allow(Condition={"BoolNot": {"a": "b"}})), "BoolNot is not supported"),
        (policy(allow(Condition={"NumericLessThan": {"aws:n": "many"}})), "compares a number with 'many'"),
        (policy(allow(Condition={"DateLessThan": {"aws:n": "soon"}})), "compares a time with 'soon'"),
        (policy(allow(Condition={"IpAddress": {"aws:n": "here"}})), "compares the address '1' with 'here'"),
        (policy(allow(Condition={"StringNotEquals": {"aws:n": "${aws:m}"}})), "cannot tell whether a policy allows"),
        ({"Version": ["2012-10-17"], "Statement": []}, "cannot have the version"),
    ],
    ids=str,
)
def test_what_is_not_known_is_never_silently_true_or_false(document: Any, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        allowed([document], action="a:B", resource="r", context={"aws:n": "1"})
    assert message in str(caught.value)


def test_the_unknown_does_not_hide_behind_a_mismatch() -> None:
    statement = {**TO_EVENTS, "Action": "sqs:SendMessage", "Resource": "no", "Condition": {"Odd": {"a": "b"}}}
    with pytest.raises(TemplateError, match="operator Odd is not supported"):
        publishes(statement)
