"""The pattern that tells when a session of the role makes a way back in.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from typing import Any, Final

from cfn_breakglass.config.model import Config
from cfn_breakglass.detections.tampering import ABSENT, WRITING, own_policies, own_roles
from cfn_breakglass.names import Names, sub

# Where principals, their keys and what they may do are made: those of an account, of an organization, and root's.
_IDENTITY: Final = (
    *("aws.iam", "aws.rolesanywhere", "aws.sso", "aws.sso-directory", "aws.identitystore"),
    *("aws.organizations", "aws.account"),
)
# What takes a way in away, or has nothing to do with one.
_NO_WAY_IN: Final = (
    *("Delete", "Detach", "Remove", "Tag", "Untag", "Generate", "CreateServiceLinked"),
    # Of STS, of regions, and of the account's organization tampering tells.
    *("SetS", "EnableRegion", "DisableRegion", "CloseAccount", "Leave", "AcceptHandshake"),
)
# What a policy, a boundary, a group or a revocation kept from somebody they may do once it is gone.
_LET_LOOSE: Final = (
    *({"suffix": "Policy"}, {"suffix": "PermissionsBoundary"}, {"suffix": "FromPermissionSet"}, "DeleteCrl"),
    *("RemoveUserFromGroup", "DeleteGroupMembership", "RemoveAccountFromOrganization"),
)
# Services of which tampering does not tell.
_NOT_OF_TAMPERING: Final = [{"prefix": "rolesanywhere."}, {"prefix": "sso"}, {"prefix": "identitystore."}]


def way_back_in(config: Config, names: Names, caller: dict[str, Any]) -> dict[str, Any]:
    """A call of ``caller``, a userIdentity, that makes or widens a way in. Of our own roles tampering tells."""
    # Where a tag lets users in, giving it is a way in.
    tagging = ["TagUser"] if config.user_tags else []
    detail = {
        "eventName": [{"anything-but": {"prefix": list(_NO_WAY_IN)}}, *_LET_LOOSE, *tagging],
        "readOnly": WRITING,
        "errorCode": ABSENT,
        "userIdentity": caller,
    }
    if config.hears_of("MonitoringTampered"):
        detail["requestParameters"] = _of_others(names)
        # Of what is called like a part of ours tampering tells, too, and of calls too large to say what they are about.
        named = [{"anything-but": {"prefix": f"{names.prefix}-"}}, *ABSENT]
        others = {"requestParameters": {"omitted": ABSENT, "name": named}}
        detail["$or"] = [{"eventSource": _NOT_OF_TAMPERING}, others]
    return {"source": list(_IDENTITY), "detail": detail}


def _of_others(names: Names) -> dict[str, Any]:
    roles = [sub(one) for one in own_roles(names)]
    return {
        "roleName": [{"anything-but": {"wildcard": roles}}, *ABSENT],
        "policyArn": [{"anything-but": own_policies(names)}, *ABSENT],
    }
