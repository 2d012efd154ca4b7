"""``trust``: who can assume the role, and whether one caller can."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfn_breakglass.cli.options import TEMPLATES, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfn_breakglass.analysis.trust.caller_options import CallerOptions, MissingOption
    from cfn_breakglass.analysis.trust.decision import TrustDecision, TrustDescription
    from cfn_breakglass.analysis.trust.trusted_role import TrustedRole

_EXIT_CODES = {"yes": 0, "no": 1, "cannot tell": 2}


@click.command(
    short_help="Say who can assume the role, or whether one caller can.",
    epilog="""\b
Examples:
  cfn-breakglass trust
  cfn-breakglass trust --user alice --mfa --session-name alice
  cfn-breakglass trust --role arn:aws:iam::444455556666:role/ops/Chief
  cfn-breakglass trust --session-name alice \\
    --saml arn:aws:iam::111122223333:saml-provider/Corp
  cfn-breakglass trust --permission-set OnCall --console
  cfn-breakglass trust --user alice --no-mfa --json

\b
Example of its output, in part:
  $ cfn-breakglass trust --user alice --no-mfa
  No: IAM user alice of this account cannot assume the role.
  ...
    - statement 1 allows them only if MFA was used; the call has no MFA
  ...

Exit codes: 0 allowed, or no caller is named; 1 denied; 2 could not tell (bad
input, or too little is known).""",
)
@TEMPLATES
@click.option("--user", metavar="NAME", help="An IAM user calls: name or ARN.")
@click.option("--role", metavar="ARN", help="A session of this role calls: name or ARN.")
@click.option("--permission-set", metavar="NAME", help="A session of this Identity Center permission set calls.")
@click.option("--saml", metavar="ARN", help="A user of this SAML provider calls.")
@click.option("--oidc", metavar="ARN", help="A user of this OIDC provider calls.")
@click.option(
    "--account-access", metavar="ARN", help="Account access manager calls, for somebody whom this application entitles."
)
@click.option(
    "--account",
    metavar="ID",
    help="The account of the caller; that of the role, or the hub, if not given.",
)
@click.option("--mfa/--no-mfa", default=None, help="The call is with MFA, or with long-term keys (the default).")
@click.option("--mfa-age", type=click.IntRange(min=0), metavar="MINUTES", help="How long ago MFA was used.")
@click.option("--session-name", metavar="NAME", help="The name of the session.")
@click.option("--source-identity", metavar="NAME", help="The source identity that the caller sets.")
@click.option("--subject", metavar="TEXT", help="The subject of the assertion or token.")
@click.option("--audience", metavar="TEXT", help="The audience of the assertion or token.")
@click.option("--external-id", metavar="ID", help="The external ID that the caller sends.")
@click.option("--console", is_flag=True, help="The caller switches to the role in the console.")
@click.option("--vpc-endpoint", is_flag=True, help="The call goes through a VPC endpoint.")
@click.option("--tag", "tags", multiple=True, metavar="NAME=VALUE", help="A tag of the caller; can be repeated.")
@click.option(
    "--session-tag",
    "session_tags",
    multiple=True,
    metavar="NAME=VALUE",
    help="A session tag that the caller passes; can be repeated.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other condition key of the request; can be repeated.",
)
@click.option("--ip", metavar="ADDRESS", help="The IP address that the call comes from.")
@click.option("--at", metavar="TIME", help="When the call is made, such as 2030-01-31T03:00:00Z; now if not given.")
@click.option(
    "--stack-account", default="", metavar="ID", help="The account of the role, in which the templates are deployed."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def trust(ctx: click.Context, /, *, templates: Path, stack_account: str, as_json: bool, **options: Any) -> None:
    """Say who can assume the role, or whether one caller can.

    It evaluates the trust policy in the templates, not the config. Options describe a caller; without them, it says
    who can assume the role and who is denied.
    """
    from cfn_breakglass.analysis.trust.caller_options import CallerOptions
    from cfn_breakglass.analysis.trust.decision import describe_trust
    from cfn_breakglass.analysis.trust.trust_text import description_lines
    from cfn_breakglass.analysis.trust.trusted_role import read_trusted_role

    caller_options = CallerOptions(**options)
    role = read_trusted_role(templates, stack_account)
    if not caller_options.is_empty:
        decision = _decide(ctx, role, caller_options)
        _write(decision, _decision_lines(ctx.command, decision), as_json=as_json)
        ctx.exit(_EXIT_CODES[decision.answer])
    description = describe_trust(role)
    _write(description, description_lines(description), as_json=as_json)
    if description.has_problems:
        ctx.exit(2)


def _decide(ctx: click.Context, role: TrustedRole, options: CallerOptions) -> TrustDecision:
    from cfn_breakglass.analysis.trust.caller_options import CallerError, caller_from_options
    from cfn_breakglass.analysis.trust.decision import decide

    try:
        caller = caller_from_options(options, account=role.account_of_callers, partition=role.stack.partition)
    except CallerError as error:
        flags = ", ".join(flag(ctx.command, option) for option in error.options)
        click.echo(f"{error} ({flags})", err=True)
        ctx.exit(error.exit_code)
    return decide(role, caller)


def _decision_lines(command: click.Command, decision: TrustDecision) -> Iterator[str]:
    """The decision as text, and the options that change it."""
    from cfn_breakglass.analysis.trust.trust_text import decision_lines

    yield from decision_lines(decision)
    if decision.is_example:
        yield f"Choose the account with {flag(command, 'stack_account')} ID."
    if decision.missing:
        yield "\nTo decide, add to the command:"
        yield from (f"  {_assignment(command, missing)}" for missing in decision.missing)


def _assignment(command: click.Command, missing: MissingOption) -> str:
    metavars = {option.name: option.metavar for option in command.params}
    value = f"{missing.name}=VALUE" if missing.name else metavars[missing.option]
    return f"{flag(command, missing.option)} {value}"


def _write(data: TrustDecision | TrustDescription, lines: Iterator[str], *, as_json: bool) -> None:
    click.echo(json.dumps(asdict(data)) if as_json else "\n".join(lines))
