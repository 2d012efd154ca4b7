"""Every way into the role: whom the emitted trust policy lets in and whom not, and that what the outputs say works."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from extent import examples
from hypothesis import given, strategies as st
from paths import GOLDEN
from strategies import USERNAME, some, trusts
from trust_callers import CALLERS, CORP, CREATED, GITHUB, HOME, MAIN, OTHER, SAML, run

from cfn_breakglass import config_of
from cfn_breakglass.analysis.diagram.trust_summary import allowed_principals
from cfn_breakglass.analysis.eventbridge.pattern import compile_pattern
from cfn_breakglass.analysis.iam.caller import Caller
from cfn_breakglass.analysis.template.reader import resolve
from cfn_breakglass.analysis.trust.required_values import STRANGER
from cfn_breakglass.analysis.trust.sample_callers import federated_user, iam_user, permission_set_session, role_session
from cfn_breakglass.analysis.trust.trusted_role import REGION, TrustedRole, evaluate_caller
from cfn_breakglass.builders.access.access_outputs import access_outputs
from cfn_breakglass.builders.access.role import role
from cfn_breakglass.builders.access.trust_policy import grant
from cfn_breakglass.config.loader import load_config, parse_config
from cfn_breakglass.config.model import Config
from cfn_breakglass.guidance.lockouts import lockouts
from cfn_breakglass.plan import make_plan

ENVIRONMENT = "--key token.actions.githubusercontent.com:environment=production"
APPLICATION = f"arn:aws:account-access:us-east-1:{HOME}:application/app-1234567890abcdef"
STS = f"--oidc {GITHUB} --audience sts.amazonaws.com {ENVIRONMENT}"
ON_CALL = "--user carol --mfa --session-name carol --tag on-call"
KEY = "--key aws:PrincipalOrgID"
ORG = f"--account {OTHER} {KEY}=o-a1b2c3d4e5"
HUB = f"{ORG} --external-id break-glass/42"
DURING = "--user alice --mfa --at 2031-03-05T03:00:00Z"
OFFICE = "--user alice --mfa --ip 203.0.113.9"
EVERY = "--at 2031-03-09T23:00:00Z"
LATE = "2031-03-11T00:00:00Z"
AS_ALICE = "--session-name alice --source-identity alice"
IDP = f"arn:aws:iam::{HOME}:oidc-provider/idp.example.com"
APPLICATION = "arn:aws:account-access:us-east-1:111122223333:application/app-1234567890abcdef"
WAYS = {
    **{
        f"{case}, alice {how or 'without MFA'}": (case, f"--user alice {how}".strip(), code, told)
        for case in ("deployer", "deployer-user", "managed-rollout", "managed-rollout-own-roles")
        for how, code, told in (
            ("--mfa", 0, "IAM user alice of this account can assume the role"),
            ("--no-mfa", 1, "MFA was used"),
        )
    },
    "source-identity, a switch in the console": (
        "source-identity",
        "--user alice --mfa --console",
        1,
        "no source iden",
    ),
    "organization, alice of the hub": (
        "organization",
        "--user alice --mfa",
        0,
        "IAM user alice of the hub 999999999999 can assume the role",
    ),
    "organization, alice of the account itself": (
        "organization",
        f"--user alice --account {HOME} --mfa",
        1,
        "names them as a principal",
    ),
    "organization-everything, alice": (
        "organization-everything",
        "--user alice --mfa --session-name alice",
        0,
        "MFA was",
    ),
    "organization-everything, by another name": (
        "organization-everything",
        "--user alice --mfa --session-name bob",
        1,
        "the session's name is the IAM user's name; in this call it is bob",
    ),
    "organization-managed, on call": ("organization-managed", "--permission-set OnCall", 0, "of the hub 999999999999"),
    "organization-managed, on call in the account": (
        "organization-managed",
        f"--permission-set OnCall --account {HOME}",
        1,
        "names them as a principal",
    ),
    "smallest, a switch in the console": ("smallest", "--user alice --mfa --console", 0, "allows them"),
    "everything, a switch in the console": ("everything", "--user bob --mfa --console", 0, "the IAM user's name: bob"),
    "users-by-tag, on call": ("users-by-tag", f"{ON_CALL}=yes", 0, "break-glass-grant of the templates does, if"),
    "users-by-tag, not on call": ("users-by-tag", f"{ON_CALL}=no", 1, "in this call it is no"),
    "users-by-tag, no tag is told": (
        "users-by-tag",
        "--user carol --mfa --session-name carol",
        2,
        "--tag on-call=VALUE",
    ),
    "users-by-tag, as alice": ("users-by-tag", f"{ON_CALL}=yes --session-name alice", 1, "in this call it is alice"),
    "users-by-tag, a role with the tag": (
        "users-by-tag",
        "--role carol --tag on-call=yes",
        1,
        "the caller is an IAM user",
    ),
    "users-by-tag, without MFA": ("users-by-tag", f"{ON_CALL}=yes --no-mfa", 1, "only if MFA was used"),
    "users-by-tag, in the console": (
        "users-by-tag",
        "--user carol --tag on-call=yes --mfa --console",
        0,
        "allows them",
    ),
    "users-and-saml, alice": ("users-and-saml", "--user alice --mfa", 0, "with the policy break-glass-grant"),
    "users-and-saml, carol": ("users-and-saml", "--user carol --mfa", 1, "in this call it is carol"),
    "users-and-saml, whom SAML sends": ("users-and-saml", f"{SAML} --session-name carol", 0, "SAML provider Corp"),
    "users-and-saml, with tags": (
        "users-and-saml",
        f"{SAML} --session-tag team=ops --source-identity carol",
        0,
        "Corp",
    ),
    "users-and-saml, another provider": ("users-and-saml", f"{SAML}2 --saml {CORP}2", 1, "names them"),
    **{
        f"{case}, {name}": (case, f"--user {name} --mfa", code, words)
        for case in ("chat-only", "existing-topic")
        for name, code, words in (("alice", 0, "the templates grant that"), ("bob", 1, "in this call it is bob"))
    },
    "account-access, somebody entitled": ("account-access", f"--account-access {APPLICATION}", 0, "entitle them"),
    "account-access, another application": (
        "account-access",
        f"--account-access {APPLICATION}2",
        1,
        "calls for is arn",
    ),
    "two-providers, alice": ("two-providers", f"{SAML} --session-name alice@example.com", 0, "SAML provider Corp"),
    "two-providers, bob": (
        "two-providers",
        f"{SAML} --session-name bob@example.com",
        1,
        "in this call it is bob@example.com",
    ),
    "two-providers, a branch": ("two-providers", f"{STS} --subject {MAIN}", 0, "like repo:example/ops:*: repo:example"),
    "two-providers, another repository": (
        "two-providers",
        f"{STS} --subject repo:example/ops2:x",
        1,
        "is like repo:exa",
    ),
    "two-providers, another audience": (
        "two-providers",
        f"--oidc {GITHUB} --subject {MAIN} --audience x",
        1,
        "in this call it is x",
    ),
    "two-providers, no audience": (
        "two-providers",
        f"--oidc {GITHUB} --subject {MAIN}",
        2,
        "  --audience TEXT",
    ),
    "two-providers, an IAM user": ("two-providers", "--user alice --mfa", 1, "no statement allows sts:AssumeRole"),
    "hub-account, its user": ("hub-account", f"--user ann {HUB} --mfa", 0, "the external ID is break-glass/42"),
    "hub-account, without MFA": ("hub-account", f"--user ann {HUB}", 1, "the call has no MFA"),
    "hub-account, the chief": ("hub-account", f"--role ops/Chief {HUB}", 0, "the templates do not grant that"),
    "hub-account, no external ID": ("hub-account", f"--role ops/Chief {ORG}", 1, "the request has no external ID"),
    "hub-account, in the console": (
        "hub-account",
        f"--role ops/Chief {ORG} --console",
        1,
        "the request has no external ID",
    ),
    "hub-account, another organization": (
        "hub-account",
        f"--role ops/Chief {HUB} {KEY}=o-1",
        1,
        "in this call it is o-1",
    ),
    "hub-account, no organization is told": (
        "hub-account",
        f"--role ops/Chief --account {OTHER} --external-id break-glass/42",
        2,
        "  --key aws:PrincipalOrgID=VALUE",
    ),
    "hub-account, a clerk": ("hub-account", f"--role ops/Clerk {HUB}", 1, "a role session has no MFA"),
    "permission-sets, on call": (
        "permission-sets",
        "--permission-set OnCall",
        0,
        "permission set OnCall of this account",
    ),
    "permission-sets, in the console": ("permission-sets", "--permission-set OnCall --console", 0, "allows them"),
    "permission-sets, in a region's folder": (
        "permission-sets",
        "--role aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_OnCall_fedcba9876543210",
        0,
        "a session of permission set OnCall of this account",
    ),
    "permission-sets, another": (
        "permission-sets",
        "--permission-set Other",
        1,
        "is a session of the permission set OnCall",
    ),
    "permission-sets, a longer name": (
        "permission-sets",
        "--permission-set OnCall_All",
        1,
        "is not a session of a permission set wh",
    ),
    "permission-sets, a name that ends so": (
        "permission-sets",
        "--permission-set NoOnCall",
        1,
        "the permission set OnCall",
    ),
    "permission-sets, a role of that name": (
        "permission-sets",
        "--role AWSReservedSSO_OnCall_0123456789abcdef",
        1,
        "only if the caller is a session of the permission set OnCall",
    ),
    "permission-sets, the hub's": ("permission-sets", f"--permission-set Platform --account {OTHER}", 0, OTHER),
    "permission-sets, not the hub's": (
        "permission-sets",
        f"--permission-set OnCall --account {OTHER}",
        1,
        "is a session of the perm",
    ),
    "permission-sets, a user": (
        "permission-sets",
        "--user alice --mfa",
        1,
        "the caller is a session of the permission set",
    ),
    "one-incident, from the office": (
        "one-incident",
        f"{DURING} --ip 203.0.113.9",
        0,
        "the caller's address is in 203.0",
    ),
    "one-incident, from its IPv6": ("one-incident", f"{DURING} --ip 2001:db8:1:2::3", 0, "2001:db8:1:2::3"),
    "one-incident, from one address": ("one-incident", f"{DURING} --ip 198.51.100.7", 0, "allows them"),
    "one-incident, from the next one": (
        "one-incident",
        f"{DURING} --ip 198.51.100.8",
        1,
        "in this call it is 198.51.100.8",
    ),
    "one-incident, from anywhere": ("one-incident", DURING, 2, "  --ip ADDRESS"),
    "one-incident, in the console": (
        "one-incident",
        f"{DURING} --console",
        1,
        "a switch in the console comes from an address of AWS",
    ),
    "one-incident, a VPC endpoint": ("one-incident", f"{DURING} --vpc-endpoint", 1, "has no public address"),
    "one-incident, before": ("one-incident", f"{OFFICE} --at 2031-03-02T23:59:59Z", 1, "is not before 2031-03-03T00"),
    "one-incident, at once": ("one-incident", f"{OFFICE} --at 2031-03-03T00:00:00Z", 0, "allows them"),
    "one-incident, at the end": ("one-incident", f"{OFFICE} --at 2031-03-10T00:00:00Z", 0, "allows them"),
    "one-incident, after": ("one-incident", f"{OFFICE} --at 2031-03-10T00:00:01Z", 1, "is not after 2031-03-10T00:00"),
    "every-way-in, alice": ("every-way-in", f"{EVERY} --user alice --mfa {AS_ALICE}", 0, "statement 1 allows them"),
    "every-way-in, the console": ("every-way-in", f"{EVERY} --user alice --mfa --console", 1, "no source identity"),
    "every-way-in, SAML": ("every-way-in", f"{EVERY} {SAML} --session-name alice", 0, "statement 3 allows them"),
    "every-way-in, OIDC": ("every-way-in", f"{EVERY} --oidc {IDP} --subject alice", 0, "statement 5 allows them"),
    "every-way-in, OIDC, carol": (
        "every-way-in",
        f"{EVERY} --oidc {IDP} --subject carol",
        1,
        "in this call it is carol",
    ),
    "account-access, the application": ("account-access", f"--account-access {APPLICATION}", 0, "can assume the role"),
    "account-access, another one": ("account-access", f"--account-access {APPLICATION}0", 1, "cannot assume the role"),
    "account-access, in a region that is not watched": (
        "account-access",
        f"--account-access {APPLICATION} --key aws:RequestedRegion=af-south-1",
        1,
        "the region of the call is not eu-west-1, me-west-1 or us-east-1",
    ),
    "chat-only, alice": ("chat-only", "--user alice --mfa", 0, "can assume the role"),
    "chat-only, bob": ("chat-only", "--user bob --mfa", 1, "cannot assume the role"),
    "existing-topic, alice": ("existing-topic", "--user alice --mfa", 0, "can assume the role"),
    "existing-topic, without MFA": ("existing-topic", "--user alice", 1, "cannot assume the role"),
    "every-way-in, Identity Center": ("every-way-in", f"{EVERY} --permission-set OnCall", 0, "at most 1 hour"),
    "every-way-in, a role": ("every-way-in", f"{EVERY} --role Chief --account {OTHER}", 0, "at most 1 hour"),
    "every-way-in, too late": ("every-way-in", f"--permission-set OnCall --at {LATE}", 1, "is not after 2031-03-10"),
}


@pytest.mark.parametrize(("case", "given", "code", "told"), WAYS.values(), ids=WAYS)
def test_a_caller_of_each_way_in(case: str, given: str, code: int, told: str) -> None:
    done = run(GOLDEN / case, *given.split())
    assert (done.exit_code, done.stderr) == (code, "")
    assert done.stdout.startswith(("Yes", "No: ", "Cannot tell: ")[code])
    assert told in done.stdout


@pytest.mark.parametrize("case", CREATED)
def test_every_created_role_has_a_caller_who_gets_in_and_one_who_does_not(case: str) -> None:
    assert {0, 1} <= {code for name, _, code, _ in [*CALLERS.values(), *WAYS.values()] if name == case}


def made(config: Config) -> TrustedRole:
    """The role of a config, alone in a template."""
    resources = {one.title: one.to_dict() for one in role(make_plan(config)) if one.title == "Role"}
    stack = resolve(json.loads(json.dumps({"Resources": resources})), account=HOME, region=config.main_region)
    document = stack.resources["Role"].properties["AssumeRolePolicyDocument"]
    return TrustedRole(stack, stack.resources["Role"], document, is_example=False)


def meant(config: Config, of: TrustedRole) -> list[Caller]:
    """Everybody whom a config means, each doing all that it asks."""
    trust, allows, partition = config.role.trust, of.document["Statement"], of.stack.partition

    def somebody(account: str = HOME, name: str = "somebody") -> Caller:
        return iam_user(allows, partition, account, name)

    sets = [one.rpartition("/") for one in trust.permission_sets]
    roles = [one.split(":", 5) for one in trust.principals if ":role/" in one]
    return [
        *(somebody(name=name) for name in config.users),
        *(federated_user(allows, provider) for provider in trust.providers),
        *(permission_set_session(somebody(account or HOME), name) for account, _, name in sets),
        *(role_session(somebody(arn[4]), arn[5].removeprefix("role/")) for arn in roles),
        *(somebody(one) for one in trust.principals if one.isdecimal()),
    ]


CONFIGS = st.builds(
    lambda usernames, trust, hours: config_of(
        {
            "main_region": "us-east-1",
            "usernames": usernames,
            "role": {"trust": trust, "max_session_hours": hours},
            "detections": {"UserSignIn": "off"},
        }
    ),
    some(USERNAME.filter(lambda name: len(name) > 1), 4).filter(bool),
    trusts("aws"),
    st.integers(1, 12),
)
slowly = examples(20, 100)


@slowly
@given(CONFIGS)
def test_everybody_who_is_meant_gets_in(config: Config) -> None:
    of = made(config)
    callers = meant(config, of)
    assert callers
    assert [one for one in callers if evaluate_caller(of, one).allowed is not True] == []


@slowly
@given(CONFIGS)
def test_nobody_else_gets_in(config: Config) -> None:
    of = made(config)
    allows = of.document["Statement"]
    for account in {HOME, OTHER, "000000000000"} - set(config.role.trust.principals):
        somebody = iam_user(allows, "aws", account, STRANGER)
        assert evaluate_caller(of, somebody).allowed is False
        assert evaluate_caller(of, role_session(somebody)).allowed is False
        assert evaluate_caller(of, permission_set_session(somebody, STRANGER)).allowed is False
    for kind in ("saml", "oidc"):
        provider = federated_user(allows, f"arn:aws:iam::{HOME}:{kind}-provider/{STRANGER}")
        assert evaluate_caller(of, provider).allowed is False


@slowly
@given(CONFIGS)
def test_what_everybody_is_asked_for_is_asked_of_each(config: Config) -> None:
    of, trust = made(config), config.role.trust
    for one in meant(config, of):
        if trust.source_ips:
            assert evaluate_caller(of, replace(one, ip="192.0.2.1")).allowed is False
            assert evaluate_caller(of, replace(one, ip=None, via="vpc-endpoint")).allowed is False
        if trust.not_before:
            assert evaluate_caller(of, replace(one, time=datetime(2031, 3, 2, tzinfo=UTC))).allowed is False
        if trust.not_after:
            assert evaluate_caller(of, replace(one, time=datetime(2031, 3, 11, tzinfo=UTC))).allowed is False


@slowly
@given(CONFIGS)
def test_nobody_gets_in_where_nobody_watches_if_that_is_asked_for(config: Config) -> None:
    of = made(config)
    for caller in meant(config, of):
        # An opt-in region, which the regions enabled by default do not have.
        elsewhere = replace(caller, more={**caller.more, REGION: "me-central-1"})
        assert evaluate_caller(of, elsewhere).allowed is not config.role.trust.only_covered_regions
        in_another = replace(caller, more={**caller.more, REGION: "eu-west-3"})
        assert evaluate_caller(of, in_another).allowed is True


def switching(caller: Caller) -> Caller:
    name = caller.name if caller.kind == "user" else "whatever"
    return replace(caller, via="console", ip=None, source_identity=None, external_id=None, session_name=name)


@slowly
@given(CONFIGS)
def test_the_link_is_there_if_somebody_can_switch_by_it(config: Config) -> None:
    of = made(config)
    can = [one for one in meant(config, of) if not one.is_federated and evaluate_caller(of, switching(one)).allowed]
    assert ("SwitchRoleLink" in access_outputs(make_plan(config))) == bool(can)


@slowly
@given(CONFIGS)
def test_whoever_cannot_switch_in_the_console_is_told_why(config: Config) -> None:
    of = made(config)
    told = " ".join(lockouts(config))
    for one in meant(config, of):
        if not one.is_federated and not evaluate_caller(of, switching(one)).allowed:
            assert "in the console" in told


MOMENTS = {
    "2031-03-03T12:00:00Z": "2031-03-03T12:00:00Z",
    '"2031-03-03T12:00:00Z"': "2031-03-03T12:00:00Z",
    "2031-03-03T12:00Z": "2031-03-03T12:00:00Z",
    "2031-03-03 12:00:00+02:00": "2031-03-03T10:00:00Z",
    "2031-03-03T00:00:00+02:00": "2031-03-02T22:00:00Z",
    "'2031-03-03 12:00-05:30'": "2031-03-03T17:30:00Z",
}


@pytest.mark.parametrize(("written", "held"), MOMENTS.items())
def test_a_moment_is_read_with_and_without_quotes_and_held_in_utc(written: str, held: str) -> None:
    text = f"main_region: us-east-1\nusernames: [alice]\nrole: {{trust: {{not_after: {written}}}}}\n"
    assert parse_config(text)[0].role.trust.not_after == held


def test_a_moment_of_python_is_one() -> None:
    noon = datetime(2031, 3, 3, 12, tzinfo=timezone(timedelta(hours=1)))
    trust = config_of(
        {"main_region": "us-east-1", "usernames": ["alice"], "role": {"trust": {"not_before": noon}}}
    ).role.trust
    assert trust.not_before == "2031-03-03T11:00:00Z"


@pytest.mark.parametrize("network", ["203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "2001:db8::7", "8.0.0.0/6"])
def test_a_network_is_taken_as_it_is_written(network: str) -> None:
    text = f'main_region: us-east-1\nusernames: [alice]\nrole: {{trust: {{source_ips: ["{network}"]}}}}\n'
    assert parse_config(text)[0].role.trust.source_ips == (network,)


NAMES: dict[str, tuple[dict[str, Any], tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "no provider": ({}, ("ann",), (), ()),
    "SAML without names of its own": ({"saml_provider": CORP}, (), ("ann",), ()),
    "SAML with names of its own": ({"saml_provider": CORP, "saml_names": ["*"]}, ("ann",), ("*",), ()),
    "OIDC without subjects of its own": ({"oidc_provider": GITHUB}, (), (), ("ann",)),
    "OIDC with an audience only": ({"oidc_provider": GITHUB, "oidc_audiences": ["x"]}, (), (), ("ann",)),
    "OIDC with subjects of its own": ({"oidc_provider": GITHUB, "oidc_subjects": ["x"]}, ("ann",), (), ("x",)),
    "both": (
        {"saml_provider": CORP, "saml_names": ["bob"], "oidc_provider": GITHUB, "oidc_subjects": ["x"]},
        ("ann",),
        ("bob",),
        ("x",),
    ),
}


@pytest.mark.parametrize(("trust", "users", "names", "subjects"), NAMES.values(), ids=NAMES)
def test_whose_names_usernames_are(
    trust: dict[str, Any], users: tuple[str, ...], names: tuple[str, ...], subjects: tuple[str, ...]
) -> None:
    config = config_of({"main_region": "us-east-1", "usernames": ["ann"], "role": {"trust": trust}})
    assert (config.users, config.names_of("saml"), config.names_of("oidc")) == (users, names, subjects)
    assert config.grants_users == bool(users)


def test_the_policy_to_ask_with_is_given_to_users_by_name_only() -> None:
    def granted(**settings: Any) -> list[dict[str, Any]]:
        config = config_of({"main_region": "us-east-1", **settings})
        return [resource.to_dict()["Properties"] for resource in grant(make_plan(config))]

    by_tag = granted(usernames={"principal_tag": {"team": "on-call"}})
    sets = {"trust": {"permission_sets": ["OnCall"]}}
    assert ["Users" in properties for properties in by_tag] == [False]
    assert by_tag == granted(role=sets)
    assert [properties["Users"] for properties in granted(usernames=["ann"], role=sets)] == [["ann"]]
    assert granted(role={"trust": {"permission_sets": ["444455556666/OnCall"]}}) == []
    assert granted(role=sets | {"grant": "none"}) == []


PICTURED = {
    "users-by-tag": ["IAM users, with the tag on-call=yes, session named as the user, with MFA"],
    "users-and-saml": ["IAM users alice, bob, with MFA", "SAML provider Corp: all"],
    "hub-account": [
        f"whom IAM lets in account {OTHER}, of one organization, with an external ID, with MFA",
        f"role ops/Chief of account {OTHER}, of one organization, with an external ID",
    ],
    "permission-sets": ["permission set OnCall", f"permission set Platform of account {OTHER}"],
    "one-incident": ["IAM user alice, with MFA, from some networks, for some time"],
    "source-identity": ["IAM user alice, with a source identity, with MFA"],
}


@pytest.mark.parametrize(("case", "lines"), PICTURED.items(), ids=PICTURED)
def test_a_picture_names_each_way_in(case: str, lines: list[str]) -> None:
    config, _ = load_config(GOLDEN / case / "breakglass.yaml")
    assert list(allowed_principals(made(config).document, HOME)) == lines


@pytest.mark.parametrize("usernames", [["ann"], {"principal_tag": {"team": "on-call"}}], ids=["by name", "by tag"])
def test_giving_the_tag_that_lets_in_is_a_back_door(usernames: Any) -> None:
    config = config_of({"main_region": "us-east-1", "usernames": usernames})
    pattern = next(detection.kind for detection in make_plan(config).detections if detection.id == "BackdoorCreated")
    names = compile_pattern({"detail": {"eventName": pattern["detail"]["eventName"]}})
    assert names.matches({"detail": {"eventName": "TagUser"}}) == isinstance(usernames, dict)
    assert not names.matches({"detail": {"eventName": "UntagUser"}})
