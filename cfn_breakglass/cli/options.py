"""Options that several commands have, and command lines for messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shlex import quote

import click
from click.core import ParameterSource

_Decorator = Callable[[Callable[..., object]], Callable[..., object]]


def path_option(flag: str, default: str, about: str) -> _Decorator:
    """An option whose value is a path, with a default."""
    return click.option(flag, type=click.Path(path_type=Path), default=Path(default), show_default=True, help=about)


CONFIG = path_option("--config", "breakglass.yaml", "The config file.")
TEMPLATES = path_option("--templates", "templates", "The folder of the templates.")


def flag(command: click.Command, parameter: str) -> str:
    """The flag of a command's option: --session-name for session_name, --mfa/--no-mfa for the switch mfa."""
    options = {option.name: option for option in command.params}
    return "/".join([*options[parameter].opts, *options[parameter].secondary_opts])


def generate_command(ctx: click.Context, *options: str) -> str:
    """The generate command with those of ``options`` that the user set for this command, quoted for a shell."""
    arguments = [
        f" {option.opts[0]} {quote(str(ctx.params[option.name]))}"
        for option in ctx.command.params
        if option.name in options and ctx.get_parameter_source(option.name) is ParameterSource.COMMANDLINE
    ]
    return "".join(["cfn-breakglass generate", *arguments])
