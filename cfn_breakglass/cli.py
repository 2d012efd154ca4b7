"""The command line: arguments in, exit code out; the only module that prints."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfn_breakglass import __version__
from cfn_breakglass.errors import BreakglassError, ConfigError, OutputError, Problem

if TYPE_CHECKING:
    from cfn_breakglass.progress import Progress

SCHEMA_FILE = ".breakglass.schema.json"

_CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("breakglass.yaml"),
    show_default=True,
    help="The config file.",
)
_TEMPLATES = click.option(
    "--templates",
    type=click.Path(path_type=Path),
    default=Path("templates"),
    show_default=True,
    help="The folder the templates are in.",
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
  cfn-breakglass simulate history        what would they have told of this CloudTrail history?

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
@_TEMPLATES
def validate(templates: Path) -> None:
    """Check the templates on disk: cfn-lint in every region they go to, and AWS's limits."""
    from cfn_breakglass.emitted.validation import validate_folder

    findings = validate_folder(templates)
    for finding in findings.problems:
        click.echo(finding)
    click.echo(findings.summary)
    if findings.problems:
        raise click.exceptions.Exit(1)


@cli.command(
    epilog="""\b
Examples:
  cfn-breakglass simulate history
  cfn-breakglass simulate --detection RoleAssumed --json history.jsonl.gz
  cfn-breakglass simulate --explain --detection RoleRefused record.json

Exit codes: 0 there would be an alert, 1 there would be none, 2 could not tell (bad input)."""
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@_TEMPLATES
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object per line.")
@click.option("--detection", "detections", multiple=True, help="Only this detection; may be given again.")
@click.option("--region", "regions", multiple=True, help="Only what was recorded in this region; may be given again.")
@click.option("--account", default="", help="Deploy the templates in this account, not in that of each record.")
@click.option("--explain", is_flag=True, help="Say of each record why a detection fires or does not.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="How many processes read files.")
def simulate(
    *,
    paths: tuple[str, ...],
    templates: Path,
    detections: tuple[str, ...],
    regions: tuple[str, ...],
    account: str,
    jobs: int,
    as_json: bool,
    explain: bool,
) -> None:
    """Tell what a CloudTrail history would have set off, with the templates on disk.

    PATH is a file, a folder or - for standard input; a CloudTrail record, a log file, a JSON array, JSON Lines or an
    EventBridge event, plain or gzip.
    """
    from cfn_breakglass.emitted.replay import Question, Replay
    from cfn_breakglass.emitted.sources import SourceError, find
    from cfn_breakglass.emitted.telling import Form, Json, Tally, Text, notes
    from cfn_breakglass.emitted.workers import replayed

    question = Question(templates, account, frozenset(detections), frozenset(regions), explain)
    json_form, text_form = Json(), Text()
    form: Form = json_form if as_json else text_form
    replay, tally = Replay(question), Tally()
    for region in sorted(question.regions - set(replay.regions)):
        click.echo(f"warning: neither template covers {region}", err=True)
    with _progress(paths) as progress:
        for source, answers in replayed(question, replay, find(paths), sys.stdin.buffer, jobs):
            for answer in answers:
                tally.add(answer)
                for line in form.answer(answer):
                    progress.quietly(line, click.echo)
            progress.advance(source.size, tally.counts.records)
    for line in form.end(tally):
        click.echo(line)
    for note in notes(tally):
        click.echo(note, err=True)
    if not tally.counts.records:
        raise SourceError("there is no CloudTrail record in what was given")
    if not tally.alerts:
        raise click.exceptions.Exit(1)


def _progress(paths: tuple[str, ...]) -> Progress | _NoProgress:
    """A bar if a person is looking; otherwise something that does as little."""
    from cfn_breakglass.emitted.sources import find

    if not sys.stderr.isatty():
        return _NoProgress()
    from rich.console import Console

    from cfn_breakglass.progress import Progress

    return Progress(sum(source.size for source in find(paths)), Console(stderr=True))


class _NoProgress:
    def __enter__(self) -> _NoProgress:  # noqa: PYI034 - nobody inherits from it
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def advance(self, done: int, records: int) -> None:
        pass

    def quietly(self, line: str, write: Callable[[str], None]) -> None:
        write(line)


@cli.command(
    epilog="""\b
Examples:
  cfn-breakglass diagram --output templates/diagram.svg
  cfn-breakglass diagram --format mermaid"""
)
@_TEMPLATES
@click.option("--format", "form", type=click.Choice(["svg", "mermaid"]), default="svg", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="The file to write; standard output if not given.")
def diagram(templates: Path, form: str, output: Path | None) -> None:
    """Draw the templates: regions, rules, buses, who is told, who may take the role on (with up to three names)."""
    from cfn_breakglass.emitted.diagram import picture_of

    picture = picture_of(templates)
    if form == "svg":
        from cfn_breakglass.emitted.svg import svg

        text = svg(picture)
    else:
        from cfn_breakglass.emitted.mermaid import mermaid

        text = mermaid(picture)
    if output is None:
        click.echo(text, nl=False)
        return
    from cfn_breakglass.writer import write_files

    write_files(output.parent, {output.name: text})
    click.echo(f"Wrote {output}.")


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
