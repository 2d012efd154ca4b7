"""The caller that a decision is about, made from what a user says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple, cast

from cfn_breakglass.analysis.iam.caller import ACCOUNT_ACCESS, Caller, CallerKind
from cfn_breakglass.analysis.iam.permission_sets import example_role_of
from cfn_breakglass.analysis.iam.principals import is_account, not_an_account
from cfn_breakglass.errors import BreakglassError

if TYPE_CHECKING:
    from collections.abc import Iterable

# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_NAME = re.compile(r"(?:[!-.0-~]+/)*[\w+=,.@-]{1,64}", re.ASCII)
_ARN_PARTS = 6
_OF_PEOPLE = (
    *("account", "mfa", "mfa_age", "session_name", "source_identity", "subject", "audience", "external_id", "console"),
    *("vpc_endpoint", "tags", "ip"),
)
"""What callers other than account access manager send."""


class CallerError(BreakglassError):
    """The options describe a caller that cannot exist; ``options`` are the fields of CallerOptions to change."""

    def __init__(self, text: str, *options: str) -> None:
        self.text = text
        self.options = options
        super().__init__(text, *options)

    def __str__(self) -> str:
        return self.text


class CallerOptions(NamedTuple):
    """What a user says about a caller; None or empty for what is not said. ``mfa_age`` is in minutes.

    ``tags``, ``session_tags`` and ``keys`` are texts of the form NAME=VALUE.
    """

    user: str | None = None
    role: str | None = None
    saml: str | None = None
    oidc: str | None = None
    permission_set: str | None = None
    account_access: str | None = None
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
    def is_empty(self) -> bool:
        return self == CallerOptions()

    @property
    def says_mfa(self) -> bool:
        """Whether the caller used MFA: an age of the MFA says so too."""
        return bool(self.mfa) or self.mfa_age is not None


@dataclass(frozen=True)
class MissingOption:
    """A fact about a call that is needed for a decision: ``option`` is the field of CallerOptions that takes it.

    ``name`` is the NAME of fields that take NAME=VALUE: the key of a tag, or a condition key.
    """

    option: str
    name: str = ""


_OPTIONS = {"aws:sourceip": "ip", "sts:rolesessionname": "session_name"}


def option_for(key: str) -> MissingOption:
    """The option that gives a condition key a value."""
    lower = key.lower()
    if lower.endswith((":sub", ":aud")):
        return MissingOption("subject" if lower.endswith(":sub") else "audience")
    if lower.startswith("aws:principaltag/"):
        return MissingOption("tags", key.partition("/")[2])
    return MissingOption(_OPTIONS[lower]) if lower in _OPTIONS else MissingOption("keys", key)


def caller_from_options(options: CallerOptions, *, account: str, partition: str) -> Caller:
    """Make the caller; ``account`` and ``partition`` are those of the role. CallerError for what cannot exist."""
    kind, option, name = _kind_and_name(options)
    if kind == "service":
        return _account_access(options, name)
    _check_kind(options, kind)
    _check_origin(options, federated=kind in ("saml", "oidc"))
    if kind in ("saml", "oidc"):
        arn = _provider(name, kind)
    else:
        arn = _arn(name, kind, option, caller_account=options.account, role_account=account, partition=partition)
    # A session that the console starts has the name of the IAM user.
    session_name = name.rpartition("/")[2] if options.console and kind == "user" else options.session_name
    return Caller(
        kind=kind,
        arn=arn,
        time=_time(options.at),
        mfa_age=60 * (options.mfa_age or 0) if options.says_mfa else None,
        session_name=_session_name(session_name, "session_name"),
        source_identity=_session_name(options.source_identity, "source_identity"),
        subject=options.subject,
        audience=options.audience,
        external_id=options.external_id,
        via="console" if options.console else "vpc-endpoint" if options.vpc_endpoint else "",
        ip=_address(options.ip),
        tags=_pairs(options.tags, "tags"),
        session_tags=_pairs(options.session_tags, "session_tags"),
        more=_pairs(options.keys, "keys"),
    )


def _account_access(options: CallerOptions, application: str) -> Caller:
    parts = application.split(":")
    if len(parts) != _ARN_PARTS or parts[2] != "account-access" or not is_account(parts[4]):
        form = "arn:aws:account-access:REGION:ACCOUNT:application/ID"
        raise CallerError(f"{application} is not an ARN of an application: {form}", "account_access")
    if unused := [name for name in _OF_PEOPLE if getattr(options, name)]:
        raise CallerError("account access manager calls for people, and sends none of this", "account_access", *unused)
    return Caller(
        kind="service",
        arn=ACCOUNT_ACCESS,
        time=_time(options.at),
        session_tags=_pairs(options.session_tags, "session_tags"),
        more={"aws:SourceArn": application, "aws:SourceAccount": parts[4], **_pairs(options.keys, "keys")},
    )


def _kind_and_name(options: CallerOptions) -> tuple[CallerKind, str, str]:
    """What calls, the option that says so, and its name or ARN."""
    session = options.permission_set and example_role_of(options.permission_set)
    callers = [
        ("user", "user", options.user),
        ("role", "role", options.role),
        ("role", "permission_set", session),
        ("saml", "saml", options.saml),
        ("oidc", "oidc", options.oidc),
        ("service", "account_access", options.account_access),
    ]
    chosen = [(kind, option, name) for kind, option, name in callers if name is not None]
    if len(chosen) != 1:
        raise CallerError("name exactly one caller", *(option for _, option, _ in callers))
    return cast("tuple[CallerKind, str, str]", chosen[0])


def _check_kind(options: CallerOptions, kind: CallerKind) -> None:
    """Reject facts that callers of a kind do not have.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    federated = kind in ("saml", "oidc")
    if kind != "user" and options.says_mfa:
        raise CallerError(
            "only an IAM user calls with MFA: role sessions and federated users have no MFA data", "mfa", "mfa_age"
        )
    if options.mfa is False and options.mfa_age is not None:
        raise CallerError("a call without MFA has no age of the MFA", "mfa", "mfa_age")
    if federated and (options.account or options.tags):
        raise CallerError(
            "only users and roles have an account and tags; a federated user passes session tags", "account", "tags"
        )
    if not federated and (options.subject or options.audience):
        raise CallerError("only federated users have a subject and an audience", "subject", "audience")


