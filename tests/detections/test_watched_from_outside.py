"""Each call that breaks a part of the monitoring, in the account that it leaves behind: somebody learns of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, Final, NamedTuple

import pytest
from deployments import deploy
from manual import read, table_rows
from notified import Account, Way
from paths import ROOT, STARTER
from samples import ACCOUNT, RAISES, templates, text_of
from state_after import Change, changes
from template_data import read_yaml

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.template.reader import Stack

USUAL: Final[dict[str, Any]] = read_yaml(STARTER.read_text(encoding="utf-8").replace(": off", ': "off"'))
ALERTS: Final = {key: value for key, value in USUAL["alerts"].items() if key != "fallback"}
GLOBAL, EUROPEAN, ONE_REGION = "main region us-east-1", "main region eu-west-1", "one region"
EXISTING_PARTS, DEPLOYER = "an existing bus, role and key", "a deployer"
WITHOUT_FALLBACK, ONE_WITHOUT_FALLBACK = "without a fallback", "one region without a fallback"

QUICK_CASES: Final = (GLOBAL, EUROPEAN, ONE_REGION, EXISTING_PARTS, WITHOUT_FALLBACK)

# name: what differs from the starter
CASES: Final[dict[str, dict[str, Any]]] = {
    GLOBAL: {"regions": ["eu-west-1"]},
    EUROPEAN: {
        "main_region": "eu-west-1",
        "regions": ["us-east-1", "ap-south-1"],
        "event_bus": {"name": "emergency"},
    },
    ONE_REGION: {"regions": []},
    EXISTING_PARTS: {
        "regions": ["eu-west-1"],
        "event_bus": {"existing": "security", "forwarder_role": f"arn:aws:iam::{ACCOUNT}:role/ops/Sender"},
        "encryption": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0987dcba-09fe-87dc-65ba-ab0987654321",
    },
    DEPLOYER: {"regions": ["eu-west-1"], "deployer": True},
    WITHOUT_FALLBACK: {"regions": ["eu-west-1"], "alerts": ALERTS},
    ONE_WITHOUT_FALLBACK: {"regions": [], "alerts": ALERTS},
}
every_case = pytest.mark.parametrize("case", CASES)
every_account = pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[] if case in QUICK_CASES else [pytest.mark.thorough("what breaks in more accounts")])
        for case in CASES
    ],
)


class Unseen(NamedTuple):
    """Changes that take their own alert along: in which cases, a pattern of their titles, and who notices.

    ``row`` is the first cell of their row in the manual.
    """

    row: str
    cases: tuple[str, ...]
    titles: str
    way: Way


WITH_HEARTBEAT: Final = (GLOBAL, EUROPEAN, EXISTING_PARTS, DEPLOYER, WITHOUT_FALLBACK)
UNSEEN: Final = (
    Unseen(
        "The main stack deleted, or emptied by an update",
        tuple(CASES),
        r"{main}: (DeleteStack|UpdateStack|ExecuteChangeSet)",
        Way.NONE,
    ),
    Unseen(
        "The stack of another region deleted, or emptied by an update",
        WITH_HEARTBEAT,
        r"(?!{main}).*: (DeleteStack|UpdateStack|ExecuteChangeSet)",
        Way.HEARTBEAT,
    ),
    Unseen(
        "The forwarder role broken, where `main_region` is not `us-east-1`",
        (EUROPEAN,),
        r"{main}: (?!DeleteResource|UpdateResource).* ForwarderRole",
        Way.HEARTBEAT,
    ),
    Unseen(
        "The forwarder role broken by the Cloud Control API of another region",
        (GLOBAL, EUROPEAN, DEPLOYER),
        r"{main}: (DeleteResource|UpdateResource) \(in .*\) ForwarderRole",
        Way.HEARTBEAT,
    ),
    Unseen(
        "Without `alerts.fallback`: the forwarder role broken",
        (WITHOUT_FALLBACK,),
        r"{main}: .* ForwarderRole",
        Way.NONE,
    ),
    Unseen(
        "Without `alerts.fallback`: the bus `<name>-monitoring` or its rule MonitoringTampered broken",
        (WITHOUT_FALLBACK,),
        r"{main}: .* (MonitoringBus|MonitoringTampered)",
        Way.NONE,
    ),
    Unseen(
        "Without `alerts.fallback`: the alert topic, its only subscription or the key broken",
        (WITHOUT_FALLBACK, ONE_WITHOUT_FALLBACK),
        r"{main}: .* (Key|AlertTopic|Subscription\w+)",
        Way.NONE,
    ),
)

# Calls that MonitoringTampered watches and that keep no alert from arriving.
HARMLESS: Final = {
    "an account that goes on as it was": "account:CloseAccount account:EnableRegion organizations:AcceptHandshake"
    " organizations:LeaveOrganization iam:SetSecurityTokenServicePreferences",
    "a deny less, which no alert needs": "organizations:DeletePolicy organizations:DetachPolicy"
    " organizations:DisablePolicyType organizations:MoveAccount organizations:UpdatePolicy",
    "a change that is only prepared, or made easier": "cloudformation:CreateChangeSet cloudformation:SetStackPolicy"
    " cloudformation:UpdateTerminationProtection logs:PutLogGroupDeletionProtection",
    "a part that another stack has then": "cloudformation:CreateStackRefactor cloudformation:ImportStacksToStackSet",
    "something else of our name, which AWS refuses or adds": "cloudformation:CreateStackSet sns:CreateTopic"
    " sqs:CreateQueue",
    "a copy of the events, or events of the past": "events:CreateArchive events:StartReplay",
    "a trail, whose own change is still recorded": "cloudtrail:DeleteTrail cloudtrail:PutEventSelectors"
    " cloudtrail:StopLogging cloudtrail:UpdateTrail",
    "the files of the trail, which no alert passes": "s3:DeleteBucket s3:DeleteBucketPolicy s3:PutBucketEncryption"
    " s3:PutBucketLifecycle s3:PutBucketObjectLockConfiguration s3:PutBucketPolicy s3:PutBucketPublicAccessBlock"
    " s3:PutBucketVersioning",
    "what the role may do, which no alert needs": "iam:DeletePolicy iam:DeletePolicyVersion"
    " iam:DeleteRolePermissionsBoundary iam:DetachRolePolicy iam:DetachUserPolicy iam:SetDefaultPolicyVersion",
    "a permission more, or one that we do not need": "events:RemovePermission kms:CreateGrant kms:RevokeGrant"
    " sns:AddPermission",
    "a key by another name, or of another age": "kms:UpdateAlias kms:DisableKeyRotation",
    "what is in the logs, and who else reads it": "logs:DeleteAccountPolicy logs:DeleteLogStream"
    " logs:DeleteRetentionPolicy logs:PutAccountPolicy logs:PutDataProtectionPolicy logs:PutQueryDefinition"
    " logs:PutSubscriptionFilter",
    "an alarm that goes off again": "monitoring:EnableAlarmActions monitoring:SetAlarmState",
    "a subscriber more": "sns:ConfirmSubscription sns:Subscribe",
    "text messages, and an alarm says which are not sent": "sns:DeleteSMSSandboxPhoneNumber sns:SetSMSAttributes",
    "what was lost before": "sqs:PurgeQueue sqs:StartMessageMoveTask",
}


@cache
def account(case: str) -> Account:
    stacks = deploy(*templates(json.dumps({**USUAL, **CASES[case]})), account=ACCOUNT)
    return Account({region: with_key_id(stack) for region, stack in stacks.items()})


def with_key_id(stack: Stack) -> Stack:
    """The stack whose key has an ID like AWS's, in which nothing reminds of us."""

    def rename(text: str) -> str:
        return text.replace("break-glass-Key", "1234abcd-12ab-34cd-56ef-1234567890ab")

    return replace(
        stack,
        resources={
            logical_id: replace(
                resource,
                name=rename(resource.name),
                arn=rename(resource.arn),
                properties=json.loads(rename(json.dumps(resource.properties))),
            )
            for logical_id, resource in stack.resources.items()
        },
    )


