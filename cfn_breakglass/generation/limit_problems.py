"""Which key of the config to change when a template exceeds a limit of AWS, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from cfn_breakglass.aws import limits
from cfn_breakglass.config.problems import nearest_key
from cfn_breakglass.errors import Problem

_REMEDIES = {
    limits.TRUST_POLICY: (
        "usernames",
        (
            "list fewer users; or tag them and write usernames: {principal_tag: {key: value}}, for any number of them;"
            " or trust one role of theirs in role.trust.principals"
        ),
    ),
    limits.INLINE_POLICIES: (
        "role.policy_statements",
        "put some of them into a managed policy and name it in role.managed_policies",
    ),
    limits.MANAGED_POLICY: ("usernames", "set role.grant: none and grant sts:AssumeRole to a group"),
    limits.SCP: ("protection.exempt", "list fewer principals; one ARN with * can stand for several"),
    limits.INPUT_TEMPLATE: ("alerts.message", "shorten the message"),
    limits.TEMPLATE: ("alerts", "list fewer endpoints; one address can stand for a mailing list"),
    limits.RESOURCES: ("alerts", "list fewer endpoints; one address can stand for a mailing list"),
}
_TRUSTED = {
    "role.trust.saml_names": 'list fewer; or write role.trust.saml_names: ["*"], and the provider decides whom to send',
    "role.trust.oidc_subjects": "list fewer; or write role.trust.oidc_subjects, in which one with * stands for several",
    "role.trust.permission_sets": "list fewer; one permission set can be assigned to several groups",
    "role.trust.principals": "list fewer; an account can stand for its users and roles",
    "role.trust.source_ips": "list fewer; one network can stand for several",
}
"""The lists that make a trust policy long, beside usernames. Each statement repeats the networks."""

_PATTERNS = {
    "RoleActions": ("actions.services", "list fewer services, or leave the key out to keep all of them"),
}
_ROLE_NAMES = ("role.existing", "role.permission_set", "role.path")
"""What makes the patterns about the role long, beside the name of the config."""


def problem(limit: limits.Limit, logical_id: str, size: int, lines: Mapping[str, int]) -> Problem:
    """An exceeded limit as a problem of the config file."""
    subject = limit.subject if " of " in limit.subject else f"{limit.subject} of {logical_id}"
    key, fix = _REMEDIES.get(limit, ("name", f"see {limit.source}"))
    if limit is limits.TRUST_POLICY:
        key, fix = _trusted(lines, fix)
    if limit is limits.PATTERN:
        detection = next((detection_id for detection_id in _PATTERNS if detection_id in logical_id), "")
        subject = f"{limit.subject} of {detection or logical_id}"
        key, fix = _PATTERNS.get(detection, _long_name(lines))
    text = f"{key}: the {subject} would have {size:,} {limit.unit}, but AWS allows {limit.maximum:,}"
    return Problem(lines.get(nearest_key(key, lines), 0), text, fix)


def _long_name(lines: Mapping[str, int]) -> tuple[str, str]:
    key = next((key for key in _ROLE_NAMES if key in lines), "name")
    return key, f"shorten {key}" if key == "name" else f"shorten {key} or name"


def _trusted(lines: Mapping[str, int], fix: str) -> tuple[str, str]:
    """The longest list that goes into a trust policy, and what to do about it."""
    longest = max(["usernames", *_TRUSTED], key=lambda key: sum(path.startswith(f"{key}[") for path in lines))
    for provider, names in (("saml_provider", "saml_names"), ("oidc_provider", "oidc_subjects")):
        if f"role.trust.{provider}" in lines and f"role.trust.{names}" not in lines:  # usernames are its names
            fix = _TRUSTED[f"role.trust.{names}"]
    return longest, _TRUSTED.get(longest, fix)
