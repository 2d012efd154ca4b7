"""Who may assume the role, as a config says it: the section ``role.trust``, and ``usernames``."""
# ruff: noqa: RUF009 - setting() returns a dataclass field, which is a safe default

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import yaml

from cfn_breakglass.config import aws_types
from cfn_breakglass.config.aws_types import NETWORK, Timestamp
from cfn_breakglass.config.collection_types import ListOf, OneOrMore, Section, StringMap, setting
from cfn_breakglass.config.problems import Fault, Problems, inner, pairs
from cfn_breakglass.config.types import INVALID, Boolean, Choice, Integer, String, read_setting

ANY_NAME: Final = "*"
_TAG_KEY: Final = "principal_tag"
_CLAIM_SETTINGS: Final = {"aud": "oidc_audiences", "sub": "oidc_subjects"}
_USERS_FIX: Final = "write a list of names, or {principal_tag: {team: on-call}} for the users who have that tag"


def _check_permission_set(text: str) -> Fault | None:
    return aws_types.PERMISSION_SET.fault_of(text.rpartition("/")[2])


def _check_subject(text: str) -> Fault | None:
    if not text.strip("*?"):
        fix = "write the subjects (sub) of the tokens that may assume the role"
        return Fault(f"is {text!r}, which is everybody who has a token of the provider", fix)
    if "${" in text:
        return Fault(f"is {text!r}, in which IAM reads ${{...}} as a variable", "write * in the place of the variable")
    return None


def _check_claim(text: str) -> Fault | None:
    if text in _CLAIM_SETTINGS:
        return Fault(f"is {text!r}, which is a setting of its own", f"write role.trust.{_CLAIM_SETTINGS[text]} instead")
    return None


SESSION_NAME: Final = String(
    "a session name, or * for everybody",
    r"\*|[A-Za-z0-9_+=,.@-]{2,64}",
    "write 2 to 64 letters, digits and + = , . @ _ -",
)
SUBJECT: Final = String(
    "the subject of a token",
    r"\S*[^\s*?]\S*",
    "write one such as repo:example/ops:*",
    check=_check_subject,
    max_length=255,
)
AUDIENCE: Final = String("the audience of a token", r"\S+", "write one such as sts.amazonaws.com", max_length=255)
CLAIM_NAME: Final = String(
    "the name of a claim",
    r"(?!(?:aud|sub)$)[A-Za-z][A-Za-z0-9_./-]*",
    "write one such as environment",
    check=_check_claim,
)
CLAIM_VALUE: Final = String(
    "the value of a claim", r"\S*[^\s*?]\S*", "write one such as production, with or without *", max_length=255
)
EXTERNAL_ID: Final = String(
    "an external ID",
    r"[A-Za-z0-9_+=,.@:/-]{2,1224}",
    "write at least 2 letters, digits and + = , . @ : / _ -",
    max_length=1_224,
)
PERMISSION_SET: Final = aws_types.PERMISSION_SET._replace(
    description="the name of a permission set, or account/name",
    pattern=rf"(?![0-9]{{12}}$)(?:[0-9]{{12}}/)?(?:{aws_types.PERMISSION_SET.pattern})",
    fix="write one such as OnCall or 444455556666/OnCall",
    check=_check_permission_set,
)


@dataclass(frozen=True)
class TaggedUsers:
    """The IAM users who have all of these tags. A trust policy can let in any number of them."""

    tags: tuple[tuple[str, str], ...]

    def __bool__(self) -> bool:
        return bool(self.tags)


class NamesOrTags(NamedTuple):
    """IAM users, by a list of names or by their tags."""

    names: ListOf
    tags: StringMap

    def read(self, node: yaml.Node, key: str, problems: Problems) -> Any:
        if not isinstance(node, yaml.MappingNode):
            return self.names.read(node, key, problems)
        values: dict[str, Any] = {}
        for name, value in pairs(node, key, problems):
            path = inner(key, name)
            values[name] = read_setting(self.tags, value, path, problems) if name == _TAG_KEY else INVALID
            if name != _TAG_KEY:
                problems.add(path, f"{path} is not a setting", _USERS_FIX)
        if INVALID in values.values():
            return INVALID
        if not values.get(_TAG_KEY):
            problems.add(key, f"{key} has no {_TAG_KEY}", _USERS_FIX)
            return INVALID
        return TaggedUsers(tuple(values[_TAG_KEY].items()))

    def schema(self) -> dict[str, Any]:
        by_tag = {
            "type": "object",
            "additionalProperties": False,
            "required": [_TAG_KEY],
            "properties": {_TAG_KEY: self.tags.schema() | {"minProperties": 1}},
        }
        return {"anyOf": [self.names.schema(), by_tag]}


