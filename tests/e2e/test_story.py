"""One account, from its first stack to its last: what the README promises, on an AWS that others wrote."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from aws import Account
from differences import left_behind
from happenings import Happening
from inventory import inventory, kept
from samples import ACCOUNT, RAISES, SETTINGS, SILENT, is_of_the_key, title
from scene import MANY, ONE_OF_EACH, Scene
from surroundings import QUEUE

from cfn_breakglass.analysis.template.reader import parse
from cfn_breakglass.config.model import DETECTIONS

# Four more regions, one of them opt-in: it counts only when the config names it.
OTHERS: Final = ("af-south-1", "ap-southeast-2", "eu-west-1", "sa-east-1")
FIRST: Final[dict[str, Any]] = {**SETTINGS, "regions": list(OTHERS)}
CHANGED: Final[dict[str, Any]] = {
    **FIRST,
    "usernames": ["alice", "bob", "carol"],
    "alerts": {**FIRST["alerts"], "emails": ["security@example.com"]},
    "actions": {"log": "all", "services": ["iam"]},
    "retention_days": 30,
}
BEFORE: Final = {"us-east-1 bus default", f"us-east-1 queue {QUEUE}", *(f"{region} bus default" for region in OTHERS)}
BEATS: Final = "/aws/events/break-glass/heartbeat"
LOGS: Final = ("/aws/events/break-glass/actions", "/aws/events/break-glass/login")
SIGN_IN: Final = next(sample for sample in RAISES if title(sample) == "UserSignIn/raises-with-mfa")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(Account(ACCOUNT, "us-east-1", OTHERS), tmp_path_factory.mktemp("story") / "templates")


def let_happen(scene: Scene, samples: Sequence[Path]) -> list[Happening]:
    """Let samples happen in every region, the many in two, and calls on the key where that is."""
    main, another, *more = scene.account.regions
    here = scene.happen(samples, [main])
    here += scene.happen([sample for sample in samples if not is_of_the_key(sample)], [another])
    return here + scene.happen([sample for sample in samples if sample.parent.name not in MANY], more)


def told_of(scene: Scene, happenings: list[Happening]) -> Counter[tuple[str, str]]:
    """(detection, event ID) of each alert that is about one of these."""
    alerts = [(json.loads(alert), count) for alert, count in scene.heard.alerts.items()]
    ids = {each.id for each in happenings}
    # An alarm's reason, which ends with what tells it from others, is the error.
    told = [(it["detection"], it["eventId"] or it["error"].rpartition(" ")[2], count) for it, count in alerts]
    return Counter({(detection, which): count for detection, which, count in told if which in ids})


def times(account: Account) -> dict[str, Any]:
    """When log groups, queues, buses and buckets were made: what is made anew under the same name has another."""
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix="/aws/events/")["logGroups"]
    found: dict[str, Any] = {group["logGroupName"]: group["creationTime"] for group in groups}
    for region in account.regions:
        sqs = account.client("sqs", region)
        url = sqs.get_queue_url(QueueName="break-glass-dead-letters")["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["CreatedTimestamp"])
        found[region] = int(asked["Attributes"]["CreatedTimestamp"])
        for bus in account.client("events", region).list_event_buses()["EventBuses"]:
            found[bus["Arn"]] = bus["CreationTime"]
    for bucket in account.client("s3").list_buckets()["Buckets"]:
        found[bucket["Name"]] = bucket["CreationDate"]
    return found


def carol(text: str) -> str:
    return text.replace("alice", "carol")


def test_both_templates_deploy(scene: Scene) -> None:
    assert inventory(scene.account) == BEFORE
    main, others = scene.generate(FIRST)
    scene.deploy(main, others)
    for region, text in {"us-east-1": main, **dict.fromkeys(OTHERS, others)}.items():
        assert scene.account.resources(region).keys() == parse(text, region)["Resources"].keys(), region
    groups = scene.account.client("logs").describe_log_groups(logGroupNamePrefix="/aws/events/")["logGroups"]
    assert {group["logGroupName"]: group["retentionInDays"] for group in groups} == {
        **dict.fromkeys(LOGS, 365),
        BEATS: 30,
    }


def test_every_detection_tells_once_of_every_event_in_every_region(scene: Scene) -> None:
    # A few first: LocalStack makes what it delivers with at the first event, and again for each that comes meanwhile.
    scene.happen(ONE_OF_EACH, scene.account.regions)
    happened = let_happen(scene, RAISES)
    told = told_of(scene, happened)
    assert {each.sample.parent.name for each in happened} == set(DETECTIONS)
    assert [title(each.sample) for each in happened if told[each.sample.parent.name, each.id] != 1] == []
    assert set(told.values()) == {1}


def test_near_misses_leave_everything_silent(scene: Scene) -> None:
    missed = let_happen(scene, SILENT)
    # carol is nobody yet.
    missed += scene.happen([SIGN_IN], scene.account.regions, carol)
    # Something loud of each detection from each region comes through the same rules, after all of those.
    scene.happen(ONE_OF_EACH, scene.account.regions)
    told = told_of(scene, missed)
    assert [title(each.sample) for each in missed if told[each.sample.parent.name, each.id]] == []


def test_the_logs_hold_the_whole_events(scene: Scene) -> None:
    assert tuple(sorted(scene.foretold.logs)) == LOGS
    scene.check_logs()


def test_an_update_replaces_nothing(scene: Scene) -> None:
    before = {region: scene.account.resources(region) for region in scene.account.regions}
    made = times(scene.account)
    assert before["us-east-1"].keys() >= {
        "AlertTopic",
        "CentralBus",
        "LoginLog",
        "ActionLog",
        "Role",
        "DeadLetterQueue",
        "FallbackTopic",
        "HeartbeatLog",
        "HeartbeatSchedule",
        "Key",
        "TrailBucket",
    }
    scene.update(*scene.generate(CHANGED))
    assert times(scene.account) == made
    after = {region: scene.account.resources(region) for region in scene.account.regions}
    gone = {logical_id for region in before for logical_id in before[region].items() - after[region].items()}
    new = {logical_id for region in before for logical_id in after[region].items() - before[region].items()}
    assert [logical_id[:17] for logical_id, _ in gone] == ["SubscriptionEmail"]
    assert [logical_id[:17] for logical_id, _ in new] == ["SubscriptionEmail"]


def test_the_new_config_is_in_force(scene: Scene) -> None:
    account = scene.account
    subscriptions = account.client("sns").list_subscriptions()["Subscriptions"]
    mailed = {
        each["TopicArn"].rpartition("-")[2]: each["Endpoint"] for each in subscriptions if each["Protocol"] == "email"
    }
    assert mailed == {"alerts": "security@example.com", "fallback": "fallback@example.com"}
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix="/aws/events/")["logGroups"]
    assert {group["logGroupName"]: group["retentionInDays"] for group in groups} == dict.fromkeys([*LOGS, BEATS], 30)
    trust = account.client("iam").get_role(RoleName="break-glass")["Role"]["AssumeRolePolicyDocument"]
    assert "carol" in json.dumps(trust)
    granted = account.client("iam").list_attached_user_policies(UserName="carol")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in granted] == ["break-glass-grant"]


def test_what_changed_is_told_of_and_logged(scene: Scene) -> None:
    signed_in = scene.happen([SIGN_IN], scene.account.regions, carol)
    assert set(told_of(scene, signed_in)) == {("UserSignIn", each.id) for each in signed_in}
    actions = [sample for sample in RAISES if sample.parent.name == "RoleActions"]
    happened = scene.happen(actions, scene.account.regions)
    scene.happen(ONE_OF_EACH, scene.account.regions)
    told = told_of(scene, happened)
    logged_now = {each.id for each in happened if told["RoleActions", each.id]}
    assert logged_now == {each.id for each in happened if each.event["source"] == "aws.iam"} != set()
    scene.check_logs()


def test_nothing_stays_behind_but_the_evidence(scene: Scene) -> None:
    scene.happen(ONE_OF_EACH, ["us-east-1"])
    scene.account.remove()
    stayed = {thing for thing in inventory(scene.account) if not left_behind(thing)}
    assert stayed == BEFORE | {f"us-east-1 log group {group}" for group in LOGS} | kept(scene.account)
    scene.check_logs()
