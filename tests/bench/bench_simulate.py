"""What ``simulate`` and ``report`` cost, as processes of their own.

Beside them orjson, which only parses the same bytes, and DuckDB.

``make bench`` prints seconds of CPU, the least of a few runs that alternate, so that a busy machine slows all of them;
and the peak memory. BENCH_MB is the size of the mix of records, BENCH_GB that of the large history.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from moto.events.models import EventPattern

sys.path.append(str(Path(__file__).parents[1] / "helpers"))  # run as a script, its own folder is all there is
from cloudtrail_mix import cloudtrail_lines
from samples import ACCOUNT, RAISES
from tool_environments import kept_environment

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.template.reader import resolve
from cfn_breakglass.analysis.template.template_files import template_set
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.generation.files import write_files
from cfn_breakglass.generation.generate import template_files

MIX_MB: Final = int(os.environ.get("BENCH_MB", "300"))
HISTORY_GB: Final = float(os.environ.get("BENCH_GB", "2"))
RUNS: Final = 3
PER_FILE: Final = 1_000
ACCOUNTS: Final = tuple(str(111122223333 + number) for number in range(1_000))
SETTINGS: Final[dict[str, Any]] = {
    "main_region": "us-east-1",
    "usernames": ["alice"],
    "role": {"path": "/ops/"},
    "alerts": {"emails": ["ops@example.com"]},
}
OF_ORGANIZATION: Final = {**SETTINGS, "organization": {"id": "o-a1b2c3d4e5", "hub": ACCOUNTS[0], "units": ["r-ab12"]}}
ALERTING: Final = orjson.dumps(
    json.loads(next(path for path in RAISES if path.stem == "raises-saml").read_text(encoding="utf-8"))
)
ORJSON: Final = "import orjson, sys\nfor line in open(sys.argv[1], 'rb'): orjson.loads(line)"
# What a person would write to ask for the same, as far as SQL goes.
DUCKDB: Final = """
import duckdb, sys
duckdb.execute("SET threads = 1")
print(duckdb.execute('''
    SELECT count(*) FROM read_json(?, format = 'newline_delimited', columns = {
        eventSource: 'VARCHAR', eventName: 'VARCHAR', readOnly: 'BOOLEAN', requestParameters: 'JSON',
        userIdentity: 'STRUCT("type" VARCHAR, arn VARCHAR, sessionContext STRUCT(sessionIssuer STRUCT(arn VARCHAR)))'})
    WHERE eventName LIKE 'AssumeRole%' AND lower(requestParameters->>'roleArn') LIKE '%:role/ops/break-glass'
        OR lower(userIdentity.arn) LIKE '%:assumed-role/break-glass/%'
        OR lower(userIdentity.sessionContext.sessionIssuer.arn) LIKE '%:role/ops/break-glass'
        OR userIdentity.type = 'Root' AND eventSource = 'signin.amazonaws.com'
        OR NOT readOnly AND requestParameters::VARCHAR LIKE '%break-glass%'
''', [sys.argv[1]]).fetchall())
"""


class Cost(NamedTuple):
    """Seconds of CPU, seconds that passed, and peak MiB; of several processes the largest one's."""

    cpu: float
    passed: float
    memory: float


# Run by a process that is small itself: what a parent has in memory counts for its child.
MEASURE: Final = """
import json, os, sys, time
began = time.perf_counter()
child = os.fork()
if child == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
seconds = usage.ru_utime + usage.ru_stime, time.perf_counter() - began
print(json.dumps([os.waitstatus_to_exitcode(status), *seconds, usage.ru_maxrss / 1024]))
"""


def run(*command: str | Path) -> Cost:
    """Run a program, and say what it costs."""
    # Users have compiled modules; a variable that forbids them would have us compile anew in each run.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], env=environment, stdout=subprocess.PIPE, check=True
    )
    exit_code, *cost = json.loads(measured.stdout)
    if exit_code not in {0, 1}:
        raise SystemExit(f"{command} failed")
    return Cost(*cost)


def least(*commands: tuple[str | Path, ...]) -> list[Cost]:
    """The least cost of each program, run alternately."""
    costs = [[run(*command) for command in commands] for _ in range(RUNS)]
    return [Cost(*map(min, zip(*of_program, strict=True))) for of_program in zip(*costs, strict=True)]


def simulate(history: Path, jobs: int = 1, command: str = "simulate") -> tuple[str | Path, ...]:
    options = ("--templates", history.parent, "--jobs", str(jobs))
    return (sys.executable, "-m", "cfn_breakglass", command, history, *options)


