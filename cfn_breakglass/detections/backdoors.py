"""The patterns of persistence: a session of the role makes a backdoor, by which somebody gets in again.

One is about identities: principals, their keys, logins, trusts and policies, in the services that hold them for all
others. The other one is about resources: who may reach one, by what the service of that resource knows. No event
matches both. tests/detections/decided_calls.yaml lists the calls that neither takes, with the reason.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from typing import Any, Final

from cfn_breakglass.config.model import Config
from cfn_breakglass.detections.tampering import ABSENT, PRESENT, WRITING, own_roles
from cfn_breakglass.names import Names, sub

# Where principals, their keys and what they may do are made: those of an account, of an organization, and root's; and
# where resources are shared with other accounts.
_IDENTITY: Final = (
    *("iam", "rolesanywhere", "sso", "sso-directory", "identitystore", "organizations", "account", "account-access"),
    "ram",
)
# What takes access away, or has nothing to do with access.
_IGNORED_CALLS: Final = (
    *("Delete", "Detach", "Disassociate", "Remove", "Tag", "Untag", "Generate", "CreateServiceLinked"),
    # MonitoringTampered watches STS, the regions and the account's organization.
    *("SetS", "EnableRegion", "DisableRegion", "CloseAccount", "Leave", "AcceptHandshake"),
)
# A policy, a boundary, a group, a revocation or an MFA device may keep somebody out; once it is gone, nothing does.
_LOOSENING_CALLS: Final = (
    *({"suffix": "Policy"}, {"suffix": "PermissionsBoundary"}, {"suffix": "FromPermissionSet"}, "DeleteCrl"),
    *("RemoveUserFromGroup", "DeleteGroupMembership", "RemoveAccountFromOrganization"),
    {"prefix": "DeleteMfa"},
)
_NOT_OF_IAM: Final = [{"anything-but": ["iam.amazonaws.com"]}]

# Services with no policies about access, but many about how to scale.
_SCALING: Final = ("application-autoscaling", "autoscaling")
_RESOURCE_CALLS: Final = (
    # A policy may deny something; once it is gone, that is allowed.
    *({"suffix": "Policy"}, {"suffix": "PolicyVersion"}),
    # To add, associate, create, modify, promote, put or update a permission, and Lake Formation's grants.
    *({"wildcard": f"{verb}*Permission*"} for verb in ("A", "C", "M", "P", "Up")),
    *({"suffix": "GrantPermissions"}, {"prefix": "CreateAccessGrant"}, "PutDataLakeSettings"),
    # The replica of a key has a policy of its own. A certificate may be one that IAM Roles Anywhere trusts.
    *("ReplicateKey", "IssueCertificate"),
    # The URL of a function, the users of a cluster, and who gets a role by way of a cluster, a pool or a certificate.
    *({"prefix": "CreateFunctionUrl"}, {"prefix": "UpdateFunctionUrl"}, {"suffix": "ateAccessEntry"}),
    *({"prefix": "AssociateIdentity"}, {"suffix": "atePodIdentityAssociation"}, {"suffix": "ateRoleAlias"}),
    *({"suffix": "ateIdentityPool"}, "SetIdentityPoolRoles", "CreateActivation", "CreateKeysAndCertificate"),
    "UpdateRestApi",  # its policy too
    # Snapshots and images that are shared, and what keeps buckets and snapshots from the public.
    *({"wildcard": "M*SnapshotAttribute"}, {"wildcard": "M*ImageAttribute"}, {"wildcard": "D*PublicAccess*"}),
    *("AuthorizeSnapshotAccess", "AuthorizeDataShare", "PutBucketAcl", {"prefix": "ImportSsh"}),
    "CreateBucketAccessKey",
)
# How SNS and SQS name a policy, and OpenSearch; and what opens a bucket to the public that has a policy or ACL for it.
_POLICY_PARAMETERS: Final = (
    {"PublicAccessBlockConfiguration": {"$or": [{"IgnorePublicAcls": [False]}, {"RestrictPublicBuckets": [False]}]}},
    {"attributeName": ["Policy"]},
    {"attributes": {"Policy": PRESENT}},
    {"accessPolicies": PRESENT},
)


def identity_pattern(config: Config, names: Names) -> dict[str, Any]:
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
        detail["$or"] = [{"eventSource": _NOT_OF_IAM}, others]
    return {"source": [f"aws.{service}" for service in _IDENTITY], "detail": detail}


def resource_pattern() -> dict[str, Any]:
    """A call that lets somebody in to a resource."""
    excluded = [*(f"{service}." for service in _IDENTITY), *_SCALING]
    return {
        "source": [{"prefix": "aws."}],
        "detail": {
            "readOnly": WRITING,
            "errorCode": ABSENT,
            "eventSource": [{"anything-but": {"prefix": excluded}}],
            "$or": [
                # How long to keep a log is a policy too.
                {"eventName": list(_RESOURCE_CALLS), "requestParameters": {"retentionInDays": ABSENT}},
                # Services make grants for what they do for a caller.
                {"eventName": ["CreateGrant"], "userIdentity": {"invokedBy": ABSENT}},
                {"requestParameters": {"$or": list(_POLICY_PARAMETERS)}},
            ],
        },
    }


def _of_others(config: Config, names: Names) -> dict[str, Any]:
    roles = [sub(role) for role in own_roles(config, names)]
    policies = [f"*:policy/{name}" for name in names.policies(config)]
    return {
        "roleName": [{"anything-but": {"wildcard": roles}}, *ABSENT],
        "policyArn": [{"anything-but": {"wildcard": policies}}, *ABSENT],
    }
