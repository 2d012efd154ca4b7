"""What a policy does not mean though it comes close: a longer name, another role's session, other letters."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.errors import TemplateError

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ops/Chief"


def allows(statement: dict[str, Any], **context: str) -> bool:
    """Whether a policy of one statement allows a call on a table."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", **statement}]}
    keys = {name.replace("__", ":"): value for name, value in context.items()}
    return allowed([policy], action="dynamodb:GetItem", resource="table/a", context=keys)


@pytest.mark.parametrize(
    ("pattern", "value", "answer"),
    [
        ("a?c", "abc", True),
        ("a?c", "abbc", False),
        ("a?c", "ac", False),
        ("a*c", "ac", True),
        ("a*c", "abbc", True),
        ("a*c", "abcd", False),
    ],
)
def test_a_question_mark_is_one_letter_and_a_star_any_number(pattern: str, value: str, *, answer: bool) -> None:
    assert allows({"Condition": {"StringLike": {"aws:x": pattern}}}, aws__x=value) == answer
    assert allows({"Resource": pattern.replace("a", "table/a", 1)}) == (pattern == "a*")


def session_of(role: str) -> dict[str, Any]:
    return {"Principal": {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/alice"}}


def test_a_session_of_another_role_is_not_meant() -> None:
    for other in ("Clerk", "Chief2", "chief"):
        assert not allows(session_of(other), aws__PrincipalArn=ROLE), other
    # Of this role it may be the session that is meant, or another.
    with pytest.raises(TemplateError, match="cannot tell"):
        allows(session_of("Chief"), aws__PrincipalArn=ROLE)