@cache
def changes_of(case: str) -> list[Change]:
    return list(changes(account(case).stacks))


def expected_ways(case: str) -> Iterator[tuple[str, Way]]:
    """The title of each change of the case that takes its own alert along, and how somebody learns of it."""
    main = next(iter(account(case).stacks))
    for unseen in UNSEEN:
        if case in unseen.cases:
            pattern = unseen.titles.replace("{main}", main)
            titles = [change.title for change in changes_of(case) if re.fullmatch(pattern, change.title)]
            assert titles, unseen.row
            yield from ((title, unseen.way) for title in titles)


@cache
def ways(case: str) -> dict[str, Way]:
    """How somebody learns of each change, by its title, in the account that it leaves behind."""
    return {change.title: way_of(case, change) for change in changes_of(case)}


def way_of(case: str, change: Change, **parameters: str) -> Way:
    """How somebody learns of a change, some of whose ``parameters`` are spelled like this."""
    request = change.record["requestParameters"]
    record = {**change.record, "requestParameters": {**request, **parameters}} if parameters else change.record
    return Account(change.stacks).way(event_from_record(record), account(case))


@every_account
def test_somebody_learns_of_a_change_in_the_account_that_it_leaves_behind(case: str) -> None:
    unseen = {title: way for title, way in ways(case).items() if way in (Way.HEARTBEAT, Way.NONE)}
    assert unseen == dict(expected_ways(case))


