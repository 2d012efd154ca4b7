"""The trust policy of the role: who may assume it, a statement for each way in; and the right to call AssumeRole.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import awacs.sts
from awacs import aws
from troposphere import AWSObject, iam

from cfn_breakglass.aws.partitions import Partition
from cfn_breakglass.builders.iam_policy import Conditions, allow, policy
from cfn_breakglass.config.model import Config
from cfn_breakglass.config.trust_settings import ANY_NAME, Trust
from cfn_breakglass.names import permission_set_arns, principal_arn, root_arn, sub
from cfn_breakglass.plan import Plan

_USER = "${aws:username}"


def trust_statements(config: Config) -> list[aws.Statement]:
    """What the trust policy of the role says: a statement or two for each way in, under conditions of its own."""
    trust = config.role.trust
    return [
        *_users(config, trust),
        *_saml(config, trust),
        *_oidc(config, trust),
        *_brought_along(trust),
        *_permission_sets(trust),
        *_principals(trust),
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
            PolicyDocument=policy(allow(actions, [sub(arn) for arn in names.role.arns + names.role.arn_wildcards])),
        )
    ]


def _let_in(
    action: aws.Action, principal: aws.Principal, when: Conditions, trust: Trust, *more: aws.Action
) -> aws.Statement:
    """A statement for one way in, with what is asked of everybody."""
    return allow([action, *more], principal=principal, when={**when, **_where_and_when(trust)})


def _where_and_when(trust: Trust) -> Conditions:
    asked: dict[type[aws.ConditionElement], Any] = {}
    if trust.source_ips:
        asked[aws.IpAddress] = {"aws:SourceIp": list(trust.source_ips)}
    if trust.not_before:
        asked[aws.DateGreaterThanEquals] = {"aws:CurrentTime": trust.not_before}
    if trust.not_after:
        asked[aws.DateLessThanEquals] = {"aws:CurrentTime": trust.not_after}
    return asked


def _users(config: Config, trust: Trust) -> Iterator[aws.Statement]:
    if not (config.users or config.user_tags):
        return
    account = aws.Principal("AWS", sub(root_arn()))
    equals: dict[str, Any] = {f"aws:PrincipalTag/{key}": value for key, value in config.user_tags.items()}
    if equals:
        # A session can bear a tag as well, and whoever starts one may choose it.
        equals["aws:PrincipalType"] = "User"
    if trust.session_name == "username":
        equals["sts:RoleSessionName"] = _USER
    identity = {"sts:SourceIdentity": _USER} if trust.source_identity else {}
    equals |= identity
    when: dict[type[aws.ConditionElement], Any] = {
        **({aws.StringEqualsIgnoreCase: {"aws:username": list(config.users)}} if config.users else {}),
        **({aws.StringEquals: equals} if equals else {}),
        **_mfa(trust),
    }
    # STS knows no session name where it asks whether an identity may be set, so that is a statement of its own then.
    apart = trust.source_identity and trust.session_name == "username"
    more = [awacs.sts.SetSourceIdentity] if trust.source_identity and not apart else []
    yield _let_in(awacs.sts.AssumeRole, account, when, trust, *more)
    if apart:
        yield allow([awacs.sts.SetSourceIdentity], principal=account, when={aws.StringEquals: identity})


def _mfa(trust: Trust) -> Conditions:
    # Bool, not BoolIfExists: that would let in long-term keys, which carry no MFA at all.
    mfa: dict[type[aws.ConditionElement], Any] = {}
    if trust.mfa:
        mfa[aws.Bool] = {"aws:MultiFactorAuthPresent": "true"}
    if trust.mfa_max_age_minutes:
        mfa[aws.NumericLessThanEquals] = {"aws:MultiFactorAuthAge": str(trust.mfa_max_age_minutes * 60)}
    return mfa


def _saml(config: Config, trust: Trust) -> Iterator[aws.Statement]:
    if not trust.saml_provider:
        return
    when: dict[type[aws.ConditionElement], Any] = {aws.StringLike: {"SAML:aud": _saml_audiences(config.partition)}}
    names = config.names_of("saml")
    if names and ANY_NAME not in names:
        when[aws.StringEqualsIgnoreCase] = {"sts:RoleSessionName": list(names)}
    yield _let_in(awacs.sts.AssumeRoleWithSAML, aws.Principal("Federated", trust.saml_provider), when, trust)


def _saml_audiences(partition: Partition) -> list[str]:
    # Every region's endpoint too: an emergency may be that the one without a region is down.
    return [f"https://{partition.signin_host}/saml", f"https://*.{partition.signin_host}/saml"]


def _oidc(config: Config, trust: Trust) -> Iterator[aws.Statement]:
    if not trust.oidc_provider:
        return
    space = trust.oidc_provider.partition("oidc-provider/")[2]
    audiences = {f"{space}:aud": list(trust.oidc_audiences)} if trust.oidc_audiences else {}
    subjects = {f"{space}:sub": list(config.names_of("oidc"))}
    # What usernames hold is taken to the letter, as ever.
    if any(set("*?") & set(one) for one in trust.oidc_subjects):
        when: Conditions = {**({aws.StringEquals: audiences} if audiences else {}), aws.StringLike: subjects}
    else:
        when = {aws.StringEquals: audiences | subjects}
    provider = aws.Principal("Federated", trust.oidc_provider)
    yield _let_in(awacs.sts.AssumeRoleWithWebIdentity, provider, when, trust)


def _brought_along(trust: Trust) -> Iterator[aws.Statement]:
    """Let providers with names of their own send tags and a source identity too: STS refuses the whole call else.

    In a statement of its own, as STS has fewer condition keys for these:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
    """
    named = (trust.saml_provider, trust.saml_names), (trust.oidc_provider, trust.oidc_subjects)
    if providers := [provider for provider, names in named if provider and names]:
        yield allow(
            [awacs.sts.SetSourceIdentity, awacs.sts.TagSession], principal=aws.Principal("Federated", providers)
        )


def _permission_sets(trust: Trust) -> Iterator[aws.Statement]:
    # One each: what keeps a longer name out may be the name of another set.
    for name in trust.permission_sets:
        account, role, longer = permission_set_arns(name)
        when = {aws.ArnLike: {"aws:PrincipalArn": sub(role)}, aws.ArnNotLike: {"aws:PrincipalArn": longer}}
        yield _let_in(awacs.sts.AssumeRole, aws.Principal("AWS", sub(account)), when, trust)


def _principals(trust: Trust) -> Iterator[aws.Statement]:
    asked = {"aws:PrincipalOrgID": trust.organization, "sts:ExternalId": trust.external_id}
    equals = {key: value for key, value in asked.items() if value}
    known: Conditions = {aws.StringEquals: equals} if equals else {}
    # A role's session carries no MFA data as a rule: asking for it would lock roles out.
    roles = [arn for arn in trust.principals if ":role/" in arn]
    others = [arn for arn in trust.principals if arn not in roles]
    for some, when in ((others, {**known, **_mfa(trust)}), (roles, known)):
        if arns := [sub(principal_arn(one)) for one in some]:
            yield _let_in(awacs.sts.AssumeRole, aws.Principal("AWS", arns), when, trust)
