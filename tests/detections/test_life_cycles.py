"""A deployment alerts a few times, whatever it changes; the same calls by anybody else alert every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pytest
from golden_cases import CASES, golden_files
from life_cycle import (
    EXECUTION_SESSION,
    HANDLED_TYPES,
    OF_ANOTHER_STACK,
    OF_ROLLOUT,
    PERSON,
    STACK,
    WITH_RIGHTS_OF_CALLER,
    WITH_SERVICE_ROLE,
    Call,
    Caller,
    Deployment,
    Stage,
    changed_stack,
    created,
    deleted,
    dependencies,
    logged,
    notified,
)
from paths import GOLDEN, ROOT
from samples import ACCOUNT
from template_data import read_yaml, resources_of

from cfn_breakglass import config_of, output_files
from cfn_breakglass.aws.cloudformation_handlers import calls_of_type
from cfn_breakglass.aws.handler_ownership import (
    BUS_OWNER_CALLS,
    KEY_OWNER_CALLS,
    OVERWRITING_CALLS,
    ROLE_OWNER_CALLS,
    SET_OWNER_CALLS,
)

SMALL: Final = {"main_region": "us-east-1", "usernames": ["ana"], "alerts": {"emails": ["a@example.com"]}}
CONFIGS: Final[Mapping[str, dict[str, Any]]] = {
    "starter": {
        **read_yaml((ROOT / "breakglass.yaml").read_text(encoding="utf-8").replace("UserSignIn: off", "")),
        "detections": {"RootUsed": "alert"},
    },
    "managed": read_yaml((GOLDEN / "managed-rollout" / "breakglass.yaml").read_text(encoding="utf-8")),
    "small": SMALL,
}
CALLERS: Final = {"the caller's rights": WITH_RIGHTS_OF_CALLER, "a service role": WITH_SERVICE_ROLE}
ADDS: Final = "the life cycles of more configs"
TOPIC: Final = f"arn:aws:sns:us-east-1:{ACCOUNT}:break-glass-alerts"
LOGIN_LOG: Final = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/break-glass/login"


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with the changes, section by section."""
    both = dict(settings)
    for name, value in changes.items():
        both[name] = (
            merged(both[name], value) if isinstance(value, dict) and isinstance(both.get(name), dict) else value
        )
    return both


def deployment_of(settings: Mapping[str, Any]) -> Deployment:
    return Deployment(output_files(config_of(settings)))


@cache
def deployment(name: str) -> Deployment:
    return deployment_of(CONFIGS[name])


@cache
def changed_by(name: str, setting: str) -> Deployment:
    """The deployment of a config with one setting changed."""
    return deployment_of(merged(CONFIGS[name], ONE_SETTING[setting]))


def by_cloudformation(stages: Iterable[Stage]) -> list[tuple[Caller, Call]]:
    return [(caller, call) for stage in stages for caller, call in stage.calls if caller.through_cloudformation]


def worst(told: Iterable[Call]) -> str:
    return ", ".join(f"{count} {call}" for call, count in Counter(map(str, told)).items())


configs = pytest.mark.parametrize("name", CONFIGS)
starter_or_all = pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=[] if one == "starter" else [pytest.mark.thorough(ADDS)]) for one in CONFIGS],
)
callers = pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
change_sets = pytest.mark.parametrize("change_set", [False, True], ids=["at once", "by change set"])


@configs
@callers
@change_sets
def test_a_creation_with_its_rollout_alerts_a_few_times(name: str, caller: Caller, *, change_set: bool) -> None:
    """While most of it is made, what would tell of it is not there yet."""
    paper = deployment(name)
    stages = list(paper.creation(caller, change_set=change_set))
    assert len(paper.others) >= 16
    assert sum(len(stage.calls) for stage in stages) > 400
    told = paper.alerts(stages)
    assert len(told) <= 2, worst(told)
    # As if all rules were there before the first call.
    told = paper.alerts(stages, all_exist=True)
    assert len(told) <= 13, worst(told)


