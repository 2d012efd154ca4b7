"""What somebody does to assume the role, in each way that works under the conditions of the config.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html and
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from cfn_breakglass.config.model import Config
from cfn_breakglass.config.trust_settings import Trust
from cfn_breakglass.names import in_every_account, mfa_arn
from cfn_breakglass.plan import Plan

_HOUR = 3600


class AccessOutput(NamedTuple):
    """A way to assume the role: a link, a command, or a profile for the AWS CLI, as text for Fn::Sub."""

    description: str
    text: str
    is_profile: bool = False


def access_outputs(plan: Plan) -> dict[str, AccessOutput]:
    """Every way that works, by the key of the output."""
    outputs = {
        "SwitchRoleLink": AccessOutput("Switch to the role in the console", _switch_link(plan)),
        "CliProfile": _profile_output("A profile for the AWS CLI, for its file ~/.aws/config", _user_profile(plan)),
        **(_outputs_of_created_role(plan) if plan.config.role.created else {}),
    }
    return {key: output for key, output in outputs.items() if output.text}


def _outputs_of_created_role(plan: Plan) -> dict[str, AccessOutput]:
    return {
        "CliCommand": AccessOutput("The command of the AWS CLI that sets the source identity", _user_command(plan)),
        "SamlCommand": AccessOutput(
            "Sign in at the SAML provider and choose the role; or by the AWS CLI with its assertion in a file",
            _saml_command(plan),
        ),
        "OidcProfile": _profile_output("A profile with a token of the OIDC provider", _oidc_profile(plan)),
        "PermissionSetProfile": _profile_output(
            "A profile from a permission set's session", _permission_set_profile(plan)
        ),
        "RoleProfile": _profile_output("A profile from a trusted role's session", _role_profile(plan)),
        "PrincipalProfile": _profile_output("A profile from another account", _principal_profile(plan)),
    }


def _profile_output(description: str, text: str) -> AccessOutput:
    return AccessOutput(description, text, is_profile=True)


def _switch_link(plan: Plan) -> str:
    config, role = plan.config, plan.names.role
    if not role.path_and_name or not _can_switch(config):
        return ""
    name = quote(role.path_and_name, safe="")
    host = config.partition.signin_host
    return f"https://{host}/switchrole?account=${{AWS::AccountId}}&roleName={name}&displayName={config.name}"


def _can_switch(config: Config) -> bool:
    """Whether somebody can switch to the role in the console, which calls from its own address and adds nothing."""
    trust = config.role.trust
    if not config.role.created:
        return True
    users = _has_users(config) and not trust.source_identity
    principals = trust.principals and not trust.external_id
    return bool(users or principals or trust.permission_sets) and not trust.source_ips


def _has_users(config: Config) -> bool:
    return bool(config.users or config.user_tags)


def _profile(plan: Plan, *lines: str) -> str:
    config = plan.config
    # The region stands after what says how to get credentials, which is two lines.
    credentials, options = lines[:2], lines[2:]
    return "\n".join([f"[profile {config.name}]", *credentials, f"region = {config.main_region}", *options])


def _assuming(plan: Plan, source: str, *options: str) -> str:
    return _profile(plan, f"role_arn = {plan.names.role.arns[0]}", f"source_profile = {source}", *options)


def _user_profile(plan: Plan) -> str:
    """The profile of the IAM users; of whoever may assume the role, if the config does not create it."""
    config, role = plan.config, plan.config.role
    if role.permission_set:
        session = ("sso_session = YOUR-SSO-SESSION", "sso_account_id = ${AWS::AccountId}")
        return _profile(plan, *session, f"sso_role_name = {role.permission_set}")
    if not role.created:
        return _assuming(plan, "default")
    if not _has_users(config) or role.trust.source_identity:
        return ""
    options = [f"mfa_serial = {_mfa_device(plan)}"] if role.trust.mfa else []
    if role.trust.session_name == "username":
        options.append("role_session_name = YOUR-USER-NAME")
    if role.max_session_hours > 1:
        options.append(f"duration_seconds = {role.max_session_hours * _HOUR}")
    return _assuming(plan, "default", *options)


def _mfa_device(plan: Plan) -> str:
    """The ARN of a user's device, which is in the account of the user."""
    return mfa_arn("YOUR-MFA-DEVICE", plan.names.hub)


def _user_command(plan: Plan) -> str:
    trust = plan.config.role.trust
    if not (_has_users(plan.config) and trust.source_identity):
        return ""
    mfa = f" --serial-number {_mfa_device(plan)} --token-code YOUR-CODE" if trust.mfa else ""
    session = "--role-session-name YOUR-USER-NAME --source-identity YOUR-USER-NAME"
    return _command(plan, "assume-role", f"--role-arn {plan.names.role.arns[0]} {session}{mfa}")


def _saml_command(plan: Plan) -> str:
    providers = plan.config.role.trust.saml_providers
    provider = "YOUR-PROVIDER-ARN" if len(providers) > 1 else in_every_account("".join(providers), plan.config)
    arns = f"--role-arn {plan.names.role.arns[0]} --principal-arn {provider}"
    command = _command(plan, "assume-role-with-saml", f"{arns} --saml-assertion file://YOUR-ASSERTION")
    return command if provider else ""


def _command(plan: Plan, call: str, arguments: str) -> str:
    hours = plan.config.role.max_session_hours
    duration = f" --duration-seconds {hours * _HOUR}" if hours > 1 else ""
    return f"aws sts {call} --region {plan.config.main_region} {arguments}{duration}"


def _oidc_profile(plan: Plan) -> str:
    token = ("web_identity_token_file = YOUR-TOKEN-FILE", "role_session_name = YOUR-NAME")
    arn = f"role_arn = {plan.names.role.arns[0]}"
    return _profile(plan, arn, *token) if plan.config.role.trust.oidc_provider else ""


def _permission_set_profile(plan: Plan) -> str:
    return _assuming(plan, "YOUR-SSO-PROFILE") if plan.config.role.trust.permission_sets else ""


def _role_profile(plan: Plan) -> str:
    trust = plan.config.role.trust
    trusts_role = any(":role/" in principal for principal in trust.principals)
    return _assuming(plan, "YOUR-ROLE-PROFILE", *_external_id(trust)) if trusts_role else ""


def _principal_profile(plan: Plan) -> str:
    trust = plan.config.role.trust
    if all(":role/" in principal for principal in trust.principals):
        return ""
    mfa = ["mfa_serial = YOUR-MFA-DEVICE-ARN"] if trust.mfa else []
    return _assuming(plan, "default", *mfa, *_external_id(trust))


def _external_id(trust: Trust) -> list[str]:
    return [f"external_id = {trust.external_id}"] if trust.external_id else []
