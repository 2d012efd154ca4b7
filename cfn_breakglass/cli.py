"""The command line: arguments in, exit code out; the only module that prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cfn_breakglass import __version__
from cfn_breakglass.errors import BreakglassError, ConfigError, OutputError, Problem

SCHEMA_FILE = ".breakglass.schema.json"

_CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("breakglass.yaml"),
    show_default=True,
    help="The config file.",
)


class _Group(click.Group):
    """Turns our errors into a message on stderr and their exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BreakglassError as error:
            click.echo(error, err=True)
            ctx.exit(error.exit_code)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  cfn-breakglass init                    write a config to fill in
  cfn-breakglass generate                write the templates
  cfn-breakglass generate --check        are the templates those of the config?
  cfn-breakglass validate                would AWS take the templates?

Exit codes: 0 yes or done, 1 no, 2 could not tell (bad input).""",
)
@click.version_option(__version__, "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Make CloudFormation templates for an AWS break-glass role that alerts in every region."""


@cli.command()
@_CONFIG
def init(config: Path) -> None:
    """Write a config file to fill in, and the schema that editors complete it with."""
    from importlib.resources import files

    from cfn_breakglass.schema import schema_text
    from cfn_breakglass.writer import write_files

    if config.exists():
        raise ConfigError(str(config), [Problem(0, "it is there already", "choose another name with --config")])
    starter = files("cfn_breakglass").joinpath("starter.yaml").read_text(encoding="utf-8")
    write_files(config.parent, {config.name: starter, SCHEMA_FILE: schema_text()})
    click.echo(f"Wrote {config} and {config.parent / SCHEMA_FILE}. Fill in {config}, then: cfn-breakglass generate")


@cli.command(
    epilog="""\b
Examples:
  cfn-breakglass generate
  cfn-breakglass generate --config prod.yaml --output prod
  cfn-breakglass generate --check"""
)
@_CONFIG
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("templates"),
    show_default=True,
    help="The folder to write to.",
)
@click.option(
    "--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="How to write."
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the files differ.")
def generate(config: Path, output: Path, form: str, *, check: bool) -> None:
    """Write both templates from the config, whole or not at all, and say what to do next."""
    from cfn_breakglass.advice import next_steps, warnings
    from cfn_breakglass.configfile import load_config
    from cfn_breakglass.generation import template_files
    from cfn_breakglass.writer import write_files

    wanted, lines = load_config(config)
    files = template_files(wanted, form, file=str(config), lines=lines)
    for warning in warnings(wanted):
        click.echo(f"warning: {warning}", err=True)
    if check:
        _compare(output, files, config)
        return
    write_files(output, files)
    main, rest = (output / name for name in files)
    click.echo(f"Wrote {main} and {rest}.\n\n{next_steps(wanted, main, rest)}", nl=False)


def _compare(output: Path, files: dict[str, str], config: Path) -> None:
    different = [output / name for name, text in files.items() if _read(output / name) != text]
    for path in different:
        state = "differs from what" if path.exists() else "is missing;"
        click.echo(f"{path} {state} {config} makes" if path.exists() else f"{path} is missing")
    if different:
        click.echo("Bring them up to date with: cfn-breakglass generate")
        raise click.exceptions.Exit(1)
    click.echo(f"The templates in {output} are those of {config}.")


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise OutputError(f"{path}: it cannot be read: {error.strerror}") from None


@cli.command(
    epilog="""\b
Examples:
  cfn-breakglass validate
  cfn-breakglass validate --templates prod"""
)
@click.option(
    "--templates",
    type=click.Path(path_type=Path),
    default=Path("templates"),
    show_default=True,
    help="The folder the templates are in.",
)
def validate(templates: Path) -> None:
    """Check the templates on disk: cfn-lint in every region they go to, and AWS's limits."""
    from cfn_breakglass.emitted.validation import validate_folder

    findings = validate_folder(templates)
    for finding in findings.problems:
        click.echo(finding)
    click.echo(findings.summary)
    if findings.problems:
        raise click.exceptions.Exit(1)


@cli.command()
def schema() -> None:
    """Print the JSON Schema of a config file, for editors."""
    from cfn_breakglass.schema import schema_text

    click.echo(schema_text(), nl=False)


@cli.command(
    epilog="""\b
Examples:
  cfn-breakglass completion bash >> ~/.bashrc
  cfn-breakglass completion zsh >> ~/.zshrc
  cfn-breakglass completion fish > ~/.config/fish/completions/cfn-breakglass.fish"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes a shell complete this command."""
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(complete(cli, {}, "cfn-breakglass", "_CFN_BREAKGLASS_COMPLETE").source())


def main() -> None:
    """Run the command line."""
    cli(prog_name="cfn-breakglass")
