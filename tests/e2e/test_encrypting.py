"""A stack that is there gets a key, and loses it again: nothing is replaced, and alerts arrive all the while."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from aws import Account
from samples import ACCOUNT, SETTINGS
from scene import ONE_OF_EACH, Scene

NUMBER: Final = "100000000009"
OTHER: Final = "eu-west-1"
PLAIN: Final[dict[str, Any]] = {**SETTINGS, "regions": [OTHER], "trail": "existing", "encryption": "none"}
ENCRYPTED: Final[dict[str, Any]] = {**PLAIN, "encryption": "customer-key"}
OF_THE_KEY: Final = {"Key", "KeyAlias", "ForwardTamperingKey"}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    made = Scene(Account(NUMBER, "us-east-1", (OTHER,)), tmp_path_factory.mktemp("encrypting") / "templates")
    made.deploy(*made.generate(of_this_account(PLAIN)))
    return made


def of_this_account(settings: dict[str, Any]) -> Any:
    return json.loads(json.dumps(settings).replace(ACCOUNT, NUMBER))


def key_of_the_topic(scene: Scene) -> str | None:
    topic = scene.account.resources("us-east-1")["AlertTopic"]
    held: dict[str, str] = scene.account.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    return held.get("KmsMasterKeyId") or None


def subscribers(scene: Scene) -> list[tuple[str, str]]:
    found = scene.account.client("sns").list_subscriptions()["Subscriptions"]
    return sorted((one["SubscriptionArn"], one["Endpoint"]) for one in found)


def logs_made(scene: Scene) -> dict[str, int]:
    groups = scene.account.client("logs").describe_log_groups(logGroupNamePrefix="/aws/events/")["logGroups"]
    return {group["logGroupName"]: group["creationTime"] for group in groups}


def updated(scene: Scene, settings: dict[str, Any]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Update, and name the resources that are gone and those that are new; whoever listens and what is logged stay."""
    before, listening, logs = scene.account.resources("us-east-1"), subscribers(scene), logs_made(scene)
    scene.update(*scene.generate(of_this_account(settings)))
    after = scene.account.resources("us-east-1")
    assert subscribers(scene) == listening
    assert logs_made(scene) == logs
    scene.happen(ONE_OF_EACH, scene.account.regions)
    scene.check_logs()  # what was there before as well
    return before.items() - after.items(), after.items() - before.items()


def test_without_a_key_alerts_arrive(scene: Scene) -> None:
    assert key_of_the_topic(scene) is None
    scene.happen(ONE_OF_EACH, scene.account.regions)
    scene.check_logs()


def test_a_key_is_added_and_replaces_nothing(scene: Scene) -> None:
    gone, new = updated(scene, ENCRYPTED)
    assert (gone, {logical_id for logical_id, _ in new}) == (set(), OF_THE_KEY)
    kms = scene.account.client("kms")
    key = kms.describe_key(KeyId="alias/break-glass")["KeyMetadata"]
    assert key["Arn"] == key_of_the_topic(scene)
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]


def test_the_key_outlives_its_use(scene: Scene) -> None:
    key = dict(scene.account.resources("us-east-1"))["Key"]
    gone, new = updated(scene, PLAIN)
    # What is retained leaves the stack on AWS; LocalStack goes on listing it.
    assert OF_THE_KEY - {"Key"} <= {logical_id for logical_id, _ in gone} <= OF_THE_KEY
    assert new == set()
    assert key_of_the_topic(scene) is None
    # The logs from before are read with it.
    assert scene.account.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
