"""What keeps each kind of caller out of a role: asked of its trust policy with a caller of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.iam.caller import Caller
from cfn_breakglass.analysis.iam.permission_sets import permission_sets_in
from cfn_breakglass.analysis.iam.policy import statements
from cfn_breakglass.analysis.iam.principals import parse_principal, principals_of
from cfn_breakglass.analysis.trust.reasons import what_hangs, why_not
from cfn_breakglass.analysis.trust.role import judge
from cfn_breakglass.analysis.trust.sample_callers import NOBODY, federated, of_set, session, user, values, variations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cfn_breakglass.analysis.trust.role import Trusted

_NO_ACCOUNT = "000000000000"
# STS refuses root users whatever the policy: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_ROOT = "AWS lets a root user take on no role"

Probe = tuple[str, Caller]


class KeptOut(NamedTuple):
    """Kinds of callers that the trust policy keeps out, and by what."""

    who: tuple[str, ...]
    why: tuple[str, ...]


def kept_out(role: Trusted) -> list[KeptOut]:
    """Everybody who is kept out, those for the same reason together; TemplateError if the policy cannot be judged."""
    reasons: dict[tuple[str, ...], list[str]] = {}
    for who, caller in probes(role):
        judgement = judge(role, caller)
        if judgement.answer is not True:
            why = why_not(judgement, caller, here=False) if judgement.answer is False else what_hangs(judgement)
            reasons.setdefault(tuple(why), []).append(who)
    reasons.setdefault((_ROOT,), []).append("root users")
    return [KeptOut(tuple(who), why) for why, who in reasons.items()]


def listed_users(*statements: Mapping[str, Any]) -> list[str]:
    """The IAM users whose names the statements' conditions spell out."""
    return [name for name in values(statements, "aws:username") if not set("*?$") & set(name)]


def probes(role: Trusted) -> Iterator[Probe]:
    """Everybody worth asking about: who the trust policy means, who is near it, and who leaves one thing out."""
    allows = [one for one in statements(role.document) if one["Effect"] == "Allow"]
    principals = [principals_of(one) for one in allows]
    entries = dict.fromkeys(entry for one in principals for entry in one.get("AWS", []))
    home = role.stack.account
    for account in dict.fromkeys([home, *(account for one in entries if (account := parse_principal(one)[0]))]):
        yield from _of_account(role, allows, account, f"account {account}" if account != home else "this account")
    for entry in entries:
        account, of_it = parse_principal(entry)
        kind, _, name = of_it.partition("/")
        if kind in ("user", "role"):
            who = user(allows, role.stack.partition, account, name)
            caller = who if kind == "user" else session(who)
            yield from _each(role, allows, f"{kind} {name} of account {account}", caller)
    somebody = user(allows, role.stack.partition, _NO_ACCOUNT, NOBODY)
    yield "IAM users of other accounts", somebody
    yield "sessions of roles of other accounts", session(somebody)
    providers = list(dict.fromkeys(entry for one in principals for entry in one.get("Federated", [])))
    for provider in providers:
        name = provider.rpartition("-provider/")[2]
        yield from _each(role, allows, f"users of {name}", federated(allows, provider))
    arn = f"arn:{role.stack.partition}:iam::{home}:"
    other = "other " if any(":saml-provider/" in one for one in providers) else ""
    yield f"users of {other}SAML providers", Caller(kind="saml", arn=f"{arn}saml-provider/{NOBODY}")
    other = "other " if any(":saml-provider/" not in one for one in providers) else ""
    yield f"users of {other}OIDC providers", Caller(kind="oidc", arn=f"{arn}oidc-provider/{NOBODY}.example")
    yield "AWS services", Caller(kind="service", arn="service.amazonaws.com")


def _of_account(role: Trusted, allows: Sequence[Mapping[str, Any]], account: str, where: str) -> Iterator[Probe]:
    names = listed_users(*allows) if account == role.stack.account else []
    somebody = user(allows, role.stack.partition, account, NOBODY)
    if names:
        yield f"other IAM users of {where}", somebody
        yield from _each(role, allows, names[0], user(allows, role.stack.partition, account, names[0]))
    else:
        yield from _each(role, allows, f"IAM users of {where}", somebody)
    yield f"sessions of roles of {where}", session(somebody)
    for one in dict.fromkeys(
        one for statement in allows for one in permission_sets_in(statement) if one.account == account
    ):
        yield from _each(role, allows, f"the permission set {one.name} of {where}", of_set(somebody, one.name))
        yield f"permission sets of {where} whose names go on after {one.name}", of_set(somebody, f"{one.name}_{NOBODY}")


def _each(role: Trusted, allows: Sequence[Mapping[str, Any]], who: str, caller: Caller) -> Iterator[Probe]:
    """Somebody, and if they get in, what they must not leave out."""
    yield who, caller
    if judge(role, caller).answer is not False:
        for how, probe in variations(caller, allows):
            if probe != caller and judge(role, probe).answer is False:
                yield f"{who} {how}", probe
