"""What a check of the account found: as it should be, not as it should be, or AWS did not let us look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from cfn_breakglass.drill.aws import CallFailedError

OK: Final = "ok"
PROBLEM: Final = "problem"
UNKNOWN: Final = "could not tell"


class Observation(NamedTuple):
    """The ``state`` of a subject in a region; ``text`` says what is wrong or why nobody can tell.

    ``resource`` is what it is about: the name or ARN of a rule, bus, alarm, trail, topic, stack set, account or unit.
    """

    subject: str
    account: str
    region: str
    state: str
    text: str = ""
    resource: str = ""


class Subject(NamedTuple):
    """What a check looks at, and where."""

    name: str
    account: str
    region: str

    def problem(self, text: str, resource: str = "") -> Observation:
        return Observation(*self, PROBLEM, text, resource)

    def unknown(self, text: str, resource: str = "") -> Observation:
        return Observation(*self, UNKNOWN, text, resource)

    def observe(self, look: Callable[[], Iterable[Observation]]) -> list[Observation]:
        """What ``look`` gives, or that all is well if it gives nothing, or that AWS did not let it look."""
        try:
            return list(look()) or [Observation(*self, OK)]
        except CallFailedError as error:
            return [self.unknown(str(error))]
