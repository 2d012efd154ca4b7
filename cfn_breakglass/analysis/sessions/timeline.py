"""Timelines as SVG: what a session did when, and which session was when."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import drawsvg

from cfn_breakglass.analysis.diagram.canvas import (
    CSS,
    LINE,
    NAME,
    NOTE,
    TITLE,
    Box,
    TextLine,
    clip,
    draw_rectangle,
    draw_text,
)
from cfn_breakglass.analysis.sessions.report import Session
from cfn_breakglass.text_layout import count_of, terminal_safe

_WIDTH: Final = 1000
_LEFT, _RIGHT = 190.0, 984.0
_TOP, _LANE, _GAP, _AXIS = 14.0, 30.0, 8.0, 34.0
_GRAVE: Final = frozenset(("BackdoorCreated", "EntranceChanged", "MonitoringTampered", "RolePassed", "RoleChained"))
# The label, the CSS class and the field of a minute.
_BAR_LANES: Final = (("Writes", "write", "writes"), ("Reads", "read", "reads"), ("Failed", "failed", "failed"))
_MOST_BARS: Final = 120
_MOST_SESSIONS: Final = 40
_MOST_TICKS: Final = 8
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_STEPS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400)
)
_TIMELINE_CSS: Final = f"""
.read {{ fill: #54aeff }} .write {{ fill: #e16f24 }} .failed {{ fill: #818b98 }} .session-span {{ fill: #54aeff }}
.mark {{ fill: #cf222e; stroke: #ffffff }} .mark.session-span {{ fill: #54aeff }}
.axis {{ stroke: {LINE} }} .grid {{ stroke: #d1d9e0 }}
"""


class _Scale(NamedTuple):
    """A stretch of time, and where it is drawn."""

    start: datetime
    end: datetime

    def x(self, time: datetime) -> float:
        share = (time - self.start) / (self.end - self.start)
        return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def session_timeline(session: Session, detections: Iterable[str]) -> str:
    """The reads, writes and failed calls of a session over its time, and a lane for each of ``detections`` that it has.

    ``session`` has a call with a time.
    """
    lanes = {detection: session.findings[detection] for detection in detections if detection in session.findings}
    times = [_time(minute.minute) for minute in session.minutes]
    ends = [_time(session.began)] if session.began else []
    scale = _scale([*times, *(time + _MINUTE for time in times), *ends])
    height = _TOP + (len(_BAR_LANES) + len(lanes)) * (_LANE + _GAP)
    drawing = _drawing(height, f"What session {terminal_safe(session.name)} did, by time")
    _draw_axis(drawing, scale, height)
    y = _TOP
    for label, css, kind in _BAR_LANES:
        _draw_label(drawing, label, y)
        counts = {_time(minute.minute): getattr(minute, kind) for minute in session.minutes}
        _draw_bars(drawing, scale, counts, css, y)
        y += _LANE + _GAP
    for detection, calls in lanes.items():
        _draw_label(drawing, detection, y)
        if calls.more:
            _draw_note(drawing, f"the first {len(calls.items):,} of {calls.total:,}", y)
        moments = [_time(call.time) for call in calls.items if call.time]
        _draw_marks(drawing, scale, moments, y, is_grave=detection in _GRAVE)
        y += _LANE + _GAP
    return _text(drawing)


def overview(sessions: Sequence[Session]) -> str:
    """When each session was, the first few of them, with a mark for each call that stands out."""
    lanes = [session for session in sessions if session.began][:_MOST_SESSIONS]
    times = [_time(time) for session in lanes for time in (session.began, session.last_call) if time]
    more = len(sessions) - len(lanes)
    height = _TOP + len(lanes) * (_LANE + _GAP) + (NOTE.height if more else 0)
    drawing = _drawing(height, f"When each of {count_of(len(sessions), 'session')} was")
    if not times:
        return _text(drawing)
    scale, y = _scale(times), _TOP
    _draw_axis(drawing, scale, height)
    for number, session in enumerate(lanes, 1):
        _draw_label(drawing, f"{number} {session.name}", y)
        begin = scale.x(_time(session.began))
        end = scale.x(_time(session.last_call or session.began))
        draw_rectangle(drawing, Box(begin, y + 8, max(end - begin, 3), _LANE - 16), "session-span", 2)
        notable = [call for detection, calls in session.findings.items() for call in calls.items if detection in _GRAVE]
        _draw_marks(drawing, scale, [_time(call.time) for call in notable if call.time], y)
        y += _LANE + _GAP
    if more:
        draw_text(drawing, TextLine(NOTE, f"and {count_of(more, 'more session')}"), _LEFT, y + 10)
    return _text(drawing)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _scale(times: Sequence[datetime]) -> _Scale:
    """The time from the first to the last moment, from a whole minute on, as bars are of whole minutes."""
    start, end = min(times).replace(second=0), max(times)
    return _Scale(start, max(end, start + 2 * _MINUTE))


def _draw_bars(drawing: drawsvg.Drawing, scale: _Scale, counts: Mapping[datetime, int], css: str, y: float) -> None:
    """Draw the counts of minutes as bars; a bar is so many minutes that there are at most ``_MOST_BARS``."""
    width = _MINUTE * max(1, -(-int((scale.end - scale.start) / _MINUTE) // _MOST_BARS))
    bars: Counter[datetime] = Counter()
    for minute, count in counts.items():
        bars[scale.start + (minute - scale.start) // width * width] += count
    highest = max(bars.values(), default=0)
    for begin, count in sorted((+bars).items()):
        height = max(3.0, round((_LANE - 4) * (count / highest) ** 0.5, 1))
        left, right = scale.x(begin), scale.x(min(begin + width, scale.end))
        draw_rectangle(drawing, Box(left, y + _LANE - height, max(right - left - 1, 3), height), css, 1)
    time = "a minute" if width == _MINUTE else f"in {width // _MINUTE} minutes"
    _draw_note(drawing, f"at most {highest:,} {time}" if highest else "none", y)


def _draw_marks(
    drawing: drawsvg.Drawing, scale: _Scale, moments: Iterable[datetime], y: float, *, is_grave: bool = True
) -> None:
    for x in sorted({scale.x(moment) for moment in moments}):
        drawing.append(drawsvg.Circle(x, y + _LANE / 2, 6, class_="mark" if is_grave else "mark session-span"))


def _draw_label(drawing: drawsvg.Drawing, label: str, y: float) -> None:
    style = TITLE if label.isalpha() else NAME
    draw_text(drawing, TextLine(style, clip(terminal_safe(label), style, _LEFT - 24)), 12, y + 13)


def _draw_note(drawing: drawsvg.Drawing, note: str, y: float) -> None:
    draw_text(drawing, TextLine(NOTE, note), 12, y + _LANE - 2)


def _draw_axis(drawing: drawsvg.Drawing, scale: _Scale, y: float) -> None:
    drawing.append(drawsvg.Line(_LEFT, y, _RIGHT, y, class_="axis"))
    step = next((step for step in _STEPS if (scale.end - scale.start) / step <= _MOST_TICKS), None)
    step = step or (scale.end - scale.start) / _MOST_TICKS
    midnight = scale.start.replace(hour=0, minute=0, second=0)
    tick = midnight + -(-(scale.start - midnight) // step) * step
    last_date = ""
    while tick <= scale.end:
        x, date = scale.x(tick), f"{tick:%Y-%m-%d}"
        drawing.append(drawsvg.Line(x, _TOP / 2, x, y, class_="grid"))
        label = f"{tick:%H:%M}" if step < _DAY else date
        anchor = "end" if x > _RIGHT - 30 else "middle"
        draw_text(drawing, TextLine(NOTE, label), x, y + 14, anchor)
        if date != last_date and step < _DAY:
            draw_text(drawing, TextLine(NOTE, date), x, y + 27, anchor)
        last_date, tick = date, tick + step


def _drawing(height: float, title: str) -> drawsvg.Drawing:
    drawing = drawsvg.Drawing(_WIDTH, int(height + _AXIS), role="img")
    drawing.append_css(CSS + _TIMELINE_CSS)
    drawing.append(drawsvg.Title(title))
    draw_rectangle(drawing, Box(0.5, 0.5, _WIDTH - 1, int(height + _AXIS) - 1), "paper", 6)
    return drawing


def _text(drawing: drawsvg.Drawing) -> str:
    out = io.StringIO()
    drawing.as_svg(out)
    # Inside of HTML there is no XML declaration.
    text = out.getvalue()
    return text[text.index("<svg") :].rstrip("\n")
