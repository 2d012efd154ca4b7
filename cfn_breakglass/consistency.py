"""What no single setting can get wrong: keys that do not go together, and names that get too long together."""

from __future__ import annotations

import re

from cfn_breakglass import limits, places
from cfn_breakglass.config import OFF, Config
from cfn_breakglass.report import Report

CREATED_ONLY = (
    *("managed_policies", "policy_statements", "permissions_boundary", "path", "max_session_hours"),
    *("trust.mfa", "trust.mfa_max_age_minutes", "trust.session_name", "trust.source_identity"),
    *("trust.saml_provider", "trust.oidc_provider", "trust.principals"),
)
"""Keys of ``role`` that shape a role we create."""

WHICH_ROLE = ("role.existing", "role.permission_set")


def check(config: Config, report: Report) -> None:
    """Report everything that the keys of ``config`` have wrong between them."""
    _somebody(config, report)
    if report.sound(*WHICH_ROLE):
        _one_role(config, report)
    _lengths(config, report)
    _statements(config, report)
    _usernames(config, report)
    _user_sign_in(config, report)
    _trust(config, report)
    if config.role.trust.saml_provider or config.role.trust.oidc_provider:
        _federated(config, report)
    _bus(config, report)
    _tags(config, report)
    places.check(config, report)


def _bus(config: Config, report: Report) -> None:
    if config.event_bus.existing and config.event_bus.name:
        report.add("event_bus.name", "event_bus.name stands beside event_bus.existing", "keep one of them")
    if config.central_bus == config.action_bus:
        key = "event_bus.existing" if config.event_bus.existing else "event_bus.name"
        report.add(key, f"{key} is {config.action_bus}, the name of the bus for actions", "choose another name")


def _tags(config: Config, report: Report) -> None:
    seen: dict[str, str] = {}
    for name in config.tags:
        if name.casefold() in seen:
            text = f"tags.{name} differs from tags.{seen[name.casefold()]} in letter case only; IAM takes them for one"
            report.add(f"tags.{name}", text, "keep one of them")
        seen.setdefault(name.casefold(), name)


def _somebody(config: Config, report: Report) -> None:
    trust = config.role.trust
    anybody = (config.usernames, not config.role.created, trust.saml_provider, trust.oidc_provider, trust.principals)
    if not any(anybody) and report.sound("usernames", "role"):
        report.add(
            "usernames",
            "usernames: nobody could take the role on",
            "give usernames, role.existing, role.permission_set or, in role.trust, a provider or principals",
        )


def _one_role(config: Config, report: Report) -> None:
    role = config.role
    if role.existing and role.permission_set:
        report.add("role.permission_set", "role.permission_set stands beside role.existing", "keep one of them")
    if role.manage and not role.existing:
        report.add("role.manage", "role.manage is for a role that exists", "give role.existing, or leave it out")
    if role.manage and "AWSReservedSSO_" in (role.existing or ""):
        fix = "leave it out, and change the permission set"
        report.add("role.manage", "role.manage: nobody but Identity Center can change this role", fix)
    if role.permission_set and role.grant == "users":
        report.add("role.grant", "role.grant: IAM users cannot take on a permission set's role", "leave it out")
    if not role.created:
        _not_created(config, report)


def _not_created(config: Config, report: Report) -> None:
    source = "existing" if config.role.existing else "permission_set"
    managed = ("policy_statements",) if config.role.existing and config.role.manage else ()
    for key in [f"role.{key}" for key in CREATED_ONLY if key not in managed]:
        if report.given(key):
            text = f"{key} is for a role that is created; role.{source} names one that is there"
            report.add(key, text, _instead(key, source))


def _instead(key: str, source: str) -> str:
    if source == "existing" and key == "role.managed_policies":
        return "attach the policies to the role yourself: CloudFormation can do so only with roles it made"
    if source == "existing" and key == "role.policy_statements":
        return "add role.manage: true to put them on that role, or leave them out"
    return "leave it out"


def _lengths(config: Config, report: Report) -> None:
    role, longest = config.role, limits.SWITCH_ROLE_NAME.maximum
    length = len(role.path.removeprefix("/")) + len(config.name)
    if role.created and length > longest and report.sound("name", "role.path", *WHICH_ROLE):
        text = f"role.path and name together have {length} characters; the console switches to at most {longest}"
        report.add("role.path", text, "shorten role.path or name")
    count, most = len(role.managed_policies), limits.ATTACHED_POLICIES.maximum
    if count > most:
        text = f"role.managed_policies has {count} entries; a role takes {most}"
        report.add("role.managed_policies", text, "put what they allow into role.policy_statements")


def _statements(config: Config, report: Report) -> None:
    first: dict[str, str] = {}
    for index, statement in enumerate(config.role.policy_statements):
        key = f"{report.item('role.policy_statements', index)}.Sid"
        sid = statement.get("Sid")
        if sid in first:
            report.add(key, f"{key} is {sid!r}, as is {first[sid]}; IAM wants each once", "change one of them")
        elif sid:
            first[sid] = key


def _usernames(config: Config, report: Report) -> None:
    if config.role.trust.oidc_provider:  # subjects of tokens have any form, and tell case apart
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
    elif config.role.trust.saml_provider or config.role.trust.oidc_provider:
        text = "detections.UserSignIn watches IAM users; with a provider, usernames are not their names"
        report.add("detections.UserSignIn", text, "set it to off")


def _trust(config: Config, report: Report) -> None:
    trust = config.role.trust
    if trust.mfa_max_age_minutes and not trust.mfa:
        key = "role.trust.mfa_max_age_minutes"
        report.add(key, f"{key} needs MFA", "set role.trust.mfa: true, or leave it out")
    if trust.saml_provider and trust.oidc_provider:
        key = "role.trust.oidc_provider"
        report.add(key, f"{key} stands beside role.trust.saml_provider", "keep one of them")
    if trust.oidc_provider and not config.usernames and report.sound("usernames"):
        report.add(
            "role.trust.oidc_provider",
            "role.trust.oidc_provider alone would let in everybody the provider knows",
            "list in usernames the subjects (sub) of the tokens to let in",
        )


def _federated(config: Config, report: Report) -> None:
    trust = config.role.trust
    for_users = {
        "role.trust.session_name": trust.session_name == "username",
        "role.trust.source_identity": trust.source_identity,
    }
    for key, wanted in for_users.items():
        if wanted:
            report.add(key, f"{key} is for IAM users; with a provider, usernames are not their names", "leave it out")
