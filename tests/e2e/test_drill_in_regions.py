"""A drill in five regions of a local AWS: in one the rule is off, in one STS is, and in one the event is late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from aws import Account
from cloudtrail_proxy import ALLOWED, NOT_ALLOWED, STS_OFF, CloudTrailProxy
from drills import Drilled, between, drill, put
from samples import ACCOUNT, SETTINGS
from scene import Scene

NUMBER: Final = "100000000018"
MAIN: Final = "us-east-1"
DISABLED, WITHOUT_STS, LATE, OTHER = "eu-west-1", "ap-south-1", "sa-east-1", "eu-central-2"
OTHERS: Final = (DISABLED, WITHOUT_STS, LATE, OTHER)
PLACES: Final = [(NUMBER, region) for region in (MAIN, *OTHERS)]
RULE: Final = "break-glass.Assume"
LATE_SECONDS: Final = 12


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    scene = Scene(Account(NUMBER, MAIN, OTHERS), tmp_path_factory.mktemp("drill") / "templates")
    settings = json.loads(json.dumps(SETTINGS).replace(ACCOUNT, NUMBER))
    scene.deploy(*scene.generate({**settings, "regions": list(OTHERS)}))
    return scene


@pytest.fixture
def proxy(scene: Scene) -> Iterator[CloudTrailProxy]:
    """LocalStack lets a disabled rule send too (see differences.NOT_DONE), so its events are left out here."""

    def is_forwarded(region: str) -> bool:
        state: str = scene.account.client("events", region).describe_rule(Name=RULE)["State"]
        return state != "DISABLED"

    with between(NUMBER, is_forwarded) as made:
        yield made


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


def drilled(scene: Scene, proxy: CloudTrailProxy, output: Path, *arguments: str) -> Drilled:
    return drill(proxy, NUMBER, scene.folder / "breakglass.yaml", output, *arguments)


def test_regions_that_do_not_forward_are_found(scene: Scene, proxy: CloudTrailProxy, tmp_path: Path) -> None:
    proxy.failures["AssumeRole", WITHOUT_STS] = STS_OFF
    proxy.late[LATE] = LATE_SECONDS
    with rule_off(scene):
        done = drilled(scene, proxy, tmp_path)
    assert done.exit_code == 1, done.output
    not_seen = dict.fromkeys([(NUMBER, DISABLED), (NUMBER, WITHOUT_STS)], "not seen")
    assert done.results == {**dict.fromkeys(PLACES, "seen"), **not_seen}
    reasons = {region: request["reasons"] for (_, region), request in done.requests.items()}
    # There is no CloudTrail in LocalStack, so that nobody can tell of the trail; but the rule is reason enough.
    assert reasons[DISABLED][0].startswith(f"the rule {RULE} on the bus default is DISABLED")
    assert reasons[WITHOUT_STS][0].startswith("STS is off in this region")
    assert LATE_SECONDS <= done.requests[NUMBER, LATE]["seconds"] < 30
    scene.heard.until_count("RoleAssumed", len(PLACES) - 2)


def test_a_knock_is_seen_in_every_region(scene: Scene, proxy: CloudTrailProxy, tmp_path: Path) -> None:
    proxy.failures["AssumeRole", ""] = NOT_ALLOWED
    done = drilled(scene, proxy, tmp_path, "--knock")
    assert done.exit_code == 0, done.output
    assert done.results == dict.fromkeys(PLACES, "seen")
    assert f"It sets off {len(PLACES)} alerts, RoleDenied." in done.output
    states = {(observation["subject"], observation["state"]) for observation in done.receipt["observations"]}
    assert {state for subject, state in states if subject == "rules"} == {"ok"}
    assert {state for subject, state in states if subject == "trail"} == {"could not tell"}
    scene.heard.until_count("RoleDenied", len(PLACES))


def test_localstack_still_lets_a_disabled_rule_send(scene: Scene) -> None:
    record = json.loads(ALLOWED.read_text(encoding="utf-8").replace(ACCOUNT, NUMBER))
    with rule_off(scene):
        put({**record, "awsRegion": DISABLED}, NUMBER)
        scene.heard.until_count("RoleAssumed", 1)
