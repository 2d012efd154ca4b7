"""``runbook``: write what people read before, during and after an emergency."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfn_breakglass.cli.options import CONFIG

if TYPE_CHECKING:
    from collections.abc import Collection

    from cfn_breakglass.guidance.runbook.blanks import RunbookBlock

_NAMES = {"markdown": "RUNBOOK.md", "html": "RUNBOOK.html"}


@click.command(
    short_help="Write the runbook: get in, end sessions, afterwards.",
    epilog="""\b
Examples:
  cfn-breakglass runbook
  cfn-breakglass runbook --format html
  cfn-breakglass runbook --check

\b
Example of its output, in part:
  $ cfn-breakglass runbook
  Wrote RUNBOOK.md.
  ...

Exit codes: 0 written, or nothing differs; 1 the file differs; 2 could not
tell (bad input, or a file with changes outside its blanks).""",
)
@CONFIG
@click.option("--output", type=click.Path(path_type=Path), help="The file to write; RUNBOOK.md or .html if not given.")
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(_NAMES)),
    help="Markdown, or HTML to print; by the name of the file if not given.",
)
@click.option("--check", is_flag=True, help="Write nothing; show how the file differs.")
@click.option("--force", is_flag=True, help="Replace a file with other changes, and keep it under another name.")
@click.pass_context
def runbook(
    ctx: click.Context, config: Path, output: Path | None, form: str | None, *, check: bool, force: bool
) -> None:
    """Write a runbook from the config and the templates that it makes: each way in, each alert, and what to do.

    What you write into its blanks is kept when you make it anew. Change nothing else in it. HTML has the blanks of the
    Markdown file of the same name beside it, and prints on two or three pages.
    """
    from cfn_breakglass.config.loader import load_config
    from cfn_breakglass.generation.files import write_files
    from cfn_breakglass.guidance.runbook.contents import is_unlinked
    from cfn_breakglass.guidance.runbook.make import FORMATS, previous_runbook, runbook_blocks, set_aside
    from cfn_breakglass.plan import make_plan

    form = form or ("html" if output and output.suffix.lower() in (".html", ".htm") else "markdown")
    path = output or Path(_NAMES[form])
    settings, lines = load_config(config)
    previous = previous_runbook(path, form)
    plan = make_plan(settings)
    blocks = runbook_blocks(plan, config_file=str(config), lines=lines)
    text = FORMATS[form](blocks, previous.written)
    if check:
        ctx.exit(_compare(path, text, config))
    for edit in previous.edits:
        if not force:
            raise edit
        if edit.file == str(path):
            click.echo(f"Kept {path} as {set_aside(path)}.")
    write_files(path.parent, {path.name: text})
    click.echo(f"Wrote {path}.\n{_advice(blocks, previous.written, is_unlinked=is_unlinked(plan))}")


def _compare(path: Path, text: str, config: Path) -> int:
    """Print how the file differs from ``text``; the exit code says whether it does."""
    from cfn_breakglass.generation.file_differences import file_differences

    for difference in file_differences(path.parent, {path.name: text}, config):
        if difference.is_missing:
            click.echo(f"{difference.path} is missing")
        else:
            click.echo(f"{difference.path} differs from what {config} makes:\n{difference.diff}", nl=False)
        return 1
    click.echo(f"{path} is up to date with {config}.")
    return 0


def _advice(blocks: Collection[RunbookBlock], written: Collection[str], *, is_unlinked: bool) -> str:
    from cfn_breakglass.guidance.runbook.blanks import Blank

    keys = [block.key for block in blocks if isinstance(block, Blank)]
    empty = sum(key not in written for key in keys)
    lines = [f"{empty} of {len(keys)} blanks are empty: fill them in, print it, and put it where two persons get it."]
    if is_unlinked:
        lines.append("No alert links to it: write its address into alerts.runbook.")
    return "\n".join(lines)
