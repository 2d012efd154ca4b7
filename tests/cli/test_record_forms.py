"""What ``simulate`` and ``report`` read: files in the forms that people's tools write, and packed.

And what ``simulate`` says of other files.

Each file in ``tests/records/read`` holds the same two records, of which the later one raises an alert. None of
those in ``tests/records/refused`` holds a record.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import json
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from extent import examples
from hypothesis import given, settings, strategies as st
from paths import ROOT
from report_cases import run_report, write_templates
from samples import ACCOUNT, SAMPLES, SETTINGS, templates

from cfn_breakglass.analysis.history.query_rows import REQUIRED_COLUMNS
from cfn_breakglass.analysis.history.unwrapping import records_in
from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.model import DETECTIONS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

RECORDS = ROOT / "tests" / "records"
LOG_FILE = (RECORDS / "read" / "event-history.json").read_bytes()
OTHER_CALL, ASSUMED = json.loads(LOG_FILE)["Records"]


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small templates, which only alert when the role is assumed."""
    folder = tmp_path_factory.mktemp("watching")
    detections = {**dict.fromkeys(DETECTIONS, "off"), "RoleAssumed": "alert"}
    off = {"heartbeat": "off", "trail": "existing", "encryption": "none", "actions": {"log": "none"}}
    settings = SETTINGS | {"regions": ["eu-west-1"], "detections": detections} | off
    for name, text in zip(("main-region", "stackset"), templates(json.dumps(settings)), strict=True):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def run(watching: Path, *arguments: object, data: bytes | None = None) -> Result:
    command = ["simulate", "--templates", str(watching), *map(str, arguments)]
    return CliRunner().invoke(cli, command, input=data, prog_name="cfn-breakglass")


def lines(result: Result, kind: str) -> list[dict[str, Any]]:
    decoded = [json.loads(line) for line in result.stdout.splitlines()]
    return [line for line in decoded if line["type"] == kind]


