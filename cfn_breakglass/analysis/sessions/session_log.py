"""The sessions in a history: which calls, and which call that made the credentials, belong together.

A session is a set of credentials, which has the ID of its access key. In the console every service gets keys of its own
for the same session; they share its ARN and the time when the credentials were made. So calls belong to a session by
ARN and that time, and where a record does not have the time, by access key. A sign-in event may have neither: it
belongs to the session of that ARN that began last before it. Files come in any order, and so all of this is decided at
the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from cfn_breakglass.analysis.replay.results import Summary
from cfn_breakglass.analysis.sessions.facts import RoleCall, SessionStart
from cfn_breakglass.analysis.sessions.report import AccountUse, DeniedAttempts, Scope, Session, UseReport
from cfn_breakglass.analysis.sessions.session_replay import JUDGED, SessionFact
from cfn_breakglass.analysis.sessions.tally import SessionTally

_MOST_EVENT_IDS: Final = 200_000
_MOST_DENIED: Final = 1_000
# Between the record of AssumeRole and the time that the records of the session have.
_NEAR: Final = timedelta(seconds=5)
# How long before its AssumeRole a switch in the console may be recorded.
_EARLY: Final = timedelta(minutes=1)
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
_LONGEST_SESSION: Final = timedelta(hours=12)

_TallyKey = tuple[str, ...]
_AccessKey = tuple[str, str]
_Owner = tuple[str, str]
_ByOwner = defaultdict[_Owner, list[SessionTally]]


class SessionLog:
    """The sessions and denied attempts up to now, of calls that were made at ``since`` or later."""

    def __init__(self, since: str = "") -> None:
        self._since = since
        self._tallies: dict[_TallyKey, SessionTally] = {}
        self._starts: dict[tuple[str, ...], SessionStart] = {}
        self._denied: dict[tuple[str, ...], DeniedAttempts] = {}
        self._more_denied: defaultdict[str, int] = defaultdict(int)
        # The hashes of event IDs: a tenth of the memory, and two that are equal by chance will not be met.
        self._event_ids: set[int] = set()

    @property
    def may_repeat(self) -> bool:
        """Whether there are so many records that those which come twice may be counted twice."""
        return len(self._event_ids) >= _MOST_EVENT_IDS

    def add(self, fact: SessionFact) -> None:
        """Add what a record says, unless the same record was added before: a trail and a log may both have it."""
        # A call that assumes the role may be by a session of it: then it is a fact of each kind.
        event_id = hash((type(fact), fact.event_id))
        if fact.event_id and event_id in self._event_ids:
            return
        if fact.event_id and not self.may_repeat:
            self._event_ids.add(event_id)
        is_early = bool(fact.time) and fact.time < self._since
        if isinstance(fact, SessionStart):
            if not fact.error:
                self._add_start(fact)
            elif not is_early:
                self._add_denied(fact)
        elif not is_early:
            self._tally_of(fact).add(fact)

    def report(
        self, paths: tuple[str, ...], names: tuple[str, ...], summary: Summary, detections: Collection[str]
    ) -> UseReport:
        """The report on the records under ``paths``, of which ``summary`` counts; with ``names``, only those sessions.

        ``detections`` are those that the templates have.
        """
        scope = Scope(
            paths=paths,
            since=self._since,
            sessions=names,
            records=summary.counts.records,
            unread=summary.unread,
            not_judged=tuple(detection for detection in JUDGED if detection not in detections),
            may_repeat=self.may_repeat,
        )
        return UseReport(scope, self._accounts(names))

    def _accounts(self, names: Collection[str] = ()) -> tuple[AccountUse, ...]:
        """How the role was used, by account; with ``names``, only sessions of that name, ARN or access key."""
        by_account: defaultdict[str, list[Session]] = defaultdict(list)
        for session in sorted(self._sessions(), key=lambda session: (session.began, session.arn)):
            if not names or _identifiers(session) & set(names):
                by_account[session.account].append(session)
        denied: defaultdict[str, list[DeniedAttempts]] = defaultdict(list)
        for (account, *_), attempts in () if names else self._denied.items():
            denied[account].append(attempts)
        more_denied = {} if names else self._more_denied
        return tuple(
            AccountUse(
                account,
                sessions=tuple(by_account[account]),
                denied=tuple(sorted(denied[account], key=lambda attempts: (attempts.first, attempts.event_id))),
                more_denied=more_denied.get(account, 0),
            )
            for account in sorted({*by_account, *denied, *more_denied})
        )

    def _tally_of(self, call: RoleCall) -> SessionTally:
        name = _normal_arn(call.arn)
        if call.created:
            key: _TallyKey = (call.account, name, call.created)
        elif call.access_key:
            key = (call.account, name, "", call.access_key)
        else:
            key = (call.account, name, "", "", call.time)
        if key not in self._tallies:
            self._tallies[key] = SessionTally(call.account, call.arn, call.created)
        return self._tallies[key]

    def _add_start(self, start: SessionStart) -> None:
        """Of the two records of a call from another account, the one where the caller is named counts."""
        key = (start.account, start.access_key) if start.access_key else (start.account, "", start.event_id)
        if key not in self._starts or self._starts[key].is_anonymous:
            self._starts[key] = start

    def _add_denied(self, start: SessionStart) -> None:
        key = (start.account, start.caller, start.way_in, start.ip, start.error)
        before = self._denied.get(key)
        if before is None and len(self._denied) >= _MOST_DENIED:
            self._more_denied[start.account] += 1
            return
        is_first = before is None or (start.time, start.event_id) < (before.first, before.event_id)
        self._denied[key] = DeniedAttempts(
            caller=start.caller,
            way_in=start.way_in,
            provider=start.provider,
            ip=start.ip,
            error=start.error,
            message=start.message if is_first or before is None else before.message,
            count=1 + (before.count if before else 0),
            first=start.time if is_first or before is None else before.first,
            last=max(start.time, before.last if before else ""),
            event_id=start.event_id if is_first or before is None else before.event_id,
        )

    def _sessions(self) -> Iterator[Session]:
        for tally in _joined(self._tallies.values(), self._starts.values()):
            if not tally.is_empty or tally.began >= self._since:
                yield tally.session()


def _joined(tallies: Iterable[SessionTally], starts: Iterable[SessionStart]) -> Iterable[SessionTally]:
    """A tally for each session."""
    by_certainty = sorted(tallies, key=lambda tally: (not tally.created, not _keys(tally), tally.first))
    by_owner: _ByOwner = defaultdict(list)
    by_key: dict[_AccessKey, SessionTally] = {}
    for tally in by_certainty:
        if tally.created or _keys(tally):
            _join_by_key(tally, by_owner, by_key)
    for start in sorted(starts, key=lambda start: (start.time, start.event_id)):
        sessions = by_owner[start.account, _normal_arn(start.arn)]
        session = by_key.get((start.account, start.access_key)) or _created_at(start.time, sessions)
        if session is None:
            session = SessionTally(start.account, start.arn)
            sessions.append(session)
        session.begin(start)
    for tally in by_certainty:
        if not tally.created and not _keys(tally):
            sessions = by_owner[_owner(tally)]
            if session := _running_at(tally.first, sessions):
                session.merge(tally)
            else:
                sessions.append(tally)
    return (session for sessions in by_owner.values() for session in sessions)


def _join_by_key(tally: SessionTally, by_owner: _ByOwner, by_key: dict[_AccessKey, SessionTally]) -> None:
    """Join a tally to the session of its access key if it does not say when that began."""
    keys = _keys(tally)
    session = next((by_key[key] for key in keys if not tally.created and key in by_key), None)
    if session:
        session.merge(tally)
    else:
        by_owner[_owner(tally)].append(tally)
        by_key.update(dict.fromkeys(keys, tally))


def _keys(tally: SessionTally) -> list[_AccessKey]:
    return [(tally.account, key) for key in tally.counters["access_key"].counts]


def _owner(tally: SessionTally) -> _Owner:
    return tally.account, _normal_arn(tally.arn)


def _created_at(start_time: str, sessions: Iterable[SessionTally]) -> SessionTally | None:
    """The session whose credentials were made just then: in the console it has other keys than the answer of STS."""
    time = _moment(start_time)
    for session in sessions:
        created = _moment(session.created)
        if session.start is None and time and created and abs(created - time) <= _NEAR:
            return session
    return None


def _running_at(time: str, sessions: Iterable[SessionTally]) -> SessionTally | None:
    """The session that began last before a time, and may still be valid."""
    moment = _moment(time)
    running = []
    for session in sessions:
        began = _moment(session.began)
        if moment and began and began - _EARLY <= moment <= began + _LONGEST_SESSION:
            running.append((began, session))
    return max(running, key=lambda pair: pair[0])[1] if running else None


def _moment(time: str) -> datetime | None:
    return datetime.fromisoformat(time).astimezone(UTC) if time else None


def _normal_arn(arn: str) -> str:
    """The ARN of a session in one spelling: the letter case of a role's name does not matter, that of a session's does.

    >>> _normal_arn("arn:aws:sts::111122223333:assumed-role/Break-Glass/Alice")
    'arn:aws:sts::111122223333:assumed-role/break-glass/Alice'
    """
    role, slash, name = arn.rpartition("/")
    return f"{role.lower()}{slash}{name}"


def _identifiers(session: Session) -> set[str]:
    return {session.name, session.arn, *(key.value for key in session.access_keys.values)}
