"""``schema``: what editors complete a config with."""

from __future__ import annotations

import click


@click.command
def schema() -> None:
    """Print the JSON Schema of a config file, for editors."""
    from cfn_breakglass.config.json_schema import schema_text

    click.echo(schema_text(), nl=False)
