"""What somebody does to take the role on, for each way in: only what works under the conditions of the config.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html and
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html
"""

from __future__ import annotations

from urllib.parse import quote

from cfn_breakglass.config.model import Config
from cfn_breakglass.config.trust_settings import Trust
from cfn_breakglass.names import Names, mfa_arn

_HOUR = 3600


def entrances(config: Config, names: Names) -> dict[str, tuple[str, str]]:
    """Output -> what it is, and its text for Fn::Sub: a link, a profile or a command."""
    found = {
        "SwitchRoleLink": ("Switch to the role in the console", _switch_link(config, names)),
        "CliProfile": ("A profile for the AWS CLI, for its file ~/.aws/config", _own_profile(config, names)),
        **(_of_trust(config, names) if config.role.created else {}),
    }
    return {key: (about, text) for key, (about, text) in found.items() if text}


def _of_trust(config: Config, names: Names) -> dict[str, tuple[str, str]]:
    return {
        "CliCommand": ("The command of the AWS CLI that sets the source identity", _user_command(config, names)),
        "SamlCommand": (
            "Sign in at the SAML provider and choose the role; or by the AWS CLI with its assertion in a file",
            _saml_command(config, names),
        ),
        "OidcProfile": ("A profile with a token of the OIDC provider", _oidc_profile(config, names)),
        "PermissionSetProfile": ("A profile from a permission set's session", _permission_set_profile(config, names)),
        "RoleProfile": ("A profile from a trusted role's session", _role_profile(config, names)),
        "PrincipalProfile": ("A profile from another account", _principal_profile(config, names)),
    }


def _switch_link(config: Config, names: Names) -> str:
    if not names.role.path_and_name or not _by_switching(config):
        return ""
    role = quote(names.role.path_and_name, safe="")
    host = config.partition.signin_host
    return f"https://{host}/switchrole?account=${{AWS::AccountId}}&roleName={role}&displayName={config.name}"


def _by_switching(config: Config) -> bool:
    """Whether somebody can switch to the role in the console, which calls from its own address and adds nothing."""
    trust = config.role.trust
    if not config.role.created:
        return True
    users = _users(config) and not trust.source_identity
    principals = trust.principals and not trust.external_id
    return bool(users or principals or trust.permission_sets) and not trust.source_ips


def _users(config: Config) -> bool:
    return bool(config.users or config.user_tags)


def _profile(config: Config, *lines: str) -> str:
    first, second, *more = lines
    return "\n".join([f"[profile {config.name}]", first, second, f"region = {config.main_region}", *more])


def _assuming(config: Config, names: Names, source: str, *lines: str) -> str:
    return _profile(config, f"role_arn = {names.role.arns[0]}", f"source_profile = {source}", *lines)


def _own_profile(config: Config, names: Names) -> str:
    """That of the IAM users; of whoever may come, if the role is not ours."""
    role = config.role
    if role.permission_set:
        session = ("sso_session = YOUR-SSO-SESSION", "sso_account_id = ${AWS::AccountId}")
        return _profile(config, *session, f"sso_role_name = {role.permission_set}")
    if not role.created:
        return _assuming(config, names, "default")
    if not _users(config) or role.trust.source_identity:
        return ""
    lines = [f"mfa_serial = {mfa_arn('YOUR-MFA-DEVICE')}"] if role.trust.mfa else []
    if role.trust.session_name == "username":
        lines.append("role_session_name = YOUR-USER-NAME")
    if role.max_session_hours > 1:
        lines.append(f"duration_seconds = {role.max_session_hours * _HOUR}")
    return _assuming(config, names, "default", *lines)


def _user_command(config: Config, names: Names) -> str:
    trust = config.role.trust
    if not (_users(config) and trust.source_identity):
        return ""
    mfa = f" --serial-number {mfa_arn('YOUR-MFA-DEVICE')} --token-code YOUR-CODE" if trust.mfa else ""
    who = "--role-session-name YOUR-USER-NAME --source-identity YOUR-USER-NAME"
    return _command(config, "assume-role", f"--role-arn {names.role.arns[0]} {who}{mfa}")


def _saml_command(config: Config, names: Names) -> str:
    provider = config.role.trust.saml_provider
    given = f"--role-arn {names.role.arns[0]} --principal-arn {provider} --saml-assertion file://YOUR-ASSERTION"
    return _command(config, "assume-role-with-saml", given) if provider else ""


def _command(config: Config, call: str, given: str) -> str:
    hours = config.role.max_session_hours
    lasting = f" --duration-seconds {hours * _HOUR}" if hours > 1 else ""
    return f"aws sts {call} --region {config.main_region} {given}{lasting}"


def _oidc_profile(config: Config, names: Names) -> str:
    token = ("web_identity_token_file = YOUR-TOKEN-FILE", "role_session_name = YOUR-NAME")
    arn = f"role_arn = {names.role.arns[0]}"
    return _profile(config, arn, *token) if config.role.trust.oidc_provider else ""


def _permission_set_profile(config: Config, names: Names) -> str:
    return _assuming(config, names, "YOUR-SSO-PROFILE") if config.role.trust.permission_sets else ""


def _role_profile(config: Config, names: Names) -> str:
    trust = config.role.trust
    coming = any(":role/" in one for one in trust.principals)
    return _assuming(config, names, "YOUR-ROLE-PROFILE", *_known(trust)) if coming else ""


def _principal_profile(config: Config, names: Names) -> str:
    trust = config.role.trust
    if all(":role/" in one for one in trust.principals):
        return ""
    mfa = ["mfa_serial = YOUR-MFA-DEVICE-ARN"] if trust.mfa else []
    return _assuming(config, names, "default", *mfa, *_known(trust))


def _known(trust: Trust) -> list[str]:
    return [f"external_id = {trust.external_id}"] if trust.external_id else []
