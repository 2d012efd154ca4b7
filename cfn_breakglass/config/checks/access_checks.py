"""Contradictions in who may assume the role: keys that exclude each other, that let nobody in, or everybody."""

from __future__ import annotations

import re

from cfn_breakglass.config.model import OFF, Config
from cfn_breakglass.config.oidc_subjects import claims_name_owner, is_github, issuer_of, names_owner
from cfn_breakglass.config.problems import Problems
from cfn_breakglass.config.trust_settings import ANY_NAME, TaggedUsers

_REQUIRED_KEYS = {
    "saml_names": "saml_provider",
    "oidc_subjects": "oidc_provider",
    "oidc_audiences": "oidc_provider",
    "oidc_claims": "oidc_provider",
    "organization": "principals",
    "external_id": "principals",
}
"""Keys of ``role.trust`` that limit another key, which has to be set too."""

_PROVIDER_NAMES = {"saml": "saml_names", "oidc": "oidc_subjects"}
_PROVIDER_FIXES = {
    "saml": 'add role.trust.saml_names; ["*"] is everybody whom the provider signs in',
    "oidc": "add role.trust.oidc_subjects, the subjects that may assume the role",
}
_GITHUB_FIX = (
    "write the owner in full, such as repo:example/ops:*, and for a repository made or renamed since 2026-07-15"
    " repo:example@OWNER-ID/ops@REPOSITORY-ID:*"
)
_OWNER_FIX = "write the name of the owner in full, before the first * or ?"
_MFA_OF_NOBODY = (
    "sessions of roles and federated users never show whether they used MFA",
    "remove it, and require MFA where they sign in",
)
_MFA_OF = {
    "saml": (
        "without role.trust.saml_names, usernames are session names of the SAML provider, whose MFA AWS does not see",
        'if usernames are IAM users, add role.trust.saml_names, ["*"] for everybody at the provider; if not, remove it',
    ),
    "oidc": (
        "without role.trust.oidc_subjects, usernames are subjects of the OIDC provider, whose MFA AWS does not see",
        "if usernames are IAM users, add role.trust.oidc_subjects; if not, remove it",
    ),
}
"""Why MFA cannot be asked of usernames, and what to do, by the provider whose users they are."""
_PROVIDER_USERNAMES = "usernames are users of the provider here"


def check_access(config: Config, problems: Problems) -> None:
    """Report contradictions between the keys that let somebody assume the role."""
    _check_usernames(config, problems)
    _check_user_sign_in(config, problems)
    if not config.role.created:
        _check_user_tags(config, problems)
        return
    _check_providers(config, problems)
    _check_subjects(config, problems)
    _check_required_keys(config, problems)
    _check_times(config, problems)
    if problems.is_valid("usernames", "role.trust"):
        _check_user_conditions(config, problems)


def check_role_can_be_assumed(config: Config, problems: Problems) -> None:
    """Report it if nobody at all could assume the role."""
    trust = config.role.trust
    sessions = (trust.permission_sets, trust.principals, trust.account_access.application)
    allowed = (config.usernames, not config.role.created, *trust.providers, *sessions)
    if not any(allowed) and problems.is_valid("usernames", "role"):
        problems.add(
            "usernames",
            "usernames: nobody could assume the role",
            "set usernames, role.existing, role.permission_set, or a provider or principals in role.trust",
        )


def _check_usernames(config: Config, problems: Problems) -> None:
    # A token's subject has any form, and its case matters.
    if isinstance(config.usernames, TaggedUsers) or config.role.trust.names_by == "oidc":
        return
    earlier_names: set[str] = set()
    for index, username in enumerate(config.usernames):
        key = problems.key_of_item("usernames", index)
        if username.startswith("arn:"):
            problems.add(key, f"{key} is an ARN", f"write only the name: {username.rpartition('/')[2]}")
        elif not re.fullmatch(r"[A-Za-z0-9_+=,.@-]{1,64}", username):
            fix = "write at most 64 letters, digits and + = , . @ _ -"
            problems.add(key, f"{key} is {username!r}, which is not a user name", fix)
        elif username.casefold() in earlier_names:
            text = f"{key} is {username!r}, which is already in the list: IAM does not distinguish case"
            problems.add(key, text, "remove one of them")
        earlier_names.add(username.casefold())


