"""``validate``: whether AWS accepts the templates and the guard SCP, and every alert reaches its subscribers."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from cfn_breakglass import __version__
from cfn_breakglass.cli.options import TEMPLATES


@click.command(
    short_help="Check that AWS accepts the files and every alert arrives.",
    epilog="""\b
Examples:
  cfn-breakglass validate
  cfn-breakglass validate --templates prod
  cfn-breakglass validate --format sarif > validate.sarif

\b
Example of its output:
  $ cfn-breakglass validate
  templates/main-region.yaml: 0 problems in 1 region
  templates/stackset.yaml: 0 problems in 16 regions
  templates/guard-scp.json: 0 problems

Exit codes: 0 no problem, 1 problems, 2 could not tell (bad input, or something
that this release does not know).""",
)
@TEMPLATES
@click.option(
    "--format",
    "report_format",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="For people, for scripts, or for tools that show findings in the code.",
)
@click.pass_context
def validate(ctx: click.Context, templates: Path, report_format: str) -> None:
    """Check the files on disk: whether AWS accepts them, and whether every alert reaches its subscribers.

    cfn-lint and AWS's limits are applied in every region that the templates are deployed to. Then the path of each
    event, alarm and heartbeat is followed: rules, buses, roles, policies, keys, topics, log groups, dead-letter queues.
    In an organization it is followed from every account to the hub.
    """
    from cfn_breakglass.analysis.validation.folder import validate_folder
    from cfn_breakglass.analysis.validation.report_formats import json_report, sarif_report, text_report

    # Nearly all that cfn-lint makes is needed until the end, and to look for garbage in it takes a third of the time.
    gc.disable()
    ctx.call_on_close(gc.enable)
    validation = validate_folder(templates)
    match report_format:
        case "json":
            report = json_report(validation)
        case "sarif":
            report = sarif_report(validation, __version__)
        case _:
            report = text_report(validation)
    click.echo(report, nl=False)
    if exit_code := validation.exit_code:
        ctx.exit(exit_code)
