"""Somebody who asks STS for a role: the calls that takes, and what is known of the request.

Which condition keys a request has:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and, for STS,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

CallerKind = Literal["user", "role", "saml", "oidc", "service"]

_TAKES = {"saml": "sts:AssumeRoleWithSAML", "oidc": "sts:AssumeRoleWithWebIdentity"}
_TYPES = {"user": "User", "role": "AssumedRole"}
_MFA = ("aws:multifactorauthpresent", "aws:multifactorauthage")
# A request has these only if the caller sends them.
_SENT = ("sts:sourceidentity", "sts:externalid", "aws:tagkeys", "sts:transitivetagkeys")
# A call through a VPC endpoint has no public address, and a switch in the console comes from one of AWS's own.
CallPath = Literal["", "console", "vpc-endpoint"]
# Only calls that one AWS service makes for somebody have these.
_OF_SERVICES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, and how.

    ``arn`` is that of the IAM user, of the role whose session calls, or of the provider; or the service's name.
    ``mfa_age`` is in seconds, None for no MFA at all; ``at`` None if nobody says when; ``via`` how the call comes.
    """

    kind: CallerKind
    arn: str
    time: datetime | None = None
    mfa_age: int | None = None
    session_name: str | None = None
    source_identity: str | None = None
    subject: str | None = None
    audience: str | None = None
    external_id: str | None = None
    ip: str | None = None
    via: CallPath = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    session_tags: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The account a user or a role is of."""
        return self.arn.split(":")[4]

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def is_federated(self) -> bool:
        return self.kind in _TAKES

    @property
    def assume_action(self) -> str:
        return _TAKES.get(self.kind, "sts:AssumeRole")

    @property
    def actions(self) -> list[str]:
        """Everything the trust policy has to allow for this call."""
        more = {"sts:SetSourceIdentity": self.source_identity, "sts:TagSession": self.session_tags}
        return [self.assume_action, *(action for action, given in more.items() if given)]

    @property
    def keys(self) -> dict[str, str | list[str]]:
        """The condition keys whose value is known."""
        known: dict[str, str | list[str] | None] = {
            "aws:CurrentTime": self.time.isoformat() if self.time else None,
            "aws:EpochTime": str(int(self.time.timestamp())) if self.time else None,
            "aws:SecureTransport": "true",  # STS takes nothing else.
            "aws:SourceIp": self.ip,
            "sts:ExternalId": self.external_id,
            "sts:RoleSessionName": self.session_name,
            "sts:SourceIdentity": self.source_identity,
            **self._of_kind(),
            **{f"aws:PrincipalTag/{key}": value for key, value in self.tags.items()},
            **{f"aws:RequestTag/{key}": value for key, value in self.session_tags.items()},
            "aws:TagKeys": list(self.session_tags) or None,
        }
        if self.mfa_age is not None:
            known |= {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": str(self.mfa_age)}
        return {key: value for key, value in (known | dict(self.more)).items() if value is not None}

    def is_absent(self, key: str) -> bool:
        """Whether a key, in lower case, is surely not in the request when ``keys`` has none."""
        space = key.rpartition(":")[0]
        if space == "saml" or "." in space:
            # Those of an OIDC provider begin with its address.
            return space != self._space
        return (
            (key == "aws:username" and self.kind != "user")
            or (key == "aws:federatedprovider" and not self.is_federated)
            or (key in _OF_SERVICES and self.kind != "service")
            or (key == "aws:sourceip" and self.via != "")
            or key in _MFA
            or key in _SENT
            or key.startswith("aws:requesttag/")
        )

    @property
    def _space(self) -> str:
        """What the keys of this provider begin with, in lower case."""
        if self.kind == "saml":
            return "saml"
        return self.arn.partition(":oidc-provider/")[2].lower() or self.arn.lower()

    def _of_kind(self) -> dict[str, str | list[str] | None]:
        if self.kind == "service":
            return {}
        if self.is_federated:
            space = self._space
            return {
                "aws:FederatedProvider": self.arn,
                f"{space}:sub": self.subject,
                f"{space}:aud": self.audience,
            }
        return {
            "aws:PrincipalArn": self.arn,
            "aws:PrincipalAccount": self.account,
            "aws:PrincipalType": _TYPES[self.kind],
            "aws:username": self.name if self.kind == "user" else None,
        }
