"""Ways in that no golden case has: what the trust policy says, what ``trust`` answers, and what generate warns of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from trust_callers import CORP, GITHUB, HOME, OTHER, run

from cfn_breakglass import config_of, output_files
from cfn_breakglass.builders.access.access_outputs import access_outputs
from cfn_breakglass.guidance.next_steps import grant_steps
from cfn_breakglass.guidance.single_provider import single_provider
from cfn_breakglass.plan import make_plan

APPLICATION = f"arn:aws:account-access:us-east-1:{HOME}:application/app-1"
MAIN = "repo:example/ops:ref:refs/heads/main"
NEW_MAIN = "repo:example@1234/ops@5678:ref:refs/heads/main"
SAML: dict[str, Any] = {"saml_provider": CORP, "saml_names": ["*"]}
NEW_CORP = f"{CORP}New"
TWO: dict[str, Any] = {"saml_provider": [CORP, NEW_CORP], "saml_names": ["*"]}
ACTIONS: dict[str, Any] = {
    "oidc_provider": GITHUB,
    "oidc_subjects": ["repo:example/ops:*", "repo:example@1234/ops@5678:*"],
    "oidc_claims": {"environment": "production", "job_workflow_ref": "example/ops/*"},
}
ACCESS: dict[str, Any] = {"account_access": {"application": APPLICATION}}
CLAIMS = (
    "--key token.actions.githubusercontent.com:environment=production"
    " --key token.actions.githubusercontent.com:job_workflow_ref=example/ops/.github/workflows/x.yml@refs/heads/main"
)
ASSERTION = f"--saml {CORP} --audience https://"
PLAIN = f"{ASSERTION}signin.aws.amazon.com/saml"
TOKEN = f"--oidc {GITHUB} {CLAIMS} --subject"
WAYS: dict[str, tuple[dict[str, Any], str, int, str]] = {
    "a token of an older repository": (ACTIONS, f"{TOKEN} {MAIN}", 0, "OIDC provider"),
    "a token of a newer one": (ACTIONS, f"{TOKEN} {NEW_MAIN}", 0, "OIDC provider"),
    "a token with tags": (ACTIONS, f"{TOKEN} {MAIN} --session-tag a=b --source-identity x1", 0, "OIDC provider"),
    "another repository with tags": (ACTIONS, f"{TOKEN} repo:example/x:y --session-tag a=b", 1, "repo:example/x:y"),
    "another environment": (
        ACTIONS,
        f"{TOKEN} {MAIN} --key token.actions.githubusercontent.com:environment=test",
        1,
        "environment is production; in this call it is test",
    ),
    "unknown claims": (ACTIONS, f"--oidc {GITHUB} --subject {MAIN}", 2, ":environment=VALUE"),
    "the second of two providers": (
        TWO,
        f"{ASSERTION}signin.aws.amazon.com/saml".replace(CORP, NEW_CORP),
        0,
        "CorpNew",
    ),
    "a third provider": (TWO, PLAIN.replace(CORP, f"{CORP}3"), 1, "names them"),
    "an assertion": (SAML, f"{ASSERTION}signin.aws.amazon.com/saml", 0, "SAML provider Corp"),
    "an encrypted assertion": (
        SAML,
        f"{ASSERTION}us-east-2.signin.aws.amazon.com/saml/acs/SAMLSP1",
        0,
        "SAML provider",
    ),
    "one by the global endpoint": (SAML, f"{ASSERTION}signin.aws.amazon.com/saml/acs/SAMLSP1", 0, "SAML provider Corp"),
    "one for somebody else": (SAML, f"{ASSERTION}signin.example.com/saml/acs/SAMLSP1", 1, "the SAML audience is like"),
    "account access manager": (ACCESS, f"--account-access {APPLICATION}", 0, "the application must entitle them"),
    "account access manager with tags": (ACCESS, f"--account-access {APPLICATION} --session-tag a=b", 0, "entitle"),
    "another application": (ACCESS, f"--account-access {APPLICATION}2", 1, "what the service calls for is arn:aws:"),
    "account access manager elsewhere": (
        SAML,
        f"--account-access {APPLICATION}",
        1,
        "no statement allows sts:AssumeRole",
    ),
    "an entitled person by herself": (ACCESS, "--user alice --mfa", 1, "names them as a principal"),
}


def asked(folder: Path, trust: dict[str, Any], question: str) -> Result:
    settings = {"main_region": "us-east-1", "regions": [], "role": {"trust": trust}}
    for name, text in output_files(config_of(settings)).items():
        (folder / name).write_text(text, encoding="utf-8")
    return run(folder, "--stack-account", HOME, *question.split())


@pytest.mark.parametrize(("trust", "caller", "code", "words"), WAYS.values(), ids=WAYS)
def test_a_caller_of_each_way_in(trust: dict[str, Any], caller: str, code: int, words: str, tmp_path: Path) -> None:
    result = asked(tmp_path, trust, caller)
    assert (result.exit_code, result.stderr) == (code, "")
    assert words in result.stdout


def test_trust_says_whom_account_access_manager_lets_in(tmp_path: Path) -> None:
    text = asked(tmp_path, ACCESS, "").stdout
    assert "1. users and groups of Identity Center by account access manager" in text
    assert f"what the service calls for is {APPLICATION}" in text
    assert "other applications of account access manager" in text


@pytest.mark.parametrize(
    ("caller", "words"),
    [
        ("--account-access app-1", "app-1 is not an ARN of an application"),
        (f"--account-access {APPLICATION} --mfa", "sends none of this (--account-access, --mfa/--no-mfa)"),
        (f"--account-access {APPLICATION} --user alice", "name exactly one caller"),
    ],
)
def test_what_account_access_manager_does_not_send(caller: str, words: str, tmp_path: Path) -> None:
    result = asked(tmp_path, ACCESS, caller)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_the_next_steps_entitle_a_group() -> None:
    (step,) = grant_steps(make_plan(config_of({"main_region": "us-east-1", "role": {"trust": ACCESS}})))
    assert (
        f"aws account-access create-entitlement --region us-east-1 \\\n       --application-arn {APPLICATION}" in step
    )
    assert '"roleArn": "arn:aws:iam::ACCOUNT:role/break-glass"' in step


ON_CALL: dict[str, Any] = {"permission_sets": ["OnCall"]}
RESTS_ON: dict[str, tuple[dict[str, Any], str, str]] = {
    "SAML": ({"role": {"trust": SAML}}, "role.trust.saml_provider", f"all come by {CORP}, so nobody can assume"),
    "SAML by usernames": (
        {"usernames": ["ann"], "role": {"trust": {"saml_provider": CORP}}},
        "role.trust.saml_provider",
        "list the provider's users in role.trust.saml_names",
    ),
    "OIDC": ({"role": {"trust": ACTIONS}}, "role.trust.oidc_provider", "list the provider's users in"),
    "a permission set": ({"role": {"trust": ON_CALL}}, "role.trust.permission_sets", "by Identity Center"),
    "Identity Center twice": (
        {"role": {"trust": {**ON_CALL, **ACCESS}}},
        "role.trust.permission_sets",
        "while that is",
    ),
    "account access manager": ({"role": {"trust": ACCESS}}, "role.trust.account_access", "an IAM user with MFA too"),
    "the role of a permission set": ({"role": {"permission_set": "X"}}, "role.permission_set", "have another role"),
}


@pytest.mark.parametrize(("settings", "key", "words"), RESTS_ON.values(), ids=RESTS_ON)
def test_trust_that_rests_on_one_identity_provider_is_a_warning(settings: dict[str, Any], key: str, words: str) -> None:
    (warning,) = single_provider(config_of({"main_region": "us-east-1", **settings}))
    assert warning.startswith(f"{key}: all come by ")
    assert words in warning


@pytest.mark.parametrize(
    "settings",
    [
        {"usernames": ["ann"]},
        {"usernames": ["ann"], "role": {"trust": SAML}},
        {"usernames": {"principal_tag": {"a": "b"}}, "role": {"trust": ON_CALL}},
        {"role": {"trust": {**SAML, **ACTIONS}}},
        {"role": {"trust": TWO}},
        {"role": {"trust": {**SAML, **ON_CALL}}},
        {"role": {"trust": {**ON_CALL, "principals": [OTHER]}}},
        {"role": {"existing": "Rescue"}},
    ],
)
def test_trust_with_another_way_in_is_none(settings: dict[str, Any]) -> None:
    assert list(single_provider(config_of({"main_region": "us-east-1", **settings}))) == []


def test_two_saml_providers_are_told_and_named_alike() -> None:
    plan = make_plan(config_of({"main_region": "us-east-1", "role": {"trust": TWO}}))
    assert [provider in step for provider, step in zip((CORP, NEW_CORP), grant_steps(plan), strict=True)] == [
        True,
        True,
    ]
    assert plan.config.account == HOME
    assert "--principal-arn YOUR-PROVIDER-ARN" in access_outputs(plan)["SamlCommand"].text
