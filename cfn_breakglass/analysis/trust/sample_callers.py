"""Sample callers for a trust policy: some meet every condition, and variations of them miss one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.iam.caller import Caller, CallerKind
from cfn_breakglass.analysis.iam.conditions import parse_operator
from cfn_breakglass.analysis.iam.permission_sets import example_role_of
from cfn_breakglass.analysis.iam.principals import parse_principal, principals_of
from cfn_breakglass.analysis.iam.request_context import as_list
from cfn_breakglass.analysis.trust.required_values import (
    STRANGER,
    required_conditions,
    required_tags,
    required_values,
    sample_value,
)
from cfn_breakglass.analysis.trust.trusted_role import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cfn_breakglass.analysis.trust.required_values import Statements

_TOO_LONG_AGO = 10**9  # seconds
_MOMENT = timedelta(seconds=1)
_CENTURY = timedelta(days=36_500)
_ORGANIZATION = "aws:PrincipalOrgID"
_ADDRESSES = ("192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "2001:db8:ffff::1")


def iam_user(allows: Statements, partition: str, account: str, name: str) -> Caller:
    """An IAM user who meets every condition of the statements."""
    own_statements = [
        statement
        for statement in allows
        if any(parse_principal(entry)[0] == account for entry in principals_of(statement).get("AWS", []))
    ]
    sets_source_identity = any(
        str(action).lower() == "sts:setsourceidentity"
        for statement in own_statements
        for action in as_list(statement.get("Action"))
    )
    organization = sample_value(allows, _ORGANIZATION, "")
    return Caller(
        kind="user",
        arn=f"arn:{partition}:iam::{account}:user/{name}",
        mfa_age=0,
        session_name=name,
        source_identity=name if sets_source_identity else None,
        external_id=sample_value(allows, "sts:ExternalId", "") or None,
        tags={key: values[0] for key, values in required_tags(allows)},
        more={_ORGANIZATION: organization} if organization else {},
        **_address_and_time(allows),
    )


def role_session(user: Caller, role: str = "") -> Caller:
    """A session of a role that meets what the user meets, except what only a user can; the role's name may be given.

    Without ``role`` the role has the name of the user.
    """
    account_arn, _, username = user.arn.partition(":user/")
    arn = f"{account_arn}:role/{role or username}"
    return replace(user, kind="role", arn=arn, mfa_age=None, source_identity=None, tags={})


def permission_set_session(user: Caller, name: str) -> Caller:
    return role_session(user, example_role_of(name))


def federated_user(allows: Statements, provider: str) -> Caller:
    """A user of a SAML or OIDC provider who meets every condition of the statements."""
    kind: CallerKind = "saml" if ":saml-provider/" in provider else "oidc"
    namespace = kind if kind == "saml" else provider.rpartition("-provider/")[2]
    return Caller(
        kind=kind,
        arn=provider,
        session_name=sample_value(allows, "sts:RoleSessionName"),
        subject=sample_value(allows, f"{namespace}:sub"),
        audience=sample_value(allows, f"{namespace}:aud"),
        more={key: sample_value(allows, key) for key in _claims(allows, namespace)},
        **_address_and_time(allows),
    )


def _claims(allows: Statements, namespace: str) -> Iterator[str]:
    """The condition keys of what a token has to say beside its subject and its audience."""
    for _, key, _ in required_conditions(allows):
        if key.startswith(f"{namespace}:") and not key.endswith((":aud", ":sub")):
            yield key


def variations(caller: Caller, allows: Statements) -> Iterator[tuple[str, Caller]]:
    """The caller with one fact missing or changed, each with its description."""
    if caller.is_federated:
        yield from _federated_variations(caller)
        other_origin = "from another address or through a VPC endpoint"
    else:
        yield from _user_and_role_variations(caller)
        other_origin = "from another address, through a VPC endpoint or by a switch in the console"
    if caller.ip:
        networks = {network.partition("/")[0].rpartition(".")[0] for network in required_values(allows, "aws:SourceIp")}
        outside = (address for address in _ADDRESSES if address.rpartition(".")[0] not in networks)
        yield other_origin, replace(caller, ip=next(outside))
    yield "in a region that is not watched", replace(caller, more={**caller.more, REGION: STRANGER})
    if caller.time:
        yield "too early", replace(caller, time=caller.time - _CENTURY)
        yield "too late", replace(caller, time=caller.time + _CENTURY)


def _user_and_role_variations(caller: Caller) -> Iterator[tuple[str, Caller]]:
    yield "without MFA", replace(caller, mfa_age=None)
    if caller.kind == "user":
        yield "with MFA used too long ago", replace(caller, mfa_age=_TOO_LONG_AGO)
    yield "with another session name", replace(caller, session_name=f"not-{caller.name}")
    yield "without a source identity, as in the console", replace(caller, source_identity=None)
    for key, value in caller.tags.items():
        yield f"without the tag {key}={value}", replace(caller, tags={**caller.tags, key: STRANGER})
    yield "of another organization", replace(caller, more=dict.fromkeys(caller.more, f"o-{STRANGER}"))
    yield "without the external ID, as in the console", replace(caller, external_id=None)


def _federated_variations(caller: Caller) -> Iterator[tuple[str, Caller]]:
    yield "with another session name", replace(caller, session_name=STRANGER)
    yield "with another subject", replace(caller, subject=STRANGER)
    yield "with another audience", replace(caller, audience=STRANGER)
    for key in caller.more:
        yield f"with another {key.rpartition(':')[2]}", replace(caller, more={**caller.more, key: STRANGER})


def _address_and_time(statements: Statements) -> dict[str, Any]:
    """An address and a time that the conditions allow; None where they require none."""
    networks = required_values(statements, "aws:SourceIp")
    limits = {
        parse_operator(operator).base.removesuffix("Equals"): values[0]
        for operator, key, values in required_conditions(statements)
        if key.lower() == "aws:currenttime"
    }
    return {"ip": networks[0].partition("/")[0] if networks else None, "time": _time_within(limits)}


def _time_within(limits: Mapping[str, str]) -> datetime | None:
    try:
        if start := limits.get("DateGreaterThan"):
            return datetime.fromisoformat(start) + _MOMENT
        if end := limits.get("DateLessThan"):
            return datetime.fromisoformat(end) - _MOMENT
    except ValueError:
        return None  # IAM also accepts seconds since 1970; our templates hold none
    return None
