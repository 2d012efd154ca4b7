"""What the deny of the role and the guard SCP keep people from, what they leave them, and how big they get."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from awacs.aws import Action
from iam_calls import Call, calls_of
from samples import ACCOUNT, RAISES, SETTINGS, SILENT, record_of

from cfn_breakglass import config_of, output_files
from cfn_breakglass.analysis.iam.policy import allowed, statements
from cfn_breakglass.analysis.iam.request_context import RequestContext, matches_wildcard
from cfn_breakglass.analysis.simulator.delivery_permissions import role_policies
from cfn_breakglass.analysis.template.reader import Stack, parse, resolve
from cfn_breakglass.analysis.validation.guard_scp import scp_findings
from cfn_breakglass.aws import limits
from cfn_breakglass.builders.access.protection import guard_scp, role_protection
from cfn_breakglass.errors import ConfigError
from cfn_breakglass.generation.files import as_policy
from cfn_breakglass.generation.generate import generate_files
from cfn_breakglass.guidance.next_steps import next_steps
from cfn_breakglass.guidance.warnings import warnings
from cfn_breakglass.plan import make_plan

DEPLOYER: Final = f"arn:aws:iam::{ACCOUNT}:role/ci/Deployer"
EXECUTION: Final = f"arn:aws:iam::{ACCOUNT}:role/AWSCloudFormationStackSetExecutionRole"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"
ENTITIES: Final = (
    *("role/ops/break-glass", "role/break-glass-forwarder", "role/break-glass-heartbeat"),
    "policy/break-glass-grant",
)
ADMIN: Final = f"arn:aws:iam::{ACCOUNT}:role/Admin"
GUARDED: Final[dict[str, Any]] = {
    **SETTINGS,
    "encryption": "customer-key",
    "heartbeat": "hourly",
    "trail": "create",
    "protection": {"exempt": ["arn:aws:iam::*:role/ci/Deployer", EXECUTION]},
}
LONGEST: Final[dict[str, Any]] = {
    "name": "n" * 32,
    "main_region": "ap-southeast-1",
    "role": {"existing": f"arn:aws:iam::{ACCOUNT}:role/{'p' * 190}/{'r' * 64}", "manage": True},
    "alerts": {"sms": ["+15550100"]},
    "trail": "create",
    "event_bus": {"existing": "b" * 256, "forwarder_role": f"arn:aws:iam::{ACCOUNT}:role/{'p' * 250}/{'f' * 64}"},
    "protection": {"exempt": [f"arn:aws:iam::*:role/{'d' * 64}"]},
}
ALLOW_ALL: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OURS: Final = "arn:aws:{}:us-east-1:" + ACCOUNT + ":{}"
KEY: Final = OURS.format("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab")
BUCKET: Final = f"arn:aws:s3:::break-glass-{ACCOUNT}-us-east-1"

FOR_OTHERS: Final = "AWS knows no resource for it, and people have other reasons for it"
NO_STACK: Final = "AWS knows the stack set for it at most, not the stack that is taken in"
BY_HANDLER: Final = "AWS knows no resource for it; the caller is denied what the handler then does in his name"
LOCKED_OUT: Final = "the emergency may be a policy of the organization that locks people out"
BEYOND: Final = {
    "cloudformation:CreateStackSet": NO_STACK,
    "cloudformation:DeleteResource": BY_HANDLER,
    "cloudformation:ImportStacksToStackSet": NO_STACK,
    "cloudformation:UpdateResource": BY_HANDLER,
    "events:PutPermission": FOR_OTHERS,
    "events:RemovePermission": FOR_OTHERS,
    "logs:DeleteAccountPolicy": FOR_OTHERS,
    "logs:DeleteResourcePolicy": FOR_OTHERS,
    "logs:PutAccountPolicy": FOR_OTHERS,
    "logs:PutQueryDefinition": FOR_OTHERS,
    "logs:PutResourcePolicy": FOR_OTHERS,
    "organizations:DeletePolicy": LOCKED_OUT,
    "organizations:DetachPolicy": LOCKED_OUT,
    "organizations:DisablePolicyType": LOCKED_OUT,
    "organizations:MoveAccount": LOCKED_OUT,
    "organizations:UpdatePolicy": LOCKED_OUT,
}
"""What alerts and cannot be denied, and why."""


@cache
def made(settings: str) -> tuple[Stack, dict[str, Any]]:
    """The main region's template deployed, and the guard SCP, for settings given as JSON."""
    files = output_files(config_of(json.loads(settings)))
    template = parse(files["main-region.yaml"], "main-region.yaml")
    return resolve(template, account=ACCOUNT, region="us-east-1"), json.loads(files["guard-scp.json"])


def of_the_role(settings: dict[str, Any]) -> list[Any]:
    """Every inline policy that the template puts on the role, or on one that was there."""
    stack, _ = made(json.dumps(settings))
    own = [one for one in stack.of_type("AWS::IAM::Role") if one.logical_id == "Role"]
    added = [one.properties["PolicyDocument"] for one in stack.of_type("AWS::IAM::RolePolicy")]
    return role_policies(stack, own[0], inline=True) if own else added


