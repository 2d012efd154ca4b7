"""Why a rule takes an event or does not: the pattern beside the record, and AWS's reason where one is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cfn_breakglass.emitted.cloudtrail import reads_only, too_large
from cfn_breakglass.emitted.eventbridge import Compared, Mismatch
from cfn_breakglass.emitted.rules import Rule

_DETAIL = "detail."


@dataclass(frozen=True)
class Explanation:
    """What a rule of a detection says to an event, in sentences, and each field of its pattern beside the event's."""

    detection: str
    rule: str
    fires: bool
    reasons: tuple[str, ...]
    fields: tuple[Compared, ...] = ()


def explain(rule: Rule, event: Mapping[str, Any]) -> Explanation:
    """Say whether and why ``rule``, on the bus where ``event`` arrives, fires."""
    mismatches = rule.pattern.explain(event)
    reasons = tuple(_sentence(each, event) for each in mismatches) or _not_shown(rule.state, event)
    return Explanation(rule.detection, rule.name, not reasons, reasons, rule.pattern.compare(event))


def uncovered(event: Mapping[str, Any], detection: str) -> Explanation:
    """Say that no rule sees what is recorded in the event's region."""
    where = event.get("region")
    reason = f"it was recorded in {where}, which neither template covers: nothing watches there"
    return Explanation(detection, "", fires=False, reasons=(reason,))


def _not_shown(state: str, event: Mapping[str, Any]) -> tuple[str, ...]:
    """Why EventBridge keeps an event that matches from a rule in ``state``."""
    if state == "DISABLED":
        return ("it matches, but the rule is DISABLED",)
    reasons = []
    if state == "ENABLED" and reads_only(event):
        reasons.append(
            "it matches, but AWS does not deliver a call that only reads to a rule that is just ENABLED;"
            " that takes ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
        )
    if too_large(event):
        reasons.append("it matches, but events over 256 KB never reach EventBridge")
    return tuple(reasons)


def _sentence(mismatch: Mismatch, event: Mapping[str, Any]) -> str:
    path = mismatch.path.removeprefix(_DETAIL)
    why = _reason(path, event)
    if why:
        return f"{path} is {_short(mismatch.found)}: {why}"
    return f"{path} is {_short(mismatch.found)}; the pattern wants it {mismatch.wanted}"


def _short(found: str) -> str:
    """Say null where the object around the field is null: that is what the record shows."""
    return "null" if found.startswith("absent, as ") and found.endswith(" is null") else found


def _reason(path: str, event: Mapping[str, Any]) -> str:
    """What AWS documents about a field that is not there."""
    record = event.get("detail")
    if not isinstance(record, Mapping):
        return ""
    caller = record.get("userIdentity")
    identity = caller if isinstance(caller, Mapping) else {}
    return next((why for field, holds, why in _REASONS if path.startswith(field) and holds(record, identity)), "")


_Facts = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]


def _without(name: str, holds: _Facts) -> _Facts:
    return lambda record, caller: record.get(name) is None and holds(record, caller)


def _by(*kinds: str) -> _Facts:
    return lambda _, caller: caller.get("type") in kinds and "arn" not in caller


def _refused(record: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    return "errorCode" in record


def _signing_in(record: Mapping[str, Any], caller: Mapping[str, Any]) -> bool:
    return record.get("eventSource") == "signin.amazonaws.com" and "sessionContext" not in caller


# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html and
# https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
_REASONS: tuple[tuple[str, _Facts, str], ...] = (
    ("requestParameters", _without("requestParameters", _refused), "AWS leaves it out of refused calls"),
    ("responseElements", _without("responseElements", _refused), "AWS answers a refused call with nothing else"),
    ("userIdentity.arn", _by("SAMLUser", "WebIdentityUser"), "AWS gives callers from SAML and OIDC no ARN"),
    ("userIdentity.arn", _by("AWSAccount"), "AWS gives callers of another account no ARN"),
    ("userIdentity.arn", _by("AWSService"), "an AWS service as the caller has no ARN"),
    ("userIdentity.arn", _by("IAMUser"), "AWS often leaves the ARN out of a failed sign-in"),
    ("userIdentity.sessionContext", _signing_in, "AWS may leave the session context out of sign-in events"),
)
