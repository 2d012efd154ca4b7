"""MonitoringTampered and BackdoorCreated where a config is not the usual one: what counts as ours, and what fits."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from deployments import deploy
from hypothesis import given, strategies as st
from samples import ACCOUNT, RAISES, SETTINGS, account, alert, text_of, title
from troposphere import encode_to_dict

from cfn_breakglass import config_of, template_files
from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.template.reader import Stack
from cfn_breakglass.analysis.validation.event_rules import invalid_rules
from cfn_breakglass.analysis.validation.limits_exceeded import limits_exceeded
from cfn_breakglass.aws import limits
from cfn_breakglass.aws.pattern_complexity import complexity
from cfn_breakglass.detections.denied_tampering import denied_changes
from cfn_breakglass.detections.key_tampering import own_key_changes
from cfn_breakglass.names import Names

KEY_ID: Final = "0987dcba-09fe-87dc-65ba-ab0987654321"
ARN: Final = "arn:aws:{}:us-east-1:" + ACCOUNT + ":{}"
EVERYTHING: Final[dict[str, Any]] = {
    **SETTINGS,
    "heartbeat": "hourly",
    # What root does alerts as that too.
    "detections": {**SETTINGS["detections"], "RoleActions": "log", "RootUsed": "off"},
}
LONG: Final = "a-name-of-thirty-two-characters1"


def call(service: str, name: str, parameters: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """A record of a writing call that somebody made."""
    return {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/mallory", "userName": "mallory"},
        "requestParameters": parameters,
        "readOnly": False,
        "managementEvent": True,
        "eventType": "AwsApiCall",
        **more,
    }


def denied(service: str, name: str, resource: str, reason: str = " because no policy allows it") -> dict[str, Any]:
    message = (
        f"User: arn:aws:iam::{ACCOUNT}:user/mallory is not authorized to perform: x:{name} on resource: {resource}"
    )
    return call(service, name, None, errorCode="AccessDenied", errorMessage=message + reason)


def tells(record: dict[str, Any], **changes: Any) -> set[str]:
    """The detections, the action log apart, that are told of a record where the settings have these ``changes``."""
    told = account(json.dumps({**EVERYTHING, **changes})).run(event_from_record(record))
    return {one.detection for one in told} - {"RoleActions"}


@cache
def stacks(changes: str) -> dict[str, Stack]:
    files = template_files(config_of({**EVERYTHING, **json.loads(changes)}))
    return deploy(files["main-region.yaml"], files["stackset.yaml"], account=ACCOUNT)


def rules(stack: Stack) -> list[str]:
    """The rules of MonitoringTampered on the default bus."""
    return [one for one in stack.resources if one.startswith("ForwardTampering")]


RULES: Final = ("Rules", "Delivery", "Parts", "Account", "Tried", "Key", "Subscribers")
EXISTING_KEY: Final = ARN.format("kms", f"key/{KEY_ID}")
ROOMY: Final[dict[str, dict[str, Any]]] = {
    "the usual": {},
    "nothing extra": {"alerts": {"log": True}, "trail": "existing", "heartbeat": "off", "encryption": "none"},
    "an existing role": {"role": {"existing": "ops/Emergency"}},
    "a permission set": {"role": {"permission_set": "BreakGlass"}},
    "an existing key": {"encryption": EXISTING_KEY},
    "a long name": {"name": LONG},
    "long names of everything": {
        "name": LONG,
        "role": {"existing": f"ops/{'r' * 60}"},
        "event_bus": {"existing": "b" * 99, "forwarder_role": f"arn:aws:iam::{ACCOUNT}:role/{'f' * 64}"},
        "encryption": EXISTING_KEY,
    },
}


@pytest.mark.parametrize("changes", ROOMY.values(), ids=ROOMY)
def test_the_same_rules_fit_whatever_the_names(changes: dict[str, Any]) -> None:
    by_region = stacks(json.dumps(changes))
    absent = {"Subscribers"} if "alerts" in changes else set()
    without_key = {"Key"} if changes.get("encryption") == "none" else set()
    for stack, no_key in zip(by_region.values(), [without_key, *[{"Key"}] * (len(by_region) - 1)], strict=True):
        expected = [suffix for suffix in RULES if suffix not in absent | no_key]
        assert rules(stack) == [f"ForwardTampering{suffix}" for suffix in expected]
        assert limits_exceeded(stack) == []
        assert invalid_rules(stack) == []


TAMPERED: Final = [sample for sample in RAISES if sample.parent.name == "MonitoringTampered"]


@pytest.mark.parametrize("sample", TAMPERED, ids=title)
def test_a_long_name_is_told_of_too(sample: Path) -> None:
    # The key on paper is named after the stack, which stays.
    text = text_of(sample).replace("break-glass", LONG).replace(f"{LONG}-Key", "break-glass-Key")
    assert "MonitoringTampered" in tells(json.loads(text), name=LONG)


def resolved(node: Any) -> Any:
    """A pattern with its Fn::Sub resolved."""
    if isinstance(node, list):
        return [resolved(held) for held in node]
    if not isinstance(node, dict):
        return node
    if "Fn::Sub" in node:
        return node["Fn::Sub"].replace("${Key}", KEY_ID).replace("${AWS::AccountId}", ACCOUNT)
    return {name: resolved(held) for name, held in node.items()}


NAMES: Final = st.one_of(
    st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,31}", fullmatch=True),
    # They begin anew within themselves, or within the words before them.
    *(st.text(letters, min_size=1, max_size=32).filter(str.isalpha) for letters in ("ab", "onresuc")),
    st.sampled_from(["resource", "resource-admin", "on-on-on", "emergency", "a" * 32]),
)


@given(NAMES, NAMES)
@pytest.mark.parametrize("role", ["", "existing", "permission_set"])
def test_eventbridge_takes_the_wildcards_whatever_the_names(role: str, name: str, other: str) -> None:
    config = config_of(
        {"main_region": "us-east-1", "usernames": ["a"], "name": name, "role": {role: other} if role else {}}
    )
    names = Names.of(config)
    for pattern in (denied_changes(config, names), own_key_changes(names, "Key")):
        assert complexity(resolved(encode_to_dict(pattern))) <= limits.COMPLEXITY.maximum


EXISTING_ROLE: Final[dict[str, Any]] = {"role": {"existing": "Emergency"}}
EXISTING_BUS: Final[dict[str, Any]] = {"event_bus": {"existing": "security"}}
SHARED_KEY: Final[dict[str, Any]] = {"encryption": EXISTING_KEY}
ROLE_POLICY: Final = {"policyName": "x", "policyDocument": "{}"}
BUCKET: Final = f"break-glass-{ACCOUNT}-us-east-1"
# name: (settings that differ, a call that is told of then)
TOLD: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "a role that was there": (EXISTING_ROLE, call("iam", "PutRolePolicy", {"roleName": "Emergency", **ROLE_POLICY})),
    "the same, refused": (EXISTING_ROLE, denied("iam", "PutRolePolicy", "role Emergency")),
    "the same, refused without a reason": (EXISTING_ROLE, denied("iam", "PutRolePolicy", "role Emergency", "")),
    "its forwarder, refused": (EXISTING_ROLE, denied("iam", "DeleteRole", "role break-glass-forwarder")),
    "a role in another case": ({}, call("iam", "DeleteRole", {"roleName": "Break-Glass"})),
    "the forwarder in another case": ({}, call("iam", "DeleteRole", {"roleName": "BREAK-GLASS-FORWARDER"})),
    "a forwarder that was there": (
        {"event_bus": {"forwarder_role": f"arn:aws:iam::{ACCOUNT}:role/ops/Sender"}},
        call("iam", "DeleteRolePolicy", {"roleName": "Sender", "policyName": "x"}),
    ),
    "the end of a bus that was there": (EXISTING_BUS, call("events", "DeleteEventBus", {"name": "security"})),
    "the policy of a bus that was there": (
        EXISTING_BUS,
        call("events", "PutPermission", {"eventBusName": "security", "policy": "{}"}),
    ),
    "a rule of ours on that": (
        EXISTING_BUS,
        call("events", "PutRule", {"eventBusName": "security", "name": "break-glass-RoleAssumed"}),
    ),
    "the end of a key that was there": (SHARED_KEY, call("kms", "ScheduleKeyDeletion", {"keyId": KEY_ID})),
    "the end of what it was imported from": (SHARED_KEY, call("kms", "DeleteImportedKeyMaterial", {"keyId": KEY_ID})),
    "its end by ARN": (SHARED_KEY, call("kms", "DisableKey", {"keyId": EXISTING_KEY})),
    "its end, refused": (SHARED_KEY, denied("kms", "PutKeyPolicy", EXISTING_KEY)),
    "the same, where the role was there too": (
        {**SHARED_KEY, **EXISTING_ROLE},
        denied("kms", "PutKeyPolicy", EXISTING_KEY),
    ),
    "one alarm of many": (
        {},
        call("monitoring", "DeleteAlarms", {"alarmNames": ["x", "break-glass-failing-dead-letters"]}),
    ),
    "the role handed to a service, refused": (
        {},
        denied("lambda", "CreateFunction", ARN.format("iam", "role/ops/break-glass")),
    ),
    # Few wildcards fit, so these take more: a thing of ours by the look of it is not worth a miss.
    "a longer name, refused": ({}, denied("sns", "DeleteTopic", ARN.format("sns", "my-break-glass-alerts"))),
    "that of another account, refused": (
        {},
        denied("sns", "DeleteTopic", ARN.format("sns", "break-glass-alerts").replace(ACCOUNT, "444455556666")),
    ),
    "a name that begins anew within itself, refused": (
        {"name": "access-accounts"},
        denied("sns", "DeleteTopic", ARN.format("sns", "access-accounts-alerts")),
    ),
    "a policy of our name that refuses": (
        {},
        denied(
            "iam", "DeleteRole", "role x", f" with an explicit deny: arn:aws:iam::{ACCOUNT}:policy/break-glass-deny"
        ),
    ),
}
UNTOLD: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "a role of a longer name": (EXISTING_ROLE, call("iam", "PutRolePolicy", {"roleName": "Emergency2", **ROLE_POLICY})),
    "the same, refused": (EXISTING_ROLE, denied("iam", "PutRolePolicy", "role Emergency2")),
    "a rule of others on a bus that was there": (
        EXISTING_BUS,
        call("events", "PutRule", {"eventBusName": "security", "name": "guard"}),
    ),
    "a rule of others on that by its ARN": (
        EXISTING_BUS,
        call("events", "PutRule", {"eventBusName": ARN.format("events", "event-bus/security"), "name": "guard"}),
    ),
    "a grant on a key that was there": (SHARED_KEY, call("kms", "CreateGrant", {"keyId": KEY_ID})),
    "its replica in another region": (
        SHARED_KEY,
        call("kms", "DisableKey", {"keyId": KEY_ID}, awsRegion="eu-west-1"),
    ),
    "its use by another service, refused": (SHARED_KEY, denied("lambda", "CreateFunction", EXISTING_KEY)),
    "a bucket of the name, where no trail is ours": (
        {"trail": "existing"},
        call("s3", "DeleteBucket", {"bucketName": BUCKET}),
    ),
    "text messages, where none are sent": (
        {"alerts": {"emails": ["ops@example.com"], "log": True}},
        call("sns", "SetSMSAttributes", {"attributes": {}}),
    ),
    "something of our name in another service": (
        {},
        call("secretsmanager", "CreateSecret", {"name": "break-glass-root"}),
    ),
    "what the role itself is refused elsewhere": (
        {},
        call(
            "events",
            "DeleteRule",
            None,
            errorCode="AccessDenied",
            errorMessage=f"User: arn:aws:sts::{ACCOUNT}:assumed-role/break-glass/break-glass is not authorized to "
            f"perform: events:DeleteRule on resource: {ARN.format('events', 'rule/nightly')} because nothing allows it",
        ),
    ),
}


@pytest.mark.parametrize(("changes", "record"), TOLD.values(), ids=TOLD)
def test_counts_as_ours(changes: dict[str, Any], record: dict[str, Any]) -> None:
    assert tells(record, **changes) == {"MonitoringTampered"}


@pytest.mark.parametrize(("changes", "record"), UNTOLD.values(), ids=UNTOLD)
def test_does_not_count_as_ours(changes: dict[str, Any], record: dict[str, Any]) -> None:
    assert tells(record, **changes) == set()


BLINDING: Final = {
    "account": "CloseAccount DisableRegion EnableRegion",
    "cloudformation": "CreateChangeSet DeleteStack DeleteStackInstances ExecuteChangeSet SetStackPolicy UpdateStack"
    " UpdateStackSet UpdateTerminationProtection",
    "cloudtrail": "DeleteTrail PutEventSelectors StopLogging UpdateTrail",
    "events": "DeleteEventBus DeleteRule DisableRule PutPermission PutRule PutTargets RemovePermission RemoveTargets"
    " UpdateEventBus",
    "iam": "AttachRolePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion DeleteRole"
    " DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy PutRolePermissionsBoundary PutRolePolicy"
    " SetDefaultPolicyVersion SetSTSRegionalEndpointStatus SetSecurityTokenServicePreferences UpdateAssumeRolePolicy",
    "kms": "CreateGrant DeleteAlias DisableKey PutKeyPolicy RevokeGrant ScheduleKeyDeletion UpdateAlias",
    "logs": "AssociateKmsKey DeleteLogGroup DeleteLogStream DeleteMetricFilter DeleteResourcePolicy"
    " DeleteRetentionPolicy DisassociateKmsKey PutDataProtectionPolicy PutLogGroupDeletionProtection PutMetricFilter"
    " PutResourcePolicy PutRetentionPolicy PutSubscriptionFilter",
    "monitoring": "DeleteAlarms DisableAlarmActions PutMetricAlarm SetAlarmState",
    "organizations": "DeletePolicy DetachPolicy DisablePolicyType LeaveOrganization MoveAccount UpdatePolicy",
    "s3": "DeleteBucket DeleteBucketPolicy PutBucketEncryption PutBucketLifecycle PutBucketObjectLockConfiguration"
    " PutBucketPolicy PutBucketPublicAccessBlock PutBucketVersioning",
    "scheduler": "DeleteSchedule UpdateSchedule",
    "sns": "AddPermission DeleteTopic PutDataProtectionPolicy RemovePermission SetSMSAttributes"
    " SetSubscriptionAttributes SetTopicAttributes Subscribe Unsubscribe",
    "sqs": "DeleteQueue PurgeQueue SetQueueAttributes",
}
"""The calls that blind the monitoring, or break what it stands on."""


def test_there_is_a_record_of_every_call_that_blinds() -> None:
    recorded: dict[str, set[str]] = {}
    for record in (json.loads(text_of(sample)) for sample in TAMPERED):
        if "errorCode" not in record:
            recorded.setdefault(record["eventSource"].removesuffix(".amazonaws.com"), set()).add(record["eventName"])
    missing = {service: set(calls.split()) - recorded[service] for service, calls in BLINDING.items()}
    assert not any(missing.values()), missing


# sample: what an alert says of it
SAID: Final = {
    "raises-cloudformation-delete-stack": "AROADBQP57FF2AEXAMPLE:alice: DeleteStack, Success",
    "raises-cloudtrail-update-trail-by-cloudformation": "AROAI3FHNQ7W4XEXAMPLE:carol: UpdateTrail, Success",
    "raises-denied-iam-delete-role": "AIDAJ45Q7YFFAREXAMPLE: DeleteRole, Failure",
}


@pytest.mark.parametrize("stem", SAID)
def test_the_alert_says_which_call_by_whom(stem: str) -> None:
    (sample,) = [each for each in TAMPERED if each.stem == stem]
    assert json.loads(alert(sample, "<principal>: <eventName>, <result>")) == SAID[stem]