def guard(settings: dict[str, Any]) -> Any:
    return made(json.dumps(settings))[1]


def lets(policies: list[Any], call: Call, who: str = ROLE) -> bool:
    """Whether administrators under these policies may make a call; calls on keys are on the key of ours."""
    context: dict[str, str | list[str]] = {"aws:PrincipalArn": who}
    if call.resource == KEY:
        context["kms:ResourceAliases"] = ["alias/other", "alias/break-glass"]
    if call.policy:
        context["iam:PolicyARN"] = call.policy
    return allowed([ALLOW_ALL, *policies], action=call.action, resource=call.resource, context=context)


def tampering(samples: list[Path]) -> list[Path]:
    """Those of MonitoringTampered that are about a part of ours and say so.

    A subscriber is somebody else's, who may have reasons to change it.
    """
    ours = [sample for sample in samples if sample.parent.name == "MonitoringTampered"]
    return [sample for sample in ours if not sample.stem.endswith(("too-large-to-be-recorded", "of-a-subscriber"))]


def recorded(sample: Path) -> list[Call]:
    return calls_of(record_of(json.loads(sample.read_text(encoding="utf-8"))), ENTITIES)


@pytest.mark.parametrize("sample", tampering(RAISES), ids=lambda sample: sample.stem)
def test_what_alerts_is_denied_to_the_role_and_to_all_who_are_not_exempt(sample: Path) -> None:
    calls = recorded(sample)
    deniable = not any(call.action in BEYOND for call in calls)
    assert all(lets(of_the_role(GUARDED), call) for call in calls) is not deniable
    assert all(lets([guard(GUARDED)], call, ADMIN) for call in calls) is not deniable
    assert all(lets([guard(GUARDED)], call, who) for call in calls for who in (DEPLOYER, EXECUTION))


def test_what_cannot_be_denied_does_alert() -> None:
    assert {call.action for sample in tampering(RAISES) for call in recorded(sample)} >= BEYOND.keys()


DENIED: Final = {
    "a rule": Call("events:EnableRule", OURS.format("events", "rule/break-glass.RoleAssumed")),
    "the rule that watches the others": Call(
        "events:DisableRule", OURS.format("events", "rule/break-glass-TamperingRules")
    ),
    "a call that AWS has yet to add": Call("events:FreezeRule", OURS.format("events", "rule/break-glass.RoleAssumed")),
    "an alarm of another region": Call(
        "cloudwatch:DisableAlarmActions",
        OURS.format("cloudwatch", "alarm:break-glass-failing-dead-letters").replace("us-east-1", "sa-east-1"),
    ),
    "an alarm muted": Call("cloudwatch:PutAlarmMuteRule", OURS.format("cloudwatch", "alarm:break-glass-failing-x")),
    "the schedule": Call(
        "scheduler:DeleteSchedule", OURS.format("scheduler", "schedule/default/break-glass-heartbeat")
    ),
    "the heartbeat's role": Call("iam:DeleteRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/break-glass-heartbeat"),
    "a role of ours passed on": Call("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/break-glass-forwarder"),
    "the fallback topic": Call("sns:Unsubscribe", OURS.format("sns", "break-glass-fallback")),
    "what waits in the queue, hidden from its alarm": Call(
        "sqs:ReceiveMessage", OURS.format("sqs", "break-glass-dead-letters")
    ),
    "a topic by Cloud Control, in the caller's name": Call("sns:DeleteTopic", OURS.format("sns", "break-glass-alerts")),
    "a rule of others on our bus": Call("events:PutRule", OURS.format("events", "rule/break-glass/theirs")),
    "another organization": Call("organizations:AcceptHandshake", "*"),
    "a key of somebody's own on the default bus": Call(
        "events:UpdateEventBus", OURS.format("events", "event-bus/default")
    ),
    "what is in the queue": Call("sqs:DeleteMessage", OURS.format("sqs", "break-glass-dead-letters")),
    "forged log entries": Call(
        "logs:PutLogEvents", OURS.format("logs", "log-group:/aws/events/break-glass/login:log-stream:x")
    ),
    "the metric filter": Call(
        "logs:DeleteMetricFilter", OURS.format("logs", "log-group:/aws/events/break-glass/heartbeat")
    ),
    "the key": Call("kms:ScheduleKeyDeletion", KEY),
    "the key's policy": Call("kms:PutKeyPolicy", KEY),
    "the key's alias": Call("kms:UpdateAlias", OURS.format("kms", "alias/break-glass")),
    "the trail's bucket": Call("s3:PutLifecycleConfiguration", BUCKET),
    "what the trail wrote": Call("s3:DeleteObjectVersion", f"{BUCKET}/AWSLogs/{ACCOUNT}/CloudTrail/x.json.gz"),
    "STS in a region": Call("iam:SetSTSRegionalEndpointStatus", "*"),
    "the deny": Call("iam:DeleteRolePolicy", ROLE),
}


