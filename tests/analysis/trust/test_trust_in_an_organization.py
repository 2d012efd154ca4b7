"""Who can assume the role of an account of an organization: users, permission sets and providers of its hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from organization_samples import HUB, MEMBER, ORGANIZATION

from cfn_breakglass.analysis.iam.principals import username_in_wildcard
from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.generation.files import write_files
from cfn_breakglass.generation.generate import output_files

OTHER = "444455556666"
SAML, OIDC = "saml-provider/Corp", "oidc-provider/idp.example.com"
SETTINGS: dict[str, Any] = {
    **ORGANIZATION,
    "role": {
        "trust": {
            "session_name": "username",
            "permission_sets": ["OnCall"],
            "saml_provider": f"arn:aws:iam::{HUB}:{SAML}",
            "saml_names": ["alice@example.com"],
            "oidc_provider": f"arn:aws:iam::{HUB}:{OIDC}",
            "oidc_subjects": ["ops-alice"],
        }
    },
}
ALICE = "--user alice --session-name alice"
ASSERTION = "--session-name alice@example.com --audience https://signin.aws.amazon.com/saml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The templates of an organization with every way in."""
    templates = tmp_path_factory.mktemp("templates")
    write_files(templates, output_files(config_of(SETTINGS)))
    return templates


def trust(folder: Path, options: str) -> Result:
    arguments = ["trust", "--templates", str(folder), *options.split()]
    return CliRunner().invoke(cli, arguments, prog_name="cfn-breakglass", catch_exceptions=False)


@pytest.mark.parametrize(
    ("options", "exit_code", "words"),
    {
        "a user of the hub": (
            f"{ALICE} --mfa",
            0,
            f"Yes: IAM user alice of the hub {HUB} can assume the role.",
        ),
        "under a path": ("--user staff/alice --mfa --session-name alice", 0, "Yes: IAM user alice of the hub"),
        "whom the templates grant it": (
            f"{ALICE} --mfa",
            0,
            "with the policy break-glass-grant",
        ),
        "without MFA": (ALICE, 1, "only if MFA was used; the call has no MFA"),
        "another session name": (
            "--user alice --mfa --session-name bob",
            1,
            "name is the IAM user's name",
        ),
        "a longer name": (
            "--user malice --mfa --session-name malice",
            1,
            "the caller is the IAM user alice or bob",
        ),
        "another user": ("--user carol --mfa --session-name carol", 1, f"it is arn:aws:iam::{HUB}:user/carol"),
        "a user of that name in the account of the role": (
            f"{ALICE} --mfa --account {MEMBER}",
            1,
            "names them as a principal",
        ),
        "a role of the hub with the name of a user": ("--role alice --session-name alice", 1, "only if the caller is"),
        "a permission set of the hub": (
            "--permission-set OnCall",
            0,
            "Yes, if their own policies allow it",
        ),
        "a longer permission set": ("--permission-set OnCall_2", 1, "is not a session of a permission set"),
        "the provider of the account": (f"--saml arn:aws:iam::{MEMBER}:{SAML} {ASSERTION}", 0, "Yes: one of the users"),
        "the provider of the hub": (
            f"--saml arn:aws:iam::{HUB}:{SAML} {ASSERTION}",
            1,
            f"the provider is of account {HUB}: it signs people in to roles of that account only",
        ),
        "a token": (f"--oidc arn:aws:iam::{MEMBER}:{OIDC} --subject ops-alice", 0, "Yes: one of the users of the OIDC"),
        "another account": (
            f"{ALICE} --mfa --stack-account {OTHER}",
            0,
            f"on arn:aws:iam::{OTHER}:role/break-glass:",
        ),
        "the hub itself": (
            f"{ALICE} --mfa --stack-account {HUB}",
            0,
            "Yes: IAM user alice of this account",
        ),
    }.values(),
)
def test_one_caller(folder: Path, options: str, exit_code: int, words: str) -> None:
    result = trust(folder, options)
    assert (result.exit_code, words in result.stdout) == (exit_code, True), result.stdout


def test_everybody(folder: Path) -> None:
    result = trust(folder, "")
    assert result.exit_code == 0
    for line in (
        f"Role arn:aws:iam::{MEMBER}:role/break-glass",
        f"Every account of the organization has this role; {MEMBER} is an example.",
        f"  1. IAM users alice or bob of the hub {HUB}, with sts:AssumeRole, if",
        f"  5. sessions of the permission set OnCall of the hub {HUB}, with sts:AssumeRole",
        "The templates grant it to alice and bob, with the policy break-glass-grant.",
        "  - alice with another session name:",
    ):
        assert line in result.stdout.splitlines()
    denied = result.stdout.partition("Who is denied, and why:")[2]
    assert "IAM users of this account, sessions of roles of this account" in denied
    assert f"other IAM users of the hub {HUB}, sessions of roles of the hub {HUB}" in denied


def test_json_names_the_hub(folder: Path) -> None:
    everybody, alice = (json.loads(trust(folder, f"{options} --json").stdout) for options in ("", "--user alice"))
    for answer in (everybody, alice):
        assert (answer["account"], answer["hub"], answer["is_example"]) == (MEMBER, HUB, True)
    assert everybody["granted"] == {"alice": ["break-glass-grant"], "bob": ["break-glass-grant"]}
    chosen = json.loads(trust(folder, f"--user alice --json --stack-account {OTHER}").stdout)
    assert (chosen["account"], chosen["is_example"]) == (OTHER, False)


def test_an_example_is_never_the_hub(tmp_path: Path) -> None:
    settings = {**SETTINGS, "organization": {**SETTINGS["organization"], "hub": MEMBER}, "alerts": {}, "role": {}}
    write_files(tmp_path, output_files(config_of({**settings, "alerts": {"emails": ["ops@example.com"]}})))
    assert json.loads(trust(tmp_path, "--json").stdout)["account"] == OTHER


def test_a_role_that_the_templates_do_not_make(tmp_path: Path) -> None:
    write_files(tmp_path, output_files(config_of({**ORGANIZATION, "role": {"existing": "break-glass"}})))
    result = trust(tmp_path, "")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{tmp_path}/accounts.yaml: it creates no break-glass role")


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::999999999999:user*/alice", "alice"),
        ("arn:aws:iam::999999999999:user*/ali*", ""),
        ("arn:aws:iam::999999999999:user/alice", ""),
        ("arn:aws:iam::*:user*/alice", ""),
        ("arn:aws:iam::999999999999:role*/alice", ""),
        ("alice", ""),
    ],
)
def test_the_wildcard_of_a_user(arn: str, name: str) -> None:
    assert username_in_wildcard(arn) == name
