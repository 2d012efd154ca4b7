"""Which kinds of callers a role's trust policy denies, and why: sample callers of each kind are evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.iam.caller import ACCOUNT_ACCESS, Caller
from cfn_breakglass.analysis.iam.permission_sets import permission_sets_in
from cfn_breakglass.analysis.iam.policy import statements
from cfn_breakglass.analysis.iam.principals import parse_principal, principals_of
from cfn_breakglass.analysis.trust.reasons import denial_reasons, unknown_reasons
from cfn_breakglass.analysis.trust.required_values import STRANGER, literal_usernames
from cfn_breakglass.analysis.trust.sample_callers import (
    federated_user,
    iam_user,
    permission_set_session,
    role_session,
    variations,
)
from cfn_breakglass.analysis.trust.statement_phrases import describe_account
from cfn_breakglass.analysis.trust.trusted_role import evaluate_caller

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cfn_breakglass.analysis.trust.trusted_role import TrustedRole

    Allows = Sequence[Mapping[str, Any]]

_NO_ACCOUNT = "000000000000"
# Whatever the policy says: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_ROOT = "AWS denies sts:AssumeRole to root users"

Probe = tuple[str, Caller]
"""A description of a kind of callers, and a sample caller of that kind."""


@dataclass(frozen=True)
class DeniedCallers:
    """Kinds of callers that are denied for the same reasons."""

    callers: tuple[str, ...]
    reasons: tuple[str, ...]


def denied_callers(role: TrustedRole) -> list[DeniedCallers]:
    """Every kind of callers that the trust policy denies; TemplateError if the policy cannot be evaluated."""
    by_reasons: dict[tuple[str, ...], list[str]] = {}
    for description, caller in _probes(role):
        evaluation = evaluate_caller(role, caller)
        if evaluation.allowed is False:
            reasons = denial_reasons(evaluation, caller, with_values=False)
        elif evaluation.allowed is None:
            reasons = unknown_reasons(evaluation)
        else:
            continue
        by_reasons.setdefault(tuple(reasons), []).append(description)
    by_reasons.setdefault((_ROOT,), []).append("root users")
    return [DeniedCallers(tuple(callers), reasons) for reasons, callers in by_reasons.items()]


def _probes(role: TrustedRole) -> Iterator[Probe]:
    """A sample of every kind of callers: those that the policy is for, similar ones, and variations of them."""
    allows = [statement for statement in statements(role.document) if statement["Effect"] == "Allow"]
    principals = [principals_of(statement) for statement in allows]
    entries = dict.fromkeys(entry for by_kind in principals for entry in by_kind.get("AWS", []))
    partition, home = role.stack.partition, role.stack.account
    accounts = [account for entry in entries if (account := parse_principal(entry)[0])]
    for account in dict.fromkeys([home, *accounts]):
        yield from _account_probes(role, allows, account)
    for entry in entries:
        account, user_or_role = parse_principal(entry)
        kind, _, name = user_or_role.partition("/")
        if kind in ("user", "role"):
            user = iam_user(allows, partition, account, name)
            caller = user if kind == "user" else role_session(user)
            yield from _with_variations(role, allows, f"{kind} {name} of account {account}", caller)
    stranger = iam_user(allows, partition, _NO_ACCOUNT, STRANGER)
    yield "IAM users of other accounts", stranger
    yield "sessions of roles of other accounts", role_session(stranger)
    providers = list(dict.fromkeys(entry for by_kind in principals for entry in by_kind.get("Federated", [])))
    for provider in providers:
        name = provider.rpartition("-provider/")[2]
        yield from _with_variations(role, allows, f"users of {name}", federated_user(allows, provider))
    arn = f"arn:{partition}:iam::{home}:"
    other = "other " if any(":saml-provider/" in provider for provider in providers) else ""
    yield f"users of {other}SAML providers", Caller(kind="saml", arn=f"{arn}saml-provider/{STRANGER}")
    other = "other " if any(":saml-provider/" not in provider for provider in providers) else ""
    yield f"users of {other}OIDC providers", Caller(kind="oidc", arn=f"{arn}oidc-provider/{STRANGER}.example")
    if any(ACCOUNT_ACCESS in by_kind.get("Service", []) for by_kind in principals):
        other_application = {"aws:SourceArn": STRANGER}
        yield (
            "other applications of account access manager",
            Caller(kind="service", arn=ACCOUNT_ACCESS, more=other_application),
        )
    yield "AWS services", Caller(kind="service", arn="service.amazonaws.com")


def _account_probes(role: TrustedRole, allows: Allows, account: str) -> Iterator[Probe]:
    place = describe_account(account, role)
    names = literal_usernames(*allows) if account == role.account_of_callers else []
    stranger = iam_user(allows, role.stack.partition, account, STRANGER)
    if names:
        yield f"other IAM users of {place}", stranger
        user = iam_user(allows, role.stack.partition, account, names[0])
        yield from _with_variations(role, allows, names[0], user)
    else:
        yield from _with_variations(role, allows, f"IAM users of {place}", stranger)
    yield f"sessions of roles of {place}", role_session(stranger)
    permission_sets = [permission_set for statement in allows for permission_set in permission_sets_in(statement)]
    for name in dict.fromkeys(
        permission_set.name for permission_set in permission_sets if permission_set.account == account
    ):
        session = permission_set_session(stranger, name)
        yield from _with_variations(role, allows, f"the permission set {name} of {place}", session)
        longer = permission_set_session(stranger, f"{name}_{STRANGER}")
        yield f"permission sets of {place} whose names begin with {name}_", longer


def _with_variations(role: TrustedRole, allows: Allows, description: str, caller: Caller) -> Iterator[Probe]:
    """A caller and, unless it is denied, its variations that are denied."""
    yield description, caller
    if evaluate_caller(role, caller).allowed is not False:
        for difference, variation in variations(caller, allows):
            if variation != caller and evaluate_caller(role, variation).allowed is False:
                yield f"{description} {difference}", variation