@pytest.mark.parametrize("call", DENIED.values(), ids=DENIED)
def test_is_denied_to_the_role_and_to_all_who_are_not_exempt(call: Call) -> None:
    assert not lets(of_the_role(GUARDED), call)
    assert not lets([guard(GUARDED)], call, ADMIN)
    assert lets([guard(GUARDED)], call, DEPLOYER)


THEIRS: Final = {
    "machines": Call("ec2:TerminateInstances", OURS.format("ec2", "instance/i-1")),
    "a bucket": Call("s3:DeleteObject", "arn:aws:s3:::invoices/1"),
    "another rule": Call("events:DisableRule", OURS.format("events", "rule/nightly")),
    "another bus": Call("events:DeleteEventBus", OURS.format("events", "event-bus/break-glass2")),
    "a rule of a longer name": Call("events:PutRule", OURS.format("events", "rule/my-break-glass.RoleAssumed")),
    "a rule of break-glass-2": Call("events:PutRule", OURS.format("events", "rule/break-glass-2.RoleAssumed")),
    "the rule that watches those": Call("events:PutRule", OURS.format("events", "rule/break-glass-2-TamperingRules")),
    "a rule on the bus of break-glass-2": Call(
        "events:PutRule", OURS.format("events", "rule/break-glass-2-monitoring/break-glass-2-MonitoringTampered")
    ),
    "a rule on the default bus": Call("events:PutTargets", OURS.format("events", "rule/nightly")),
    "the default bus tagged": Call("events:TagResource", OURS.format("events", "event-bus/default")),
    "an organization invited to": Call("organizations:DeclineHandshake", "*"),
    "another topic": Call("sns:DeleteTopic", OURS.format("sns", "break-glass-alerts-too")),
    "another queue": Call("sqs:PurgeQueue", OURS.format("sqs", "orders")),
    "another log group": Call("logs:DeleteLogGroup", OURS.format("logs", "log-group:/aws/events/break-glass2/login")),
    "another role": Call("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/break-glass"),
    "a new user": Call("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/x"),
    "another policy": Call("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/x"),
    "another stack": Call("cloudformation:DeleteStack", OURS.format("cloudformation", "stack/break-glass-app/1")),
    "another stack set": Call("cloudformation:UpdateStackSet", OURS.format("cloudformation", "stackset/app:1")),
    "another key": Call("kms:DisableKey", OURS.format("kms", "key/other")),
    "another alarm": Call("cloudwatch:DeleteAlarms", OURS.format("cloudwatch", "alarm:break-glass-cpu")),
    "another schedule": Call("scheduler:DeleteSchedule", OURS.format("scheduler", "schedule/default/x")),
    "a new trail": Call("cloudtrail:CreateTrail", OURS.format("cloudtrail", "trail/break-glass-trail")),
    "a trail that stands still": Call("cloudtrail:StartLogging", OURS.format("cloudtrail", "trail/x")),
    "a metric": Call("cloudwatch:PutMetricData", "*"),
    "a role taken on": Call("sts:AssumeRole", ROLE),
    "an organization read": Call("organizations:DescribeOrganization", "*"),
    "regions listed": Call("account:ListRegions", "*"),
}
READ: Final = {
    "a rule": Call("events:ListTargetsByRule", OURS.format("events", "rule/break-glass/break-glass-RoleAssumed")),
    "our logs": Call("logs:StartQuery", OURS.format("logs", "log-group:/aws/events/break-glass/actions")),
    "our log streams": Call(
        "logs:GetLogEvents", OURS.format("logs", "log-group:/aws/events/break-glass/login:log-stream:x")
    ),
    "our log events": Call("logs:FilterLogEvents", OURS.format("logs", "log-group:/aws/events/break-glass/login")),
    "our topic": Call("sns:ListSubscriptionsByTopic", OURS.format("sns", "break-glass-alerts")),
    "our queue": Call("sqs:GetQueueAttributes", OURS.format("sqs", "break-glass-dead-letters")),
    "our alarms": Call("cloudwatch:DescribeAlarms", OURS.format("cloudwatch", "alarm:break-glass-failing-x")),
    "our key": Call("kms:Decrypt", KEY),
    "our trail's bucket": Call("s3:ListBucket", BUCKET),
    "what our trail wrote": Call("s3:GetObject", f"{BUCKET}/AWSLogs/x.json.gz"),
    "our role": Call("iam:GetRolePolicy", ROLE),
    "our schedule": Call("scheduler:GetSchedule", OURS.format("scheduler", "schedule/default/break-glass-heartbeat")),
    "our stack": Call("cloudformation:DescribeStackEvents", OURS.format("cloudformation", "stack/break-glass/1")),
    "our stack set": Call("cloudformation:ListStackInstances", OURS.format("cloudformation", "stackset/break-glass:1")),
}
FOR_US: Final = {
    "forwarded": Call("events:PutEvents", OURS.format("events", "event-bus/break-glass")),
    "beats": Call("events:PutEvents", OURS.format("events", "event-bus/default")),
}
"""What the roles of ours do, which an SCP binds as any other."""


