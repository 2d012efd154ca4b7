"""``simulate``: which alerts a history of CloudTrail records would have caused."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from cfn_breakglass.cli.options import TEMPLATES, flag

if TYPE_CHECKING:
    from cfn_breakglass.analysis.replay.report import OutputLine, ReplayReport
    from cfn_breakglass.analysis.replay.results import ReplayResult
    from cfn_breakglass.cli.progress import Progress

# Columns and lines if no terminal says how large it is.
_SIZE = (120, 24)


def _set(_ctx: click.Context, _param: click.Parameter, values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


@click.command(
    short_help="Say which alerts CloudTrail records would have caused.",
    epilog="""\b
Examples:
  cfn-breakglass simulate history
  cfn-breakglass simulate --detection RoleAssumed --json history.jsonl.gz
  cfn-breakglass simulate --explain --detection RoleDenied record.json

\b
Example of its output, in part:
  $ cfn-breakglass simulate history
  2025-03-14T03:07:12Z  eu-west-1  alice  AssumeRole  ...
    RoleAssumed
      topic arn:aws:sns:us-east-1:111122223333:break-glass-alerts, to ...
  ...

\b
  1 record read, 1 alert
  ...

Exit codes: 0 there would be an alert, 1 there would be none, 2 could not tell
(bad input).""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@TEMPLATES
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@click.option("--detection", "detections", multiple=True, callback=_set, help="Only this detection; can be repeated.")
@click.option(
    "--region",
    "regions",
    multiple=True,
    callback=_set,
    help="Only records of this region; can be repeated.",
)
@click.option("--account", default="", help="The account of the templates; that of each record if not given.")
@click.option("--explain", is_flag=True, help="Say for each record why a detection fires or does not.")
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="The number of processes that read files."
)
@click.pass_context
def simulate(ctx: click.Context, /, *, paths: tuple[str, ...], as_json: bool, jobs: int, **options: Any) -> None:
    """Say which alerts CloudTrail records would have caused if the templates had been deployed.

    PATH is a file, a folder, or - for standard input. A file holds CloudTrail records or EventBridge events, by
    themselves or as CloudTrail, CloudWatch Logs, Athena, SNS, SQS, Firehose, Splunk or Elasticsearch give them, and may
    be packed as gzip, zstd, zip or tar.
    """
    from cfn_breakglass.analysis.history.sources import SourceError, find_sources
    from cfn_breakglass.analysis.replay.replay import Replay
    from cfn_breakglass.analysis.replay.results import ReplayOptions
    from cfn_breakglass.analysis.replay.workers import replay_sources
    from cfn_breakglass.cli.progress import progress_over

    replay_options = ReplayOptions(**options)
    replay = Replay(replay_options)
    report = _report(ctx.command, as_json=as_json, with_account=replay.is_of_organization)
    for region in sorted(replay_options.regions - set(replay.regions)):
        click.echo(f"warning: no template covers {region}", err=True)
    with progress_over(paths) as progress:
        for source, results in replay_sources(replay_options, replay, find_sources(paths), sys.stdin.buffer, jobs):
            _write_results(results, report, progress)
            progress.advance(source.size, report.summary.counts.records)
    for line in report.summary_lines():
        _write(line)
    if not report.summary.counts.records:
        raise SourceError("there is no CloudTrail record in the input")
    if not report.summary.alerts:
        ctx.exit(1)


def _report(command: click.Command, *, as_json: bool, with_account: bool) -> ReplayReport:
    from shutil import get_terminal_size

    from cfn_breakglass.analysis.replay.json_format import JsonFormat
    from cfn_breakglass.analysis.replay.report import Notes, ReplayReport
    from cfn_breakglass.analysis.replay.text_format import TextFormat

    hints = {"account": f"set it with {flag(command, 'account')}"}
    notes = Notes(lists_places=not as_json, hints=hints)
    if as_json:
        return ReplayReport(JsonFormat(), notes)
    cut_hint = f"{flag(command, 'as_json')} has all of it"
    width = get_terminal_size(_SIZE).columns
    return ReplayReport(TextFormat(width, cut_hint=cut_hint, with_account=with_account), notes)


def _write_results(results: Iterable[ReplayResult], report: ReplayReport, progress: Progress) -> None:
    for result in results:
        for line in report.result_lines(result):
            progress.write_line(line, _write)
        progress.advance(0, report.summary.counts.records)


def _write(line: OutputLine) -> None:
    click.echo(line.text, err=line.is_note)