@every_account
def test_what_takes_its_own_alert_along_is_not_left_to_an_alarm(case: str) -> None:
    """An alarm says that something is lost, and the fallback topic says what was done."""
    assert [title for title, way in ways(case).items() if way is Way.ALARM] == []


def test_a_bus_named_by_its_arn_is_watched_as_well() -> None:
    named = [change for change in changes_of(GLOBAL) if takes_arn_of_monitoring_bus(change)]
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/break-glass-monitoring"
    expected = {change.title: ways(GLOBAL)[change.title] for change in named}
    assert Way.FALLBACK in expected.values()
    assert {change.title: way_of(GLOBAL, change, eventBusName=bus) for change in named} == expected


def takes_arn_of_monitoring_bus(change: Change) -> bool:
    """Whether a change is of a rule on the monitoring bus, which AWS lets callers name by its ARN too."""
    parameters = change.record["requestParameters"] or {}
    is_permission = change.record["eventName"] in ("PutPermission", "RemovePermission")
    return parameters.get("eventBusName") == "break-glass-monitoring" and not is_permission


@every_case
def test_a_change_changes_the_account(case: str) -> None:
    for change in changes_of(case):
        assert change.stacks != account(case).stacks, change.title


@every_case
def test_a_change_that_breaks_nothing_alerts_once(case: str) -> None:
    unbroken = account(case)
    for change in changes_of(case):
        alerts = unbroken.alerts(event_from_record(change.record), change.record["eventName"])
        assert alerts == ["MonitoringTampered"], f"{change.title}: {alerts}"


def test_every_watched_call_breaks_something_or_is_harmless() -> None:
    watched = set()
    for sample in RAISES:
        record = json.loads(text_of(sample))
        if sample.parent.name == "MonitoringTampered" and "errorCode" not in record:
            watched.add(call_of(record))
    breaking = {call_of(change.record) for case in CASES for change in changes_of(case)}
    harmless = {call for calls in HARMLESS.values() for call in calls.split()}
    assert watched - breaking == harmless - breaking
    assert breaking - watched == set()


def call_of(record: dict[str, Any]) -> str:
    return f"{record['eventSource'].partition('.')[0]}:{record['eventName']}"


def test_the_manual_lists_what_takes_its_own_alert_along() -> None:
    rows = table_rows(read(ROOT / "docs" / "not-caught.md"), "unseen")
    assert [row[0] for row in rows] == [unseen.row for unseen in UNSEEN]
    notices = {Way.HEARTBEAT: "the alarm of a missing heartbeat", Way.NONE: "nobody"}
    for row, unseen in zip(rows, UNSEEN, strict=True):
        assert row[-1].startswith(notices[unseen.way]), row
