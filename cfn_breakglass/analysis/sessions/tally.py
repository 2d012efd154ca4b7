"""What a session did, added up call by call, in memory that does not grow with the number of calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cfn_breakglass.analysis.sessions.bounded import BoundedCounter, Counts, EarliestItems
from cfn_breakglass.analysis.sessions.facts import UNKNOWN, YES, RoleCall, SessionStart
from cfn_breakglass.analysis.sessions.report import CallCount, FailedCalls, Minute, NotableCall, Session
from cfn_breakglass.analysis.sessions.session_replay import ACTIONS

MOST_VALUES: Final = 20
"""Addresses, user agents and access keys that a session lists, and MOST_KEYS those that it is known by."""
MOST_KEYS: Final = 1_000
MOST_CALLS: Final = 500
MOST_NOTABLE: Final = 100
MOST_FAILURES: Final = 100
MOST_MINUTES: Final = 1_440
SIGN_IN: Final = "ConsoleSignIn"

_COUNTED: Final = {"access_key": MOST_KEYS, "ip": MOST_VALUES, "agent": MOST_VALUES, "region": MOST_VALUES}
_TEXTS: Final = ("role", "source_identity", "provider", "on_behalf_of")
_MINUTE: Final = len("2025-03-14T03:07")

_CallName = tuple[str, str, bool]
_FailureName = tuple[str, str, str]


class SessionTally:
    """The calls of a session up to now. ``arn`` is that of the session, ``created`` when its credentials were made."""

    def __init__(self, account: str, arn: str, created: str = "") -> None:
        self.account, self.arn, self.created = account, arn, created
        self.start: SessionStart | None = None
        self.first = self.last = ""
        self.has_mfa = False
        self.texts: dict[str, str] = {}
        self.counters = {name: BoundedCounter(most) for name, most in _COUNTED.items()}
        self.reads = self.writes = self.failed = self.unwatched = 0
        # How often a call was made, and failed.
        self.calls: dict[_CallName, tuple[int, int]] = {}
        self.more_calls = 0
        self.findings: dict[str, EarliestItems[NotableCall]] = {}
        self.failures: dict[_FailureName, EarliestItems[NotableCall]] = {}
        self.more_failures = 0
        # Reads, writes and failed calls of a minute.
        self.minutes: dict[str, tuple[int, int, int]] = {}
        self.more_minutes = 0

    @property
    def began(self) -> str:
        return (self.start and self.start.time) or self.created or self.first

    @property
    def is_empty(self) -> bool:
        return not self.reads and not self.writes

    def begin(self, start: SessionStart) -> None:
        """Say which call made the credentials; the first that says so counts."""
        self.start = self.start or start
        if start.access_key:
            self.counters["access_key"].add(start.access_key, 0)

    def add(self, call: RoleCall) -> None:
        for name in _TEXTS:
            if value := getattr(call, name):
                self.texts.setdefault(name, value)
        for name, counter in self.counters.items():
            if value := getattr(call, name):
                counter.add(value)
        self.has_mfa = self.has_mfa or call.mfa == YES
        self._extend(call.time, call.time)
        reads, writes, failed = int(not call.is_write), int(call.is_write), int(bool(call.error))
        self._count(reads, writes, failed, int(call.is_unwatched))
        self._add_call((call.service, call.name, call.is_write), 1, failed)
        if call.time:
            self._add_minute(f"{call.time[:_MINUTE]}Z", reads, writes, failed)
        self._add_notable(call)

    def merge(self, other: SessionTally) -> None:
        """Add the calls of another tally, which are of the same session."""
        self.start = self.start or other.start
        self.texts = other.texts | self.texts
        for name, counter in self.counters.items():
            counter.merge(other.counters[name])
        self.has_mfa = self.has_mfa or other.has_mfa
        self._extend(other.first, other.last)
        self._count(other.reads, other.writes, other.failed, other.unwatched)
        for call_name, counts in other.calls.items():
            self._add_call(call_name, *counts)
        for minute, minute_counts in other.minutes.items():
            self._add_minute(minute, *minute_counts)
        for detection, calls in other.findings.items():
            self._finding(detection).merge(calls)
        for failure, calls in other.failures.items():
            self._merge_failure(failure, calls)
        self.more_calls += other.more_calls
        self.more_minutes += other.more_minutes
        self.more_failures += other.more_failures

    def session(self) -> Session:
        """The tally as the report has it."""
        start = self.start
        return Session(
            account=self.account,
            role=self.texts.get("role") or (start.role if start else ""),
            arn=self.arn,
            name=self.arn.rpartition("/")[2],
            caller=start.caller if start else "",
            way_in=start.way_in if start else "",
            provider=(start and start.provider) or self.texts.get("provider", ""),
            console=SIGN_IN in self.findings,
            mfa=_mfa(start, has_mfa=self.has_mfa),
            source_identity=self.texts.get("source_identity") or (start.source_identity if start else ""),
            on_behalf_of=self.texts.get("on_behalf_of", ""),
            start_is_recorded=bool(start),
            start_event_id=start.event_id if start else "",
            start_ip=start.ip if start else "",
            start_agent=start.agent if start else "",
            began=self.began,
            created=start.time if start else self.created,
            valid_until=start.valid_until if start else "",
            first_call=self.first,
            last_call=self.last,
            access_keys=_most_used(self.counters["access_key"]),
            ips=self.counters["ip"].ranked(),
            agents=self.counters["agent"].ranked(),
            regions=self.counters["region"].ranked(),
            reads=self.reads,
            writes=self.writes,
            failed=self.failed,
            unwatched=self.unwatched,
            calls=tuple(_call_counts(self.calls)),
            more_calls=self.more_calls,
            findings={detection: calls.earliest() for detection, calls in sorted(self.findings.items())},
            failures=tuple(_failed_calls(self.failures.values())),
            more_failures=self.more_failures,
            minutes=tuple(Minute(minute, *counts) for minute, counts in sorted(self.minutes.items())),
            more_minutes=self.more_minutes,
        )

    def _extend(self, first: str, last: str) -> None:
        self.first = min(filter(None, (self.first, first)), default="")
        self.last = max(self.last, last)

    def _count(self, reads: int, writes: int, failed: int, unwatched: int) -> None:
        self.reads += reads
        self.writes += writes
        self.failed += failed
        self.unwatched += unwatched

    def _add_call(self, name: _CallName, count: int, failed: int) -> None:
        if name in self.calls or len(self.calls) < MOST_CALLS:
            before, failed_before = self.calls.get(name, (0, 0))
            self.calls[name] = before + count, failed_before + failed
        else:
            self.more_calls += count

    def _add_minute(self, minute: str, reads: int, writes: int, failed: int) -> None:
        if minute in self.minutes or len(self.minutes) < MOST_MINUTES:
            counts = self.minutes.get(minute, (0, 0, 0))
            self.minutes[minute] = counts[0] + reads, counts[1] + writes, counts[2] + failed
        else:
            self.more_minutes += reads + writes

    def _add_notable(self, call: RoleCall) -> None:
        detections = [detection for detection in call.detections if detection != ACTIONS]
        if not detections and not call.error:
            return
        notable = _notable_call(call)
        for detection in detections:
            self._finding(detection).add(notable)
        if call.error:
            failure = _calls(1)
            failure.add(notable)
            self._merge_failure((call.service, call.name, call.error), failure)

    def _finding(self, detection: str) -> EarliestItems[NotableCall]:
        return self.findings.setdefault(detection, _calls(MOST_NOTABLE))

    def _merge_failure(self, name: _FailureName, calls: EarliestItems[NotableCall]) -> None:
        if name in self.failures or len(self.failures) < MOST_FAILURES:
            self.failures.setdefault(name, _calls(1)).merge(calls)
        else:
            self.more_failures += calls.count


def _calls(most: int) -> EarliestItems[NotableCall]:
    return EarliestItems(most, lambda call: (call.time, call.event_id))


def _notable_call(call: RoleCall) -> NotableCall:
    return NotableCall(
        time=call.time,
        region=call.region,
        service=call.service,
        name=call.name,
        error=call.error,
        message=call.message,
        parameters=call.parameters,
        new_key=call.new_key,
        ip=call.ip,
        event_id=call.event_id,
    )


def _mfa(start: SessionStart | None, *, has_mfa: bool) -> str:
    """The session itself says so as well; where it says no, a federated user may have used MFA all the same."""
    if has_mfa:
        return YES
    return start.mfa if start else UNKNOWN


def _most_used(keys: BoundedCounter) -> Counts:
    ranked = keys.ranked()
    rest = ranked.values[MOST_VALUES:]
    return Counts(ranked.values[:MOST_VALUES], ranked.more + sum(key.count for key in rest))


def _call_counts(calls: dict[_CallName, tuple[int, int]]) -> Iterable[CallCount]:
    """By service, those with most writes first, and its writes first."""
    writes: dict[str, int] = {}
    for (service, _, is_write), (count, _) in calls.items():
        writes[service] = writes.get(service, 0) + is_write * count

    def order(item: tuple[_CallName, tuple[int, int]]) -> tuple[int, str, bool, int, str]:
        (service, name, is_write), (count, _) = item
        return -writes[service], service, not is_write, -count, name

    return (CallCount(*name, *counts) for name, counts in sorted(calls.items(), key=order))


def _failed_calls(failures: Iterable[EarliestItems[NotableCall]]) -> Iterable[FailedCalls]:
    ordered = sorted(failures, key=lambda calls: (calls.items[0].time, calls.items[0].event_id))
    return (FailedCalls(calls.count, calls.items[0]) for calls in ordered)
