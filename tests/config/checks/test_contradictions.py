"""Settings that exclude each other: the error names the key to change, and without the second setting there is none."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass import config_of
from cfn_breakglass.errors import ConfigError

HOME, OTHER = "111122223333", "444455556666"
SAML = f"arn:aws:iam::{HOME}:saml-provider/Corp"
OIDC = f"arn:aws:iam::{HOME}:oidc-provider/idp.example.com"
KEY = f"arn:aws:kms:us-east-1:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
READ = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
WRITE = {"Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}
USUAL: dict[str, Any] = {
    "main_region": "us-east-1",
    "regions": ["eu-west-1"],
    "usernames": ["alice"],
    "alerts": {"emails": ["ops@example.com"]},
}


def problems(settings: dict[str, Any]) -> list[str]:
    """What is wrong with settings."""
    try:
        config_of(settings)
    except ConfigError as error:
        return [problem.text for problem in error.problems]
    return []


def without(*keys: str, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in USUAL.items() if key not in keys} | more


def trust(**settings: Any) -> dict[str, Any]:
    return {"role": {"trust": settings}}


# What is wrong: (the key that the error names, settings with the contradiction, settings without it)
CONTRADICTIONS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "nobody could assume the role": ("usernames", without("usernames"), USUAL),
    "a role and a permission set": (
        "role.permission_set",
        without("usernames", role={"existing": "Emergency", "permission_set": "OnCall"}),
        without("usernames", role={"permission_set": "OnCall"}),
    ),
    "to manage a role that is created": (
        "role.manage",
        USUAL | {"role": {"manage": True}},
        USUAL | {"role": {"manage": True, "existing": "Emergency"}},
    ),
    "policies for a role that exists": (
        "role.managed_policies",
        USUAL | {"role": {"existing": "Emergency", "managed_policies": ["ReadOnlyAccess"]}},
        USUAL | {"role": {"managed_policies": ["ReadOnlyAccess"]}},
    ),
    "two names for the bus": (
        "event_bus.name",
        USUAL | {"event_bus": {"name": "a", "existing": "b"}},
        USUAL | {"event_bus": {"name": "a"}},
    ),
    "the bus called like that of the actions": (
        "event_bus.name",
        USUAL | {"event_bus": {"name": "break-glass-actions"}},
        USUAL | {"event_bus": {"name": "break-glass-action"}},
    ),
    "a lock without a trail": (
        "trail_lock_days",
        USUAL | {"trail_lock_days": 30},
        USUAL | {"trail_lock_days": 30, "trail": "create"},
    ),
    "a trail with two hyphens": (
        "name",
        USUAL | {"name": "a--b", "trail": "create"},
        USUAL | {"name": "a--b"},
    ),
    "a deny on a role that is not ours": (
        "protection.deny",
        USUAL | {"role": {"existing": "Emergency"}, "protection": {"deny": True}},
        USUAL | {"role": {"existing": "Emergency", "manage": True}, "protection": {"deny": True}},
    ),
    "tags in two letter cases": (
        "tags.TEAM",
        USUAL | {"tags": {"team": "a", "TEAM": "b"}},
        USUAL | {"tags": {"team": "a"}},
    ),
    "statements of one Sid": (
        "role.policy_statements[1].Sid",
        USUAL | {"role": {"policy_statements": [READ | {"Sid": "A"}, WRITE | {"Sid": "A"}]}},
        USUAL | {"role": {"policy_statements": [READ | {"Sid": "A"}, WRITE | {"Sid": "B"}]}},
    ),
    # Deployment
    "a deployer of two kinds": (
        "deployer.user",
        USUAL | {"deployer": {"role": "pipeline", "user": "dora"}},
        USUAL | {"deployer": {"user": "dora"}},
    ),
    "an existing deployer without a name": (
        "deployer.existing",
        USUAL | {"deployer": {"existing": True}},
        USUAL | {"deployer": {"existing": True, "role": "pipeline"}},
    ),
    "the break-glass role as the deployer": (
        "deployer.role",
        USUAL | {"deployer": {"role": "Break-Glass"}},
        USUAL | {"deployer": {"role": "pipeline"}},
    ),
    "a deployer called like a part": (
        "deployer.role",
        USUAL | {"deployer": {"role": "break-glass-forwarder"}},
        USUAL | {"deployer": {"role": "break-glass-deployer"}},
    ),
    "a rollout to no region": (
        "rollout",
        USUAL | {"rollout": "managed", "regions": []},
        USUAL | {"rollout": "managed"},
    ),
    "roles of a stack set that is not there": (
        "stackset_roles",
        USUAL | {"stackset_roles": "create", "regions": []},
        USUAL | {"stackset_roles": "create"},
    ),
    # Placement
    "ARNs of two accounts": (
        "encryption",
        USUAL | {"role": {"existing": f"arn:aws:iam::{OTHER}:role/Emergency"}, "encryption": KEY},
        USUAL | {"role": {"existing": f"arn:aws:iam::{HOME}:role/Emergency"}, "encryption": KEY},
    ),
    "the main region among the others": (
        "regions[1]",
        USUAL | {"regions": ["eu-west-1", "us-east-1"]},
        USUAL | {"regions": ["eu-west-1", "us-east-2"]},
    ),
    "a region of another partition": ("regions[0]", USUAL | {"regions": ["cn-north-1"]}, USUAL | {"regions": ["*"]}),
    "a region that is on by default beside all of them": (
        "regions[1]",
        USUAL | {"regions": ["*", "eu-west-1"]},
        USUAL | {"regions": ["*", "af-south-1"]},
    ),
    "an ARN of another partition": (
        "alerts.sqs[0]",
        USUAL | {"alerts": {"sqs": [f"arn:aws-cn:sqs:cn-north-1:{HOME}:pager"]}},
        USUAL | {"alerts": {"sqs": [f"arn:aws:sqs:us-east-1:{HOME}:pager"]}},
    ),
    "text messages in China": (
        "alerts.sms",
        USUAL | {"main_region": "cn-north-1", "regions": [], "alerts": {"sms": ["+8613800138000"]}},
        USUAL | {"alerts": {"sms": ["+8613800138000"]}},
    ),
    # Access
    "a user twice": ("usernames[1]", without(usernames=["alice", "ALICE"]), without(usernames=["alice", "bob"])),
    "the sign-in of nobody": (
        "detections.UserSignIn",
        without("usernames", detections={"UserSignIn": "alert"}, **trust(principals=[OTHER])),
        USUAL | {"detections": {"UserSignIn": "alert"}},
    ),
    "the sign-in of whom a provider sends": (
        "detections.UserSignIn",
        USUAL | {"detections": {"UserSignIn": "alert"}} | trust(saml_provider=SAML),
        USUAL | {"detections": {"UserSignIn": "alert"}} | trust(saml_provider=SAML, saml_names=["carol"]),
    ),
    "two providers and no names": (
        "role.trust.saml_provider",
        USUAL | trust(saml_provider=SAML, oidc_provider=OIDC, oidc_subjects=["a"]),
        USUAL | trust(saml_provider=SAML, saml_names=["carol"], oidc_provider=OIDC, oidc_subjects=["a"]),
    ),
    "everybody whom an OIDC provider knows": (
        "role.trust.oidc_provider",
        without("usernames", **trust(oidc_provider=OIDC)),
        without("usernames", **trust(oidc_provider=OIDC, oidc_subjects=["a"])),
    ),
    "everybody and somebody": (
        "role.trust.saml_names",
        USUAL | trust(saml_provider=SAML, saml_names=["*", "carol"]),
        USUAL | trust(saml_provider=SAML, saml_names=["*"]),
    ),
    "an external ID of nobody": (
        "role.trust.external_id",
        USUAL | trust(external_id="break-glass/42"),
        USUAL | trust(external_id="break-glass/42", principals=[OTHER]),
    ),
    "an age of no MFA": (
        "role.trust.mfa_max_age_minutes",
        USUAL | trust(mfa=False, mfa_max_age_minutes=60),
        USUAL | trust(mfa_max_age_minutes=60),
    ),
    "the name of a user of whom SAML sends": (
        "role.trust.session_name",
        USUAL | trust(saml_provider=SAML, session_name="username"),
        USUAL | trust(saml_provider=SAML, saml_names=["carol"], session_name="username"),
    ),
    "MFA of those who never show it": (
        "role.trust.mfa",
        without("usernames", **trust(mfa=True, permission_sets=["OnCall"])),
        without("usernames", **trust(permission_sets=["OnCall"])),
    ),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_a_contradiction_names_the_key_to_change(what: str) -> None:
    key, wrong, right = CONTRADICTIONS[what]
    assert problems(right) == []
    found = problems(wrong)
    assert [text for text in found if text.startswith((f"{key} ", f"{key}:"))], found


PRIVATE = (
    *("10.1.2.0/24", "172.16.0.0/12", "172.31.255.255", "192.168.0.1", "100.64.0.0/16", "127.0.0.1", "169.254.1.1"),
    *("fd00::/8", "fe80::1", "::1"),
)
PUBLIC = ("172.15.255.255", "172.32.0.0", "11.0.0.0/8", "203.0.113.0/24", "2001:db8::/32", "100.128.0.1")


@pytest.mark.parametrize("network", PRIVATE)
def test_no_call_reaches_aws_from_a_private_network(network: str) -> None:
    """https://www.iana.org/assignments/iana-ipv4-special-registry and its counterpart for IPv6."""
    (found,) = problems(USUAL | trust(source_ips=[network]))
    assert found.startswith("role.trust.source_ips[0] ")


@pytest.mark.parametrize("network", PUBLIC)
def test_a_public_network_beside_a_private_one_is_taken(network: str) -> None:
    assert problems(USUAL | trust(source_ips=[network])) == []