@configs
@callers
def test_a_removal_alerts_a_few_times(name: str, caller: Caller) -> None:
    paper = deployment(name)
    stages = list(paper.removal(caller))
    assert sum(len(stage.calls) for stage in stages) > 400
    told = paper.alerts(stages)
    assert 1 <= len(told) <= 6, worst(told)
    told = paper.alerts(stages, all_exist=True)
    assert len(told) <= 11, worst(told)


ONE_SETTING: Final[Mapping[str, dict[str, Any]]] = {
    "another e-mail": {"alerts": {"emails": ["b@example.com"]}},
    "another fallback": {"alerts": {"fallback": ["c@example.com"]}},
    "a message": {"alerts": {"message": "Look: <eventName>"}},
    "another retention": {"retention_days": 30},
    "another user": {"usernames": ["ana", "bob", "dave"]},
    "another policy": {"role": {"managed_policies": ["ReadOnlyAccess"]}},
    "more in a policy": {"role": {"policy_statements": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}},
    "longer sessions": {"role": {"max_session_hours": 4}},
    "another trust": {"role": {"trust": {"mfa_max_age_minutes": 60}}},
    "a detection that only logs": {"detections": {"ConsoleSignIn": "log"}},
    "a detection more": {"detections": {"UserSignIn": "alert"}},
    "a shorter log": {"actions": {"log": "read"}},
    "another heartbeat": {"heartbeat": "daily"},
    "no heartbeat": {"heartbeat": "off"},
    "no key": {"encryption": "none"},
    "a trail": {"trail": "create"},
    "a tag on everything": {"tags": {"team": "security"}},
    "one region": {"regions": ["eu-west-1"]},
    "a region more": {"regions": ["*", "eu-south-1"]},
}


@starter_or_all
@pytest.mark.parametrize("setting", ONE_SETTING)
def test_an_update_of_one_setting_alerts_a_few_times(name: str, setting: str) -> None:
    old, new = deployment(name), changed_by(name, setting)
    for caller in CALLERS.values():
        told = old.alerts(old.update(new, caller))
        # A role goes with the heartbeat, and the removal of its policy alerts.
        assert 1 <= len(told) <= (5 if setting == "no heartbeat" else 4), worst(told)
        # A change set is made, and then executed.
        more = old.alerts(old.update(new, caller, change_set=True))
        assert len(more) <= len(told) + 1, worst(more)


@pytest.mark.parametrize("name", ["starter", "small"])
def test_a_rollout_to_sixteen_regions_alerts_a_few_times(name: str) -> None:
    old = deployment_of(merged(CONFIGS[name], {"regions": ["eu-west-1"]}))
    stages = list(old.update(deployment(name), WITH_SERVICE_ROLE))
    assert sum(len(stage.calls) for stage in stages) > 300
    told = old.alerts(stages)
    assert 1 <= len(told) <= 4, worst(told)


@configs
@callers
def test_an_update_of_everything_alerts_for_the_role_policies_and_subscriptions_only(name: str, caller: Caller) -> None:
    """All but the name, at once: an alert for each policy and subscriber that changes, and none for most others."""
    changes: dict[str, Any] = {}
    for one, change in ONE_SETTING.items():
        if one not in ("one region", "no heartbeat"):
            changes = merged(changes, change)
    old = deployment(name)
    stages = list(old.update(deployment_of(merged(CONFIGS[name], changes)), caller))
    assert sum(len(stage.calls) for stage in stages) > 400
    told = old.alerts(stages)
    assert len(told) <= 14, worst(told)
    assert {call.name for call in told if call.service != "cloudformation"} <= set(OVERWRITING_CALLS)


# ---- what CloudFormation does not do, and what it does for a stack of another name ----

UNWATCHED: Final = {"CreateKey", "CreatePolicy", "CreateQueue", "CreateTopic", "DeleteQueryDefinition"}
"""Calls that make a part and name none that is there, and the one that names a query by its ID."""