@pytest.mark.parametrize("call", [*THEIRS.values(), *READ.values(), *FOR_US.values()], ids=[*THEIRS, *READ, *FOR_US])
def test_the_role_and_everybody_else_still_do_their_job(call: Call) -> None:
    assert lets(of_the_role(GUARDED), call)
    assert lets([guard(GUARDED)], call, ADMIN)


TAGS: Final = "nobody needs a tag in an emergency, and where tags decide who may do what, one lets somebody in"
BY_SERVICES: Final = "services do that, whom no such policy binds"
MORE: Final = {
    "silent-account-enable-region-of-another-account": "who runs an organization has a role of his own",
    **dict.fromkeys(
        (
            "silent-account-enable-region-that-is-being-disabled",
            "silent-cloudformation-update-stack-without-a-change",
            "silent-cloudtrail-stop-logging-of-no-such-trail",
            "silent-events-delete-rule-that-has-targets",
            "silent-events-put-rule-over-the-limit",
            "silent-iam-delete-role-that-is-gone",
            "silent-logs-delete-log-group-that-is-gone",
            "silent-organizations-leave-organization-by-its-management-account",
            "silent-s3-delete-bucket-that-is-not-empty",
        ),
        "it failed anyway",
    ),
    "silent-cloudformation-detect-drift": "a guard has no room for a call more",
    "silent-events-tag-resource": TAGS,
    "silent-events-untag-resource-bus": TAGS,
    "silent-iam-tag-role": TAGS,
    "silent-iam-untag-role": TAGS,
    "silent-logs-create-log-stream-by-eventbridge": BY_SERVICES,
    "silent-logs-create-log-stream-by-the-delivery": BY_SERVICES,
    "silent-logs-create-log-stream-refused-to-the-delivery": BY_SERVICES,
    "silent-logs-tag-log-group": TAGS,
    "silent-s3-file-of-the-trail": BY_SERVICES,
    "silent-sns-publish-of-an-alert": BY_SERVICES,
    "silent-sns-publish-of-an-alert-refused": BY_SERVICES,
    "silent-sns-tag-resource": TAGS,
    "silent-sqs-tag-queue": TAGS,
}
"""What does not alert and is denied all the same, and why that harms nobody."""


NOT_FORGED: Final = [sample for sample in tampering(SILENT) if "forged" not in sample.stem]


@pytest.mark.parametrize("sample", NOT_FORGED, ids=lambda sample: sample.stem)
def test_what_does_not_alert_is_not_denied(sample: Path) -> None:
    role = {**GUARDED["role"], "permissions_boundary": f"arn:aws:iam::{ACCOUNT}:policy/Boundary"}
    settings = {**GUARDED, "role": role}  # with an ARN that fixes the account
    free = all(lets(of_the_role(settings), call) for call in recorded(sample))
    assert free is (sample.stem not in MORE)


@pytest.mark.parametrize("call", ["Attach", "Detach"])
@pytest.mark.parametrize("kind", ["User", "Group", "Role"])
def test_who_has_the_grant_stays_as_it_is(call: str, kind: str) -> None:
    action, whom = f"iam:{call}{kind}Policy", f"arn:aws:iam::{ACCOUNT}:{kind.lower()}/alice"
    for policies, who in (of_the_role(GUARDED), ROLE), ([guard(GUARDED)], ADMIN):
        for name, free in ("break-glass-grant", False), ("break-glass-grant2", True), ("AdministratorAccess", True):
            about = {"aws:PrincipalArn": who, "iam:PolicyARN": f"arn:aws:iam::{ACCOUNT}:policy/{name}"}
            assert allowed([ALLOW_ALL, *policies], action=action, resource=whom, context=about) is free


@pytest.mark.parametrize(
    ("role", "protection"),
    [
        ({"existing": "Emergency"}, {}),
        ({"permission_set": "BreakGlass"}, {}),
        ({"existing": "Emergency", "manage": True}, {"deny": False}),
        ({}, {"deny": False}),
    ],
    ids=["existing", "permission set", "managed, no deny", "created, no deny"],
)
def test_no_deny_is_put_on_a_role_where_none_may_be(role: dict[str, Any], protection: dict[str, Any]) -> None:
    settings = {**GUARDED, "role": role, "protection": protection}
    assert of_the_role(settings) == []


