"""Recorded events in an organization: who is alerted of what happens in the hub and in another account."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deployments import template_files
from every_case import assert_every
from named_parts import record_of_call
from organization_samples import (
    HUB,
    MAIN,
    MEMBER,
    OF_ANY_ACCOUNT,
    REGIONS,
    SUBSCRIBER,
    about_role_in,
    account_of_organization,
    event_in,
    means_nothing,
    organization_files,
)
from samples import RAISES, SAMPLES, SUBSCRIBERS, is_of_the_key, own_deliveries, title

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.simulator import Delivery, Simulator, deploy
from cfn_breakglass.aws.handler_ownership import CLOUDFORMATION
from cfn_breakglass.config.model import DETECTIONS

ASSUMED = next(sample for sample in RAISES if title(sample) == "RoleAssumed/raises-user-of-the-same-account")
BY_CAROL = next(sample for sample in RAISES if title(sample) == "MonitoringTampered/raises-logs-put-metric-filter")


def assert_as_expected(sample: Path, account: str, region: str) -> None:
    """The sample alerts the subscribers of the hub once, with its account, is only logged there, or is silent."""
    event = event_in(sample, account, region)
    deliveries = own_deliveries(sample, account_of_organization(account).run(event))
    kinds = [delivery.kind for delivery in deliveries]
    assert [delivery.problem or delivery.assumed_allowed for delivery in deliveries] == [()] * len(deliveries)
    assert {(delivery.target.split(":")[4], delivery.region) for delivery in deliveries} <= {(HUB, MAIN)}
    expectation = sample.stem.partition("-")[0]
    if title(sample) in OF_ANY_ACCOUNT:
        expectation = "raises"
    elif means_nothing(sample, account):
        expectation = "silent"
    assert kinds == {"raises": ["topic", "log"], "logged": ["log"], "silent": []}[expectation]
    for delivery in deliveries:
        if delivery.kind == "topic":
            assert json.loads(delivery.message)["account"] == event["account"]
            assert delivery.subscribers == (SUBSCRIBERS[0], ("sqs", SUBSCRIBER))
        else:
            assert json.loads(delivery.message)["detail"] == event["detail"]


@pytest.mark.parametrize("account", [MEMBER, HUB], ids=["member", "hub"])
@pytest.mark.parametrize("detection", DETECTIONS)
def test_every_sample_in_every_account(detection: str, account: str) -> None:
    cases = {
        f"{title(sample)} in {region}": (sample, account, region)
        for sample in SAMPLES
        if sample.parent.name == detection
        for region in (REGIONS[:1] if is_of_the_key(sample) else REGIONS)
    }
    assert_every(assert_as_expected, cases)


def test_near_misses_of_another_account_exist() -> None:
    assert set(OF_ANY_ACCOUNT) <= {title(sample) for sample in SAMPLES}


def alerts_of_hub(sample: Path) -> list[str]:
    """What comes of a sample that the hub records, about the role of a member: the detections that alert."""
    event = event_in(sample, HUB, MAIN, about_role_in(MEMBER))
    assert f"{MEMBER}:role/" in json.dumps(event).lower()
    return [delivery.detection for delivery in account_of_organization(HUB).run(event) if delivery.kind == "topic"]


def assert_alerts_of_denial(sample: Path) -> None:
    assert alerts_of_hub(sample) == ["RoleDenied"]


def test_who_is_denied_the_role_of_another_account_alerts() -> None:
    """The account of the caller alone records it."""
    denied = {title(sample): (sample,) for sample in RAISES if sample.parent.name == "RoleDenied"}
    assert_every(assert_alerts_of_denial, denied)


def test_who_assumes_the_role_of_another_account_alerts_there_alone() -> None:
    assert alerts_of_hub(ASSUMED) == []


def assert_reaches_hub_from(region: str) -> None:
    deliveries = account_of_organization(MEMBER).run(event_in(ASSUMED, MEMBER, region))
    assert [(delivery.kind, delivery.problem) for delivery in deliveries] == [("topic", None), ("log", None)]


def test_every_region_of_a_member_reaches_the_hub() -> None:
    assert_every(assert_reaches_hub_from, {region: (region,) for region in account_of_organization(MEMBER).regions})


Edit = Callable[[str], str]


def replacing(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert re.search(old, text), old
        return re.sub(old, new, text)

    return edit


def deliveries_from(files: tuple[str, ...], account: str = MEMBER) -> list[Delivery]:
    event = event_in(ASSUMED, account, "eu-west-1")
    return Simulator(*deploy(template_files(*files), account)).run(event)


WITHOUT_POLICY = replacing(r"\n      Policy:\n(?:        .*\n)+", "\n")
ROLE = f"arn:aws:iam::{MEMBER}:role/break-glass-forwarder"
BUS = f"arn:aws:events:{MAIN}:{HUB}:event-bus/break-glass"


@pytest.mark.parametrize(
    ("file", "edit", "problem"),
    [
        (
            0,
            replacing(r"\n      Policy:\n(?:        .*\n)+", "\n"),
            f"the policy of the bus {BUS} does not let the role",
        ),
        (
            0,
            replacing("'aws:PrincipalOrgID': o-a1b2c3d4e5", "'aws:PrincipalOrgID': o-another000"),
            "does not let the role",
        ),
        (
            0,
            replacing(r":role/break-glass-forwarder\n", ":role/another\n"),
            f"does not let the role {ROLE} put events on it",
        ),
        (1, replacing(r"\n        RoleArn: .*", ""), f"forwards to {BUS} without a role"),
        (1, replacing(":role/break-glass-forwarder", ":role/ops/another"), "does not let the role"),
        (2, replacing(f"(?<!:){BUS}\n", f"{BUS}-other\n"), f"the role {ROLE} may not put events on {BUS}"),
        (2, replacing(r"events\.amazonaws\.com", "sns.amazonaws.com"), f"the role {ROLE} does not trust the rule"),
    ],
    ids=["no policy", "organization", "role of the policy", "no role", "role of the rule", "its policy", "its trust"],
)
def test_what_keeps_a_member_out(file: int, edit: Edit, problem: str) -> None:
    files = list(organization_files())
    files[file] = edit(files[file])
    (lost,) = deliveries_from(tuple(files))
    assert (lost.kind, lost.detection) == ("bus", "RoleAssumed")
    assert problem in str(lost.problem)


def test_a_bus_may_deny_its_own_account() -> None:
    main, *others = organization_files()
    denying = main.replace(
        "- Sid: OurForwarders\n          Effect: Allow", "- Sid: OurForwarders\n          Effect: Deny"
    )
    assert denying != main
    for account in (HUB, MEMBER):
        (lost,) = deliveries_from((denying, *others), account)
        assert "does not let the role" in str(lost.problem)


def test_the_hub_needs_no_policy_of_its_own_buses() -> None:
    main, *others = organization_files()
    assert [delivery.problem for delivery in deliveries_from((WITHOUT_POLICY(main), *others), HUB)] == [None, None]


def test_an_account_of_another_organization_is_kept_out() -> None:
    """With the same templates: an attacker can have a role of any name, and a rule that forwards to any bus."""
    stacks, _, hub = deploy(template_files(*organization_files()), MEMBER)
    for organization in ("", "o-attacker00"):
        (lost,) = Simulator(stacks, organization, hub).run(event_in(ASSUMED, MEMBER, "eu-west-1"))
        assert "does not let the role" in str(lost.problem)


def alerts_of_call(account: str, service: str, call: str, parameters: dict[str, str], **settings: Any) -> list[str]:
    """The detections of which the hub is alerted when an account records a call."""
    simulator = Simulator(*deploy(template_files(*organization_files(**settings)), account))
    deliveries = simulator.run(event_from_record(record_of_call(service, call, parameters, account)))
    return [delivery.detection for delivery in deliveries if (delivery.kind, delivery.problem) == ("topic", None)]


@pytest.mark.parametrize(("place", "other"), [(MEMBER, HUB), (HUB, MEMBER)], ids=["member", "hub"])
def test_a_principal_is_watched_in_its_own_account_alone(place: str, other: str) -> None:
    trust = {"principals": [f"arn:aws:iam::{place}:role/Chief"]}
    call = ("iam", "UpdateAssumeRolePolicy", {"roleName": "Chief"})
    assert alerts_of_call(place, *call, role={"trust": trust}) == ["EntranceChanged"]
    assert alerts_of_call(other, *call, role={"trust": trust}) == []


def test_a_queue_of_the_name_of_a_subscriber_is_that_of_the_hub_alone() -> None:
    call = ("sqs", "DeleteQueue", {"queueUrl": "pager"})
    assert alerts_of_call(HUB, *call) == ["MonitoringTampered"]
    assert alerts_of_call(MEMBER, *call) == []


def test_the_role_that_forwards_does_not_forward_its_own_end() -> None:
    main, stackset, accounts = organization_files()
    without = replacing(r"RoleName: break-glass-forwarder\n", "RoleName: another\n")(accounts)
    simulator = Simulator(*deploy(template_files(main, stackset, without), MEMBER))
    record = record_of_call("iam", "DeleteRole", {"roleName": "break-glass-forwarder"}, MEMBER)
    deliveries = simulator.run(event_from_record(record))
    assert {delivery.kind for delivery in deliveries} == {"topic", "log"}
    assert {delivery.problem or delivery.assumed_allowed for delivery in deliveries} == {()}


def test_an_alert_names_the_role_of_the_account_in_which_it_happened() -> None:
    tampered = next(sample for sample in RAISES if sample.parent.name == "MonitoringTampered")
    deliveries = account_of_organization(MEMBER).run(event_in(tampered, MEMBER, "eu-west-1"))
    roles = {json.loads(delivery.message)["role"] for delivery in deliveries if delivery.kind == "topic"}
    assert roles == {f"arn:aws:iam::{MEMBER}:role/ops/break-glass"}


def alerts_of_carol(account: str, call: str, parameters: dict[str, str], issuer: str = "", **fields: str) -> list[str]:
    """The detections of which the hub is alerted when a session that ``issuer`` made calls something in an account."""
    service, _, name = call.partition(":")
    event = event_in(BY_CAROL, account, MAIN)
    event["source"] = f"aws.{service}"
    event["detail"] |= {"eventSource": f"{service}.amazonaws.com", "eventName": name, "requestParameters": parameters}
    event["detail"] |= fields
    if issuer:
        kind, _, issuer_name = issuer.partition("/")
        session_issuer = {"type": {"role": "Role", "user": "IAMUser"}[kind], "userName": issuer_name}
        session_issuer["arn"] = f"arn:aws:iam::{account}:{issuer}"
        event["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"] |= session_issuer
        event["detail"]["userIdentity"]["type"] = {"role": "AssumedRole", "user": "FederatedUser"}[kind]
    deliveries = account_of_organization(account).run(event)
    return [delivery.detection for delivery in deliveries if (delivery.kind, delivery.region) == ("topic", MAIN)]


FOR_A_STACK = {"sourceIPAddress": CLOUDFORMATION}
FORWARDER = {"roleName": "break-glass-forwarder", "policyName": "stop"}
TOPIC = {"topicArn": f"arn:aws:sns:{MAIN}:{HUB}:break-glass-alerts", "attributeName": "Policy"}


def test_what_stack_sets_do_is_logged_only() -> None:
    assert alerts_of_carol(MEMBER, "iam:PutRolePolicy", FORWARDER, "role/stacksets-exec-0a1b", **FOR_A_STACK) == []
    assert alerts_of_carol(MEMBER, "iam:PutRolePolicy", FORWARDER, "role/stacksets-exec-0a1b") == ["MonitoringTampered"]


@pytest.mark.parametrize("issuer", ["role/Deploy", "role/StackSets-Exec-0a1b", "user/stacksets-exec-0a1b"])
def test_whoever_is_called_like_a_role_of_stack_sets_alerts(issuer: str) -> None:
    """A stack of a federated user too: its calls have the name of the user who issued the session."""
    assert alerts_of_carol(MEMBER, "iam:PutRolePolicy", FORWARDER, issuer, **FOR_A_STACK) == ["MonitoringTampered"]
    by_both_topics = ["MonitoringTampered", "MonitoringTampered"]
    assert alerts_of_carol(HUB, "sns:SetTopicAttributes", TOPIC, issuer, **FOR_A_STACK) == by_both_topics


@pytest.mark.parametrize("name", ["stacksets-exec-0a1b", "StackSets-EXEC-0a1b"])
@pytest.mark.parametrize("call", ["CreateRole", "UpdateAssumeRolePolicy", "AttachRolePolicy"])
@pytest.mark.parametrize("fields", [{}, FOR_A_STACK], ids=["a person", "a stack"])
def test_a_change_of_a_role_of_stack_sets_alerts(name: str, call: str, fields: dict[str, str]) -> None:
    """IAM ignores the letter case of its name."""
    assert alerts_of_carol(MEMBER, f"iam:{call}", {"roleName": name}, **fields) == ["MonitoringTampered"]


@pytest.mark.parametrize("fields", [{}, FOR_A_STACK], ids=["a person", "a stack"])
@pytest.mark.parametrize(
    "call",
    [
        *("AttachPolicy", "DetachPolicy", "UpdatePolicy", "MoveAccount", "PutResourcePolicy"),
        *("RegisterDelegatedAdministrator", "DeregisterDelegatedAdministrator", "DisableAWSServiceAccess"),
    ],
)
def test_what_can_silence_every_account_alerts_in_the_management_account(call: str, fields: dict[str, str]) -> None:
    """That account has both templates too. A policy that is attached may deny the forwarding.

    The policy of the organization itself lets a member account attach policies and detach them.
    """
    assert alerts_of_carol(MEMBER, f"organizations:{call}", {"targetId": "r-ab12"}, **fields) == ["MonitoringTampered"]


def test_a_policy_of_cloudtrail_lake_is_not_one_of_the_organization() -> None:
    dashboard = {"resourceArn": f"arn:aws:cloudtrail:{MAIN}:{MEMBER}:dashboard/costs"}
    assert alerts_of_carol(MEMBER, "cloudtrail:PutResourcePolicy", dashboard) == []


@pytest.mark.parametrize(
    ("role", "organization", "is_let_in"),
    [
        ("break-glass-forwarder", "o-a1b2c3d4e5", True),
        ("stacksets-exec-0123456789abcdef", "o-a1b2c3d4e5", True),
        ("AWSCloudFormationStackSetExecutionRole", "o-a1b2c3d4e5", True),
        ("stacksets-exec-0123456789abcdef", "o-attacker00", False),
        ("Admin", "o-a1b2c3d4e5", False),
    ],
)
def test_whom_the_policy_of_a_bus_lets_in(role: str, organization: str, *, is_let_in: bool) -> None:
    """Also the roles by which stack sets, those of members and of the management account, give a rule its target."""
    hub = deploy(template_files(*organization_files()), MEMBER).hub
    assert hub
    policy = hub.resources["CentralBus"].properties["Policy"]
    context = {"aws:PrincipalArn": f"arn:aws:iam::{MEMBER}:role/{role}", "aws:PrincipalOrgID": organization}
    assert allowed([policy], action="events:PutEvents", resource=BUS, context=context) == is_let_in
