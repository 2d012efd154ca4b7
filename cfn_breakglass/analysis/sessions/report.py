"""What a report says: frozen data, which its formats write.

Times are in UTC, as CloudTrail writes them; a text is empty where the records do not say it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from cfn_breakglass.analysis.sessions.bounded import Counts, Earliest


@dataclass(frozen=True)
class NotableCall:
    """A call that stands out, or failed. ``new_key`` is the ID of an access key that it made."""

    time: str
    region: str
    service: str
    name: str
    error: str
    message: str
    parameters: str
    new_key: str
    ip: str
    event_id: str


@dataclass(frozen=True)
class FailedCalls:
    """Calls that failed in the same way, and the first of them."""

    count: int
    first: NotableCall


@dataclass(frozen=True)
class CallCount:
    """How often a call was made, and how often it failed."""

    service: str
    name: str
    is_write: bool
    count: int
    failed: int


@dataclass(frozen=True)
class Minute:
    """How many calls a minute has: reads and writes, and how many of these failed."""

    minute: str
    reads: int
    writes: int
    failed: int


@dataclass(frozen=True)
class Review:
    """What people fill in."""

    reason: str = ""
    ticket: str = ""
    reviewer: str = ""


@dataclass(frozen=True)
class Session:
    """What was done with the credentials of one session.

    ``created`` is when these were made, and ``began`` the same or, if no record says it, the first call. If
    ``start_is_recorded`` is false, the call that made them is not among the records, so that caller, way in and where
    it was called from are empty. ``unwatched`` are calls in regions that no template covers. ``more_calls`` are those
    that ``calls`` has no room for, ``more_minutes`` those of ``minutes``.
    """

    account: str
    role: str
    arn: str
    name: str
    caller: str
    way_in: str
    provider: str
    console: bool
    mfa: str
    source_identity: str
    on_behalf_of: str
    start_is_recorded: bool
    start_event_id: str
    start_ip: str
    start_agent: str
    began: str
    created: str
    valid_until: str
    first_call: str
    last_call: str
    access_keys: Counts
    ips: Counts
    agents: Counts
    regions: Counts
    reads: int
    writes: int
    failed: int
    unwatched: int
    calls: tuple[CallCount, ...]
    more_calls: int
    findings: dict[str, Earliest[NotableCall]]
    failures: tuple[FailedCalls, ...]
    more_failures: int
    minutes: tuple[Minute, ...]
    more_minutes: int
    review: Review = field(default_factory=Review)

    @property
    def total(self) -> int:
        return self.reads + self.writes


@dataclass(frozen=True)
class DeniedAttempts:
    """Tries to assume the role that were denied in the same way: how many, and when the first and the last."""

    caller: str
    way_in: str
    provider: str
    ip: str
    error: str
    message: str
    count: int
    first: str
    last: str
    event_id: str


@dataclass(frozen=True)
class AccountUse:
    """How the role of an account was used; ``more_denied`` attempts are those that ``denied`` has no room for."""

    account: str
    sessions: tuple[Session, ...]
    denied: tuple[DeniedAttempts, ...]
    more_denied: int

    @property
    def denied_total(self) -> int:
        return sum(attempts.count for attempts in self.denied) + self.more_denied


@dataclass(frozen=True)
class Scope:
    """What a report is about: the paths that were read, and what of it was selected.

    ``not_judged`` are the detections that the templates do not have. ``may_repeat`` is whether records that were read
    twice may be counted twice, because there are too many to tell.
    """

    paths: tuple[str, ...]
    since: str
    sessions: tuple[str, ...]
    records: int
    unread: int
    not_judged: tuple[str, ...]
    may_repeat: bool


@dataclass(frozen=True)
class UseReport:
    """How the role was used."""

    scope: Scope
    accounts: tuple[AccountUse, ...]

    @property
    def sessions(self) -> tuple[Session, ...]:
        return tuple(session for use in self.accounts for session in use.sessions)

    @property
    def denied_total(self) -> int:
        return sum(use.denied_total for use in self.accounts)

    @property
    def is_empty(self) -> bool:
        return not self.sessions and not self.denied_total


def report_as_json(report: UseReport) -> str:
    """The whole report as JSON, with the texts as they are."""
    return json.dumps(asdict(report), indent=2) + "\n"
