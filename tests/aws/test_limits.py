"""AWS's numbers: those of its own models where these have them, and else those of its pages, spelled out."""

from __future__ import annotations

import botocore.session
import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.limits import Limit

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
QUOTAS = {
    limits.PATTERN: 2_048,
    limits.TARGETS: 5,
    limits.RULES: 300,
    limits.WILDCARD_RULES: 30,
    limits.INPUT_PATHS: 100,
    limits.INPUT_PATH: 256,
    limits.INPUT_TEMPLATE: 8_192,
    limits.TEXT_MESSAGE: 1_600,
    limits.EVENT: 256 * 1_024,
    limits.TRUST_POLICY: 2_048,
    limits.INLINE_POLICIES: 10_240,
    limits.MANAGED_POLICY: 6_144,
    limits.ATTACHED_POLICIES: 10,
    limits.SWITCH_ROLE_NAME: 64,
    limits.UNITS_OF_STACK_SET: 50,
    limits.SCP: 5_120,
    limits.LOGS_RESOURCE_POLICY: 5_120,
    limits.TEMPLATE: 1_024 * 1_024,
    limits.TEMPLATE_BODY: 51_200,
    limits.RESOURCES: 500,
    limits.OUTPUTS: 200,
    limits.DESCRIPTION: 1_024,
}
MODELS = {
    limits.RULE_NAME: ("events", "PutRule", "Name"),
    limits.BUS_NAME: ("events", "CreateEventBus", "Name"),
    limits.ROLE_NAME: ("iam", "CreateRole", "RoleName"),
    limits.ROLE_PATH: ("iam", "CreateRole", "Path"),
}
"""Limits of what AWS's models describe: a parameter of an operation of a service."""
MEASURED = {limits.COMPLEXITY}
"""AWS gives no number for these."""


def model(service: str, operation: str, parameter: str) -> dict[str, int]:
    """What botocore knows of a parameter: its least and its greatest length or value."""
    shape = botocore.session.Session().get_service_model(service).operation_model(operation).input_shape
    found: dict[str, int] = shape.members[parameter].metadata
    return found


def test_every_limit_has_a_source() -> None:
    every = {limit for limit in vars(limits).values() if isinstance(limit, Limit)}
    assert every == {*QUOTAS, *MODELS, *MEASURED}


@pytest.mark.parametrize("limit", QUOTAS, ids=lambda limit: limit.subject)
def test_a_quota_is_that_of_aws_pages(limit: Limit) -> None:
    assert limit.maximum == QUOTAS[limit]


@pytest.mark.parametrize("limit", MODELS, ids=lambda limit: limit.subject)
def test_a_length_is_that_of_aws_models(limit: Limit) -> None:
    assert limit.maximum == model(*MODELS[limit])["max"]


def test_a_session_lasts_as_long_as_aws_models_say() -> None:
    seconds = model("iam", "CreateRole", "MaxSessionDuration")
    assert tuple(hours * 3_600 for hours in limits.SESSION_HOURS) == (seconds["min"], seconds["max"])


def test_log_groups_are_kept_for_the_days_that_cloudwatch_logs_offers() -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::Logs::LogGroup").schema
    assert sorted(limits.RETENTION_DAYS) == sorted(schema["properties"]["RetentionInDays"]["enum"])