@pytest.mark.parametrize("existing", ["Emergency", f"arn:aws:iam::{ACCOUNT}:role/ops/Emergency"])
def test_a_role_that_exists_and_is_managed_cannot_change_itself(existing: str) -> None:
    settings = {**GUARDED, "role": {"existing": existing, "manage": True}}
    itself = Call("iam:DeleteRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/ops/Emergency")
    assert not lets(of_the_role(settings), itself)
    assert lets(of_the_role(settings), Call("iam:DeleteRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/ops/Other"))
    (deny,) = made(json.dumps(settings))[0].of_type("AWS::IAM::RolePolicy")
    assert deny.properties["RoleName"] == "Emergency"


def test_the_deny_stands_beside_the_policies_of_the_config() -> None:
    given = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
    own, deny = of_the_role({**GUARDED, "role": {"path": "/ops/", "policy_statements": [given]}})
    assert own["Statement"] == [given]
    assert {one["Effect"] for one in deny["Statement"]} == {"Deny"}


def test_a_role_of_a_permission_set_is_guarded_by_the_scp() -> None:
    settings = {**GUARDED, "role": {"permission_set": "BreakGlass"}}
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_BreakGlass_0123456789abcdef"
    assert not lets([guard(settings)], Call("iam:PutRolePolicy", role), ADMIN)


SHARED_BUS: Final = OURS.format("events", "event-bus/security")


@pytest.mark.parametrize(
    ("call", "free"),
    [
        (Call("events:DeleteEventBus", SHARED_BUS), False),
        (Call("events:UpdateEventBus", SHARED_BUS), False),
        (Call("events:PutPermission", SHARED_BUS), False),
        (Call("events:TagResource", SHARED_BUS), True),
        (Call("events:PutRule", OURS.format("events", "rule/security/theirs")), True),
        (Call("events:PutRule", OURS.format("events", "rule/security/break-glass-2-RoleAssumed")), True),
        (Call("events:PutRule", OURS.format("events", "rule/security/break-glass-RoleAssumed")), False),
        (Call("events:DeleteEventBus", OURS.format("events", "event-bus/break-glass-actions")), False),
    ],
    ids=[
        "gone",
        "its key",
        "its policy",
        "tagged",
        "a rule of theirs",
        "a rule of break-glass-2",
        "a rule of ours",
        "the bus for actions",
    ],
)
def test_a_bus_that_exists_keeps_its_other_work(call: Call, *, free: bool) -> None:
    settings = {**GUARDED, "event_bus": {"existing": "security"}}
    assert lets(of_the_role(settings), call) is free
    assert lets([guard(settings)], call, ADMIN) is free


def test_without_other_regions_the_rule_that_watches_the_others_is_protected() -> None:
    settings = {**GUARDED, "regions": []}
    rule = Call("events:DisableRule", OURS.format("events", "rule/break-glass-MonitoringTampered.Rules"))
    assert not lets(of_the_role(settings), rule)
    assert lets(of_the_role(GUARDED), rule), "there is no such rule"


BREAKING: Final = ("DeleteImportedKeyMaterial", "DisableKey", "PutKeyPolicy", "RevokeGrant", "ScheduleKeyDeletion")


@pytest.mark.parametrize(
    ("action", "free"), [("kms:Encrypt", True), ("kms:CreateGrant", True), *((f"kms:{one}", False) for one in BREAKING)]
)
def test_a_key_that_exists_keeps_its_other_work(action: str, *, free: bool) -> None:
    settings = {**GUARDED, "encryption": KEY}
    assert lets(of_the_role(settings), Call(action, KEY)) is free
    assert lets([guard(settings)], Call(action, KEY), ADMIN) is free


@pytest.mark.parametrize("action", ["SetSMSAttributes", "DeleteSMSSandboxPhoneNumber"])
def test_text_messages_can_be_throttled_only_where_there_are_none(action: str) -> None:
    call, e_mail = Call(f"sns:{action}", "*"), "ops@example.com"
    assert lets(of_the_role({**GUARDED, "alerts": {"emails": [e_mail], "fallback": [e_mail]}}), call)
    for alerts in ({"sms": ["+15550100"]}, {"fallback": ["+15550100"]}):
        assert not lets(of_the_role({**GUARDED, "alerts": alerts}), call)


FORWARDER: Final = f"arn:aws:iam::{ACCOUNT}:role/shared/Forward"


@pytest.mark.parametrize(
    ("action", "free"),
    [
        *((f"iam:{one}", True) for one in ("PassRole", "TagRole", "GetRolePolicy", "UpdateRoleDescription")),
        *((f"iam:{one}RolePolicy", False) for one in ("Attach", "Delete", "Detach", "Put", "UpdateAssume")),
        *(
            (f"iam:{one}", False)
            for one in ("DeleteRole", "DeleteRolePermissionsBoundary", "PutRolePermissionsBoundary")
        ),
    ],
)
def test_a_forwarder_that_exists_keeps_its_other_work(action: str, *, free: bool) -> None:
    settings = {**GUARDED, "event_bus": {"forwarder_role": FORWARDER}}
    assert lets(of_the_role(settings), Call(action, FORWARDER)) is free
    assert lets([guard(settings)], Call(action, FORWARDER), ADMIN) is free


