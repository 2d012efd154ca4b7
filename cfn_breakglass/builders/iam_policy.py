"""Policies: awacs with its traps closed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awacs import aws
from troposphere import Ref

from cfn_breakglass.names import sub

EVENTS = "events.amazonaws.com"
TRAIL = "cloudtrail.amazonaws.com"

Conditions = Mapping[type[aws.ConditionElement], Mapping[str, Any]]
"""Condition keys by operator. awacs drops the first of two elements with the same operator; a mapping has none."""


def policy(*statements: aws.Statement) -> aws.PolicyDocument:
    # Without a version AWS reads 2008-10-17, in which ${aws:username} is just text.
    return aws.PolicyDocument(Version="2012-10-17", Statement=list(statements))


def allow(
    sid: str,
    actions: Sequence[aws.Action],
    resources: Sequence[Any] = (),
    *,
    principal: aws.Principal | None = None,
    when: Conditions | None = None,
) -> aws.Statement:
    """An Allow; ``resources`` are ARNs or what resolves to one, none in a trust policy.

    ``sid`` says what the statement is for, in letters and digits.
    """
    return _statement(sid, "Allow", actions, resources=resources, principal=principal, when=when)


def deny(
    sid: str,
    actions: Sequence[aws.Action],
    resources: Sequence[Any] = (),
    *,
    principal: aws.Principal | None = None,
    when: Conditions | None = None,
) -> aws.Statement:
    """A Deny, put together as an Allow is."""
    return _statement(sid, "Deny", actions, resources=resources, principal=principal, when=when)


class _Statement(aws.Statement):
    """A statement that may say one action or resource without a list around it, as people write it."""

    props = {**aws.Statement.props, "Action": (object, False), "Resource": (object, False)}  # noqa: RUF012 - awacs's own name for it


def _statement(
    sid: str,
    effect: str,
    actions: Sequence[aws.Action],
    *,
    resources: Sequence[Any],
    principal: aws.Principal | None,
    when: Conditions | None,
) -> aws.Statement:
    parts: dict[str, Any] = {"Sid": sid, "Effect": effect, "Action": _one_or_list(actions)}
    if principal:
        parts["Principal"] = principal
    if resources:
        parts["Resource"] = _one_or_list(resources)
    if when:
        parts["Condition"] = aws.Condition([operator(dict(tests)) for operator, tests in when.items()])
    return _Statement(**parts)


def _one_or_list(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def service(*names: str) -> aws.Principal:
    return aws.Principal("Service", names[0] if len(names) == 1 else list(names))


def anybody() -> aws.Principal:
    return aws.Principal("*")


def only_from(arns: Sequence[str]) -> Conditions:
    """Only these rules or alarms of this account: no other account's may borrow the service's rights.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
    """
    return {aws.StringEquals: {"aws:SourceAccount": Ref("AWS::AccountId")}, **from_rules(arns)}


def from_rules(rule_arns: Sequence[str]) -> Conditions:
    """Only these rules, by their ARNs alone: all that AWS documents for dead-letter queues.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    return {aws.ArnLike: {"aws:SourceArn": _one_or_list([sub(arn) for arn in rule_arns])}}


WITHOUT_TLS: Conditions = {aws.Bool: {"aws:SecureTransport": "false"}}
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport."""
