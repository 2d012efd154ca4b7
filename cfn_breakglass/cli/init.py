"""``init``: a config to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from cfn_breakglass.cli.options import CONFIG, generate_with
from cfn_breakglass.errors import ConfigError, Problem

SCHEMA_FILE = ".breakglass.schema.json"


@click.command
@CONFIG
@click.pass_context
def init(ctx: click.Context, config: Path) -> None:
    """Write a config file to fill in, and the schema that editors complete it with."""
    from importlib.resources import files

    from cfn_breakglass.config.json_schema import schema_text
    from cfn_breakglass.generation.files import write_files

    if config.exists():
        raise ConfigError(str(config), [Problem(0, "it is there already", "choose another name with --config")])
    starter = files("cfn_breakglass.config").joinpath("starter.yaml").read_text(encoding="utf-8")
    write_files(config.parent, {config.name: starter, SCHEMA_FILE: schema_text()})
    then = generate_with(ctx, "config")
    click.echo(f"Wrote {config} and {config.parent / SCHEMA_FILE}. Fill in {config}, then: {then}")
