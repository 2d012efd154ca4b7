"""``simulate``, as a user meets it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from extent import examples
from hypothesis import HealthCheck, given, settings, strategies as st
from rich.console import Console
from samples import ACCOUNT, LOGGED, RAISES, SAMPLES, SETTINGS, SILENT, SUBSCRIBERS, is_of_the_key, templates, title

from cfn_breakglass.analysis.history.sources import Unread, find_sources
from cfn_breakglass.analysis.replay.replay import Replay
from cfn_breakglass.analysis.replay.results import ReplayOptions
from cfn_breakglass.cli.app import cli
from cfn_breakglass.cli.progress import Bar
from cfn_breakglass.config.model import DETECTIONS

RAISED = {title(sample): sample for sample in RAISES}
TAKEN_ON = json.loads(RAISED["RoleAssumed/raises-user-of-the-same-account"].read_text(encoding="utf-8"))
SIGNED_IN = json.loads(RAISED["ConsoleSignIn/raises-login"].read_text(encoding="utf-8"))
QUIET = TAKEN_ON | {"eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances"}


def written(folder: Path, **settings: Any) -> Path:
    """Write the templates of the samples' account, with other settings, into a folder."""
    for name, text in zip(("main-region", "stackset"), templates(json.dumps(SETTINGS | settings)), strict=True):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the templates of the samples' account, for two regions: most tests need no more."""
    return written(tmp_path_factory.mktemp("templates"), regions=["eu-west-1"])


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small templates, which only alert when the role is assumed: enough to see what is read."""
    detections = {**dict.fromkeys(DETECTIONS, "off"), "RoleAssumed": "alert"}
    off = {"heartbeat": "off", "trail": "existing", "encryption": "none", "actions": {"log": "none"}}
    return written(tmp_path_factory.mktemp("watching"), regions=["eu-west-1"], detections=detections, **off)


@pytest.fixture(scope="module")
def deployed_everywhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the templates of the samples' account, for every region."""
    return written(tmp_path_factory.mktemp("templates"))


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody's terminal say how wide it is."""
    monkeypatch.delenv("COLUMNS", raising=False)


def run(deployed: Path, *arguments: object, given: bytes | None = None) -> Result:
    command = ["simulate", "--templates", str(deployed), *map(str, arguments)]
    return CliRunner().invoke(cli, command, input=given, prog_name="cfn-breakglass")


