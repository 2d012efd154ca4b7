"""The command line: arguments in, exit code out; only this module and the commands print."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from typing import Any

import click

from cfn_breakglass import __version__
from cfn_breakglass.cli.hints import with_hint
from cfn_breakglass.errors import BreakglassError

_COMMANDS = ("init", "generate", "validate", "simulate", "trust", "diagram", "schema", "completion")


class _Group(click.Group):
    """Imports the command that is asked for, and turns our errors into a message on stderr and their exit code."""

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
        except (KeyboardInterrupt, BrokenPipeError) as error:
            # Ended early, it could not tell; click's own code for both is 1, which is a no.
            if isinstance(error, BrokenPipeError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(2)
        except OSError as error:
            if error.filename is not None:
                raise
            click.echo(f"standard output: {error.strerror}; what was to be said is lost", err=True)
            ctx.exit(2)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  cfn-breakglass init                    write a config to fill in
  cfn-breakglass generate                write the templates
  cfn-breakglass generate --check        are the templates those of the config?
  cfn-breakglass validate                would AWS take the templates?
  cfn-breakglass simulate history        what would they have told of this CloudTrail history?
  cfn-breakglass trust                   who can take the role on?

Exit codes: 0 yes or done, 1 no, 2 could not tell (bad input).""",
)
@click.version_option(__version__, "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Make CloudFormation templates for an AWS break-glass role that alerts in every region."""


def main() -> None:
    """Run the command line."""
    try:
        cli(prog_name="cfn-breakglass")
    except Exception:  # noqa: BLE001 - a mistake of ours is no "no", which Python's own exit code would say
        traceback.print_exc()
        sys.exit(2)
