"""No credential is printed or written, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from canned_aws import SECRET_KEY, Refusal, canned_aws
from cloudtrail_proxy import BAD_CODE, EXPIRED, STS_OFF, Failure
from drill_world import FEW, LOGIN_LOG, MAIN, World, deployed, world
from moto_aws import Aws
from samples import ACCOUNT

from cfn_breakglass.drill.aws import CallFailedError
from cfn_breakglass.drill.calls import GET_CALLER_IDENTITY
from cfn_breakglass.drill.sending import MfaCode

CODE = "918273"
MFA = ("--mfa-serial", f"arn:aws:iam::{ACCOUNT}:mfa/alice", "--mfa-code", CODE)
# STS tells what it would have signed, the token included.
WRONG_SIGNATURE = Failure(403, "SignatureDoesNotMatch", "The Canonical String should have been {SecurityToken}")

REGIONS = (MAIN, *FEW)


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Aws, dict[str, str]]]:
    with deployed() as (aws, keys):
        yield aws, keys


@pytest.fixture
def here(account: tuple[Aws, dict[str, str]], tmp_path: Path) -> Iterator[World]:
    with world(*account, tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    "failures",
    [
        {},
        {("AssumeRole", ""): EXPIRED},
        {("AssumeRole", "eu-west-1"): STS_OFF},
        {("AssumeRole", "eu-west-1"): WRONG_SIGNATURE},
        {("GetSessionToken", ""): BAD_CODE},
    ],
    ids=["seen", "expired", "STS off", "wrong signature", "bad code"],
)
def test_nothing_that_is_printed_or_written_holds_a_secret(
    here: World, failures: dict[tuple[str, str], Failure]
) -> None:
    here.proxy.failures |= failures
    done = here.drill("--yes", *MFA)
    texts = [done.stdout, done.stderr, *(path.read_text(encoding="utf-8") for path in here.output.iterdir())]
    assert len(texts) == 4
    secrets = {*here.proxy.secrets, here.keys["SecretAccessKey"], CODE}
    if not failures:
        assert len(secrets) == 2 + 2 * (1 + len(REGIONS))  # a key and a token of each session, those of the user
    assert [secret for secret in secrets if any(secret in text for text in texts)] == []


def test_the_token_that_the_event_holds_is_in_the_log_alone(here: World) -> None:
    assert here.drill("--yes").exit_code == 0
    events = here.aws.client("logs").filter_log_events(logGroupName=LOGIN_LOG)["events"]
    logged = [json.loads(event["message"])["detail"] for event in events]
    tokens = {event["responseElements"]["credentials"]["sessionToken"] for event in logged if event["responseElements"]}
    assert tokens & here.proxy.secrets
    for path in here.output.iterdir():
        assert not any(token in path.read_text(encoding="utf-8") for token in tokens)


def test_an_error_has_no_credential_in_any_of_its_texts() -> None:
    def answer(*_: object) -> dict[str, str]:
        raise Refusal("SignatureDoesNotMatch", f"it should have been signed with {SECRET_KEY}", 403)

    with pytest.raises(CallFailedError) as raised:
        canned_aws({"GetCallerIdentity": answer}).call(GET_CALLER_IDENTITY, "us-east-1")
    error = raised.value
    assert error.failure.message == "it should have been signed with ******"
    assert SECRET_KEY not in f"{error!s} {error!r}"


def test_a_code_is_in_no_text() -> None:
    assert CODE not in f"{MfaCode('serial', CODE)} {MfaCode('serial', CODE)!r}"