def lines(result: Result, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return [one for one in found if one["type"] == kind]


@pytest.fixture(scope="module")
def deliveries_of_samples(deployed_everywhere: Path) -> list[dict[str, Any]]:
    done = run(deployed_everywhere, SAMPLES[0].parent.parent, "--json", "--account", ACCOUNT)
    assert (done.exit_code, done.stderr) == (0, "")
    return lines(done, "delivery")


def names_the_key(sample: Path) -> bool:
    """Whether it names the key of a template, whose ID cannot be read there."""
    return is_of_the_key(sample) and "alias" not in sample.stem


@pytest.mark.parametrize("detection", SETTINGS["detections"])
def test_says_what_the_samples_say(deliveries_of_samples: list[dict[str, Any]], detection: str) -> None:
    outcomes = {
        (path, delivery["kind"], delivery["outcome"])
        for delivery in deliveries_of_samples
        if delivery["detection"] == detection == (path := Path(delivery["place"].partition(": ")[0])).parent.name
    }
    raising, logged = (
        {sample for sample in samples if sample.parent.name == detection and not names_the_key(sample)}
        for samples in (RAISES, LOGGED)
    )
    alerts, entries = {(sample, "topic", "alert") for sample in raising}, {*raising, *logged}
    assert outcomes == alerts | {(sample, "log", "logged") for sample in entries}


@pytest.mark.parametrize("sample", [sample for sample in LOGGED if not names_the_key(sample)], ids=title)
def test_what_only_reaches_the_log_is_no_alert_and_says_so(deployed_everywhere: Path, sample: Path) -> None:
    text = run(deployed_everywhere, sample, "--account", ACCOUNT)
    heads = re.findall(rf"^  {sample.parent.name}.*$", text.stdout, re.MULTILINE)
    assert heads == [f"  {sample.parent.name} (only logged: nobody is notified)"]
    assert "1 record read, no alerts\n" in text.stdout
    data = run(deployed_everywhere, sample, "--account", ACCOUNT, "--json")
    (delivery,) = lines(data, "delivery")
    assert (delivery["kind"], delivery["outcome"], delivery["subscribers"]) == ("log", "logged", [])
    (summary,) = lines(data, "summary")
    assert summary["detections"] == {sample.parent.name: {"events": 1, "alert": 0, "logged": 1, "lost": 0}}
    assert (text.exit_code, data.exit_code) == (1, 1)


def test_an_alert_is_not_called_only_logged(deployed: Path) -> None:
    done = run(deployed, RAISED["RoleAssumed/raises-user-of-the-same-account"], "--account", ACCOUNT)
    assert "\n  RoleAssumed\n" in done.stdout
    assert "only logged" not in done.stdout


def dumped(*records: Any) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


EVENT = {"source": "aws.sts", "detail-type": "x", "region": "us-east-1", "account": ACCOUNT, "detail": TAKEN_ON}
# name: (the bytes, how many records, the place of the first delivery)
FORMS: dict[str, tuple[bytes, int, str]] = {
    "record": (dumped(TAKEN_ON), 1, "record 1"),
    "record over lines": (json.dumps(TAKEN_ON, indent=1).encode(), 1, "record 1"),
    "event": (dumped(EVENT), 1, "record 1"),
    "log file": (dumped({"Records": [QUIET, TAKEN_ON]}), 2, "record 2"),
    "log file over lines": (json.dumps({"Records": [QUIET, TAKEN_ON]}, indent=1).encode(), 2, "record 2"),
    "array": (dumped([QUIET, QUIET, TAKEN_ON]), 3, "record 3"),
    "lines": (dumped(QUIET, TAKEN_ON, QUIET), 3, "line 2"),
    "lines, some blank": (b"\n" + dumped(QUIET) + b"\n\n" + dumped(TAKEN_ON) + b"\n", 2, "line 4"),
    "lines of log files": (dumped({"Records": [QUIET, TAKEN_ON]}, {"Records": []}), 2, "line 1, record 2"),
    "objects one after the other": (
        b"\n".join([json.dumps(QUIET, indent=1).encode(), dumped(TAKEN_ON)]),
        2,
        "record 2",
    ),
    "lookup-events": (dumped({"Events": [{"CloudTrailEvent": json.dumps(TAKEN_ON)}]}), 1, "record 1"),
    "log files one after the other": (b"".join(dumped({"Records": [one]}) for one in (QUIET, TAKEN_ON)), 2, "record 2"),
    "log files over lines": (
        b"\n".join(json.dumps({"Records": [one]}, indent=1).encode() for one in (QUIET, TAKEN_ON)),
        2,
        "record 2",
    ),
    "arrays one after the other": (dumped([QUIET]) + dumped([TAKEN_ON]), 2, "record 2"),
    "gzip of log files": (
        gzip.compress(dumped({"Records": [QUIET]})) + gzip.compress(dumped([TAKEN_ON])),
        2,
        "record 2",
    ),
    "byte order mark": (b"\xef\xbb\xbf" + dumped(TAKEN_ON), 1, "record 1"),
    "gzip": (gzip.compress(dumped({"Records": [TAKEN_ON]})), 1, "record 1"),
    "gzip in parts": (gzip.compress(dumped(QUIET) + b"\n") + gzip.compress(dumped(TAKEN_ON)) + b"\0\0", 2, "line 2"),
}


@pytest.mark.parametrize(("data", "records", "place"), FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
def test_forms(  # noqa: PLR0917 - the columns of a table
    watching: Path,
    tmp_path: Path,
    data: bytes,
    records: int,
    place: str,
    piped: bool,  # noqa: FBT001
) -> None:
    path = tmp_path / "history"
    path.write_bytes(data)
    done = run(watching, "-" if piped else path, "--json", given=data)
    assert (done.exit_code, done.stderr) == (0, "")
    assert lines(done, "summary")[0]["records"] == records
    told = lines(done, "delivery")
    assert {one["place"] for one in told} == {f"{'standard input' if piped else path}: {place}"}
    assert told[0].items() >= {"detection": "RoleAssumed", "caller": "alice", "event": "AssumeRole"}.items()


# name: (the bytes, how many records are read all the same, what is said of the rest)
BROKEN: dict[str, tuple[bytes, int, list[str]]] = {
    "line in the middle": (dumped(TAKEN_ON) + b"\n{broken\n" + dumped(QUIET), 2, ["line 2: it is not JSON"]),
    "first line": (b'{"a": 1, "b\n' + dumped(TAKEN_ON), 1, ["line 1: it is not JSON"]),
    "line that is no record": (dumped(TAKEN_ON, {"a": 1}), 1, ["line 2: this is not a CloudTrail record"]),
    "line that is no object": (dumped(TAKEN_ON, 7), 1, ["line 2: a CloudTrail record is a JSON object, not a number"]),
    "record of a log file": (dumped({"Records": [None, TAKEN_ON]}), 1, ["record 1: a CloudTrail record is"]),
    "log file cut short": (dumped({"Records": [TAKEN_ON, QUIET]})[:-40], 1, ["record 2: it is not JSON"]),
    "log file broken in the middle": (
        dumped({"Records": [TAKEN_ON, QUIET]}).replace(b'"eventTime"', b'"eventTime', 1),
        1,
        ["record 1: it is not JSON"],
    ),
    "record nested too deep": (dumped(TAKEN_ON) + b"\n" + b"[" * 100_000, 1, ["line 2: it is nested too deep"]),
    "records nested within": (dumped({"Records": [{"a": 1}, TAKEN_ON]}, QUIET), 2, ["line 1, record 1: this is"]),
    "Events that are none": (dumped({"Events": [7]}, TAKEN_ON), 1, ["line 1: this is not a CloudTrail record"]),
    "Events that are not JSON": (
        dumped({"Events": [{"CloudTrailEvent": "x"}, {"CloudTrailEvent": json.dumps(QUIET)}]}, TAKEN_ON),
        2,
        ["line 1, record 1: this is not a CloudTrail record"],
    ),
    "text after a log file": (dumped({"Records": [TAKEN_ON]}) + b"oh", 1, ["record 2: it is not JSON"]),
    "log file that ends between records": (
        dumped({"Records": [TAKEN_ON, QUIET]})[:-2],
        2,
        ["after record 2: the rest is missing"],
    ),
    "keys in another order": (
        dumped([{"a": TAKEN_ON} | QUIET, TAKEN_ON]).replace(b'"a"', b'"a').replace(b'"eventVersion"', b'"a"'),
        1,
        ["record 1: it is not JSON"],
    ),
    "event without a region": (dumped(TAKEN_ON, {**EVENT, "region": 7}), 1, ["line 2: this is not an event"]),
    "record without an account": (
        dumped(TAKEN_ON, {"eventSource": "sts.amazonaws.com", "awsRegion": "us-east-1", "userIdentity": {}}),
        1,
        ["line 2: it does not say its account; set it with --account"],
    ),
}


@pytest.mark.parametrize(("data", "records", "said"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_told_and_the_rest_goes_on(
    watching: Path, data: bytes, records: int, said: list[str]
) -> None:
    done = run(watching, "-", given=data)
    assert f"\n{records} record{'s' if records > 1 else ''} read" in "\n" + done.stdout
    head, *places = done.stderr.splitlines()
    assert head == f"{len(said)} part of the input could not be read:"
    for place, expected in zip(places, said, strict=True):
        assert place.startswith(f"  standard input: {expected}")
    assert len(lines(run(watching, "-", "--json", given=data), "unread")) == len(said)


@pytest.mark.parametrize(
    ("data", "records", "damage"),
    [
        (gzip.compress(dumped(*[TAKEN_ON | {"n": n} for n in range(400)]))[:-200], 100, "the gzip ends in the middle"),
        (gzip.compress(dumped(TAKEN_ON)) + b"nonsense", 1, "the gzip is damaged"),
    ],
    ids=["cut short", "trailing nonsense"],
)
def test_damaged_gzip(watching: Path, data: bytes, records: int, damage: str) -> None:
    done = run(watching, "-", "--json", given=data)
    assert done.exit_code == 0
    assert lines(done, "summary")[0]["records"] >= records
    assert lines(done, "unread")[-1] == {
        "type": "unread",
        "place": "standard input",
        "reason": damage,
        "missing_option": "",
    }


def test_the_same_problem_of_a_file_is_told_once(watching: Path) -> None:
    done = run(watching, "-", given=dumped(TAKEN_ON) + b"\n{" * 1_500 + b"\n7")
    assert done.stderr.splitlines() == [
        "1,501 parts of the input could not be read:",
        "  standard input: line 2 and 1,499 more: it is not JSON: Expecting property name enclosed in double quotes",
        "  standard input: line 1502: a CloudTrail record is a JSON object, not a number",
    ]


def test_each_of_very_many_broken_files_is_told_in_order(watching: Path, tmp_path: Path) -> None:
    for number in range(1_500):
        (tmp_path / f"{number:04}.json").write_bytes(b"{")
    (tmp_path / "whole.json").write_bytes(dumped(TAKEN_ON))
    few = run(watching, *sorted(tmp_path.iterdir())[500:]).stderr.splitlines()
    assert few[0] == "1,000 parts of the input could not be read:"
    head, *places, end = run(watching, tmp_path).stderr.splitlines()
    assert head == "over 1,000 parts of the input cannot be read; from here on each is listed as it comes:"
    assert end == "1,500 parts of the input could not be read; each is listed above"
    assert [place.partition(": record")[0] for place in places] == [
        f"  {tmp_path}/{number:04}.json" for number in range(1_500)
    ]
    assert few[1:] == places[500:]


def test_json_tells_the_places_once(watching: Path) -> None:
    done = run(watching, "-", "--json", given=dumped(TAKEN_ON) + b"\n{" * 2)
    assert len(lines(done, "unread")) == 2
    assert done.stderr == "2 parts of the input could not be read; each has a line of the type unread\n"


def tree(folder: Path, files: dict[str, list[Any]]) -> Path:
    for name, records in files.items():
        path = folder / "AWSLogs" / ACCOUNT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(dumped({"Records": records})))
    return folder


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_as_cloudtrail_lays_it_out(watching: Path, tmp_path: Path, jobs: int) -> None:
    days = {f"CloudTrail/{region}/2025/03/{day}/x.json.gz": [QUIET, TAKEN_ON] for region in "ab" for day in (13, 14)}
    folder = tree(tmp_path, {**days, "CloudTrail-Digest/a.json.gz": [7], "CloudTrail-Insight/a.json.gz": [7]})
    (folder / "other.jsonl").write_bytes(dumped(TAKEN_ON))
    (folder / "notes.md").write_text("no records", encoding="utf-8")
    (folder / "AWSLogs" / "loop").symlink_to(folder)
    done = run(watching, folder, "--json", "--jobs", jobs)
    assert (done.exit_code, done.stderr) == (0, "")
    assert lines(done, "summary")[0]["records"] == 9
    places = list(dict.fromkeys(one["place"] for one in lines(done, "delivery")))
    assert places == sorted(places)
    assert len(places) == 5


def test_several_processes_leave_standard_input_to_the_first(watching: Path, tmp_path: Path) -> None:
    small = tmp_path / "1.json"
    small.write_bytes(dumped(TAKEN_ON))
    done = run(watching, *[small] * 70, "-", *[small] * 2, "--json", "--jobs", 2, given=dumped(TAKEN_ON))
    assert lines(done, "summary")[0]["records"] == 70 + 1 + 2


@pytest.mark.parametrize("form", ["lines", "gzip", "UTF-16", "document"])
def test_several_processes_read_a_large_file_as_one_does(watching: Path, tmp_path: Path, form: str) -> None:
    large = tmp_path / "large.json"
    incompressible = base64.b64encode(hashlib.shake_256(b"").digest(100_000)).decode()
    padded = QUIET | {"x": incompressible}
    records = [padded, TAKEN_ON, *[padded] * 170, TAKEN_ON]
    text = dumped({"Records": records}) if form == "document" else dumped(*records, {}) + b"\n\n" + dumped(TAKEN_ON)
    packed = {"gzip": lambda: gzip.compress(text, 1), "UTF-16": lambda: text.decode().encode("utf-16")}
    large.write_bytes(packed.get(form, lambda: text)())
    alone, several = (run(watching, large, "--json", "--jobs", jobs).output for jobs in (1, 2))
    assert large.stat().st_size > 1 << 24
    assert several == alone
    assert f'"records": {173 if form == "document" else 174}' in alone


def test_text(watching: Path) -> None:
    done = run(watching, "-", given=dumped(TAKEN_ON))
    head, detection, topic, *rest = done.stdout.splitlines()
    assert head == "2025-03-14T03:07:12Z  eu-west-1  alice  AssumeRole  (standard input: record 1)"
    assert detection == "  RoleAssumed"
    to = ", ".join(f"{protocol} {endpoint}" for protocol, endpoint in SUBSCRIBERS)
    assert topic == f"    topic arn:aws:sns:us-east-1:{ACCOUNT}:break-glass-alerts, to {to}"
    log = next(number for number, line in enumerate(rest) if line.startswith("    log "))
    assert rest[0].startswith('      {"detection": "RoleAssumed", "severity": "HIGH"')
    assert rest[log : log + 2] == [
        f"    log arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/break-glass/login",
        "      the complete event",
    ]
    assert rest[log + 3] == "1 record read, 1 alert"
    assert rest[-1].split() == ["RoleAssumed", "1", "1", "1", "0"]
    assert "\x1b" not in done.stdout


def test_what_a_record_says_does_not_reach_the_terminal_raw(deployed: Path) -> None:
    nasty = TAKEN_ON | {"userAgent": "\x1b[2J", "errorMessage": "x" * 100_000, "eventTime": "\x1b]0;t\x07"}
    done = run(deployed, "-", given=dumped(nasty))
    assert "\x1b" not in done.stdout
    assert "more; --json has all of it" in done.stdout
    assert len(done.stdout) < 3_000


def test_an_event_without_an_account_is_that_of_the_account_given(watching: Path) -> None:
    event = {key: value for key, value in EVENT.items() if key != "account"}
    done = run(watching, "-", "--json", "--account", ACCOUNT, given=dumped(event))
    assert (done.exit_code, {one["detection"] for one in lines(done, "delivery")}) == (0, {"RoleAssumed"})


def test_json_names_the_option_that_is_missing_where_text_names_its_flag(deployed: Path) -> None:
    event = {key: value for key, value in EVENT.items() if key != "account"}
    record = {key: value for key, value in TAKEN_ON.items() if key != "recipientAccountId"} | {"userIdentity": {}}
    done = run(deployed, "-", "--json", given=dumped(event, record, 7))
    assert [part["missing_option"] for part in lines(done, "unread")] == ["", "account", ""]
    text = run(deployed, "-", given=dumped(TAKEN_ON, record))
    assert text.stderr.endswith("line 2: it does not say its account; set it with --account\n")


def test_an_event_that_is_too_large_is_lost_not_passed_over(watching: Path) -> None:
    done = run(watching, "-", "--json", given=dumped(TAKEN_ON | {"userAgent": "x" * 300_000}))
    told = lines(done, "delivery")
    assert (done.exit_code, {one["outcome"] for one in told}) == (1, {"lost"})
    assert all("over 256 KB" in one["problem"] for one in told)


def test_a_file_that_is_gone_by_its_turn_is_told(watching: Path, tmp_path: Path) -> None:
    gone = tmp_path / "a.json"
    gone.write_bytes(dumped(TAKEN_ON))
    sources = find_sources([str(gone)])
    gone.unlink()
    (source,) = sources
    answers = list(Replay(ReplayOptions(watching)).read(source, io.BytesIO()))
    assert answers == [Unread(str(gone), "it cannot be read: No such file or directory")]


def test_filters(deployed: Path) -> None:
    both = dumped(TAKEN_ON, SIGNED_IN)

    def told(*arguments: str) -> set[str]:
        return {one["detection"] for one in lines(run(deployed, "-", "--json", *arguments, given=both), "delivery")}

    assert told("--region", "eu-west-1") == {"RoleAssumed"}
    assert told("--detection", "ConsoleSignIn", "--detection", "RootUsed") == {"ConsoleSignIn"}
    assert told("--region", "eu-west-1", "--region", "us-east-1") == {"RoleAssumed", "ConsoleSignIn", "RoleActions"}
    assert told("--account", "444455556666") == set()
    done = run(deployed, "-", "--region", "eu-wst-1", given=both)
    assert (done.exit_code, done.stderr) == (1, "warning: no template covers eu-wst-1\n")


def test_regions_that_nobody_watches_are_told(watching: Path) -> None:
    done = run(watching, "-", given=dumped(TAKEN_ON | {"awsRegion": "me-south-1"}))
    assert done.exit_code == 1
    assert done.stderr == "1 record of me-south-1, which no template covers: no rule sees them\n"


def test_what_nobody_watches_is_counted_record_by_record(watching: Path) -> None:
    elsewhere = TAKEN_ON | {"awsRegion": "me-south-1"}
    strange: list[Any] = [EVENT | {"region": "me-south-1"}, elsewhere | {"eventSource": None}, [elsewhere], "x"]
    done = run(watching, "-", "--json", given=dumped(*[elsewhere] * 3, *strange, elsewhere))
    [summary] = lines(done, "summary")
    assert (summary["records"], summary["uncovered"], summary["unread"]) == (6, {"me-south-1": 6}, 2)
    quick = run(watching, "-", "--json", "--region", "us-east-1", given=dumped(*[elsewhere] * 3))
    [summary] = lines(quick, "summary")
    assert (summary["records"], summary["uncovered"]) == (3, {})


def test_explain_tells_each_detection_of_what_nobody_watches(deployed: Path, tmp_path: Path) -> None:
    elsewhere = dumped(TAKEN_ON | {"awsRegion": "me-south-1"})
    every = lines(run(deployed, "-", "--json", "--explain", given=elsewhere), "explanation")
    assert {one["detection"] for one in every} == set(SETTINGS["detections"])
    written(tmp_path, regions=["eu-west-1"], role={"existing": f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"})
    other = dumped(TAKEN_ON | {"recipientAccountId": "444455556666"})
    refused = lines(run(tmp_path, "-", "--json", "--explain", given=other), "explanation")
    assert {one["detection"] for one in refused} == set(SETTINGS["detections"])
    assert all("Rules." in one["reasons"][0] for one in refused)


def test_an_account_that_the_templates_refuse_is_told_once(deployed: Path, tmp_path: Path) -> None:
    written(tmp_path, regions=["eu-west-1"], role={"existing": f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"})
    other = TAKEN_ON | {"recipientAccountId": "444455556666"}
    done = run(tmp_path, "-", "--json", given=dumped(other, TAKEN_ON, other))
    assert done.exit_code == 0
    assert done.stderr.startswith("2 records of account 444455556666, in which the templates cannot be deployed: ")
    [refused] = lines(done, "summary")[0]["rejected"]
    assert (refused["account"], refused["records"], "Rules." in refused["reason"]) == ("444455556666", 2, True)
    assert run(tmp_path, "-", "--account", "444455556666", given=dumped(other)).exit_code == 2
    assert run(deployed, "-", given=dumped(other)).stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: there is no such file or folder"),
        (["-"], "there is no CloudTrail record in the input"),
        (["-", "--templates", "nowhere"], "nowhere/main-region.yaml: there is no such file"),
        (["-", "--detection", "RoleAsumed"], "RoleAsumed is not a detection of the templates"),
        (["-", "--account", "12"], "12 is not an account ID"),
    ],
)
def test_bad_input(watching: Path, arguments: list[str], said: str) -> None:
    done = run(watching, *arguments, given=b"")
    assert (done.exit_code, done.stdout.count("\n")) in {(2, 0), (2, 1)}
    assert said in done.stderr


def test_a_bar_shows_after_a_second_and_gets_out_of_the_way() -> None:
    times, out, said = iter([0.0, 0.5, 1.0, 2.0, 3.0]), io.StringIO(), list[str]()
    console = Console(file=out, force_terminal=True, width=80)
    with Bar(100, console, clock=lambda: next(times)) as progress:
        progress.write_line("a", said.append)
        progress.advance(10, 1_000)
        assert out.getvalue() == ""
        progress.advance(10, 2_000)
        progress.write_line("b", said.append)
    assert said == ["a", "b"]
    assert "2,000 records" in out.getvalue()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A sample with a few fields gone or replaced, at any depth."""
    record = json.loads(draw(st.sampled_from(SAMPLES)).read_text(encoding="utf-8"))
    for _ in range(draw(st.integers(0, 4))):
        node = record
        while isinstance(node, dict) and node:
            key = draw(st.sampled_from(sorted(node)))
            if not isinstance(node[key], dict) or draw(st.booleans()):
                node[key] = draw(values)
                break
            node = node[key]
    return record


@settings(examples(5, 100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(mutated() | values, min_size=1, max_size=4), st.booleans(), st.binary(max_size=8), st.booleans())
def test_nothing_makes_it_fall_over(
    deployed: Path,
    records: list[Any],
    log: bool,  # noqa: FBT001 - drawn
    noise: bytes,
    explain: bool,  # noqa: FBT001 - drawn
) -> None:
    data = dumped({"Records": records}) if log else dumped(*records) + b"\n" + noise
    for more in ([], ["--json"]):
        done = run(deployed, "-", *more, *(["--explain"] if explain else []), given=data)
        assert done.exit_code in (0, 1, 2)
        assert done.exception is None or isinstance(done.exception, SystemExit)


def explained(deployed: Path, sample: Path, detection: str, width: int = 120) -> list[str]:
    """What is said of a sample, one of a detection, in a terminal so many columns wide."""
    command = ["simulate", "--templates", str(deployed), "--explain", "--detection", detection, str(sample)]
    done = CliRunner(env={"COLUMNS": str(width)}).invoke(cli, command)
    told = done.stdout.splitlines()
    told = told[told.index("") + 1 :]
    return told[: told.index("")]


NULL = RAISED["RoleDenied/raises-no-reason"]


def test_explain_follows_the_edge_rule_and_then_the_central_one(deployed: Path) -> None:
    assert explained(deployed, NULL, "RoleAssumed", 80) == [
        "  RoleAssumed: it does not fire",
        "    the rule break-glass.Assume forwards it",
        '    errorCode is "AccessDenied": the call failed; the pattern wants one that',
        "      succeeded",
        "    Fits  Field      The record has  The pattern wants",
        '    yes   source     "aws.sts"       "aws.sts"',
        '    NO    errorCode  "AccessDenied"  absent',
    ]


def test_explain_names_the_field_that_an_edge_rule_wants_and_awss_reason(deployed: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    denied = json.loads(NULL.read_text(encoding="utf-8"))
    del denied["errorMessage"]
    record.write_text(json.dumps(denied), encoding="utf-8")
    assert explained(deployed, record, "RoleDenied", 80) == [
        "  RoleDenied: it does not fire",
        "    the rule break-glass.Assume does not forward it",
        "    requestParameters.roleArn is null: AWS leaves it out of denied calls",
        "    Fits  Field                   The record has          The pattern wants",
        '    yes   source                  "aws.sts"               "aws.sts"',
        '    yes   eventName               "AssumeRole"            to begin with',
        '                                                          "AssumeRole"',
        "    NO    requestParameters.      absent, as              to equal, ignoring",
        '          roleArn                 requestParameters is    case, "arn:aws:iam::',
        "                                  null                    111122223333:role/ops/",
        '                                                          break-glass"',
    ]


def headings(output: str) -> list[tuple[list[str], str]]:
    """The detections of each explanation and, without the name of the config, the edge rule that is named first."""
    blocks = [block.strip("\n").splitlines() for block in output.split("\n\n")]
    explanations = [block for block in blocks if block[0].endswith((": it fires", ": it does not fire"))]
    return [
        (
            re.sub(r" \(rule [^)]*\)|: it .*", "", first).strip().split(", "),
            re.sub(r"^ +the rule break-glass[.-]", "", edge),
        )
        for first, edge, *_ in explanations
    ]


def test_explain_takes_detections_together_that_one_edge_rule_keeps_out(deployed: Path) -> None:
    done = run(deployed, NULL, "--explain")
    assert headings(done.stdout) == [
        (["RoleAssumed"], "Assume forwards it"),
        (["RoleDenied"], "Assume forwards it"),
        (["EntranceChanged"], "Entrance does not forward it"),
        (
            ["ConsoleSignIn", "RoleChained", "RolePassed", "RoleActions", "BackdoorCreated"],
            "Session does not forward it",
        ),
        (["UserSignIn", "RootUsed"], "SignIn does not forward it"),
        (["MonitoringTampered"], "TamperingRules does not forward it"),
        (["MonitoringTampered"], "TamperingTried does not forward it"),
        (["DeliveryFailing"], "Health does not forward it"),
    ]


def test_explain_says_of_a_central_rule_that_no_rule_forwards_to_it(deployed: Path, tmp_path: Path) -> None:
    for path in deployed.iterdir():
        text = path.read_text(encoding="utf-8").replace("source: [aws.sts]", "source: [aws.iam]", 1)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = run(tmp_path, "-", "--explain", "--detection", "RoleAssumed", given=dumped(TAKEN_ON))
    reason = "no rule on the default bus of eu-west-1 forwards what the rule break-glass-RoleAssumed matches"
    assert f"  RoleAssumed: it does not fire\n    {reason}\n" in done.stdout


def assert_fits(deployed: Path, samples: list[Path], width: int) -> None:
    """The explanations of these samples, of every detection, fit a terminal so many columns wide."""
    command = ["simulate", "--templates", str(deployed), "--explain", *map(str, samples)]
    done = CliRunner(env={"COLUMNS": str(width)}).invoke(cli, command)
    blocks = [block.splitlines() for block in done.stdout.split("\n\n")]
    explanations = [block for block in blocks if block[0].endswith((": it fires", ": it does not fire"))]
    named = [detection for detections, _ in headings(done.stdout) for detection in detections]
    assert all(named.count(detection) >= len(samples) for detection in SETTINGS["detections"])
    assert all(len(block) > 1 for block in explanations)
    assert max(len(line) for _, *block in explanations for line in block) <= width
    assert not any(line.endswith(" ") for block in explanations for line in block)


WIDTHS = [60, 80, 120, 200]


@pytest.mark.parametrize("width", WIDTHS)
def test_explain_fits_the_terminal(deployed: Path, width: int) -> None:
    assert_fits(deployed, [*SILENT[WIDTHS.index(width) :: 20], NULL], width)


@pytest.mark.thorough("every sample explained in terminals of every width")
@pytest.mark.parametrize("width", WIDTHS)
def test_every_explanation_fits_the_terminal(deployed: Path, width: int) -> None:
    assert_fits(deployed, SILENT, width)


def test_explain_is_120_wide_where_no_terminal_says_otherwise(deployed: Path) -> None:
    done = run(deployed, "--explain", "--detection", "RoleChained", NULL)
    expected = explained(deployed, NULL, "RoleChained", 120)
    assert expected != explained(deployed, NULL, "RoleChained", 100)
    assert done.stdout.splitlines()[2 : 3 + len(expected)] == [*expected, ""]


def test_explain_says_which_rule_where_a_detection_has_several(deployed: Path) -> None:
    done = run(deployed, RAISED["RoleActions/raises-refused"], "--explain", "--detection", "RoleActions")
    assert "  RoleActions (rule break-glass-RoleActions): it does not fire\n" in done.stdout
    assert "  RoleActions (rule break-glass-RoleActions.Failed): it fires\n" in done.stdout


def test_explain_shows_no_control_characters(deployed: Path) -> None:
    nasty = TAKEN_ON | {"eventName": "\x1b[2J\u202e", "errorCode": "\x07"}
    done = run(deployed, "-", "--explain", given=dumped(nasty))
    assert not {"\x1b", "\u202e", "\x07"} & set(done.stdout)


def test_explain_for_machines(deployed: Path) -> None:
    fires = run(deployed, NULL, "--explain", "--detection", "RoleDenied", "--json")
    [explanation] = lines(fires, "explanation")
    assert (explanation["fires"], explanation["rule"]) == (True, "break-glass-RoleDenied")
    assert (explanation["forwarded_by"], explanation["kept_out_by"]) == ("break-glass.Assume", "")
    [explanation] = lines(run(deployed, NULL, "--explain", "--detection", "RoleChained", "--json"), "explanation")
    assert (explanation["fires"], explanation["rule"]) == (False, "break-glass-RoleChained")
    assert (explanation["forwarded_by"], explanation["kept_out_by"]) == ("", "break-glass.Session")
    every = run(deployed, NULL, SILENT[0], "--explain", "--json")
    assert {one["detection"] for one in lines(every, "explanation")} == set(SETTINGS["detections"])


def test_explain_tells_of_a_region_without_a_rule(deployed: Path) -> None:
    done = run(deployed, "-", "--explain", given=dumped(TAKEN_ON | {"awsRegion": "me-south-1"}))
    assert "it was recorded in me-south-1, which no template covers: no rule sees it" in done.stdout


@pytest.mark.parametrize("state", ["ENABLED", "DISABLED"])
def test_explain_tells_what_aws_keeps_from_a_rule_in_its_state(deployed: Path, tmp_path: Path, state: str) -> None:
    for path in deployed.iterdir():
        text = path.read_text(encoding="utf-8").replace("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", state)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = run(tmp_path, "-", "--explain", "--detection", "RoleAssumed", given=dumped(TAKEN_ON))
    assert done.exit_code == 1
    edge = r"the rule break-glass\.Assume does not forward it"
    assert re.search(rf"it does not fire\n +{edge}\n +it matches, but .*{state}", done.stdout)
    assert "    NO " not in done.stdout
