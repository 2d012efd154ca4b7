"""The trust policy of the role: who may assume it, a statement for each kind of caller; and the right to assume it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import awacs.sts
from awacs import aws
from troposphere import AWSObject, Ref, iam

from cfn_breakglass.aws.partitions import Partition
from cfn_breakglass.builders.iam_policy import Conditions, allow, anybody, deny, policy, service
from cfn_breakglass.config.model import Config
from cfn_breakglass.config.oidc_subjects import issuer_of
from cfn_breakglass.config.trust_settings import ANY_NAME, Trust
from cfn_breakglass.names import in_every_account, permission_set_arns, principal_arn, sub, user_arn
from cfn_breakglass.plan import Plan

_USER = "${aws:username}"


def trust_statements(config: Config) -> list[aws.Statement]:
    """The statements of the trust policy: one or two for each kind of caller, under conditions of their own."""
    trust = config.role.trust
    return [
        *_users(config, trust),
        *_saml(config, trust),
        *_oidc(config, trust),
        *_permission_sets(config, trust),
        *_account_access(trust),
        *_principals(trust),
        *_covered_regions(config),
    ]


def grant(plan: Plan) -> list[AWSObject]:
    """The policy with the right to assume the role: attached to the users whom the config names, or to be attached."""
    config, names = plan.config, plan.names
    if not config.grants:
        return []
    actions = [awacs.sts.AssumeRole]
    if config.role.created and config.role.trust.source_identity:
        actions.append(awacs.sts.SetSourceIdentity)
    return [
        iam.ManagedPolicy(
            "RoleGrant",
            ManagedPolicyName=names.grant,
            **({"Users": list(config.users)} if config.users else {}),
            PolicyDocument=policy(allow("AssumeRole", actions, [sub(arn) for arn in names.role.arns_in_accounts])),
        )
    ]


def _allow_assuming(
    sid: str, action: aws.Action, principal: aws.Principal, when: Conditions, trust: Trust, *more_actions: aws.Action
) -> aws.Statement:
    """A statement for one kind of caller, with the conditions that apply to everybody."""
    return allow(sid, [action, *more_actions], principal=principal, when={**when, **_network_and_time(trust)})


def _network_and_time(trust: Trust) -> Conditions:
    conditions: dict[type[aws.ConditionElement], Any] = {}
    if trust.source_ips:
        conditions[aws.IpAddress] = {"aws:SourceIp": list(trust.source_ips)}
    if trust.not_before:
        conditions[aws.DateGreaterThanEquals] = {"aws:CurrentTime": trust.not_before}
    if trust.not_after:
        conditions[aws.DateLessThanEquals] = {"aws:CurrentTime": trust.not_after}
    return conditions


def _users(config: Config, trust: Trust) -> Iterator[aws.Statement]:
    if not (config.users or config.user_tags):
        return
    account = _account_of_users(config)
    equals: dict[str, Any] = {f"aws:PrincipalTag/{key}": value for key, value in config.user_tags.items()}
    if equals:
        # A session can have a tag as well, and whoever starts it may choose the tag.
        equals["aws:PrincipalType"] = "User"
    if trust.session_name == "username":
        equals["sts:RoleSessionName"] = _USER
    identity = {"sts:SourceIdentity": _USER} if trust.source_identity else {}
    equals |= identity
    when: dict[type[aws.ConditionElement], Any] = {
        **(_named_users(config) if config.users else {}),
        **({aws.StringEquals: equals} if equals else {}),
        **_mfa(trust),
    }
    # When STS checks whether an identity may be set, it has no session name. With a condition on the session name, the
    # right to set an identity is therefore a statement of its own.
    is_separate = trust.source_identity and trust.session_name == "username"
    more_actions = [awacs.sts.SetSourceIdentity] if trust.source_identity and not is_separate else []
    yield _allow_assuming("Users", awacs.sts.AssumeRole, account, when, trust, *more_actions)
    if is_separate:
        yield allow("Identity", [awacs.sts.SetSourceIdentity], principal=account, when={aws.StringEquals: identity})


def _named_users(config: Config) -> Conditions:
    if not config.organization:
        return {aws.StringEqualsIgnoreCase: {"aws:username": list(config.users)}}
    # A trust policy cannot name a user that does not exist.
    arns = [user_arn(user, config.organization.hub) for user in config.users]
    return {aws.ArnLike: {"aws:PrincipalArn": [sub(arn) for arn in arns]}}


def _account_of_users(config: Config) -> aws.Principal:
    """Whoever in this account, or in the hub of an organization, has a policy that allows the call.

    A trust policy has little room, and an ID is short.
    """
    return aws.Principal("AWS", config.organization.hub if config.organization else Ref("AWS::AccountId"))


def _mfa(trust: Trust) -> Conditions:
    # Bool, not BoolIfExists: that would allow long-term keys, which carry no MFA data at all.
    mfa: dict[type[aws.ConditionElement], Any] = {}
    if trust.mfa:
        mfa[aws.Bool] = {"aws:MultiFactorAuthPresent": "true"}
    if trust.mfa_max_age_minutes:
        mfa[aws.NumericLessThanEquals] = {"aws:MultiFactorAuthAge": str(trust.mfa_max_age_minutes * 60)}
    return mfa


def _saml(config: Config, trust: Trust) -> Iterator[aws.Statement]:
    if not trust.saml_providers:
        return
    when: dict[type[aws.ConditionElement], Any] = {aws.StringLike: {"SAML:aud": _saml_audiences(config.partition)}}
    names = config.names_of("saml")
    if names and ANY_NAME not in names:
        when[aws.StringEqualsIgnoreCase] = {"sts:RoleSessionName": list(names)}
    providers = [sub(in_every_account(provider, config)) for provider in trust.saml_providers]
    provider = aws.Principal("Federated", providers if len(providers) > 1 else providers[0])
    yield _allow_assuming("Saml", awacs.sts.AssumeRoleWithSAML, provider, when, trust)
    if trust.saml_names:
        # Or STS denies the whole call of a provider that sends them. This is a statement of its own, because STS has
        # fewer condition keys for these actions:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
        yield allow("SessionTags", [awacs.sts.SetSourceIdentity, awacs.sts.TagSession], principal=provider)


def _saml_audiences(partition: Partition) -> list[str]:
    """The endpoint of every region as well, for the global one may be down; and /saml/acs/ID of encrypted assertions.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
    """
    return [f"https://{partition.signin_host}/saml*", f"https://*.{partition.signin_host}/saml*"]


def _oidc(config: Config, trust: Trust) -> Iterator[aws.Statement]:
    """With subjects of its own, the provider may send tags and a source identity, or STS denies the whole call.

    AWS has these actions in one statement: https://docs.aws.amazon.com/cognito/latest/developerguide/using-afac-with-cognito-identity-pools.html
    """
    if not trust.oidc_provider:
        return
    issuer = issuer_of(trust.oidc_provider)
    required = {
        **({f"{issuer}:aud": trust.oidc_audiences} if trust.oidc_audiences else {}),
        f"{issuer}:sub": config.names_of("oidc"),
        **{f"{issuer}:{claim}": (value,) for claim, value in trust.oidc_claims.items()},
    }
    equals: dict[str, list[str]] = {}
    like: dict[str, list[str]] = {}
    for key, values in required.items():
        # Audiences and usernames are literal.
        is_wild = trust.oidc_subjects and not key.endswith(":aud") and set("*?") & set("".join(values))
        (like if is_wild else equals)[key] = list(values)
    operators: Conditions = {aws.StringEquals: equals, aws.StringLike: like}
    when = {operator: keys for operator, keys in operators.items() if keys}
    tags = (awacs.sts.SetSourceIdentity, awacs.sts.TagSession) if trust.oidc_subjects else ()
    provider = aws.Principal("Federated", sub(in_every_account(trust.oidc_provider, config)))
    yield _allow_assuming("Oidc", awacs.sts.AssumeRoleWithWebIdentity, provider, when, trust, *tags)


def _permission_sets(config: Config, trust: Trust) -> Iterator[aws.Statement]:
    # A statement for each: the condition that excludes longer names may exclude the name of another set.
    for number, name in enumerate(trust.permission_sets, 1):
        account, role, longer = permission_set_arns(_with_hub(name, config))
        principal = aws.Principal("AWS", account) if account else _account_of_users(config)
        when = {aws.ArnLike: {"aws:PrincipalArn": sub(role)}, aws.ArnNotLike: {"aws:PrincipalArn": longer}}
        yield _allow_assuming(f"PermissionSet{number}", awacs.sts.AssumeRole, principal, when, trust)


def _with_hub(permission_set: str, config: Config) -> str:
    """A permission set as account/name where every account has the role: one without an account is in the hub."""
    if not config.organization or "/" in permission_set:
        return permission_set
    return f"{config.organization.hub}/{permission_set}"


def _account_access(trust: Trust) -> Iterator[aws.Statement]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/aam-prepare-roles.html."""
    if application := trust.account_access.application:
        when: Conditions = {aws.StringEquals: {"aws:SourceArn": application}}
        more_actions = (awacs.sts.SetContext, awacs.sts.TagSession)
        manager = service("account-access.amazonaws.com")
        yield _allow_assuming("AccountAccess", awacs.sts.AssumeRole, manager, when, trust, *more_actions)


