"""``report``: how the role was used, from CloudTrail records."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfn_breakglass.cli.options import TEMPLATES, flag

if TYPE_CHECKING:
    from cfn_breakglass.analysis.sessions.report import UseReport

_FORMATS = {".html": "html", ".htm": "html", ".json": "json"}
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _time(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    """A point in time in UTC, as CloudTrail writes it; of a length of time, the time so long ago."""
    if not value:
        return ""
    now = datetime.now(UTC)
    try:
        if length := re.fullmatch(r"([0-9]+)([mhdw])", value):
            time = now - timedelta(**{_UNITS[length[2]]: int(length[1])})
        else:
            time = datetime.fromisoformat(value)
            time = time if time.tzinfo else time.replace(tzinfo=UTC)
        text = time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is neither a time such as 2025-03-14 or 2025-03-14T03:00:00Z, nor a length of time such as 7d"
        ) from None
    if time > now:
        raise click.BadParameter(f"{value!r} is in the future, and no call was made since")
    return text


@click.command(
    short_help="Report how the role was used, from CloudTrail records.",
    epilog="""\b
Examples:
  cfn-breakglass report history
  cfn-breakglass report --since 7d --output use.html history
  cfn-breakglass report --session alice --format json history

\b
Example of its output, in part:
  $ cfn-breakglass report history
  # Use of the break-glass role
  ...
  ## Sessions
  ...

Exit codes: 0 the role was used, or somebody tried to; 1 it was not; 2 could
not tell (bad input, or nothing in what could be read).""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@TEMPLATES
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "html", "json"]),
    help="The format of the report; by the name of the file if not given, otherwise markdown.",
)
@click.option("--output", type=click.Path(path_type=Path), help="The file to write; standard output if not given.")
@click.option(
    "--since",
    default="",
    metavar="TIME",
    callback=_time,
    help="Only calls from this time on: 2025-03-14, 2025-03-14T03:00:00Z, or so long ago: 12h, 7d.",
)
@click.option(
    "--session",
    "sessions",
    multiple=True,
    metavar="NAME",
    help="Only the session of this name, ARN or access key ID; can be repeated.",
)
@click.option("--account", default="", help="The account of the templates; that of each record if not given.")
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="The number of processes that read files."
)
@click.pass_context
def report(
    ctx: click.Context, /, *, paths: tuple[str, ...], form: str | None, output: Path | None, **options: Any
) -> None:
    """Report how the role was used, session by session: who, from where, and what was done.

    PATH is a file, a folder, or - for standard input: the trail or the action log, in every form that simulate reads.
    The templates say which sessions are of the role, and what stands out. Credentials are never part of the report.
    """
    use = _read(ctx.command, paths, **options)
    text = _text(use, form or _FORMATS.get(output.suffix.lower() if output else "", "markdown"))
    if output is None:
        click.echo(text, nl=False)
    else:
        from cfn_breakglass.generation.files import write_files

        write_files(output.parent, {output.name: text})
        click.echo(f"Wrote {output}.")
    if use.is_empty:
        ctx.exit(2 if use.scope.unread else 1)


def _read(
    command: click.Command,
    paths: tuple[str, ...],
    *,
    templates: Path,
    since: str,
    sessions: tuple[str, ...],
    account: str,
    jobs: int,
) -> UseReport:
    from cfn_breakglass.analysis.history.sources import SourceError, Unread, find_sources
    from cfn_breakglass.analysis.replay.report import Notes
    from cfn_breakglass.analysis.replay.results import RecordCounts, ReplayOptions, Summary
    from cfn_breakglass.analysis.replay.workers import replay_sources
    from cfn_breakglass.analysis.sessions.session_log import SessionLog
    from cfn_breakglass.analysis.sessions.session_replay import SessionReplay
    from cfn_breakglass.cli.progress import progress_over

    options = ReplayOptions(templates, account)
    replay, log, summary = SessionReplay(options), SessionLog(since), Summary()
    notes = Notes(lists_places=True, hints={"account": f"set it with {flag(command, 'account')}"})
    with progress_over(paths) as progress:
        for source, results in replay_sources(options, replay, find_sources(paths), sys.stdin.buffer, jobs):
            for result in results:
                if isinstance(result, Unread | RecordCounts):
                    summary.add(result)
                    for line in notes.result_lines(result):
                        progress.write_line(line, _write_note)
                else:
                    log.add(result)
            progress.advance(source.size, summary.counts.records)
    for line in notes.summary_lines(summary):
        _write_note(line)
    if not summary.counts.records:
        raise SourceError("there is no CloudTrail record in the input")
    return log.report(paths, sessions, summary, replay.detections)


def _write_note(line: str) -> None:
    click.echo(line, err=True)


def _text(use: UseReport, form: str) -> str:
    from cfn_breakglass.analysis.sessions.contents import TITLE, report_blocks

    match form:
        case "json":
            from cfn_breakglass.analysis.sessions.report import report_as_json

            return report_as_json(use)
        case "html":
            from cfn_breakglass.documents.html_format import document_as_html

            return document_as_html(TITLE, report_blocks(use, with_drawings=True))
        case _:
            from cfn_breakglass.documents.markdown_format import document_as_markdown

            return document_as_markdown(report_blocks(use, with_drawings=False))
