"""The Principal of a policy statement: whether it means a caller, and as whom.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.errors import TemplateError

_ID = re.compile(r"[0-9]{12}")


def is_account(text: str) -> bool:
    return bool(_ID.fullmatch(text))


def not_an_account(text: str) -> str:
    """What to say of a text that is none."""
    return f"{text} is no account: that is twelve digits"


if TYPE_CHECKING:
    from collections.abc import Mapping

    from cfn_breakglass.analysis.iam.request_context import RequestContext

_KINDS = {"AWS", "Service", "Federated"}
_ARN = re.compile(r"arn:[^:]+:(?:iam|sts)::(?P<account>[0-9]{12}):(?P<rest>.+)")


class PrincipalMatch(NamedTuple):
    """The entry by which a statement means the caller, empty if it does not; ``holds`` is None if nobody can tell."""

    entry: str
    holds: bool | None


def principals_of(statement: Mapping[str, Any]) -> dict[str, list[str]]:
    """The principals of a statement by their kind; without a Principal, anybody."""
    principal = statement.get("Principal", "*")
    if principal == "*":
        return {"AWS": ["*"]}
    if not isinstance(principal, dict) or principal.keys() - _KINDS:
        raise TemplateError(f"cannot judge the principal {principal!r}")
    found = {kind: names if isinstance(names, list) else [names] for kind, names in principal.items()}
    for name in (name for names in found.values() for name in names):
        if not isinstance(name, str) or ("*" in name and name != "*"):
            raise TemplateError(f"a principal is whole, or * for anybody: {name!r}")
    return found


def parse_principal(entry: str) -> tuple[str, str]:
    """The account of a principal, and what of it: ``root`` for all of it. Both are empty for what has no account."""
    if is_account(entry):
        return entry, "root"
    arn = _ARN.fullmatch(entry)
    return (arn["account"], arn["rest"]) if arn else ("", "")


def match_principal(statement: Mapping[str, Any], service: str | None, keys: RequestContext) -> PrincipalMatch:
    """How a statement means a service or else whom the context says. Anybody is federated users and services too."""
    by_kind = principals_of(statement)
    if "*" in by_kind.get("AWS", []):
        return PrincipalMatch("*", holds=True)
    provider = keys.first("aws:FederatedProvider")
    for kind, who in (("Service", service), ("Federated", None if service else provider)):
        if who in by_kind.get(kind, []):
            return PrincipalMatch(str(who), holds=True)
    caller = None if service else keys.first("aws:PrincipalArn")
    return _caller(by_kind.get("AWS", []), caller) if caller else PrincipalMatch("", holds=False)


def _caller(entries: list[str], caller: str) -> PrincipalMatch:
    account = caller.split(":")[4]
    for entry in [one for one in entries if one == caller] or entries:
        if entry in (caller, account) or entry.endswith(f":iam::{account}:root"):
            return PrincipalMatch(entry, holds=True)
    # One session of a role: which session calls is not known.
    role = caller.rpartition("/")[2] if ":role/" in caller else None
    for entry in entries:
        if role and f":sts::{account}:assumed-role/{role}/" in entry:
            return PrincipalMatch(entry, holds=None)
    return PrincipalMatch("", holds=False)
