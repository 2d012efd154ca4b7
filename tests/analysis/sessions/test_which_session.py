"""Which records make a session, and what is known of its beginning."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from organization_samples import HUB, MEMBER
from role_use import ALICE, BOB, CAROL, DORA, USERS_ACCOUNT, Person, Record, call, history, reads, sample, start
from samples import ACCOUNT, RAISES, record_of, title
from session_reports import organization_replay, report_on, session_of

READ = "RoleActions/raises-read"
START = "RoleAssumed/raises-user-of-the-same-account"


def named(report: Any) -> dict[str, Any]:
    return {session.name: session for session in report.sessions}


def test_the_sessions_of_a_history() -> None:
    report = report_on(history())
    assert list(named(report)) == ["alice", "bob", "carol", "dora"]
    assert [session.total for session in report.sessions] == [67, 127, 3, 3]
    assert [session.start_is_recorded for session in report.sessions] == [True, True, True, False]
    assert report.denied_total == 3


def test_the_order_of_the_records_does_not_matter() -> None:
    records = history()
    expected = report_on(records)
    for seed in range(5):
        shuffled = random.Random(seed).sample(records, len(records))  # noqa: S311 - nothing secret
        assert report_on(shuffled) == expected


def test_in_the_console_the_keys_of_the_services_are_of_one_session() -> None:
    session = named(report_on(history()))["bob"]
    assert [key.value for key in session.access_keys.values] == [BOB.access_key, *BOB.other_keys]
    assert session.console


def test_a_session_of_the_same_name_at_another_time_is_another() -> None:
    later = ALICE._replace(access_key="ASIAALICEEXAMPLE0002", began=timedelta(hours=20))
    report = report_on([start(START, ALICE), call(READ, ALICE, 1), start(START, later), call(READ, later, 1)])
    assert [session.began for session in report.sessions] == ["2025-03-14T03:07:12Z", "2025-03-14T23:07:12Z"]
    assert [session.total for session in report.sessions] == [1, 1]


def test_names_that_differ_in_letter_case_are_of_two_sessions() -> None:
    other = ALICE._replace(name="Alice", access_key="ASIAALICEEXAMPLE0003")
    assert len(report_on([call(READ, ALICE, 1), call(READ, other, 1)]).sessions) == 2


def without_context(record: Record, *, key: str = "") -> Record:
    identity = {name: value for name, value in record["userIdentity"].items() if name != "sessionContext"}
    return record | {"userIdentity": identity | {"accessKeyId": key}}


def test_without_the_time_of_its_credentials_a_call_is_of_the_session_of_its_key() -> None:
    records = [
        call(READ, ALICE, 1),
        without_context(call(READ, ALICE, 2, number=1), key=ALICE.access_key),
        start(START, ALICE),
    ]
    for order in permutations(records):
        assert session_of(order).total == 2


def switch(person: Person, minutes: float) -> Record:
    record = call("ConsoleSignIn/raises-switch", person, minutes)
    identity = {name: value for name, value in record["userIdentity"].items() if name in {"type", "arn", "accountId"}}
    return record | {"userIdentity": identity | {"principalId": f"AROADBQP57FF2AEXAMPLE:{person.name}"}}


def test_a_switch_in_the_console_is_of_the_session_that_began_then() -> None:
    later = ALICE._replace(access_key="ASIAALICEEXAMPLE0002", began=timedelta(hours=2))
    records = [
        switch(later, -0.2),
        call(READ, ALICE, 1),
        call(READ, later, 1),
        start(START, ALICE),
        start(START, later),
    ]
    for order in permutations(records):
        first, other = report_on(order).sessions
        assert (first.console, other.console) == (False, True)


def test_a_switch_long_after_a_session_is_not_of_it() -> None:
    sessions = report_on([call(READ, ALICE, 1), switch(ALICE, 13 * 60)]).sessions
    assert [(session.total, session.console) for session in sessions] == [(1, False), (1, True)]


def test_sign_ins_without_a_session_are_one() -> None:
    session = session_of([switch(ALICE, 0), switch(ALICE, 1) | {"eventName": "ConsoleLogin", "eventID": "other"}])
    assert session.total == 2
    assert not session.start_is_recorded


def test_the_start_of_a_console_session_is_found_by_its_time() -> None:
    """The console has other keys than those in the answer of STS."""
    assumed = start("RoleAssumed/raises-console-switch-of-a-user", ALICE._replace(access_key="ASIAOTHEREXAMPLE0001"))
    session = session_of([assumed, call(READ, ALICE, 1)])
    assert session.caller == "arn:aws:iam::111122223333:user/alice"
    assert session.mfa == "yes"


def test_a_session_without_a_call_is_in_the_report() -> None:
    session = session_of([start(START, ALICE)])
    assert (session.total, session.start_is_recorded, session.caller) == (0, True, f"arn:aws:iam::{ACCOUNT}:user/alice")


def test_a_call_without_its_beginning_is_in_the_report() -> None:
    session = session_of([call(READ, DORA, 1)])
    assert (session.total, session.start_is_recorded, session.caller, session.way_in) == (1, False, "", "")


def test_a_record_counts_once_whoever_wrote_it_down() -> None:
    """The trail and the action log both have it."""
    record = call(READ, ALICE, 1)
    event = {"source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail", "detail": record}
    event |= {"account": ACCOUNT, "region": record["awsRegion"], "time": record["eventTime"], "id": "other"}
    assert session_of([record, event, record]).total == 1


def test_of_a_caller_from_another_account_the_record_with_the_name_counts() -> None:
    session = named(report_on(history()))["carol"]
    assert session.caller == f"arn:aws:iam::{USERS_ACCOUNT}:user/carol"
    assert session.account == ACCOUNT


def test_without_that_record_the_caller_is_an_id_and_an_account() -> None:
    session = session_of([start("RoleAssumed/raises-user-of-another-account", CAROL)])
    assert session.caller == f"AIDAJQABLZS4A3EXAMPLE of account {USERS_ACCOUNT}"
    assert (session.way_in, session.provider) == ("other account", USERS_ACCOUNT)


def test_accounts_are_apart() -> None:
    there = CAROL._replace(account="999988887777")
    report = report_on([call(READ, CAROL, 1), call(READ, there, 1)])
    assert [(use.account, len(use.sessions)) for use in report.accounts] == [(ACCOUNT, 1), ("999988887777", 1)]


@pytest.mark.parametrize(
    ("name", "way_in", "provider", "mfa"),
    [
        ("raises-user-of-the-same-account", "IAM user", "", "no"),
        ("raises-mfa-given-with-the-call", "IAM user", "", "yes"),
        ("raises-mfa-session-of-a-user", "IAM user", "", "yes"),
        ("raises-saml", "SAML provider", f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp", "unknown"),
        ("raises-oidc", "OIDC provider", f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com", "unknown"),
        ("raises-chained-in", "role", f"arn:aws:iam::{ACCOUNT}:role/Deploy", "yes"),
        ("raises-identity-center-user-by-way-of-another-role", "permission set", "Operator", "unknown"),
        ("raises-user-of-another-account", "other account", USERS_ACCOUNT, "unknown"),
        ("raises-service", "AWS service", "ssm.amazonaws.com", "unknown"),
    ],
)
def test_ways_in(name: str, way_in: str, provider: str, mfa: str) -> None:
    session = session_of([sample(f"RoleAssumed/{name}")])
    assert (session.way_in, session.provider, session.mfa) == (way_in, provider, mfa)


def test_a_permission_set_of_its_own_is_a_way_in() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_BreakGlass_0123456789abcdef"
    session_arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_BreakGlass_0123456789abcdef/alice"
    record = sample("RoleAssumed/raises-saml")
    record["requestParameters"]["roleArn"] = arn
    record["responseElements"]["assumedRoleUser"]["arn"] = session_arn
    settings = {"role": {"permission_set": "BreakGlass"}, "usernames": [], "detections": {"UserSignIn": "off"}}
    session = session_of([record], **settings)
    assert (session.way_in, session.provider) == ("permission set", "BreakGlass")


def test_source_identity_and_expiration_are_read() -> None:
    record = start("RoleAssumed/raises-chained-in", ALICE)
    record["responseElements"]["credentials"]["expiration"] = "Mar 14, 2025, 4:07:12\u202fPM"
    session = session_of([record])
    assert (session.source_identity, session.valid_until) == ("alice", "2025-03-14T16:07:12Z")


def test_the_templates_say_what_stands_out() -> None:
    session = named(report_on(history()))["bob"]
    assert {name: finding.total for name, finding in session.findings.items()} == {
        "BackdoorCreated": 3,
        "ConsoleSignIn": 1,
        "MonitoringTampered": 1,
        "RoleChained": 1,
        "RolePassed": 1,
    }


@pytest.mark.parametrize("detection", ["BackdoorCreated", "ConsoleSignIn", "RoleChained", "RolePassed"])
def test_every_sample_of_a_session_stands_out_as_what_it_is(detection: str) -> None:
    samples = [path for path in RAISES if path.parent.name == detection]
    for path in samples:
        record = record_of(sample(title(path)))
        # With the role of the same name in another account, a session begins there too.
        first = report_on([record], regions=["*"]).sessions[0]
        assert (first.account, first.findings[detection].total) == (ACCOUNT, 1), path


@pytest.mark.parametrize("detection", ["RoleAssumed", "RoleDenied"])
def test_every_sample_about_assuming_the_role_is_in_the_report(detection: str) -> None:
    for path in (path for path in RAISES if path.parent.name == detection):
        report = report_on([sample(title(path))], regions=["*"])
        assert bool(report.sessions) if detection == "RoleAssumed" else report.denied_total == 1, path


def test_what_others_do_is_not_in_the_report() -> None:
    own = {"RoleAssumed", "RoleDenied", "RoleActions", "BackdoorCreated", "ConsoleSignIn", "RoleChained", "RolePassed"}
    others = [path for path in RAISES if path.parent.name not in own | {"DeliveryFailing"}]
    records = [sample(title(path)) for path in others]
    by_others = [record for record in records if "/break-glass/" not in str(record["userIdentity"].get("arn"))]
    assert len(by_others) > 50
    assert report_on(by_others).is_empty


def test_a_call_in_a_region_without_templates_is_judged_and_said_to_be_unwatched() -> None:
    record = call("BackdoorCreated/raises-create-user", ALICE, 1) | {"awsRegion": "me-central-1"}
    session = session_of([record])
    assert (session.unwatched, session.findings["BackdoorCreated"].total) == (1, 1)
    assert session_of([call(READ, ALICE, 1)]).unwatched == 0


def test_reads_are_reported_where_only_writes_are_logged() -> None:
    assert session_of([call(READ, ALICE, 1)], actions={"log": "write"}).reads == 1


def test_what_the_templates_do_not_have_is_not_judged() -> None:
    detections = {"BackdoorCreated": "off", "RoleActions": "log"}
    report = report_on([call("BackdoorCreated/raises-create-user", ALICE, 1)], detections=detections)
    assert report.scope.not_judged == ("BackdoorCreated",)
    assert report.sessions[0].findings == {}


@pytest.mark.parametrize(
    "settings",
    [
        {"regions": []},
        {"event_bus": {"existing": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/shared"}},
        {"account": ACCOUNT},
        {"detections": {"RoleActions": "off", "RoleChained": "alert"}},
    ],
    ids=str,
)
def test_sessions_are_known_in_every_topology(settings: dict[str, Any]) -> None:
    report = report_on([record | {"awsRegion": "us-east-1"} for record in history()], **settings)
    assert [session.total for session in report.sessions] == [67, 127, 3, 3]
    assert report.denied_total == 3


@pytest.mark.parametrize("account", [MEMBER, HUB, "123412341234"])
def test_sessions_are_known_in_every_account_of_an_organization(account: str) -> None:
    text = json.dumps(history()).replace(MEMBER, account)
    report = report_on(json.loads(text), replay=organization_replay())
    assert [(use.account, len(use.sessions), use.denied_total) for use in report.accounts] == [(account, 4, 3)]
    bob = named(report)["bob"]
    assert bob.findings.keys() >= {"BackdoorCreated", "MonitoringTampered", "RolePassed", "RoleChained"}


def test_a_denied_attempt_is_of_the_account_of_the_role_wherever_it_is_recorded() -> None:
    """AWS records it in the account of the caller only, and says in its message which role it was."""
    record = sample("RoleDenied/raises-session-of-another-role") | {"recipientAccountId": HUB}
    assert f"arn:aws:iam::{MEMBER}:role/" in record["errorMessage"]
    record["userIdentity"]["arn"] = f"arn:aws:sts::{HUB}:assumed-role/Deploy/alice"
    for replay in (organization_replay(), None):
        (use,) = report_on([record], replay=replay).accounts
        assert (use.account, use.denied_total) == (MEMBER, 1)


def test_another_role_of_a_name_that_begins_alike_is_not_ours() -> None:
    other = [record | {"userIdentity": replaced(record)} for record in reads(ALICE, [1], ("ec2:DescribeInstances",))]
    assert report_on(other).is_empty


def replaced(record: Record) -> Record:
    identity: Record = record["userIdentity"]
    issuer = identity["sessionContext"]["sessionIssuer"] | {"arn": f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass-2"}
    arn = identity["arn"].replace("/break-glass/", "/break-glass-2/")
    return identity | {"arn": arn, "sessionContext": identity["sessionContext"] | {"sessionIssuer": issuer}}


def test_since_leaves_out_what_was_before_and_keeps_who_it_was() -> None:
    report = report_on(history(), since="2025-03-14T03:20:00Z")
    alice = named(report)["alice"]
    assert alice.first_call == "2025-03-14T03:20:12Z"
    assert alice.caller.endswith(":user/alice")
    assert alice.total < 67
    assert report.denied_total == 3
    assert list(named(report_on(history(), since="2025-03-15T00:00:00Z"))) == ["carol", "dora"]
    assert report_on(history(), since="2025-03-15T00:00:00Z").denied_total == 0
    assert report_on([start(START, ALICE)], since="2025-03-14T03:07:13Z").is_empty


@pytest.mark.parametrize("name", ["bob", BOB.other_keys[1], f"arn:aws:sts::{ACCOUNT}:assumed-role/break-glass/bob"])
def test_a_session_is_selected_by_name_key_or_arn(name: str) -> None:
    report = report_on(history(), sessions=(name,))
    assert list(named(report)) == ["bob"]
    assert report.denied_total == 0
    assert replace(report, accounts=()).is_empty


@pytest.mark.parametrize("says", [("true", "false"), ("false", "true")])
def test_a_call_that_says_so_is_enough_to_know_of_mfa(says: tuple[str, str]) -> None:
    records = [call(READ, ALICE, number, number=number) for number in (1, 2)]
    for record, is_mfa in zip(records, says, strict=True):
        record["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] = is_mfa
    assert session_of(records).mfa == "yes"
