"""What CloudFormation calls for a resource is what the schemas of its registry say."""

from __future__ import annotations

import subprocess
import sys

import pytest
from handler_data import HANDLER_DATA, TYPES, handler_data, iam_actions, type_schema

from cfn_breakglass.aws.cloudformation_handlers import (
    CALLS_OF_PROPERTY,
    calls_of_type,
    calls_on_everything,
    calls_to_deploy,
)

BUCKET = "AWS::S3::Bucket"


def test_the_data_is_that_of_the_schemas() -> None:
    assert HANDLER_DATA.read_text(encoding="utf-8") == handler_data(), "make handlers"


NOT_ACTIONS = {
    *("kms:ReEncrypt", "s3:DeleteBucketAnalyticsConfiguration", "s3:DeleteBucketCors", "s3:DeleteBucketEncryption"),
    *("s3:DeleteBucketLifecycle", "s3:DeleteBucketMetricsConfiguration", "s3:DeleteBucketReplication"),
    *("s3:PutBucketReplication", "s3:PutObjectLockConfiguration", "s3:REST.PUT.OBJECT"),
}
"""Calls in the schemas that IAM does not know: another action in the same list allows each of them."""


def test_nothing_but_names_that_are_not_actions_is_left_out() -> None:
    """A new one fails here: look up which action allows it, and whether the schema lists that action too."""
    handlers = {name: type_schema(name)["handlers"] for name in TYPES}
    for resource_type, schemas in handlers.items():
        schema_calls = {call for name, schema in schemas.items() if name != "list" for call in schema["permissions"]}
        left_out = {call for call in schema_calls if call.lower() not in iam_actions()}
        assert left_out <= NOT_ACTIONS, resource_type
        assert {call.lower() for call in calls_of_type(resource_type)} == {
            call.lower() for call in schema_calls - left_out
        }


@pytest.mark.parametrize("resource_type", CALLS_OF_PROPERTY)
def test_every_property_with_calls_of_its_own_exists(resource_type: str) -> None:
    assert CALLS_OF_PROPERTY[resource_type].keys() <= type_schema(resource_type)["properties"].keys()


@pytest.mark.parametrize(
    ("resource_type", "name"), [(kind, name) for kind, names in CALLS_OF_PROPERTY.items() for name in names]
)
def test_every_call_of_a_property_is_one_of_its_type(resource_type: str, name: str) -> None:
    without = calls_to_deploy(resource_type, {})
    needed = calls_to_deploy(resource_type, {name: "x"})
    patterns = CALLS_OF_PROPERTY[resource_type][name]
    assert without < needed <= calls_of_type(resource_type)
    assert len(needed - without) >= len(patterns), "a pattern matches no call"


def test_a_property_brings_its_calls() -> None:
    plain, with_policy = calls_to_deploy(BUCKET, {}), calls_to_deploy(BUCKET, {"LoggingConfiguration": {}})
    assert with_policy - plain == {"s3:PutBucketLogging"}
    assert {"s3:CreateBucket", "s3:PutBucketTagging", "s3:DeleteBucket", "s3:PutEncryptionConfiguration"} <= plain
    assert not {call for call in plain if call.startswith("s3tables:")}


def test_a_call_that_two_properties_share_is_needed_for_either() -> None:
    for name in ("EventSelectors", "AdvancedEventSelectors"):
        assert "cloudtrail:PutEventSelectors" in calls_to_deploy("AWS::CloudTrail::Trail", {name: []})
    assert "cloudtrail:PutEventSelectors" not in calls_to_deploy("AWS::CloudTrail::Trail", {})


def test_calls_that_cannot_be_limited() -> None:
    unlimited = calls_on_everything()
    assert {"kms:CreateKey", "logs:DescribeLogGroups", "logs:PutResourcePolicy", "sns:Unsubscribe"} <= unlimited
    assert not {"sns:DeleteTopic", "iam:CreateRole", "s3:DeleteBucket", "kms:ScheduleKeyDeletion"} & unlimited
    assert unlimited <= set().union(*map(calls_of_type, TYPES))


def test_a_type_that_the_data_does_not_have() -> None:
    with pytest.raises(LookupError, match=r"AWS::Lambda::Function is not in cloudformation_handlers\.json"):
        calls_to_deploy("AWS::Lambda::Function", {})


@pytest.mark.parametrize(("settings", "reads"), [({}, 0), ({"deployer": True}, 1)], ids=["no deployer", "a deployer"])
def test_the_data_is_read_once_and_only_for_a_deployer(settings: dict[str, bool], reads: int) -> None:
    config = {"main_region": "us-east-1", "usernames": ["alice"], **settings}
    script = (
        "import sys; from pathlib import Path; opened = [];"
        "sys.addaudithook(lambda event, values: opened.append(str(values[0])) if event == 'open' else None);"
        f"import cfn_breakglass; cfn_breakglass.output_files(cfn_breakglass.config_of({config}));"
        f"print(opened.count({str(HANDLER_DATA)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"{reads}\n"
