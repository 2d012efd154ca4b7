"""What the outputs of the main stack say works: the AWS SDK sends what they make it send, and STS would let it in."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest
from botocore import xform_name
from every_case import assert_every
from fake_sts import Sts, listening
from golden_cases import CASES

from cfn_breakglass.analysis.iam.caller import Caller
from cfn_breakglass.analysis.template.reader import resolve
from cfn_breakglass.analysis.trust.decision import decide
from cfn_breakglass.analysis.trust.sample_callers import federated_user, iam_user, permission_set_session, role_session
from cfn_breakglass.analysis.trust.trusted_role import TrustedRole
from cfn_breakglass.config.loader import config_of, load_config
from cfn_breakglass.config.model import Config
from cfn_breakglass.generation.files import as_data
from cfn_breakglass.templates import accounts, main_region

HOME = "111122223333"
HOUR = 3600
YOURS = {
    "YOUR-USER-NAME": "alice",
    "YOUR-NAME": "alice",
    "YOUR-CODE": "123456",
    "YOUR-MFA-DEVICE-ARN": "arn:aws:iam::444455556666:mfa/phone",
    "YOUR-MFA-DEVICE": "phone",
    "YOUR-SSO-PROFILE": "default",
    "YOUR-ROLE-PROFILE": "default",
}


def deployed(config: Config) -> TrustedRole:
    """The role of a config, and the stack with its outputs; in an organization, of an account beside the hub."""
    template = as_data(accounts(config) or main_region(config))
    account = HOME if config.organization else config.account or HOME
    stack = resolve(template, account=account, region=config.main_region)
    role = stack.resources["Role"]
    return TrustedRole(stack, role, role.properties["AssumeRolePolicyDocument"], is_example=False)


CONFIGS = {case.name: load_config(case / "breakglass.yaml")[0] for case in CASES}
WITH_ROLE = [case for case, config in CONFIGS.items() if config.role.created]
LOADER = botocore.loaders.create_loader()
"""What botocore reads of the services, read once."""


def session_of(profile: str | None = None) -> botocore.session.Session:
    session = botocore.session.Session(profile=profile)
    session.register_component("data_loader", LOADER)
    return session


@cache
def role_of(case: str) -> TrustedRole:
    return deployed(CONFIGS[case])


def entrances(case: str) -> list[str]:
    """The outputs of a golden case that say how to assume the role."""
    return [key for key in role_of(case).stack.outputs if key.endswith(("Profile", "Command"))]


@pytest.fixture(scope="module")
def sts() -> Iterator[Sts]:
    with listening() as found:
        yield found


def filled(text: str, **more: str) -> str:
    """What an output says, with what is somebody's own filled in, and nothing left to fill in."""
    for mine, value in {**more, **YOURS}.items():
        text = text.replace(mine, value)
    assert "YOUR" not in text
    return text


def by_profile(text: str, sts: Sts, folder: Path) -> dict[str, str]:
    """What the SDK sends when somebody uses a profile."""
    (folder / "token").write_text("a.b.c")
    text = filled(text, **{"YOUR-TOKEN-FILE": str(folder / "token")})
    (folder / "config").write_text(f"[default]\n{text}\nendpoint_url = {sts.url}\n")
    (folder / "keys").write_text("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n")
    asking = session_of(text.splitlines()[0].removeprefix("[profile ").removesuffix("]"))
    asking.set_config_variable("config_file", str(folder / "config"))
    asking.set_config_variable("credentials_file", str(folder / "keys"))
    provider = asking.get_component("credential_provider").get_provider("assume-role")
    provider._prompter = lambda _: YOURS["YOUR-CODE"]  # noqa: SLF001 - there is nobody to type it
    asking.get_credentials().get_frozen_credentials()
    return sts.calls[-1]


def by_command(text: str, sts: Sts, _: Path) -> dict[str, str]:
    """What the AWS CLI sends for a command: its options are the parameters of the call."""
    aws, service, call, *options = shlex.split(filled(text, **{"file://YOUR-ASSERTION": "PHNhbWw+"}))
    assert (aws, service) == ("aws", "sts")
    given = dict(zip(options[::2], options[1::2], strict=True))
    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x"}
    region = given.pop("--region")
    client = session_of().create_client("sts", region, endpoint_url=sts.url, **keys)
    name = call.replace("-", "_")
    operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[name])
    kinds = {
        f"--{xform_name(one, '-')}": (one, shape.type_name) for one, shape in operation.input_shape.members.items()
    }
    sent = {kinds[key][0]: int(value) if kinds[key][1] == "integer" else value for key, value in given.items()}
    getattr(client, name)(**sent)
    return sts.calls[-1]


