"""Why a rule fires for an event or does not: the pattern beside the record, and AWS's reason if it documents one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import is_read_only, is_too_large
from cfn_breakglass.analysis.eventbridge.comparisons import wildcard_regex
from cfn_breakglass.analysis.eventbridge.pattern import ComparedField, Mismatch
from cfn_breakglass.analysis.eventbridge.stack_rules import Rule
from cfn_breakglass.analysis.replay.missing_fields import absence_reason
from cfn_breakglass.analysis.simulator.simulator import DetectionPath
from cfn_breakglass.text_layout import shorten

_DETAIL = re.compile(r"(^| )detail\.")
_QUOTED = re.compile(r'("(?:[^"\\]|\\.)*")')
_UNLESS, _OR_ABSENT = "to be present and not ", " or to be absent"
# A sentence has both ends of a longer value; the table of fields has more of it.
_MAX_VALUE_LENGTH = 120
_FIRST_FIELDS = ("source", "detail.eventName", "detail.errorCode")


@dataclass(frozen=True)
class Explanation:
    """Whether the rule of a detection fires for an event, why not, and each field of a pattern beside the event's.

    ``forwarded_by`` is the edge rule that forwards the event to the bus of the rule. If none does, ``kept_out_by`` is
    the one that is nearest to it, and reasons and fields are about that. Both are empty for a rule on the default bus.
    """

    detection: str
    rule: str
    fires: bool
    reasons: tuple[str, ...]
    fields: tuple[ComparedField, ...] = ()
    forwarded_by: str = ""
    kept_out_by: str = ""


def explain_path(path: DetectionPath, event: Mapping[str, Any]) -> Explanation:
    """Say whether and why the rule of a path fires; if no edge rule forwards the event to it, why not."""
    rule = path.rule
    if path.is_direct:
        return explain_rule(rule, event)
    if not path.edges:
        reason = f"no rule on the default bus of {event.get('region')} forwards what the rule {rule.name} matches"
        return Explanation(rule.detection, rule.name, fires=False, reasons=(reason,))
    for edge in path.edges:
        if edge.fires_on(event):
            return replace(explain_rule(rule, event), forwarded_by=edge.name)
    nearest = min((explain_rule(edge, event) for edge in path.edges), key=lambda edge: len(edge.reasons))
    return replace(nearest, detection=rule.detection, rule=rule.name, kept_out_by=nearest.rule)


def explain_unwatched(detection: str, reason: str) -> Explanation:
    """Say that no rule of a detection sees the event."""
    return Explanation(detection, "", fires=False, reasons=(reason,))


def explain_rule(rule: Rule, event: Mapping[str, Any]) -> Explanation:
    """Say whether and why ``rule``, on the bus on which ``event`` arrives, fires; reasons about the call come first."""
    mismatches = sorted(rule.pattern.explain(event), key=_field_order)
    reasons = tuple(_sentence(mismatch, event) for mismatch in mismatches) or _delivery_problems(rule.state, event)
    fields = tuple(sorted(rule.pattern.compare(event), key=_field_order))
    return Explanation(rule.detection, rule.name, not reasons, reasons, fields)


def uncovered_reason(event: Mapping[str, Any]) -> str:
    """Why no rule sees an event of a region without rules."""
    return f"it was recorded in {event.get('region')}, which no template covers: no rule sees it"


def record_path(path: str) -> str:
    """The path of a field, or of every field in a sentence, in the record instead of the event around it."""
    return _DETAIL.sub(r"\1", path)


def condense_words(words: str) -> str:
    """The words for what a pattern requires, without repeated operators and double negation.

    ``to equal "a" or to equal "b"`` becomes ``to equal "a" or "b"``.
    """
    if words.startswith(_UNLESS) and words.endswith(_OR_ABSENT):
        return f"not {words.removeprefix(_UNLESS).removesuffix(_OR_ABSENT)}"
    last_operator, parts = "", []
    for part in _QUOTED.split(words):
        operator = part.removeprefix(" or ")
        parts.append(" or " if operator == last_operator != part else part)
        last_operator = last_operator if part.startswith('"') else operator
    return "".join(parts)


def _field_order(row: ComparedField | Mismatch) -> int:
    return _FIRST_FIELDS.index(row.path) if row.path in _FIRST_FIELDS else len(_FIRST_FIELDS)


def _delivery_problems(state: str, event: Mapping[str, Any]) -> tuple[str, ...]:
    """Why EventBridge does not deliver an event that matches to a rule in ``state``."""
    if state == "DISABLED":
        return ("it matches, but the rule is DISABLED: EventBridge delivers nothing to it",)
    reasons = []
    if state == "ENABLED" and is_read_only(event):
        reasons.append(
            "it matches, but EventBridge does not deliver a call that only reads to a rule that is just ENABLED;"
            " that takes ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
        )
    if is_too_large(event):
        reasons.append("it matches, but events over 256 KB never reach EventBridge")
    return tuple(reasons)


def _sentence(mismatch: Mismatch, event: Mapping[str, Any]) -> str:
    path, value = record_path(mismatch.path), record_path(mismatch.actual)
    is_missing = value == "null" or value.startswith("absent")
    if is_missing and (reason := absence_reason(path, event)):
        # If the object around a field is null, null is what the record shows.
        return f"{path} is {'null' if value.endswith('null') else 'absent'}: {reason}"
    if path == "errorCode" and (mismatch.expected, is_missing) in _OUTCOMES:
        return f"{path} is {value}: {_OUTCOMES[mismatch.expected, is_missing]}"
    almost = ": only the letter case differs" if _differs_in_letter_case(mismatch) else ""
    required = shorten(condense_words(mismatch.expected), _MAX_VALUE_LENGTH)
    return f"{path} is {shorten(value, _MAX_VALUE_LENGTH)}; the pattern wants it {required}{almost}"


_OUTCOMES = {
    ("to be absent", False): "the call failed; the pattern wants one that succeeded",
    ("to be present", True): "the call succeeded; the pattern wants one that failed",
}


def _differs_in_letter_case(mismatch: Mismatch) -> bool:
    """Whether the value would match in another letter case, as far as the words say."""
    if not mismatch.actual.startswith('"') or not _QUOTED.fullmatch(mismatch.actual):
        return False
    value = json.loads(mismatch.actual)
    operator = ""
    for part in _QUOTED.split(mismatch.expected):
        if not part.startswith('"'):
            operator = part.removeprefix(" or ").strip()
        elif operator in _REGEXES:
            regex = _REGEXES[operator](json.loads(part))
            if re.fullmatch(regex, value, re.IGNORECASE | re.DOTALL):
                return True
    return False


_REGEXES: dict[str, Callable[[str], str]] = {
    "to equal": re.escape,
    "to begin with": lambda text: f"{re.escape(text)}.*",
    "to end with": lambda text: f".*{re.escape(text)}",
    "to fit the wildcard": wildcard_regex,
}