def _check_user_sign_in(config: Config, problems: Problems) -> None:
    key = "detections.UserSignIn"
    if config.detections["UserSignIn"] == OFF or not problems.is_valid("usernames", "detections"):
        return
    if not config.usernames:
        problems.add(key, f"{key} watches usernames, but there are none", "add usernames, or set it to off")
    elif config.user_tags:
        text = f"{key} watches usernames, but a sign-in does not show the tags of a user"
        problems.add(key, text, "set it to off, or list the names of the users")
    elif config.role.trust.names_by:
        problems.add(key, f"{key} watches IAM users, but {_PROVIDER_USERNAMES}", "set it to off")


def _check_user_tags(config: Config, problems: Problems) -> None:
    if config.user_tags:
        text = "usernames.principal_tag is only for a role that the stack creates"
        problems.add("usernames.principal_tag", text, "list the names of the users, or remove it")


def _check_providers(config: Config, problems: Problems) -> None:
    trust = config.role.trust
    for provider, names in _PROVIDER_NAMES.items():
        key, names_key = f"role.trust.{provider}_provider", f"role.trust.{names}"
        if not getattr(trust, f"{provider}_provider") or getattr(trust, names) or not problems.is_valid(names_key):
            continue
        fix = _PROVIDER_FIXES[provider]
        if len(trust.providers) > 1:
            text = f"{key} lets nobody in: with two providers, usernames are IAM users"
            problems.add(key, text, fix)
        elif config.user_tags:
            text = f"{key} lets nobody in: usernames with principal_tag are IAM users"
            problems.add(key, text, fix)
        elif provider == "oidc" and not config.usernames and problems.is_valid("usernames"):
            problems.add(key, f"{key} alone would let in everybody who has a token of the provider", fix)
    if ANY_NAME in trust.saml_names and len(trust.saml_names) > 1:
        key = "role.trust.saml_names"
        problems.add(key, f'{key} has "*", which is everybody, and other names', 'remove "*" or the other names')


def _check_subjects(config: Config, problems: Problems) -> None:
    trust = config.role.trust
    if not (trust.oidc_provider and problems.is_valid("role.trust.oidc_claims", "usernames")):
        return
    if claims_name_owner(trust.oidc_claims):
        return
    list_key = "usernames" if trust.names_by == "oidc" else "role.trust.oidc_subjects"
    issuer = issuer_of(trust.oidc_provider)
    for index, subject in enumerate(config.names_of("oidc")):
        if not names_owner(subject, issuer):
            key = problems.key_of_item(list_key, index)
            text = (
                f"{key} is {subject!r}, which lets in others who have a token of {issuer}: it does not name the owner"
            )
            problems.add(key, text, _GITHUB_FIX if is_github(issuer) else _OWNER_FIX)


def _check_required_keys(config: Config, problems: Problems) -> None:
    trust = config.role.trust
    for name, required in _REQUIRED_KEYS.items():
        key, required_key = f"role.trust.{name}", f"role.trust.{required}"
        if getattr(trust, name) and not getattr(trust, required) and problems.is_valid(required_key):
            problems.add(key, f"{key} is set, but {required_key} is not", f"add {required_key}, or remove {key}")
    if trust.mfa_max_age_minutes and not trust.mfa:
        key = "role.trust.mfa_max_age_minutes"
        text = f"{key} is set, but role.trust.mfa is false"
        problems.add(key, text, f"set role.trust.mfa: true, or remove {key}")


def _check_times(config: Config, problems: Problems) -> None:
    trust = config.role.trust
    if trust.not_before and trust.not_after and trust.not_after <= trust.not_before:
        key = "role.trust.not_after"
        text = f"{key} is {trust.not_after}, which is not after role.trust.not_before, {trust.not_before}"
        problems.add(key, text, "write a later time; nobody could ever assume the role")


def _check_user_conditions(config: Config, problems: Problems) -> None:
    """Report conditions that only IAM users can meet where no IAM user may assume the role."""
    trust = config.role.trust
    if config.users or config.user_tags:
        return
    reason = _PROVIDER_USERNAMES if trust.names_by else "usernames has none"
    conditions = {"session_name": trust.session_name == "username", "source_identity": trust.source_identity}
    for key in (f"role.trust.{name}" for name, is_set in conditions.items() if is_set):
        problems.add(key, f"{key} is only for IAM users, but {reason}", "remove it")
    if not trust.mfa or any(":role/" not in principal for principal in trust.principals):
        return
    reason, fix = _MFA_OF.get(trust.names_by, _MFA_OF_NOBODY)
    for key in ("role.trust.mfa", "role.trust.mfa_max_age_minutes"):
        if problems.is_set(key):
            problems.add(key, f"{key} has no effect here: {reason}", fix)
