"""What generate says of people who cannot get in, and of what others have to do so that they can."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from golden_cases import CASES
from rejections import inside

from cfn_breakglass import config_of, load_config
from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.model import Config
from cfn_breakglass.guidance.lockouts import lockouts
from cfn_breakglass.guidance.next_steps import grant_steps
from cfn_breakglass.plan import make_plan

NOW = datetime(2031, 3, 5, tzinfo=UTC)
CHIEF = "arn:aws:iam::444455556666:role/ops/Chief"
CORP = "arn:aws:iam::111122223333:saml-provider/Corp"
IDP = "arn:aws:iam::111122223333:oidc-provider/idp.example.com"

APPLICATION = "arn:aws:account-access:us-east-1:111122223333:application/app-1"


def configured(trust: dict[str, Any], usernames: Any = ("alice",), **role: Any) -> Config:
    users = usernames if isinstance(usernames, dict) else list(usernames)
    return config_of({"main_region": "us-east-1", "usernames": users, "role": {"trust": trust, **role}})


def told(config: Config, now: datetime = NOW) -> dict[str, str]:
    """What is said, by the key it begins with."""
    return dict(one.split(": ", 1) for one in lockouts(config, now))


KEPT_OUT = {
    "networks and codes": (
        configured({"source_ips": ["203.0.113.0/24"]}),
        "source_ips",
        "a code from an app, because a profile cannot ask a security key or passkey; whether aws login",
    ),
    "networks without MFA": (configured({"source_ips": ["203.0.113.0/24"], "mfa": False}), "source_ips", "networks"),
    "networks and roles": (configured({"source_ips": ["203.0.113.7"], "principals": [CHIEF]}, ()), "source_ips", "VPC"),
    "networks and account access manager": (
        configured({"source_ips": ["203.0.113.7"], "account_access": {"application": APPLICATION}}, ()),
        "source_ips",
        "nobody can assume the role by role.trust.account_access",
    ),
    "regions without the usual one of the console": (
        config_of(
            {
                "main_region": "eu-west-1",
                "regions": ["eu-central-1"],
                "usernames": ["alice"],
                "role": {"trust": {"only_covered_regions": True}},
            }
        ),
        "only_covered_regions",
        "us-east-1 is not watched, so nobody can switch to the role at the usual address",
    ),
    "usernames of a SAML provider": (
        configured({"saml_provider": CORP}),
        "usernames",
        "session names of the SAML provider, so no IAM user",
    ),
    "a source identity": (
        configured({"source_identity": True}),
        "source_identity",
        "the command in the stack's outputs",
    ),
    "an external ID": (configured({"external_id": "x1", "principals": [CHIEF]}), "external_id", "in the console"),
    "an account and MFA": (
        configured({"principals": ["444455556666"]}),
        "principals",
        "only its IAM users can assume the role",
    ),
    "a root ARN and MFA": (
        configured({"principals": ["arn:aws:iam::444455556666:root"]}),
        "principals",
        "needs MFA",
    ),
    "subjects with stars": (
        configured({"oidc_provider": IDP}, ["repo:a/b:*"]),
        "usernames",
        "role.trust.oidc_subjects",
    ),
    "over": (configured({"not_after": "2031-03-05T00:00:00Z"}), "not_after", "2031-03-05T00:00:00Z is over, so nobody"),
    "hours of a set": (configured({"permission_sets": ["OnCall"]}, max_session_hours=2), "max_session_hours", "1 hour"),
    "hours of a role": (configured({"principals": [CHIEF]}, max_session_hours=12), "max_session_hours", "12 hours are"),
    "hours of an account": (
        configured({"principals": ["444455556666"], "mfa": False}, max_session_hours=2),
        "max_session_hours",
        "a call that asks for more is denied",
    ),
}


@pytest.mark.parametrize(("config", "key", "words"), KEPT_OUT.values(), ids=KEPT_OUT)
def test_who_is_kept_out_is_told(config: Config, key: str, words: str) -> None:
    found = {name.rpartition(".")[2]: text for name, text in told(config).items()}
    assert words in found[key]
    assert list(found) == [key]


QUIET = {
    "users": configured({}),
    "hours of users": configured({}, max_session_hours=12),
    "hours of a provider": configured({"saml_provider": CORP, "saml_names": ["*"]}, max_session_hours=12),
    "hours of an account with MFA": configured(
        {"principals": ["arn:aws:iam::444455556666:user/ann"]}, max_session_hours=12
    ),
    "a role": configured({"principals": [CHIEF]}),
    "an account without MFA": configured({"principals": ["444455556666"], "mfa": False}),
    "a permission set": configured({"permission_sets": ["OnCall"]}, ()),
    "an organization": configured({"principals": [CHIEF], "organization": "o-a1b2c3d4e5"}),
    "wildcards where they are some": configured({"oidc_provider": IDP, "oidc_subjects": ["repo:a/b:*"]}),
    "subjects to the letter": configured({"oidc_provider": IDP}, ["repo:a/b"]),
    "a role that is there": config_of({"main_region": "us-east-1", "role": {"existing": "ops/Emergency"}}),
    "not over yet": configured({"not_after": "2031-03-05T00:00:01Z"}),
}


@pytest.mark.parametrize("config", QUIET.values(), ids=QUIET)
def test_nothing_is_said_where_nobody_is_kept_out(config: Config) -> None:
    assert told(config) == {}


def test_the_end_is_told_by_the_clock_and_changes_no_byte(tmp_path: Path) -> None:
    texts = {}
    for name, days in (("over", -1), ("coming", 1)):
        end = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
        folder = tmp_path / name
        folder.mkdir()
        text = f"main_region: us-east-1\nregions: []\nusernames: [alice]\nrole: {{trust: {{not_after: {end}}}}}\n"
        (folder / "breakglass.yaml").write_text(text)
        with inside(folder):
            done = CliRunner().invoke(cli, ["generate"], catch_exceptions=False)
        assert done.exit_code == 0
        assert ("is over, so nobody can assume the role" in done.stderr) == (name == "over")
        utc = end.replace("+00:00", "Z")
        texts[name] = (folder / "templates" / "main-region.yaml").read_text().replace(utc, "END")
    assert texts["over"] == texts["coming"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_sentence_names_a_key_and_says_what_to_do(case: Path) -> None:
    config, lines = load_config(case / "breakglass.yaml")
    for key, text in told(config).items():
        assert key in lines
        assert "; " in text


def steps(config: Config) -> list[str]:
    return list(grant_steps(make_plan(config)))


def test_who_has_to_be_allowed_elsewhere_gets_the_statement_for_it() -> None:
    trust = {"principals": ["444455556666", CHIEF], "permission_sets": ["444455556666/Platform"]}
    (step,) = steps(configured(trust, path="/ops/"))
    assert all(f"     {one}\n" in step for one in (*trust["principals"], *trust["permission_sets"]))
    statement = json.loads(step.splitlines()[-1])
    assert statement["Resource"] == ["arn:aws:iam::ACCOUNT:role/ops/break-glass"]
    document = {"Version": "2012-10-17", "Statement": [statement]}
    assert allowed([document], action="sts:AssumeRole", resource=statement["Resource"][0], context={})


def test_who_is_named_in_the_account_itself_needs_no_policy() -> None:
    here = ["arn:aws:iam::111122223333:role/Chief", "arn:aws:iam::111122223333:user/ann"]
    boundary = "arn:aws:iam::111122223333:policy/Boundary"
    assert steps(configured({"principals": here}, permissions_boundary=boundary)) == []


@pytest.mark.parametrize("grant", ["users", "none"])
def test_a_policy_that_is_given_to_nobody_is_to_be_attached(grant: str) -> None:
    by_tag = configured({}, {"principal_tag": {"team": "on-call", "rank": "1"}}, grant=grant)
    sets = configured({"permission_sets": ["OnCall", "Platform"]}, grant=grant)
    found = [*steps(by_tag), *steps(sets)]
    if grant == "none":  # that is done already
        assert found == []
        return
    assert "the tag team=on-call and rank=1 to assume the role: attach the policy break-glass-grant" in found[0]
    assert "--policy-arn arn:aws:iam::ACCOUNT:policy/break-glass-grant" in found[0]
    add = "In Identity Center, add the customer managed policy break-glass-grant to the permission sets"
    assert [step.startswith(f"{add} OnCall and Platform.") for step in found[1:]] == [True]


def test_the_provider_is_told_which_role_to_send() -> None:
    named, everybody = (
        steps(configured({"saml_provider": CORP, "saml_names": names}))[0] for names in (["alice"], ["*"])
    )
    assert named.endswith(f"with the value\n     arn:aws:iam::111122223333:role/break-glass,{CORP}")
    assert "add for the users in the config the attribute\n" in named
    assert "add for the users who may assume the role the attribute\n" in everybody


def test_nothing_is_to_be_allowed_for_users_by_name_or_for_a_role_that_is_there() -> None:
    assert steps(configured({})) == []
    assert steps(config_of({"main_region": "us-east-1", "role": {"permission_set": "BreakGlass"}})) == []


def test_the_root_user_is_no_user_called_root() -> None:
    assert "no role" in told(configured({}, ("alice", "Root")))["usernames"]
    assert "usernames" not in told(configured({}, ("alice", "rooted")))
