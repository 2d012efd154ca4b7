"""The role: who may take it on, what it may do, and the users' right to take it on.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
"""

from __future__ import annotations

from troposphere import AWSObject, iam

from cfn_breakglass.builders.access.protection import VERSION, protects_role, role_protection
from cfn_breakglass.builders.access.trust_policy import grant, trust_statements
from cfn_breakglass.builders.iam_policy import policy
from cfn_breakglass.config.model import Config
from cfn_breakglass.names import Names, managed_policy_arn, sub

ADMINISTRATOR = "AdministratorAccess"


def role(config: Config, names: Names) -> list[AWSObject]:
    """The role that the config creates, or what it adds to one that exists; and the grant to the users."""
    inline = _inline(config, names)
    made = [_created(config, inline)] if config.role.created else _added(config, inline)
    return [*made, *grant(config, names)]


def permissions(config: Config) -> tuple[str, ...]:
    """The managed policies of a created role; AdministratorAccess when the config gives no permissions at all."""
    if config.role.managed_policies or config.role.policy_statements:
        return config.role.managed_policies
    return (ADMINISTRATOR,)


def _created(config: Config, inline: list[iam.Policy]) -> iam.Role:
    wanted = config.role
    made = iam.Role(
        "Role",
        RoleName=config.name,
        Description="For emergencies. Taking it on sets off an alert.",
        Path=wanted.path,
        MaxSessionDuration=wanted.max_session_hours * 3600,
        AssumeRolePolicyDocument=policy(*trust_statements(config)),
        ManagedPolicyArns=[sub(managed_policy_arn(name)) for name in permissions(config)],
    )
    if inline:
        made.Policies = inline
    if wanted.permissions_boundary:
        made.PermissionsBoundary = wanted.permissions_boundary
    return made


def _added(config: Config, inline: list[iam.Policy]) -> list[AWSObject]:
    titles = {config.name: "RolePolicy"}
    return [
        iam.RolePolicy(
            titles.get(one.PolicyName, "RoleProtection"),
            RoleName=str(config.role.existing).rpartition("/")[2],
            PolicyName=one.PolicyName,
            PolicyDocument=one.PolicyDocument,
        )
        for one in inline
    ]


def _inline(config: Config, names: Names) -> list[iam.Policy]:
    given = {"Version": VERSION, "Statement": list(config.role.policy_statements)}
    inline = [iam.Policy(PolicyName=config.name, PolicyDocument=given)] if config.role.policy_statements else []
    if protects_role(config):
        inline.append(iam.Policy(PolicyName=names.protection, PolicyDocument=role_protection(config, names)))
    return inline
