"""The role: who may assume it, and what it may do.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
"""

from __future__ import annotations

from typing import Any

from troposphere import AWSObject, iam

from cfn_breakglass.builders.access.protection import VERSION, protects_role, role_protection
from cfn_breakglass.builders.access.trust_policy import trust_statements
from cfn_breakglass.builders.iam_policy import policy
from cfn_breakglass.builders.scanner_suppressions import accepted
from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.config.model import Config
from cfn_breakglass.names import in_every_account, managed_policy_arn, principal_arn, sub
from cfn_breakglass.plan import Plan

ADMINISTRATOR = "AdministratorAccess"


def role(plan: Plan) -> list[AWSObject]:
    """The role that the config creates, or the policies that it adds to an existing one."""
    return [_created_role(plan)] if plan.config.role.created else _added_policies(plan)


def managed_policies(config: Config) -> tuple[str, ...]:
    """The managed policies of a created role; AdministratorAccess when the config gives no permissions at all."""
    if config.role.managed_policies or config.role.policy_statements:
        return config.role.managed_policies
    return (ADMINISTRATOR,)


def _created_role(plan: Plan) -> iam.Role:
    config, settings = plan.config, plan.config.role
    policies, boundary = list(_inline_policies(plan).values()), settings.permissions_boundary
    # A whole account is trusted where the config names it, and under the conditions beside it.
    trusts_account = any(principal_arn(principal).endswith(":root") for principal in settings.trust.principals)
    suppression = {"Metadata": accepted(CKV_AWS_61="The config trusts that account")} if trusts_account else {}
    return iam.Role(
        "Role",
        RoleName=config.name,
        Description="For emergencies. Whoever assumes it sets off an alert.",
        Path=settings.path,
        MaxSessionDuration=settings.max_session_hours * 3600,
        AssumeRolePolicyDocument=policy(*trust_statements(config)),
        ManagedPolicyArns=[
            sub(in_every_account(managed_policy_arn(name), config)) for name in managed_policies(config)
        ],
        **({"Policies": policies} if policies else {}),
        **({"PermissionsBoundary": sub(in_every_account(boundary, config))} if boundary else {}),
        **suppression,
        **tags(plan),
    )


def _added_policies(plan: Plan) -> list[AWSObject]:
    return [
        iam.RolePolicy(
            logical_id,
            RoleName=str(plan.config.role.existing).rpartition("/")[2],
            PolicyName=inline.PolicyName,
            PolicyDocument=inline.PolicyDocument,
        )
        for logical_id, inline in _inline_policies(plan).items()
    ]


def _inline_policies(plan: Plan) -> dict[str, iam.Policy]:
    """The inline policies of the role, by the logical ID that each has as a resource of its own."""
    documents: dict[str, tuple[str, dict[str, Any]]] = {}
    if statements := plan.config.role.policy_statements:
        documents["RolePolicy"] = plan.config.name, {"Version": VERSION, "Statement": list(statements)}
    if protects_role(plan.config):
        documents["RoleProtection"] = plan.names.protection, role_protection(plan)
    return {
        logical_id: iam.Policy(PolicyName=name, PolicyDocument=document)
        for logical_id, (name, document) in documents.items()
    }
