"""``report``, as a user meets it."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from report_cases import GOLDEN_REPORTS, run_report, write_templates
from role_use import ALICE, call, history
from samples import ACCOUNT

from cfn_breakglass.config.model import DETECTIONS

HISTORY = "\n".join(map(json.dumps, history())).encode()
READ = "RoleActions/raises-read"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with templates for two regions, and a history."""
    folder = tmp_path_factory.mktemp("home")
    write_templates(folder / "templates", regions=["eu-west-1"])
    (folder / "history").mkdir()
    (folder / "history" / "records.jsonl.gz").write_bytes(gzip.compress(HISTORY))
    return folder


def sessions_in(result: Result) -> dict[str, Any]:
    report = json.loads(result.stdout)
    return {session["name"]: session for use in report["accounts"] for session in use["sessions"]}


def test_markdown_is_what_it_writes_unless_told_otherwise(home: Path) -> None:
    done = run_report(home, "history")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "# Use of the break-glass role\n\n207 records read: 4 sessions and 3 denied attempts in 1 "
    )
    assert done.stdout == run_report(home, "history", "--format", "markdown").stdout


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("a.html", "<!doctype html>\n"), ("a.HTM", "<!doctype html>\n"), ("a.json", "{\n"), ("a.md", "# "), ("a", "# ")],
)
def test_the_name_of_the_file_says_the_format(home: Path, tmp_path: Path, name: str, beginning: str) -> None:
    done = run_report(home, "history", "--output", tmp_path / name)
    assert (done.exit_code, done.stdout) == (0, f"Wrote {tmp_path / name}.\n")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)


