"""Why a rule fires or does not, with AWS's reason where one is known."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass.emitted.cloudtrail import who
from cfn_breakglass.emitted.eventbridge import compile_pattern
from cfn_breakglass.emitted.explain import explain
from cfn_breakglass.emitted.rules import Rule

ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def rule(pattern: dict[str, Any], state: str = ALL) -> Rule:
    return Rule("D", "bg-D", "arn", "111122223333", "us-east-1", "bus", state, compile_pattern(pattern), ())


def caller(kind: str, **more: Any) -> dict[str, Any]:
    return {"detail": {"userIdentity": {"type": kind, **more}}}


ARN = {"detail": {"userIdentity": {"arn": [{"prefix": "arn:"}]}}}
ISSUER = {"detail": {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": ["x"]}}}}}
SIGN_IN = {"detail": {"eventSource": "signin.amazonaws.com", "userIdentity": {"type": "AssumedRole"}}}
REFUSED = {"detail": {"errorCode": "AccessDenied", "responseElements": None}}

REASONS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "saml": (ARN, caller("SAMLUser"), "userIdentity.arn is absent: AWS gives callers from SAML and OIDC no ARN"),
    "other account": (ARN, caller("AWSAccount"), "AWS gives callers of another account no ARN"),
    "service": (ARN, caller("AWSService"), "an AWS service as the caller has no ARN"),
    "failed sign-in": (ARN, caller("IAMUser"), "AWS often leaves the ARN out of a failed sign-in"),
    "root": (ARN, caller("Root"), 'userIdentity.arn is absent; the pattern wants it to begin with "arn:"'),
    "switch": (ISSUER, SIGN_IN, "AWS may leave the session context out of sign-in events"),
    "no session": (ISSUER, caller("IAMUser"), "is absent"),
    "answer": ({"detail": {"responseElements": {"a": ["b"]}}}, REFUSED, "responseElements.a is null: AWS answers a"),
    "no record": ({"detail": ["x"]}, {"detail": "y"}, 'detail is "y"; the pattern wants it to equal "x"'),
    "no caller": (ARN, {"detail": {"userIdentity": "me"}}, "userIdentity.arn is absent, as"),
}


@pytest.mark.parametrize(("pattern", "event", "said"), REASONS.values(), ids=REASONS)
def test_reasons(pattern: dict[str, Any], event: dict[str, Any], said: str) -> None:
    found = explain(rule(pattern), event)
    assert not found.fires
    assert said in found.reasons[0]


READ = {
    "source": "aws.sts",
    "detail-type": "AWS API Call via CloudTrail",
    "detail": {"eventName": "AssumeRole", "readOnly": True},
}


@pytest.mark.parametrize(
    ("state", "event", "said"),
    [
        (ALL, READ, None),
        ("ENABLED", READ, "just ENABLED"),
        ("DISABLED", READ, "the rule is DISABLED"),
        (ALL, READ | {"x": "x" * 300_000}, "256 KB"),
    ],
)
def test_what_aws_does_not_deliver(state: str, event: dict[str, Any], said: str | None) -> None:
    found = explain(rule({"source": ["aws.sts"]}, state), event)
    assert found.fires == (said is None)
    assert said is None or said in found.reasons[0]
    assert [row.fits for row in found.fields] == [True]


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        (None, "unknown"),
        ({}, "unknown"),
        ({"type": "AssumedRole", "principalId": "AROA:ana", "userName": "x"}, "ana"),
        ({"type": "IAMUser", "userName": "bob", "principalId": "AIDA"}, "bob"),
        ({"type": "AWSService", "invokedBy": "x.amazonaws.com"}, "x.amazonaws.com"),
        ({"type": "Root"}, "Root"),
        ("text", "unknown"),
    ],
)
def test_who(identity: Any, name: str) -> None:
    assert who({"detail": {"userIdentity": identity}}) == name
