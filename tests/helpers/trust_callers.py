"""Callers of the golden roles: what ``trust`` is asked of each, and what it answers."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result
from golden_cases import CASES

from cfn_breakglass.cli.app import cli

HOME = "111122223333"
OTHER = "444455556666"
ROLE = f"arn:aws:iam::{HOME}:role/Rescue"
CORP = f"arn:aws:iam::{HOME}:saml-provider/Corp"
GITHUB = f"arn:aws:iam::{HOME}:oidc-provider/token.actions.githubusercontent.com"
MAIN = "repo:example/ops:ref:refs/heads/main"
CREATED = [case.name for case in CASES if (case / "trust.txt").exists()]


def run(templates: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["trust", "--templates", str(templates), *arguments])


SAML = f"--saml {CORP} --audience https://signin.aws.amazon.com/saml"
CALLERS = {
    "china, alice with MFA": ("china", "--user alice --mfa", 0, "for users and roles of this account"),
    "china, alice without": ("china", "--user alice", 1, "only if MFA was used; the call has no MFA"),
    "china, alice by ARN": ("china", f"--user arn:aws-cn:iam::{HOME}:user/alice --mfa", 0, "the templates grant that"),
    "existing-bus, alice": ("existing-bus", "--user alice --mfa", 0, "the templates grant that"),
    "existing-bus, bob": ("existing-bus", "--user bob --mfa", 1, "the IAM user's name is alice, in any letter"),
    "govcloud, no MFA is asked": ("govcloud", "--user alice --no-mfa", 0, "the IAM user's name is alice"),
    "govcloud, another account's alice": ("govcloud", f"--user alice --account {OTHER}", 1, "names them"),
    "log-only, alice": ("log-only", "--user alice --mfa", 0, "the templates grant that"),
    "log-only, a role": ("log-only", "--role alice", 1, "only IAM users have a user name"),
    "one-region, Alice": ("one-region", "--user Alice --mfa", 0, "in any letter case: Alice"),
    "one-region, alicf": ("one-region", "--user alicf --mfa", 1, "in this call it is alicf"),
    "own-bus, a user under a path": ("own-bus", "--user ops/alice --mfa", 0, "IAM user alice of this account"),
    "own-bus, SAML": ("own-bus", SAML, 1, "no statement allows sts:AssumeRoleWithSAML"),
    "smallest, alice": ("smallest", "--user alice --mfa", 0, "with the policy break-glass-grant"),
    "smallest, her source identity": ("smallest", "--user alice --mfa --source-identity alice", 1, "SetSourceIdentity"),
    "smallest, session tags": ("smallest", "--user alice --mfa --session-tag a=b", 1, "allows sts:TagSession"),
    "smallest, OIDC": ("smallest", "--oidc idp.example.com --subject x", 1, "AssumeRoleWithWebIdentity"),
    "told-nobody, alice": ("told-nobody", "--user alice --mfa", 0, "allows them"),
    "told-nobody, bob": ("told-nobody", "--user bob --mfa", 1, "in this call it is bob"),
    "everything, bob": ("everything", "--user bob --mfa --session-name bob", 0, "session's name is the IAM user's"),
    "everything, MFA just in time": ("everything", "--user bob --mfa-age 60 --session-name bob", 0, "at most 1 hour"),
    "everything, MFA too old": ("everything", "--user bob --mfa-age 61 --session-name bob", 1, "was 61 minutes ago"),
    "everything, as alice": ("everything", "--user bob --mfa --session-name alice", 1, "in this call it is alice"),
    "everything, no session name": ("everything", "--user bob --mfa", 2, "  --session-name NAME"),
    "everything, the chief": ("everything", f"--role arn:aws:iam::{OTHER}:role/ops/Chief", 0, "at most 1 hour"),
    "everything, the chief's namesake": ("everything", f"--role ops/Chief --account {HOME}", 1, "only IAM users"),
    "everything, a user elsewhere": ("everything", f"--user eve --account {OTHER} --mfa", 0, "Yes, if their own poli"),
    "everything, without MFA": ("everything", f"--user eve --account {OTHER}", 1, "statement 2 allows them only"),
    "everything, a role elsewhere": (
        "everything",
        f"--role ops/Clerk --account {OTHER}",
        1,
        "a role session has no MFA",
    ),
    "saml, alice": ("saml", f"{SAML} --session-name alice", 0, "it is for users of the SAML provider Corp"),
    "saml, a regional endpoint": (
        "saml",
        f"--saml {CORP} --audience https://us-east-2.signin.aws.amazon.com/saml --session-name Bob",
        0,
        "the SAML audience is like",
    ),
    "saml, carl": ("saml", f"{SAML} --session-name carl", 1, "in this call it is carl"),
    "saml, another application": (
        "saml",
        f"--saml {CORP} --audience urn:x --session-name bob",
        1,
        "in this call it is urn:x",
    ),
    "saml, no audience": ("saml", f"--saml {CORP} --session-name alice", 2, "  --audience TEXT"),
    "saml, another provider": ("saml", f"{SAML}2 --saml {CORP}2 --session-name alice", 1, "names them"),
    "saml, IAM user alice": ("saml", "--user alice --mfa", 1, "no statement that allows sts:AssumeRole names them"),
    "oidc, the main branch": ("oidc", f"--oidc {GITHUB} --subject {MAIN}", 0, "registered in the account"),
    "oidc, another branch": ("oidc", f"--oidc {GITHUB} --subject {MAIN}2", 1, f"in this call it is {MAIN}2"),
    "oidc, no subject": ("oidc", f"--oidc {GITHUB}", 2, "  --subject TEXT"),
    "source-identity, alice": ("source-identity", "--user alice --mfa --source-identity alice", 0, "sts:SetSourceId"),
    "source-identity, in the console": (
        "source-identity",
        "--user alice --mfa",
        1,
        "the request has no source identity",
    ),
    "source-identity, as bob": (
        "source-identity",
        "--user alice --mfa --source-identity bob",
        1,
        "in this call it is bob",
    ),
}
