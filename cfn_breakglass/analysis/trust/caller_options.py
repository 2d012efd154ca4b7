"""The caller that somebody asks about, out of what they type."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple, cast

from cfn_breakglass.analysis.iam.caller import Caller, CallerKind
from cfn_breakglass.analysis.iam.permission_sets import example_role_of
from cfn_breakglass.analysis.iam.principals import is_account, not_an_account
from cfn_breakglass.errors import BreakglassError

if TYPE_CHECKING:
    from collections.abc import Iterable

# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_SESSION = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_NAME = re.compile(r"(?:[!-.0-~]+/)*[\w+=,.@-]{1,64}", re.ASCII)


class CallerError(BreakglassError):
    """What was typed names no caller there can be."""


class Asked(NamedTuple):
    """A caller as typed; ``None`` and empty for what was not. ``mfa_age`` is in minutes."""

    user: str | None = None
    role: str | None = None
    saml: str | None = None
    oidc: str | None = None
    permission_set: str | None = None
    account: str | None = None
    mfa: bool | None = None
    mfa_age: int | None = None
    session_name: str | None = None
    source_identity: str | None = None
    subject: str | None = None
    audience: str | None = None
    external_id: str | None = None
    console: bool = False
    vpc_endpoint: bool = False
    tags: tuple[str, ...] = ()
    session_tags: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    ip: str | None = None
    at: str | None = None

    @property
    def anything(self) -> bool:
        return self != Asked()


def caller(asked: Asked, *, account: str, partition: str) -> Caller:
    """Make the caller; ``account`` and ``partition`` are those of the role. CallerError for what cannot be."""
    session = asked.permission_set and example_role_of(asked.permission_set)
    given = [("user", asked.user), ("role", asked.role), ("role", session), ("saml", asked.saml), ("oidc", asked.oidc)]
    kinds = [(kind, value) for kind, value in given if value is not None]
    if len(kinds) != 1:
        raise CallerError("say who calls, with one of --user, --role, --permission-set, --saml and --oidc")
    kind, name = cast("tuple[CallerKind, str]", kinds[0])
    _fits(asked, kind)
    arn = _provider(name, kind) if kind in ("saml", "oidc") else _arn(name, kind, asked.account, account, partition)
    # A session that the console starts has the name of the IAM user.
    session_name = name.rpartition("/")[2] if asked.console and kind == "user" else asked.session_name
    return Caller(
        kind=kind,
        arn=arn,
        time=_time(asked.at),
        mfa_age=None if not (asked.mfa or asked.mfa_age is not None) else 60 * (asked.mfa_age or 0),
        session_name=_session(session_name, "session name"),
        source_identity=_session(asked.source_identity, "source identity"),
        subject=asked.subject,
        audience=asked.audience,
        external_id=asked.external_id,
        via="console" if asked.console else "vpc-endpoint" if asked.vpc_endpoint else "",
        ip=_address(asked.ip),
        tags=_pairs(asked.tags, "--tag"),
        session_tags=_pairs(asked.session_tags, "--session-tag"),
        more=_pairs(asked.keys, "--key"),
    )


def _fits(asked: Asked, kind: CallerKind) -> None:
    """Refuse what callers of a kind do not have.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    federated = kind in ("saml", "oidc")
    if kind != "user" and (asked.mfa or asked.mfa_age is not None):
        raise CallerError("only an IAM user calls with MFA: sessions of roles and federated users carry no MFA data")
    if asked.mfa is False and asked.mfa_age is not None:
        raise CallerError("--mfa-age and --no-mfa contradict each other")
    if federated and (asked.account or asked.tags):
        raise CallerError("--account and --tag are of users and roles; a federated user passes --session-tag")
    if not federated and (asked.subject or asked.audience):
        raise CallerError("--subject and --audience are of federated users: give them with --saml or --oidc")
    _comes(asked, federated=federated)


def _comes(asked: Asked, *, federated: bool) -> None:
    """Refuse what a switch in the console does not bring, and what says two things of where a call comes from."""
    if federated and (asked.console or asked.external_id):
        raise CallerError("--console and --external-id are of users and roles; the others sign in at their provider")
    if asked.console and (asked.session_name or asked.source_identity or asked.external_id or asked.session_tags):
        raise CallerError("--console names the session, and sends no source identity, external ID or session tags")
    if [asked.console, asked.vpc_endpoint, asked.ip is not None].count(True) > 1:
        raise CallerError("--console, --vpc-endpoint and --ip say different things of where the call comes from")


def _arn(name: str, kind: CallerKind, account: str | None, home: str, partition: str) -> str:
    if account is not None and not is_account(account):
        raise CallerError(not_an_account(account))
    if not name.startswith("arn:"):
        if not _NAME.fullmatch(name):
            raise CallerError(f"{name!r} is no name of an IAM {kind}")
        return f"arn:{partition}:iam::{account or home}:{kind}/{name}"
    parts = name.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith(f"{kind}/") or not is_account(parts[4]):  # noqa: PLR2004 - an ARN has six
        raise CallerError(f"{name} is no ARN of an IAM {kind}: arn:{partition}:iam::ACCOUNT:{kind}/NAME")
    if account not in (None, parts[4]):
        raise CallerError(f"{name} is not of account {account}")
    return name


def _provider(name: str, kind: CallerKind) -> str:
    if f":{kind}-provider/" in name or (kind == "oidc" and "." in name and not name.startswith("arn:")):
        return name
    raise CallerError(f"{name} is no ARN of a {kind.upper()} provider: arn:aws:iam::ACCOUNT:{kind}-provider/NAME")


def _session(given: str | None, what: str) -> str | None:
    if given is None or _SESSION.fullmatch(given):
        return given
    raise CallerError(f"{given!r} is no {what}: STS takes 2 to 64 letters, digits and _+=,.@-")


def _address(given: str | None) -> str | None:
    try:
        return given and str(ip_address(given))
    except ValueError:
        raise CallerError(f"{given} is no IP address") from None


def _time(given: str | None) -> datetime:
    if given is None:
        return datetime.now(UTC)
    try:
        time = datetime.fromisoformat(given)
    except ValueError:
        raise CallerError(f"{given} is no time: write 2030-01-31T03:00:00Z") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _pairs(given: Iterable[str], option: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    if bad := [name for name, sign, _ in pairs if not (name and sign)]:
        raise CallerError(f"{option} takes NAME=VALUE, not {bad[0]!r}")
    return {name: value for name, _, value in pairs}
