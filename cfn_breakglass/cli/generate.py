"""``generate``: write the templates and the guard SCP from the config, or compare them with the files on disk."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfn_breakglass.cli.options import CONFIG, generate_command, path_option

if TYPE_CHECKING:
    from cfn_breakglass.generation.file_differences import FileDifference

FORMATS = ("yaml", "json")
OPTIONAL_TEMPLATES = ("accounts", "stackset-roles", "deployer")
"""Templates that only some configs need."""


@click.command(
    short_help="Write the templates and the guard SCP from the config.",
    epilog="""\b
Examples:
  cfn-breakglass generate
  cfn-breakglass generate --config prod.yaml --output prod
  cfn-breakglass generate --check
  cfn-breakglass generate --diff > changes.patch

\b
Example of its output, in part:
  $ cfn-breakglass generate
  Wrote templates/main-region.yaml, templates/stackset.yaml and ...

\b
  What to do next:
  ...

Exit codes: 0 written, or nothing differs; 1 something differs; 2 could not
tell (bad input).""",
)
@CONFIG
@path_option("--output", "templates", "The folder of the files.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="yaml",
    show_default=True,
    help="The format of the templates.",
)
@click.option("--check", is_flag=True, help="Write nothing; show which files differ, and how.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print only a diff, for patch -p0.")
@click.pass_context
def generate(ctx: click.Context, config: Path, output: Path, form: str, *, check: bool, show_diff: bool) -> None:
    """Write the templates and a guard SCP from the config, all of them or none, and say what to do next.

    --check and --diff compare them with the files on disk instead. Line ends of Windows are no difference.
    """
    # Nearly all memory is in use until the command ends. Searching for garbage takes a twentieth of its time.
    gc.disable()
    ctx.call_on_close(gc.enable)

    from cfn_breakglass.config.loader import load_config
    from cfn_breakglass.generation.files import write_files
    from cfn_breakglass.generation.generate import generate_files
    from cfn_breakglass.guidance.neighbors import collisions
    from cfn_breakglass.guidance.next_steps import next_steps
    from cfn_breakglass.guidance.warnings import warnings
    from cfn_breakglass.plan import make_plan

    settings, lines = load_config(config)
    plan = make_plan(settings)
    files = generate_files(plan, form, file=str(config), lines=lines)
    for warning in (*warnings(plan), *collisions(config, settings)):
        click.echo(f"warning: {warning}", err=True)
    if check or show_diff:
        is_current = _compare(ctx, output, files.texts, config, summary=check)
    else:
        is_current = True
        write_files(output, files.texts)
        templates = ", ".join(str(output / name) for name in files.templates.texts)
        guard = output / files.guard_scp.name
        click.echo(f"Wrote {templates} and {guard}.\n\n{next_steps(plan, output, files)}", nl=False)
    for note in _leftover_files(output, files.texts):
        click.echo(f"note: {note}", err=True)
    if not is_current:
        ctx.exit(1)


def _compare(ctx: click.Context, output: Path, texts: Mapping[str, str], config: Path, *, summary: bool) -> bool:
    """Print how the files in ``output`` differ from ``texts``; whether they do not. Without a summary, only a patch."""
    from cfn_breakglass.generation.file_differences import file_differences

    differences = list(file_differences(output, texts, config))
    for difference in differences:
        if summary:
            click.echo(_sentence(difference, config))
        if not (summary and difference.is_missing):  # all of a file is no news to read
            click.echo(difference.diff, nl=False)
    if summary and differences:
        click.echo(f"Update the files with: {generate_command(ctx, 'config', 'output', 'form')}")
    elif summary:
        click.echo(f"The files in {output} are up to date with {config}.")
    return not differences


def _sentence(difference: FileDifference, config: Path) -> str:
    if not difference.is_missing:
        return f"{difference.path} differs from what {config} generates:"
    other = _in_other_format(difference.path)
    hint = f"; to compare {other.name}, add --format {other.suffix[1:]}" if other else ""
    return f"{difference.path} is missing{hint}"


def _in_other_format(path: Path) -> Path | None:
    """The same file in the other format, if it exists."""
    candidates = (path.with_suffix(f".{form}") for form in FORMATS)
    return next((candidate for candidate in candidates if candidate != path and candidate.exists()), None)


def _leftover_files(output: Path, names: Collection[str]) -> Iterator[str]:
    """Sentences about files that the config does not generate: they may be of an older config, and get deployed."""
    for name in names:
        if other := _in_other_format(output / name):
            fix = f"delete it if {output / name} replaces it"
            yield f"{other} exists too, perhaps from an older config; {fix}"
    stems = {Path(name).stem for name in names}
    for path in (output / f"{stem}.{form}" for stem in OPTIONAL_TEMPLATES if stem not in stems for form in FORMATS):
        if path.exists():
            yield f"{path} exists, but this config does not generate it; delete it, and its stack"
