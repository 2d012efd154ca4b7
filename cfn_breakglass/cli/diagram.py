"""``diagram``: draw the templates."""

from __future__ import annotations

from pathlib import Path

import click

from cfn_breakglass.cli.options import TEMPLATES


@click.command(
    short_help="Draw the templates as SVG or Mermaid.",
    epilog="""\b
Examples:
  cfn-breakglass diagram --output templates/diagram.svg
  cfn-breakglass diagram --format mermaid

\b
Example of its output, in part:
  $ cfn-breakglass diagram --format mermaid
  flowchart LR
      accTitle: break-glass: a role watched in 17 regions
  ...

Exit codes: 0 drawn, 2 could not tell (bad input).""",
)
@TEMPLATES
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "mermaid"]),
    default="svg",
    show_default=True,
    help="The format of the picture.",
)
@click.option("--output", type=click.Path(path_type=Path), help="The file to write; standard output if not given.")
def diagram(templates: Path, form: str, output: Path | None) -> None:
    """Draw the templates: who may assume the role, the regions, rules and buses, and who is notified.

    The names of at most three people are in the picture.
    """
    text = _draw(templates, form)
    if output is None:
        click.echo(text, nl=False)
        return
    from cfn_breakglass.generation.files import write_files

    write_files(output.parent, {output.name: text})
    click.echo(f"Wrote {output}.")


def _draw(templates: Path, form: str) -> str:
    from cfn_breakglass.analysis.diagram.from_templates import picture_of

    picture = picture_of(templates)
    if form == "svg":
        from cfn_breakglass.analysis.diagram.svg import svg

        return svg(picture)
    from cfn_breakglass.analysis.diagram.mermaid import mermaid

    return mermaid(picture)
