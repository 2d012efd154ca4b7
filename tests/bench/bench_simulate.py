"""What ``simulate`` costs on one core: beside orjson just parsing the same bytes, beside moto's matcher, in memory.

A history of log files as CloudTrail writes them, records of about 1.3 KB, one in a thousand of which alerts. ``make
bench`` prints the three ratios; times are the best of a few runs, each beside the other's.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from moto.events.models import EventPattern

sys.path.append(str(Path(__file__).parents[1] / "helpers"))  # run as a script, its own folder is all there is
from samples import ACCOUNT, RAISES, SILENT, record_of, templates

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.replay.replay import Replay
from cfn_breakglass.analysis.replay.results import RecordCounts, ReplayOptions
from cfn_breakglass.analysis.replay.sources import Source, find_sources
from cfn_breakglass.analysis.simulator.simulator import Simulator, deploy_pair
from cfn_breakglass.analysis.template.reader import resolve
from cfn_breakglass.analysis.template.template_files import main_and_stackset

SETTINGS = json.dumps(
    {
        "main_region": "us-east-1",
        "usernames": ["alice"],
        "role": {"path": "/ops/"},
        "alerts": {"emails": ["ops@example.com"]},
    }
)
RECORDS = 20_000
PER_FILE = 1_000
RUNS = 5
FOLDER_GB = float(os.environ.get("BENCH_GB", "2"))


def quiet(simulator: Simulator) -> list[dict[str, Any]]:
    """The samples of our account that set nothing off."""
    records = [record_of(json.loads(sample.read_text(encoding="utf-8"))) for sample in SILENT]
    ours = [record for record in records if record.get("recipientAccountId") == ACCOUNT]
    return [record for record in ours if not simulator.run(event_from_record(record))]


def log_file(records: list[dict[str, Any]], alerting: dict[str, Any]) -> bytes:
    """A log file of CloudTrail's with one record that alerts."""
    filled = (records * (PER_FILE // len(records) + 1))[: PER_FILE - 1]
    return orjson.dumps({"Records": [*filled, alerting]})


def best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of a few runs."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def simulate(folder: Path, replay: Replay) -> int:
    results = (result for source in find_sources([str(folder)]) for result in replay.read(source, sys.stdin.buffer))
    return sum(result.records for result in results if isinstance(result, RecordCounts))


def parse(sources: list[Source]) -> None:
    for source in sources:
        assert source.path
        orjson.loads(source.path.read_bytes())


def moto(events: list[Any], patterns: list[EventPattern]) -> None:
    for event in events:
        for pattern in patterns:
            pattern.matches_event(event)


def peak(history: Path, templates_in: Path, jobs: int = 1) -> tuple[float, float]:
    """Seconds and peak MiB of the command over a history, as a process of its own; of several, the largest one's."""
    command = ["-m", "cfn_breakglass", "simulate", str(history), "--templates", str(templates_in), "--jobs", str(jobs)]
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execv(sys.executable, [sys.executable, *command])  # noqa: S606 - our own interpreter
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{command} failed")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def report(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main(home: Path) -> None:
    for name, text in zip(("main-region", "stackset"), templates(SETTINGS), strict=True):
        (home / f"{name}.yaml").write_text(text, encoding="utf-8")
    plans = main_and_stackset(home)
    records = quiet(Simulator(deploy_pair(*plans, account=ACCOUNT)))
    alerting = json.loads(next(path for path in RAISES if path.stem == "raises-saml").read_text(encoding="utf-8"))
    data = log_file(records, alerting)
    history = home / "history"
    history.mkdir()
    for number in range(RECORDS // PER_FILE):
        (history / f"{number:04}.json").write_bytes(data)
    speed(history, Replay(ReplayOptions(home)), records, plans)
    memory(home, data)


def speed(history: Path, replay: Replay, records: list[dict[str, Any]], plans: Any) -> None:
    sources = list(find_sources([str(history)]))
    size = sum(source.size for source in sources) / RECORDS
    assert simulate(history, replay) == RECORDS
    ours, orjsons = best(lambda: simulate(history, replay)) / RECORDS, best(lambda: parse(sources)) / RECORDS
    report(f"records of {size:,.0f} bytes: simulate {ours * 1e6:.2f} us, orjson alone {orjsons * 1e6:.2f} us")
    report(f"  ratio to orjson {ours / orjsons:.2f} (aim 1.5 or less)")
    stack = resolve(plans[1].template, account=ACCOUNT, region="eu-west-1")
    rules = stack.of_type("AWS::Events::Rule")
    patterns = [EventPattern.load(json.dumps(rule.properties["EventPattern"])) for rule in rules]
    events = [event_from_record(record) for record in records]
    motos = best(lambda: moto(events, patterns)) / len(events)
    report(
        f"  moto's matcher, {len(patterns)} patterns: {motos * 1e6:.1f} us; {motos / ours:.1f} times (aim 15 or more)"
    )


def memory(home: Path, data: bytes) -> None:
    """The same records, so many that they come to FOLDER_GB when unpacked, in the forms that people have."""
    count = int(FOLDER_GB * 1e9 / len(data))
    report(f"{count * len(data) / 1e9:.1f} GB of records unpacked, in all forms (aim: under 300 MiB)")
    folder = home / "large" / "AWSLogs" / ACCOUNT / "CloudTrail" / "eu-west-1" / "2025" / "03" / "14"
    folder.mkdir(parents=True)
    packed = gzip.compress(data, 1)
    for number in range(count):
        (folder / f"{number:06}.json.gz").write_bytes(packed)
    records = data.removeprefix(b'{"Records":[').removesuffix(b"]}")
    lines = b"".join(orjson.dumps(record) + b"\n" for record in orjson.loads(data)["Records"])
    document = [b'{"Records":[', *[records, b","] * (count - 1), records, b"]}"]
    cost(f"{count:,} files", home / "large", home)
    cost(f"{count:,} files, 2 processes", home / "large", home, jobs=2)
    cost("one file of JSON Lines", written(home / "lines.jsonl.gz", [lines] * count), home)
    cost("one document", written(home / "document.json.gz", document), home)


def written(path: Path, parts: list[bytes]) -> Path:
    with gzip.open(path, "wb", 1) as file:
        file.writelines(parts)
    return path


def cost(what: str, history: Path, templates_in: Path, jobs: int = 1) -> None:
    seconds, most = peak(history, templates_in, jobs)
    report(f"  {what}: {seconds:.0f} s, peak {most:.0f} MiB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(Path(name))
