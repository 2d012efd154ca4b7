"""What waits for what when a stack is created, and what stays when it is deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from creation_order import all_before
from fresh_stacks import generated, stack

from cfn_breakglass.analysis.template.reader import parse

Resources = dict[str, dict[str, Any]]


def resources(case: str, file: str = "main-region.yaml") -> Resources:
    found: Resources = parse(generated(case)[file], file)["Resources"]
    return found


def of_type(case: str, kind: str, file: str = "main-region.yaml") -> Resources:
    return {name: held for name, held in resources(case, file).items() if held["Type"] == kind}


# Type: what becomes of it when the stack is deleted, when it is replaced, and why.
POLICIES = {
    # Evidence. Not RetainExceptOnCreate: what is protected from deletion cannot be deleted on a failed creation either.
    "LoginLog": ("Retain", "Retain"),
    "ActionLog": ("Retain", "Retain"),
    # Without the key nobody reads the logs again.
    "Key": ("RetainExceptOnCreate", "Retain"),
    "TrailBucket": ("RetainExceptOnCreate", "Retain"),
    "TrailBucketPolicy": ("RetainExceptOnCreate", "Retain"),
    "Trail": ("RetainExceptOnCreate", "Retain"),
    # Nothing in them is worth keeping.
    "HeartbeatLog": ("Delete", "Delete"),
    "DeadLetterQueue": ("Delete", "Delete"),
}


@pytest.mark.parametrize("logical_id", POLICIES)
def test_what_stays_when_the_stack_is_deleted(logical_id: str) -> None:
    held = resources("everything")[logical_id]
    assert (held["DeletionPolicy"], held["UpdateReplacePolicy"]) == POLICIES[logical_id]


@pytest.mark.parametrize("file", ["accounts.yaml", "stackset.yaml"])
def test_nothing_stays_in_an_account_that_leaves_the_organization(file: str) -> None:
    retained = {name for name, held in resources("organization-everything", file).items() if is_retained(held)}
    assert retained == set()
    (stack_set,) = (
        held["Properties"]
        for held in of_type("organization-managed", "AWS::CloudFormation::StackSet").values()
        if json.loads(held["Properties"]["TemplateBody"])["Resources"].keys()
        == resources("organization-managed", file).keys()
    )
    assert stack_set["AutoDeployment"]["RetainStacksOnAccountRemoval"] is False


def is_retained(held: dict[str, Any]) -> bool:
    return "Retain" in f"{held.get('DeletionPolicy')} {held.get('UpdateReplacePolicy')}"


def test_one_call_cannot_delete_a_log_of_what_alerted_or_was_done() -> None:
    protected = {
        name: held["Properties"].get("DeletionProtectionEnabled", False)
        for name, held in of_type("everything", "AWS::Logs::LogGroup").items()
    }
    assert protected == {"LoginLog": True, "ActionLog": True, "HeartbeatLog": False}


# The resource policies without which the targets of a rule receive nothing.
OF_TARGETS = {
    "Alert": "AlertTopicPolicy",
    "LoginLog": "LogPolicy",
    "ActionLog": "LogPolicy",
    "HeartbeatLog": "LogPolicy",
}


@pytest.mark.parametrize("file", ["main-region.yaml", "stackset.yaml"])
def test_a_rule_is_created_after_what_lets_it_deliver(file: str) -> None:
    rules = of_type("everything", "AWS::Events::Rule", file)
    assert rules
    for name, rule in rules.items():
        targets = [target["Id"] for target in rule["Properties"]["Targets"]]
        needed = {OF_TARGETS[target] for target in targets if target in OF_TARGETS} | {"DeadLetterQueuePolicy"}
        assert needed <= all_before(name, resources("everything", file)), name


@pytest.mark.parametrize("file", ["main-region.yaml", "stackset.yaml"])
def test_the_first_heartbeat_is_forwarded(file: str) -> None:
    (schedule,) = of_type("everything", "AWS::Scheduler::Schedule", file).values()
    assert "ForwardHealth" in schedule["DependsOn"]
    assert "ForwardHealth" in resources("everything", file)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_what_could_not_be_delivered_is_kept_as_long_as_sqs_keeps_anything(region: str) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html: 14 days."""
    file = "main-region.yaml" if region == "us-east-1" else "stackset.yaml"
    (queue,) = stack("everything", file, region).of_type("AWS::SQS::Queue")
    assert queue.properties["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    # With a key of SQS's own: it has to work when the customer key does not.
    assert queue.properties["SqsManagedSseEnabled"] is True
    assert "KmsMasterKeyId" not in queue.properties


def test_an_alert_is_tried_for_an_hour_before_the_queue_and_the_alarm() -> None:
    for name, rule in of_type("everything", "AWS::Events::Rule").items():
        for target in rule["Properties"]["Targets"]:
            seconds = target.get("RetryPolicy", {}).get("MaximumEventAgeInSeconds")
            # AWS takes no retry policy for a bus, and a log may come late. The fallback topic has no queue behind it.
            assert seconds == (3_600 if target["Id"] in ("Alert", "Chat") else None), (name, target["Id"])