@cache
def all_calls(name: str) -> list[Call]:
    """Every call that CloudFormation makes about what is deployed, each once."""
    paper = deployment(name)
    calls = [
        call for _, call in by_cloudformation([*paper.creation(WITH_SERVICE_ROLE), *paper.removal(WITH_SERVICE_ROLE)])
    ]
    for setting in ONE_SETTING:
        new = changed_by(name, setting)
        for text, old, changed in zip(
            paper.texts, list(paper.stacks.values())[:2], (new.main, new.others[0]), strict=True
        ):
            kept = {one: resource for one, resource in changed.resources.items() if one in old.resources}
            calls += changed_stack(old, resources_of(text), replace(changed, resources=kept))
    return list({repr(call): call for call in calls}.values())


@starter_or_all
@pytest.mark.parametrize("caller", [PERSON, EXECUTION_SESSION], ids=["a person", "a session of the execution role"])
def test_every_call_of_a_life_cycle_alerts_when_cloudformation_does_not_make_it(name: str, caller: Caller) -> None:
    calls = all_calls(name)
    assert len({call.name for call in calls}) > 40
    simulator = deployment(name).simulator()
    for call in calls:
        if call.name not in UNWATCHED:
            assert notified(simulator, caller, call).count(TOPIC) == 1, call


@starter_or_all
@pytest.mark.parametrize("caller", [*CALLERS.values(), OF_ROLLOUT], ids=[*CALLERS, "a rollout"])
def test_every_other_call_by_cloudformation_reaches_the_log_and_nobody(name: str, caller: Caller) -> None:
    simulator = deployment(name).simulator()
    silent = {call.name: call for call in all_calls(name) if call.name not in {*OVERWRITING_CALLS, *UNWATCHED}}
    assert len(silent) > 30
    for call in silent.values():
        assert notified(simulator, caller, call) == [], call
        assert logged(simulator, caller, call) == [LOGIN_LOG], call


