"""``diagram``: a picture of the templates."""

from __future__ import annotations

from pathlib import Path

import click

from cfn_breakglass.cli.options import TEMPLATES


@click.command(
    epilog="""\b
Examples:
  cfn-breakglass diagram --output templates/diagram.svg
  cfn-breakglass diagram --format mermaid"""
)
@TEMPLATES
@click.option("--format", "form", type=click.Choice(["svg", "mermaid"]), default="svg", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="The file to write; standard output if not given.")
def diagram(templates: Path, form: str, output: Path | None) -> None:
    """Draw the templates: regions, rules, buses, who is told, who may take the role on (with up to three names)."""
    text = _drawn(templates, form)
    if output is None:
        click.echo(text, nl=False)
        return
    from cfn_breakglass.generation.files import write_files

    write_files(output.parent, {output.name: text})
    click.echo(f"Wrote {output}.")


def _drawn(templates: Path, form: str) -> str:
    from cfn_breakglass.analysis.diagram.from_templates import picture_of

    picture = picture_of(templates)
    if form == "svg":
        from cfn_breakglass.analysis.diagram.svg import svg

        return svg(picture)
    from cfn_breakglass.analysis.diagram.mermaid import mermaid

    return mermaid(picture)
