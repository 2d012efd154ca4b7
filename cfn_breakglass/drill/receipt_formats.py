"""A receipt as JSON for scripts and auditors, as Markdown for people, in two files that replace none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from cfn_breakglass import __version__
from cfn_breakglass.documents.blocks import Block, Facts, Heading, Paragraph, Table
from cfn_breakglass.documents.markdown_format import document_as_markdown
from cfn_breakglass.documents.texts import code
from cfn_breakglass.drill.drill_plan import DENIED
from cfn_breakglass.drill.observations import PROBLEM, UNKNOWN
from cfn_breakglass.drill.receipt import SEEN, Receipt, RequestResult
from cfn_breakglass.drill.watching import describe_delay
from cfn_breakglass.errors import OutputError

_COLUMNS: Final = {
    "Account": 10,
    "Region": 10,
    "Request ID": 22,
    "Sent": 13,
    "Result": 8,
    "Seconds": 7,
    "Why": 30,
}
_MOST_PLACES: Final = 20
"""In a sentence; JSON has all of them."""


def write_receipt(folder: Path, receipt: Receipt) -> tuple[Path, Path]:
    """Write both files into ``folder``, and give their paths. Raises OutputError if that is impossible."""
    stem = f"drill-{receipt.started:%Y-%m-%dT%H%M%SZ}"
    stems = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    free = next(name for name in stems if not any((folder / f"{name}.{form}").exists() for form in ("json", "md")))
    paths = folder / f"{free}.json", folder / f"{free}.md"
    for path, text in zip(paths, (json_receipt(receipt), markdown_receipt(receipt)), strict=True):
        _write_new(path, text)
    return paths


def make_folder(folder: Path) -> None:
    """Make sure that the receipt can be written, before anything is sent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".drill.new"
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        raise OutputError(f"{folder}: no receipt can be written there: {error.strerror}\n  nothing was sent") from None


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise OutputError(f"{path}: cannot write the receipt: {error.strerror}") from None


def json_receipt(receipt: Receipt) -> str:
    """The receipt as one JSON object; docs/drill.md says what its members are."""
    plan = receipt.plan
    document = {
        "version": 1,
        "generator": f"cfn-breakglass {__version__}",
        "account": plan.account,
        "caller": receipt.caller,
        "expected": plan.expected,
        "detection": plan.detection,
        "log_group": plan.log_group_arn,
        "started": _time(receipt.started),
        "ended": _time(receipt.ended),
        "timeout_seconds": receipt.timeout_seconds,
        "end": receipt.end,
        "result": receipt.result,
        "exit_code": receipt.exit_code,
        "requests": [_request(request) for request in receipt.requests],
        "observations": [observation._asdict() for observation in receipt.observations],
    }
    return json.dumps(document, indent=2) + "\n"


def _request(request: RequestResult) -> dict[str, Any]:
    target, answer = request.target, request.answer
    return {
        "account": target.account,
        "region": target.region,
        "role": target.role_arn,
        "request_id": answer.request_id if answer else "",
        "sent": _time(answer.sent) if answer else None,
        "answer": answer.result if answer else None,
        "result": request.result,
        "seconds": request.seconds if request.seconds is None else round(request.seconds, 1),
        "reasons": list(request.reasons),
    }


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def markdown_receipt(receipt: Receipt) -> str:
    """The receipt as a page. What AWS or the caller wrote stands in code, so that it stays text."""
    return document_as_markdown(_blocks(receipt))


def _blocks(receipt: Receipt) -> Iterator[Block]:
    plan, minutes = receipt.plan, receipt.timeout_seconds / 60
    yield Heading(1, f"Break-glass drill, {receipt.started:%Y-%m-%d}")
    yield Paragraph(f" It ended early: {code(receipt.end)}" if receipt.end else "", summary(receipt))
    facts = {
        "Account": (plan.account,),
        "Caller": (f"{code(receipt.caller)}, expected to be {plan.expected}",),
        "Role": plan.listed_roles(code),
        "Time": (f"{_time(receipt.started)} to {_time(receipt.ended)}, at most {minutes:g} minutes for the log",),
        "Log group": (code(plan.log_group_arn),),
        "Made by": (f"cfn-breakglass {__version__}, exit code {receipt.exit_code}",),
    }
    yield Facts(tuple(facts.items()))
    yield Table(_COLUMNS, tuple(map(_row, receipt.requests)), frozenset(("Seconds",)))
    nothing = "Nothing." if receipt.observations else "Nobody looked: the drill ended before."
    for title, state in (("Not as it should be", PROBLEM), ("Could not tell", UNKNOWN)):
        yield Heading(2, title)
        rows = tuple((subject, (f"{places}: {code(text)}",)) for subject, places, text in _grouped(receipt, state))
        yield Facts(rows) if rows else Paragraph(nothing)


def _row(request: RequestResult) -> tuple[str, ...]:
    row = _request(request)
    seconds = "" if row["seconds"] is None else str(row["seconds"])
    own = (row["account"], row["region"], row["request_id"], row["sent"] or "", row["result"], seconds)
    return (*own, code("; ".join(request.reasons)) if request.reasons else "")


def _grouped(receipt: Receipt, state: str) -> Iterator[tuple[str, str, str]]:
    """Subject, places and text of the observations of a state: what is the same in many places once."""
    places: dict[tuple[str, str], list[str]] = {}
    for observation in receipt.observations:
        if observation.state != state:
            continue
        is_in_other = observation.account != receipt.plan.account
        place = f"{observation.account} {observation.region}" if is_in_other else observation.region
        places.setdefault((observation.subject, observation.text), []).append(place)
    for (subject, text), same in places.items():
        more = f" and {len(same) - _MOST_PLACES} more" if len(same) > _MOST_PLACES else ""
        yield subject, f"{', '.join(same[:_MOST_PLACES])}{more}", text


def text_lines(receipt: Receipt) -> Iterator[str]:
    """The receipt for a terminal."""
    yield summary(receipt) + (f" It ended early: {receipt.end}" if receipt.end else "")
    for request in receipt.requests:
        if request.result != SEEN:
            yield f"  {request.target.account} {request.target.region}: {request.result}: {'; '.join(request.reasons)}"
    for title, state in (("Not as it should be:", PROBLEM), ("Could not tell:", UNKNOWN)):
        lines = [f"  {subject}, {places}: {text}" for subject, places, text in _grouped(receipt, state)]
        yield from (title, *lines) if lines else ()


def summary(receipt: Receipt) -> str:
    """The drill in a sentence."""
    requests, plan = receipt.requests, receipt.plan
    seen = [request for request in requests if request.result == SEEN]
    calls = "denied calls" if plan.expected == DENIED else "calls"
    time = f", the slowest after {describe_delay(receipt.slowest)}" if seen else ""
    return f"{len(seen)} of {len(requests)} {calls} were seen in the log{time}."
