"""A drill in an account of moto, by the command line: what it sends, what it sees, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloudtrail_proxy import BAD_CODE, EXPIRED, NOT_ALLOWED, STS_OFF, THROTTLED
from drill_world import FEW, MAIN, ROLE, SETTINGS, World, deployed, world
from moto_aws import Aws
from samples import ACCOUNT

from cfn_breakglass.config.loader import config_of
from cfn_breakglass.drill.aws import open_aws
from cfn_breakglass.drill.drill_plan import make_drill_plan
from cfn_breakglass.plan import make_plan

REGIONS = (MAIN, *FEW)
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/alice"


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Aws, dict[str, str]]]:
    with deployed() as (aws, keys):
        yield aws, keys


@pytest.fixture
def here(account: tuple[Aws, dict[str, str]], tmp_path: Path) -> Iterator[World]:
    with world(*account, tmp_path) as made:
        yield made


def results(here: World) -> dict[str, str]:
    return {region: request["result"] for region, request in here.requests().items()}


def all_regions(result: str) -> dict[str, str]:
    return dict.fromkeys(REGIONS, result)


def test_every_call_is_seen(here: World) -> None:
    done = here.drill("--yes")
    assert done.exit_code == 0, done.output
    assert results(here) == all_regions("seen")
    assert here.proxy.regions_of("AssumeRole") == sorted(REGIONS)
    assert len({request["request_id"] for request in here.requests().values()}) == len(REGIONS)
    assert {request["role"] for request in here.requests().values()} == {ROLE}
    assert "3 of 3 calls were seen in the log, the slowest after " in done.stdout
    assert f"{ACCOUNT} {MAIN}: seen after " in done.stderr


def test_it_says_first_what_it_will_do(here: World) -> None:
    done = here.drill("--yes")
    says = done.stdout.partition("\n\n")[0]
    assert says.startswith(f"As arn:aws:iam::{ACCOUNT}:user/alice, this will\n")
    assert ROLE in says
    assert all(region in says for region in REGIONS)
    assert "It sets off 3 alerts, RoleAssumed." in says


def test_it_asks_nobody_without_a_terminal(here: World) -> None:
    done = here.drill()
    assert done.exit_code == 2
    assert "Add --yes" in done.stderr
    assert here.proxy.operations() == {"GetCallerIdentity"}
    assert not [*here.output.iterdir()]


def test_a_rule_that_is_off_is_the_reason(here: World) -> None:
    events = here.aws.client("events", "eu-west-1")
    rule = events.describe_rule(Name="break-glass.Assume")
    events.disable_rule(Name="break-glass.Assume")
    try:
        done = here.drill("--yes")
    finally:
        events.put_rule(Name="break-glass.Assume", EventPattern=rule["EventPattern"], State=rule["State"])
    assert done.exit_code == 1
    assert results(here) == {**all_regions("seen"), "eu-west-1": "not seen"}
    request = here.requests()["eu-west-1"]
    assert request["answer"] == "allowed"
    assert request["seconds"] is None
    assert any("the rule break-glass.Assume on the bus default is DISABLED" in reason for reason in request["reasons"])


def test_sts_that_is_off_is_the_reason(here: World) -> None:
    here.proxy.failures["AssumeRole", "eu-west-1"] = STS_OFF
    done = here.drill("--yes")
    assert done.exit_code == 1
    assert results(here) == {**all_regions("seen"), "eu-west-1": "not seen"}
    (reason,) = here.requests()["eu-west-1"]["reasons"]
    assert reason.startswith("STS is off in this region: ")


@pytest.mark.thorough("a drill that has to wait")
def test_what_comes_late_is_waited_for(here: World) -> None:
    here.proxy.late["ap-south-1"] = 4
    done = here.drill("--yes", "--timeout", "5")
    assert done.exit_code == 0, done.output
    assert here.requests()["ap-south-1"]["seconds"] >= 4


def test_what_comes_too_late_is_not_seen(here: World) -> None:
    here.proxy.late["ap-south-1"] = 600
    assert here.drill("--yes").exit_code == 1
    assert results(here) == {**all_regions("seen"), "ap-south-1": "not seen"}


def test_a_knock_is_denied_everywhere(here: World) -> None:
    here.proxy.failures["AssumeRole", ""] = NOT_ALLOWED
    done = here.drill("--knock", "--yes")
    assert done.exit_code == 0, done.output
    assert results(here) == all_regions("seen")
    assert {request["answer"] for request in here.requests().values()} == {"denied"}
    assert "It sets off 3 alerts, RoleDenied." in done.stdout
    assert "3 of 3 denied calls were seen in the log" in done.stdout


def test_a_knock_that_gets_in_is_said(here: World) -> None:
    here.proxy.failures |= {("AssumeRole", region): NOT_ALLOWED for region in FEW}
    done = here.drill("--knock", "--yes")
    assert done.exit_code == 1
    assert results(here) == {**all_regions("seen"), MAIN: "got in"}
    assert f"{ACCOUNT} {MAIN}: got in: the caller got in" in done.stdout


def test_a_denial_where_the_caller_should_get_in_shows_nothing(here: World) -> None:
    here.proxy.failures["AssumeRole", "ap-south-1"] = NOT_ALLOWED
    done = here.drill("--yes")
    assert done.exit_code == 2
    assert results(here) == {**all_regions("seen"), "ap-south-1": "could not tell"}
    (reason,) = here.requests()["ap-south-1"]["reasons"]
    assert reason.startswith("the caller was denied")


def test_throttling_shows_nothing(here: World) -> None:
    here.proxy.failures["AssumeRole", "ap-south-1"] = THROTTLED
    assert here.drill("--yes").exit_code == 2
    assert results(here) == {**all_regions("seen"), "ap-south-1": "could not tell"}
    assert here.requests()["ap-south-1"]["reasons"] == ["Throttling: Rate exceeded"]
    assert here.proxy.regions_of("AssumeRole").count("ap-south-1") == 4  # it tried again


def test_a_network_failure_shows_nothing(here: World) -> None:
    here.proxy.broken.add("ap-south-1")
    assert here.drill("--yes").exit_code == 2
    assert results(here) == {**all_regions("seen"), "ap-south-1": "could not tell"}
    request = here.requests()["ap-south-1"]
    assert request["request_id"] == ""
    assert request["reasons"][0].startswith("ConnectionClosedError: ")


def test_no_network_at_all_is_one_sentence(here: World) -> None:
    here.proxy.broken |= {*REGIONS}
    done = here.drill("--yes")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"sts:GetCallerIdentity in {MAIN}: ConnectionClosedError: ")
    assert done.stdout == ""


def test_one_code_serves_all_regions(here: World) -> None:
    done = here.drill("--yes", "--mfa-serial", SERIAL, "--mfa-code", "123456")
    assert done.exit_code == 0, done.output
    assert here.proxy.regions_of("GetSessionToken") == [MAIN]
    assert here.proxy.regions_of("AssumeRole") == sorted(REGIONS)
    assert f"call GetSessionToken once, with a code of {SERIAL}" in done.stdout


def test_the_code_may_be_in_the_environment(here: World) -> None:
    done = here.drill("--yes", "--mfa-serial", SERIAL, CFN_BREAKGLASS_MFA_CODE="123456")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef"])
def test_a_code_has_six_digits(here: World, code: str) -> None:
    done = here.drill("--yes", "--mfa-serial", SERIAL, "--mfa-code", code)
    assert done.exit_code == 2
    assert "six digits" in done.stderr
    assert code not in done.output
    assert "GetSessionToken" not in here.proxy.operations()


def test_the_code_is_asked_for_on_a_terminal_alone(here: World) -> None:
    done = here.drill("--yes", "--mfa-serial", SERIAL)
    assert done.exit_code == 2
    assert "CFN_BREAKGLASS_MFA_CODE" in done.stderr


def test_a_code_that_is_over_sends_nothing(here: World) -> None:
    here.proxy.failures["GetSessionToken", ""] = BAD_CODE
    done = here.drill("--yes", "--mfa-serial", SERIAL, "--mfa-code", "123456")
    assert done.exit_code == 2
    assert "AssumeRole" not in here.proxy.operations()
    assert "no session with MFA, so nothing was sent" in done.stdout
    assert {tuple(request["reasons"]) for request in here.requests().values()} == {("nothing was sent",)}
    assert results(here) == all_regions("could not tell")
    assert here.receipt()["end"].endswith("invalid MFA one time pass code. ******")


def test_credentials_that_are_over_show_nothing(here: World) -> None:
    here.proxy.failures["AssumeRole", ""] = EXPIRED
    assert here.drill("--yes").exit_code == 2
    assert results(here) == all_regions("could not tell")


def test_nothing_is_sent_where_the_log_cannot_be_read(here: World) -> None:
    logs = here.aws.client("logs")
    logs.delete_log_group(logGroupName="/aws/events/break-glass/login")
    try:
        done = here.drill("--yes")
    finally:
        logs.create_log_group(logGroupName="/aws/events/break-glass/login")
    assert done.exit_code == 2
    assert "AssumeRole" not in here.proxy.operations()
    assert "logs:FilterLogEvents in us-east-1: ResourceNotFoundException" in here.receipt()["end"]


def test_a_folder_that_cannot_be_written_ends_it_before_it_begins(here: World) -> None:
    here.output.write_text("a file", encoding="utf-8")
    done = here.drill("--yes")
    assert done.exit_code == 2
    assert "nothing was sent" in done.stderr
    assert "AssumeRole" not in here.proxy.operations()


def settings_of(here: World, **settings: Any) -> None:
    file = here.folder / "breakglass.yaml"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **settings}), encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mfa-code", "123456"], "--mfa-code needs --mfa-serial"),
        (["--account", ACCOUNT, "--all-accounts"], "--all-accounts includes --account"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(here: World, arguments: list[str], message: str) -> None:
    done = here.drill("--yes", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert here.proxy.calls == []


@pytest.mark.parametrize(
    "arn",
    ["Rescue", f"arn:aws:iam::{ACCOUNT}:user/Rescue", "arn:aws:iam::444455556666:role/Rescue"],
    ids=["a name", "a user", "another account"],
)
def test_a_role_has_an_arn_of_the_account(here: World, arn: str) -> None:
    done = here.drill("--yes", "--role-arn", arn)
    assert done.exit_code == 2
    assert done.stderr == f"{arn} is no ARN of a role of the account {ACCOUNT}\n"
    assert "AssumeRole" not in here.proxy.operations()


@pytest.mark.parametrize(
    ("settings", "arguments", "message"),
    [
        (
            {"account": "444455556666"},
            [],
            f"the caller is of the account {ACCOUNT}, and the config is for 444455556666",
        ),
        ({"alerts": {"log": False, "emails": ["ops@example.com"]}}, [], "the config keeps no RoleAssumed in a log"),
        ({"detections": {"RoleDenied": "off"}}, ["--knock"], "the config keeps no RoleDenied in a log"),
        ({}, ["--account", "444455556666"], "the config has no organization"),
        ({}, ["--all-accounts"], "the config has no organization"),
        ({"usernames": [], "role": {"existing": "Rescue"}}, [], "the config does not say the whole ARN of the role"),
        ({}, ["--role-arn", f"{ROLE}-2"], f"{ROLE}-2 is not the role of the config, {ROLE}"),
        (
            {"usernames": [], "role": {"permission_set": "Rescue"}},
            ["--knock", "--role-arn", ROLE],
            f"{ROLE} is not the role of the config, permission set Rescue",
        ),
        (
            {"usernames": [], "role": {"permission_set": "Rescue"}},
            [],
            "only Identity Center can assume the role of a permission set",
        ),
        (
            {"usernames": [], "role": {"permission_set": "Rescue"}},
            ["--role-arn", "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Rescue_0"],
            "only Identity Center can assume the role of a permission set",
        ),
    ],
    ids=[
        *("another account", "no log", "not logged", "no organization", "no accounts", "no whole ARN", "another role"),
        *("no permission set", "a permission set", "a permission set and its ARN"),
    ],
)
def test_what_could_show_nothing_is_refused(
    here: World, settings: dict[str, Any], arguments: list[str], message: str
) -> None:
    settings_of(here, **settings)
    done = here.drill("--yes", *arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith(message)
    assert "AssumeRole" not in here.proxy.operations()


@pytest.mark.parametrize(
    ("role", "arn"),
    [
        ({"existing": "Rescue"}, f"arn:aws:iam::{ACCOUNT}:role/ops/Rescue"),
        ({"existing": "Rescue"}, f"arn:aws:iam::{ACCOUNT}:role/Rescue"),
        (
            {"permission_set": "Rescue"},
            f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Rescue_0123456789abcdef",
        ),
    ],
)
def test_the_whole_arn_is_taken_where_the_config_has_a_part_of_it(role: dict[str, str], arn: str) -> None:
    settings = config_of({**SETTINGS, "usernames": [], "role": role})
    assert make_drill_plan(make_plan(settings), ACCOUNT, "", knock=True, role_arn=arn).role_arns == (arn,)


def test_what_the_trust_policy_asks_for_is_sent(here: World) -> None:
    settings_of(here, role={"trust": {"external_id": "42", "source_identity": True, "principals": ["444455556666"]}})
    done = here.drill("--yes")
    assert done.exit_code == 0, done.output
    sent = here.proxy.parameters["AssumeRole"]
    assert sent.pop("Action") == "AssumeRole"
    assert sent.pop("Version") == "2011-06-15"
    assert sent == {
        "RoleArn": ROLE,
        "RoleSessionName": "alice",
        "SourceIdentity": "alice",
        "ExternalId": "42",
        "DurationSeconds": "900",
    }


def test_sts_is_regional_whatever_the_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its global endpoint would record every call in us-east-1."""
    config = tmp_path / "config"
    config.write_text("[default]\nsts_regional_endpoints = legacy\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    caller = open_aws(None)
    session = caller.with_credentials({"AccessKeyId": "any", "SecretAccessKey": "any", "SessionToken": "any"})
    for aws in (caller, session):
        client = aws._client("sts", "ap-south-1")  # noqa: SLF001 - nothing that it answers tells the endpoint
        assert client.meta.endpoint_url == "https://sts.ap-south-1.amazonaws.com"
