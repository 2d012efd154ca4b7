"""The roles that Identity Center creates for permission sets, and the ARN wildcards that match them.

https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.iam.request_context import as_list

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER = "aws-reserved/sso.amazonaws.com/"
_PREFIX = "AWSReservedSSO_"
_WILDCARD = re.compile(
    rf"arn:[^:]+:iam::(?P<account>[^:]+):role/(?:{re.escape(_FOLDER)})?\*{_PREFIX}(?P<name>.+?)_\*(?P<longer>_\*)?"
)
_ROLE = re.compile(rf"(?:{re.escape(_FOLDER)}(?:[a-z0-9-]+/)?)?{_PREFIX}(?P<name>.+)_[0-9a-f]+")


class PermissionSet(NamedTuple):
    """A permission set of an account; or, if ``longer``, those whose names begin with its name and an underscore."""

    account: str
    name: str
    longer: bool = False


def example_role_of(name: str) -> str:
    """A path and name that the role of a permission set could have; the suffix is made up."""
    return f"{_FOLDER}{_PREFIX}{name}_0123456789abcdef"


def permission_set_of(path_and_name: str) -> str:
    """The permission set of a role, empty for any other role."""
    match = _ROLE.fullmatch(path_and_name)
    return match["name"] if match else ""


def parse_role_wildcard(wildcard: str) -> PermissionSet | None:
    """The permission set whose role an ARN wildcard matches; None for any other ARN."""
    match = _WILDCARD.fullmatch(wildcard)
    return PermissionSet(match["account"], match["name"], bool(match["longer"])) if match else None


def permission_sets_in(statement: Mapping[str, Any]) -> list[PermissionSet]:
    """The permission sets that a statement is limited to; empty if it is not limited to permission sets."""
    wildcards = statement.get("Condition", {}).get("ArnLike", {}).get("aws:PrincipalArn", [])
    permission_sets = [parse_role_wildcard(str(wildcard)) for wildcard in as_list(wildcards)]
    matched = [permission_set for permission_set in permission_sets if permission_set]
    return matched if len(matched) == len(permission_sets) else []
