"""The same with other settings, each in an account of its own, in the main region and an opt-in one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from aws import Account
from differences import left_behind
from inventory import inventory, kept
from samples import ACCOUNT, RAISES, SAMPLES, SETTINGS
from scene import MANY, ONE_OF_EACH, Scene

TRUST: Final = '{"Version":"2012-10-17","Statement":[]}'
OTHER: Final = "eu-central-2"


class Variant(NamedTuple):
    """Settings that differ, the samples that may be taken otherwise then, and what is there before the stacks."""

    account: str
    settings: dict[str, Any]
    samples: Sequence[Path]
    form: str = "yaml"
    role: bool = False
    bus: bool = False


# Every one of them happens in the story.
FEW: Final = [sample for sample in SAMPLES if sample.parent.name not in MANY] + [
    sample for sample in SAMPLES if sample.parent.name in MANY
][::6]
ACTIONS: Final = [sample for sample in SAMPLES if sample.parent.name == "RoleActions"]

VARIANTS: Final = {
    "an existing role with a path": Variant("100000000001", {"role": {"existing": "ops/break-glass"}}, FEW, role=True),
    "a bus of somebody else's, and a text": Variant(
        "100000000002",
        {
            "event_bus": {"existing": "security"},
            "alerts": {
                **SETTINGS["alerts"],
                "message": "<detection>: <principal> in <region>\n<eventName>: <result> <error>\n<eventId>",
            },
        },
        [sample for sample in FEW if sample in RAISES],
        bus=True,
    ),
    "only what writes is logged": Variant("100000000003", {"actions": {"log": "write"}}, ACTIONS),
    "templates in JSON": Variant("100000000004", {}, ONE_OF_EACH, form="json"),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_variant(variant: Variant, tmp_path: Path) -> None:
    scene = Scene(Account(variant.account, "us-east-1", (OTHER,)), tmp_path / "templates")
    make_what_exists(scene.account, variant)
    before = inventory(scene.account)
    settings = {**SETTINGS, "regions": [OTHER], **variant.settings}
    scene.deploy(*scene.generate(json.loads(json.dumps(settings).replace(ACCOUNT, variant.account)), variant.form))
    for region, samples in zip(scene.account.regions, (variant.samples[::2], variant.samples[1::2]), strict=True):
        scene.happen(samples, [region])
    scene.happen(ONE_OF_EACH, scene.account.regions)
    scene.check_logs()
    scene.account.remove()
    logs = {f"us-east-1 log group {group}" for group in scene.foretold.logs}
    assert {thing for thing in inventory(scene.account) if not left_behind(thing)} == before | logs | kept(
        scene.account
    )


def make_what_exists(account: Account, variant: Variant) -> None:
    if variant.role:
        account.client("iam").create_role(Path="/ops/", RoleName="break-glass", AssumeRolePolicyDocument=TRUST)
    if variant.bus:
        account.client("events").create_event_bus(Name="security")