def report(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(home: Path) -> None:
    write_templates(home, SETTINGS)
    start_up(home)
    mix(home)
    many_accounts(home)
    matcher(home)
    large_history(home)


def write_templates(folder: Path, settings: dict[str, Any]) -> None:
    write_files(folder, template_files(config_of(settings)))


def start_up(home: Path) -> None:
    record = home / "record.json"
    record.write_bytes(ALERTING)
    floor = "import click, msgspec, yaml"
    imports, cost = least((sys.executable, "-c", floor), simulate(record))
    report(f"a record: {cost.cpu:.2f} s (aim 0.35), of which importing {floor[7:]} takes {imports.cpu:.2f} s")


def mix(home: Path) -> None:
    """Whole processes on one core."""
    records = home / "mix.jsonl"
    with records.open("wb") as file:
        lines = cloudtrail_lines(alerting=ALERTING)
        while file.tell() < MIX_MB * 1_000_000:
            file.writelines(islice(lines, PER_FILE))
    duckdb = kept_environment(
        "DuckDB",
        Path(sys.executable),
        sys.version,
        packages=("duckdb==2.0.1",),
        constraints=Path(__file__).with_name("constraints.txt"),
        finish="import duckdb",
    )
    floor, ours, sql = least(
        (sys.executable, "-c", ORJSON, records), simulate(records), (duckdb, "-c", DUCKDB, records)
    )
    report(f"{MIX_MB} MB of a realistic mix: simulate {ours.cpu:.2f} s, {ours.memory:.0f} MiB")
    report(f"  {ours.cpu / floor.cpu:.2f} times orjson alone, {floor.cpu:.2f} s (aim 1.2)")
    report(f"  {ours.cpu / sql.cpu:.2f} times DuckDB with SQL written by hand, {sql.cpu:.2f} s, {sql.memory:.0f} MiB")
    (use,) = least(simulate(records, command="report"))
    report(f"  report {use.cpu:.2f} s, {use.memory:.0f} MiB: {use.cpu / ours.cpu:.2f} times simulate (aim 1.5)")
    (both,) = least(simulate(records, jobs=2))
    report(f"  with 2 processes {both.passed:.2f} s passed, {ours.passed:.2f} s with one")


def many_accounts(home: Path) -> None:
    """The trail of an organization, its accounts one after the other."""
    for name, settings in (("", SETTINGS), ("with the templates of an organization, ", OF_ORGANIZATION)):
        folder = home / f"accounts{bool(name)}"
        write_templates(folder, settings)
        histories = {count: folder / f"{count}-accounts.jsonl" for count in (1, len(ACCOUNTS))}
        for count, path in histories.items():
            path.write_bytes(b"".join(islice(cloudtrail_lines(ACCOUNTS[:count], ALERTING), 20_000)))
        single, many = least(*map(simulate, histories.values()))
        more = f"{many.cpu - single.cpu:.2f} s more than of one (aim 1)"
        report(f"{name}20,000 records of {len(ACCOUNTS):,} accounts: {more}")
        report(f"  {many.memory:.0f} MiB (aim 150), {single.memory:.0f} MiB for one")


def matcher(home: Path) -> None:
    """What moto's matcher takes for the rules of a region."""
    stack = resolve(template_set(home).stackset.template, account=ACCOUNT, region="eu-west-1")
    rules = stack.of_type("AWS::Events::Rule")
    patterns = [EventPattern.load(json.dumps(rule.properties["EventPattern"])) for rule in rules]
    events: list[Any] = [event_from_record(orjson.loads(line)) for line in islice(cloudtrail_lines(), 500)]
    began = time.process_time()
    for event in events:
        for pattern in patterns:
            pattern.matches_event(event)
    seconds = time.process_time() - began
    report(f"moto's matcher, {len(patterns)} patterns: {seconds / len(events) * 1e6:.1f} us a record")


def large_history(home: Path) -> None:
    """So many records that they come to HISTORY_GB when unpacked, in the forms that people have."""
    lines = list(islice(cloudtrail_lines(alerting=ALERTING), PER_FILE))
    records = b",".join(line.rstrip() for line in lines)
    data = b'{"Records":[' + records + b"]}"
    count = int(HISTORY_GB * 1e9 / len(data))
    report(f"{count * len(data) / 1e9:.1f} GB of records unpacked, in all forms (aim: under 300 MiB)")
    folder = home / "large" / "AWSLogs" / ACCOUNT / "CloudTrail" / "eu-west-1" / "2025" / "03" / "14"
    folder.mkdir(parents=True)
    packed = gzip.compress(data, 1)
    for number in range(count):
        (folder / f"{number:06}.json.gz").write_bytes(packed)
    document = [b'{"Records":[', *[records, b","] * (count - 1), records, b"]}"]
    histories = {
        f"{count:,} files": (home / "large", 1),
        f"{count:,} files, 2 processes": (home / "large", 2),
        "one file of JSON Lines": (written(home / "lines.jsonl.gz", lines * count), 1),
        "one document": (written(home / "document.json.gz", document), 1),
    }
    for what, (history, jobs) in histories.items():
        cost = run(*simulate(history, jobs))
        report(f"  {what}: {cost.passed:.0f} s, {cost.cpu:.0f} s of CPU, peak {cost.memory:.0f} MiB")


def written(path: Path, parts: list[bytes]) -> Path:
    with gzip.open(path, "wb", 1) as file:
        file.writelines(parts)
    return path


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(Path(name))
