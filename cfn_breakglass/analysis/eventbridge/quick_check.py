"""The fast path of pattern matching: a field of an event without arrays, decided by a few look-ups.

Almost every field of a CloudTrail record lies in objects only, and almost every record fails the first or second
field that a pattern asks for. A quick check walks down the objects and answers at once. It answers None instead if it
meets an array on the way; then the slow path, ``array_matching``, has to look at all fields together.

For the field ``detail.userIdentity.type`` of the pattern ``{"detail": {"userIdentity": {"type": ["Root"]}}}``:

==================================================  =====================================================
event                                               answer
==================================================  =====================================================
``{"detail": {"userIdentity": {"type": "Root"}}}``  True, "Root" is in the set of accepted texts
``{"detail": {"userIdentity": {"type": "Role"}}}``  False
``{"detail": {}}``                                  False: the field is absent, and the pattern wants a value
``{"detail": {"userIdentity": [{"type": "Root"}]}}``  None: there is an array, so ask ``matches_in_arrays``
==================================================  =====================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cfn_breakglass.analysis.eventbridge.field_matcher import FieldMatcher

QuickCheck = Callable[[Mapping[str, Any]], bool | None]

_ABSENT = object()


def quick_checks(matchers: Iterable[FieldMatcher]) -> tuple[QuickCheck, ...]:
    """Compile a check for each field, the cheapest first."""
    return tuple(_compile(matcher) for matcher in sorted(matchers, key=lambda matcher: matcher.cost))


def all_hold(checks: tuple[QuickCheck, ...], event: Mapping[str, Any]) -> bool | None:
    """Whether all checks hold: False as soon as one does not, None if one of them met an array."""
    combined: bool | None = True
    for check in checks:
        holds = check(event)
        if holds is False:
            return False
        combined = combined and holds
    return combined


def _compile(matcher: FieldMatcher) -> QuickCheck:
    *parents, last = matcher.path
    texts, predicates, accepts_absence = matcher.texts, matcher.predicates, matcher.accepts_absence

    def check(event: Mapping[str, Any]) -> bool | None:
        node: Any = event
        for name in parents:
            node = node.get(name)
            if not isinstance(node, dict):
                return None if isinstance(node, list) else accepts_absence
        value = node.get(last, _ABSENT)
        if isinstance(value, str) and value in texts:
            return True
        if value is _ABSENT or isinstance(value, dict):  # to EventBridge only what is in an object is a field
            return accepts_absence
        if isinstance(value, list):
            return None
        for holds in predicates:  # noqa: SIM110 - any() builds a generator, too slow for what runs for every record
            if holds(value):
                return True
        return False

    return check
