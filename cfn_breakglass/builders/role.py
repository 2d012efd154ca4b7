"""The role: who may take it on, what it may do, and the users' right to take it on.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
"""

from __future__ import annotations

from typing import Any

import awacs.sts
from awacs import aws
from troposphere import AWSObject, iam

from cfn_breakglass.builders.policies import Conditions, allow, policy
from cfn_breakglass.config import Config, Trust
from cfn_breakglass.names import Names, managed_policy_arn, principal_arn, root_arn, sub
from cfn_breakglass.regions import Partition

ADMINISTRATOR = "AdministratorAccess"
_USER = "${aws:username}"


def role(config: Config, names: Names) -> list[AWSObject]:
    """The role that the config creates, or what it adds to one that exists; and the grant to the users."""
    made = [_created(config)] if config.role.created else _added(config)
    return [*made, *_grant(config, names)]


def permissions(config: Config) -> tuple[str, ...]:
    """The managed policies of a created role; AdministratorAccess when the config gives no permissions at all."""
    if config.role.managed_policies or config.role.policy_statements:
        return config.role.managed_policies
    return (ADMINISTRATOR,)


def _created(config: Config) -> iam.Role:
    wanted = config.role
    made = iam.Role(
        "Role",
        RoleName=config.name,
        Description="For emergencies. Taking it on sets off an alert.",
        Path=wanted.path,
        MaxSessionDuration=wanted.max_session_hours * 3600,
        AssumeRolePolicyDocument=policy(*_trust(config)),
        ManagedPolicyArns=[sub(managed_policy_arn(name)) for name in permissions(config)],
    )
    if wanted.policy_statements:
        made.Policies = [iam.Policy(PolicyName=config.name, PolicyDocument=_document(config))]
    if wanted.permissions_boundary:
        made.PermissionsBoundary = wanted.permissions_boundary
    return made


def _added(config: Config) -> list[AWSObject]:
    if not config.role.policy_statements:
        return []
    name = str(config.role.existing).rpartition("/")[2]
    return [iam.RolePolicy("RolePolicy", PolicyName=config.name, RoleName=name, PolicyDocument=_document(config))]


def _document(config: Config) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(config.role.policy_statements)}


def _trust(config: Config) -> list[aws.Statement]:
    trust = config.role.trust
    statements = []
    if trust.saml_provider or trust.oidc_provider:
        statements.append(_federated(config, trust))
    elif config.usernames:
        statements.append(_users(config.usernames, trust))
    return statements + _principals(trust)


def _users(usernames: tuple[str, ...], trust: Trust) -> aws.Statement:
    actions = [awacs.sts.AssumeRole]
    equals: dict[str, Any] = {}
    if trust.session_name == "username":
        equals["sts:RoleSessionName"] = _USER
    if trust.source_identity:
        actions.append(awacs.sts.SetSourceIdentity)
        equals["sts:SourceIdentity"] = _USER
    when: dict[type[aws.ConditionElement], Any] = {
        aws.StringEqualsIgnoreCase: {"aws:username": list(usernames)},
        **({aws.StringEquals: equals} if equals else {}),
        **_mfa(trust),
    }
    return allow(actions, principal=aws.Principal("AWS", sub(root_arn())), when=when)


def _mfa(trust: Trust) -> Conditions:
    # Bool, not BoolIfExists: that would let in long-term keys, which carry no MFA at all.
    mfa: dict[type[aws.ConditionElement], Any] = {}
    if trust.mfa:
        mfa[aws.Bool] = {"aws:MultiFactorAuthPresent": "true"}
    if trust.mfa_max_age_minutes:
        mfa[aws.NumericLessThanEquals] = {"aws:MultiFactorAuthAge": str(trust.mfa_max_age_minutes * 60)}
    return mfa


def _federated(config: Config, trust: Trust) -> aws.Statement:
    if trust.saml_provider:
        when: dict[type[aws.ConditionElement], Any] = {aws.StringLike: {"SAML:aud": _saml_audiences(config.partition)}}
        if config.usernames:
            when[aws.StringEqualsIgnoreCase] = {"sts:RoleSessionName": list(config.usernames)}
        return allow(
            [awacs.sts.AssumeRoleWithSAML], principal=aws.Principal("Federated", trust.saml_provider), when=when
        )
    provider = str(trust.oidc_provider)
    subject = f"{provider.partition('oidc-provider/')[2]}:sub"
    return allow(
        [awacs.sts.AssumeRoleWithWebIdentity],
        principal=aws.Principal("Federated", provider),
        when={aws.StringEquals: {subject: list(config.usernames)}},
    )


def _saml_audiences(partition: Partition) -> list[str]:
    # Every region's endpoint too: an emergency may be that the one without a region is down.
    return [f"https://{partition.signin_host}/saml", f"https://*.{partition.signin_host}/saml"]


def _principals(trust: Trust) -> list[aws.Statement]:
    # A role's session carries no MFA data as a rule: asking for it would lock roles out.
    roles = [arn for arn in trust.principals if ":role/" in arn]
    others = [arn for arn in trust.principals if arn not in roles]
    return [
        allow([awacs.sts.AssumeRole], principal=aws.Principal("AWS", arns), when=when)
        for some, when in ((others, _mfa(trust)), (roles, {}))
        if (arns := [sub(principal_arn(one)) for one in some])
    ]


def _grant(config: Config, names: Names) -> list[AWSObject]:
    if not config.grants_users:
        return []
    actions = [awacs.sts.AssumeRole]
    if config.role.created and config.role.trust.source_identity:
        actions.append(awacs.sts.SetSourceIdentity)
    return [
        iam.ManagedPolicy(
            "RoleGrant",
            ManagedPolicyName=names.grant,
            Users=list(config.usernames),
            PolicyDocument=policy(allow(actions, [sub(arn) for arn in names.role.arns + names.role.arn_wildcards])),
        )
    ]