def _check_origin(options: CallerOptions, *, federated: bool) -> None:
    """Reject what the console does not send, and two origins of one call."""
    if federated and (options.console or options.external_id):
        raise CallerError(
            "only users and roles switch roles in the console or send an external ID;"
            " federated users sign in at their provider",
            *("console", "external_id"),
        )
    not_sent = ("session_name", "source_identity", "external_id", "session_tags")
    if options.console and any(getattr(options, name) for name in not_sent):
        raise CallerError(
            "the console names the session, and sends no source identity, external ID or session tags",
            *("console", *not_sent),
        )
    if [options.console, options.vpc_endpoint, options.ip is not None].count(True) > 1:
        raise CallerError("a call comes from one place only", "console", "vpc_endpoint", "ip")


def _arn(
    name: str, kind: CallerKind, option: str, *, caller_account: str | None, role_account: str, partition: str
) -> str:
    if caller_account is not None and not is_account(caller_account):
        raise CallerError(not_an_account(caller_account), "account")
    if not name.startswith("arn:"):
        if not _NAME.fullmatch(name):
            raise CallerError(f"{name!r} is not a name of an IAM {kind}", option)
        return f"arn:{partition}:iam::{caller_account or role_account}:{kind}/{name}"
    parts = name.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS or not parts[5].startswith(f"{kind}/") or not is_account(parts[4]):
        raise CallerError(f"{name} is not an ARN of an IAM {kind}: arn:{partition}:iam::ACCOUNT:{kind}/NAME", option)
    if caller_account not in (None, parts[4]):
        raise CallerError(f"{name} is not of account {caller_account}", option, "account")
    return name


def _provider(name: str, kind: CallerKind) -> str:
    if f":{kind}-provider/" in name or (kind == "oidc" and "." in name and not name.startswith("arn:")):
        return name
    article = "a" if kind == "saml" else "an"
    form = f"arn:aws:iam::ACCOUNT:{kind}-provider/NAME"
    raise CallerError(f"{name} is not an ARN of {article} {kind.upper()} provider: {form}", kind)


def _session_name(text: str | None, option: str) -> str | None:
    if text is None or _SESSION_NAME.fullmatch(text):
        return text
    noun = option.replace("_", " ")
    raise CallerError(f"{text!r} is not a {noun}: STS accepts 2 to 64 letters, digits and _+=,.@-", option)


def _address(text: str | None) -> str | None:
    try:
        return text and str(ip_address(text))
    except ValueError:
        raise CallerError(f"{text} is not an IP address", "ip") from None


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise CallerError(f"{text} is not a time such as 2030-01-31T03:00:00Z", "at") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if bad := [name for name, sign, _ in pairs if not (name and sign)]:
        raise CallerError(f"{bad[0]!r} is not of the form NAME=VALUE", option)
    return {name: value for name, _, value in pairs}
