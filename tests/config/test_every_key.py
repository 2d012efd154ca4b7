"""Every key changes what comes out, and every key and detection is in a golden case."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from golden_cases import CASES
from paths import GOLDEN, STARTER

from cfn_breakglass.config.collection_types import Section, section_keys
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.model import DETECTIONS, OFF, Config, config_keys
from cfn_breakglass.generation.generate import generate_files
from cfn_breakglass.guidance.next_steps import next_steps
from cfn_breakglass.guidance.warnings import warnings
from cfn_breakglass.plan import make_plan

ACCOUNT: Final = "111122223333"
IAM: Final = f"arn:aws:iam::{ACCOUNT}"
SAML: Final = f"{IAM}:saml-provider/Corp"
OIDC: Final = f"{IAM}:oidc-provider/idp.example.com"
APPLICATION: Final = f"arn:aws:account-access:us-east-1:{ACCOUNT}:application/app-1"
ELSEWHERE: Final = "444455556666"
TEAM: Final = "1a2b3c4d-12ab-34cd-56ef-1234567890ab"
BASE: Final[dict[str, Any]] = {
    "main_region": "us-east-1",
    "regions": ["eu-west-1"],
    "usernames": ["alice"],
    "role": {"managed_policies": ["ReadOnlyAccess"]},
    "alerts": {"emails": ["ops@example.com"], "fallback": ["oncall@example.com"]},
}
EXISTING: Final = {"role": {"existing": "Rescue"}}
ORGANIZATION: Final = {"organization": {"id": "o-a1b2c3d4e5", "hub": ACCOUNT, "units": ["ou-ab12-11111111"]}}
# key: (a value for it, other settings that it needs)
CHANGES: Final[dict[str, tuple[Any, dict[str, Any]]]] = {
    "name": ("rescue", {}),
    "main_region": ("us-west-2", {}),
    "account": (ELSEWHERE, {}),
    "regions": (["eu-west-1", "eu-north-1"], {}),
    "new_regions": (["eu-west-9"], {}),
    "organization.id": ("o-f6g7h8i9j0", ORGANIZATION),
    "organization.hub": (ELSEWHERE, ORGANIZATION),
    "organization.units": (["ou-ab12-22222222"], ORGANIZATION),
    "usernames": (["bob"], {}),
    "role.existing": ("ops/Rescue", EXISTING),
    "role.permission_set": ("OnCall", {"role": {"permission_set": "Rescue"}}),
    "role.manage": (True, {"role": {"existing": "Rescue"}}),
    "role.managed_policies": (["AWSCloudTrail_ReadOnlyAccess"], {}),
    "role.policy_statements": ([{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}], {}),
    "role.permissions_boundary": (f"{IAM}:policy/Limit", {}),
    "role.path": ("/ops/", {}),
    "role.max_session_hours": (4, {}),
    "role.trust.mfa": (False, {}),
    "role.trust.mfa_max_age_minutes": (30, {}),
    "role.trust.session_name": ("username", {}),
    "role.trust.source_identity": (True, {}),
    "role.trust.saml_provider": (SAML, {}),
    "role.trust.saml_names": (["carol"], {"role": {"trust": {"saml_provider": SAML}}}),
    "role.trust.oidc_provider": (OIDC, {}),
    "role.trust.oidc_subjects": (["carol"], {"role": {"trust": {"oidc_provider": OIDC}}}),
    "role.trust.oidc_audiences": (["sts.amazonaws.com"], {"role": {"trust": {"oidc_provider": OIDC}}}),
    "role.trust.oidc_claims": (
        {"environment": "production"},
        {"role": {"trust": {"oidc_provider": OIDC, "oidc_subjects": ["carol"]}}},
    ),
    "role.trust.permission_sets": (["OnCall"], {}),
    "role.trust.account_access.application": (APPLICATION, {}),
    "role.trust.principals": ([ELSEWHERE], {}),
    "role.trust.organization": ("o-a1b2c3d4e5", {"role": {"trust": {"principals": [ELSEWHERE]}}}),
    "role.trust.external_id": ("secret-word", {"role": {"trust": {"principals": [ELSEWHERE]}}}),
    "role.trust.source_ips": (["203.0.113.0/24"], {}),
    "role.trust.only_covered_regions": (True, {}),
    "role.trust.not_before": ("2031-01-01T00:00:00Z", {}),
    "role.trust.not_after": ("2032-01-01T00:00:00Z", {}),
    "role.grant": ("none", {}),
    "alerts.emails": (["boss@example.com"], {}),
    "alerts.sms": (["+15550100"], {}),
    "alerts.https": (["https://hooks.example.com/x"], {}),
    "alerts.sqs": ([f"arn:aws:sqs:us-east-1:{ACCOUNT}:alerts"], {}),
    "alerts.lambda": ([f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:alerts"], {}),
    "alerts.application": ([f"arn:aws:sns:us-east-1:{ACCOUNT}:endpoint/APNS/app/5e3e9847"], {}),
    "alerts.topic": (f"arn:aws:sns:us-east-1:{ACCOUNT}:security", {"alerts": {"emails": []}}),
    "alerts.slack": ([{"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}], {}),
    "alerts.teams": ([{"tenant": TEAM, "team": TEAM, "channel": "19%3A0123456789abcdef%40thread.tacv2"}], {}),
    "alerts.log": (False, {}),
    "alerts.format": ("text", {}),
    "alerts.runbook": ("https://wiki.example.com/break-glass", {}),
    "alerts.message": ("<detection> by <username>", {}),
    "alerts.fallback": (["night@example.com"], {}),
    "actions.log": ("write", {}),
    "actions.services": (["s3"], {}),
    "retention_days": (30, {}),
    "logs_policy": ("existing", {}),
    "encryption": ("none", {}),
    "trail": ("create", {}),
    "trail_lock_days": (30, {"trail": "create"}),
    "heartbeat": ("daily", {}),
    "protection.deny": (False, {}),
    "protection.exempt": ([f"{IAM}:role/Deployer"], {}),
    "protection.responders": ([f"{IAM}:role/Responder"], {}),
    "deployer.role": ("ci", {"deployer": {"role": "pipeline"}}),
    "deployer.user": ("ci", {"deployer": {"user": "pipeline"}}),
    "deployer.existing": (True, {"deployer": {"role": "pipeline"}}),
    "rollout": ("managed", {}),
    "stackset_roles": ("create", {}),
    "event_bus.name": ("security", {}),
    "event_bus.existing": ("security", {}),
    "event_bus.forwarder_role": (f"{IAM}:role/Forwarder", {}),
    "tags": ({"team": "security"}, {}),
}
OPPOSITE: Final = {"alert": "log", "log": "off", "off": "alert"}


def merged(first: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The settings of both; of a key of both that is no section, the other's."""
    both = dict(first)
    for name, value in other.items():
        same = both.get(name)
        both[name] = merged(same, value) if isinstance(same, dict) and isinstance(value, dict) else value
    return both


