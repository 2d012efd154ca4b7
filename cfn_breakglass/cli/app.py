"""The command line. Only this package prints and exits."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from importlib import import_module
from typing import Any

import click

from cfn_breakglass import __version__
from cfn_breakglass.cli.hints import with_hint
from cfn_breakglass.errors import BreakglassError

_COMMANDS = (
    *("init", "generate", "validate", "simulate", "report", "trust", "diagram", "drill", "runbook"),
    *("schema", "completion"),
)


class _Group(click.Group):
    """Imports only the command that is called; prints our errors on stderr and exits with their exit codes."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"cfn_breakglass.cli.{name}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BreakglassError as error:
            click.echo(with_hint(error), err=True)
            ctx.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort, BrokenPipeError) as error:
            # A command that is interrupted could not tell, nor one whose question got no answer. click would exit with
            # 1, which means no.
            if isinstance(error, BrokenPipeError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(2)
        except OSError as error:
            if error.filename is not None:
                raise
            click.echo(f"standard output: {error.strerror}; the output is incomplete", err=True)
            ctx.exit(2)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  cfn-breakglass init                write an example config
  cfn-breakglass generate            write the templates
  cfn-breakglass generate --check    are the files up to date?
  cfn-breakglass validate            would AWS accept the templates?
  cfn-breakglass simulate history    which alerts would these records cause?
  cfn-breakglass report history      how was the role used?
  cfn-breakglass trust               who can assume the role?
  cfn-breakglass drill               do the alerts of my account work?
  cfn-breakglass runbook             what to do in an emergency, to print

cfn-breakglass COMMAND --help shows an example of each command's output.

Exit codes: 0 yes or done, 1 no, 2 could not tell (bad input).""",
)
@click.version_option(__version__, "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Generate CloudFormation templates for an AWS break-glass role that alerts in every region."""


def main() -> None:
    """Run the command line."""
    try:
        cli(prog_name="cfn-breakglass")
    except Exception:  # noqa: BLE001 - Python would exit with 1, which means no; a bug of ours means nothing
        traceback.print_exc()
        sys.exit(2)
    finally:
        gc.freeze()  # all memory is about to be free, so nobody need look for garbage in it