def _principals(trust: Trust) -> Iterator[aws.Statement]:
    keys = {"aws:PrincipalOrgID": trust.organization, "sts:ExternalId": trust.external_id}
    equals = {key: value for key, value in keys.items() if value}
    when: Conditions = {aws.StringEquals: equals} if equals else {}
    # A role's session usually carries no MFA data, so a condition on it would lock roles out.
    roles = [arn for arn in trust.principals if ":role/" in arn]
    others = [arn for arn in trust.principals if arn not in roles]
    for sid, principals, conditions in (("Principals", others, {**when, **_mfa(trust)}), ("Roles", roles, when)):
        if arns := [sub(principal_arn(principal)) for principal in principals]:
            yield _allow_assuming(sid, awacs.sts.AssumeRole, aws.Principal("AWS", arns), conditions, trust)


def _covered_regions(config: Config) -> Iterator[aws.Statement]:
    """Deny the calls that nobody would be alerted of; a statement of its own, as the list of regions is long."""
    if config.role.trust.only_covered_regions:
        actions = [awacs.sts.AssumeRole, awacs.sts.AssumeRoleWithSAML, awacs.sts.AssumeRoleWithWebIdentity]
        covered = {"aws:RequestedRegion": sorted({config.main_region, *config.secondary_regions})}
        yield deny("CoveredRegions", actions, principal=anybody(), when={aws.StringNotEquals: covered})