def nested(key: str, value: Any) -> dict[str, Any]:
    for name in reversed(key.split(".")):
        value = {name: value}
    settings: dict[str, Any] = value
    return settings


def base_for(needed: dict[str, Any]) -> dict[str, Any]:
    """The settings without the key; a role that exists has no policies of ours."""
    role = needed.get("role", {})
    if "existing" in role or "permission_set" in role:
        return merged({**BASE, "role": {}}, needed)
    return merged(BASE, needed)


def output(settings: dict[str, Any]) -> tuple[dict[str, str], list[str], str]:
    """Everything that ``generate`` writes and says."""
    plan = make_plan(config_of(settings))
    files = generate_files(plan, "yaml", file="config", lines={})
    return files.texts, list(warnings(plan)), next_steps(plan, Path("templates"), files)


# A section has keys of its own, and the detections have a test of their own.
LEAVES: Final = [
    key
    for key, setting_field in section_keys(Config)
    if not isinstance(setting_field.metadata["type"], Section) and key != "detections"
]


def test_every_key_has_a_row() -> None:
    assert {"without a row": set(LEAVES) - CHANGES.keys(), "without a key": CHANGES.keys() - set(LEAVES)} == {
        "without a row": set(),
        "without a key": set(),
    }


@pytest.mark.parametrize("key", LEAVES)
def test_every_key_changes_what_comes_out(key: str) -> None:
    value, needed = CHANGES[key]
    before = base_for(needed)
    assert output(merged(before, nested(key, value))) != output(before), f"{key} changes nothing"


@pytest.mark.parametrize("detection", DETECTIONS)
def test_the_level_of_every_detection_changes_what_comes_out(detection: str) -> None:
    level = OPPOSITE[DETECTIONS[detection]]
    assert output(merged(BASE, {"detections": {detection: level}})) != output(BASE), f"{detection} changes nothing"


@cache
def golden_settings() -> dict[str, dict[str, Any]]:
    files = {case.name: case / "breakglass.yaml" for case in CASES} | {"the starter": STARTER}
    return {name: yaml.safe_load(file.read_text(encoding="utf-8")) for name, file in files.items()}


def keys_in(settings: Any, within: str = "") -> set[str]:
    found = set()
    for name, value in settings.items() if isinstance(settings, dict) else ():
        found |= {f"{within}{name}", *keys_in(value, f"{within}{name}.")}
    return found


def test_the_golden_cases_hold_every_key() -> None:
    in_goldens = set().union(*map(keys_in, golden_settings().values()))
    assert set(config_keys()) - in_goldens == set(), "no golden case has these keys"


def test_everything_watches_every_detection() -> None:
    levels = DETECTIONS | golden_settings()["everything"]["detections"]
    assert [name for name in DETECTIONS if levels[name] == OFF] == [], "golden/everything does not watch these"
    text = (GOLDEN / "everything" / "main-region.yaml").read_text(encoding="utf-8")
    assert [name for name in DETECTIONS if f"\n  {name}:\n" not in text] == [], "golden/everything has no such rules"
