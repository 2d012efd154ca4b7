"""Each way to assume the role, as somebody types it at 3 a.m."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from cfn_breakglass.builders.access.access_outputs import AccessOutput, access_outputs
from cfn_breakglass.documents.blocks import Code, Heading, Link, Paragraph, Steps
from cfn_breakglass.documents.texts import code
from cfn_breakglass.guidance.drill_commands import has_users, to_fill_in
from cfn_breakglass.guidance.runbook.blanks import Blank, RunbookBlock
from cfn_breakglass.plan import Plan

_LINK: Final = "SwitchRoleLink"
_WIDTH: Final = 92
"""Characters of a command that fit on a printed line."""


def ways_in(plan: Plan) -> Iterator[RunbookBlock]:
    """Every way that works under the conditions of the config: the console, commands, profiles."""
    if blank := _addresses(plan):
        yield blank
    outputs = access_outputs(plan)
    if link := outputs.get(_LINK):
        yield from _console(plan, to_fill_in(plan, link.text))
    yield from _portal(plan)
    yield from _commands(plan, [output for key, output in outputs.items() if key != _LINK and not output.is_profile])
    profiles = {key: output for key, output in outputs.items() if output.is_profile}
    if profiles:
        yield from _profiles(plan, profiles)


def _addresses(plan: Plan) -> Blank | None:
    """Where people sign in, which the config does not know."""
    trust, role = plan.config.role.trust, plan.config.role
    labels = []
    if trust.saml_providers:
        labels.append("Sign-in page of the SAML provider")
    if trust.permission_sets or trust.account_access.application or role.permission_set:
        labels.append("Access portal of Identity Center")
    return Blank("sign-in-pages", tuple(labels)) if labels else None


def _console(plan: Plan, link: str) -> Iterator[RunbookBlock]:
    yield Heading(3, "In the console")
    trust = plan.config.role.trust
    if has_users(plan) and not trust.source_identity:
        mfa = " with MFA" if trust.mfa else ""
        yield Paragraph(f"Sign in as your IAM user{mfa}:")
        yield Link(_sign_in_page(plan))
    elif trust.permission_sets:
        yield Paragraph("From the access portal, open the console of the account with the permission set of 4.")
    else:
        yield Paragraph("Sign in as somebody who may (see 4).")
    yield Paragraph("Then switch to the role:")
    yield Link(link)


def _sign_in_page(plan: Plan) -> str:
    """Where IAM users sign in: https://docs.aws.amazon.com/IAM/latest/UserGuide/console_account-alias.html."""
    account = plan.config.account or "ACCOUNT"
    return f"https://{account}.{plan.config.partition.signin_host}/console"


def _profiles(plan: Plan, profiles: dict[str, AccessOutput]) -> Iterator[RunbookBlock]:
    config = plan.config
    yield Heading(3, "With the AWS CLI")
    profile = "this profile" if len(profiles) == 1 else "the profile that is for you"
    yield Paragraph(f"In advance, put {profile} into `~/.aws/config`:")
    for output in profiles.values():
        yield Code(f"# {output.description}\n{to_fill_in(plan, output.text)}", "ini")
    yield Paragraph(f"Then this shows who you are. Add `--profile {config.name}` to every command:")
    yield Code("\n".join([*_logins(plan, profiles), f"aws sts get-caller-identity --profile {config.name}"]))
    if config.secondary_regions:
        other = config.secondary_regions[0]
        yield Paragraph(f"If {code(config.main_region)} does not answer, add `--region {other}` to each command.")


def _logins(plan: Plan, profiles: Collection[str]) -> Iterator[str]:
    """What somebody of Identity Center runs first."""
    if plan.config.role.permission_set:
        yield "aws sso login --sso-session YOUR-SSO-SESSION"
    elif "PermissionSetProfile" in profiles:
        yield "aws sso login --profile YOUR-SSO-PROFILE"


def _commands(plan: Plan, outputs: list[AccessOutput]) -> Iterator[RunbookBlock]:
    for output in outputs:
        yield Heading(3, output.description)
        yield Code(wrapped(to_fill_in(plan, output.text)))
    if outputs:
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        yield Paragraph(f"It prints three values. Export them: {', '.join(map(code, names))}.")


def _portal(plan: Plan) -> Iterator[RunbookBlock]:
    if plan.config.role.trust.account_access.application or plan.config.role.permission_set:
        yield Heading(3, "From the access portal")
        yield Steps(("Sign in at the access portal.", "Open the account, and there the role."))


def wrapped(command: str) -> str:
    """A command on lines that fit on paper; a shell reads them as one."""
    first, *options = command.split(" --")
    lines = [first]
    for option in options:
        if len(lines[-1]) + len(option) + 5 > _WIDTH:
            lines.append(f"  --{option}")
        else:
            lines[-1] += f" --{option}"
    return " \\\n".join(lines)
