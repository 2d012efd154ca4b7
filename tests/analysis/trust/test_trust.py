"""Who can assume the role: what the emitted trust policy says of everybody, and of one caller."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden_cases import CASES, trust_text
from hypothesis import given, strategies as st
from paths import GOLDEN
from template_data import read_yaml
from trust_callers import CALLERS, CORP, CREATED, GITHUB, HOME, OTHER, ROLE, run

from cfn_breakglass.analysis.iam.caller import Caller, CallerKind
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.analysis.trust.condition_phrases import describe_condition
from cfn_breakglass.analysis.trust.decision import decide, describe_trust
from cfn_breakglass.analysis.trust.trust_text import description_lines
from cfn_breakglass.analysis.trust.trusted_role import TrustedRole, evaluate_caller


@pytest.mark.parametrize(("case", "given", "code", "told"), CALLERS.values(), ids=CALLERS)
def test_a_caller_of_the_emitted_role(case: str, given: str, code: int, told: str) -> None:
    done = run(GOLDEN / case, *given.split())
    assert (done.exit_code, done.stderr) == (code, "")
    assert done.stdout.startswith(("Yes", "No: ", "Cannot tell: ")[code])
    assert told in done.stdout


@pytest.mark.parametrize("case", CREATED)
def test_the_text_is_the_golden_one(case: str) -> None:
    assert trust_text(GOLDEN / case) == (GOLDEN / case / "trust.txt").read_text(encoding="utf-8"), "make golden"
    assert run(GOLDEN / case).exit_code == 0


@pytest.mark.parametrize("case", [case.name for case in CASES if case.name not in CREATED])
@pytest.mark.parametrize("given", ["", "--user alice"])
def test_a_role_that_is_not_made_is_not_judged(case: str, given: str) -> None:
    assert "existing" in (text := (GOLDEN / case / "breakglass.yaml").read_text(encoding="utf-8")) or "set" in text
    done = run(GOLDEN / case, *given.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert "it creates no break-glass role, so who may assume the role is not in the templates" in done.stderr


def trusted_by(*statements: Any, version: str | None = "2012-10-17") -> TrustedRole:
    document = {"Statement": list(statements), **({"Version": version} if version else {})}
    role = Resource("Role", "AWS::IAM::Role", {"AssumeRolePolicyDocument": document}, "Rescue", ROLE)
    stack = Stack(HOME, "us-east-1", "aws", {"Role": role}, {"RoleArn": ROLE}, {})
    return TrustedRole(stack, role, document, is_example=False)


def allow(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": HOME}, **more}


def deny(**more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": "*", "Principal": "*", **more}


def user(name: str = "ann", account: str = HOME, **more: Any) -> Caller:
    return Caller(kind="user", arn=f"arn:aws:iam::{account}:user/{name}", **more)


def session(name: str = "Chief", account: str = HOME, **more: Any) -> Caller:
    return Caller(kind="role", arn=f"arn:aws:iam::{account}:role/{name}", **more)


def when(operator: str, key: str, *values: str) -> dict[str, Any]:
    return allow(Condition={operator: {key: list(values)}})


ANN = f"arn:aws:iam::{HOME}:user/ann"
JUDGED: dict[str, tuple[list[Any], Caller, str, str]] = {
    "no statement": ([], user(), "no", "no statement allows sts:AssumeRole"),
    "the account": ([allow()], user(), "yes", "users and roles of this account"),
    "its root ARN": ([allow(Principal={"AWS": f"arn:aws:iam::{HOME}:root"})], session(), "yes", "of this account"),
    "another account": ([allow()], user(account=OTHER), "no", "names them"),
    "anybody": ([allow(Principal="*")], user(account=OTHER), "yes", "anybody"),
    "by name": ([allow(Principal={"AWS": ["AIDACKCEVSQ6C2EXAMPLE", ANN]})], user(), "yes", "IAM user ann of this"),
    "a deleted user": ([allow(Principal={"AWS": "AIDACKCEVSQ6C2EXAMPLE"})], user(), "no", "names them"),
    "one session": (
        [allow(Principal={"AWS": f"arn:aws:sts::{HOME}:assumed-role/Chief/ann"})],
        session(),
        "cannot tell",
        "has one session of the role as its principal, and it is not known which session calls",
    ),
    "a session of another role": (
        [allow(Principal={"AWS": f"arn:aws:sts::{HOME}:assumed-role/Chief/ann"})],
        session("Clerk"),
        "no",
        "names them",
    ),
    "a service": ([allow(Principal={"Service": "ec2.amazonaws.com"})], user(), "no", "names them"),
    "every call": ([allow(Action="sts:*")], user(source_identity="ann"), "yes", "statement 1 allows"),
    "a denied user": ([allow(), deny()], user(), "no", "statement 2 denies the call"),
    "a denied condition": (
        [allow(), deny(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})],
        user(),
        "no",
        "statement 2 denies the call, because MFA was not used",
    ),
    "no long-term key is denied by Bool": (
        [allow(), deny(Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})],
        user(),
        "yes",
        "statement 1",
    ),
    "BoolIfExists lets long-term keys in": (
        [when("BoolIfExists", "aws:MultiFactorAuthPresent", "true")],
        user(),
        "yes",
        "MFA was used, or the request has no value for it",
    ),
    "a deny that nobody can judge": (
        [allow(), deny(Condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})],
        user(),
        "cannot tell",
        "statement 2 denies them only if the caller's address is not in 203.0.113.0/24, which is not known",
    ),
    "a deny and the address": (
        [allow(), deny(Condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})],
        user(ip="203.0.113.7"),
        "yes",
        "statement 1",
    ),
    "what is unknown beside what fails": (
        [allow(Condition={"StringEquals": {"aws:username": "bob", "aws:PrincipalOrgID": "o-1"}})],
        user(),
        "no",
        "in this call it is ann",
    ),
    "an organization": (
        [when("StringEquals", "aws:PrincipalOrgID", "o-1")],
        user(),
        "cannot tell",
        "keys aws:PrincipalOrgID",
    ),
    "an organization, told": (
        [when("StringEquals", "aws:PrincipalOrgID", "o-1")],
        user(more={"aws:PrincipalOrgID": "o-1"}),
        "yes",
        "the caller's organization is o-1: o-1",
    ),
    "a tag": ([when("StringEquals", "aws:PrincipalTag/team", "ops")], user(tags={"team": "ops"}), "yes", "tag team"),
    "no tag": ([when("StringEquals", "aws:PrincipalTag/team", "ops")], user(), "cannot tell", "tags team"),
    "a session tag": (
        [{**when("StringEquals", "aws:RequestTag/case", "1"), "Action": "sts:*"}],
        user(session_tags={"case": "1"}),
        "yes",
        "the session tag case is 1",
    ),
    "no session tag": (
        [when("Null", "aws:RequestTag/case", "false")],
        user(),
        "no",
        "the request has a value for the session tag case",
    ),
    "tag keys": (
        [{**when("ForAllValues:StringEquals", "aws:TagKeys", "case"), "Action": "sts:*"}],
        user(session_tags={"case": "1", "x": "y"}),
        "no",
        "each of the session tag keys is case, if there are any",
    ),
    "an external ID": ([when("StringEquals", "sts:ExternalId", "x")], user(), "no", "the request has no external ID"),
    "a missing variable": (
        [when("StringEquals", "sts:RoleSessionName", "${aws:username}")],
        session(session_name="ann"),
        "no",
        "the session's name is the IAM user's name",
    ),
    "a missing variable, turned round": (
        [allow(), deny(Condition={"StringNotEquals": {"sts:RoleSessionName": "${aws:username}"}})],
        session(session_name="ann"),
        "cannot tell",
        "which depends on an unknown value",
    ),
    "a variable nobody knows": (
        [when("StringEquals", "sts:RoleSessionName", "${aws:PrincipalTag/team}")],
        user(session_name="ann"),
        "cannot tell",
        "the session's name is the caller's tag team",
    ),
}


@pytest.mark.parametrize(("statements", "caller", "said", "told"), JUDGED.values(), ids=JUDGED)
def test_the_semantics_of_a_trust_policy(statements: list[Any], caller: Caller, said: str, told: str) -> None:
    found = decide(trusted_by(*statements), caller)
    assert found.answer == said
    missing = [f"{fact.option} {fact.name}" for fact in found.missing]
    assert told in " ".join([*found.reasons, *found.conditions, *missing])


@pytest.mark.parametrize("at", ["2030-01-01T00:00:00Z", "2030-01-31", "2030-01-15T01:00:00+01:00"])
@pytest.mark.parametrize("ip", ["203.0.113.7", "198.51.100.1"])
def test_times_and_addresses(tmp_path: Path, at: str, ip: str) -> None:
    limits = {
        "DateGreaterThanEquals": {"aws:CurrentTime": "2030-01-02T00:00:00Z"},
        "DateLessThan": {"aws:CurrentTime": "2030-01-31T00:00:00Z"},
        "IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]},
    }
    edited(tmp_path, Condition=limits)
    done = run(tmp_path, "--user", "alice", "--at", at, "--ip", ip)
    assert (done.exit_code == 0) == (at.startswith("2030-01-15") and ip.startswith("203")), done.output


def edited(folder: Path, *, case: str = "smallest", **changes: Any) -> None:
    """Write templates whose role has another first statement."""
    template = read_yaml((GOLDEN / case / "main-region.yaml").read_text(encoding="utf-8"))
    statement = template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    for key, value in changes.items():
        statement.pop(key, None)
        statement |= {} if value is None else {key: value}
    (folder / "main-region.yaml").write_text(yaml.safe_dump(template), encoding="utf-8")


DAMAGED = {
    "NotPrincipal": ({"Principal": None, "NotPrincipal": {"AWS": HOME}}, "it has NotPrincipal"),
    "no principal": ({"Principal": None}, "has a Principal and no Resource"),
    "a resource": ({"Resource": "*"}, "has a Principal and no Resource"),
    "an odd principal": ({"Principal": {"Human": "x"}}, "cannot evaluate the principal"),
    "an unknown operator": ({"Condition": {"StringSortOfEquals": {"a": "b"}}}, "StringSortOfEquals is not supported"),
    "no operator": ({"Condition": {"StringEquals": "x"}}, "a condition is a mapping"),
    "an odd effect": ({"Effect": "Perhaps"}, "is Allow or Deny"),
    "no action": ({"Action": None}, "one of Action and NotAction"),
    "an unknown key": ({"Conditions": {}}, "cannot evaluate the statement"),
}


@pytest.mark.parametrize(("changes", "told"), DAMAGED.values(), ids=DAMAGED)
def test_a_statement_that_cannot_be_judged_is_never_passed_over(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    edited(tmp_path, **changes)
    everybody, one = run(tmp_path), run(tmp_path, "--user", "alice", "--mfa")
    assert (everybody.exit_code, one.exit_code, one.stdout) == (2, 2, "")
    assert "1. cannot be evaluated: " in everybody.stdout
    assert told in everybody.stdout
    assert "It is not known who is denied" in everybody.stdout
    assert "cannot tell: statement 1 of the trust policy cannot be evaluated" in one.stderr
    assert told in one.stderr


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("MaxSessionDuration: 3600", "MaxSessionDuration: long", "is a number of seconds, not 'long'"),
        ("AssumeRolePolicyDocument:", "Trust:", "a policy is not JSON"),
        ("Resources:", "Resource:", "not a template"),
        ("MainRegion:", "Main:", "does not say which regions"),
    ],
)
def test_a_damaged_template(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = (GOLDEN / "smallest" / "main-region.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "main-region.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    done = run(tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


BAD = {
    "nobody": ("--mfa", "name exactly one caller (--user, --role, --permission-set, --saml, --oidc, --account-access)"),
    "two": ("--user alice --role x", "name exactly one caller"),
    "no name": ("--user ali/ce/", "is not a name of an IAM user"),
    "another kind of ARN": (f"--user {ROLE}", "is not an ARN of an IAM user"),
    "a short ARN": ("--role arn:aws:iam", "is not an ARN of an IAM role"),
    "a session's ARN": (f"--role arn:aws:sts::{HOME}:assumed-role/a/b", "is not an ARN of an IAM role"),
    "no account": ("--user alice --account 42", "42 is not an account ID: an account ID has twelve digits"),
    "two accounts": (f"--user {ANN} --account {OTHER}", f"is not of account {OTHER}"),
    "a role's MFA": ("--role x --mfa", "only an IAM user calls with MFA"),
    "MFA of SAML": (f"--saml {CORP} --mfa-age 3", "only an IAM user calls with MFA"),
    "no MFA, of some age": (
        "--user alice --no-mfa --mfa-age 3",
        "a call without MFA has no age of the MFA (--mfa/--no-mfa, --mfa-age)",
    ),
    "a subject of a user": (
        "--user alice --subject x",
        "only federated users have a subject and an audience (--subject, --audience)",
    ),
    "a federated account": (f"--saml {CORP} --account {HOME}", "only users and roles have an account and tags"),
    "no provider": (f"--saml {GITHUB}", "is not an ARN of a SAML provider"),
    "a bare OIDC name": ("--oidc corp", "is not an ARN of an OIDC provider"),
    "a session name": ("--user alice --session-name a", "'a' is not a session name"),
    "a source identity": ("--user alice --source-identity a/b", "'a/b' is not a source identity"),
    "an address": ("--user alice --ip here", "here is not an IP address (--ip)"),
    "a time": ("--user alice --at soon", "soon is not a time such as 2030-01-31T03:00:00Z (--at)"),
    "a tag": ("--user alice --tag team", "'team' is not of the form NAME=VALUE (--tag)"),
    "two kinds of role": ("--role x --permission-set y", "name exactly one caller"),
    "no permission set": ("--permission-set a/b:c", "is not a name of an IAM role"),
    "SAML in the console": (f"--saml {CORP} --console", "federated users sign in at their provider"),
    "an external ID of OIDC": ("--oidc idp.example.com --external-id x", "federated users sign in at their provider"),
    "a session name in the console": ("--user alice --console --session-name bob", "the console names the session"),
    "an external ID in the console": (
        "--user alice --console --external-id x",
        "sends no source identity, external ID",
    ),
    "a tag in the console": ("--user alice --console --session-tag a=b", "external ID or session tags"),
    "two places": (
        "--user alice --vpc-endpoint --ip 203.0.113.7",
        "a call comes from one place only (--console, --vpc-endpoint, --ip)",
    ),
    "the stack's account": ("--stack-account 42", "42 is not an account ID"),
}


@pytest.mark.parametrize(("given", "told"), BAD.values(), ids=BAD)
def test_bad_input_is_told_in_one_message(given: str, told: str) -> None:
    done = run(GOLDEN / "smallest", *given.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_templates(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.exit_code == 2
    assert "create it with: cfn-breakglass generate" in done.stderr


def test_the_account_of_the_stack_can_be_said() -> None:
    given = ["--stack-account", OTHER, "--user", f"arn:aws:iam::{OTHER}:user/alice", "--mfa"]
    done = run(GOLDEN / "smallest", *given)
    assert done.exit_code == 0
    assert "stands for" not in done.stdout
    assert run(GOLDEN / "smallest", *given[2:]).exit_code == 1
    assert run(GOLDEN / "everything", *given).exit_code == 2


def test_json_holds_what_the_text_says() -> None:
    told = json.loads(run(GOLDEN / "everything", "--json").stdout)
    assert (told["max_session"], told["max_session_chained"]) == (14400, 3600)
    assert told["granted"] == {"alice": ["break-glass-grant"], "bob": ["break-glass-grant"]}
    assert [one["principals"] for one in told["statements"]][2] == [f"role ops/Chief of account {OTHER}"]
    assert ["root users"] in [denied["callers"] for denied in told["denied_callers"]]
    done = run(GOLDEN / "everything", *f"--role ops/Chief --account {OTHER} --json".split())
    told = json.loads(done.stdout)
    assert (told["answer"], told["needs_own_policies"], done.exit_code) == ("yes", True, 0)


def test_json_names_the_options_that_are_missing_and_text_their_flags(tmp_path: Path) -> None:
    keys = {"aws:PrincipalTag/team": "ops", "aws:PrincipalOrgID": "o-1", "sts:RoleSessionName": "alice"}
    edited(tmp_path, Condition={"StringEquals": keys})
    done = run(tmp_path, "--user", "alice")
    assert done.exit_code == 2
    flags = ["  --key aws:PrincipalOrgID=VALUE", "  --tag team=VALUE", "  --session-name NAME"]
    assert done.stdout.splitlines()[-4:] == ["To decide, add to the command:", *flags]
    decision = json.loads(run(tmp_path, "--user", "alice", "--json").stdout)
    assert decision["missing"] == [
        {"option": "keys", "name": "aws:PrincipalOrgID"},
        {"option": "tags", "name": "team"},
        {"option": "session_name", "name": ""},
    ]
    given = ["--tag", "team=ops", "--key", "aws:PrincipalOrgID=o-1", "--session-name", "alice"]
    assert run(tmp_path, "--user", "alice", *given).exit_code == 0


def test_a_grant_that_is_gone_is_told(tmp_path: Path) -> None:
    template = read_yaml((GOLDEN / "smallest" / "main-region.yaml").read_text(encoding="utf-8"))
    del template["Resources"]["RoleGrant"]
    (tmp_path / "main-region.yaml").write_text(yaml.safe_dump(template), encoding="utf-8")
    assert "The templates grant it to nobody." in run(tmp_path).stdout
    done = run(tmp_path, "--user", "alice", "--mfa")
    assert done.exit_code == 0
    assert done.stdout.startswith("Yes, if their own policies allow it too: ")


@pytest.mark.parametrize("age", ["x", "0.5", "1e9", "nan"])
def test_an_odd_age_of_the_mfa(age: str) -> None:
    done = run(
        GOLDEN / "everything", *f"--user bob --mfa --session-name bob --key aws:MultiFactorAuthAge={age}".split()
    )
    assert done.exit_code == {"x": 2, "0.5": 0}.get(age, 1)
    assert not done.exception or isinstance(done.exception, SystemExit)


def lines(*statements: Any) -> str:
    return "\n".join(description_lines(describe_trust(trusted_by(*statements))))


def test_the_words_for_documents_of_others() -> None:
    assert "  nobody\n" in lines()
    assert "  2. denied: anybody, with sts:*\n" in lines(allow(), deny(Action="sts:*"))
    assert "with every action but sts:TagSession\n" in lines(
        {"Effect": "Allow", "Principal": {"AWS": ANN}, "NotAction": "sts:TagSession"}
    )
    assert "  1. ec2.amazonaws.com, with sts:AssumeRole\n" in lines(allow(Principal={"Service": "ec2.amazonaws.com"}))
    named = lines(allow(Principal={"AWS": ANN}))
    assert "  1. IAM user ann of this account, with sts:AssumeRole\n" in named
    assert "in their own policies" not in named


def test_who_is_let_in_is_not_told_to_be_kept_out() -> None:
    anybody = lines(allow(Principal="*", Action="*"))
    assert re.findall(r"^  - (.*):$", anybody, re.MULTILINE) == ["root users"]
    nobody = lines(allow(Principal="*"), deny())
    assert nobody.count("statement 2 denies the call") == 1
    denied = lines(allow(Principal={"AWS": ANN}), deny(Principal={"AWS": ANN}))
    assert f"  - user ann of account {HOME}:\n      statement 2 denies the call\n" in denied
    depends = lines(allow(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}))
    assert "allows them only if the caller's organization is o-1, which is not known" in depends


SET = f"arn:aws:iam::{HOME}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{{}}"
WORDS = {
    "MFA was used at most 90 minutes ago": ("NumericLessThanEquals", "aws:MultiFactorAuthAge", "5400"),
    "the age of the MFA in seconds is more than 5": ("NumericGreaterThan", "aws:MultiFactorAuthAge", "5"),
    "the request says that MFA was not used": ("Bool", "aws:MultiFactorAuthPresent", "false"),
    "the request has no value for the external ID": ("Null", "sts:ExternalId", "true"),
    "the request has a value for the IAM user's name": ("Null", "aws:username", "false"),
    "the time is not after 2030-01-01": ("DateLessThanEquals", "aws:CurrentTime", "2030-01-01"),
    "the caller's ARN is not like a or b": ("ArnNotLike", "aws:PrincipalArn", "a", "b"),
    "aws:SourceVpc is v": ("StringEquals", "aws:SourceVpc", "v"),
    "at least one of the session tag keys is a": ("ForAnyValue:StringEquals", "aws:TagKeys", "a"),
    "the token's audience is x": ("StringEquals", "idp.example.com/a:aud", "x"),
    "the caller's address is in 203.0.113.0/24": ("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
    "the session's name is not x*, in any letter case": ("StringNotEqualsIgnoreCase", "sts:RoleSessionName", "x*"),
    "the caller is an IAM user": ("StringEquals", "aws:PrincipalType", "User"),
    "the caller is not an IAM user": ("StringNotEquals", "aws:PrincipalType", "User"),
    "the caller's type is Account or User": ("StringEquals", "aws:PrincipalType", "Account", "User"),
    "the caller is a session of the permission set a_b": ("ArnLike", "aws:PrincipalArn", SET.format("a_b_*")),
    "the caller is a session of the permission set a or the permission set b": (
        *("ArnLike", "aws:PrincipalArn"),
        *(SET.format("a_*"), SET.format("b_*")),
    ),
    "the caller is not a session of a permission set whose name begins with a_": (
        *("ArnNotLike", "aws:PrincipalArn"),
        "arn:*:iam::*:role/*AWSReservedSSO_a_*_*",
    ),
    "aws:SecureTransport is true": ("Bool", "aws:SecureTransport", "true"),
    "the source identity is ${aws:username, 'x'}": ("StringEquals", "sts:SourceIdentity", "${aws:username, 'x'}"),
}


@pytest.mark.parametrize(("words", "condition"), WORDS.items(), ids=WORDS)
def test_conditions_in_words(words: str, condition: tuple[str, ...]) -> None:
    operator, key, *wanted = condition
    assert describe_condition(operator, key, wanted) == words


NAMES = st.sampled_from(["ann", "bob", "Chief"])
KINDS: st.SearchStrategy[CallerKind] = st.sampled_from(["user", "role", "saml", "oidc", "service"])
ARNS = {
    "user": ANN,
    "role": f"arn:aws:iam::{HOME}:role/Chief",
    "saml": CORP,
    "oidc": GITHUB,
    "service": "ec2.amazonaws.com",
}
CALLING = st.builds(
    lambda kind, name, age: Caller(kind=kind, arn=ARNS[kind], session_name=name, mfa_age=age),
    KINDS,
    st.none() | NAMES,
    st.none() | st.integers(0, 7200),
)
CONDITIONS = st.dictionaries(
    st.sampled_from(["StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists"]),
    st.dictionaries(st.sampled_from(["aws:username", "sts:RoleSessionName", "aws:PrincipalOrgID"]), NAMES, max_size=2),
    max_size=2,
)
ALLOWS = st.lists(
    st.builds(
        lambda principal, action, condition: allow(Principal=principal, Action=action, Condition=condition),
        st.sampled_from(
            ["*", {"AWS": HOME}, {"AWS": ANN}, {"Federated": [CORP, GITHUB]}, {"Service": ARNS["service"]}]
        ),
        st.sampled_from(["*", "sts:AssumeRole", ["sts:AssumeRoleWith*"]]),
        CONDITIONS,
    ),
    max_size=4,
)


@given(ALLOWS, CALLING, st.integers(0, 4), st.booleans())
def test_an_explicit_deny_of_everything_always_refuses(
    statements: list[Any],
    caller: Caller,
    place: int,
    together: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    all_of_it = deny(Principal={"AWS": "*"} if together else "*")
    assert evaluate_caller(trusted_by(*statements[:place], all_of_it, *statements[place:]), caller).allowed is False


@given(ALLOWS, ALLOWS, CALLING)
def test_another_allow_never_keeps_anybody_out(some: list[Any], more: list[Any], caller: Caller) -> None:
    order = [False, None, True]
    before, after = (evaluate_caller(trusted_by(*statements), caller).allowed for statements in (some, [*some, *more]))
    assert order.index(before) <= order.index(after)


@given(ALLOWS)
def test_everything_our_words_say_is_said_without_a_failure(statements: list[Any]) -> None:
    assert lines(*statements).startswith(f"Role {ROLE}\n")
