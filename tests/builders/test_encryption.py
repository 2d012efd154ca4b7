"""Who may use the key of the templates, what it encrypts, and what a broken key costs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from deployments import deploy
from guidance_text import steps_for
from paths import EVENTS
from samples import ACCOUNT, SETTINGS, own_deliveries, recorded, templates
from troposphere import AWSObject, Template, kms

from cfn_breakglass import action_log, config_of, encryption_key, login_alert, watch_role
from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.simulator import Delivery, Simulator
from cfn_breakglass.analysis.template.reader import Stack, parse, resolve
from cfn_breakglass.analysis.validation.cfn_lint import lint

REGION = "us-east-1"
OTHERS = {REGION: ["eu-west-1"]}
OTHERS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/break-glass-trail"
LOG = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
LOGIN = f"{LOG}/aws/events/break-glass/login"
USING_LOGS = ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey")

Damage = Callable[[dict[str, Any]], None]


def files(region: str = REGION, **more: Any) -> tuple[str, str]:
    settings = {"main_region": region, "alerts": {"emails": ["ops@example.com"]}, "regions": OTHERS.get(region, [])}
    return templates(json.dumps(SETTINGS | {"trail": "existing"} | settings | more))


def template(region: str = REGION, **more: Any) -> dict[str, Any]:
    return parse(files(region, **more)[0], "main-region.yaml")


def stack(region: str = REGION, **more: Any) -> Stack:
    return _stack(region, json.dumps(more))


@cache
def _stack(region: str, more: str) -> Stack:
    return resolve(template(region, **json.loads(more)), account=ACCOUNT, region=region)


def asked(held: Stack, service: str, action: str, **context: str) -> bool:
    """Whether the key's policy lets a service make a call, of which it says what ``context`` holds."""
    (key,) = held.of_type("AWS::KMS::Key")
    said = {name.replace("__", ":"): value for name, value in context.items()}
    return allowed(
        [key.properties["KeyPolicy"]],
        action=f"kms:{action}",
        resource=key.arn,
        principal_service=service,
        context=said,
    )


SOURCE = {"aws__SourceArn": TRAIL}
FOR_LOG = {"kms__EncryptionContext__aws__logs__arn": LOGIN}


@pytest.mark.parametrize("action", ["Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"])
def test_eventbridge_gets_in_though_it_says_nothing_of_itself(action: str) -> None:
    # With encrypted topics it sends neither aws:SourceArn nor aws:SourceAccount.
    assert asked(stack(), "events.amazonaws.com", action)


@pytest.mark.parametrize("action", USING_LOGS)
@pytest.mark.parametrize("group", ["login", "actions", "heartbeat"])
def test_logs_gets_in_for_each_of_our_log_groups(action: str, group: str) -> None:
    ours = {"kms__EncryptionContext__aws__logs__arn": f"{LOG}/aws/events/break-glass/{group}"}
    assert asked(stack(), f"logs.{REGION}.amazonaws.com", action, **ours)


