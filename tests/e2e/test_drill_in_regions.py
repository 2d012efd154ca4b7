"""A drill in five regions of a local AWS, where something records each STS call as CloudTrail would.

The events go on the default bus of their region, and our own rules take them to the login log. In one region the rule
is off, in one STS is, and in one the event is late.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from aws import Account, eventually
from click.testing import CliRunner, Result
from cloudtrail_proxy import ALLOWED, NOT_ALLOWED, STS_OFF, CloudTrailProxy, proxy
from differences import as_happening
from samples import ACCOUNT, SETTINGS
from scene import Scene
from surroundings import QUEUE

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.cli.app import cli

NUMBER: Final = "100000000018"
MAIN: Final = "us-east-1"
DISABLED, WITHOUT_STS, LATE, OTHER = "eu-west-1", "ap-south-1", "sa-east-1", "eu-central-2"
OTHERS: Final = (DISABLED, WITHOUT_STS, LATE, OTHER)
REGIONS: Final = (MAIN, *OTHERS)
RULE: Final = "break-glass.Assume"
LATE_SECONDS: Final = 12


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    scene = Scene(Account(NUMBER, MAIN, OTHERS), tmp_path_factory.mktemp("drill") / "templates")
    settings = json.loads(json.dumps(SETTINGS).replace(ACCOUNT, NUMBER))
    scene.deploy(*scene.generate({**settings, "regions": list(OTHERS)}))
    return scene


def put(scene: Scene, region: str, event: dict[str, Any]) -> None:
    """Put a record of CloudTrail on the default bus of a region."""
    envelope = event_from_record(event)
    entry = {
        "Source": envelope["source"],
        "DetailType": envelope["detail-type"],
        "Detail": as_happening(json.dumps(envelope["detail"])),
    }
    assert scene.account.client("events", region).put_events(Entries=[entry])["FailedEntryCount"] == 0


@pytest.fixture
def between(scene: Scene) -> Iterator[CloudTrailProxy]:
    """What stands between a drill and the local AWS, where a disabled rule sends too: see differences.NOT_DONE."""

    def record(region: str, event: dict[str, Any]) -> None:
        if scene.account.client("events", region).describe_rule(Name=RULE)["State"] != "DISABLED":
            put(scene, region, event)

    with proxy(os.environ["AWS_ENDPOINT_URL"], record) as made:
        yield made


def drill(scene: Scene, between: CloudTrailProxy, output: Path, *arguments: str) -> tuple[Result, dict[str, Any]]:
    """The command as the account's root, which the local AWS lets do anything; what it printed, and its receipt."""
    keys = {"AWS_ENDPOINT_URL": between.url, "AWS_ACCESS_KEY_ID": NUMBER, "AWS_SECRET_ACCESS_KEY": "local"}
    config = str(scene.folder / "breakglass.yaml")
    options = ["drill", "--yes", "--config", config, "--output", str(output), "--timeout", "0.5", *arguments]
    done = CliRunner(env=keys).invoke(cli, options)
    (receipt,) = output.glob("*.json")
    return done, json.loads(receipt.read_text(encoding="utf-8"))


def alerts(scene: Scene) -> list[str]:
    """The alerts that wait at the queue, taken off it."""
    sqs = scene.account.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"])["Message"] for message in found]


def arrived(scene: Scene, detection: str, count: int) -> None:
    """As many alerts as the drill foretold come, and no other."""
    heard: list[str] = []

    def all_here() -> bool:
        heard.extend(alerts(scene))
        return len(heard) >= count

    eventually(f"{count} alerts", all_here)
    heard += alerts(scene)
    assert len(heard) == count
    assert all(detection in alert for alert in heard), heard


@contextmanager
def rule_off(scene: Scene) -> Iterator[None]:
    """The rule that forwards STS calls, disabled in a region for a while."""
    events = scene.account.client("events", DISABLED)
    rule = events.describe_rule(Name=RULE)
    events.disable_rule(Name=RULE)
    try:
        yield
    finally:
        events.put_rule(Name=RULE, EventPattern=rule["EventPattern"], State=rule["State"])


def results(receipt: dict[str, Any]) -> dict[str, str]:
    return {request["region"]: request["result"] for request in receipt["requests"]}


def test_regions_that_do_not_forward_are_found(scene: Scene, between: CloudTrailProxy, tmp_path: Path) -> None:
    between.failures["AssumeRole", WITHOUT_STS] = STS_OFF
    between.late[LATE] = LATE_SECONDS
    with rule_off(scene):
        done, receipt = drill(scene, between, tmp_path)
    assert done.exit_code == 1, done.output
    assert results(receipt) == {**dict.fromkeys(REGIONS, "seen"), DISABLED: "not seen", WITHOUT_STS: "not seen"}
    requests = {request["region"]: request for request in receipt["requests"]}
    assert requests[DISABLED]["reasons"][0].startswith(f"the rule {RULE} on the bus default is DISABLED")
    assert requests[WITHOUT_STS]["reasons"][0].startswith("STS is off in this region")
    assert LATE_SECONDS <= requests[LATE]["seconds"] < 30
    assert {request["account"] for request in receipt["requests"]} == {NUMBER}
    arrived(scene, "RoleAssumed", len(REGIONS) - 2)


def test_a_knock_is_seen_in_every_region(scene: Scene, between: CloudTrailProxy, tmp_path: Path) -> None:
    between.failures["AssumeRole", ""] = NOT_ALLOWED
    done, receipt = drill(scene, between, tmp_path, "--knock")
    assert done.exit_code == 0, done.output
    assert results(receipt) == dict.fromkeys(REGIONS, "seen")
    assert f"It sets off {len(REGIONS)} alerts, RoleDenied." in done.stdout
    states = {(observation["subject"], observation["state"]) for observation in receipt["observations"]}
    assert {state for subject, state in states if subject == "rules"} == {"ok"}
    # There is no CloudTrail in LocalStack.
    assert {state for subject, state in states if subject == "trail"} == {"could not tell"}
    arrived(scene, "RoleDenied", len(REGIONS))


def test_localstack_still_lets_a_disabled_rule_send(scene: Scene) -> None:
    record = json.loads(ALLOWED.read_text(encoding="utf-8").replace(ACCOUNT, NUMBER))
    with rule_off(scene):
        put(scene, DISABLED, {**record, "awsRegion": DISABLED})
        arrived(scene, "RoleAssumed", 1)