def coming(role: TrustedRole, key: str, config: Config) -> Caller:
    """Somebody whom an output is for."""
    trust, partition = config.role.trust, role.stack.partition
    hub = config.organization.hub if config.organization else HOME
    allows = role.document["Statement"]
    if key == "SamlCommand":
        return federated_user(allows, str(trust.saml_provider).replace(hub, HOME))
    if key == "OidcProfile":
        return federated_user(allows, str(trust.oidc_provider).replace(hub, HOME))
    if key == "PermissionSetProfile":
        account, _, name = trust.permission_sets[0].rpartition("/")
        return permission_set_session(iam_user(allows, partition, account or hub, "alice"), name)
    if key == "RoleProfile":
        arn = next(one for one in trust.principals if ":role/" in one)
        return role_session(iam_user(allows, partition, arn.split(":")[4], "alice"), arn.partition(":role/")[2])
    arn = next((one for one in trust.principals if ":role/" not in one), "") if key == "PrincipalProfile" else ""
    return iam_user(allows, partition, (arn.split(":") + [""] * 4)[4] or arn or hub, "alice")


def asked(caller: Caller, call: Mapping[str, str]) -> Caller:
    """The caller with what a call sends of them."""
    own = caller.session_name if "SAMLAssertion" in call else None  # the provider names it
    return replace(
        caller,
        session_name=call.get("RoleSessionName", own),
        source_identity=call.get("SourceIdentity"),
        external_id=call.get("ExternalId"),
        mfa_age=0 if {"SerialNumber", "TokenCode"} <= call.keys() else None,
    )


@pytest.mark.parametrize("case", WITH_ROLE)
def test_what_an_output_says_gets_them_in(case: str, sts: Sts, tmp_path: Path) -> None:
    assert_every(assert_gets_in, {key: (case, key, sts, tmp_path) for key in entrances(case)})


def assert_gets_in(case: str, key: str, sts: Sts, tmp_path: Path) -> None:
    role, config = role_of(case), CONFIGS[case]
    call = (by_profile if key.endswith("Profile") else by_command)(role.stack.outputs[key], sts, tmp_path)
    caller = coming(role, key, config)
    assert call["RoleArn"] == role.arn
    assert decide(role, asked(caller, call)).answer == "yes"
    longest = min(role.max_session_seconds, HOUR) if caller.kind == "role" else role.max_session_seconds
    assert int(call.get("DurationSeconds", HOUR)) <= longest
    for name in call.keys() & {"SerialNumber", "SourceIdentity", "ExternalId"}:
        less = {parameter: value for parameter, value in call.items() if parameter != name}
        assert decide(role, asked(caller, less)).answer == "no", f"{name} is not asked for"


def test_every_way_in_has_an_output_that_works() -> None:
    kinds = {key for case in WITH_ROLE for key in entrances(case)}
    ours = {"CliProfile", "CliCommand", "SamlCommand", "OidcProfile", "PermissionSetProfile", "RoleProfile"}
    assert kinds == {*ours, "PrincipalProfile"}


def test_the_profile_of_a_permission_set_is_one_of_identity_center() -> None:
    profile = resolve(as_data(main_region(CONFIGS["permission-set"])), account=HOME, region="eu-west-1").outputs[
        "CliProfile"
    ]
    assert f"sso_session = YOUR-SSO-SESSION\nsso_account_id = {HOME}\n" in profile
    assert "sso_role_name = BreakGlass" in profile


def test_in_an_organization_the_mfa_device_of_a_user_is_in_the_hub() -> None:
    hub = "999999999999"
    settings = {"main_region": "us-east-1", "usernames": ["alice"]}
    config = config_of({**settings, "organization": {"id": "o-a1b2c3d4e5", "hub": hub, "units": ["r-ab12"]}})
    profile = deployed(config).stack.outputs["CliProfile"]
    assert f"mfa_serial = arn:aws:iam::{hub}:mfa/YOUR-MFA-DEVICE" in profile
    assert f"role_arn = arn:aws:iam::{HOME}:role/break-glass" in profile
