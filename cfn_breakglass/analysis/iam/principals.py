"""The Principal of a policy statement, and which of its entries matches a caller.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.iam.request_context import as_list
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cfn_breakglass.analysis.iam.request_context import RequestContext

_ACCOUNT = re.compile(r"[0-9]{12}")
_PRINCIPAL_KEYS = {"AWS", "Service", "Federated"}
_USER_WILDCARD = re.compile(r"arn:[^:]+:iam::[0-9]{12}:user\*/(?P<name>[\w+=,.@-]+)")
_ARN = re.compile(r"arn:[^:]+:(?:iam|sts)::(?P<account>[0-9]{12}):(?P<rest>.+)")


def is_account(text: str) -> bool:
    return bool(_ACCOUNT.fullmatch(text))


def not_an_account(text: str) -> str:
    """The error message for a text that is not an account ID."""
    return f"{text} is not an account ID: an account ID has twelve digits"


class PrincipalMatch(NamedTuple):
    """The entry of a Principal that matches the caller, empty if none does; ``holds`` is None if unknown."""

    entry: str
    holds: bool | None


def principals_of(statement: Mapping[str, Any]) -> dict[str, list[str]]:
    """The entries of a statement's Principal by its keys; without a Principal, everybody."""
    principal = statement.get("Principal", "*")
    if principal == "*":
        return {"AWS": ["*"]}
    if not isinstance(principal, dict) or principal.keys() - _PRINCIPAL_KEYS:
        raise TemplateError(f"cannot evaluate the principal {principal!r}")
    entries_by_key = {key: as_list(value) for key, value in principal.items()}
    for entry in chain.from_iterable(entries_by_key.values()):
        if not isinstance(entry, str) or ("*" in entry and entry != "*"):
            raise TemplateError(f"a principal has no wildcard, unless it is * for everybody: {entry!r}")
    return entries_by_key


def parse_principal(entry: str) -> tuple[str, str]:
    """The account of a principal and the end of its ARN, ``root`` for an account; both empty without an account."""
    if is_account(entry):
        return entry, "root"
    arn = _ARN.fullmatch(entry)
    return (arn["account"], arn["rest"]) if arn else ("", "")


def username_in_wildcard(arn: str) -> str:
    """The IAM user that an ARN wildcard matches whatever the user's path is; empty for any other text."""
    match = _USER_WILDCARD.fullmatch(arn)
    return match["name"] if match else ""


def match_principal(statement: Mapping[str, Any], service: str | None, context: RequestContext) -> PrincipalMatch:
    """Match a statement's Principal with a service, or without one with the principal in the request's context.

    ``*`` also matches federated users and services.
    """
    entries_by_key = principals_of(statement)
    aws_entries = entries_by_key.get("AWS", [])
    if "*" in aws_entries:
        return PrincipalMatch("*", holds=True)
    provider = None if service else context.first("aws:FederatedProvider")
    for key, name in (("Service", service), ("Federated", provider)):
        if name in entries_by_key.get(key, []):
            return PrincipalMatch(str(name), holds=True)
    arn = None if service else context.first("aws:PrincipalArn")
    return _match_arn(aws_entries, arn) if arn else PrincipalMatch("", holds=False)


def _match_arn(entries: list[str], arn: str) -> PrincipalMatch:
    """Match the ARN of a user or of a role whose session calls, by itself before by its account."""
    account = arn.split(":")[4]
    if arn in entries:
        return PrincipalMatch(arn, holds=True)
    for entry in entries:
        if entry == account or entry.endswith(f":iam::{account}:root"):
            return PrincipalMatch(entry, holds=True)
    # An entry for one session of the role matches only that session, whose name the ARN of the role does not have.
    role = arn.rpartition("/")[2] if ":role/" in arn else None
    for entry in entries:
        if role and f":sts::{account}:assumed-role/{role}/" in entry:
            return PrincipalMatch(entry, holds=None)
    return PrincipalMatch("", holds=False)
