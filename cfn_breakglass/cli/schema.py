"""``schema``: the JSON Schema of a config."""

from __future__ import annotations

import click


@click.command(
    short_help="Print the JSON Schema of a config, for editors.",
    epilog="""\b
Example:
  cfn-breakglass schema > .breakglass.schema.json

\b
Example of its output, in part:
  $ cfn-breakglass schema
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "cfn-breakglass config",
  ...

Exit code: 0.""",
)
def schema() -> None:
    """Print the JSON Schema of a config, with which editors complete and check it.

    init writes the same schema to a file next to the config.
    """
    from cfn_breakglass.config.json_schema import schema_text

    click.echo(schema_text(), nl=False)
