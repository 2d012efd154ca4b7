"""A config that makes something too large for AWS: the error names a key, and its advice helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cfn_breakglass import load_config, output_files
from cfn_breakglass.errors import ConfigError, Problem

USUAL: dict[str, Any] = {"main_region": "us-east-1", "regions": [], "alerts": {"emails": ["ops@example.com"]}}
ALICE = {"usernames": ["alice"]}
NETWORKS = [f"203.0.{number}.0/24" for number in range(200)]
SAML = "arn:aws:iam::111122223333:saml-provider/Corp"
OIDC = "arn:aws:iam::111122223333:oidc-provider/idp.example.com"


def names(count: int, letter: str = "u") -> list[str]:
    return [f"{letter}{number:04}" for number in range(count)]


def statements(count: int) -> list[dict[str, Any]]:
    return [{"Effect": "Allow", "Action": f"s3:Get{number}", "Resource": "*"} for number in range(count)]


# The key that the error names: (settings that make something too large, the same after the advice was taken)
TOO_LARGE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "usernames": ({"usernames": names(400)}, {"usernames": {"principal_tag": {"on-call": "yes"}}}),
    "role.policy_statements": (
        ALICE | {"role": {"policy_statements": statements(300)}},
        ALICE | {"role": {"managed_policies": ["job-function/ViewOnlyAccess"]}},
    ),
    "protection.exempt": (
        ALICE | {"protection": {"exempt": [f"arn:aws:iam::*:role/R{name}" for name in names(400)]}},
        ALICE | {"protection": {"exempt": ["arn:aws:iam::*:role/R*"]}},
    ),
    "actions.services": (ALICE | {"actions": {"services": names(400, "s")}}, ALICE),
    "role.trust.saml_names": (
        {"role": {"trust": {"saml_provider": SAML, "saml_names": names(400)}}},
        {"role": {"trust": {"saml_provider": SAML, "saml_names": ["*"]}}},
    ),
    "role.trust.oidc_subjects": (
        {"role": {"trust": {"oidc_provider": OIDC, "oidc_subjects": names(400)}}},
        {"role": {"trust": {"oidc_provider": OIDC, "oidc_subjects": ["u*"]}}},
    ),
    "role.trust.source_ips": (
        ALICE | {"role": {"trust": {"source_ips": NETWORKS}}},
        ALICE | {"role": {"trust": {"source_ips": ["203.0.0.0/16"]}}},
    ),
    "alerts": (
        ALICE | {"alerts": {"emails": [f"{name}@example.com" for name in names(600)]}},
        ALICE | {"alerts": {"emails": ["list@example.com"]}},
    ),
}


def problems(folder: Path, settings: dict[str, Any]) -> list[Problem]:
    """What is too large in what a config file makes."""
    path = folder / "breakglass.yaml"
    path.write_text(yaml.safe_dump(USUAL | settings), encoding="utf-8")
    config, lines = load_config(path)
    try:
        output_files(config, file=str(path), lines=lines)
    except ConfigError as error:
        return error.problems
    return []


@pytest.mark.parametrize("key", TOO_LARGE)
def test_the_advice_helps(tmp_path: Path, key: str) -> None:
    too_large, advised = TOO_LARGE[key]
    found = problems(tmp_path, too_large)
    assert {problem.text.partition(":")[0] for problem in found} == {key}
    assert all(problem.fix for problem in found)
    assert problems(tmp_path, advised) == []
