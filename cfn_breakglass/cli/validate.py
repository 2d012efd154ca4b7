"""``validate``: would AWS take the templates and the guard SCP."""

from __future__ import annotations

from pathlib import Path

import click

from cfn_breakglass.cli.options import TEMPLATES


@click.command(
    epilog="""\b
Examples:
  cfn-breakglass validate
  cfn-breakglass validate --templates prod"""
)
@TEMPLATES
@click.pass_context
def validate(ctx: click.Context, templates: Path) -> None:
    """Check the files on disk: cfn-lint in every region the templates go to, AWS's limits, and the guard SCP."""
    from cfn_breakglass.analysis.validation.folder import validate_folder

    findings = validate_folder(templates)
    for finding in findings.problems:
        click.echo(finding)
    click.echo(findings.summary)
    if findings.problems:
        ctx.exit(1)
