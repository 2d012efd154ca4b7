"""Which key of the config to change when a template breaks a limit of AWS, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from cfn_breakglass import limits
from cfn_breakglass.errors import Problem

_REMEDIES = {
    limits.TRUST_POLICY: (
        "usernames",
        (
            "list fewer users; or trust one role of theirs in role.trust.principals, or tag the users and name in"
            " role.existing a role of your own that trusts aws:PrincipalTag"
        ),
    ),
    limits.INLINE_POLICIES: (
        "role.policy_statements",
        "put some of them into a managed policy and name it in role.managed_policies",
    ),
    limits.MANAGED_POLICY: ("usernames", "set role.grant: none and grant sts:AssumeRole to a group"),
    limits.INPUT_TEMPLATE: ("alerts.message", "shorten the message"),
    limits.TEMPLATE_BODY: ("alerts", "list fewer endpoints; one address can stand for a mailing list"),
    limits.RESOURCES: ("alerts", "list fewer endpoints; one address can stand for a mailing list"),
}
_PATTERNS = {
    "UserSignIn": ("usernames", "list fewer users, or set detections.UserSignIn: off"),
    "RoleActions": ("actions.services", "list fewer services, or leave the key out to keep all of them"),
}


def problem(limit: limits.Limit, logical_id: str, size: int, lines: Mapping[str, int]) -> Problem:
    """An exceeded limit as a problem of the config file."""
    what = limit.what if " of " in limit.what else f"{limit.what} of {logical_id}"
    key, fix = _REMEDIES.get(limit, ("name", f"see {limit.source}"))
    if limit is limits.PATTERN:
        detection = next((one for one in _PATTERNS if one in logical_id), "")
        what = f"{limit.what} of {detection or logical_id}"
        key, fix = _PATTERNS.get(detection, ("role", "shorten the role's path or name"))
    where = key
    while where and where not in lines:
        where = where.rpartition(".")[0]
    text = f"{key}: the {what} would have {size:,} {limit.unit}; AWS takes {limit.maximum:,}"
    return Problem(lines.get(where, 0), text, fix)
