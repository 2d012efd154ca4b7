"""Options that several commands take, and the command as it was given, to be given again."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click
from click.core import ParameterSource

CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("breakglass.yaml"),
    show_default=True,
    help="The config file.",
)
TEMPLATES = click.option(
    "--templates",
    type=click.Path(path_type=Path),
    default=Path("templates"),
    show_default=True,
    help="The folder the templates are in.",
)


def generate_with(ctx: click.Context, *options: str) -> str:
    """The generate command with those of ``options`` that the user gave to this one, quoted for a shell."""
    given = [
        f" {param.opts[0]} {quote(str(ctx.params[param.name]))}"
        for param in ctx.command.params
        if param.name in options and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    ]
    return "".join(["cfn-breakglass generate", *given])
