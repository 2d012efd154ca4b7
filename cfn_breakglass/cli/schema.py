"""``schema``: the JSON Schema of a config, or of an alert."""

from __future__ import annotations

import click


@click.command(
    short_help="Print the JSON Schema of a config, for editors; or of an alert.",
    epilog="""\b
Examples:
  cfn-breakglass schema > .breakglass.schema.json
  cfn-breakglass schema --alert

\b
Example of its output, in part:
  $ cfn-breakglass schema
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "cfn-breakglass config",
  ...

Exit code: 0.""",
)
@click.option("--alert", "of_alert", is_flag=True, help="Print the schema of an alert with alerts.format: json.")
def schema(*, of_alert: bool) -> None:
    """Print the JSON Schema of a config, with which editors complete and check it.

    init writes the same schema to a file next to the config.
    """
    from cfn_breakglass.config.json_schema import alert_schema_text, schema_text

    click.echo(alert_schema_text() if of_alert else schema_text(), nl=False)
