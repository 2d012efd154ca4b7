"""Why a rule takes an event or does not: the pattern beside the record, and AWS's reason where one is known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import is_read_only, is_too_large
from cfn_breakglass.analysis.eventbridge.comparisons import wildcard_regex
from cfn_breakglass.analysis.eventbridge.pattern import ComparedField, Mismatch
from cfn_breakglass.analysis.eventbridge.rules import Rule
from cfn_breakglass.analysis.replay.missing_fields import reason
from cfn_breakglass.analysis.text_layout import shorten

_DETAIL = re.compile(r"(^| )detail\.")
_QUOTED = re.compile(r'("(?:[^"\\]|\\.)*")')
_UNLESS, _OR_ABSENT = "to be present and not ", " or to be absent"
# Of a long value a sentence has both ends; the fields beside it have more.
_LONG = 120
_FIRST = ("source", "detail.eventName", "detail.errorCode")


@dataclass(frozen=True)
class Explanation:
    """What a rule of a detection says to an event, in sentences, and each field of its pattern beside the event's."""

    detection: str
    rule: str
    fires: bool
    reasons: tuple[str, ...]
    fields: tuple[ComparedField, ...] = ()


def explain(rule: Rule, event: Mapping[str, Any]) -> Explanation:
    """Say whether and why ``rule``, on the bus where ``event`` arrives, fires: first which call it is."""
    mismatches = sorted(rule.pattern.explain(event), key=_call_first)
    reasons = tuple(_sentence(each, event) for each in mismatches) or _not_shown(rule.state, event)
    fields = tuple(sorted(rule.pattern.compare(event), key=_call_first))
    return Explanation(rule.detection, rule.name, not reasons, reasons, fields)


def unwatched(detection: str, why: str) -> Explanation:
    """Say that no rule of a detection sees the event at all."""
    return Explanation(detection, "", fires=False, reasons=(why,))


def uncovered(event: Mapping[str, Any]) -> str:
    """Say that no rule sees what is recorded in the event's region."""
    return f"it was recorded in {event.get('region')}, which neither template covers: nothing watches there"


def in_record(path: str) -> str:
    """Name a field, or every field in a sentence, as it is in the record, not in the event around it."""
    return _DETAIL.sub(r"\1", path)


def briefly(wanted: str) -> str:
    """What a pattern wants, in as few words: each operator once (to equal "a" or "b"), and no double negation."""
    if wanted.startswith(_UNLESS) and wanted.endswith(_OR_ABSENT):
        return f"not {wanted.removeprefix(_UNLESS).removesuffix(_OR_ABSENT)}"
    said, parts = "", []
    for part in _QUOTED.split(wanted):
        operator = part.removeprefix(" or ")
        parts.append(" or " if operator == said != part else part)
        said = said if part.startswith('"') else operator
    return "".join(parts)


def _call_first(row: ComparedField | Mismatch) -> int:
    return _FIRST.index(row.path) if row.path in _FIRST else len(_FIRST)


def _not_shown(state: str, event: Mapping[str, Any]) -> tuple[str, ...]:
    """Why EventBridge keeps an event that matches from a rule in ``state``."""
    if state == "DISABLED":
        return ("it matches, but the rule is DISABLED: AWS delivers nothing to it",)
    reasons = []
    if state == "ENABLED" and is_read_only(event):
        reasons.append(
            "it matches, but AWS does not deliver a call that only reads to a rule that is just ENABLED;"
            " that takes ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
        )
    if is_too_large(event):
        reasons.append("it matches, but events over 256 KB never reach EventBridge")
    return tuple(reasons)


def _sentence(mismatch: Mismatch, event: Mapping[str, Any]) -> str:
    path, found = in_record(mismatch.path), in_record(mismatch.actual)
    missing = found == "null" or found.startswith("absent")
    if missing and (why := reason(path, event)):
        # Where the object around a field is null, that is what the record shows.
        return f"{path} is {'null' if found.endswith('null') else 'absent'}: {why}"
    if path == "errorCode" and (mismatch.expected, missing) in _OUTCOMES:
        return f"{path} is {found}: {_OUTCOMES[mismatch.expected, missing]}"
    almost = ": only the letter case differs" if _differs_in_case(mismatch) else ""
    return (
        f"{path} is {shorten(found, _LONG)}; the pattern wants it {shorten(briefly(mismatch.expected), _LONG)}{almost}"
    )


_OUTCOMES = {
    ("to be absent", False): "the call failed; the pattern wants one that succeeded",
    ("to be present", True): "the call succeeded; the pattern wants one that failed",
}


def _differs_in_case(mismatch: Mismatch) -> bool:
    """Whether the value would do in other letter case, by the words for both."""
    if not mismatch.actual.startswith('"') or not _QUOTED.fullmatch(mismatch.actual):
        return False
    found = json.loads(mismatch.actual)
    operator = ""
    for part in _QUOTED.split(mismatch.expected):
        if not part.startswith('"'):
            operator = part.removeprefix(" or ").strip()
        elif operator in _CASED and re.fullmatch(_CASED[operator](json.loads(part)), found, re.IGNORECASE | re.DOTALL):
            return True
    return False


_CASED: dict[str, Callable[[str], str]] = {
    "to equal": re.escape,
    "to begin with": lambda text: f"{re.escape(text)}.*",
    "to end with": lambda text: f".*{re.escape(text)}",
    "to fit the wildcard": wildcard_regex,
}
