"""``drill``: prove in the account that events arrive, and write a receipt of it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

import click
from click.core import ParameterSource

from cfn_breakglass.cli.options import CONFIG, flag, path_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfn_breakglass.cli.progress import Progress
    from cfn_breakglass.drill.sending import Answer, MfaCode
    from cfn_breakglass.drill.watching import Sighting
    from cfn_breakglass.plan import Plan

_MOST_MINUTES = 45
"""Of waiting: a session with MFA lasts an hour."""


def _account_ids(_ctx: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not re.fullmatch("[0-9]{12}", value):
            raise click.BadParameter(f"{value!r} is no account: it has to be 12 digits")
    return values


@click.command(
    short_help="Assume the role in every region, and see that it is logged.",
    epilog="""\b
Examples:
  cfn-breakglass drill --mfa-serial arn:aws:iam::111122223333:mfa/alice
  cfn-breakglass drill --knock --yes --output receipts
  cfn-breakglass drill --policy --knock > drill-policy.json

\b
Example of its output, in part:
  $ cfn-breakglass drill --policy
  {
    "Version": "2012-10-17",
    "Statement": [
  ...

Exit codes: 0 every call was seen in the log; 1 one was not, or the caller of
--knock got in; 2 could not tell.""",
)
@CONFIG
@path_option("--output", ".", "The folder of the receipt.")
@click.option("--knock", is_flag=True, help="Call as somebody who is denied the role, and see the denials.")
@click.option("--mfa-serial", metavar="ARN", help="The caller's MFA device, for a role that needs MFA.")
@click.option(
    "--mfa-code",
    envvar="CFN_BREAKGLASS_MFA_CODE",
    metavar="CODE",
    help="Its code; else you are asked for it. Or CFN_BREAKGLASS_MFA_CODE.",
)
@click.option(
    "--account",
    "accounts",
    callback=_account_ids,
    multiple=True,
    metavar="ID",
    help="An account of the organization, instead of the hub; can be repeated.",
)
@click.option("--all-accounts", is_flag=True, help="All accounts of the organization.")
@click.option("--profile", metavar="NAME", help="The AWS profile of the caller.")
@click.option("--role-arn", metavar="ARN", help="The role, where the config does not say its whole ARN.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, max=_MOST_MINUTES),
    default=15,
    show_default=True,
    metavar="MINUTES",
    help=f"How long to wait for the log, at most {_MOST_MINUTES} minutes.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--policy", is_flag=True, help="Only print the least permissions of the caller, as an IAM policy.")
@click.pass_context
def drill(
    ctx: click.Context,
    /,
    *,
    config: Path,
    output: Path,
    profile: str | None,
    role_arn: str | None,
    accounts: tuple[str, ...],
    all_accounts: bool,
    mfa_serial: str | None,
    mfa_code: str | None,
    timeout: float,
    knock: bool,
    yes: bool,
    policy: bool,
) -> None:
    """Assume the role in every region, see each call in the login log, and write a receipt.

    It calls AssumeRole at the STS endpoint of every region, drops the credentials, and looks for each request's ID in
    the log. It says what in the account keeps events or alerts from arriving. This is the only command that talks to
    AWS, and it changes nothing.
    """
    from cfn_breakglass.config.loader import load_config
    from cfn_breakglass.drill.account_checks import accounts_of_organization
    from cfn_breakglass.drill.aws import open_aws
    from cfn_breakglass.drill.drill_plan import make_drill_plan
    from cfn_breakglass.drill.receipt_formats import make_folder, text_lines, write_receipt
    from cfn_breakglass.drill.run import run_drill
    from cfn_breakglass.plan import make_plan
    from cfn_breakglass.text_layout import terminal_safe

    _check_options(ctx)
    deployed = make_plan(load_config(config)[0])
    if policy:
        _print_policy(deployed, accounts, role_arn, all_accounts=all_accounts, knock=knock)
        return
    aws = open_aws(profile)
    account, caller = aws.caller(deployed.config.main_region)
    if all_accounts:
        accounts = accounts_of_organization(aws, deployed)
    plan = make_drill_plan(deployed, account, caller, knock=knock, accounts=accounts, role_arn=role_arn)
    make_folder(output)
    click.echo("\n".join(plan.lines(caller, mfa_serial=mfa_serial)))
    if not yes:
        _ask(ctx)
    mfa = _mfa(ctx, mfa_serial, mfa_code)
    with _Ticker(len(plan.targets)) as ticker:
        receipt = run_drill(aws, plan, ticker, caller=caller, mfa=mfa, timeout_seconds=timeout * 60)
    click.echo("\n".join(["", *map(terminal_safe, text_lines(receipt))]))
    files = write_receipt(output, receipt)
    click.echo(f"Receipt: {files[0]} and {files[1]}")
    ctx.exit(receipt.exit_code)


def _check_options(ctx: click.Context) -> None:
    """Raise UsageError for an option that would change nothing beside the others."""
    given = {name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    if "mfa_code" in given and "mfa_serial" not in given:
        raise click.UsageError(f"{flag(ctx.command, 'mfa_code')} needs {flag(ctx.command, 'mfa_serial')}")
    if {"accounts", "all_accounts"} <= given:
        raise click.UsageError(f"{flag(ctx.command, 'all_accounts')} includes {flag(ctx.command, 'accounts')}")


def _print_policy(
    deployed: Plan, accounts: tuple[str, ...], role_arn: str | None, *, all_accounts: bool, knock: bool
) -> None:
    from cfn_breakglass.drill.calls import least_permissions
    from cfn_breakglass.drill.drill_plan import EVERY_ACCOUNT, make_drill_plan

    account = deployed.config.account or EVERY_ACCOUNT
    if all_accounts:
        accounts = (EVERY_ACCOUNT,)
    plan = make_drill_plan(deployed, account, "", knock=knock, accounts=accounts, role_arn=role_arn)
    click.echo(json.dumps(least_permissions(plan), indent=2))


def _ask(ctx: click.Context) -> None:
    if not sys.stdin.isatty():
        _stop(ctx, "There is no terminal to ask on. Add --yes to go ahead.")
    if not click.confirm("Go ahead?"):
        _stop(ctx, "Nothing was sent.")


def _mfa(ctx: click.Context, serial: str | None, code: str | None) -> MfaCode | None:
    """The MFA device and its code, which is asked for without an echo; None without a device."""
    from cfn_breakglass.drill.sending import MfaCode

    if serial is None:
        return None
    if code is None and not sys.stdin.isatty():
        _stop(ctx, "There is no terminal to ask for the MFA code on. Set CFN_BREAKGLASS_MFA_CODE.")
    code = code or click.prompt("MFA code", hide_input=True)
    if not re.fullmatch("[0-9]{6}", code):
        _stop(ctx, "An MFA code has six digits. Nothing was sent.")
    return MfaCode(serial, code)


def _stop(ctx: click.Context, reason: str) -> NoReturn:
    click.echo(reason, err=True)
    ctx.exit(2)


class _Ticker:
    """Shows a drill while it runs: a line for each request that is seen or fails, and a bar on a terminal."""

    def __init__(self, total: int) -> None:
        self._progress, self._count = _progress(total), 0

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.__exit__(*error)

    def answered(self, answer: Answer) -> None:
        from cfn_breakglass.drill.drill_plan import ERROR

        if answer.result == ERROR:
            self._write(f"{_place(answer)}: {answer.code}: {answer.message}")

    def looked(self, sightings: Sequence[Sighting]) -> None:
        from cfn_breakglass.drill.watching import describe_delay

        for sighting in sightings:
            self._write(f"{_place(sighting.answer)}: seen after {describe_delay(sighting.seconds)}")
        self._count += len(sightings)
        self._progress.advance(len(sightings), self._count)

    def _write(self, line: str) -> None:
        from cfn_breakglass.text_layout import terminal_safe

        self._progress.write_line(terminal_safe(line), lambda text: click.echo(text, err=True))


def _place(answer: Answer) -> str:
    return f"{answer.target.account} {answer.target.region}"


def _progress(total: int) -> Progress:
    """A bar if standard error is a terminal."""
    from cfn_breakglass.cli.progress import Bar, Progress

    if not sys.stderr.isatty():
        return Progress()
    from rich.console import Console

    return Bar(total, Console(stderr=True), noun="requests seen")
