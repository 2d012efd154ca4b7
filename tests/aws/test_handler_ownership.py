"""Which types' handlers could touch ours for another stack: a row for each type, and calls that AWS knows."""

from __future__ import annotations

from functools import cache

import botocore.session
import pytest
from golden_cases import CASES, templates_folder
from handler_data import type_names, type_schema
from paths import ROOT
from pattern_events import compiled
from template_data import resources_of

from cfn_breakglass.aws.handler_ownership import (
    ADDS,
    BUS_OWNER_CALLS,
    EMITTED,
    KEY_OWNER_CALLS,
    OTHERS,
    OVERWRITES,
    OVERWRITING_CALLS,
    REFUSES,
    ROLE_OWNER_CALLS,
    SET_OWNER_CALLS,
    HandlerOwnership,
    is_of_services,
)
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.detections.tampering import ABOUT_ORGANIZATION, account_changes
from cfn_breakglass.names import Names

ROWS = (*EMITTED, *OTHERS)
SETTINGS = {"main_region": "us-east-1", "usernames": ["alice"], "alerts": {"emails": ["ops@example.com"]}}
TEMPLATES = [path for case in (*CASES, ROOT) for path in templates_folder(case).glob("*.yaml")]


def emitted_types() -> set[str]:
    """The types of the resources of all committed templates."""
    texts = [path.read_text(encoding="utf-8") for path in TEMPLATES if path.name != "breakglass.yaml"]
    return {resource["Type"] for text in texts for resource in resources_of(text).values()}


def calls_of_row(row: HandlerOwnership) -> tuple[str, ...]:
    return (*row.overwriting, *row.by_owner, *row.tolerated)


@cache
def operations(service: str) -> frozenset[str]:
    return frozenset(botocore.session.Session().get_service_model(service).operation_names)


def test_every_type_that_a_template_has_has_a_row() -> None:
    """A new type fails here: find out whether its create handler refuses what another stack has, and add a row."""
    assert {row.type for row in EMITTED} == emitted_types()


def test_a_type_has_one_row() -> None:
    types = [row.type for row in ROWS]
    assert sorted(types) == sorted(set(types))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_every_call_of_a_row_is_one_of_the_services(row: HandlerOwnership) -> None:
    for call in calls_of_row(row):
        service, _, name = call.partition(":")
        assert name in operations(service), call


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_every_call_of_a_row_is_one_of_its_handlers(row: HandlerOwnership) -> None:
    handlers = type_schema(row.type)["handlers"]
    permissions = {call.lower() for handler in handlers.values() for call in handler["permissions"]}
    assert {call.lower() for call in calls_of_row(row)} <= permissions


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_what_does_not_refuse_says_by_which_calls(row: HandlerOwnership) -> None:
    assert row.creating in (REFUSES, OVERWRITES, ADDS)
    assert row.creating == REFUSES or row.overwriting or row.tolerated
    assert row.reason.endswith(".")
    assert row.source.startswith("https://")


READS_FIRST = {
    *("AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::IAM::RolePolicy", "AWS::Logs::MetricFilter"),
    *("AWS::Logs::ResourcePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::Topic", "AWS::SQS::Queue"),
}


@pytest.mark.parametrize("resource_type", sorted(READS_FIRST))
def test_a_create_handler_that_is_said_to_read_first_does(resource_type: str) -> None:
    create = type_schema(resource_type)["handlers"]["create"]["permissions"]
    assert any(call.partition(":")[2].startswith(("Describe", "Get")) for call in create)


@pytest.mark.parametrize("resource_type", ["AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"])
def test_a_handler_that_is_said_not_to_read_does_not(resource_type: str) -> None:
    calls = [call for handler in type_schema(resource_type)["handlers"].values() for call in handler["permissions"]]
    assert len(set(calls)) == 1


def test_what_always_alerts_of_what_our_own_stacks_do() -> None:
    """These alert at every deployment that makes them: each is worth it."""
    own = {call.partition(":")[2] for row in EMITTED for call in row.overwriting}
    assert own == {
        *("AttachRolePolicy", "CreatePolicyVersion", "DeleteRolePermissionsBoundary", "DeleteRolePolicy"),
        *("DeleteTrail", "DetachRolePolicy", "PutEventSelectors", "PutResourcePolicy", "PutRolePermissionsBoundary"),
        *("PutRolePolicy", "SetSubscriptionAttributes", "SetTopicAttributes", "StopLogging", "Subscribe"),
        *("Unsubscribe", "UpdateAssumeRolePolicy", "UpdateRole", "UpdateTrail"),
    }
    assert own < set(OVERWRITING_CALLS)


def test_calls_of_an_owner_alert_only_where_the_config_names_what_it_owns() -> None:
    assert KEY_OWNER_CALLS == ("DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion")
    by_owner = {*KEY_OWNER_CALLS, *ROLE_OWNER_CALLS, *BUS_OWNER_CALLS, *SET_OWNER_CALLS}
    assert not by_owner & set(OVERWRITING_CALLS)


def test_queue_policies_do_not_alert() -> None:
    """Those of one rollout are one in each region."""
    assert "SetQueueAttributes" not in OVERWRITING_CALLS


def test_what_any_type_does_to_the_account_or_its_organization_alerts() -> None:
    """No stack owns that, so that a stack of any name can change it."""
    config = config_of({**SETTINGS, "organization": {"id": "o-a1b2c3d4e5", "hub": "999999999999", "units": ["r-ab12"]}})
    pattern = account_changes(config, Names.of(config))
    services = {source.removeprefix("aws.") for source in pattern["source"]} - {"cloudcontrolapi", "iam"}
    takes = compiled({"name": pattern["detail"]["eventName"]}).matches
    of_handlers = {
        call.partition(":")[2]
        for resource_type in type_names()
        for handler in type_schema(resource_type).get("handlers", {}).values()
        for call in handler.get("permissions", [])
        if call.partition(":")[0].lower() in services
    }
    about_account = {name for name in of_handlers if takes({"name": name})}
    assert {"AttachPolicy", "MoveAccount", "StopLogging"} <= about_account
    # DetachPolicy comes first.
    assert about_account - {"DeletePolicy"} <= {*OVERWRITING_CALLS, *ABOUT_ORGANIZATION}


def test_a_call_is_one_of_the_services_whose_handlers_make_it() -> None:
    assert is_of_services("PutRolePolicy", ["aws.kms", "aws.iam"])
    assert not is_of_services("PutRolePolicy", ["aws.kms", "aws.sns"])
    # EventBridge calls CloudWatch by another name than IAM does.
    assert is_of_services("PutAlarmMuteRule", ["aws.monitoring"])
    assert not is_of_services("PutAlarmMuteRule", ["aws.cloudwatch"])
    # A call that is not in the table can be any service's.
    assert is_of_services("ConsoleLogin", ["aws.signin"])