SERVICE: Final = f"arn:aws:iam::{ACCOUNT}:role/break-glass-cloudformation"
OWN_EXECUTION: Final = f"arn:aws:iam::{ACCOUNT}:role/break-glass-stackset-execution"


@pytest.mark.parametrize(
    ("deployer", "who"),
    [
        (True, "role/break-glass-deployer"),
        ({"user": "ci"}, "user/ci"),
        ({"role": "Pipeline", "existing": True}, "role/Pipeline"),
        ({"role": "Pipeline", "existing": True}, "role/teams/Pipeline"),
    ],
    ids=["ours", "a user", "one that exists", "one under a path"],
)
def test_the_deployer_of_the_config_is_exempt(deployer: Any, who: str) -> None:
    settings = {**GUARDED, "deployer": deployer, "protection": {}}
    change = Call("events:PutRule", OURS.format("events", "rule/break-glass.RoleAssumed"))
    for spared in (f"arn:aws:iam::{ACCOUNT}:{who}", SERVICE, OWN_EXECUTION):
        assert lets([guard(settings)], change, spared)
    assert not lets([guard(settings)], change, ADMIN)


RESPONDER: Final = f"arn:aws:iam::{ACCOUNT}:role/Responder"
RESPONDING: Final = {
    **GUARDED,
    "protection": {**GUARDED["protection"], "responders": ["arn:aws:iam::*:role/Responder"]},
}
REVOKING: Final = ("iam:DeleteRolePolicy", "iam:PutRolePolicy")


@pytest.mark.parametrize("action", REVOKING)
def test_responders_and_nobody_else_end_the_sessions_of_the_role(action: str) -> None:
    for who in (RESPONDER, DEPLOYER):
        assert lets([guard(RESPONDING)], Call(action, ROLE), who)
    for who in (ADMIN, ROLE):
        assert not lets([guard(RESPONDING)], Call(action, ROLE), who)
    assert not lets(of_the_role(RESPONDING), Call(action, ROLE)), "the role itself never"
    assert not lets([guard(GUARDED)], Call(action, ROLE), RESPONDER), "without being named"


@pytest.mark.parametrize("sample", tampering(RAISES), ids=lambda sample: sample.stem)
def test_that_is_all_that_responders_may(sample: Path) -> None:
    calls = [call for call in recorded(sample) if call.action not in BEYOND]
    for call in calls:
        is_revoking = call.action in REVOKING and call.resource == ROLE
        is_free = lets([guard(GUARDED)], call, ADMIN)
        assert lets([guard(RESPONDING)], call, RESPONDER) is (is_revoking or is_free), call
        assert lets([guard(RESPONDING)], call, ADMIN) is is_free, call
        assert lets([guard(RESPONDING)], call, DEPLOYER), call


@pytest.mark.parametrize("action", ["iam:CreateAccessKey", "iam:PutRolePermissionsBoundary", "iam:PassRole"])
def test_the_role_is_guarded_as_before_where_there_are_responders(action: str) -> None:
    for who in (RESPONDER, ADMIN):
        assert not lets([guard(RESPONDING)], Call(action, ROLE), who)
    for read in ("iam:GetRole", "sts:AssumeRole"):
        assert lets([guard(RESPONDING)], Call(read, ROLE), ADMIN)


def test_generate_says_who_can_end_the_sessions() -> None:
    def said(protection: dict[str, Any], **more: Any) -> str:
        plan = make_plan(config_of({**SETTINGS, "protection": protection, **more}))
        text = next_steps(plan, Path("templates"), generate_files(plan, "yaml", file="breakglass.yaml", lines={}))
        return text.partition("which the SCP then leaves to ")[2].partition(".\n     aws")[0]

    assert said({"responders": [RESPONDER], "exempt": [DEPLOYER]}) == f"{RESPONDER}, {DEPLOYER}"
    assert said({}).startswith("NOBODY:")
    assert said({}, deployer=True) == "the deployer"


def test_the_role_itself_as_responder_is_a_warning() -> None:
    settings = {**SETTINGS, "protection": {"responders": ["arn:aws:iam::*:role/ops/*"]}}
    (warning,) = (text for text in warnings(make_plan(config_of(settings))) if text.startswith("protection.responders"))
    assert warning.endswith("lets the break-glass role take the end of its sessions back")


def test_readers_of_the_logs_are_let_through_to_the_key() -> None:
    for action in ("kms:Decrypt", "kms:DescribeKey"):
        assert lets(of_the_role(GUARDED), Call(action, KEY))
        assert lets([guard(GUARDED)], Call(action, KEY), ADMIN)


