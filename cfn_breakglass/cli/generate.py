"""``generate``: the templates and the guard SCP from the config, or whether they are there already."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from cfn_breakglass.cli.options import CONFIG, generate_with, path_option
from cfn_breakglass.errors import OutputError

FORMS = ("yaml", "json")
NOT_ALWAYS = ("stackset-roles", "deployer")
"""Templates that not every config makes."""


@click.command(
    epilog="""\b
Examples:
  cfn-breakglass generate
  cfn-breakglass generate --config prod.yaml --output prod
  cfn-breakglass generate --check"""
)
@CONFIG
@path_option("--output", "templates", "The folder to write to.")
@click.option("--format", "form", type=click.Choice(FORMS), default="yaml", show_default=True, help="How to write.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the files differ.")
@click.pass_context
def generate(ctx: click.Context, config: Path, output: Path, form: str, *, check: bool) -> None:
    """Write both templates and a guard SCP from the config, whole or not at all, and say what to do next."""
    # Nearly all that a run makes is needed until it ends; looking for what is not takes a twentieth of its time.
    gc.disable()
    ctx.call_on_close(gc.enable)

    from cfn_breakglass.config.loader import load_config
    from cfn_breakglass.generation.files import write_files
    from cfn_breakglass.generation.generate import generate_files
    from cfn_breakglass.guidance.warnings import next_steps, warnings
    from cfn_breakglass.plan import make_plan

    settings, lines = load_config(config)
    plan = make_plan(settings)
    files = generate_files(plan, form, file=str(config), lines=lines)
    for warning in warnings(plan):
        click.echo(f"warning: {warning}", err=True)
    if check:
        _compare(ctx, output, files.texts, config)
    else:
        write_files(output, files.texts)
        templates = ", ".join(str(output / name) for name in files.templates.texts)
        guard = output / files.guard_scp.name
        click.echo(f"Wrote {templates} and {guard}.\n\n{next_steps(plan, output, files)}", nl=False)
    for note in _left_over(output, files.texts):
        click.echo(f"note: {note}", err=True)


def _compare(ctx: click.Context, output: Path, files: Mapping[str, str], config: Path) -> None:
    differences = list(_differences(output, files, config))
    for difference in differences:
        click.echo(difference)
    if differences:
        click.echo(f"Bring them up to date with: {generate_with(ctx, 'config', 'output', 'form')}")
        ctx.exit(1)
    click.echo(f"The files in {output} are those of {config}.")


def _differences(output: Path, files: Mapping[str, str], config: Path) -> Iterator[str]:
    for name, text in files.items():
        path = output / name
        found = _read(path)
        if found is None:
            other = _other_form(path)
            hint = f"; to compare {other.name}, add --format {other.suffix[1:]}" if other else ""
            yield f"{path} is missing{hint}"
        elif found != text.encode():
            yield f"{path} differs from what {config} makes"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{path}: it cannot be read: {error.strerror}") from None


def _other_form(path: Path) -> Path | None:
    """The same file in the other form, if it is there."""
    others = (path.with_suffix(f".{form}") for form in FORMS)
    return next((one for one in others if one != path and one.exists()), None)


def _left_over(output: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Templates in the other form, and those no longer made: they may be of an older config, and get deployed."""
    for name in files:
        if other := _other_form(output / name):
            takes = f"delete it if {output / name} takes its place"
            yield f"{other} is there too, perhaps from an older config; {takes}"
    stems = {Path(name).stem for name in files}
    for path in (output / f"{stem}.{form}" for stem in NOT_ALWAYS if stem not in stems for form in FORMS):
        if path.exists():
            yield f"{path} is there, and this config makes none; delete it, and its stack"
