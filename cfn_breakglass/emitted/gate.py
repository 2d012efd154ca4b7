"""Which records no rule can take, told from the call and from the caller alone; both repeat all the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cfn_breakglass.emitted.rules import Rule

_CALL: Final = frozenset({"source", "detail.eventName"})
_CALLER: Final = frozenset({"detail.userIdentity.arn", "detail.userIdentity.sessionContext.sessionIssuer.arn"})
_REMEMBERED = 100_000
_NOTHING: Final[dict[str, Any]] = {}

_Key = tuple[Any, Any, Any]


class Gate:
    """Whether a rule of an account might take a CloudTrail record; True also for what is no plain record.

    A rule is out when each alternative of its pattern wants another call, or each another caller.
    """

    def __init__(self, watching: Mapping[str, list[Rule]]) -> None:
        self._watching = watching
        self._calls: dict[_Key, int] = {}
        self._callers: dict[_Key, int] = {}

    def __call__(self, peek: Any) -> bool:
        if not isinstance(peek, dict) or "detail" in peek:
            return True
        region, source, name = peek.get("awsRegion"), peek.get("eventSource"), peek.get("eventName")
        caller = peek.get("userIdentity") or _NOTHING
        session = (caller.get("sessionContext") or _NOTHING) if isinstance(caller, dict) else None
        issuer = (session.get("sessionIssuer") or _NOTHING) if isinstance(session, dict) else None
        if not isinstance(issuer, dict):
            return True
        try:
            call, who = (region, source, name), (region, caller.get("arn"), issuer.get("arn"))
            calls, callers = self._calls.get(call), self._callers.get(who)
        except TypeError:
            return True  # an array, or something else that AWS does not write there
        if calls is None or callers is None:
            return self._look(call, who)
        return calls & callers != 0

    def _look(self, call: tuple[Any, ...], who: tuple[Any, ...]) -> bool:
        """Work it out and remember it; only texts, and None where there is null or nothing."""
        region, source, name = call
        if region not in self._watching or not source or name is None:
            return True
        if not all(isinstance(one, str | None) for one in (*call, *who)):
            return True
        called = {"source": f"aws.{source.partition('.')[0]}", "detail": {"eventName": name}}
        calls = self._remembered(self._calls, call, (called,), _CALL)
        # None stands for null and for nothing at all: a rule that takes either is not out.
        nulls = {"arn": who[1], "sessionContext": {"sessionIssuer": {"arn": who[2]}}}
        given: dict[str, Any] = {} if who[1] is None else {"arn": who[1]}
        if who[2] is not None:
            given["sessionContext"] = nulls["sessionContext"]
        either = tuple({"detail": {"userIdentity": identity}} for identity in (nulls, given))
        return calls & self._remembered(self._callers, who, either, _CALLER) != 0

    def _remembered(
        self, memory: dict[Any, int], key: tuple[Any, ...], known: tuple[Mapping[str, Any], ...], names: frozenset[str]
    ) -> int:
        if len(memory) >= _REMEMBERED:
            memory.clear()
        rules = enumerate(self._watching[key[0]])
        memory[key] = sum(1 << bit for bit, rule in rules if rule.pattern.allows(known, names))
        return memory[key]