@pytest.mark.parametrize("action", ["iam:PassRole", "iam:UpdateAssumeRolePolicy"])
@pytest.mark.parametrize("through", [SERVICE, OWN_EXECUTION])
def test_nobody_else_works_through_the_roles_that_deploy(action: str, through: str) -> None:
    settings = {**GUARDED, "deployer": True}
    assert not lets(of_the_role(settings), Call(action, through))
    assert not lets([guard(settings)], Call(action, through), ADMIN)


@pytest.mark.parametrize("action", ["iam:UpdateAssumeRolePolicy", "iam:CreateRole", "iam:PassRole"])
def test_nobody_makes_himself_exempt(action: str) -> None:
    assert not lets([guard(GUARDED)], Call(action, DEPLOYER), ADMIN)
    assert lets([guard(GUARDED)], Call(action, DEPLOYER), EXECUTION)
    assert lets(of_the_role(GUARDED), Call(action, DEPLOYER)), "that is for the SCP alone"


def test_without_an_exemption_the_scp_binds_everybody() -> None:
    settings = {**GUARDED, "protection": {}}
    assert all("ArnNotLike" not in one.get("Condition", {}) for one in guard(settings)["Statement"])
    assert not lets(
        [guard(settings)], Call("events:DisableRule", OURS.format("events", "rule/break-glass.x")), DEPLOYER
    )


def test_the_scp_is_one_that_aws_takes() -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html."""
    held = guard(GUARDED)
    assert held["Version"] == "2012-10-17"
    assert {one["Effect"] for one in held["Statement"]} == {"Deny"}
    assert {key for one in held["Statement"] for key in one} <= {
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "Condition",
    }
    assert "${" not in json.dumps(held), "Organizations resolves nothing"


@pytest.mark.parametrize(
    ("settings", "partition", "account"),
    [
        ({"main_region": "cn-north-1"}, "aws-cn", "*"),
        ({"role": {"existing": f"arn:aws:iam::{ACCOUNT}:role/E"}}, "aws", ACCOUNT),
    ],
    ids=["any account of China", "one account"],
)
def test_arns_are_as_narrow_as_is_known(settings: dict[str, Any], partition: str, account: str) -> None:
    config = config_of({"main_region": "us-east-1", "usernames": ["alice"], **settings})
    (first, *_) = guard_scp(make_plan(config))["Statement"]
    assert {arn.split(":")[1] for arn in first["Resource"]} == {partition}
    assert {arn.split(":")[4] for arn in first["Resource"]} == {account}


@pytest.mark.parametrize("settings", [GUARDED, LONGEST], ids=["usual", "longest"])
def test_no_wildcard_stands_where_iam_takes_none(settings: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html#arns-paths-wildcards."""
    config = config_of(settings)
    held = statements(guard_scp(make_plan(config)))
    resources = [one["Resource"] for one in held if one["Resource"] != "*"]
    arns = [arn for held in resources for arn in (held if isinstance(held, list) else [held])]
    assert {arn.count(":") for arn in arns} <= {5, 6}
    for _, partition, service, _, _, resource in (arn.split(":", 5) for arn in arns):
        kind, _, _ = resource.replace(":", "/").partition("/")
        assert "*" not in f"{partition}{service}{'' if service == 's3' else kind}"


@cache
def known(service: str) -> frozenset[str]:
    """Every action of a service that awacs knows, which has them from AWS."""
    held = vars(import_module(f"awacs.{service}")).values()
    return frozenset(f"{service}:{one.action}" for one in held if isinstance(one, Action))


EVERY_WORD: Final = [
    GUARDED,
    {
        **GUARDED,
        "alerts": {"sms": ["+15550100"]},
        "encryption": KEY,
        "event_bus": {"existing": "security", "forwarder_role": FORWARDER},
    },
]


@pytest.mark.parametrize("settings", EVERY_WORD, ids=["ours", "shared"])
def test_every_action_is_one_of_aws(settings: dict[str, Any]) -> None:
    context = RequestContext({}, variables=False)
    for statement in statements(guard(settings)):
        wanted = statement.get("Action") or statement["NotAction"]
        for action in wanted if isinstance(wanted, list) else [wanted]:
            service = action.partition(":")[0]
            assert any(matches_wildcard(action, one, context) for one in known(service)), action


READING: Final = ("Describe", "Get", "List")
PARTS: Final = {
    "cloudformation": (OURS.format("cloudformation", "stack/break-glass/1"), READING),
    "cloudwatch": (OURS.format("cloudwatch", "alarm:break-glass-failing-x"), ("Describe", "List")),
    "events": (OURS.format("events", "rule/break-glass.RoleAssumed"), ("Describe", "List")),
    "iam": (ROLE, READING),
    "kms": (KEY, READING),
    "logs": (OURS.format("logs", "log-group:/aws/events/break-glass/login"), READING),
    "s3": (BUCKET, ("Get", "List")),
    "scheduler": (OURS.format("scheduler", "schedule/default/break-glass-heartbeat"), ("Get",)),
    "sns": (OURS.format("sns", "break-glass-alerts"), READING),
    "sqs": (OURS.format("sqs", "break-glass-dead-letters"), READING),
}
"""A part of each service, and how the names of all the calls begin that read one."""


