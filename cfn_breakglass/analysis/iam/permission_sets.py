"""The roles that Identity Center makes of permission sets, and the wildcards that mean them.

https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.iam.policy import as_list

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER = "aws-reserved/sso.amazonaws.com/"
_PREFIX = "AWSReservedSSO_"
_WILDCARD = re.compile(
    rf"arn:[^:]+:iam::(?P<account>[^:]+):role/(?:{re.escape(_FOLDER)})?\*{_PREFIX}(?P<name>.+?)_\*(?P<longer>_\*)?"
)
_ROLE = re.compile(rf"(?:{re.escape(_FOLDER)}(?:[a-z0-9-]+/)?)?{_PREFIX}(?P<name>.+)_[0-9a-f]+")


class PermissionSet(NamedTuple):
    """The sessions of a permission set in an account; or, if ``longer``, of others whose names begin with its name."""

    account: str
    name: str
    longer: bool = False


def example_role_of(name: str) -> str:
    """The path and name of the role of a permission set, with some suffix and in no region's folder."""
    return f"{_FOLDER}{_PREFIX}{name}_0123456789abcdef"


def permission_set_of(path_and_name: str) -> str:
    """The permission set of a role, empty for any other role."""
    found = _ROLE.fullmatch(path_and_name)
    return found["name"] if found else ""


def parse_role_wildcard(wildcard: str) -> PermissionSet | None:
    """The permission set that a wildcard for an ARN means; None for any other ARN."""
    found = _WILDCARD.fullmatch(wildcard)
    return PermissionSet(found["account"], found["name"], bool(found["longer"])) if found else None


def permission_sets_in(statement: Mapping[str, Any]) -> list[PermissionSet]:
    """The permission sets whose sessions alone a statement means."""
    wildcards = statement.get("Condition", {}).get("ArnLike", {}).get("aws:PrincipalArn", [])
    found = [parse_role_wildcard(str(one)) for one in as_list(wildcards)]
    return [one for one in found if one] if all(found) else []
