"""Who gets in by what the config names: a change of it alerts, and of its neighbours it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest
from every_case import assert_every
from named_parts import record_of_call
from pattern_events import plan_of
from samples import ACCOUNT, SETTINGS, account, templates
from template_data import resources_of

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.aws import limits

ELSEWHERE: Final = "444455556666"
IAM: Final = f"arn:aws:iam::{ACCOUNT}"
SET: Final = "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-abcdef1234567890"
ISSUER: Final = "token.actions.githubusercontent.com/tenant"


class Change(NamedTuple):
    """A call, and who makes it where that matters."""

    call: str
    parameters: dict[str, Any] | None
    service: str = "iam"
    fields: dict[str, Any] = {}  # noqa: RUF012 - never changed

    @property
    def title(self) -> str:
        return f"{self.call} {self.parameters} {self.fields}"

    def record(self) -> dict[str, Any]:
        return record_of_call(self.service, self.call, self.parameters, ACCOUNT) | self.fields


def by(user: str) -> dict[str, Any]:
    caller = {"type": "IAMUser", "arn": f"{IAM}:user/{user}", "userName": user, "accountId": ACCOUNT}
    return {"userIdentity": caller}


BY_CLOUDFORMATION: Final = {"sourceIPAddress": "cloudformation.amazonaws.com"}


def of_role(name: str) -> list[Change]:
    return [
        Change("UpdateAssumeRolePolicy", {"roleName": name, "policyDocument": "{}"}),
        Change("CreateRole", {"roleName": name, "assumeRolePolicyDocument": "{}"}),
        Change("DeleteRole", {"roleName": name}),
        Change("PutRolePolicy", {"roleName": name, "policyName": "x", "policyDocument": "{}"}),
        Change("AttachRolePolicy", {"roleName": name, "policyArn": "arn:aws:iam::aws:policy/AWSDenyAll"}),
        Change("PutRolePermissionsBoundary", {"roleName": name, "permissionsBoundary": f"{IAM}:policy/Nothing"}),
        Change("AddRoleToInstanceProfile", {"roleName": name, "instanceProfileName": "x"}),
    ]


def of_policy(arn: str) -> list[Change]:
    path, name = arn.partition(":policy/")[2].rpartition("/")[::2]
    return [
        Change("CreatePolicyVersion", {"policyArn": arn, "policyDocument": "{}", "setAsDefault": True}),
        Change("SetDefaultPolicyVersion", {"policyArn": arn, "versionId": "v1"}),
        Change("DeletePolicyVersion", {"policyArn": arn, "versionId": "v1"}),
        Change("DeletePolicy", {"policyArn": arn}),
        Change("CreatePolicy", {"policyName": name, "path": f"/{path}", "policyDocument": "{}"}),
    ]


def of_user(name: str) -> list[Change]:
    return [
        Change("CreateAccessKey", {"userName": name}),
        Change("UpdateLoginProfile", {"userName": name}),
        Change("UpdateUser", {"userName": "mallory", "newUserName": name}),
        Change("DeleteVirtualMFADevice", {"serialNumber": f"{IAM}:mfa/{name}"}),
        Change("CreateVirtualMFADevice", {"virtualMFADeviceName": name}),
        Change("ChangePassword", None, fields=by(name)),
        Change("AttachUserPolicy", {"userName": name, "policyArn": "arn:aws:iam::aws:policy/AWSDenyAll"}),
    ]


def of_saml(name: str) -> list[Change]:
    arn = f"{IAM}:saml-provider/{name}"
    return [
        Change("UpdateSAMLProvider", {"sAMLProviderArn": arn, "sAMLMetadataDocument": "<EntityDescriptor/>"}),
        Change("DeleteSAMLProvider", {"sAMLProviderArn": arn}),
        Change("CreateSAMLProvider", {"name": name, "sAMLMetadataDocument": "<EntityDescriptor/>"}),
    ]


def of_oidc(issuer: str) -> list[Change]:
    arn = {"openIDConnectProviderArn": f"{IAM}:oidc-provider/{issuer}"}
    return [
        Change("UpdateOpenIDConnectProviderThumbprint", {**arn, "thumbprintList": ["a" * 40]}),
        Change("AddClientIDToOpenIDConnectProvider", {**arn, "clientID": "mallory"}),
        Change("RemoveClientIDFromOpenIDConnectProvider", {**arn, "clientID": "sts.amazonaws.com"}),
        Change("DeleteOpenIDConnectProvider", arn),
        Change("CreateOpenIDConnectProvider", {"url": f"https://{issuer}", "clientIDList": ["mallory"]}),
    ]


def of_tag(key: str) -> list[Change]:
    tags = [{"key": "team", "value": "a"}, {"key": key, "value": "no"}]
    return [
        Change("TagUser", {"userName": "mallory", "tags": tags}),
        Change("CreateUser", {"userName": "mallory", "tags": tags}),
        Change("UntagUser", {"userName": "mallory", "tagKeys": ["team", key]}),
    ]


def of_set(target: str) -> list[Change]:
    named = {"instanceArn": "arn:aws:sso:::instance/ssoins-1234567890abcdef", "permissionSetArn": SET}
    return [
        Change("CreateAccountAssignment", {**named, "targetId": target, "targetType": "AWS_ACCOUNT"}, "sso"),
        Change("DeleteAccountAssignment", {**named, "targetId": target, "targetType": "AWS_ACCOUNT"}, "sso"),
        Change("ProvisionPermissionSet", {**named, "targetId": target, "targetType": "AWS_ACCOUNT"}, "sso"),
    ]


OF_SETS: Final = [
    *of_set(ACCOUNT),
    Change("AttachManagedPolicyToPermissionSet", {"permissionSetArn": SET, "managedPolicyArn": "x"}, "sso"),
    Change("PutInlinePolicyToPermissionSet", {"permissionSetArn": SET, "inlinePolicy": "{}"}, "sso"),
    Change("UpdatePermissionSet", {"permissionSetArn": SET, "sessionDuration": "PT12H"}, "sso"),
    Change("DeletePermissionSet", {"permissionSetArn": SET}, "sso"),
    Change("CreatePermissionSet", {"name": "OnCall"}, "sso"),
    Change("DeleteInstance", {"instanceArn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"}, "sso"),
]

NO_SIGN_INS: Final = {"detections": {"UserSignIn": "off"}}
ROLE: Final = {"managed_policies": [f"{IAM}:policy/teams/EmergencyRights", "ReadOnlyAccess"]}
# name: (settings that differ from the usual, changes that alert, changes that do not)
CASES: Final[dict[str, tuple[dict[str, Any], list[Change], list[Change]]]] = {
    "users": (
        {},
        [change for name in ("alice", "bob") for change in of_user(name)],
        [
            *of_user("bob2"),
            *of_role("bob"),
            *of_policy(f"{IAM}:policy/alice"),
            *OF_SETS,
            *of_saml("Corp"),
            Change("CreateAccessKey", {"userName": "carol"}, fields=by("alice")),
            Change("CreatePolicy", {"policyName": "x"}, fields=by("alice")),
        ],
    ),
    "users by tag": (
        {"usernames": {"principal_tag": {"on-call": "yes"}}, **NO_SIGN_INS},
        [*of_tag("on-call"), *of_tag("On-Call")],
        [
            *of_tag("on-call-2"),
            Change("TagRole", {"roleName": "x", "tags": [{"key": "on-call", "value": "yes"}]}),
            Change("CreateRole", {"roleName": "x", "tags": [{"key": "on-call", "value": "yes"}]}),
            Change("CreateUser", {"userName": "mallory"}),
        ],
    ),
    "SAML": (
        {"role": {"trust": {"saml_provider": f"{IAM}:saml-provider/Corp", "saml_names": ["*"]}}},
        [*of_saml("Corp"), *of_saml("CORP")],
        [
            *of_saml("Corp2"),
            Change("TagSAMLProvider", {"sAMLProviderArn": f"{IAM}:saml-provider/Corp", "tags": []}),
            Change("UpdateSAMLProvider", {"sAMLProviderArn": f"arn:aws:iam::{ELSEWHERE}:saml-provider/Corp"}),
            *of_oidc(ISSUER),
        ],
    ),
    "OIDC": (
        {"role": {"trust": {"oidc_provider": f"{IAM}:oidc-provider/{ISSUER}", "oidc_subjects": ["a"]}}},
        of_oidc(ISSUER),
        [*of_oidc(f"{ISSUER}2"), *of_oidc("token.actions.githubusercontent.com"), *of_saml("tenant")],
    ),
    "principals": (
        {"role": {"trust": {"principals": [f"{IAM}:role/ops/Chief", f"{IAM}:user/carol"]}}},
        [*of_role("Chief"), *of_role("chief"), *of_user("carol")],
        [*of_role("Chief2"), *of_role("TheChief"), *of_user("Chief"), *of_role("carol")],
    ),
    "principals of another account": (
        {"role": {"trust": {"principals": [f"arn:aws:iam::{ELSEWHERE}:role/Chief", ELSEWHERE]}}},
        of_user("alice"),
        [*of_role("Chief"), *of_role(ELSEWHERE)],
    ),
    "principals, if the config does not say which account it is": (
        {
            "alerts": {"emails": ["ops@example.com"]},
            "role": {"trust": {"principals": [f"{IAM}:role/Here", f"arn:aws:iam::{ELSEWHERE}:role/There"]}},
        },
        of_role("Here"),
        of_role("There"),
    ),
    "permission sets": (
        {"role": {"trust": {"permission_sets": ["OnCall", f"{ELSEWHERE}/Platform"]}}},
        [*OF_SETS, *of_set(ELSEWHERE), *of_role("AWSReservedSSO_OnCall_0123456789abcdef")],
        [
            *of_set("999999999999"),
            *of_role("AWSReservedSSO_OnCallAudit_0123456789abcdef"),
            *of_role("AWSReservedSSO_Platform_0123456789abcdef"),
            Change("Federate", {"accountId": ACCOUNT}, "sso"),
            Change("TagResource", {"resourceArn": SET, "tags": []}, "sso"),
        ],
    ),
    "the permission set of the role": (
        {"usernames": [], "role": {"permission_set": "BreakGlass"}, **NO_SIGN_INS},
        OF_SETS,
        of_role("AWSReservedSSO_Other_0123456789abcdef"),
    ),
    "policies": (
        {"role": {"permissions_boundary": f"{IAM}:policy/Boundary", **ROLE}},
        [
            *of_policy(f"{IAM}:policy/Boundary"),
            *of_policy(f"{IAM}:policy/BOUNDARY"),
            *of_policy(f"{IAM}:policy/teams/EmergencyRights"),
        ],
        [
            *of_policy(f"{IAM}:policy/Boundary2"),
            *of_policy(f"{IAM}:policy/ReadOnlyAccess"),
            Change("TagPolicy", {"policyArn": f"{IAM}:policy/Boundary", "tags": []}),
            Change("AttachUserPolicy", {"userName": "carol", "policyArn": f"{IAM}:policy/Boundary"}),
            Change("DetachRolePolicy", {"roleName": "x", "policyArn": f"{IAM}:policy/Boundary"}),
            Change("PutRolePolicy", {"roleName": "x", "policyName": "Boundary", "policyDocument": "{}"}),
        ],
    ),
    "who may deploy": (
        {
            "deployer": {"role": "pipeline", "existing": True},
            "protection": {"exempt": [f"{IAM}:role/Platform", "arn:aws:iam::*:user/lead", "arn:aws:iam::*:role/ops-*"]},
        },
        [*of_role("pipeline"), *of_role("Platform"), *of_user("lead")],
        [
            *of_role("pipeline-2"),
            *of_role("ops-1"),
            Change(
                "AttachRolePolicy",
                {"roleName": "pipeline", "policyArn": f"{IAM}:policy/break-glass-deployer"},
                fields=BY_CLOUDFORMATION,
            ),
        ],
    ),
    "a user who deploys": (
        {"deployer": {"user": "robot", "existing": True}},
        of_user("robot"),
        [
            Change(
                "AttachUserPolicy",
                {"userName": "robot", "policyArn": f"{IAM}:policy/break-glass-deployer"},
                fields=BY_CLOUDFORMATION,
            )
        ],
    ),
}


def settings_of(case: str) -> str:
    return json.dumps({**SETTINGS, "actions": {"log": "none"}, **CASES[case][0]})


def alerts_of(settings: str, record: dict[str, Any]) -> list[str]:
    """The detections that alert of a record, once for each time that they do."""
    deliveries = account(settings).run(event_from_record(record))
    return [each.detection for each in deliveries if (each.kind, each.problem) == ("topic", None)]


def assert_alerts(settings: str, change: Change, count: int) -> None:
    assert alerts_of(settings, change.record()).count("EntranceChanged") == count


@pytest.mark.parametrize("case", CASES)
def test_a_change_of_what_lets_people_in_alerts(case: str) -> None:
    assert_every(assert_alerts, {change.title: (settings_of(case), change, 1) for change in CASES[case][1]})


@pytest.mark.parametrize("case", CASES)
def test_a_change_of_something_else_does_not(case: str) -> None:
    assert_every(assert_alerts, {change.title: (settings_of(case), change, 0) for change in CASES[case][2]})


def test_what_is_in_another_account_is_in_no_pattern_if_the_config_says_which_is_ours() -> None:
    principals = [f"arn:aws:iam::{ELSEWHERE}:role/Chief", f"{IAM}:role/Deputy"]
    (pattern,) = patterns(
        json.dumps({**SETTINGS, "account": ACCOUNT, "regions": [], "role": {"trust": {"principals": principals}}})
    ).values()
    assert "Deputy" in pattern
    assert "Chief" not in pattern


def users(count: int, length: int) -> list[str]:
    return [f"u{number}".ljust(length, "x") for number in range(count)]


def crowded(count: int, length: int) -> str:
    """Settings with so many users; a role that exists, because no trust policy has room for them."""
    changes = {"usernames": users(count, length), "role": {"existing": "break-glass"}}
    return json.dumps({**SETTINGS, **changes, **NO_SIGN_INS})


def patterns(settings: str) -> dict[str, str]:
    rules = {
        name: resource["Properties"]["EventPattern"]
        for name, resource in resources_of(templates(settings)[0]).items()
        if "Entrance" in name and resource["Type"] == "AWS::Events::Rule"
    }
    return {name: json.dumps(pattern, separators=(",", ":")) for name, pattern in rules.items()}


@pytest.mark.parametrize(
    ("count", "length", "rules"), [(2, 5, 1), (10, 5, 2), (10, 64, 6), (100, 8, 13), (100, 64, 51)]
)
def test_each_of_many_users_alerts(count: int, length: int, rules: int) -> None:
    settings = crowded(count, length)
    by_rule = patterns(settings)
    assert len([name for name in by_rule if name.startswith("EntranceChanged")]) == rules
    assert max(map(len, by_rule.values())) <= limits.PATTERN.maximum
    first, *_, last = users(count, length)
    assert_every(
        assert_alerts, {change.title: (settings, change, 1) for name in (first, last) for change in of_user(name)}
    )
    assert_every(assert_alerts, {change.title: (settings, change, 0) for change in of_user(f"{last}x")})


def test_the_edge_stays_short_however_many_users_there_are() -> None:
    edges = [
        next(edge.pattern for edge in plan_of(settings).edges if edge.id == "Entrance")
        for settings in (crowded(2, 5), crowded(100, 64))
    ]
    assert edges[0] == edges[1]


def test_without_another_region_one_rule_says_both() -> None:
    settings = json.dumps({**json.loads(crowded(10, 64)), "regions": []})
    by_rule = patterns(settings)
    assert all(len(pattern) <= limits.PATTERN.maximum and '"readOnly"' in pattern for pattern in by_rule.values())
    for name in users(10, 64):
        assert alerts_of(settings, Change("DeleteUser", {"userName": name}).record()) == ["EntranceChanged"]
    assert alerts_of(settings, Change("ListAccessKeys", {"userName": users(10, 64)[0]}).record() | READS) == []


READS: Final = {"readOnly": True}


def rollouts() -> Iterator[Change]:
    for call in ("AttachUserPolicy", "DetachUserPolicy"):
        grant = {"userName": "alice", "policyArn": f"{IAM}:policy/break-glass-grant"}
        yield Change(call, grant, fields=BY_CLOUDFORMATION)


def test_our_own_rollout_is_silent_and_that_of_others_is_not() -> None:
    settings = json.dumps(SETTINGS)
    for change in rollouts():
        assert "EntranceChanged" not in alerts_of(settings, change.record())
        others = change.record() | {"requestParameters": {"userName": "alice", "policyArn": f"{IAM}:policy/Deny"}}
        assert "EntranceChanged" in alerts_of(settings, others)


def test_where_nobody_watches_the_monitoring_a_grant_is_a_change_of_who_gets_in() -> None:
    settings = json.dumps({**SETTINGS, "detections": {"MonitoringTampered": "off"}})
    grant = {"userName": "alice", "policyArn": f"{IAM}:policy/break-glass-grant"}
    assert "EntranceChanged" in alerts_of(settings, Change("DetachUserPolicy", grant).record())


def test_on_a_bus_of_others_entrances_have_a_bus_of_their_own() -> None:
    settings = json.dumps({**SETTINGS, "event_bus": {"existing": "security"}})
    plan = plan_of(settings)
    assert [bus.name for bus in plan.buses if "Entrance" in bus.families] == ["break-glass-entrance"]
    assert_every(assert_alerts, {change.title: (settings, change, 1) for change in of_user("alice")})