@pytest.mark.parametrize(("service", "part", "words"), [(name, *held) for name, held in PARTS.items()], ids=PARTS)
def test_everything_of_ours_can_be_read(service: str, part: str, words: tuple[str, ...]) -> None:
    reading = {one for one in known(service) if one.partition(":")[2].startswith(words)}
    assert reading
    assert {one for one in reading if not lets(of_the_role(GUARDED), Call(one, part))} == set()


WORDS_OF_READING: Final = ("BatchGet", "Describe", "Filter", "Get", "List", "Start")
USES: Final = {"events:PutEvents", "kms:Decrypt"}


def test_what_stays_allowed_only_reads_or_uses() -> None:
    context = RequestContext({}, variables=False)
    still = {action for one in statements(guard(GUARDED)) for action in one.get("NotAction", [])} - {"sts:*"}
    named = {
        one for action in still for one in known(action.partition(":")[0]) if matches_wildcard(action, one, context)
    }
    assert named >= USES
    assert {one for one in named - USES if not one.partition(":")[2].startswith(WORDS_OF_READING)} == set()


def test_both_policies_have_room_with_the_longest_names() -> None:
    plan = make_plan(config_of(LONGEST))
    assert len(as_policy(guard_scp(plan), limits.SCP.maximum)) <= limits.SCP.maximum
    assert len(json.dumps(role_protection(plan))) <= limits.INLINE_POLICIES.maximum / 2


def test_a_guard_of_many_names_goes_without_white_space() -> None:
    exempt = [f"arn:aws:iam::*:role/{number}{'d' * 60}" for number in range(5)]
    text = output_files(config_of({**GUARDED, "protection": {"exempt": exempt}}))["guard-scp.json"]
    assert "\n" not in text[:-1]
    assert "\n  " in output_files(config_of(GUARDED))["guard-scp.json"]
    assert json.loads(text)["Statement"][0]["Condition"]["ArnNotLike"]["aws:PrincipalArn"] == exempt


def test_a_guard_that_is_too_big_names_the_key_to_change() -> None:
    exempt = [f"arn:aws:iam::*:role/{number}{'d' * 60}" for number in range(20)]
    with pytest.raises(ConfigError) as refused:
        made(json.dumps({**GUARDED, "protection": {"exempt": exempt}}))
    (problem,) = refused.value.problems
    assert problem.text.startswith("protection.exempt: the service control policy of guard-scp.json would have ")
    assert problem.text.endswith(" characters, but AWS allows 5,120")


def statement(**more: Any) -> str:
    held = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [{key: one for key, one in held.items() if one}]})


NO_SCP: Final = {
    "not JSON": ("{", "not JSON"),
    "no policy": ("[]", "not a policy"),
    "too long": (statement() + " " * limits.SCP.maximum, "AWS allows 5,120"),
    "a principal": (statement(Principal="*"), "no principal"),
    "no resource": (statement(Resource=None), "has a resource"),
    "an unknown element": (statement(NotPrincipal="*"), "cannot evaluate the statement"),
    "an unknown operator": (statement(Condition={"ArnNotlike": {"aws:PrincipalArn": "x"}}), "is not supported"),
    "the old version": (statement().replace("2012", "2008"), "needs the version 2012-10-17"),
}


@pytest.mark.parametrize(("text", "expected"), NO_SCP.values(), ids=NO_SCP)
def test_validate_tells_what_aws_would_not_take(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "guard-scp.json"
    path.write_text(text, encoding="utf-8")
    (finding,) = scp_findings(path)
    assert expected in finding.message


def test_validate_has_nothing_against_the_guard(tmp_path: Path) -> None:
    path = tmp_path / "guard-scp.json"
    path.write_text(as_policy(guard(GUARDED), limits.SCP.maximum), encoding="utf-8")
    assert scp_findings(path) == []


OF_AN_ORGANIZATION: Final[dict[str, Any]] = {
    **{key: value for key, value in GUARDED.items() if key != "trail"},
    "organization": {"id": "o-a1b2c3d4e5", "hub": ACCOUNT, "units": ["r-ab12"]},
}
BY_STACK_SETS: Final = "role/stacksets-exec-0123456789abcdef"


@pytest.mark.parametrize("role", ["role/break-glass-forwarder-2", BY_STACK_SETS])
def test_in_an_organization_only_stack_sets_change_the_roles_of_every_account(role: str) -> None:
    account = "444455556666"
    call = Call("iam:UpdateAssumeRolePolicy", f"arn:aws:iam::{account}:{role}")
    assert not lets([guard(OF_AN_ORGANIZATION)], call, f"arn:aws:iam::{account}:role/Admin")
    assert lets([guard(OF_AN_ORGANIZATION)], call, f"arn:aws:iam::{account}:{BY_STACK_SETS}")
