"""Why a rule fires or does not, with AWS's reason where one is known."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import actor_name
from cfn_breakglass.analysis.eventbridge.pattern import compile_pattern
from cfn_breakglass.analysis.eventbridge.stack_rules import Rule
from cfn_breakglass.analysis.replay.explain import explain_rule

ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def rule(pattern: dict[str, Any], state: str = ALL) -> Rule:
    return Rule("D", "bg-D", "arn", "111122223333", "us-east-1", "bus", state, compile_pattern(pattern), ())


def caller(kind: str, **more: Any) -> dict[str, Any]:
    return {"detail": {"userIdentity": {"type": kind, **more}}}


def field(name: str, wanted: Any) -> dict[str, Any]:
    return {"detail": {name: [wanted]}}


ARN = {"detail": {"userIdentity": {"arn": [{"prefix": "arn:"}]}}}
NAME = {"detail": {"userIdentity": {"userName": ["x"]}}}
ISSUER = {"detail": {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": ["x"]}}}}}
ROLE = {"detail": {"requestParameters": {"roleArn": ["x"]}}}
SIGN_IN = {"eventSource": "signin.amazonaws.com", "requestParameters": None, "userIdentity": {"type": "AssumedRole"}}
FAILED_SIGN_IN = SIGN_IN | {"userIdentity": {"type": "IAMUser"}}
REFUSED = {"detail": {"errorCode": "AccessDenied", "requestParameters": None, "responseElements": None}}
ISSUED = "userIdentity.sessionContext.sessionIssuer.arn is absent: "

# name: (the pattern, the event, all that is said)
REASONS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "null, refused": (ROLE, REFUSED, "requestParameters.roleArn is null: AWS leaves it out of denied calls"),
    "null, signing in": (
        ROLE,
        {"detail": SIGN_IN},
        "requestParameters.roleArn is null: sign-in events have no request parameters",
    ),
    "null, nobody knows why": (
        ROLE,
        {"detail": {"requestParameters": None}},
        'requestParameters.roleArn is absent, as requestParameters is null; the pattern wants it to equal "x"',
    ),
    "null itself": (field("a", "x"), {"detail": {"a": None}}, 'a is null; the pattern wants it to equal "x"'),
    "absent": (field("a", "x"), {"detail": {}}, 'a is absent; the pattern wants it to equal "x"'),
    "absent, the object is text": (
        ARN,
        {"detail": {"userIdentity": "me"}},
        'userIdentity.arn is absent, as userIdentity is "me"; the pattern wants it to begin with "arn:"',
    ),
    "no record": ({"detail": ["x"]}, {"detail": "y"}, 'detail is "y"; the pattern wants it to equal "x"'),
    "no record at all": (ARN, {"detail": "y"}, "userIdentity.arn is absent, as detail is"),
    "refused answer": (
        {"detail": {"responseElements": {"a": ["b"]}}},
        REFUSED,
        "responseElements.a is null: AWS records only the error of a denied call",
    ),
    "saml": (ARN, caller("SAMLUser"), "userIdentity.arn is absent: AWS records no ARN of SAML and OIDC users"),
    "oidc": (ARN, caller("WebIdentityUser"), "AWS records no ARN of SAML and OIDC users"),
    "other account": (ARN, caller("AWSAccount"), "AWS records no ARN of callers of another account"),
    "other account's user": (NAME, caller("AWSAccount"), "AWS records no name of callers of another account"),
    "service": (ARN, caller("AWSService"), "an AWS service that calls has no ARN"),
    "failed sign-in": (ARN, {"detail": FAILED_SIGN_IN}, "AWS often leaves the ARN out of a failed sign-in"),
    "root": (ARN, caller("Root"), 'userIdentity.arn is absent; the pattern wants it to begin with "arn:"'),
    "switch": (
        ISSUER,
        {"detail": SIGN_IN | {"eventName": "SwitchRole"}},
        f"{ISSUED}AWS records a switch in the console without the session context",
    ),
    "sign-in": (ISSUER, {"detail": SIGN_IN}, "AWS may leave the session context out of sign-in events"),
    "no session": (ISSUER, caller("IAMUser"), f"{ISSUED}the caller is an IAM user, not a role session"),
    "root's session": (ISSUER, caller("Root"), "the caller is root, not a role session"),
    "service's session": (ISSUER, caller("AWSService"), "the caller is an AWS service, not a role session"),
    "saml's session": (ISSUER, caller("SAMLUser"), "SAML and OIDC users are not in a role session yet"),
    "other account's session": (ISSUER, caller("AWSAccount"), "of callers of another account AWS records only the ID"),
    "another session": (
        ISSUER,
        caller("IAMUser", sessionContext={"sessionIssuer": {"arn": "y"}}),
        'sessionIssuer.arn is "y"; the pattern wants it to equal "x"',
    ),
    "failed": (
        field("errorCode", {"exists": False}),
        REFUSED,
        'errorCode is "AccessDenied": the call failed; the pattern wants one that succeeded',
    ),
    "succeeded": (
        field("errorCode", {"exists": True}),
        {"detail": {}},
        "errorCode is absent: the call succeeded; the pattern wants one that failed",
    ),
    "no error message": (
        field("errorMessage", {"suffix": "x"}),
        {"detail": {}},
        "errorMessage is absent: the call succeeded",
    ),
    "wildcard": (
        field("a", {"wildcard": "x*y"}),
        {"detail": {"a": "xz"}},
        'a is "xz"; the pattern wants it to fit the wildcard "x*y"',
    ),
    "letter case": (
        field("a", "Role"),
        {"detail": {"a": "role"}},
        'a is "role"; the pattern wants it to equal "Role": only the letter case differs',
    ),
    "letter case of a beginning": (field("a", {"prefix": "A/"}), {"detail": {"a": "a/b"}}, "only the letter case"),
    "letter case of an end": (field("a", {"suffix": "/B"}), {"detail": {"a": "a/b"}}, "only the letter case"),
    "letter case of a wildcard": (field("a", {"wildcard": "A*C"}), {"detail": {"a": "a/c"}}, "only the letter case"),
    "one of several": (
        {"detail": {"a": ["b", "c", {"prefix": "d"}, {"prefix": "e"}]}},
        {"detail": {"a": "x"}},
        'a is "x"; the pattern wants it to equal "b" or "c" or to begin with "d" or "e"',
    ),
    "anything but": (
        {"detail": {"a": [{"anything-but": {"prefix": "b"}}, {"exists": False}]}},
        {"detail": {"a": "bc"}},
        'a is "bc"; the pattern wants it not to begin with "b"',
    ),
    "elements of an array": (
        {"detail": {"a": {"b": ["c"], "d": ["e"]}}},
        {"detail": {"a": [{"b": "c"}, {"d": "e"}]}},
        "a.b + a.d is right only across elements of an array; the pattern wants it to be right within one",
    ),
    "which call first": (
        {"source": ["aws.sts"], "detail": {"a": ["b"], "eventName": ["c"]}},
        {"source": "aws.iam", "detail": {}},
        'source is "aws.iam"; the pattern wants it to equal "aws.sts"',
    ),
}


@pytest.mark.parametrize(("pattern", "event", "said"), REASONS.values(), ids=REASONS)
def test_reasons(pattern: dict[str, Any], event: dict[str, Any], said: str) -> None:
    found = explain_rule(rule(pattern), event)
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
        ("DISABLED", READ, "the rule is DISABLED: EventBridge delivers nothing to it"),
        (ALL, READ | {"x": "x" * 300_000}, "256 KB"),
    ],
)
def test_what_aws_does_not_deliver(state: str, event: dict[str, Any], said: str | None) -> None:
    found = explain_rule(rule({"source": ["aws.sts"]}, state), event)
    assert found.fires == (said is None)
    assert said is None or said in found.reasons[0]
    assert [row.matches for row in found.fields] == [True]


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
    assert actor_name({"detail": {"userIdentity": identity}}) == name
