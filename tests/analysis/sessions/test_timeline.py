"""The timelines: what stands where."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from role_use import ALICE, DORA, Record, call, start
from session_reports import report_on, session_of

from cfn_breakglass.analysis.sessions.facts import utc_time
from cfn_breakglass.analysis.sessions.timeline import overview, session_timeline

READ, WRITE = "RoleActions/raises-read", "RoleActions/raises-write"
BACKDOOR = "BackdoorCreated/raises-create-user"
LEFT, RIGHT = 190.0, 984.0
SVG = "{http://www.w3.org/2000/svg}"


class Picture:
    """The bars, marks and texts of a timeline."""

    def __init__(self, svg: str) -> None:
        self.root = ET.fromstring(svg)  # noqa: S314 - it is ours
        self.marks = [float(circle.attrib["cx"]) for circle in self.root.iter(f"{SVG}circle")]
        self.texts = ["".join(text.itertext()) for text in self.root.iter(f"{SVG}text")]

    def bars(self, css: str) -> list[tuple[float, float, float]]:
        """Where each bar begins, how wide it is, and how high."""
        rectangles = (each for each in self.root.iter(f"{SVG}rect") if each.attrib["class"] == css)
        return [
            (float(each.attrib["x"]), float(each.attrib["width"]), float(each.attrib["height"])) for each in rectangles
        ]


def timeline(records: list[Record]) -> Picture:
    return Picture(session_timeline(session_of(records), ["BackdoorCreated", "RolePassed"]))


def x_of(minute: float, minutes: float) -> float:
    return LEFT + (RIGHT - LEFT) * minute / minutes


def test_calls_stand_at_their_minute_and_marks_at_their_second() -> None:
    """Alice began twelve seconds after 03:07, so that the axis goes from 03:07 to the end of the minute 03:17."""
    picture = timeline([call(READ, ALICE, 0), call(READ, ALICE, 5), call(BACKDOOR, ALICE, 10.5)])
    first, last = picture.bars("read")
    assert first[0] == LEFT
    assert last[0] == pytest.approx(x_of(5, 11), abs=0.2)
    ((begin, width, _),) = picture.bars("write")
    assert begin == pytest.approx(x_of(10, 11), abs=0.2)
    assert begin < picture.marks[0] < begin + width
    assert picture.marks == [pytest.approx(x_of(10.7, 11), abs=0.2)]
    assert {"Writes", "Reads", "Failed", "BackdoorCreated", "03:10", "2025-03-14"} <= set(picture.texts)
    assert "RolePassed" not in picture.texts


def test_the_axis_begins_with_the_minute_in_which_the_session_began() -> None:
    picture = timeline([start("RoleAssumed/raises-saml", ALICE), call(BACKDOOR, ALICE, 5)])
    ((begin, width, _),) = picture.bars("write")
    assert begin == pytest.approx(x_of(5, 6), abs=0.2)
    assert begin < picture.marks[0] < begin + width


def test_the_highest_bar_is_the_busiest_minute() -> None:
    records = [call(READ, ALICE, 1, number=number) for number in range(4)] + [call(READ, ALICE, 3, number=9)]
    busy, idle = timeline(records).bars("read")
    assert busy[2] == 26
    assert idle[2] == 13
    assert "at most 4 a minute" in timeline(records).texts
    assert timeline(records).texts.count("none") == 2


def test_failed_calls_have_a_lane() -> None:
    failure: dict[str, Any] = {"errorCode": "AccessDenied", "responseElements": None}
    picture = timeline([call(READ, ALICE, 1), call(WRITE, ALICE, 3, **failure)])
    assert picture.bars("failed") == picture.bars("write")


def test_a_long_session_has_bars_of_several_minutes() -> None:
    picture = timeline([call(READ, ALICE, minute, number=minute) for minute in range(0, 600, 3)])
    assert len(picture.bars("read")) <= 121
    assert "at most 2 in 5 minutes" in picture.texts
    assert all(begin + width <= RIGHT for begin, width, _ in picture.bars("read"))


@pytest.mark.parametrize("minutes", [0.5, 3, 17, 59, 240, 719, 5_000, 40_000, 400_000, 4_000_000])
def test_there_are_a_few_ticks_whatever_the_time(minutes: float) -> None:
    picture = timeline([call(READ, ALICE, 0), call(READ, ALICE, minutes, number=1)])
    ticks = [line for line in picture.root.iter(f"{SVG}path") if line.attrib.get("class") == "grid"]
    assert 1 <= len(ticks) <= 10
    assert any(re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", text) for text in picture.texts)


def test_a_lane_says_that_it_has_the_first_calls_alone() -> None:
    made = [call(BACKDOOR, ALICE, number / 10, number=number) for number in range(101)]
    assert "the first 100 of 101" in timeline(made).texts
    assert not [text for text in timeline(made[:100]).texts if text.startswith("the first")]


def test_an_overview_has_a_lane_for_each_session_and_a_mark_for_what_is_grave() -> None:
    later = DORA._replace(began=timedelta(hours=10))
    records = [call(BACKDOOR, ALICE, 0), call("ConsoleSignIn/raises-login", later, 0), call(READ, later, 60)]
    picture = Picture(overview(report_on(records).sessions))
    assert {"1 alice", "2 dora"} <= set(picture.texts)
    assert len(picture.marks) == 1
    first, other = picture.bars("session-span")
    assert first[0] == pytest.approx(LEFT, abs=0.5)
    assert first[1] == 3
    assert other[0] + other[1] == pytest.approx(RIGHT, abs=0.5)


def test_an_overview_says_how_many_sessions_it_leaves_out() -> None:
    people = [DORA._replace(name=f"p{number}", access_key=f"ASIA{number:016}") for number in range(45)]
    picture = Picture(overview(report_on(call(READ, person, 1) for person in people).sessions))
    assert len(picture.bars("session-span")) == 40
    assert "and 5 more sessions" in picture.texts


def test_names_stay_text() -> None:
    person = ALICE._replace(name='<b>&"]]>\x1b\n')
    sessions = report_on(
        [start("RoleAssumed/raises-oidc", person), call(READ, person, 1), call(READ, DORA, 1)]
    ).sessions
    assert '1 <b>&"]]>\\x1b\\n' in Picture(overview(sessions)).texts
    title = Picture(session_timeline(sessions[0], [])).root.find(f"{SVG}title")
    assert title is not None
    assert title.text == 'What session <b>&"]]>\\x1b\\n did, by time'


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2025-03-14T03:07:12Z", "2025-03-14T03:07:12Z"),
        ("2025-03-14T04:07:12+01:00", "2025-03-14T03:07:12Z"),
        ("2025-03-14T03:07:12", "2025-03-14T03:07:12Z"),
        ("2025-03-14 03:07:12.345", "2025-03-14T03:07:12Z"),
        ("20131102T010628Z", "2013-11-02T01:06:28Z"),
        ("", ""),
        ("soon", ""),
        ("2025-02-30T03:07:12Z", ""),
        ("9999-12-31T23:59:59Z", ""),
        ("0001-01-01T00:00:00+14:00", ""),
        ("٢٠٢٥-03-14T03:07:12Z", ""),
    ],
)
def test_times(text: str, time: str) -> None:
    assert utc_time(text) == time


def test_a_call_without_a_time_is_counted() -> None:
    records = [call(READ, ALICE, 1), call(READ, ALICE, 2, number=1) | {"eventTime": "soon"}]
    session = session_of(records)
    assert (session.total, session.first_call, session.last_call) == (2, "2025-03-14T03:08:12Z", "2025-03-14T03:08:12Z")
    assert len(session.minutes) == 1
