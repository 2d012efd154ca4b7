"""A part in every spelling that AWS takes for it: which call takes which, and a role that is refused to a service."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from named_parts import (
    HARMLESS,
    KEY,
    QUEUE,
    SPELLINGS,
    STACK,
    Parameter,
    Part,
    is_harmless,
    matches,
    parameters,
    record_of_call,
    spelled,
)
from paths import EVENTS
from samples import ACCOUNT, SETTINGS, account
from variants import SSO_PATH, SSO_ROLE

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record

# parameter: how it lets callers spell the part, after AWS's documentation of the call
TAKEN: Final[dict[str, list[str]]] = {
    "iam:DeleteRole roleName": ["name", "upper case", "title case"],
    "iam:DeletePolicy policyArn": ["ARN", "ARN in upper case", "ARN in title case"],
    "kms:DisableKey keyId": ["ID", "ARN"],
    "kms:DeleteAlias aliasName": ["name"],
    "sns:DeleteTopic topicArn": ["ARN"],
    "sns:CreateTopic name": ["name"],
    "sns:Unsubscribe subscriptionArn": ["ARN"],
    "sqs:DeleteQueue queueUrl": ["URL", "URL with a slash", "URL of an old endpoint", "name"],
    "sqs:CreateQueue queueName": ["name"],
    "sqs:StartMessageMoveTask sourceArn": ["ARN"],
    "logs:DeleteLogGroup logGroupName": ["name"],
    "logs:PutLogGroupDeletionProtection logGroupIdentifier": ["name", "ARN"],
    "logs:AssociateKmsKey resourceIdentifier": ["name", "ARN", "ARN with a star"],
    "logs:PutResourcePolicy resourceArn": ["ARN", "ARN with a star"],
    "logs:DeleteResourcePolicy policyName": ["name"],
    "cloudwatch:DeleteAlarms alarmNames": ["name"],
    "cloudwatch:PutAlarmMuteRule muteTargets.alarmNames": ["name"],
    "events:DeleteEventBus name": ["name"],
    "events:PutPermission eventBusName": ["name"],
    "events:RemoveTargets eventBusName": ["name", "ARN"],
    "events:CreateArchive eventSourceArn": ["ARN"],
    "events:StartReplay destination.arn": ["ARN"],
    "events:DisableRule name": ["name"],
    "scheduler:DeleteSchedule name": ["name"],
    "cloudformation:CreateStack stackName": ["name", "name that a stack set gives"],
    "cloudformation:DeleteStack stackName": [
        *("name", "ID", "name that a stack set gives", "ID that a stack set gives"),
    ],
    "cloudformation:ImportStacksToStackSet stackIds": ["ID", "ID that a stack set gives"],
    "cloudformation:UpdateStackSet stackSetName": ["name", "ID"],
    "cloudtrail:StopLogging name": ["name", "ARN"],
    "s3:DeleteBucket bucket": ["name"],
}
BY_TITLE: Final = {parameter.title: parameter for parameter in parameters()}


def spellings_of(parameter: Parameter) -> list[str]:
    """The spellings of a part that a parameter takes."""
    part = Part(parameter.kind, "break-glass", "us-east-1")
    return [
        spelling
        for spelling, text in SPELLINGS[parameter.kind].items()
        if parameter.takes(spelled(text, part.name, part, ACCOUNT))
    ]


@pytest.mark.parametrize("title", TAKEN)
def test_a_call_takes_the_spellings_that_aws_documents(title: str) -> None:
    assert spellings_of(BY_TITLE[title]) == TAKEN[title]


def test_every_spelling_is_taken_by_a_call() -> None:
    taken = {(parameter.kind, spelling) for parameter in parameters() for spelling in spellings_of(parameter)}
    assert taken == {(kind, spelling) for kind, spellings in SPELLINGS.items() for spelling in spellings}


def test_every_parameter_takes_a_spelling() -> None:
    assert [parameter.title for parameter in parameters() if not spellings_of(parameter)] == []


def test_no_call_that_changes_the_key_takes_its_alias() -> None:
    takers = [parameter for parameter in parameters() if parameter.kind == KEY and "alias" in spellings_of(parameter)]
    assert takers
    assert [parameter.title for parameter in takers if not is_harmless(parameter)] == []


def test_what_is_harmless_is_put_down_once() -> None:
    counts = {parameter.title: sum(matches(entry, parameter) for entry in HARMLESS) for parameter in parameters()}
    assert [title for title, count in counts.items() if count > 1] == []


def detections_of(happened: dict[str, Any], **changes: Any) -> set[str]:
    """The detections that a record sets off where the settings have these ``changes``."""
    deliveries = account(json.dumps({**SETTINGS, **changes})).run(event_from_record(happened))
    return {delivery.detection for delivery in deliveries if delivery.problem is None} - {"RoleActions"}


# AWS tells the letter case of these apart: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
# and https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stack.html
OTHERS_IN_OTHER_CASE: Final = {
    QUEUE: (
        "sqs",
        "DeleteQueue",
        {"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/Break-Glass-dead-letters"},
    ),
    STACK: ("cloudformation", "DeleteStack", {"stackName": "Break-Glass"}),
}


@pytest.mark.parametrize(
    ("service", "call", "request_parameters"), OTHERS_IN_OTHER_CASE.values(), ids=OTHERS_IN_OTHER_CASE
)
def test_another_letter_case_is_something_else_where_aws_says_so(
    service: str, call: str, request_parameters: dict[str, Any]
) -> None:
    assert detections_of(record_of_call(service, call, request_parameters, ACCOUNT)) == set()


ROLES: Final = f"arn:aws:iam::{ACCOUNT}:role/"
# name: (settings that differ, the ARN of the role)
PASSED: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "a role that the stack makes": ({}, f"{ROLES}ops/break-glass"),
    "one without a path": ({"role": {}}, f"{ROLES}break-glass"),
    "the forwarder": ({}, f"{ROLES}break-glass-forwarder"),
    "an existing role by ARN": ({"role": {"existing": f"{ROLES}Emergency"}}, f"{ROLES}Emergency"),
    "an existing role by ARN with a path": ({"role": {"existing": f"{ROLES}ops/Emergency"}}, f"{ROLES}ops/Emergency"),
    "an existing role by path and name": ({"role": {"existing": "ops/Emergency"}}, f"{ROLES}ops/Emergency"),
    "an existing role by its bare name": ({"role": {"existing": "Emergency"}}, f"{ROLES}Emergency"),
    "an existing role under a path by its bare name": ({"role": {"existing": "Emergency"}}, f"{ROLES}ops/Emergency"),
    "an existing role whose name holds ours": (
        {"role": {"existing": "ops/break-glass-2"}},
        f"{ROLES}ops/break-glass-2",
    ),
    "a permission set of us-east-1": ({"role": {"permission_set": "BreakGlass"}}, f"{ROLES}{SSO_PATH}{SSO_ROLE}"),
    "a permission set of another region": (
        {"role": {"permission_set": "BreakGlass"}},
        f"{ROLES}{SSO_PATH}eu-west-1/{SSO_ROLE}",
    ),
}
OTHERS_PASSED: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "a shorter name": ({}, f"{ROLES}ops/break-glas"),
    "an existing role of a longer name": ({"role": {"existing": "ops/Emergency"}}, f"{ROLES}ops/Emergency2"),
    "an existing role of a longer bare name": ({"role": {"existing": "Emergency"}}, f"{ROLES}ops/Emergency2"),
    "another permission set": (
        {"role": {"permission_set": "BreakGlass"}},
        f"{ROLES}{SSO_PATH}AWSReservedSSO_BreakGlassAudit_0123456789abcdef",
    ),
}
REASONS: Final = {
    "nothing allows it": " because no identity-based policy allows the iam:PassRole action",
    "a boundary": " because no permissions boundary allows the iam:PassRole action",
    "an SCP": " with an explicit deny in a service control policy",
    "no reason": "",
}
every_reason = pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS)


def refused_pass(caller: str, role: str, reason: str) -> dict[str, Any]:
    message = f"User: {caller} is not authorized to perform: iam:PassRole on resource: {role}{reason}"
    denial = {"errorCode": "AccessDenied", "errorMessage": message}
    return {**record_of_call("lambda", "CreateFunction20150331", None, ACCOUNT), **denial}


@every_reason
@pytest.mark.parametrize(("changes", "role"), PASSED.values(), ids=PASSED)
def test_a_role_of_ours_refused_to_a_service_alerts(changes: dict[str, Any], role: str, reason: str) -> None:
    for caller in (f"arn:aws:iam::{ACCOUNT}:user/mallory", f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/build"):
        assert detections_of(refused_pass(caller, role, reason), **changes) == {"MonitoringTampered"}


@every_reason
@pytest.mark.parametrize(("changes", "role"), OTHERS_PASSED.values(), ids=OTHERS_PASSED)
def test_a_role_of_others_refused_to_a_service_does_not(changes: dict[str, Any], role: str, reason: str) -> None:
    caller = f"arn:aws:iam::{ACCOUNT}:user/mallory"
    assert detections_of(refused_pass(caller, role, reason), **changes) == set()


# How the ARN of a session of ours begins, which is the caller's and not what the call is about.
SESSIONS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "a role that the stack makes": ({}, "break-glass"),
    "an existing role": ({"role": {"existing": "ops/Emergency"}}, "Emergency"),
    "a permission set": ({"role": {"permission_set": "BreakGlass"}}, SSO_ROLE),
}


@every_reason
@pytest.mark.parametrize(("changes", "role"), SESSIONS.values(), ids=SESSIONS)
def test_another_role_refused_to_a_session_of_ours_does_not(changes: dict[str, Any], role: str, reason: str) -> None:
    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/alice"
    assert detections_of(refused_pass(caller, f"{ROLES}ops/Deploy", reason), **changes) == set()


@pytest.mark.parametrize("name", ["bob", "Bob", "BOB"])
def test_a_failed_sign_in_without_an_arn_knows_the_user_in_any_letter_case(name: str) -> None:
    failed = json.loads((EVENTS / "UserSignIn" / "raises-failed-without-arn.json").read_text(encoding="utf-8"))
    failed["userIdentity"]["userName"] = name
    assert "arn" not in failed["userIdentity"]
    assert detections_of(failed) == {"UserSignIn"}
