"""The report on some records, without a command line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from organization_samples import organization_files
from report_cases import write_templates

from cfn_breakglass.analysis.history.sources import Source, Unread
from cfn_breakglass.analysis.replay.results import RecordCounts, ReplayOptions, Summary
from cfn_breakglass.analysis.sessions.report import Session, UseReport
from cfn_breakglass.analysis.sessions.session_log import SessionLog
from cfn_breakglass.analysis.sessions.session_replay import SessionReplay

STANDARD_INPUT = Source("standard input", None)


@cache
def session_replay(settings: str = "{}", account: str = "") -> SessionReplay:
    """The templates of the samples' account, with other settings, as JSON text."""
    with TemporaryDirectory() as folder:
        return SessionReplay(ReplayOptions(write_templates(Path(folder), **json.loads(settings)), account))


@cache
def organization_replay() -> SessionReplay:
    """The templates of the samples' organization."""
    with TemporaryDirectory() as folder:
        for name, text in zip(("main-region", "stackset", "accounts"), organization_files(), strict=True):
            (Path(folder) / f"{name}.yaml").write_text(text, encoding="utf-8")
        return SessionReplay(ReplayOptions(Path(folder)))


def report_on(
    records: Iterable[dict[str, Any]],
    *,
    since: str = "",
    sessions: tuple[str, ...] = (),
    replay: SessionReplay | None = None,
    **settings: Any,
) -> UseReport:
    """Report on records, with the templates for two regions unless ``replay`` or ``settings`` say otherwise."""
    replay = replay or session_replay(json.dumps({"regions": ["eu-west-1"], **settings}))
    log, summary = SessionLog(since), Summary()
    data = "\n".join(map(json.dumps, records)).encode()
    for result in replay.read(STANDARD_INPUT, io.BytesIO(data)):
        if isinstance(result, Unread | RecordCounts):
            summary.add(result)
        else:
            log.add(result)
    return log.report(("-",), sessions, summary, replay.detections)


def session_of(records: Iterable[dict[str, Any]], **options: Any) -> Session:
    """The one session in records."""
    (session,) = report_on(records, **options).sessions
    return session
