"""A report stays small whatever a session does, and says what it leaves out."""

from __future__ import annotations

import random

from role_use import ALICE, busy_session, call
from samples import ACCOUNT
from session_reports import session_of

from cfn_breakglass.analysis.sessions.bounded import BoundedCounter, Count, EarliestItems
from cfn_breakglass.analysis.sessions.tally import (
    MOST_CALLS,
    MOST_FAILURES,
    MOST_KEYS,
    MOST_MINUTES,
    MOST_NOTABLE,
    MOST_VALUES,
    SessionTally,
)

WRITE = "RoleActions/raises-write"


def test_a_counter_counts_what_it_has_no_room_for() -> None:
    counter = BoundedCounter(2)
    for value in "abacad":
        counter.add(value)
    assert counter.ranked().values == (Count("a", 3), Count("b", 1))
    assert counter.ranked().more == 2
    other = BoundedCounter(2)
    other.add("b", 4)
    other.add("z", 5)
    other.more = 7
    counter.merge(other)
    assert counter.ranked().values == (Count("b", 5), Count("a", 3))
    assert counter.ranked().more == 14


def test_the_earliest_items_are_kept_in_whatever_order_they_come() -> None:
    numbers = list(range(50))
    random.Random(1).shuffle(numbers)  # noqa: S311 - nothing secret
    items = EarliestItems[int](5, lambda number: number)
    for number in numbers[:20]:
        items.add(number)
    rest = EarliestItems[int](5, lambda number: number)
    for number in numbers[20:]:
        rest.add(number)
    items.merge(rest)
    assert items.earliest().items == (0, 1, 2, 3, 4)
    assert (items.earliest().more, items.earliest().total) == (45, 50)


def test_every_list_of_a_session_is_bounded_and_every_call_counted() -> None:
    session = session_of(busy_session(ACCOUNT))
    assert session.total == 1_480
    assert sum(calls.count for calls in session.calls) + session.more_calls == session.total
    assert len(session.calls) == MOST_CALLS
    assert sum(count.count for count in session.ips.values) + session.ips.more == session.total
    assert len(session.ips.values) == len(session.agents.values) == MOST_VALUES
    assert len(session.findings["BackdoorCreated"].items) == MOST_NOTABLE
    assert session.findings["BackdoorCreated"].total == 150
    assert len(session.failures) == MOST_FAILURES
    assert sum(failure.count for failure in session.failures) + session.more_failures == session.failed == 130


def test_the_minutes_of_a_session_are_bounded() -> None:
    """A session is at most twelve hours; what says otherwise is no reason to run out of memory."""
    session = session_of(call(WRITE, ALICE, number, number=number) for number in range(MOST_MINUTES + 60))
    assert (len(session.minutes), session.more_minutes, session.total) == (MOST_MINUTES, 60, MOST_MINUTES + 60)


def test_the_access_keys_of_a_session_are_bounded() -> None:
    person = ALICE._replace(other_keys=tuple(f"ASIA{number:016}" for number in range(MOST_KEYS + 100)))
    session = session_of(call(WRITE, person, number / 60, number=number) for number in range(MOST_KEYS + 101))
    assert len(session.access_keys.values) == MOST_VALUES
    assert session.access_keys.more == session.total - MOST_VALUES


def test_what_two_tallies_of_a_session_leave_out_is_added_up() -> None:
    tally, other = (SessionTally(ACCOUNT, "arn:aws:sts::111122223333:assumed-role/break-glass/alice") for _ in "ab")
    for part in (tally, other):
        part.more_calls, part.more_minutes, part.more_failures = 1, 2, 3
    tally.merge(other)
    session = tally.session()
    assert (session.more_calls, session.more_minutes, session.more_failures) == (2, 4, 6)
