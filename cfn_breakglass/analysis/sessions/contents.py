"""What a report says to people, in the order in which they ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cfn_breakglass.analysis.sessions.bounded import Counts, Earliest
from cfn_breakglass.analysis.sessions.report import AccountUse, NotableCall, Scope, Session, UseReport
from cfn_breakglass.documents.blocks import Blanks, Block, Facts, Heading, Markup, Paragraph, Table
from cfn_breakglass.documents.texts import code
from cfn_breakglass.text_layout import count_of, join_words

TITLE: Final = "Use of the break-glass role"
_NOT_RECORDED: Final = "not in the records"
_BEGINNING_IS_MISSING: Final = (
    "The beginning of this session is not in the records: the call that made its credentials may be in an earlier file,"
    " in that of another region, or of the account of the caller."
)
# What to know of a session, the gravest first.
QUESTIONS: Final = {
    "BackdoorCreated": "Made a way in",
    "EntranceChanged": "Changed who gets into the role",
    "MonitoringTampered": "Touched the monitoring, or tried to",
    "RolePassed": "Passed a role, or ran something with one",
    "RoleChained": "Got other credentials, which this report does not follow",
    "RoleAssumed": "Assumed the role again",
    "ConsoleSignIn": "Opened the console, or gave its credentials to the AWS CLI or an agent",
}
_MFA: Final = {"yes": "yes", "no": "no", "unknown": "AWS does not know"}
_BLANKS: Final = ("Reason", "Ticket", "Reviewer, and date")


def report_blocks(report: UseReport, *, with_drawings: bool) -> Iterator[Block]:
    """The blocks of a report."""
    numbers = {id(session): number for number, session in enumerate(report.sessions, 1)}
    yield Heading(1, TITLE)
    yield from _scope(report)
    if report.sessions:
        yield Heading(2, "Sessions")
        yield _session_table(report)
        if with_drawings and len(report.sessions) > 1:
            from cfn_breakglass.analysis.sessions.timeline import overview

            yield Markup(overview(report.sessions))
    for use in report.accounts:
        yield Heading(2, f"Account {code(use.account)}", starts_page=True)
        for session in use.sessions:
            number, starts_page = numbers[id(session)], session is not use.sessions[0]
            heading = f"Session {number}: {code(session.name)}, {_time(session.began)}"
            yield Heading(3, heading, anchor=_anchor(number), starts_page=starts_page)
            yield from _session(session, report.scope, with_drawings=with_drawings)
        yield from _denied(use)


def _scope(report: UseReport) -> Iterator[Block]:
    scope = report.scope
    yield Paragraph(f"{count_of(scope.records, 'record')} read: {_totals(report)}. All times are in UTC.")
    rows = [("Records read from", tuple(map(code, scope.paths)))]
    if scope.since:
        rows.append(("Since", (code(scope.since),)))
    if scope.sessions:
        rows.append(("Only sessions", tuple(map(code, scope.sessions))))
    yield Facts(tuple(rows))
    if scope.unread:
        yield Paragraph(f"{count_of(scope.unread, 'part')} of the input could not be read, and may hold more.")
    if scope.not_judged:
        names = join_words(scope.not_judged)
        yield Paragraph(f"The templates do not have {names}: this report says nothing of that.")
    if scope.may_repeat:
        yield Paragraph("There are so many records that those which were read twice may be counted twice.")


def _totals(report: UseReport) -> str:
    if report.is_empty:
        return _not_used(report.scope)
    sessions = count_of(len(report.sessions), "session")
    denied = "" if report.scope.sessions else f" and {count_of(report.denied_total, 'denied attempt')}"
    return f"{sessions}{denied} in {count_of(len(report.accounts), 'account')}"


def _not_used(scope: Scope) -> str:
    """That there is nothing, no further than was looked."""
    if scope.sessions:
        return "no such session"
    if scope.unread:
        return "no use of the role"
    return f"the role was not used{' since then' if scope.since else ''}"


def _session_table(report: UseReport) -> Table:
    rows = tuple(
        (
            str(number),
            _time(session.began),
            code(session.account),
            code(session.name),
            code(session.caller) if session.caller else _NOT_RECORDED,
            f"{session.total:,}",
            f"{session.writes:,}",
            f"{session.failed:,}",
            ", ".join(detection for detection in QUESTIONS if detection in session.findings) or "nothing",
        )
        for number, session in enumerate(report.sessions, 1)
    )
    columns = {"Session": 8, "Began": 11, "Account": 12, "Name": 14, "Caller": 15}
    numbers = {"Calls": 7, "Writes": 8, "Failed": 8}
    anchors = tuple(_anchor(number) for number in range(1, len(rows) + 1))
    return Table({**columns, **numbers, "Stands out": 17}, rows, frozenset(numbers), anchors)


def _anchor(number: int) -> str:
    return f"session-{number}"


def _session(session: Session, scope: Scope, *, with_drawings: bool) -> Iterator[Block]:
    if not session.start_is_recorded:
        yield Paragraph(_BEGINNING_IS_MISSING)
    yield Facts(tuple(_session_facts(session)))
    yield Blanks(_BLANKS)
    if with_drawings and session.minutes:
        from cfn_breakglass.analysis.sessions.timeline import session_timeline

        yield Markup(session_timeline(session, tuple(QUESTIONS)))
    yield Heading(4, "What stands out")
    yield Facts(tuple(_findings(session, scope)))
    for detection, question in QUESTIONS.items():
        if calls := session.findings.get(detection):
            yield Heading(4, question)
            yield from _notable_calls(calls)
    yield from _failures(session)
    yield from _calls(session)


def _session_facts(session: Session) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "Caller", (code(session.caller) if session.caller else _NOT_RECORDED,)
    yield "Way in", (_way_in(session),)
    yield "MFA", (_MFA[session.mfa],)
    yield "Source identity", (code(session.source_identity) if session.source_identity else "none",)
    if session.on_behalf_of:
        yield "User of Identity Center", (code(session.on_behalf_of),)
    yield "Role", (code(session.role or session.arn),)
    yield "Credentials made", (_time(session.created) if session.created else _NOT_RECORDED,)
    if session.valid_until:
        yield "Valid until", (_time(session.valid_until),)
    if session.first_call:
        yield "First and last call", (f"{_time(session.first_call)} to {_time(session.last_call)}",)
    if session.start_is_recorded:
        yield "Assumed from", (f"{code(session.start_ip)}, {code(session.start_agent)}",)
    for label, counts in (
        ("Called from", session.ips),
        ("User agents", session.agents),
        ("Regions", session.regions),
        ("Access key IDs", session.access_keys),
    ):
        if texts := tuple(_counted(counts)):
            yield label, texts
    yield "Calls", (_call_summary(session),)
    if session.start_event_id:
        yield "Event of its start", (code(session.start_event_id),)


def _way_in(session: Session) -> str:
    way = session.way_in or _NOT_RECORDED
    provider = f" {code(session.provider)}" if session.way_in and session.provider else ""
    return f"{way}{provider}{', and the console' if session.console else ''}"


def _call_summary(session: Session) -> str:
    text = f"{count_of(session.writes, 'write')}, {count_of(session.reads, 'read')}; {session.failed:,} failed"
    if session.unwatched:
        text += f"; {session.unwatched:,} in regions that no template covers, where nothing alerts"
    return text


def _findings(session: Session, scope: Scope) -> Iterator[tuple[str, tuple[str, ...]]]:
    for detection, question in QUESTIONS.items():
        calls = session.findings.get(detection)
        if calls:
            answer = f"{count_of(calls.total, 'call')}, listed below ({detection})"
        else:
            answer = f"not judged: the templates do not have {detection}" if detection in scope.not_judged else "no"
        yield question, (answer,)


def _notable_calls(calls: Earliest[NotableCall]) -> Iterator[Block]:
    rows = tuple(
        (
            _time(call.time),
            code(call.region),
            code(f"{call.service}:{call.name}"),
            "".join(_details(call)),
            code(call.ip),
            code(call.event_id),
        )
        for call in calls.items
    )
    yield Table({"Time": 12, "Region": 11, "Call": 19, "What": 30, "From": 12, "Event": 16}, rows)
    if calls.more:
        yield Paragraph(f"And {calls.more:,} more, later.")


def _details(call: NotableCall) -> Iterator[str]:
    if call.parameters:
        yield code(call.parameters)
    if call.new_key:
        yield f" Makes the access key {code(call.new_key)}"
    if call.error:
        yield f" Failed: {code(call.error)}"


def _failures(session: Session) -> Iterator[Block]:
    yield Heading(4, "Denied or failed")
    if not session.failures:
        yield Paragraph("No call failed.")
        return
    rows = tuple(
        (
            _time(failure.first.time),
            code(f"{failure.first.service}:{failure.first.name}"),
            code(failure.first.error),
            f"{failure.count:,}",
            code(failure.first.message or failure.first.parameters),
        )
        for failure in session.failures
    )
    columns = {"First": 12, "Call": 20, "Error": 16, "Calls": 7, "What AWS says of the first": 45}
    yield Table(columns, rows, frozenset({"Calls"}))
    if session.more_failures:
        yield Paragraph(f"And {session.more_failures:,} more calls that failed in other ways.")


def _calls(session: Session) -> Iterator[Block]:
    yield Heading(4, "Calls by service, writes first")
    if not session.calls:
        yield Paragraph("No call of this session is in the records.")
        return
    rows = tuple(
        (
            code(call.service),
            code(call.name),
            "write" if call.is_write else "read",
            f"{call.count:,}",
            f"{call.failed:,}" if call.failed else "",
        )
        for call in session.calls
    )
    columns = {"Service": 22, "Call": 44, "Kind": 12, "Calls": 11, "Failed": 11}
    yield Table(columns, rows, frozenset({"Calls", "Failed"}))
    if session.more_calls:
        yield Paragraph(f"And {session.more_calls:,} more of other kinds.")


def _denied(use: AccountUse) -> Iterator[Block]:
    if not use.denied:
        return
    yield Heading(3, "Denied attempts to assume the role")
    rows = tuple(
        (
            _time(attempts.first),
            _time(attempts.last) if attempts.count > 1 else "",
            f"{attempts.count:,}",
            code(attempts.caller),
            f"{attempts.way_in} {code(attempts.provider)}" if attempts.provider else attempts.way_in,
            code(attempts.ip),
            f"{code(attempts.error)} {code(attempts.message)}",
        )
        for attempts in use.denied
    )
    columns = {"First": 12, "Last": 12, "Attempts": 10, "Caller": 18, "Way in": 9, "From": 11, "Error": 28}
    yield Table(columns, rows, frozenset({"Attempts"}))
    if use.more_denied:
        yield Paragraph(f"And {use.more_denied:,} more attempts, of other callers or from elsewhere.")


def _counted(counts: Counts) -> Iterator[str]:
    for count in counts.values:
        yield f"{code(count.value)} ({count_of(count.count, 'call')})"
    if counts.more:
        yield f"and {count_of(counts.more, 'call')} with others"


def _time(time: str) -> str:
    """A time as people read it: 2025-03-14 03:07:12."""
    return time.replace("T", " ").removesuffix("Z") or "unknown"