def test_the_option_says_it_louder(home: Path, tmp_path: Path) -> None:
    run_report(home, "history", "--format", "json", "--output", tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("{\n")


def test_standard_input_and_several_paths_are_read(home: Path) -> None:
    piped = sessions_in(run_report(home, "-", "--format", "json", data=gzip.compress(HISTORY)))
    assert list(piped) == ["alice", "bob", "carol", "dora"]
    # What is in both counts once.
    both = run_report(home, "-", "history", "--format", "json", data=HISTORY)
    assert sessions_in(both) == piped
    assert json.loads(both.stdout)["scope"]["records"] == 2 * len(history())


def test_several_processes_make_the_same_report(home: Path) -> None:
    assert run_report(home, "history", "--jobs", 2).stdout == run_report(home, "history").stdout


def test_a_log_export_is_read_like_the_trail(home: Path, tmp_path: Path) -> None:
    """The action log holds events, exported by CloudWatch Logs as lines with a time before each."""
    lines = [
        "2025-03-14T03:07:12.000Z "
        + json.dumps(
            {
                "version": "0",
                "id": f"event-{number}",
                "detail-type": "AWS API Call via CloudTrail",
                "source": f"aws.{record['eventSource'].partition('.')[0]}",
                "account": record["recipientAccountId"],
                "time": record["eventTime"],
                "region": record["awsRegion"],
                "resources": [],
                "detail": record,
            }
        )
        for number, record in enumerate(history())
    ]
    (tmp_path / "000000.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    exported = run_report(home, tmp_path, "--format", "json")
    assert sessions_in(exported) == sessions_in(run_report(home, "history", "--format", "json"))


@pytest.mark.parametrize(
    "since", ["2025-03-15", "2025-03-15T00:00:00Z", "2025-03-15T01:00:00+01:00", "2025-03-15 00:00", "20250315T000000Z"]
)
def test_since_a_time(home: Path, since: str) -> None:
    done = run_report(home, "history", "--since", since, "--format", "json")
    assert list(sessions_in(done)) == ["carol", "dora"]
    assert json.loads(done.stdout)["scope"]["since"] == "2025-03-15T00:00:00Z"


@pytest.mark.parametrize(("length", "exit_code"), [("90m", 1), ("2h", 0), ("1d", 0), ("1w", 0)])
def test_since_so_long_ago(home: Path, length: str, exit_code: int) -> None:
    time = datetime.now(UTC) - timedelta(minutes=100)
    record = call(READ, ALICE, 1) | {"eventTime": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
    done = run_report(home, "-", "--since", length, data=json.dumps(record).encode())
    assert done.exit_code == exit_code


@pytest.mark.parametrize("since", ["yesterday", "7", "7y", "2025-13-01", "-1d", "9999999999d", "²d"])
def test_since_what_is_no_time_is_refused(home: Path, since: str) -> None:
    done = run_report(home, "history", f"--since={since}")
    assert done.exit_code == 2
    assert f"{since!r} is neither a time such as 2025-03-14 or" in " ".join(done.stderr.split())


@pytest.mark.parametrize("since", ["2999-01-01", f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"])
def test_since_a_time_to_come_is_refused(home: Path, since: str) -> None:
    done = run_report(home, "history", f"--since={since}")
    assert done.exit_code == 2
    assert f"{since!r} is in the future" in " ".join(done.stderr.split())


def test_a_session_is_selected(home: Path) -> None:
    done = run_report(home, "history", "--session", "bob", "--session", ALICE.access_key, "--format", "json")
    assert list(sessions_in(done)) == ["alice", "bob"]


def test_a_session_that_is_not_there_is_said_to_be_not_there(home: Path) -> None:
    done = run_report(home, "history", "--session", "nobody")
    assert done.exit_code == 1
    assert "\n207 records read: no such session." in done.stdout


def test_if_the_role_was_not_used_the_report_says_so(home: Path, tmp_path: Path) -> None:
    record = call(READ, ALICE, 1) | {"userIdentity": {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root"}}
    done = run_report(home, "-", "--output", tmp_path / "a.html", data=json.dumps(record).encode())
    assert (done.exit_code, done.stderr) == (1, "")
    assert "1 record read: the role was not used." in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("data", [b"", b"\n", b"{}", b"hello", b"\x00\xff", b'{"Records": []}'], ids=repr)
def test_without_a_record_nothing_is_written(home: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.md").write_text("before", encoding="utf-8")
    done = run_report(home, "-", "--output", tmp_path / "a.md", data=data)
    assert done.exit_code == 2
    assert done.stderr.endswith("there is no CloudTrail record in the input\n")
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == "before"


def test_what_cannot_be_read_is_named_and_the_report_says_that_it_may_hold_more(home: Path) -> None:
    done = run_report(home, "-", data=HISTORY + b'\n{"eventVersion": \n{"a": 1}')
    assert done.exit_code == 0
    assert "2 parts of the input could not be read:\n  standard input: line 208: it is not JSON: " in done.stderr
    assert "\n2 parts of the input could not be read, and may hold more.\n" in done.stdout


def test_where_a_part_cannot_be_read_nobody_can_tell_that_the_role_was_not_used(home: Path) -> None:
    root = {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root"}
    record = json.dumps(call(READ, ALICE, 1) | {"userIdentity": root})
    done = run_report(home, "-", data=f"{record}\n{{".encode())
    assert done.exit_code == 2
    assert "\n1 record read: no use of the role.\n" in done.stdout.replace(" All times are in UTC.", "")
    assert "\n1 part of the input could not be read, and may hold more.\n" in done.stdout


def test_a_record_without_its_account_says_what_helps(home: Path) -> None:
    record = call(READ, ALICE, 1)
    del record["recipientAccountId"], record["userIdentity"]["accountId"]
    data = json.dumps(record).encode()
    done = run_report(home, "-", data=data)
    assert done.exit_code == 2
    assert "it does not say its account; set it with --account\n" in done.stderr
    assert list(sessions_in(run_report(home, "-", "--account", ACCOUNT, "--format", "json", data=data))) == ["alice"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nowhere"], "nowhere: there is no such file or folder\n"),
        (
            ["history", "--templates", "nowhere"],
            "nowhere/main-region.yaml: there is no such file\n  create it with: cfn-breakglass generate --output nowh",
        ),
        (["history", "--account", "1"], "1 is not an account ID: an account ID has twelve digits\n"),
        (["history", "--output", "templates"], "templates: "),
    ],
    ids=["no path", "no templates", "no account", "a folder to write to"],
)
def test_bad_input(home: Path, arguments: list[str], problem: str) -> None:
    done = run_report(home, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert problem in done.stderr
    assert "Traceback" not in done.stderr


def test_templates_that_do_not_see_the_sessions_are_refused(home: Path) -> None:
    detections = {**dict.fromkeys(DETECTIONS, "off"), "RoleAssumed": "alert"}
    settings = {"detections": detections, "actions": {"log": "none"}, "heartbeat": "off", "trail": "existing"}
    write_templates(home / "blind", **settings)
    done = run_report(home, "history", "--templates", "blind")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "blind: no rule in the templates sees the sessions of the role\n"
        "  set RoleActions in the config to log, and generate the templates again\n"
    )


def test_records_of_an_account_that_the_templates_are_not_for_are_named(home: Path) -> None:
    write_templates(home / "of-one-account", account="999988887777", regions=["eu-west-1"])
    done = run_report(home, "history", "--templates", "of-one-account")
    assert done.exit_code == 1
    assert re.search(r"records of account 111122223333, in which the templates cannot be deployed: ", done.stderr)


def test_html_and_json_say_the_same(home: Path) -> None:
    page = (GOLDEN_REPORTS / "use.html").read_text(encoding="utf-8")
    for name, session in sessions_in(run_report(home, "history", "--format", "json")).items():
        assert f"<code>{name}</code>, {session['began'].replace('T', ' ')[:-1]}</h3>" in page
