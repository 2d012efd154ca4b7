"""Drills on a local AWS, where something puts each STS call on the default bus of its region, as CloudTrail would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from aws import ENDPOINT, client
from click.testing import CliRunner
from cloudtrail_proxy import CloudTrailProxy, proxy
from differences import as_happening

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.cli.app import cli


class Drilled(NamedTuple):
    """The exit code of a drill, what it printed, and its receipt."""

    exit_code: int
    output: str
    receipt: dict[str, Any]

    @property
    def requests(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(account, region) -> request."""
        return {(request["account"], request["region"]): request for request in self.receipt["requests"]}

    @property
    def results(self) -> dict[tuple[str, str], str]:
        return {place: request["result"] for place, request in self.requests.items()}


def put(record: dict[str, Any], caller: str) -> None:
    """Put a record where CloudTrail does: a denied call in the account of the caller, others in that of the role."""
    envelope = event_from_record(record)
    account = caller if "errorCode" in record else envelope["account"]
    entry = {
        "Source": envelope["source"],
        "DetailType": envelope["detail-type"],
        "Detail": as_happening(json.dumps(envelope["detail"])),
    }
    done = client("events", envelope["region"], account).put_events(Entries=[entry])
    assert done["FailedEntryCount"] == 0, done


@contextmanager
def between(caller: str, is_forwarded: Callable[[str], bool] = bool) -> Iterator[CloudTrailProxy]:
    """What stands between a drill and the local AWS; only events of regions that are forwarded arrive."""

    def record(region: str, event: dict[str, Any]) -> None:
        if is_forwarded(region):
            put(event, caller)

    with proxy(ENDPOINT, record) as made:
        yield made


def drill(made: CloudTrailProxy, caller: str, config: Path, output: Path, *arguments: str) -> Drilled:
    """The command as the root of the caller's account, whom the local AWS lets do anything."""
    keys = {"AWS_ENDPOINT_URL": made.url, "AWS_ACCESS_KEY_ID": caller, "AWS_SECRET_ACCESS_KEY": "local"}
    options = ["drill", "--yes", "--config", str(config), "--output", str(output), "--timeout", "0.5", *arguments]
    done = CliRunner(env=keys).invoke(cli, options)
    (receipt,) = output.glob("*.json")
    return Drilled(done.exit_code, done.output, json.loads(receipt.read_text(encoding="utf-8")))