USERNAMES: Final = NamesOrTags(
    ListOf(aws_types.USERNAME), StringMap(aws_types.TAG_KEY, aws_types.TAG_VALUE, max_entries=50)
)


@dataclass(frozen=True, kw_only=True, repr=False)
class AccountAccess:
    """Account access manager, which gives existing roles to users and groups of Identity Center."""

    application: str | None = setting(
        aws_types.ACCESS_APPLICATION,
        "The ARN of the application; whom it entitles to the role may assume it, without a permission set",
        default=None,
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Trust:
    """Who may assume the role, and under which conditions."""

    mfa: bool = setting(Boolean(), "IAM users need MFA", default=True)
    mfa_max_age_minutes: int | None = setting(
        Integer("minutes", 1, 2_160), "How long ago they may have used MFA", default=None
    )
    session_name: str = setting(
        Choice(("any", "username")), "username: the session must have the name of its IAM user", default="any"
    )
    source_identity: bool = setting(
        Boolean(),
        "IAM users must set their name as source identity; the console cannot switch to the role then",
        default=False,
    )
    saml_provider: str | tuple[str, ...] | None = setting(
        OneOrMore(aws_types.SAML_PROVIDER),
        "Users of this SAML provider, or of a list, may assume the role; without saml_names, usernames are their names",
        default=None,
    )
    saml_names: tuple[str, ...] = setting(
        ListOf(SESSION_NAME, everything="*"),
        'The session names of the users of the SAML provider, "*" for all; usernames are IAM users then',
        default=(),
    )
    oidc_provider: str | None = setting(
        aws_types.OIDC_PROVIDER,
        "Users of this OIDC provider may assume the role; without oidc_subjects, usernames are subjects of its tokens",
        default=None,
    )
    oidc_subjects: tuple[str, ...] = setting(
        ListOf(SUBJECT), "The subjects of its tokens, with or without *; usernames are IAM users then", default=()
    )
    oidc_audiences: tuple[str, ...] = setting(
        ListOf(AUDIENCE), "The audiences of its tokens; without it, every audience that the provider has", default=()
    )
    oidc_claims: Mapping[str, str] = setting(
        StringMap(CLAIM_NAME, CLAIM_VALUE, max_entries=20),
        "Other claims that its tokens must have, with or without *, such as {environment: production}",
        default={},
    )
    permission_sets: tuple[str, ...] = setting(
        ListOf(PERMISSION_SET),
        "Identity Center permission sets whose sessions may assume the role; account/name for another account",
        default=(),
    )
    account_access: AccountAccess = setting(
        Section(AccountAccess), "Account access manager of Identity Center", default=AccountAccess()
    )
    principals: tuple[str, ...] = setting(
        ListOf(aws_types.PRINCIPAL),
        "ARNs or account IDs that may assume the role, of this or other accounts",
        default=(),
    )
    organization: str | None = setting(
        aws_types.ORGANIZATION, "The ID of the AWS organization that principals must belong to", default=None
    )
    external_id: str | None = setting(
        EXTERNAL_ID,
        "The external ID that principals must send; the console cannot switch to the role then",
        default=None,
    )
    source_ips: tuple[str, ...] = setting(
        ListOf(NETWORK),
        "The public networks that everybody must call from; the console cannot switch to the role then",
        default=(),
    )
    only_covered_regions: bool = setting(
        Boolean(),
        "Nobody can assume the role in a region that is not watched, whichever way they come",
        default=False,
    )
    not_before: str | None = setting(Timestamp(), "When the role can first be assumed", default=None)
    not_after: str | None = setting(
        Timestamp(), "When the role can last be assumed; a session may last longer", default=None
    )

    @property
    def names_by(self) -> str:
        """What usernames are names of: users of ``saml``, users of ``oidc``, or, if it is empty, IAM users."""
        if self.saml_provider and self.oidc_provider:
            return ""
        if self.saml_provider:
            return "" if self.saml_names else "saml"
        return "oidc" if self.oidc_provider and not self.oidc_subjects else ""

    @property
    def providers(self) -> tuple[str, ...]:
        return (*self.saml_providers, *([self.oidc_provider] if self.oidc_provider else []))

    @property
    def saml_providers(self) -> tuple[str, ...]:
        if isinstance(self.saml_provider, str):
            return (self.saml_provider,)
        return self.saml_provider or ()
