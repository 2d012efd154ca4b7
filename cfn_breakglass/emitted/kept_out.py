"""What keeps each kind of caller out of a role: asked of its trust policy with a caller of each kind."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.emitted.callers import Caller, Kind
from cfn_breakglass.emitted.conditions import parts, wishes
from cfn_breakglass.emitted.deciding import what_hangs, why_not
from cfn_breakglass.emitted.policies import listed, statements
from cfn_breakglass.emitted.principals import named, taken_apart
from cfn_breakglass.emitted.trusted import judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cfn_breakglass.emitted.trusted import Trusted

_NOBODY = "somebody-else"
_NO_ACCOUNT = "000000000000"
_LONG_AGO = 10**9
# STS refuses root users whatever the policy: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_ROOT = "AWS lets a root user take on no role"

_OTHERWISE = {
    "session_name": "under another session name",
    "subject": "with another subject",
    "audience": "with another audience",
}

Probe = tuple[str, Caller]


class KeptOut(NamedTuple):
    """Kinds of callers that the trust policy keeps out, and by what."""

    who: tuple[str, ...]
    why: tuple[str, ...]


def kept_out(role: Trusted) -> list[KeptOut]:
    """Everybody who is kept out, those for the same reason together; TemplateError if the policy cannot be judged."""
    reasons: dict[tuple[str, ...], list[str]] = {}
    for who, caller in _probes(role):
        judgement = judge(role, caller)
        if judgement.answer is not True:
            why = why_not(judgement, caller, here=False) if judgement.answer is False else what_hangs(judgement)
            reasons.setdefault(tuple(why), []).append(who)
    reasons.setdefault((_ROOT,), []).append("root users")
    return [KeptOut(tuple(who), why) for why, who in reasons.items()]


def listed_users(*statements: Mapping[str, Any]) -> list[str]:
    """The IAM users whose names the statements' conditions spell out."""
    return _values(statements, "aws:username")


def _probes(role: Trusted) -> Iterator[Probe]:
    allows = [one for one in statements(role.document) if one["Effect"] == "Allow"]
    principals = [named(one) for one in allows]
    entries = dict.fromkeys(entry for one in principals for entry in one.get("AWS", []))
    home = role.stack.account
    for account in dict.fromkeys([home, *(account for one in entries if (account := taken_apart(one)[0]))]):
        yield from _of_account(role, allows, account, f"account {account}" if account != home else "this account")
    for entry in entries:
        account, of_it = taken_apart(entry)
        kind, _, name = of_it.partition("/")
        if kind in ("user", "role"):
            user = _user(role, allows, account, name)
            yield f"{kind} {name} of account {account}", user if kind == "user" else _role(user)
    somebody = _user(role, allows, _NO_ACCOUNT, _NOBODY)
    yield "IAM users of other accounts", somebody
    yield "sessions of roles of other accounts", _role(somebody)
    providers = list(dict.fromkeys(entry for one in principals for entry in one.get("Federated", [])))
    for provider in providers:
        yield from _of_provider(role, allows, provider)
    arn = f"arn:{role.stack.partition}:iam::{home}:"
    other = "other " if any(":saml-provider/" in one for one in providers) else ""
    yield f"users of {other}SAML providers", Caller(kind="saml", arn=f"{arn}saml-provider/{_NOBODY}")
    other = "other " if any(":saml-provider/" not in one for one in providers) else ""
    yield f"users of {other}OIDC providers", Caller(kind="oidc", arn=f"{arn}oidc-provider/{_NOBODY}.example")
    yield "AWS services", Caller(kind="service", arn="service.amazonaws.com")


def _of_account(role: Trusted, allows: Sequence[Mapping[str, Any]], account: str, where: str) -> Iterator[Probe]:
    names = listed_users(*allows) if account == role.stack.account else []
    somebody = _user(role, allows, account, _NOBODY)
    yield f"{'other ' if names else ''}IAM users of {where}", somebody
    first = _user(role, allows, account, names[0]) if names else somebody
    who = names[0] if names else f"IAM users of {where}"
    if judge(role, first).answer is not False:
        yield from _refused(role, who, first)
    elif names:
        yield who, first
    yield f"sessions of roles of {where}", _role(somebody)


def _refused(role: Trusted, who: str, caller: Caller) -> Iterator[Probe]:
    """Somebody who gets in, and what they must not leave out."""
    probes = {
        "without MFA": replace(caller, mfa_age=None),
        "with MFA used too long ago": replace(caller, mfa_age=_LONG_AGO),
        "under another session name": replace(caller, session_name=_NOBODY),
        "without a source identity, as in the console": replace(caller, source_identity=None),
    }
    for how, probe in probes.items():
        if probe != caller and judge(role, probe).answer is False:
            yield f"{who} {how}", probe


def _of_provider(role: Trusted, allows: Sequence[Mapping[str, Any]], provider: str) -> Iterator[Probe]:
    name = provider.rpartition("-provider/")[2]
    kind: Kind = "saml" if ":saml-provider/" in provider else "oidc"
    space = kind if kind == "saml" else name
    given: dict[str, Any] = {
        "session_name": _first(allows, "sts:RoleSessionName"),
        "subject": _first(allows, f"{space}:sub"),
        "audience": _first(allows, f"{space}:aud"),
    }
    caller = Caller(kind=kind, arn=provider, **given)
    if judge(role, caller).answer is False:
        yield f"users of {name}", caller
        return
    for what, how in _OTHERWISE.items():
        if given[what] != _NOBODY:
            yield f"users of {name} {how}", replace(caller, **dict[str, Any]({what: _NOBODY}))


def _user(role: Trusted, allows: Sequence[Mapping[str, Any]], account: str, name: str) -> Caller:
    """An IAM user who does everything as it should be done."""
    sets = any(str(action).lower() == "sts:setsourceidentity" for one in allows for action in listed(one.get("Action")))
    arn = f"arn:{role.stack.partition}:iam::{account}:user/{name}"
    return Caller(kind="user", arn=arn, mfa_age=0, session_name=name, source_identity=name if sets else None)


def _role(somebody: Caller) -> Caller:
    return replace(somebody, kind="role", arn=somebody.arn.replace(":user/", ":role/"), mfa_age=None)


def _first(allows: Sequence[Mapping[str, Any]], key: str) -> str:
    return next(iter(_values(allows, key)), _NOBODY)


def _values(allows: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    """What the statements compare a key with, as far as it is whole."""
    found = chain.from_iterable(wishes(one.get("Condition", {})) for one in allows)
    return [
        value
        for operator, name, wanted in found
        if name.lower() == key.lower() and parts(operator).base != "Null" and not parts(operator).negated
        for value in wanted
        if not set("*?$") & set(value)
    ]
