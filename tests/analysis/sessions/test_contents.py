"""What a report says in words, beyond what the golden reports show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from role_use import ALICE, Person, Record, busy_session, call, history, sample, start
from samples import ACCOUNT
from session_reports import report_on

from cfn_breakglass.analysis.sessions.contents import report_blocks
from cfn_breakglass.documents.markdown_format import document_as_markdown

READ = "RoleActions/raises-read"
USED = [call(READ, ALICE, 1)]


def words(records: list[Record], **options: Any) -> str:
    return document_as_markdown(report_blocks(report_on(records, **options), with_drawings=False))


def test_it_says_what_was_selected() -> None:
    text = words(history(), since="2025-03-14T03:10:00Z", sessions=("alice", "bob"))
    assert "\n207 records read: 2 sessions in 1 account. All times are in UTC.\n" in text
    assert "\n- **Since:** `2025-03-14T03:10:00Z`\n- **Only sessions:**\n  - `alice`\n  - `bob`\n" in text
    assert "Denied attempts" not in text


def test_what_was_not_selected_may_be_there() -> None:
    assert "\n1 record read: the role was not used since then." in words(USED, since="2026-01-01T00:00:00Z")
    assert "\n1 record read: no such session." in words(USED, sessions=("bob",))


def test_it_says_what_the_templates_do_not_have() -> None:
    text = words(USED, detections={"RoleChained": "off", "RolePassed": "off", "RoleActions": "log"})
    assert "\nThe templates do not have RolePassed and RoleChained: this report says nothing of that.\n" in text
    assert (
        "\n- **Passed a role, or ran something with one:** not judged: the templates do not have RolePassed\n" in text
    )
    assert "\n- **Made a way in:** no\n" in text


def test_it_says_which_calls_nothing_alerted_on() -> None:
    text = words([call(READ, ALICE, 1) | {"awsRegion": "me-central-1"}])
    assert "1 read; 0 failed; 1 in regions that no template covers, where nothing alerts\n" in text


def test_it_names_the_user_of_identity_center() -> None:
    record = call(READ, ALICE, 1)
    record["userIdentity"]["onBehalfOf"] = {"userId": "94482488-3041-7026-18f3-be45837cd0e4"}
    assert "\n- **User of Identity Center:** `94482488-3041-7026-18f3-be45837cd0e4`\n" in words([record])


def test_it_says_if_records_may_be_counted_twice() -> None:
    report = report_on(USED)
    doubtful = replace(report, scope=replace(report.scope, may_repeat=True, unread=1))
    text = document_as_markdown(report_blocks(doubtful, with_drawings=False))
    assert "\nThere are so many records that those which were read twice may be counted twice.\n" in text
    assert "\n1 part of the input could not be read, and may hold more.\n" in text


def test_a_session_without_a_call_says_so() -> None:
    text = words([start("RoleAssumed/raises-user-of-the-same-account", ALICE)])
    assert "\nNo call of this session is in the records.\n" in text
    assert f"`{ALICE.access_key}` (no calls)" in text
    assert "First and last call" not in text
    assert "\n- **Role:** `arn:aws:iam::111122223333:role/ops/break-glass`\n" in text


def test_when_the_credentials_were_made_is_not_guessed() -> None:
    record = call(READ, ALICE, 1)
    del record["userIdentity"]["sessionContext"]["attributes"]
    text = words([record])
    assert "\n### Session 1: `alice`, 2025-03-14 03:08:12\n" in text
    assert "\n- **Credentials made:** not in the records\n" in text


@pytest.mark.parametrize(("count", "more"), [(1_000, 0), (1_007, 7)])
def test_it_lists_a_thousand_kinds_of_denied_attempts(count: int, more: int) -> None:
    denied = sample("RoleDenied/raises-no-role-trust-policy")
    people = [Person(f"p{number}", "", f"192.0.2.{number}", "", ALICE.began) for number in range(count)]
    records = [denied | {"sourceIPAddress": person.ip, "eventID": person.name} for person in people]
    report = report_on(records)
    assert (len(report.accounts[0].denied), report.accounts[0].more_denied, report.denied_total) == (1_000, more, count)
    text = document_as_markdown(report_blocks(report, with_drawings=False))
    assert (f"\nAnd {more} more attempts, of other callers or from elsewhere.\n" in text) == bool(more)


def test_denied_attempts_that_are_alike_are_counted_together() -> None:
    denied = sample("RoleDenied/raises-no-role-trust-policy")
    times = ("2025-03-14T05:00:00Z", "2025-03-14T04:00:00Z", "2025-03-14T06:00:00Z")
    records = [
        denied | {"eventTime": time, "eventID": time, "errorMessage": denied["errorMessage"] + " " + time}
        for time in times
    ]
    ((attempts,),) = (use.denied for use in report_on(records).accounts)
    assert (attempts.count, attempts.first, attempts.last) == (3, times[1], times[2])
    assert attempts.event_id == times[1]
    assert attempts.message.endswith(times[1])


def test_it_says_how_many_calls_of_a_kind_it_does_not_list() -> None:
    assert "\nAnd 50 more, later.\n" in words(list(busy_session(ACCOUNT)))
    assert " more, later.\n" not in words(history())


def test_whoever_was_denied_the_role_is_counted_where_nobody_got_in() -> None:
    text = words([sample("RoleDenied/raises-no-role-trust-policy")])
    assert "\n1 record read: no sessions and 1 denied attempt in 1 account." in text
