"""``simulate``: what a history of CloudTrail records would have set off."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from cfn_breakglass.cli.options import TEMPLATES

if TYPE_CHECKING:
    from cfn_breakglass.analysis.replay.report import Line, Report
    from cfn_breakglass.analysis.replay.results import Answer
    from cfn_breakglass.cli.progress import Progress

# As wide as a page where nobody's terminal says how wide it is.
_WIDTH = (120, 24)


def _set(_ctx: click.Context, _param: click.Parameter, given: Iterable[str]) -> frozenset[str]:
    return frozenset(given)


@click.command(
    epilog="""\b
Examples:
  cfn-breakglass simulate history
  cfn-breakglass simulate --detection RoleAssumed --json history.jsonl.gz
  cfn-breakglass simulate --explain --detection RoleRefused record.json

Exit codes: 0 there would be an alert, 1 there would be none, 2 could not tell (bad input)."""
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@TEMPLATES
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object per line.")
@click.option(
    "--detection", "detections", multiple=True, callback=_set, help="Only this detection; may be given again."
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    callback=_set,
    help="Only what was recorded in this region; may be given again.",
)
@click.option("--account", default="", help="Deploy the templates in this account, not in that of each record.")
@click.option("--explain", is_flag=True, help="Say of each record why a detection fires or does not.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="How many processes read files.")
@click.pass_context
def simulate(ctx: click.Context, /, *, paths: tuple[str, ...], as_json: bool, jobs: int, **asked: Any) -> None:
    """Tell what a CloudTrail history would have set off, with the templates on disk.

    PATH is a file, a folder or - for standard input; a CloudTrail record, a log file, a JSON array, JSON Lines or an
    EventBridge event, plain or gzip.
    """
    from cfn_breakglass.analysis.replay.replay import Replay
    from cfn_breakglass.analysis.replay.results import Question
    from cfn_breakglass.analysis.replay.sources import SourceError, find
    from cfn_breakglass.analysis.replay.workers import replayed

    question = Question(**asked)
    replay, report = Replay(question), _report(as_json=as_json)
    for region in sorted(question.regions - set(replay.regions)):
        click.echo(f"warning: neither template covers {region}", err=True)
    with _progress(paths) as progress:
        for source, answers in replayed(question, replay, find(paths), sys.stdin.buffer, jobs):
            _tell(answers, report, progress)
            progress.advance(source.size, report.tally.counts.records)
    for line in report.end():
        _write(line)
    if not report.tally.counts.records:
        raise SourceError("there is no CloudTrail record in what was given")
    if not report.tally.alerts:
        ctx.exit(1)


def _report(*, as_json: bool) -> Report:
    from shutil import get_terminal_size

    from cfn_breakglass.analysis.replay.json_format import Json
    from cfn_breakglass.analysis.replay.report import Notes, Report
    from cfn_breakglass.analysis.replay.text_format import Text

    form = Json() if as_json else Text(get_terminal_size(_WIDTH).columns)
    return Report(form, Notes(places=not as_json))


def _tell(answers: Iterable[Answer], report: Report, progress: Progress) -> None:
    for answer in answers:
        for line in report.answer(answer):
            progress.quietly(line, _write)
        progress.advance(0, report.tally.counts.records)


def _write(line: Line) -> None:
    click.echo(line.text, err=line.aside)


def _progress(paths: tuple[str, ...]) -> Progress:
    """A bar if a person is looking."""
    from cfn_breakglass.analysis.replay.sources import find
    from cfn_breakglass.cli.progress import Bar, Progress

    if not sys.stderr.isatty():
        return Progress()
    from rich.console import Console

    return Bar(sum(source.size for source in find(paths)), Console(stderr=True))
