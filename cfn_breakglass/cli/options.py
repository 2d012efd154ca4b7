"""Options that several commands take, and the command as it was given, to be given again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shlex import quote

import click
from click.core import ParameterSource

_Decorator = Callable[[Callable[..., object]], Callable[..., object]]


def path_option(flag: str, default: str, about: str) -> _Decorator:
    """An option that takes a path and has a default."""
    return click.option(flag, type=click.Path(path_type=Path), default=Path(default), show_default=True, help=about)


CONFIG = path_option("--config", "breakglass.yaml", "The config file.")
TEMPLATES = path_option("--templates", "templates", "The folder the templates are in.")


def flag(command: click.Command, parameter: str) -> str:
    """The flag of a command's option: --session-name for session_name, --mfa/--no-mfa for the switch mfa."""
    options = {option.name: option for option in command.params}
    return "/".join([*options[parameter].opts, *options[parameter].secondary_opts])


def generate_with(ctx: click.Context, *options: str) -> str:
    """The generate command with those of ``options`` that the user gave to this one, quoted for a shell."""
    given = [
        f" {param.opts[0]} {quote(str(ctx.params[param.name]))}"
        for param in ctx.command.params
        if param.name in options and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    ]
    return "".join(["cfn-breakglass generate", *given])
