"""Lists of calls do not age: of every call of AWS's models that may matter it is decided whether it alerts.

The models are those of the pinned botocore. What is new there and matches no pattern fails here with its name, until
somebody changes a pattern or puts the call into decided_calls.yaml, with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from aws_models import Call, calls_of, paths_in, request_with, services
from deployments import deploy
from named_parts import SPELLINGS, STACK_SET, Part, parameters, parts_of, requests, spelled
from pattern_events import compiled, plan_of
from samples import ACCOUNT, SETTINGS, templates
from template_data import read_yaml

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.detections.edges import SESSION

Decisions = list[dict[str, Any]]
DECIDED: Final[dict[str, Decisions]] = read_yaml(Path(__file__).with_name("decided_calls.yaml").read_text("utf-8"))

WATCHED: Final = (
    *("account", "account-access", "account-access-runtime", "cloudcontrol", "cloudformation", "cloudtrail"),
    *("cloudwatch", "events", "iam", "identitystore", "kms", "logs", "organizations", "ram", "rolesanywhere"),
    *("scheduler", "signin", "sns", "sqs", "sso", "sso-admin", "sso-oidc", "sts"),
)
"""The services of identities, and those that the alerts pass through."""

A_ROLE: Final = re.compile(r"[rR]oles?(Arns?|ARNs?|Names?)?$|[iI]nstanceProfile|^(authorizerC|c)redentials(Arn)?$")
LOOKS_UP: Final = re.compile("(Describe|Get|List|Search)[A-Z]")
ACCESS: Final = re.compile(r"Polic(y|ies)|Permission|Grant|Share(?!d)|PublicAccess|Membership|AccessPoint|Principal")
CREDENTIALS: Final = re.compile(
    r"^(secret(Access)?Key|(session|access|auth|bearer|webIdentity)Token|activationCode)$", re.IGNORECASE
)
A_SESSION: Final = {
    "type": "AssumedRole",
    "principalId": "AROADBQP57FF2AEXAMPLE:alice",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/break-glass/alice",
    "accountId": ACCOUNT,
}


@cache
def account() -> tuple[Simulator, list[Part]]:
    """An account in which everything alerts but what is merely done in the role, and the parts of the templates."""
    settings = {**SETTINGS, "detections": {**SETTINGS["detections"], "RoleActions": "off"}}
    stacks = deploy(*templates(json.dumps(settings)), account=ACCOUNT)
    return Simulator(stacks), [*parts_of(stacks["us-east-1"]), Part(STACK_SET, "break-glass", "us-east-1")]


def alerts_of(call: Call, request: dict[str, Any]) -> set[str]:
    """The detections that people are alerted of when a session of the role makes a call."""
    record = {**call.record(request), "userIdentity": A_SESSION, "recipientAccountId": ACCOUNT}
    deliveries = account()[0].run(event_from_record(record))
    return {delivery.detection for delivery in deliveries if delivery.kind == "topic"}


def about_our_parts(call: Call) -> Iterator[dict[str, Any]]:
    """The request parameters of a call that name a part of ours, in every spelling."""
    for parameter in parameters():
        if (parameter.service, parameter.call) != (call.service, call.name):
            continue
        for part in account()[1]:
            for spelling in SPELLINGS[part.kind].values() if part.kind == parameter.kind else ():
                value = spelled(spelling, part.name, part, ACCOUNT)
                if parameter.takes(value):
                    yield from requests(parameter, part, value, ACCOUNT)


def with_a_role(call: Call) -> dict[str, dict[str, Any]]:
    """The request parameters of a call that carry a role, by what the parameter is called."""
    role = f"arn:aws:iam::{ACCOUNT}:role/Admin"
    return {
        f"{call.service} {next(name for name in reversed(path) if name != '*')}": request_with(path, role)
        for path in paths_in(call, "input", A_ROLE)
    }


def decided(section: str) -> list[str]:
    """What a section of the file decides, as a service and a name."""
    return [
        f"{service} {name}"
        for decision in DECIDED[section]
        for service, names in decision["of"].items()
        for name in names
    ]


def changes_of(service: str) -> list[Call]:
    """The calls of a service that do not only read."""
    return [call for call in calls_of(service) if not call.only_reads]


def without_alert(service: str) -> list[str]:
    """The changes of a service that alert in no way."""
    return [
        f"{service} {call.name}"
        for call in changes_of(service)
        if not any(alerts_of(call, request) for request in ({}, *with_a_role(call).values(), *about_our_parts(call)))
    ]


def roles_without_alert() -> Iterator[str]:
    """The parameters of changes and tests in any service that carry a role, which alert in no way."""
    for service in services():
        for call in calls_of(service):
            if not (call.takes_away or LOOKS_UP.match(call.name)):
                yield from (name for name, request in with_a_role(call).items() if not alerts_of(call, request))


def access_without_alert() -> Iterator[str]:
    """The changes in the services that are not watched whose names speak of access, and which alert in no way."""
    for service in services():
        for call in calls_of(service) if service not in WATCHED else ():
            if ACCESS.search(call.name) and not (call.only_reads or call.takes_away or alerts_of(call, {})):
                yield f"{service} {call.name}"


def credentials_without_alert() -> Iterator[str]:
    """The calls of any service that return credentials, and alert in no way."""
    for service in services():
        for call in calls_of(service):
            if paths_in(call, "output", CREDENTIALS) and not alerts_of(call, {}):
                yield f"{service} {call.name}"


ALL_SERVICES: Final[dict[str, Callable[[], Iterable[str]]]] = {
    "roles": roles_without_alert,
    "access": access_without_alert,
    "credentials": credentials_without_alert,
}


def assert_decided(section: str, found: Iterable[str], of: Iterable[str]) -> None:
    """What is found is what is decided: nothing more, which somebody has to decide, and nothing less."""
    undecided, decisions = set(found), set(of)
    new, past = sorted(undecided - decisions), sorted(decisions - undecided)
    assert not new, f"new in botocore, so change a pattern or {section} in decided_calls.yaml: {', '.join(new)}"
    assert not past, f"they alert, or are gone, so take them out of {section} in decided_calls.yaml: {', '.join(past)}"


@pytest.mark.parametrize("service", WATCHED)
def test_every_change_in_a_watched_service_alerts_or_is_decided(service: str) -> None:
    of_service = [name for name in decided("calls") if name.startswith(f"{service} ")]
    assert_decided("calls", without_alert(service), of_service)


def test_every_decision_is_made_once_and_has_a_reason() -> None:
    for section, decisions in DECIDED.items():
        names = decided(section)
        assert sorted(names) == sorted(set(names)), section
        assert all(decision["reason"].endswith(".") for decision in decisions), section
    assert {name.partition(" ")[0] for name in decided("calls")} <= set(WATCHED)


@pytest.mark.thorough("what carries a role, lets others in or returns credentials, in every service of botocore")
@pytest.mark.parametrize("section", ALL_SERVICES)
def test_whatever_carries_a_role_lets_in_or_returns_credentials_alerts_or_is_decided(section: str) -> None:
    assert_decided(section, ALL_SERVICES[section](), decided(section))


@pytest.mark.thorough("every call that only reads, in every service of botocore")
def test_no_call_that_only_reads_alerts_unless_it_returns_credentials() -> None:
    reading = [call for service in services() for call in calls_of(service) if call.only_reads]
    alerting = {call.title: alerts for call in reading if (alerts := alerts_of(call, {}))}
    assert set().union(*alerting.values()) == {"RoleChained"}
    assert [
        title
        for title in alerting
        if not re.search("Credential|Token|Access|Endpoint|Password|PresignedURL|TestState", title)
    ] == []


# Of services that have no model: the console's sign-in, and the MFA devices of Identity Center.
WITHOUT_MODEL: Final = {"ConsoleLogin", "SwitchRole", "GetSigninToken", "AuthorizeOAuth2Access", "DeleteMfa"}


def call_names(pattern: Any) -> Iterator[Any]:
    """Every matcher for the name of a call in a pattern, but for those that exclude."""
    if isinstance(pattern, list):
        for alternative in pattern:
            yield from call_names(alternative)
    elif isinstance(pattern, dict):
        for field, node in pattern.items():
            if field != "eventName":
                yield from call_names(node)
            else:
                yield from (name for name in node if not (isinstance(name, dict) and "anything-but" in name))


@pytest.mark.thorough("the names of calls in the patterns about sessions, in every service of botocore")
def test_every_name_in_a_pattern_is_that_of_a_call() -> None:
    names = {call.name for service in services() for call in calls_of(service)}
    for detection in plan_of(json.dumps(SETTINGS)).watched_events:
        for matcher in call_names(detection.kind) if detection.family == SESSION else ():
            if {*(matcher.values() if isinstance(matcher, dict) else [matcher])} <= WITHOUT_MODEL:
                continue
            accepts = compiled({"name": [matcher]}).matches
            assert any(accepts({"name": name}) for name in names), f"{detection.logical_id}: {matcher}"
