"""The sessions in a history: which calls, and which call that made the credentials, belong together.

A session is a set of credentials, which has the ID of its access key. In the console every service gets keys of its own
for the same session; they share its ARN and the time when the credentials were made. So calls belong to a session by
ARN and that time, and where a record does not have the time, by access key. A sign-in event may have neither: it
belongs to the session of that ARN that began last before it. Files come in any order, and so all of this is decided at
the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from cfn_breakglass.analysis.replay.results import Summary
from cfn_breakglass.analysis.sessions.bounded import EarliestItems
from cfn_breakglass.analysis.sessions.facts import RoleCall, SessionStart, utc_time
from cfn_breakglass.analysis.sessions.report import AccountUse, DeniedAttempts, Scope, Session, UseReport
from cfn_breakglass.analysis.sessions.session_replay import JUDGED, SessionFact
from cfn_breakglass.analysis.sessions.tally import SessionTally

_MOST_EVENT_IDS: Final = 200_000
_MOST_DENIED: Final = 1_000
# Seconds between the record of AssumeRole and the time that the records of the session have.
_NEAR: Final = 5
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
        # The first of the attempts that are alike, how many there are, and when the last was.
        self._denied: dict[tuple[str, ...], tuple[EarliestItems[SessionStart], str]] = {}
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
        for (account, *_), (first, last) in () if names else self._denied.items():
            denied[account].append(_denied_attempts(first, last))
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
        if key not in self._denied and len(self._denied) >= _MOST_DENIED:
            self._more_denied[start.account] += 1
            return
        first, last = self._denied.get(key, (EarliestItems[SessionStart](1, _order), ""))
        first.add(start)
        self._denied[key] = first, max(start.time, last)

    def _sessions(self) -> Iterator[Session]:
        for tally in _joined(self._tallies.values(), self._starts.values()):
            if not tally.is_empty or tally.began >= self._since:
                yield tally.session()


def _order(start: SessionStart) -> tuple[str, str]:
    return start.time, start.event_id


def _denied_attempts(attempts: EarliestItems[SessionStart], last: str) -> DeniedAttempts:
    (first,) = attempts.items
    return DeniedAttempts(
        caller=first.caller,
        way_in=first.way_in,
        provider=first.provider,
        ip=first.ip,
        error=first.error,
        message=first.message,
        count=attempts.count,
        first=first.time,
        last=last,
        event_id=first.event_id,
    )


def _joined(tallies: Iterable[SessionTally], starts: Iterable[SessionStart]) -> Iterable[SessionTally]:
    """A tally for each session."""
    by_certainty = sorted(tallies, key=lambda tally: (not tally.created, not _keys(tally), tally.first))
    by_owner: _ByOwner = defaultdict(list)
    by_key: dict[_AccessKey, SessionTally] = {}
    for tally in by_certainty:
        if tally.created or _keys(tally):
            _join_by_key(tally, by_owner, by_key)
    by_creation = {(*_owner(tally), tally.created): tally for tally in by_certainty if tally.created}
    for start in sorted(starts, key=_order):
        owner = start.account, _normal_arn(start.arn)
        session = by_key.get((start.account, start.access_key)) or _created_at(start.time, owner, by_creation)
        if session is None:
            session = SessionTally(start.account, start.arn)
            by_owner[owner].append(session)
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


def _created_at(
    time: str, owner: _Owner, by_creation: Mapping[tuple[str, str, str], SessionTally]
) -> SessionTally | None:
    """The session whose credentials were made just then: in the console it has other keys than the answer of STS."""
    moments = (_shifted(time, timedelta(seconds=seconds)) for seconds in sorted(range(-_NEAR, _NEAR + 1), key=abs))
    sessions = (by_creation.get((*owner, moment)) for moment in moments if moment)
    return next((session for session in sessions if session and session.start is None), None)


def _running_at(time: str, sessions: Iterable[SessionTally]) -> SessionTally | None:
    """The session that began last before a time, and may still be valid."""
    earliest, latest = _shifted(time, -_LONGEST_SESSION), _shifted(time, _EARLY)
    running = (session for session in sessions if time and earliest <= session.began <= latest)
    return max(running, key=lambda session: session.began, default=None)


def _shifted(time: str, by: timedelta) -> str:
    """A time later, or earlier; times in this form are in order as texts."""
    return utc_time((datetime.fromisoformat(time) + by).isoformat()) if time else ""


def _normal_arn(arn: str) -> str:
    """The ARN of a session in one spelling: the letter case of a role's name does not matter, that of a session's does.

    >>> _normal_arn("arn:aws:sts::111122223333:assumed-role/Break-Glass/Alice")
    'arn:aws:sts::111122223333:assumed-role/break-glass/Alice'
    """
    role, slash, name = arn.rpartition("/")
    return f"{role.lower()}{slash}{name}"


def _identifiers(session: Session) -> set[str]:
    return {session.name, session.arn, *(key.value for key in session.access_keys.values)}
