"""A receipt as JSON for scripts and auditors, as Markdown for people, in two files that replace none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from cfn_breakglass import __version__
from cfn_breakglass.drill.drill_plan import DENIED
from cfn_breakglass.drill.observations import PROBLEM, UNKNOWN
from cfn_breakglass.drill.receipt import SEEN, Receipt, RequestResult
from cfn_breakglass.errors import OutputError

_MOST_PLACES: Final = 20
"""In a sentence; JSON has all of them."""


def write_receipt(folder: Path, receipt: Receipt) -> tuple[Path, Path]:
    """Write both files into ``folder``, and give their paths. Raises OutputError if that is impossible."""
    stem = f"drill-{receipt.started:%Y-%m-%dT%H%M%SZ}"
    for number in count(1):
        suffix = f"-{number}" if number > 1 else ""
        paths = folder / f"{stem}{suffix}.json", folder / f"{stem}{suffix}.md"
        with suppress(FileExistsError):
            for path, text in zip(paths, (json_receipt(receipt), markdown_receipt(receipt)), strict=True):
                _write_new(path, text)
            return paths
    raise AssertionError  # count() does not end


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
    except FileExistsError:
        raise
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
    """The receipt as a page."""
    return "\n".join(_markdown_lines(receipt)) + "\n"


def _markdown_lines(receipt: Receipt) -> Iterator[str]:
    plan = receipt.plan
    yield f"# Break-glass drill, {receipt.started:%Y-%m-%d}"
    yield ""
    yield f"**{summary(receipt)}**"
    yield ""
    yield f"- Account: {plan.account}"
    yield f"- Caller: {_cell(receipt.caller)}, expected to be {plan.expected}"
    yield f"- Role: {_cell(', '.join(plan.role_arns))}"
    minutes = receipt.timeout_seconds / 60
    yield f"- From {_time(receipt.started)} to {_time(receipt.ended)}; longest wait {minutes:g} minutes"
    yield f"- Log group: {plan.log_group_arn}"
    yield f"- Made by cfn-breakglass {__version__}; exit code {receipt.exit_code}"
    yield ""
    yield from _table(receipt)
    for title, state in (("Not as it should be", PROBLEM), ("Could not tell", UNKNOWN)):
        yield ""
        yield f"## {title}"
        yield ""
        items = [f"- {_cell(sentence)}" for sentence in sentences(receipt, state)]
        yield from items or ["Nothing."]


def _table(receipt: Receipt) -> Iterator[str]:
    yield "| Account | Region | Request ID | Sent | Result | Seconds | Why |"
    yield "|---|---|---|---|---|---|---|"
    for request in receipt.requests:
        row = _request(request)
        seconds = "" if row["seconds"] is None else row["seconds"]
        cells = (row["account"], row["region"], row["request_id"], row["sent"] or "", row["result"], seconds)
        yield f"| {' | '.join(map(str, cells))} | {_cell('; '.join(request.reasons))} |"


def sentences(receipt: Receipt, state: str) -> Iterator[str]:
    """The observations of a state for people: what is the same in many places once, after the first of these."""
    places: dict[tuple[str, str], list[str]] = {}
    for observation in receipt.observations:
        if observation.state != state:
            continue
        is_in_other = observation.account != receipt.plan.account
        place = f"{observation.account} {observation.region}" if is_in_other else observation.region
        places.setdefault((observation.subject, observation.text), []).append(place)
    for (subject, text), same in places.items():
        more = f" and {len(same) - _MOST_PLACES} more" if len(same) > _MOST_PLACES else ""
        yield f"{subject}, {', '.join(same[:_MOST_PLACES])}{more}: {text}"


def summary(receipt: Receipt) -> str:
    """The drill in a sentence."""
    requests, plan = receipt.requests, receipt.plan
    seen = [request for request in requests if request.result == SEEN]
    calls = "denied calls" if plan.expected == DENIED else "calls"
    end = f" It ended early: {receipt.end.rstrip('.')}." if receipt.end else ""
    time = f", the slowest after {receipt.slowest:.0f} seconds" if seen else ""
    return f"{len(seen)} of {len(requests)} {calls} were seen in the log{time}.{end}"


def _cell(text: str) -> str:
    """Text of others, such as AWS's messages, so that it stays text in a table."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
