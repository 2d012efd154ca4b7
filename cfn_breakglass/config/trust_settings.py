"""Who may take the role on, as a config says it: the section ``role.trust``, and ``usernames``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import yaml

from cfn_breakglass.config import aws_types
from cfn_breakglass.config.aws_types import NETWORK, Moment
from cfn_breakglass.config.collection_types import Listing, Table, setting
from cfn_breakglass.config.problems import Report, inner, pairs
from cfn_breakglass.config.types import INVALID, Choice, Flag, Text, Whole, Wrong, read

EVERYBODY: Final = "*"
_TAG: Final = "principal_tag"
_BY_TAG: Final = "write a list of names, or {principal_tag: {team: on-call}} for the users who bear that tag"


def _permission_set(text: str) -> Wrong | None:
    return aws_types.PERMISSION_SET.wrong(text.rpartition("/")[2])


def _subject(text: str) -> Wrong | None:
    if not text.strip("*?"):
        return f"is {text!r}, everybody the provider knows", "write the subjects (sub) of the tokens to let in"
    if "${" in text:
        return f"is {text!r}; IAM reads ${{...}} as a variable", "write the subject without it, with * in its place"
    return None


SESSION_NAME: Final = Text(
    "a session name, or * for everybody",
    r"\*|[A-Za-z0-9_+=,.@-]{2,64}",
    "write 2 to 64 letters, digits and + = , . @ _ -",
)
SUBJECT: Final = Text(
    "the subject of a token", r"\S*[^\s*?]\S*", "write one such as repo:example/ops:*", judge=_subject, longest=255
)
AUDIENCE: Final = Text("the audience of a token", r"\S+", "write one such as sts.amazonaws.com", longest=255)
ORGANIZATION: Final = Text("an organization's ID", r"o-[a-z0-9]{10,32}", "write one such as o-a1b2c3d4e5")
EXTERNAL_ID: Final = Text(
    "an external ID",
    r"[A-Za-z0-9_+=,.@:/-]{2,1224}",
    "write at least 2 letters, digits and + = , . @ : / _ -",
    longest=1_224,
)
PERMISSION_SET: Final = aws_types.PERMISSION_SET._replace(
    what="a permission set's name, or account/name",
    pattern=rf"(?![0-9]{{12}}$)(?:[0-9]{{12}}/)?(?:{aws_types.PERMISSION_SET.pattern})",
    fix="write one such as OnCall or 444455556666/OnCall",
    judge=_permission_set,
)


@dataclass(frozen=True)
class Tagged:
    """The IAM users who bear all of these tags; a trust policy takes any number of them."""

    tags: tuple[tuple[str, str], ...]

    def __bool__(self) -> bool:
        return bool(self.tags)


class Users(NamedTuple):
    """IAM users, by a list of names or by a tag."""

    names: Listing
    tags: Table

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        if not isinstance(node, yaml.MappingNode):
            return self.names.read(node, key, report)
        held: dict[str, Any] = {}
        for name, value in pairs(node, key, report):
            path = inner(key, name)
            held[name] = read(self.tags, value, path, report) if name == _TAG else INVALID
            if name != _TAG:
                report.add(path, f"{path} is not a setting", _BY_TAG)
        if INVALID in held.values():
            return INVALID
        if not held.get(_TAG):
            report.add(key, f"{key} names no {_TAG}", _BY_TAG)
            return INVALID
        return Tagged(tuple(held[_TAG].items()))

    def schema(self) -> dict[str, Any]:
        by_tag = {
            "type": "object",
            "additionalProperties": False,
            "required": [_TAG],
            "properties": {_TAG: self.tags.schema() | {"minProperties": 1}},
        }
        return {"anyOf": [self.names.schema(), by_tag]}


USERNAMES: Final = Users(Listing(aws_types.USERNAME), Table(aws_types.TAG_KEY, aws_types.TAG_VALUE, 50))


@dataclass(frozen=True, kw_only=True, repr=False)
class Trust:
    """Who may take the role on, and how."""

    mfa: bool = setting(Flag(), "Ask IAM users for MFA", default=True)
    mfa_max_age_minutes: int | None = setting(
        Whole("minutes", 1, 2_160), "How long ago they may have given it", default=None
    )
    session_name: str = setting(
        Choice(("any", "username")), "username: the session must bear the IAM user's name", default="any"
    )
    source_identity: bool = setting(
        Flag(),
        "The session must carry the IAM user's name as source identity; no switching in the console then",
        default=False,
    )
    saml_provider: str | None = setting(
        aws_types.SAML_PROVIDER,
        "Federated users come in by this SAML provider; without saml_names, usernames are their session names",
        default=None,
    )
    saml_names: tuple[str, ...] = setting(
        Listing(SESSION_NAME),
        'The session names of those whom the SAML provider sends, "*" for all; usernames are IAM users then',
        default=(),
    )
    oidc_provider: str | None = setting(
        aws_types.OIDC_PROVIDER,
        "Federated users come in by this OIDC provider; without oidc_subjects, usernames are subjects of its tokens",
        default=None,
    )
    oidc_subjects: tuple[str, ...] = setting(
        Listing(SUBJECT), "The subjects of its tokens, which may hold *; usernames are IAM users then", default=()
    )
    oidc_audiences: tuple[str, ...] = setting(
        Listing(AUDIENCE), "Whom its tokens have to be made for; without it, any audience of the provider", default=()
    )
    permission_sets: tuple[str, ...] = setting(
        Listing(PERMISSION_SET),
        "Identity Center permission sets whose sessions may take it on; of another account: account/name",
        default=(),
    )
    principals: tuple[str, ...] = setting(
        Listing(aws_types.PRINCIPAL), "More who may take it on, of other accounts too: ARNs or account IDs", default=()
    )
    organization: str | None = setting(
        ORGANIZATION, "principals have to be of this AWS organization: its ID", default=None
    )
    external_id: str | None = setting(
        EXTERNAL_ID, "principals have to send this external ID; no switching in the console then", default=None
    )
    source_ips: tuple[str, ...] = setting(
        Listing(NETWORK),
        "Everybody has to call from these public networks; no switching in the console then",
        default=(),
    )
    not_before: str | None = setting(Moment(), "From when on the role can be taken on", default=None)
    not_after: str | None = setting(Moment(), "Until when it can be; sessions may outlast it", default=None)

    @property
    def names_by(self) -> str:
        """Whose names usernames are: of saml, of oidc, or of IAM users where it is empty."""
        if self.saml_provider and self.oidc_provider:
            return ""
        if self.saml_provider:
            return "" if self.saml_names else "saml"
        return "oidc" if self.oidc_provider and not self.oidc_subjects else ""

    @property
    def providers(self) -> tuple[str, ...]:
        return tuple(one for one in (self.saml_provider, self.oidc_provider) if one)
