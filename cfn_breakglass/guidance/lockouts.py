"""Who is kept out though the config means them, and who else has to do something before the role lets them in.

Which callers bring what: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
What the console brings: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html and, of
addresses, https://repost.aws/knowledge-center/source-ip-switch-role
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.model import Config
from cfn_breakglass.config.trust_settings import ANY_NAME, Trust
from cfn_breakglass.plan import Plan

_NO_MFA = "sessions of roles, and so of Identity Center, carry no MFA data"
_CODES = "; MFA is then a code for the AWS CLI, which takes those of an app and no security key or passkey"
_ROLE_ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/Role"


def lockouts(config: Config, now: datetime | None = None) -> Iterator[str]:
    """Sentences about people who cannot get in, or for less long than the config says; ``now`` is by the clock."""
    if not config.role.created:
        return
    trust = config.role.trust
    yield from _switching(config, trust)
    yield from _of_accounts(trust)
    yield from _chained(config, trust)
    yield from _literally(config, trust)
    if trust.not_after and datetime.fromisoformat(trust.not_after) <= (now or datetime.now(UTC)):
        yield f"role.trust.not_after: {trust.not_after} is over, so nobody can take the role on; write a later one"


def _switching(config: Config, trust: Trust) -> Iterator[str]:
    """What the console does not bring along when somebody switches to the role there."""
    users = bool(config.users or config.user_tags)
    codes = _CODES if users and trust.mfa else ""
    if trust.source_ips:
        yield (
            "role.trust.source_ips: nobody can switch to the role in the console, which asks from an address of AWS,"
            f" and a call through a VPC endpoint has no public one; use the AWS CLI from those networks{codes}"
        )
    if trust.source_identity and users:
        yield (
            "role.trust.source_identity: usernames cannot switch to the role in the console, which sends none, nor"
            f" does a profile of the AWS CLI; use the command in the stack's outputs{codes}"
        )
    if trust.external_id and trust.principals:
        yield (
            "role.trust.external_id: principals cannot switch to the role in the console, which sends none; use the"
            " profile in the stack's outputs"
        )


def _of_accounts(trust: Trust) -> Iterator[str]:
    for principal in trust.principals if trust.mfa else ():
        if ":role/" not in principal and ":user/" not in principal:
            yield (
                f"role.trust.principals: MFA is asked of {principal}, so only its IAM users get in: {_NO_MFA}; name its"
                " roles by ARN, its permission sets in role.trust.permission_sets, or set role.trust.mfa: false"
            )


def _chained(config: Config, trust: Trust) -> Iterator[str]:
    hours = config.role.max_session_hours
    # An account of which MFA is required has no role that gets in, as the session of a role carries no MFA data.
    roles = [arn for arn in trust.principals if ":role/" in arn or not (trust.mfa or ":user/" in arn)]
    if hours > 1 and (roles or trust.permission_sets):
        yield (
            f"role.max_session_hours: {hours} hours are for IAM users and providers; a session that comes from another"
            " role or from Identity Center lasts 1 hour, and asking for more is refused"
        )


def _literally(config: Config, trust: Trust) -> Iterator[str]:
    if trust.names_by == "oidc" and any(set("*?") & set(subject) for subject in config.names_of("oidc")):
        yield (
            "usernames: * and ? in a subject are taken to the letter here, so such a subject lets nobody in; move the"
            " subjects to role.trust.oidc_subjects, where they are wildcards"
        )


def grant_steps(plan: Plan) -> Iterator[str]:
    """What to do for those whom the stack cannot grant the role: a step each."""
    config, names, trust = plan.config, plan.names, plan.config.role.trust
    if not config.role.created:
        return
    if config.user_tags and config.grants:
        tags = " and ".join(f"{key}={value}" for key, value in config.user_tags.items())
        yield (
            f"Let the users with the tag {tags} ask for the role: attach the policy {names.grant} to a group\n"
            "   of theirs. Whoever may tag users (iam:TagUser) decides who gets in.\n"
            f"     aws iam attach-group-policy --group-name GROUP --policy-arn {_spelled(config, names.grant_arn)}"
        )
    own_sets = [name for name in trust.permission_sets if "/" not in name]
    if own_sets and config.grants:
        sets = ("permission set " if len(own_sets) == 1 else "permission sets ") + " and ".join(own_sets)
        yield f"In Identity Center, add the customer managed policy {names.grant} to the {sets}."
    others = [principal for principal in trust.principals if not _is_own_principal(principal, config)]
    if foreign := [*others, *(name for name in trust.permission_sets if "/" in name)]:
        yield _by_themselves(plan, foreign)
    if trust.saml_provider:
        yield _at_the_provider(plan, trust.saml_provider)


def _is_own_principal(principal: str, config: Config) -> bool:
    """Whether a principal is a user or a role of the account itself: naming it is enough."""
    arn = parse_arn(principal)
    return bool(arn and arn.account == config.account and arn.resource != "root")


def _by_themselves(plan: Plan, principals: list[str]) -> str:
    arns = [_spelled(plan.config, arn) for arn in plan.names.role.arns]
    statement = json.dumps({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arns})
    lines = "\n".join(f"     {principal}" for principal in principals)
    return f"Let these ask for the role, each in its own account:\n{lines}\n   by the statement\n     {statement}"


def _at_the_provider(plan: Plan, provider: str) -> str:
    config = plan.config
    sent = config.names_of("saml")
    recipients = "those who may come" if not sent or ANY_NAME in sent else "those whom the config names"
    roles = "\n".join(f"     {_spelled(config, arn)},{provider}" for arn in plan.names.role.arns)
    return f"At the SAML provider, send for {recipients} the attribute\n   {_ROLE_ATTRIBUTE} with the value\n{roles}"


def _spelled(config: Config, arn: str) -> str:
    account = config.account or "ACCOUNT"
    return arn.replace("${AWS::Partition}", config.partition.name).replace("${AWS::AccountId}", account)
