"""Warnings about people who cannot assume the role although the config seems to let them.

What a request carries, by caller: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
What the console sends: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
From which address: https://repost.aws/knowledge-center/source-ip-switch-role
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from cfn_breakglass.aws.partitions import GLOBAL_REGION
from cfn_breakglass.config.model import Config
from cfn_breakglass.config.oidc_subjects import (
    NEW_FORM_SINCE,
    claims_name_owner,
    is_github,
    issuer_of,
    without_new_form,
)
from cfn_breakglass.config.trust_settings import Trust

_NO_MFA = "sessions of roles, and so those of Identity Center, never show MFA"
# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sign-in.html does not say whether MFA comes along.
_CODES = (
    "; MFA is then a code from an app, because a profile cannot ask a security key or passkey; whether aws login, which"
    " can, passes MFA on is not documented: try it first"
)


def lockouts(config: Config, now: datetime | None = None) -> Iterator[str]:
    """A sentence for each way in which people cannot assume the role, or for less long than the config says.

    ``now`` is the current time unless it is given.
    """
    if not config.role.created:
        return
    trust = config.role.trust
    yield from _console(config, trust)
    yield from _regions(config, trust)
    yield from _account_principals(trust)
    yield from _role_chaining(config, trust)
    yield from _literal_subjects(config, trust)
    yield from _older_subjects(config, trust)
    yield from _session_names(config, trust)
    if "root" in map(str.lower, config.users):
        yield "usernames: root is an IAM user of that name here; the root user of an account can assume no role"
    if trust.not_after and datetime.fromisoformat(trust.not_after) <= (now or datetime.now(UTC)):
        yield f"role.trust.not_after: {trust.not_after} is over, so nobody can assume the role; write a later time"


def _console(config: Config, trust: Trust) -> Iterator[str]:
    """Conditions that the console cannot meet when somebody switches to the role there."""
    users = bool(config.users or config.user_tags)
    codes = _CODES if users and trust.mfa else ""
    if trust.source_ips:
        yield (
            "role.trust.source_ips: nobody can switch to the role in the console, whose calls come from an address of"
            f" AWS, or call through a VPC endpoint; use the AWS CLI from those networks{codes}"
        )
    if trust.source_ips and trust.account_access.application:
        yield (
            "role.trust.source_ips: nobody can assume the role by role.trust.account_access, because account access"
            " manager calls from an address of AWS"
        )
    if trust.source_identity and users:
        yield (
            "role.trust.source_identity: usernames cannot switch to the role in the console or use a profile of the AWS"
            f" CLI, because neither sends one; use the command in the stack's outputs{codes}"
        )
    if trust.external_id and trust.principals:
        yield (
            "role.trust.external_id: principals cannot switch to the role in the console, because it does not send one;"
            " use the profile in the stack's outputs"
        )


def _regions(config: Config, trust: Trust) -> Iterator[str]:
    """Calls that count as calls of a certain region."""
    is_covered = GLOBAL_REGION in (config.main_region, *config.secondary_regions)
    if trust.only_covered_regions and config.partition.name == "aws" and not is_covered:
        yield (
            f"role.trust.only_covered_regions: {GLOBAL_REGION} is not watched, so nobody can switch to the role at the"
            f" usual address of the console or assume it by the global endpoint of STS; add {GLOBAL_REGION} to regions"
        )


def _account_principals(trust: Trust) -> Iterator[str]:
    for principal in trust.principals if trust.mfa else ():
        if ":role/" not in principal and ":user/" not in principal:
            yield (
                f"role.trust.principals: {principal} needs MFA, so only its IAM users can assume the role: {_NO_MFA};"
                " add its roles by ARN, its permission sets to role.trust.permission_sets, or set role.trust.mfa: false"
            )


def _role_chaining(config: Config, trust: Trust) -> Iterator[str]:
    hours = config.role.max_session_hours
    # If an account needs MFA, none of its roles gets in: see _account_principals.
    roles = [arn for arn in trust.principals if ":role/" in arn or not (trust.mfa or ":user/" in arn)]
    if hours > 1 and (roles or trust.permission_sets):
        yield (
            f"role.max_session_hours: {hours} hours are only for IAM users and providers; from another role or from"
            " Identity Center, a session lasts 1 hour, and a call that asks for more is denied"
        )


def _literal_subjects(config: Config, trust: Trust) -> Iterator[str]:
    if trust.names_by == "oidc" and any(set("*?") & set(subject) for subject in config.names_of("oidc")):
        yield (
            "usernames: * and ? are not wildcards here, so a subject that contains them lets nobody in; move the"
            " subjects to role.trust.oidc_subjects, where they are wildcards"
        )


def _older_subjects(config: Config, trust: Trust) -> Iterator[str]:
    """GitHub writes the subject in another form for newer repositories."""
    if not (trust.oidc_provider and is_github(issuer_of(trust.oidc_provider))) or claims_name_owner(trust.oidc_claims):
        return
    key = "usernames" if trust.names_by == "oidc" else "role.trust.oidc_subjects"
    for subject, newer in without_new_form(config.names_of("oidc")):
        yield (
            f"{key}: {subject} lets nobody in from a repository that was made, renamed or transferred since"
            f" {NEW_FORM_SINCE}, because GitHub writes its subject as {newer}; add that form, or put repository_id into"
            " role.trust.oidc_claims"
        )


def _session_names(config: Config, trust: Trust) -> Iterator[str]:
    if trust.names_by == "saml" and config.names_of("saml"):
        yield (
            "usernames: without role.trust.saml_names they are session names of the SAML provider, so no IAM user of"
            ' these names can assume the role; for that, add role.trust.saml_names, ["*"] for everybody at the provider'
        )
