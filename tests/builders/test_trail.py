"""The trail that the templates make: what it records, what keeps it, and what damage would cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from creation_order import all_before
from guidance_text import steps_for
from samples import ACCOUNT, SETTINGS, templates

from cfn_breakglass import config_of
from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.template.reader import Resource, Stack, parse, resolve
from cfn_breakglass.analysis.validation.folder import validate_folder
from cfn_breakglass.analysis.validation.trail import trail_problems
from cfn_breakglass.guidance.warnings import warnings
from cfn_breakglass.plan import make_plan

REGION = "us-east-1"
NAME = f"break-glass-{ACCOUNT}-{REGION}"
BUCKET = f"arn:aws:s3:::{NAME}"
FILES = f"{BUCKET}/AWSLogs/{ACCOUNT}"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/break-glass-trail"
MADE = ("TrailBucket", "TrailBucketPolicy", "Trail")

Damage = Callable[[dict[str, Any]], None]


def template(region: str = REGION, **more: Any) -> dict[str, Any]:
    settings = SETTINGS | {"main_region": region, "alerts": {"emails": ["ops@example.com"]}, "trail": "create"}
    return parse(templates(json.dumps(settings | more))[0], "main-region.yaml")


def stack(region: str = REGION, **more: Any) -> Stack:
    return resolve(template(region, **more), account=ACCOUNT, region=region)


def one(held: Stack, kind: str) -> Resource:
    (found,) = held.of_type(kind)
    return found


def problems(held: Stack) -> list[DeliveryProblem]:
    return trail_problems(held, one(held, "AWS::CloudTrail::Trail"))


@pytest.mark.parametrize("encryption", ["customer-key", "none"])
@pytest.mark.parametrize("region", ["us-east-1", "af-south-1", "cn-north-1", "us-gov-west-1"])
def test_it_records_every_region_and_could_write_that_down(region: str, encryption: str) -> None:
    held = stack(region, encryption=encryption)
    assert one(held, "AWS::CloudTrail::Trail").arn == TRAIL.replace("aws", held.partition, 1).replace(REGION, region)
    assert problems(held) == []


def test_it_records_all_management_events_and_signs_the_files() -> None:
    trail = one(stack(), "AWS::CloudTrail::Trail").properties
    wanted = ("IsLogging", "IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation")
    assert [trail[each] for each in wanted] == [True] * 4
    # Without selectors, reads and writes: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    assert not {"EventSelectors", "AdvancedEventSelectors"} & trail.keys()


def test_there_is_none_where_one_exists() -> None:
    held = stack(trail="existing")
    assert not set(MADE) & held.resources.keys()
    assert not [one for one in held.resources.values() if one.type.startswith("AWS::S3")]


def test_the_bucket_is_private_versioned_and_encrypted() -> None:
    held = stack()
    bucket = one(held, "AWS::S3::Bucket").properties
    assert bucket["BucketName"] == NAME
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert encryption(bucket) == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": one(held, "AWS::KMS::Key").arn}
    assert encryption(one(stack(encryption="none"), "AWS::S3::Bucket").properties) == {"SSEAlgorithm": "AES256"}


def encryption(bucket: Any) -> Any:
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    return rule["ServerSideEncryptionByDefault"]


def test_nothing_in_the_template_deletes_what_it_recorded() -> None:
    assert "LifecycleConfiguration" not in template(retention_days=1)["Resources"]["TrailBucket"]["Properties"]


@pytest.mark.parametrize("days", [1, 3_650])
def test_locked_files_stay_whatever_an_administrator_does(days: int) -> None:
    bucket = one(stack(trail_lock_days=days), "AWS::S3::Bucket").properties
    # GOVERNANCE could be lifted with s3:BypassGovernanceRetention.
    retention = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}}
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled", "Rule": retention}


def test_files_are_not_locked_unless_wanted() -> None:
    assert not [name for name in one(stack(), "AWS::S3::Bucket").properties if "Lock" in name]


def test_turning_the_lock_on_or_longer_replaces_nothing() -> None:
    # A bucket is replaced when its name changes and by nothing else; test_encryption asks AWS's schema.
    for days in (None, 1, 2):
        assert one(stack(trail_lock_days=days), "AWS::S3::Bucket").name == NAME


@pytest.mark.parametrize("title", [*MADE, "Key"])
def test_it_outlives_the_stack(title: str) -> None:
    held = template()["Resources"][title]
    assert (held["DeletionPolicy"], held["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


@pytest.mark.parametrize("title", ["LoginLog", "ActionLog"])
def test_log_groups_are_protected_and_outlive_the_stack(title: str) -> None:
    held = template()["Resources"][title]
    assert held["Properties"]["DeletionProtectionEnabled"] is True
    # With RetainExceptOnCreate, CloudFormation would try to delete what is protected when the stack cannot be created.
    assert (held["DeletionPolicy"], held["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize("title", ["LoginLog", "ActionLog", "Trail"])
def test_what_stays_comes_after_what_may_fail(title: str) -> None:
    resources = template()["Resources"]
    assert {"Role", "RoleGrant"} <= all_before(title, resources)
    assert "TrailBucketPolicy" in resources["Trail"]["DependsOn"]


def asked(action: str, resource: str, service: str | None = None, **changes: str | None) -> bool:
    """Whether the bucket's policy lets somebody make a call that is one of the trail's but for ``changes``."""
    said = {"source": TRAIL, "acl": "bucket-owner-full-control", "tls": "true"} | changes
    keys = {"source": "aws:SourceArn", "acl": "s3:x-amz-acl", "tls": "aws:SecureTransport"}
    context = {keys[name]: value for name, value in said.items() if value}
    return allowed([document()], action=action, resource=resource, principal_service=service, context=context)


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = one(stack(), "AWS::S3::BucketPolicy").properties["PolicyDocument"]
    return found


CLOUDTRAIL = "cloudtrail.amazonaws.com"


def test_cloudtrail_writes_in_the_accounts_folder() -> None:
    assert asked("s3:GetBucketAcl", BUCKET, CLOUDTRAIL, acl=None)
    assert asked("s3:PutObject", f"{FILES}/CloudTrail/eu-west-1/2030/01/31/x.json.gz", CLOUDTRAIL)
    assert asked("s3:PutObject", f"{FILES}/CloudTrail-Digest/x.json.gz", CLOUDTRAIL)


KEPT_OUT: dict[str, dict[str, Any]] = {
    "another trail": {"source": f"{TRAIL}s"},
    "a trail of another account": {"source": TRAIL.replace(ACCOUNT, "444455556666")},
    "nobody's trail": {"source": None},
    "files that somebody else owns": {"acl": "private"},
    "without TLS": {"tls": "false"},
    "another folder": {"resource": f"{BUCKET}/x"},
    "another account's folder": {"resource": f"{BUCKET}/AWSLogs/444455556666/x"},
    "deleting": {"action": "s3:DeleteObject"},
    "another service": {"service": "config.amazonaws.com"},
    "the account, which needs a policy of its own": {"service": None},
}


@pytest.mark.parametrize("changes", KEPT_OUT.values(), ids=KEPT_OUT)
def test_the_bucket_takes_nothing_else(changes: dict[str, Any]) -> None:
    assert not asked(**{"action": "s3:PutObject", "resource": f"{FILES}/x", "service": CLOUDTRAIL} | changes)


def statements(title: str) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    policy = {"TrailBucketPolicy": "PolicyDocument", "Key": "KeyPolicy"}[title]
    return lambda resources: resources[title]["Properties"][policy]["Statement"]


def put(title: str, name: str, value: Any) -> Damage:
    return lambda resources: resources[title]["Properties"].update({name: value})


def forgets(title: str, action: str) -> Damage:
    def damage(resources: dict[str, Any]) -> None:
        found = statements(title)(resources)
        found[:] = [each for each in found if not (action in each["Action"] and CLOUDTRAIL in json.dumps(each))]

    return damage


def asks(title: str, **condition: Any) -> Damage:
    def damage(resources: dict[str, Any]) -> None:
        for each in statements(title)(resources):
            if CLOUDTRAIL in json.dumps(each):
                each["Condition"] = condition

    return damage


def removes(title: str) -> Damage:
    return lambda resources: resources.pop(title)


PUT = f"the policy of the bucket {NAME} does not let it s3:PutObject {FILES}/CloudTrail/file"
ACL = f"the policy of the bucket {NAME} does not let it s3:GetBucketAcl {BUCKET}"
KEY = f"the policy of the key arn:aws:kms:{REGION}:{ACCOUNT}:key/break-glass-Key does not let CloudTrail use it"
WRONG = {"aws:SourceArn": f"{TRAIL}s"}
DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "it is off": (put("Trail", "IsLogging", value=False), "trail-off", "it does not log"),
    "one region": (
        put("Trail", "IsMultiRegionTrail", value=False),
        "trail-single-region",
        "it records one region only",
    ),
    "a folder that nobody may write in": (put("Trail", "S3KeyPrefix", "here"), "bucket-policy-denies", "s3:PutObject"),
    "no policy": (removes("TrailBucketPolicy"), "bucket-policy-denies", ACL),
    "no right to look": (forgets("TrailBucketPolicy", "s3:GetBucketAcl"), "bucket-policy-denies", ACL),
    "no right to write": (
        forgets("TrailBucketPolicy", "s3:PutObject"),
        "bucket-policy-denies",
        PUT,
    ),
    "the bucket knows another trail": (asks("TrailBucketPolicy", StringEquals=WRONG), "bucket-policy-denies", ACL),
    "the key does not know it": (forgets("Key", "kms:GenerateDataKey*"), "key-policy-denies", KEY),
    "the key knows another trail": (asks("Key", StringEquals=WRONG), "key-policy-denies", KEY),
    # It describes the key before it writes, and says nothing of what for.
    "the key asks what for": (
        asks("Key", StringLike={"kms:EncryptionContext:aws:cloudtrail:arn": TRAIL}),
        "key-policy-denies",
        KEY,
    ),
    "the key is disabled": (
        put("Key", "Enabled", value=False),
        "key-disabled",
        "is disabled: CloudTrail cannot use it",
    ),
}


@pytest.mark.parametrize(("damage", "code", "message"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_told(damage: Damage, code: str, message: str) -> None:
    held = template()
    damage(held["Resources"])
    found = problems(resolve(held, account=ACCOUNT, region=REGION))
    assert {problem.code for problem in found} == {code}
    assert any(message in problem.message for problem in found)


def test_a_bucket_and_a_key_of_somebody_else_are_not_judged() -> None:
    held = template(encryption="none")
    for name, value in {"S3BucketName": "theirs", "KMSKeyId": "alias/theirs"}.items():
        put("Trail", name, value)(held["Resources"])
    assert problems(resolve(held, account=ACCOUNT, region=REGION)) == []


def test_validate_tells_of_a_trail_that_cannot_write(tmp_path: Path) -> None:
    held = template(encryption="none", regions=[])
    held["Resources"] = {title: held["Resources"][title] for title in ("TrailBucket", "Trail")}
    del held["Resources"]["Trail"]["DependsOn"], held["Outputs"]
    for name in ("main-region.json", "stackset.json"):
        (tmp_path / name).write_text(json.dumps(held), encoding="utf-8")
    (denied,) = {
        finding.message
        for finding in validate_folder(tmp_path).findings
        if (finding.rule_id, finding.logical_id) == ("bucket-policy-denies", "TrailBucket")
        and "s3:PutObject" in finding.message
    }
    assert denied == "TrailBucket does not let CloudTrail call s3:PutObject: the trail cannot write its files."


@pytest.mark.parametrize(
    ("settings", "said", "unsaid"),
    [
        ({}, "Nothing alerts without such a trail.", "the stack makes"),
        ({"trail": "create"}, "would create break-glass-trail", "Nothing alerts without such a trail."),
    ],
    ids=["one that is there", "one of ours"],
)
def test_generate_tells_what_to_look_for(settings: dict[str, Any], said: str, unsaid: str) -> None:
    steps = steps_for(SETTINGS | {"trail": "existing"} | settings)
    assert said in steps
    assert unsaid not in steps


def test_generate_warns_of_files_that_nobody_can_delete() -> None:
    locked = list(warnings(make_plan(config_of(SETTINGS | {"trail": "create", "trail_lock_days": 30}))))
    assert any("for 30 days nobody, not even root, can delete a file of the trail" in each for each in locked)
    assert not any("trail_lock_days" in each for each in warnings(make_plan(config_of(SETTINGS | {"trail": "create"}))))