@pytest.mark.parametrize(
    ("region", "service"),
    [
        ("cn-north-1", "logs.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "logs.us-gov-west-1.amazonaws.com"),
        ("eu-south-2", "logs.eu-south-2.amazonaws.com"),
    ],
)
def test_logs_is_called_as_its_region_calls_it(region: str, service: str) -> None:
    held = stack(region)
    arn = f"arn:{held.partition}:logs:{region}:{ACCOUNT}:log-group:/aws/events/break-glass/login"
    assert asked(held, service, "GenerateDataKey", kms__EncryptionContext__aws__logs__arn=arn)
    assert not asked(held, "logs.amazonaws.com", "GenerateDataKey", kms__EncryptionContext__aws__logs__arn=arn)


def by_logs(**more: str) -> dict[str, str | list[str]]:
    """What a call has that CloudWatch Logs makes in the name of somebody who reads or makes one of our logs."""
    return {
        "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/Reader",
        "kms:CallerAccount": ACCOUNT,
        "kms:ViaService": f"logs.{REGION}.amazonaws.com",
        "kms:EncryptionContext:aws:logs:arn": LOGIN,
        **more,
    }


def lets_through(context: dict[str, str | list[str]], action: str = "Decrypt") -> bool:
    """Whether the key's policy alone lets somebody make the call, who has no right to the key himself."""
    (key,) = stack().of_type("AWS::KMS::Key")
    policy = key.properties["KeyPolicy"]
    without_account = {**policy, "Statement": [one for one in policy["Statement"] if one["Sid"] != "Account"]}
    return allowed([without_account], action=f"kms:{action}", resource=key.arn, context=context)


@pytest.mark.parametrize("action", USING_LOGS)
def test_readers_of_our_logs_and_the_deployer_get_through_by_logs(action: str) -> None:
    assert lets_through(by_logs(), action)


@pytest.mark.parametrize(
    "other",
    [
        {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
        {"kms:ViaService": "logs.eu-west-1.amazonaws.com"},
        {"kms:CallerAccount": "444455556666", "aws:PrincipalArn": "arn:aws:iam::444455556666:role/Reader"},
        {"kms:EncryptionContext:aws:logs:arn": f"{LOG}/aws/events/other/login"},
    ],
)
def test_nobody_gets_through_otherwise(other: dict[str, str]) -> None:
    assert not lets_through(by_logs(**other))
    assert not lets_through(by_logs(), "ScheduleKeyDeletion")


@pytest.mark.parametrize("trail", ["create", "existing"])  # one that was made stays, and goes on
@pytest.mark.parametrize("action", ["GenerateDataKey", "DescribeKey"])
def test_cloudtrail_gets_in_for_our_trail_and_only_to_write(action: str, trail: str) -> None:
    held = stack(trail=trail)
    assert asked(held, "cloudtrail.amazonaws.com", action, **SOURCE)
    assert not asked(held, "cloudtrail.amazonaws.com", action, aws__SourceArn=f"{TRAIL}2")
    assert not asked(held, "cloudtrail.amazonaws.com", action)
    assert not asked(held, "cloudtrail.amazonaws.com", "Decrypt", **SOURCE)


KEPT_OUT: dict[str, tuple[str, str, dict[str, str]]] = {
    "EventBridge, for more than it needs": ("events.amazonaws.com", "ScheduleKeyDeletion", {}),
    "Logs, for another log group": (
        f"logs.{REGION}.amazonaws.com",
        "Decrypt",
        {"kms__EncryptionContext__aws__logs__arn": f"{LOG}/aws/events/break-glass-other/login"},
    ),
    "Logs, for another account": (
        f"logs.{REGION}.amazonaws.com",
        "Decrypt",
        {"kms__EncryptionContext__aws__logs__arn": LOGIN.replace(ACCOUNT, "444455556666")},
    ),
    "Logs, for nothing": (f"logs.{REGION}.amazonaws.com", "Decrypt", {}),
    "Logs of another region": ("logs.eu-west-1.amazonaws.com", "Decrypt", FOR_LOG),
    "CloudWatch, for more than it needs": ("cloudwatch.amazonaws.com", "Encrypt", {}),
    "SNS": ("sns.amazonaws.com", "Decrypt", {}),
    "S3": ("s3.amazonaws.com", "GenerateDataKey", {}),
}


@pytest.mark.parametrize(("service", "action", "context"), KEPT_OUT.values(), ids=KEPT_OUT)
def test_nobody_else_gets_in(service: str, action: str, context: dict[str, str]) -> None:
    assert not asked(stack(), service, action, **context)


def test_the_account_can_give_rights_to_the_key_and_another_cannot() -> None:
    (key,) = stack().of_type("AWS::KMS::Key")
    for account, answer in ((ACCOUNT, True), ("444455556666", False)):
        caller = {"aws:PrincipalArn": f"arn:aws:iam::{account}:role/Admin"}
        document = key.properties["KeyPolicy"]
        assert allowed([document], action="kms:PutKeyPolicy", resource=key.arn, context=caller) == answer


def encrypted_by(held: Stack) -> dict[str, str]:
    """Logical ID -> the ARN or ID of the key, of everything that has one."""
    properties = ("KmsMasterKeyId", "KmsKeyId", "KMSKeyId")
    return {
        name: given
        for name, resource in held.resources.items()
        for given in (resource.properties.get(each) for each in properties)
        if given
    }


EVERYTHING = {"AlertTopic", "LoginLog", "ActionLog", "HeartbeatLog", "Trail"}


@pytest.mark.parametrize(
    "given", [pytest.param({}, id="one of our own"), pytest.param({"encryption": OTHERS_KEY}, id="one that is there")]
)
def test_one_key_encrypts_the_topic_the_logs_and_the_trail(given: dict[str, str]) -> None:
    held = stack(trail="create", **given)
    by = encrypted_by(held)
    keys = held.of_type("AWS::KMS::Key")
    assert len(keys) == (0 if given else 1)
    assert set(by.values()) == ({key.arn for key in keys} or {OTHERS_KEY})
    assert set(by) == EVERYTHING


@pytest.mark.parametrize("encryption", ["customer-key", "none", OTHERS_KEY])
def test_what_has_to_work_when_the_key_does_not_is_encrypted_without_it(encryption: str) -> None:
    held = stack(encryption=encryption, alerts={"emails": ["ops@example.com"], "fallback": ["boss@example.com"]})
    (queue,) = held.of_type("AWS::SQS::Queue")
    assert queue.properties["SqsManagedSseEnabled"] is True
    assert {"DeadLetterQueue", "FallbackTopic"} <= set(held.resources) - set(encrypted_by(held))


def test_without_encryption_there_is_no_key() -> None:
    held = stack(encryption="none", trail="create")
    assert encrypted_by(held) == {}
    assert not held.of_type("AWS::KMS::Key") + held.of_type("AWS::KMS::Alias")


def test_where_nothing_is_kept_or_told_there_is_no_key_to_pay_for() -> None:
    assert not stack(alerts={"log": False}, actions={"log": "none"}).of_type("AWS::KMS::Key")


def test_the_key_turns_and_outlives_the_stack() -> None:
    held = template()["Resources"]
    assert held["Key"]["Properties"]["EnableKeyRotation"] is True
    assert held["Key"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert held["Key"]["UpdateReplacePolicy"] == "Retain"
    assert held["KeyAlias"]["Properties"]["AliasName"] == "alias/break-glass"


def test_the_stackset_needs_no_key() -> None:
    assert not re.findall(r"kms\w*keyid\b|Type: AWS::KMS", files(trail="create")[1], re.IGNORECASE)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::SNS::Topic", {"KmsMasterKeyId"}),
        ("AWS::Logs::LogGroup", {"KmsKeyId", "DeletionProtectionEnabled"}),
        ("AWS::KMS::Key", {"KeyPolicy", "EnableKeyRotation"}),
        ("AWS::CloudTrail::Trail", {"KMSKeyId", "IsMultiRegionTrail"}),
        ("AWS::S3::Bucket", {"ObjectLockEnabled", "ObjectLockConfiguration", "BucketEncryption"}),
    ],
)
def test_changing_the_encryption_replaces_nothing(kind: str, properties: set[str]) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    created_with = {path.split("/")[2] for path in schema.get("createOnlyProperties", [])}
    assert properties <= set(schema["properties"]) - created_with


# What a key breaks when it is damaged.


def statement(service: str) -> Callable[[dict[str, Any]], bool]:
    return lambda one: service in json.dumps(one.get("Principal"))


def keeping(kept: Callable[[dict[str, Any]], bool]) -> Damage:
    def damage(key: dict[str, Any]) -> None:
        policy = key["Properties"]["KeyPolicy"]
        policy["Statement"] = [one for one in policy["Statement"] if kept(one)]

    return damage


def without(service: str) -> Damage:
    return keeping(lambda one: not statement(service)(one))


def only_if(service: str, condition: dict[str, Any]) -> Damage:
    def damage(key: dict[str, Any]) -> None:
        for one in filter(statement(service), key["Properties"]["KeyPolicy"]["Statement"]):
            one["Condition"] = condition

    return damage


def disabled(key: dict[str, Any]) -> None:
    key["Properties"]["Enabled"] = False


TOPIC_LOST = {"topic": "does not let EventBridge use it", "log": None}
LOGS_LOST = {"topic": None, "log": "does not let CloudWatch Logs use it"}
DAMAGES: dict[str, tuple[Damage, dict[str, str | None]]] = {
    "none": (keeping(lambda _: True), {"topic": None, "log": None}),
    "EventBridge left out": (without("events."), TOPIC_LOST),
    "the rule's ARN asked of EventBridge": (
        only_if("events.", {"ArnLike": {"aws:SourceArn": f"arn:aws:events:*:{ACCOUNT}:rule/*"}}),
        TOPIC_LOST,
    ),
    "the account asked of EventBridge": (
        only_if("events.", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        TOPIC_LOST,
    ),
    "Logs left out": (without("logs."), LOGS_LOST),
    "another log group": (
        only_if("logs.", {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": f"{LOGIN}s"}}),
        LOGS_LOST,
    ),
    "an ARN that ends in :*, as GetAtt gives it": (
        only_if("logs.", {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": f"{LOGIN}:*"}}),
        LOGS_LOST,
    ),
    "disabled": (disabled, {"topic": "is disabled", "log": "is disabled"}),
}


ASSUMED = EVENTS / "RoleAssumed" / "raises-saml.json"


def told(main: str, rest: str) -> list[Delivery]:
    """Where it is told that somebody took the role on in another region than the main one."""
    event = recorded(ASSUMED.read_text(encoding="utf-8"), "eu-west-1")
    return own_deliveries(ASSUMED, Simulator(deploy(main, rest, account=ACCOUNT)).run(event))


@pytest.mark.parametrize(("damage", "lost"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_key_loses_what_it_encrypts(damage: Damage, lost: dict[str, str | None]) -> None:
    main = template()
    damage(main["Resources"]["Key"])
    problems = {one.kind: one.problem for one in told(json.dumps(main), files()[1])}
    assert problems.keys() == lost.keys()
    for kind, problem in lost.items():
        assert (problem in str(problems[kind])) if problem else problems[kind] is None


def test_a_key_of_somebody_else_is_not_judged() -> None:
    found = told(*files(encryption=OTHERS_KEY))
    assert {(one.problem, one.assumed_allowed) for one in found} == {(None, (OTHERS_KEY,))}


# A key that is there: its policy is somebody else's to change.


@pytest.mark.parametrize(("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn")])
@pytest.mark.parametrize("trail", ["existing", "create"])
def test_generate_prints_what_a_key_of_yours_has_to_allow(trail: str, region: str, partition: str) -> None:
    key = OTHERS_KEY.replace("aws", partition, 1).replace(REGION, region)
    settings = {
        "main_region": region,
        "account": ACCOUNT,
        "usernames": ["alice"],
        "encryption": key,
        "trail": trail,
    }
    steps = steps_for(settings)
    printed = "".join(line for line in steps.splitlines() if line.startswith('     {"'))
    assert f"Let AWS use the key {key}:\n   in KMS in {region}, add" in steps
    (ours,) = stack(region, trail=trail).of_type("AWS::KMS::Key")
    # Our own key lets the account in besides, and a trail that it may have had.
    used = ours.properties["KeyPolicy"]["Statement"][1:]
    assert json.loads(f"[{printed}]") == (used if trail == "create" else used[:-1])


def test_generate_prints_nothing_of_keys_otherwise() -> None:
    for encryption in ("customer-key", "none"):
        steps = steps_for(SETTINGS | {"encryption": encryption})
        assert "kms:" not in steps


# The parts, in somebody's own template.


def part(*resources: AWSObject) -> Stack:
    own = Template()
    own.set_version()
    own.add_resource(list(resources))
    text = own.to_json()
    assert lint(text, "own", [REGION]) == []
    return resolve(json.loads(text), account=ACCOUNT, region=REGION)


PARTS = {"main_region": REGION, "role": {"existing": "Emergency"}, "alerts": {"emails": ["ops@example.com"]}}


def test_the_parts_are_encrypted_by_a_key_of_the_same_template() -> None:
    config = config_of(PARTS)
    key, alias = encryption_key(config)
    assert isinstance(key, kms.Key)
    held = part(key, alias, *login_alert(config, key=key), *action_log(config, key=key))
    (made,) = held.of_type("AWS::KMS::Key")
    assert encrypted_by(held) == dict.fromkeys(("AlertTopic", "LoginLog", "ActionLog"), made.arn)


def test_the_parts_take_a_key_that_is_there_and_otherwise_none() -> None:
    given = config_of(PARTS | {"encryption": OTHERS_KEY})
    assert encrypted_by(part(*watch_role(given))) == dict.fromkeys(("AlertTopic", "LoginLog", "ActionLog"), OTHERS_KEY)
    assert encrypted_by(part(*watch_role(config_of(PARTS)))) == {}
    for none in (given, config_of(PARTS | {"encryption": "none"})):
        assert encryption_key(none) == []
