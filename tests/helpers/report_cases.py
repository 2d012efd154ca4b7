"""The golden reports, what they are made from, and what the manual shows of one; ``make golden`` writes them anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from click.testing import CliRunner, Result
from cloudtrail_mix import cloudtrail_lines
from paths import ROOT, TESTS
from rejections import inside
from role_use import BOB, busy_session, history
from samples import SAMPLES, SETTINGS, templates, text_of

from cfn_breakglass.cli.app import cli

GOLDEN_REPORTS: Final = TESTS / "analysis" / "sessions" / "golden"
PICTURE: Final = ROOT / "docs" / "report.svg"
RECORDS_FILE: Final = "history.jsonl"
LARGE: Final = "large-history"
_LARGE_HISTORY: Final = 100_000
_ENDINGS: Final = {"markdown": "md", "html": "html", "json": "json"}
_ACCOUNTS: Final = tuple(str(111122223333 + number) for number in range(40))


class ReportCase(NamedTuple):
    """The lines of a history, and the formats of its golden reports."""

    lines: Callable[[], Iterator[str]]
    formats: tuple[str, ...]


def write_templates(folder: Path, **changes: Any) -> Path:
    """Write the templates of the samples' account, with other settings, into a folder."""
    folder.mkdir(exist_ok=True)
    for name, text in zip(("main-region", "stackset"), templates(json.dumps(SETTINGS | changes)), strict=True):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def run_report(folder: Path, *arguments: object, data: bytes | None = None) -> Result:
    """Run ``cfn-breakglass report`` in ``folder``."""
    with inside(folder):
        return CliRunner().invoke(cli, ["report", *map(str, arguments)], input=data, prog_name="cfn-breakglass")


def _role_use() -> Iterator[str]:
    yield from map(json.dumps, history())


def _samples() -> Iterator[str]:
    yield from (json.dumps(json.loads(text_of(sample))) for sample in SAMPLES)


def _large_history() -> Iterator[str]:
    """The trail of an organization in which the role is used, and somebody is busy for hours."""
    of_the_role = [*map(json.dumps, [*history(), *busy_session(_ACCOUNTS[1])])]
    others = (line.decode().rstrip() for line in cloudtrail_lines(_ACCOUNTS))
    distance = _LARGE_HISTORY // len(of_the_role)
    for line in of_the_role:
        yield from islice(others, distance - 1)
        yield line
    yield from islice(others, _LARGE_HISTORY - distance * len(of_the_role))


CASES: Final = {
    "use": ReportCase(_role_use, ("markdown", "html", "json")),
    "samples": ReportCase(_samples, ("markdown",)),
    LARGE: ReportCase(_large_history, ("markdown",)),
}


def golden_reports(name: str) -> dict[str, str]:
    """The name of each golden file of a case, and its text."""
    case = CASES[name]
    with TemporaryDirectory() as folder:
        write_templates(Path(folder, "templates"))
        Path(folder, RECORDS_FILE).write_text("\n".join(case.lines()), encoding="utf-8")
        return {
            f"{name}.{_ENDINGS[form]}": run_report(Path(folder), RECORDS_FILE, "--format", form).stdout
            for form in case.formats
        }


def picture() -> str:
    """The timeline of the session that the manual shows."""
    html = (GOLDEN_REPORTS / "use.html").read_text(encoding="utf-8")
    session = html[html.index(f"<code>{BOB.name}</code>, ") :]
    return session[session.index("<svg") : session.index("</svg>")] + "</svg>\n"


def excerpt() -> str:
    """The head of a report and the first session that stands out, as the manual shows them."""
    text = (GOLDEN_REPORTS / "use.md").read_text(encoding="utf-8")
    head, _, rest = text.partition("## Account ")
    session = rest[rest.index("### Session 2") :]
    facts = session[: session.index("#### Touched the monitoring, or")]
    return f"\n```markdown\n{head.rstrip()}\n\n...\n\n{facts.rstrip()}\n\n...\n```"


def refresh() -> None:
    """Write every golden report, and the picture of the manual."""
    for name in CASES:
        for file, text in golden_reports(name).items():
            (GOLDEN_REPORTS / file).write_text(text, encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    refresh()