def assert_is_read(result: Result, records: int = 2) -> set[str]:
    """That all was read and raised one alert for two records; the places of the alerts."""
    assert (result.exit_code, result.stderr) == (0, "")
    (summary,) = lines(result, "summary")
    alerts = {"events": records // 2, "alert": records // 2, "logged": records // 2, "lost": 0}
    assert (summary["records"], summary["detections"]) == (records, {"RoleAssumed": alerts})
    return {delivery["place"] for delivery in lines(result, "delivery")}


@pytest.fixture(scope="module")
def reporting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with templates that see what is done in the role."""
    folder = tmp_path_factory.mktemp("reporting")
    write_templates(folder / "templates", regions=["eu-west-1"])
    return folder


def assert_is_reported(done: Result, records: int) -> None:
    """That a report has the session that began, and the key of its credentials."""
    assert (done.exit_code, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["scope"]["records"] == records
    (session,) = report["accounts"][0]["sessions"]
    credentials = ASSUMED["responseElements"]["credentials"]
    assert session["start_is_recorded"]
    assert session["access_keys"]["values"] == [{"value": credentials["accessKeyId"], "count": 0}]


@pytest.mark.parametrize("file", sorted((RECORDS / "read").iterdir()), ids=lambda file: file.name)
def test_reported(reporting: Path, file: Path) -> None:
    assert_is_reported(run_report(reporting, file, "--format", "json"), 2)


def test_a_record_is_reported_once_whatever_forms_it_has(reporting: Path) -> None:
    files = len(list((RECORDS / "read").iterdir()))
    assert_is_reported(run_report(reporting, RECORDS / "read", "--format", "json"), 2 * files)


@pytest.mark.parametrize("file", sorted((RECORDS / "read").iterdir()), ids=lambda file: file.name)
def test_read(watching: Path, file: Path) -> None:
    assert_is_read(run(watching, file, "--json"))
    assert_is_read(run(watching, "-", "--json", "--account", ACCOUNT, data=file.read_bytes()))


def test_a_folder_is_read_with_all_its_forms(watching: Path) -> None:
    assert_is_read(run(watching, RECORDS / "read", "--json"), 2 * len(list((RECORDS / "read").iterdir())))


# The file: (how many parts it has, the place of the first, what is said of it)
REFUSED: dict[str, tuple[int, str, str]] = {
    "alerts.json": (1, "record 1", "this is an alert, which leaves out most of the record"),
    "athena-unload-of-some-columns.json": (
        2,
        "line 1",
        "this is a row of Athena without the columns that make a record; select all columns",
    ),
    "application.jsonl": (3, "line 1", "this is not a CloudTrail record: it has no eventSource of an AWS service"),
    "athena-some-columns.csv": (
        1,
        "",
        "this is CSV without the columns errorcode, requestparameters, responseelements; select all columns",
    ),
    "athena-get-query-results-of-some-columns.json": (
        1,
        "record 1",
        "this is a result of Athena without the columns that make a record; select all columns",
    ),
    "digest.json": (1, "record 1", "this is a digest file of CloudTrail: give the log files that it names"),
    "elasticsearch-without-original.json": (
        1,
        "record 1",
        "this is a document of Elasticsearch without event.original, not a CloudTrail record",
    ),
    "event-history.csv": (
        1,
        "",
        "this is CSV of the event history, which leaves out most of a record; download it as JSON",
    ),
    "insights-without-message.json": (
        1,
        "record 1",
        "this is a result of Logs Insights without @message, which holds the record",
    ),
    "lake-without-user-identity.json": (
        1,
        "record 1",
        "this is a result of CloudTrail Lake without eventJson, which holds the record",
    ),
    "lake-without-event-json.json": (
        2,
        "record 1",
        (
            "this is not a CloudTrail record: its userIdentity is text, not an object; "
            "of CloudTrail Lake select eventJson, of Athena all columns"
        ),
    ),
    "other-table.csv": (
        1,
        "",
        "this is CSV without a column that holds a record, such as eventJson, @message or _raw",
    ),
    "s3-notification.json": (2, "record 1", "this is a notification of S3: give the file that it names"),
    "security-lake.jsonl": (2, "line 1", "this is OCSF, as Security Lake writes it, not a CloudTrail record"),
    "sns-of-a-trail.jsonl": (2, "line 1", "this is a notification of CloudTrail: give the log files that it names"),
    "sqs-of-texts.json": (1, "record 1", "this is not a CloudTrail record: it has no eventSource of an AWS service"),
    "web-server.log": (1, "", "there is no JSON in it"),
}


def test_every_refused_file_has_its_reason() -> None:
    assert {file.name for file in (RECORDS / "refused").iterdir()} == set(REFUSED)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("account", [(), ("--account", ACCOUNT)], ids=["", "with --account"])
def test_what_is_not_read_is_named_in_one_line(watching: Path, name: str, account: tuple[str, ...]) -> None:
    file, (parts, place, reason) = RECORDS / "refused" / name, REFUSED[name]
    done = run(watching, file, *account)
    assert (done.exit_code, done.stdout) == (2, "no records read, no alerts\n")
    head, line, end = done.stderr.splitlines()
    assert head == f"{parts} part{'s' if parts > 1 else ''} of the input could not be read:"
    more = f" and {parts - 1} more" if parts > 1 else ""
    assert line == f"  {file}{f': {place}' if place else ''}{more}: {reason}"
    assert end.endswith("there is no CloudTrail record in the input")


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        archive.mkdir("AWSLogs")
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def tarred(files: dict[str, bytes], mode: Any = "w") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        archive.addfile(tarfile.TarInfo("link.json"), None)
    return packed.getvalue()


FILES = {
    "AWSLogs/CloudTrail/eu-west-1/a.json.gz": gzip.compress(LOG_FILE),
    "AWSLogs/CloudTrail-Digest/eu-west-1/a.json.gz": gzip.compress(b"{}"),
    "__MACOSX/._a.json": b"\0\0",
    "aws-logs-write-test": b"Permission Check Successful",
    "README.md": b"no records",
    ".git/HEAD": b"no records",
}
INSIDE = "AWSLogs/CloudTrail/eu-west-1/a.json.gz: record 2"
TEXT = LOG_FILE.decode()
LINES = json.dumps(json.loads(TEXT), indent=1)
# name: (the bytes, the place of the alert)
PACKED: dict[str, tuple[bytes, str]] = {
    "zip": (zipped(FILES), INSIDE),
    "zip that is stored": (zipped(FILES, zipfile.ZIP_STORED), INSIDE),
    "tar": (tarred(FILES), INSIDE),
    "tar.gz": (tarred(FILES, "w:gz"), INSIDE),
    "tar.zst": (zstd.compress(tarred(FILES)), INSIDE),
    "zip of a tar.gz": (zipped({"trail.tgz": tarred(FILES, "w:gz")}), f"trail.tgz: {INSIDE}"),
    "zstd": (zstd.compress(LOG_FILE), "record 2"),
    "zstd in two frames": (zstd.compress(LOG_FILE[:500]) + zstd.compress(LOG_FILE[500:]), "record 2"),
    "gzip in gzip": (gzip.compress(gzip.compress(LOG_FILE)), "record 2"),
    "UTF-8 with a byte order mark": (codecs.BOM_UTF8 + LOG_FILE, "record 2"),
    "UTF-16 of PowerShell": (
        codecs.BOM_UTF16_LE + json.dumps(json.loads(TEXT), indent=1).replace("\n", "\r\n").encode("utf-16-le"),
        "record 2",
    ),
    "UTF-16, big-endian": (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "record 2"),
    "UTF-16 without a byte order mark": (TEXT.encode("utf-16-le"), "record 2"),
    "UTF-16, big-endian, without a byte order mark": (TEXT.encode("utf-16-be"), "record 2"),
    "CSV in UTF-16": ((RECORDS / "read" / "splunk.csv").read_text(encoding="utf-8").encode("utf-16"), "row 2"),
    "gzip of UTF-16": (gzip.compress(TEXT.encode("utf-16")), "record 2"),
}


def test_a_folder_is_read_like_an_archive(watching: Path, tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert assert_is_read(run(watching, tmp_path, "--json")) == {f"{tmp_path}/{INSIDE}"}


def test_what_is_packed_in_another_way_is_named_in_a_folder_too(watching: Path, tmp_path: Path) -> None:
    (tmp_path / "HISTORY.JSON").write_bytes(LOG_FILE)
    for suffix, data in {"bz2": bz2.compress(LOG_FILE), "xz": lzma.compress(LOG_FILE), "7z": b"7z\xbc\xaf"}.items():
        (tmp_path / f"history.json.{suffix}").write_bytes(data)
    done = run(watching, tmp_path)
    assert "2 records read, 1 alert\n" in done.stdout
    assert done.stderr.startswith("3 parts of the input could not be read:\n")


@pytest.mark.parametrize(("data", "place"), PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
def test_packed(watching: Path, tmp_path: Path, data: bytes, place: str, piped: bool) -> None:  # noqa: FBT001
    path = tmp_path / "history"
    path.write_bytes(data)
    done = run(watching, "-" if piped else path, "--json", data=data)
    assert assert_is_read(done) == {f"{'standard input' if piped else path}: {place}"}


@pytest.mark.parametrize(("data", "place"), PACKED.values(), ids=PACKED)
def test_packed_and_reported(reporting: Path, data: bytes, place: str) -> None:
    assert place
    assert_is_reported(run_report(reporting, "-", "--format", "json", data=data), 2)


def packed_again(data: bytes, times: int) -> bytes:
    for _ in range(times):
        data = zipped({"a.zip": data})
    return data


NOISE = bytes(range(1, 250)) * 400
TWO_FILES = {
    "a.json": LOG_FILE,
    "b.json": json.dumps({"Records": [OTHER_CALL], "noise": NOISE.decode("latin-1")}).encode(),
}
ENCRYPTED = (
    zipped({"a.json": LOG_FILE})
    .replace(b"PK\x03\x04\x14\0\0\0", b"PK\x03\x04\x14\0\1\0")
    .replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0")
)
# name: (the bytes, how many records are read all the same, what is said)
DAMAGED: dict[str, tuple[bytes, int, str]] = {
    "zstd that ends early": (zstd.compress(LOG_FILE)[:-20], 0, "the zstd ends in the middle"),
    "zstd and nonsense": (zstd.compress(LOG_FILE) + b"nonsense", 2, "the zstd is damaged"),
    "zip that ends early": (zipped(TWO_FILES)[:-100], 0, "the zip is damaged"),
    "zip with a damaged file": (
        zipped(TWO_FILES, zipfile.ZIP_STORED).replace(b"DescribeInstances", b"DescribeInstancez", 1),
        1,
        "a.json: the zip is damaged",
    ),
    "zip with a password": (
        ENCRYPTED,
        0,
        "a.json: the zip is encrypted, or packed in a way that only its own tool knows",
    ),
    "tar that ends early": (tarred(TWO_FILES)[:8_000], 2, "b.json: the tar is damaged"),
    "tar.gz that ends early": (gzip.compress(tarred(TWO_FILES), 0)[:8_000], 2, "the gzip ends in the middle"),
    "workbook": (
        zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}),
        0,
        "this is a workbook of Excel; give CSV",
    ),
    "zip in zip in zip": (packed_again(LOG_FILE, 7), 0, "a.zip: it is packed too many times"),
    "Parquet": (b"PAR1" + NOISE, 0, "this is Parquet; UNLOAD of Athena writes JSON with format = 'JSON'"),
    "ORC": (b"ORC" + NOISE, 0, "this is ORC; UNLOAD of Athena writes JSON with format = 'JSON'"),
    "Avro": (b"Obj\x01" + NOISE, 0, "this is Avro; UNLOAD of Athena writes JSON with format = 'JSON'"),
    "bzip2": (bz2.compress(LOG_FILE), 0, "this is bzip2; unpack it first"),
    "xz": (lzma.compress(LOG_FILE), 0, "this is xz; unpack it first"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c", 0, "this is 7-Zip; unpack it first"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0\0", 0, "this is neither text nor packed in a way that simulate unpacks"),
    "CSV with a cell that never ends": (
        b'_raw\n"'
        + json.dumps(json.dumps(ASSUMED)).encode()[1:-1].replace(b"\\", b'"')
        + b'"\n"'
        + b"x" * (1 << 24)
        + b"xx",
        0,
        "row 1 and the rest: it is not CSV: field larger than field limit",
    ),
}


@pytest.mark.parametrize(("data", "records", "problem"), DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
def test_what_is_damaged_is_told(  # noqa: PLR0917 - the columns of a table
    watching: Path,
    tmp_path: Path,
    data: bytes,
    records: int,
    problem: str,
    piped: bool,  # noqa: FBT001
) -> None:
    path = tmp_path / "history"
    path.write_bytes(data)
    done = run(watching, "-" if piped else path, data=data)
    assert f"\n{records or 'no'} record{'' if records == 1 else 's'} read" in f"\n{done.stdout}"
    name = "standard input" if piped else str(path)
    assert [line for line in done.stderr.splitlines() if line.startswith(f"  {name}: ") and problem in line]


# A wrapper of a record with a text where CloudTrail has an object, or with the record in a text.
ODD: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "a user identity of Lake": (
        lambda record: record | {"userIdentity": "{type=IAMUser, "},
        "its userIdentity is text, not an object",
    ),
    "request parameters of Lake": (
        lambda record: record | {"requestParameters": "{roleArn=arn:aws:iam::111122223333:role/ops/break-glass}"},
        "its requestParameters is text, not an object",
    ),
    "response elements of Python": (
        lambda record: record | {"responseElements": "None"},
        "its responseElements is text, not an object",
    ),
    "a message of SQS": (
        lambda record: {"eventSource": "aws:sqs", "body": "", "awsRegion": record["awsRegion"], "userIdentity": {}},
        "it has no eventSource of an AWS service",
    ),
}


@pytest.mark.parametrize(("wrap", "reason"), ODD.values(), ids=ODD)
@pytest.mark.parametrize("form", ["lines", "array", "log file", "document"])
@pytest.mark.parametrize("region", ["eu-west-1", "me-south-1"], ids=["watched", "unwatched"])
@pytest.mark.parametrize("account", [(), ("--account", ACCOUNT)], ids=["", "with --account"])
def test_a_text_for_an_object_is_no_record_whatever_stands_before_it(  # noqa: PLR0917 - the columns of a table
    watching: Path,
    wrap: Callable[[dict[str, Any]], dict[str, Any]],
    reason: str,
    form: str,
    region: str,
    account: tuple[str, ...],
) -> None:
    plain = [record | {"awsRegion": region} for record in (OTHER_CALL, ASSUMED)]
    given = [*plain, *map(wrap, plain)]
    forms = {
        "lines": "\n".join(map(json.dumps, given)),
        "array": json.dumps(given),
        "log file": json.dumps({"Records": given}),
        "document": json.dumps({"records": given}),
    }
    done = run(watching, "-", *account, data=forms[form].encode())
    assert "2 records read, " in done.stdout
    head, *_ = [line for line in done.stderr.splitlines() if "could not be read" in line]
    assert head == "2 parts of the input could not be read:"
    assert f" and 1 more: this is not a CloudTrail record: {reason}" in done.stderr


def test_a_row_with_the_record_in_a_column_is_not_taken_for_it(watching: Path) -> None:
    columns = ("eventSource", "eventName", "awsRegion", "recipientAccountId")
    rows = [
        {name: record[name] for name in columns} | {"eventJson": json.dumps(record)} for record in (OTHER_CALL, ASSUMED)
    ]
    data = "\n".join(map(json.dumps, [OTHER_CALL, *rows, OTHER_CALL]))
    done = run(watching, "-", "--json", data=data.encode())
    assert {delivery["place"] for delivery in lines(done, "delivery")} == {"standard input: line 3"}


def test_every_record_and_event_is_found_in_an_envelope() -> None:
    for sample in SAMPLES:
        text = sample.read_text(encoding="utf-8")
        assert records_in({"events": [{"message": text}]}) == [json.loads(text)], sample


def without_null(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: without_null(member) for name, member in value.items() if member is not None}


def test_rows_of_athena_are_the_records() -> None:
    rows = [json.loads(line) for line in (RECORDS / "read" / "athena-unload.json").read_bytes().splitlines()]
    columns_of_the_table = {"region", "timestamp", "managementEvent"}
    records = [without_null(record) for record in records_in(rows)]
    for record, expected in zip(records, (OTHER_CALL, ASSUMED), strict=True):
        assert record.keys() ^ without_null(expected).keys() == columns_of_the_table
        for name in record.keys() - columns_of_the_table:
            assert record[name] == without_null(expected)[name]


@pytest.mark.parametrize(
    "identity",
    [
        "{type=SAMLUser, username=x, arn=arn:aws:iam::111122223333:role/ops/break-glass, arn=null}",
        "{type=Root, arn=null",
        "{type=Root}, arn=null}",
        "{type=Root, sessioncontext={a}}",
        "{type=Root, sessioncontext=}x}",
        "type=Root",
        "{=x}",
        "{a=" * 2_000,
    ],
)
def test_a_user_identity_that_could_mean_two_things_stays_text(identity: str) -> None:
    row = dict.fromkeys(REQUIRED_COLUMNS, "") | {"useridentity": identity}
    assert [record["userIdentity"] for record in records_in(row)] == [identity]


def test_a_field_that_is_null_is_not_in_a_row_and_an_object_that_is_empty_is() -> None:
    """CloudTrail leaves fields out, and writes null where a call has no parameters."""
    row = dict.fromkeys(REQUIRED_COLUMNS, "") | {"useridentity": "{type=Root, username=null, arn=x}"}
    (record,) = records_in(row)
    assert record["userIdentity"] == {"type": "Root", "arn": "x"}
    assert (record["requestParameters"], record["responseElements"]) == (None, None)
    assert "errorCode" not in record


def test_fields_of_the_same_name_are_not_of_one_row() -> None:
    texts = [json.dumps(record) for record in (OTHER_CALL, ASSUMED)]
    assert records_in([{"field": "@message", "value": text} for text in texts]) == [OTHER_CALL, ASSUMED]
    assert records_in([{"@message": text} for text in texts]) == [OTHER_CALL, ASSUMED]


@pytest.mark.parametrize("indent", [None, 4], ids=["a line", "lines"])
def test_a_long_log_is_read_block_by_block(watching: Path, indent: int | None) -> None:
    filled = [record | {"userAgent": 10_000 * 'a{"b": '} for record in (OTHER_CALL, ASSUMED)]
    texts = [f"2025-03-14T03:07:12 stream \n{json.dumps(record, indent=indent)}\n" for record in filled * 20]
    places = assert_is_read(run(watching, "-", "--json", data="".join(texts).encode()), 40)
    numbers = [2 + sum(text.count("\n") for text in texts[:index]) for index in range(1, 40, 2)]
    assert places == {f"standard input: line {number}" for number in numbers}


def test_a_row_of_a_long_table_has_its_number(watching: Path) -> None:
    table = io.StringIO()
    csv.writer(table).writerows([["eventJson"], *([json.dumps(record)] for record in [OTHER_CALL] * 1_100 + [ASSUMED])])
    done = run(watching, "-", "--json", data=table.getvalue().encode())
    assert {delivery["place"] for delivery in lines(done, "delivery")} == {"standard input: row 1101"}


@pytest.mark.parametrize("first", ["Started on Mar 14, 2025", "START\tVersion: 1; x", "a,b,c"])
def test_a_log_may_begin_with_a_sentence(watching: Path, first: str) -> None:
    text = "\n".join([first, *(f"12:00 {json.dumps(record)}" for record in (OTHER_CALL, ASSUMED))])
    assert_is_read(run(watching, "-", "--json", data=text.encode()))


def test_a_log_is_read_on_after_a_broken_record(watching: Path) -> None:
    text = "\n".join(f"12:00 {json.dumps(record)}" for record in (OTHER_CALL, OTHER_CALL, ASSUMED))
    done = run(watching, "-", data=text.replace('"eventTime"', '"eventTime', 1).encode())
    assert "2 records read, 1 alert\n" in done.stdout
    assert "  standard input: line 1: it is not JSON: " in done.stderr
    cut_short = run(watching, "-", data=text[:-100].encode())
    assert "2 records read, no alerts\n" in cut_short.stdout
    assert "  standard input: line 3: it is not JSON: " in cut_short.stderr


def test_an_empty_answer_of_cloudtrail_is_no_problem(watching: Path) -> None:
    data = b'{"Records": []}\n{"Events": []}\n' + json.dumps(OTHER_CALL).encode()
    done = run(watching, "-", data=data)
    assert (done.stdout, done.stderr) == ("1 record read, no alerts\n", "")


PIECES = st.sampled_from(
    [
        *("Events:\n", "- a: ", "---\n", "&x ", "*x", "eventJson\n", "a,b\n", '"', "'", ",", "\n", "{", "}", "[", "]"),
        *(
            '{"a": ',
            '"Records": [',
            "2025-03-14 ",
            "H4sI",
            "eyJ",
            "\0",
            "PK\x03\x04",
            "ustar",
            "\ufeff",
            "null",
            "1: 2\n",
        ),
        json.dumps(ASSUMED),
        json.dumps(json.dumps(ASSUMED)),
    ]
)


@settings(examples(20, 500))
@given(
    st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join), st.sampled_from(["utf-8", "utf-16", "latin-1"])
)
def test_no_text_makes_it_fall_over(watching: Path, text: str, encoding: str) -> None:
    done = run(watching, "-", data=text.encode(encoding, "replace"))
    assert done.exit_code in (0, 1, 2)
    assert done.exception is None or isinstance(done.exception, SystemExit)