ARN: Final = "arn:aws:{}:us-east-1:" + ACCOUNT + ":{}"
DENYING: Final = '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"logs:PutLogEvents","Resource":"*"}]}'
SUBSCRIPTION: Final = {"subscriptionArn": f"{TOPIC}:708e15e2-c31e-54d0-a606-566573747aa5"}
POLICY_OF_ROLE: Final = {"roleName": "break-glass-forwarder", "policyName": "harmless"}
ATTACHMENT: Final = {"roleName": "break-glass-forwarder", "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/harmless"}
THEIR_TRAIL: Final = {"name": ARN.format("cloudtrail", "trail/management-events")}
OVERWRITING: Final = [
    Call("iam", "AddRoleToInstanceProfile", {"instanceProfileName": "x", "roleName": STACK}, "us-east-1"),
    Call("iam", "AttachRolePolicy", ATTACHMENT, "us-east-1"),
    Call("organizations", "CloseAccount", {"accountId": ACCOUNT}, "us-east-1"),
    Call("events", "CreateArchive", {"eventSourceArn": ARN.format("events", "event-bus/break-glass")}, "us-east-1"),
    Call("iam", "CreatePolicyVersion", {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/break-glass-grant"}, "us-east-1"),
    Call("logs", "DeleteLogStream", {"logGroupName": "/aws/events/break-glass/login"}, "us-east-1"),
    Call("iam", "DeleteRolePermissionsBoundary", {"roleName": "break-glass-forwarder"}, "us-east-1"),
    Call("iam", "DeleteRolePolicy", {"roleName": STACK, "policyName": "break-glass-protection"}, "us-east-1"),
    Call("cloudtrail", "DeleteTrail", THEIR_TRAIL, "us-east-1"),
    Call("organizations", "DetachPolicy", {"policyId": "p-abcd1234", "targetId": ACCOUNT}, "us-east-1"),
    Call("iam", "DetachRolePolicy", ATTACHMENT, "us-east-1"),
    Call("organizations", "MoveAccount", {"accountId": ACCOUNT}, "us-east-1"),
    Call("logs", "PutAccountPolicy", {"policyName": "x", "policyType": "DATA_PROTECTION_POLICY"}, "us-east-1"),
    Call("cloudwatch", "PutAlarmMuteRule", {"muteTargets": {"alarmNames": ["break-glass-failing-x"]}}, "us-east-1"),
    Call("cloudtrail", "PutEventSelectors", {"trailName": THEIR_TRAIL["name"]}, "us-east-1"),
    Call("events", "PutPermission", {"eventBusName": "break-glass", "statementId": "harmless"}, "us-east-1"),
    Call("logs", "PutResourcePolicy", {"policyName": "harmless", "policyDocument": DENYING}, "us-east-1"),
    Call("iam", "PutRolePermissionsBoundary", {"roleName": "break-glass-forwarder"}, "us-east-1"),
    Call("iam", "PutRolePolicy", POLICY_OF_ROLE, "us-east-1"),
    Call("logs", "PutSubscriptionFilter", {"logGroupName": "/aws/events/break-glass/login"}, "us-east-1"),
    Call("logs", "PutTransformer", {"logGroupIdentifier": "/aws/events/break-glass/login"}, "us-east-1"),
    Call("events", "RemovePermission", {"eventBusName": "break-glass", "statementId": "harmless"}, "us-east-1"),
    Call("sns", "SetSubscriptionAttributes", {**SUBSCRIPTION, "attributeName": "FilterPolicy"}, "us-east-1"),
    Call("sns", "SetTopicAttributes", {"topicArn": TOPIC, "attributeName": "Policy"}, "us-east-1"),
    Call("cloudtrail", "StopLogging", THEIR_TRAIL, "us-east-1"),
    Call("sns", "Subscribe", {"topicArn": TOPIC, "protocol": "email", "endpoint": "ops@example.com"}, "us-east-1"),
    Call("sns", "Unsubscribe", SUBSCRIPTION, "us-east-1"),
    Call("iam", "UpdateAssumeRolePolicy", {"roleName": "Break-Glass"}, "us-east-1"),
    Call("organizations", "UpdatePolicy", {"policyId": "p-abcd1234", "content": "{}"}, "us-east-1"),
    Call("iam", "UpdateRole", {"roleName": "Break-Glass", "maxSessionDuration": 43200}, "us-east-1"),
    Call("cloudtrail", "UpdateTrail", THEIR_TRAIL, "us-east-1"),
]
KEY: Final = ARN.format("kms", "key/0987dcba-09fe-87dc-65ba-ab0987654321")
OWNERS: Final[Mapping[str, tuple[dict[str, Any], list[Call]]]] = {
    "a key": (
        {"encryption": KEY},
        [Call("kms", one, {"keyId": KEY}, "us-east-1") for one in KEY_OWNER_CALLS],
    ),
    "a role": (
        {"role": {"existing": "ops/Emergency"}},
        [Call("iam", one, {"roleName": "Emergency"}, "us-east-1") for one in ROLE_OWNER_CALLS],
    ),
    "a bus": (
        {"event_bus": {"existing": "security"}},
        [Call("events", one, {"name": "security"}, "us-east-1") for one in BUS_OWNER_CALLS],
    ),
    "a stack set made by hand": (
        {},
        [Call("cloudformation", one, {"stackSetName": STACK}, "us-east-1") for one in SET_OWNER_CALLS],
    ),
}
ATTACKERS: Final = {
    "a stack of another name": OF_ANOTHER_STACK,
    "a session of the execution role": EXECUTION_SESSION,
    "a person": PERSON,
}
attackers = pytest.mark.parametrize("caller", ATTACKERS.values(), ids=ATTACKERS)


def test_every_overwriting_call_is_tried() -> None:
    assert [call.name for call in OVERWRITING] == sorted(OVERWRITING_CALLS)


@starter_or_all
@attackers
@pytest.mark.parametrize("call", OVERWRITING, ids=str)
def test_a_call_that_overwrites_a_part_of_ours_alerts_whoever_makes_it(name: str, caller: Caller, call: Call) -> None:
    assert notified(deployment(name).simulator(), caller, call).count(TOPIC) == 1


@cache
def deployment_with_existing(what: str) -> Deployment:
    return deployment_of(merged({"main_region": "us-east-1", "alerts": SMALL["alerts"], **also(what)}, OWNERS[what][0]))


def also(what: str) -> dict[str, Any]:
    """Who may assume the role, unless it is an existing one that says so itself."""
    return {} if what == "a role" else {"usernames": ["ana"]}


@attackers
@pytest.mark.parametrize("what", OWNERS)
def test_a_change_of_an_existing_part_alerts_also_for_the_stack_that_owns_it(what: str, caller: Caller) -> None:
    for call in OWNERS[what][1]:
        assert notified(deployment_with_existing(what).simulator(), caller, call).count(TOPIC) == 1, call


OUR_STACK: Final = ARN.format("cloudformation", "stack/break-glass/708e15e2-c31e-54d0-a606-566573747aa5")
OUR_RULE: Final = {"typeName": "AWS::Events::Rule", "identifier": ARN.format("events", "rule/break-glass-Assume")}
TAKEOVERS: Final = [
    Call("cloudformation", "CreateStackRefactor", {"stackDefinitions": [{"stackName": STACK}]}, "us-east-1"),
    Call("cloudformation", "ImportStacksToStackSet", {"stackSetName": "x", "stackIds": [OUR_STACK]}, "us-east-1"),
    Call("cloudcontrolapi", "DeleteResource", OUR_RULE, "us-east-1"),
    Call("cloudcontrolapi", "UpdateResource", OUR_RULE, "us-east-1"),
]
"""Calls after which CloudFormation may change a part of ours, and no call names our stack as an update does."""


@pytest.mark.parametrize("regions", [["*"], []], ids=["more regions", "one region"])
@pytest.mark.parametrize("stack", [STACK, OUR_STACK])
@pytest.mark.parametrize("name", ["UpdateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet"])
def test_a_stack_that_took_ours_in_alerts_when_it_changes_ours(name: str, stack: str, regions: list[str]) -> None:
    """No call of such an import names our stack: it stands in the template of the other one.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-nested-stacks.html
    """
    simulator = deployment_of(merged(SMALL, {"regions": regions})).simulator()
    call = Call("cloudformation", name, {"stackName": stack}, "us-east-1")
    for caller in (OF_ANOTHER_STACK, OF_ROLLOUT):
        assert notified(simulator, caller, call).count(TOPIC) == 1


@pytest.mark.parametrize("call", TAKEOVERS, ids=str)
def test_to_have_cloudformation_change_a_part_without_our_stack_alerts(call: Call) -> None:
    """A refactoring moves parts of a stack to others, and the Cloud Control API goes without any.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-refactoring.html
    https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations.html
    """
    assert notified(deployment("small").simulator(), PERSON, call).count(TOPIC) == 1


# ---- the records themselves ----


def templates() -> list[str]:
    """The templates of every golden case that make stacks of the life cycle."""
    files = [golden_files(case) for case in (*CASES, ROOT)]
    return [texts[name] for texts in files for name in ("main-region.yaml", "stackset.yaml") if name in texts]


def test_what_every_type_calls_is_known() -> None:
    assert {one["Type"] for text in templates() for one in resources_of(text).values()} == HANDLED_TYPES


IAM_NAMES: Final = {"s3:PutBucketEncryption": "s3:PutEncryptionConfiguration"}


@configs
def test_every_call_is_one_of_the_handlers(name: str) -> None:
    paper = deployment_of(merged(CONFIGS[name], {"trail": "create"}))
    for stack in (paper.main, paper.others[0]):
        for resource in stack.resources.values():
            calls = {str(call) for call in (*created(stack, resource), *deleted(stack, resource))}
            assert {IAM_NAMES.get(call, call) for call in calls} <= calls_of_type(resource.type), resource.type


@configs
def test_a_stage_has_what_its_calls_need(name: str) -> None:
    """Nothing is made before what it refers to, and nothing is removed that something refers to."""
    paper = deployment(name)
    entries = resources_of(paper.texts[0])
    needs = dependencies(entries)

    def complete(exist: Collection[str], forgotten: Collection[str] = ()) -> bool:
        return all(needs[one] <= set(exist) for one in exist if one not in forgotten)

    assert all(complete(stage.main) for stage in paper.creation(PERSON))
    retained = [one for one, entry in entries.items() if "Retain" in str(entry.get("DeletionPolicy"))]
    assert all(complete(stage.main, retained) for stage in paper.removal(PERSON))
