"""Who may take the role on: ways in that contradict each other, that nobody could use, or that name nobody."""

from __future__ import annotations

import re

from cfn_breakglass.config.model import OFF, Config
from cfn_breakglass.config.problems import Report
from cfn_breakglass.config.trust_settings import EVERYBODY, Tagged

_NEEDED = {
    "saml_names": "saml_provider",
    "oidc_subjects": "oidc_provider",
    "oidc_audiences": "oidc_provider",
    "organization": "principals",
    "external_id": "principals",
}
"""Keys of ``role.trust`` that say more about another one."""

_OWN_NAMES = {"saml": "saml_names", "oidc": "oidc_subjects"}


def check(config: Config, report: Report) -> None:
    """Report what the keys that let somebody in have wrong between them."""
    _usernames(config, report)
    _user_sign_in(config, report)
    if not config.role.created:
        _by_tag(config, report)
        return
    _providers(config, report)
    _companions(config, report)
    _times(config, report)
    if report.sound("usernames", "role.trust"):
        _for_users(config, report)


def somebody(config: Config, report: Report) -> None:
    """Report it if nobody at all could take the role on."""
    trust = config.role.trust
    anybody = (config.usernames, not config.role.created, *trust.providers, trust.permission_sets, trust.principals)
    if not any(anybody) and report.sound("usernames", "role"):
        report.add(
            "usernames",
            "usernames: nobody could take the role on",
            "give usernames, role.existing, role.permission_set or, in role.trust, a provider or principals",
        )


def _usernames(config: Config, report: Report) -> None:
    # Subjects of tokens have any form, and tell case apart.
    if isinstance(config.usernames, Tagged) or config.role.trust.names_by == "oidc":
        return
    seen: set[str] = set()
    for index, username in enumerate(config.usernames):
        key = report.item("usernames", index)
        if username.startswith("arn:"):
            report.add(key, f"{key} is an ARN", f"write the name alone: {username.rpartition('/')[2]}")
        elif not re.fullmatch(r"[A-Za-z0-9_+=,.@-]{1,64}", username):
            fix = "write at most 64 letters, digits and + = , . @ _ -"
            report.add(key, f"{key} is {username!r}, which is not a user name", fix)
        elif username.casefold() in seen:
            text = f"{key} is {username!r}, which is in the list already; IAM does not tell case apart"
            report.add(key, text, "keep one of them")
        seen.add(username.casefold())


def _user_sign_in(config: Config, report: Report) -> None:
    if config.detections["UserSignIn"] == OFF or not report.sound("usernames", "detections"):
        return
    if not config.usernames:
        text = "detections.UserSignIn watches usernames, and there are none"
        report.add("detections.UserSignIn", text, "add usernames, or set it to off")
    elif config.user_tags:
        text = "detections.UserSignIn watches usernames; a sign-in does not tell the tags of a user"
        report.add("detections.UserSignIn", text, "set it to off, or list the names")
    elif config.role.trust.names_by:
        text = "detections.UserSignIn watches IAM users; with a provider, usernames are not their names"
        report.add("detections.UserSignIn", text, "set it to off")


def _by_tag(config: Config, report: Report) -> None:
    if config.user_tags:
        text = "usernames.principal_tag goes into the trust of a role that is created; here one is there already"
        report.add("usernames.principal_tag", text, "list the names, or leave it out")


def _providers(config: Config, report: Report) -> None:
    trust = config.role.trust
    for kind, names in _OWN_NAMES.items():
        key = f"role.trust.{kind}_provider"
        if not getattr(trust, f"{kind}_provider") or getattr(trust, names) or not report.sound(f"role.trust.{names}"):
            continue
        add = f"add role.trust.{names}: " + ("the subjects to let in" if kind == "oidc" else '["*"] for all it sends')
        if len(trust.providers) > 1:
            report.add(key, f"{key} is one of two providers, so usernames are IAM users", add)
        elif config.user_tags:
            report.add(key, f"{key} stands beside usernames by tag, which are IAM users", add)
        elif kind == "oidc" and not config.usernames and report.sound("usernames"):
            report.add(key, f"{key} alone would let in everybody the provider knows", add)
    if EVERYBODY in trust.saml_names and len(trust.saml_names) > 1:
        key = "role.trust.saml_names"
        report.add(key, f'{key} has other names beside "*", which is everybody', "keep one or the other")


def _companions(config: Config, report: Report) -> None:
    trust = config.role.trust
    for name, needed in _NEEDED.items():
        key = f"role.trust.{name}"
        if getattr(trust, name) and not getattr(trust, needed) and report.sound(f"role.trust.{needed}"):
            add = f"add role.trust.{needed}, or leave it out"
            report.add(key, f"{key} is about role.trust.{needed}, which is not there", add)
    if trust.mfa_max_age_minutes and not trust.mfa:
        key = "role.trust.mfa_max_age_minutes"
        report.add(key, f"{key} needs MFA", "set role.trust.mfa: true, or leave it out")


def _times(config: Config, report: Report) -> None:
    trust = config.role.trust
    if trust.not_before and trust.not_after and trust.not_after <= trust.not_before:
        key = "role.trust.not_after"
        text = f"{key} is {trust.not_after}, not later than role.trust.not_before, {trust.not_before}"
        report.add(key, text, "nobody could ever take the role on; write a later one")


def _for_users(config: Config, report: Report) -> None:
    """What asks for something that only IAM users have, where there are none."""
    trust = config.role.trust
    if config.users or config.user_tags:
        return
    why = "with a provider, usernames are not their names" if trust.names_by else "usernames has none"
    wanted = {"session_name": trust.session_name == "username", "source_identity": trust.source_identity}
    for key in (f"role.trust.{name}" for name, asked in wanted.items() if asked):
        report.add(key, f"{key} is for IAM users; {why}", "leave it out")
    if not trust.mfa or any(":role/" not in one for one in trust.principals):
        return
    for key in ("role.trust.mfa", "role.trust.mfa_max_age_minutes"):
        if report.given(key):
            text = f"{key} would be asked of nobody: federated users and sessions of roles carry no MFA data"
            report.add(key, text, "leave it out, and ask for MFA where they sign in")
