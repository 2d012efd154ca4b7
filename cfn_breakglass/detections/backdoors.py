"""The pattern of persistence: a session of the role makes a backdoor, by which somebody gets in again.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from typing import Any, Final

from cfn_breakglass.config.model import Config
from cfn_breakglass.detections.tampering import ABSENT, WRITING, own_roles
from cfn_breakglass.names import Names, sub

# Where principals, their keys and what they may do are made: those of an account, of an organization, and root's.
_IDENTITY: Final = (
    *("aws.iam", "aws.rolesanywhere", "aws.sso", "aws.sso-directory", "aws.identitystore"),
    *("aws.organizations", "aws.account"),
)
# What takes access away, or has nothing to do with access.
_IGNORED_CALLS: Final = (
    *("Delete", "Detach", "Remove", "Tag", "Untag", "Generate", "CreateServiceLinked"),
    # MonitoringTampered watches STS, the regions and the account's organization.
    *("SetS", "EnableRegion", "DisableRegion", "CloseAccount", "Leave", "AcceptHandshake"),
)
# A policy, a boundary, a group or a revocation may deny something; once it is gone, that is allowed.
_LOOSENING_CALLS: Final = (
    *({"suffix": "Policy"}, {"suffix": "PermissionsBoundary"}, {"suffix": "FromPermissionSet"}, "DeleteCrl"),
    *("RemoveUserFromGroup", "DeleteGroupMembership", "RemoveAccountFromOrganization"),
)
# Services that MonitoringTampered does not watch.
_NOT_WATCHED_FOR_TAMPERING: Final = [{"prefix": "rolesanywhere."}, {"prefix": "sso"}, {"prefix": "identitystore."}]


def persistence_pattern(config: Config, names: Names) -> dict[str, Any]:
    """A call that creates or widens access; MonitoringTampered watches our own roles."""
    # Where a tag lets users assume the role, to tag a user is to let him in.
    tagging = ["TagUser"] if config.user_tags else []
    detail = {
        "eventName": [{"anything-but": {"prefix": list(_IGNORED_CALLS)}}, *_LOOSENING_CALLS, *tagging],
        "readOnly": WRITING,
        "errorCode": ABSENT,
    }
    if config.alerts_or_logs("MonitoringTampered"):
        detail["requestParameters"] = _of_others(config, names)
        # MonitoringTampered also takes calls whose parameters CloudTrail leaves out because they are too large.
        others = {"requestParameters": {"omitted": ABSENT}}
        detail["$or"] = [{"eventSource": _NOT_WATCHED_FOR_TAMPERING}, others]
    return {"source": list(_IDENTITY), "detail": detail}


def _of_others(config: Config, names: Names) -> dict[str, Any]:
    roles = [sub(role) for role in own_roles(config, names)]
    policies = [f"*:policy/{name}" for name in names.policies(config)]
    return {
        "roleName": [{"anything-but": {"wildcard": roles}}, *ABSENT],
        "policyArn": [{"anything-but": {"wildcard": policies}}, *ABSENT],
    }
