"""The calls by sessions of the role, and the calls that assumed it or were denied it, found with the templates.

Whose session it is and what a call is say the patterns in the templates, the same that alert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from cfn_breakglass.analysis.eventbridge.pattern import Pattern
from cfn_breakglass.analysis.eventbridge.stack_rules import Rule
from cfn_breakglass.analysis.history.prefilter import RecordFilter
from cfn_breakglass.analysis.replay.accounts import Deployment
from cfn_breakglass.analysis.replay.replay import RecordReplay
from cfn_breakglass.analysis.replay.results import ReplayOptions
from cfn_breakglass.analysis.sessions.facts import (
    RoleCall,
    SessionStart,
    account_of_role,
    read_call,
    read_start,
)
from cfn_breakglass.errors import TemplateError

ASSUMED: Final = "RoleAssumed"
DENIED: Final = "RoleDenied"
ACTIONS: Final = "RoleActions"
"""The detection that every call of a session is."""

JUDGED: Final = (
    *(ASSUMED, DENIED),
    *("BackdoorCreated", "EntranceChanged", "MonitoringTampered", "RolePassed", "RoleChained", "ConsoleSignIn"),
)
"""The detections that a report speaks of."""

_CALLER_TYPE: Final = "detail.userIdentity.type"
_CALLER_ARNS: Final = ("detail.userIdentity.arn", "detail.userIdentity.sessionContext.sessionIssuer.arn")
_SESSION: Final = "AssumedRole"
_MOST_DEPLOYMENTS: Final = 32

_ABOUT_ASSUMING: Final = {ASSUMED, DENIED}

SessionFact = RoleCall | SessionStart


class SessionReplay(RecordReplay[SessionFact]):
    """The sessions of the role in the records, also in regions that no template covers.

    TemplateError if no rule in the templates says whose session a call is by.
    """

    def __init__(self, options: ReplayOptions) -> None:
        super().__init__(options)
        self._sessions = lru_cache(_MOST_DEPLOYMENTS)(_session_pattern)
        self._record_filter = lru_cache(_MOST_DEPLOYMENTS)(self._make_filter)
        self.detections = self._accounts.detections
        if not self._sessions(self._accounts.example):
            raise TemplateError(
                f"{options.templates}: no rule in the templates sees the sessions of the role\n"
                f"  set {ACTIONS} in the config to log, and generate the templates again"
            )

    def _is_watched(self, region: str) -> bool:
        return bool(region)

    def _filter(self, deployment: Deployment) -> Callable[[Any], bool]:
        return self._record_filter(deployment)

    def _make_filter(self, deployment: Deployment) -> Callable[[Any], bool]:
        paths = [path for paths in deployment.paths.values() for path in paths]
        assuming = [path for path in paths if path.rule.detection in _ABOUT_ASSUMING]
        rules = [rule for path in assuming for rule in ([path.rule] if path.is_direct else path.edges)]
        patterns = dict.fromkeys(rule.pattern for rule in rules)
        if sessions := self._sessions(deployment):
            patterns[sessions] = None
        return RecordFilter((pattern, None) for pattern in patterns).may_match

    def _results(self, event: Mapping[str, Any], account: str, place: str) -> Iterator[SessionFact]:
        del place
        record = event.get("detail")
        if not isinstance(record, Mapping):
            return
        is_session, detections, is_unwatched = self._classify(event, account)
        if is_session:
            details = any(detection != ACTIONS for detection in detections)
            yield read_call(event, account, detections, is_unwatched=is_unwatched, with_details=details)
        if (role_account := self._options.account or account_of_role(event, account)) != account:
            _, detections_there, _ = self._classify(event, role_account)
            if _ABOUT_ASSUMING & set(detections_there):
                yield read_start(event, role_account)
                return
        if _ABOUT_ASSUMING & set(detections):
            yield read_start(event, account)

    def _classify(self, event: Mapping[str, Any], account: str) -> tuple[bool, tuple[str, ...], bool]:
        """Whether a session of the role of ``account`` makes the call, its detections, and whether no rule sees it.

        Where no rule sees it, the detections are those of the main region.
        """
        deployment, placed = self._accounts.placed(event, account)
        sessions = self._sessions(deployment)
        if deployment.rejection or not sessions:
            return False, (), False
        is_unwatched = placed["region"] not in deployment.regions
        if is_unwatched:
            placed = {**placed, "region": deployment.simulator.regions[0]}
        fired = {attempt.detection for attempt in deployment.simulator.attempts(placed)}
        detections = tuple(detection for detection in self.detections if detection in fired)
        return sessions.matches(placed), detections, is_unwatched


def _session_pattern(deployment: Deployment) -> Pattern | None:
    """The part of the patterns that says whose session it is; None if there is no such rule."""
    rules = (rule for region in deployment.simulator.regions for rule in deployment.simulator.watching(region))
    branches = list(_caller_branches(rules))
    return Pattern(branches) if branches else None


def _caller_branches(rules: Iterable[Rule]) -> Iterator[dict[Any, Any]]:
    """Each alternative of a pattern that asks for a session and for its ARN, without what else it asks for."""
    read_patterns: set[Pattern] = set()
    alternatives = set()
    for rule in rules:
        if rule.pattern in read_patterns:
            continue
        read_patterns.add(rule.pattern)
        for matchers in rule.pattern.branches:
            caller = {matcher.name: matcher for matcher in matchers if matcher.name in {_CALLER_TYPE, *_CALLER_ARNS}}
            asks_for_session = _CALLER_TYPE in caller and caller[_CALLER_TYPE].texts == {_SESSION}
            words = tuple(matcher.description for matcher in caller.values())
            if asks_for_session and len(caller) > 1 and words not in alternatives:
                alternatives.add(words)
                yield {matcher.path: matcher for matcher in caller.values()}
