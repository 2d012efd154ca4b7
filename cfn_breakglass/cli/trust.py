"""``trust``: who can take the role on, and whether a given caller can."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfn_breakglass.cli.options import TEMPLATES

if TYPE_CHECKING:
    from cfn_breakglass.analysis.trust.decision import Answer, Description

_EXIT_CODES = {"yes": 0, "no": 1, "cannot tell": 2}


@click.command(
    epilog="""\b
Examples:
  cfn-breakglass trust
  cfn-breakglass trust --user alice --mfa --session-name alice
  cfn-breakglass trust --role arn:aws:iam::444455556666:role/ops/Chief
  cfn-breakglass trust --saml arn:aws:iam::111122223333:saml-provider/Corp --session-name alice
  cfn-breakglass trust --permission-set OnCall --console
  cfn-breakglass trust --user alice --no-mfa --json

Exit codes: 0 told, or let in; 1 not let in; 2 could not tell (bad input, or too little is known)."""
)
@TEMPLATES
@click.option("--user", metavar="NAME", help="An IAM user calls: name or ARN.")
@click.option("--role", metavar="ARN", help="A session of this role calls: name or ARN.")
@click.option("--permission-set", metavar="NAME", help="A session of this Identity Center permission set calls.")
@click.option("--saml", metavar="ARN", help="A user of this SAML provider calls.")
@click.option("--oidc", metavar="ARN", help="A user of this OIDC provider calls.")
@click.option("--account", metavar="ID", help="The account of the caller; the role's own if not given.")
@click.option("--mfa/--no-mfa", default=None, help="With MFA, or with long-term keys, the default.")
@click.option("--mfa-age", type=click.IntRange(min=0), metavar="MINUTES", help="How long ago MFA was used.")
@click.option("--session-name", metavar="NAME", help="The name of the session.")
@click.option("--source-identity", metavar="NAME", help="The source identity that the caller sets.")
@click.option("--subject", metavar="TEXT", help="The subject of the assertion or token.")
@click.option("--audience", metavar="TEXT", help="The audience of the assertion or token.")
@click.option("--external-id", metavar="ID", help="The external ID that the caller sends.")
@click.option("--console", is_flag=True, help="They switch to the role in the console.")
@click.option("--vpc-endpoint", is_flag=True, help="The call goes through a VPC endpoint.")
@click.option("--tag", "tags", multiple=True, metavar="K=V", help="A tag of the caller; may be given again.")
@click.option("--session-tag", "session_tags", multiple=True, metavar="K=V", help="A session tag that is passed.")
@click.option("--key", "keys", multiple=True, metavar="KEY=VALUE", help="Any other condition key of the request.")
@click.option("--ip", metavar="ADDRESS", help="Where the call comes from.")
@click.option("--at", metavar="TIME", help="When, such as 2030-01-31T03:00:00Z; now if not given.")
@click.option("--stack-account", default="", metavar="ID", help="The account that the stack goes to.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@click.pass_context
def trust(ctx: click.Context, /, *, templates: Path, stack_account: str, as_json: bool, **asked: Any) -> None:
    """Tell who can take the role on, or whether a caller can.

    It judges the trust policy in the templates, not the config. Without a caller it tells of everybody.
    """
    from cfn_breakglass.analysis.trust.caller_options import Asked, caller
    from cfn_breakglass.analysis.trust.decision import answer, describe
    from cfn_breakglass.analysis.trust.role import trusted
    from cfn_breakglass.analysis.trust.trust_text import answered, described

    who = Asked(**asked)
    role = trusted(templates, stack_account)
    if who.anything:
        told = answer(role, caller(who, account=role.stack.account, partition=role.stack.partition))
        _write(told, answered(told), as_json=as_json)
        ctx.exit(_EXIT_CODES[told.answer])
    everybody = describe(role)
    _write(everybody, described(everybody), as_json=as_json)
    if everybody.problems:
        ctx.exit(2)


def _write(told: Answer | Description, lines: Any, *, as_json: bool) -> None:
    click.echo(json.dumps(asdict(told)) if as_json else "\n".join(lines))
