"""Callers made up for a trust policy: who does everything as it asks, and who leaves one thing out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.iam.caller import Caller, CallerKind
from cfn_breakglass.analysis.iam.conditions import iter_conditions, parse_operator
from cfn_breakglass.analysis.iam.permission_sets import example_role_of
from cfn_breakglass.analysis.iam.policy import as_list
from cfn_breakglass.analysis.iam.principals import parse_principal, principals_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Statements = Sequence[Mapping[str, Any]]

NOBODY = "somebody-else"
_LONG_AGO = 10**9
_A_LITTLE = timedelta(seconds=1)
_AGES = timedelta(days=36_500)
_TAG = "aws:principaltag/"
_ORGANIZATION = "aws:PrincipalOrgID"
_ADDRESSES = ("192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "2001:db8:ffff::1")


def user(allows: Statements, partition: str, account: str, name: str) -> Caller:
    """An IAM user who does everything as it should be done."""
    ours = [
        one
        for one in allows
        if any(parse_principal(entry)[0] == account for entry in principals_of(one).get("AWS", []))
    ]
    sets = any(str(action).lower() == "sts:setsourceidentity" for one in ours for action in as_list(one.get("Action")))
    organization = first(allows, _ORGANIZATION, "")
    return Caller(
        kind="user",
        arn=f"arn:{partition}:iam::{account}:user/{name}",
        mfa_age=0,
        session_name=name,
        source_identity=name if sets else None,
        external_id=first(allows, "sts:ExternalId", "") or None,
        tags={key: wanted[0] for key, wanted in _tags(allows)},
        more={_ORGANIZATION: organization} if organization else {},
        **_where_and_when(allows),
    )


def session(somebody: Caller, role: str = "") -> Caller:
    """The same of a session of a role, of ``role`` or one named as the user."""
    path = f":role/{role}" if role else f":role/{somebody.arn.partition(':user/')[2]}"
    arn = somebody.arn.partition(":user/")[0] + path
    return replace(somebody, kind="role", arn=arn, mfa_age=None, source_identity=None, tags={})


def of_set(somebody: Caller, name: str) -> Caller:
    return session(somebody, example_role_of(name))


def federated(allows: Statements, provider: str) -> Caller:
    """A user of a provider who brings what the statements ask for."""
    kind: CallerKind = "saml" if ":saml-provider/" in provider else "oidc"
    space = kind if kind == "saml" else provider.rpartition("-provider/")[2]
    return Caller(
        kind=kind,
        arn=provider,
        session_name=first(allows, "sts:RoleSessionName"),
        subject=first(allows, f"{space}:sub"),
        audience=first(allows, f"{space}:aud"),
        **_where_and_when(allows),
    )


def variations(caller: Caller, allows: Statements) -> Iterator[tuple[str, Caller]]:
    """What a caller may leave out or do otherwise, each with its words."""
    if caller.is_federated:
        yield from _of_federated(caller)
        place = "from another address or through a VPC endpoint"
    else:
        yield from _of_users_and_roles(caller)
        place = "from another address, through a VPC endpoint or by a switch in the console"
    if caller.ip:
        inside = {network.partition("/")[0].rpartition(".")[0] for network in values(allows, "aws:SourceIp")}
        elsewhere = [one for one in _ADDRESSES if one.rpartition(".")[0] not in inside]
        yield place, replace(caller, ip=next(iter(elsewhere)))
    if caller.time:
        yield "too early", replace(caller, time=caller.time - _AGES)
        yield "too late", replace(caller, time=caller.time + _AGES)


def _of_users_and_roles(caller: Caller) -> Iterator[tuple[str, Caller]]:
    yield "without MFA", replace(caller, mfa_age=None)
    if caller.kind == "user":
        yield "with MFA used too long ago", replace(caller, mfa_age=_LONG_AGO)
    yield "under another session name", replace(caller, session_name=f"not-{caller.name}")
    yield "without a source identity, as in the console", replace(caller, source_identity=None)
    for key, value in caller.tags.items():
        yield f"without the tag {key}={value}", replace(caller, tags={**caller.tags, key: NOBODY})
    yield "of another organization", replace(caller, more=dict.fromkeys(caller.more, f"o-{NOBODY}"))
    yield "without the external ID, as in the console", replace(caller, external_id=None)


def _of_federated(caller: Caller) -> Iterator[tuple[str, Caller]]:
    names = ("session_name", "session name"), ("subject", "subject"), ("audience", "audience")
    for name, words in names:
        preposition = "under" if name == "session_name" else "with"
        yield f"{preposition} another {words}", replace(caller, **dict[str, Any]({name: NOBODY}))


def first(statements: Statements, key: str, otherwise: str = NOBODY) -> str:
    """A value that a key may have; one that is whole rather than one like a wildcard."""
    found = values(statements, key)
    whole = [value for value in found if not set("*?$") & set(value)]
    like = [value.replace("*", "x").replace("?", "x") for value in found if "$" not in value]
    return next(iter(whole + like), otherwise)


def values(statements: Statements, key: str) -> list[str]:
    """What the statements' conditions want a key to be."""
    return [value for _, name, wanted in _wanted(statements) if name.lower() == key.lower() for value in wanted]


def _tags(statements: Statements) -> Iterator[tuple[str, tuple[str, ...]]]:
    for _, key, wanted in _wanted(statements):
        if key.lower().startswith(_TAG):
            yield key[len(_TAG) :], wanted


def _wanted(statements: Statements) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every operator, key and values that a request should have."""
    for operator, key, wanted in chain.from_iterable(iter_conditions(one.get("Condition", {})) for one in statements):
        if wanted and parse_operator(operator).base != "Null" and not parse_operator(operator).negated:
            yield operator, key, wanted


def _where_and_when(statements: Statements) -> dict[str, Any]:
    """An address and a time that the conditions take; None where they ask for none."""
    networks = values(statements, "aws:SourceIp")
    times = {
        parse_operator(operator).base.removesuffix("Equals"): wanted[0]
        for operator, key, wanted in _wanted(statements)
        if key.lower() == "aws:currenttime"
    }
    return {"ip": networks[0].partition("/")[0] if networks else None, "time": _within(times)}


def _within(times: Mapping[str, str]) -> datetime | None:
    try:
        if start := times.get("DateGreaterThan"):
            return datetime.fromisoformat(start) + _A_LITTLE
        if end := times.get("DateLessThan"):
            return datetime.fromisoformat(end) - _A_LITTLE
    except ValueError:
        return None  # in seconds since 1970, which is no form of ours
    return None
