"""``init``: an example config to edit."""

from __future__ import annotations

from pathlib import Path

import click

from cfn_breakglass.cli.options import CONFIG, generate_command
from cfn_breakglass.errors import ConfigError, Problem

SCHEMA_FILE = ".breakglass.schema.json"


@click.command(
    short_help="Write an example config, and its schema for editors.",
    epilog="""\b
Examples:
  cfn-breakglass init
  cfn-breakglass init --config prod.yaml

\b
Example of its output:
  $ cfn-breakglass init --config prod.yaml
  Wrote prod.yaml and .breakglass.schema.json.
  Edit prod.yaml, then run: cfn-breakglass generate --config prod.yaml

Exit codes: 0 written; 2 nothing was written, because the config exists already
or the folder is not writable.""",
)
@CONFIG
@click.pass_context
def init(ctx: click.Context, config: Path) -> None:
    """Write an example config to edit, and its JSON Schema, with which editors complete and check it."""
    from importlib.resources import files

    from cfn_breakglass.config.json_schema import schema_text
    from cfn_breakglass.generation.files import write_files

    if config.exists():
        raise ConfigError(str(config), [Problem(0, "the file exists already", "choose another name with --config")])
    starter = files("cfn_breakglass.config").joinpath("starter.yaml").read_text(encoding="utf-8")
    write_files(config.parent, {config.name: starter, SCHEMA_FILE: schema_text()})
    click.echo(f"Wrote {config} and {config.parent / SCHEMA_FILE}.")
    click.echo(f"Edit {config}, then run: {generate_command(ctx, 'config')}")
