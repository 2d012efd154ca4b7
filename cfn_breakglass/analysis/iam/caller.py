"""A caller who asks STS for credentials of a role: the actions of the call and the condition keys of the request.

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
CallPath = Literal["", "console", "vpc-endpoint"]
"""How the call reaches STS.

A call through a VPC endpoint has no public address. A switch of roles in the console comes from an address of AWS.
"""

ACCOUNT_ACCESS = "account-access.amazonaws.com"
"""Account access manager, which assumes roles for users of Identity Center and tells STS who they are.

https://docs.aws.amazon.com/IAM/latest/UserGuide/aam-prepare-roles.html
"""

_FEDERATED_ACTIONS = {"saml": "sts:AssumeRoleWithSAML", "oidc": "sts:AssumeRoleWithWebIdentity"}
_PRINCIPAL_TYPES = {"user": "User", "role": "AssumedRole"}
_MFA_KEYS = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_OPTIONAL_KEYS = ("sts:sourceidentity", "sts:externalid", "aws:tagkeys", "sts:transitivetagkeys")
"""Keys that a request has only if the caller sends them."""
_SERVICE_KEYS = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")
"""Keys that only calls by an AWS service have."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls, and how.

    ``arn`` is that of the IAM user, of the role whose session calls, or of the identity provider; for a service it is
    the service's name. ``time`` is None if the time of the call is unknown. ``mfa_age`` is in seconds, None without
    MFA. ``more`` holds condition keys that have no field of their own.
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
        """The account of a user or a role."""
        return self.arn.split(":")[4]

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def is_federated(self) -> bool:
        return self.kind in _FEDERATED_ACTIONS

    @property
    def assume_action(self) -> str:
        return _FEDERATED_ACTIONS.get(self.kind, "sts:AssumeRole")

    @property
    def actions(self) -> list[str]:
        """Every action that the trust policy has to allow for this call."""
        optional = {
            "sts:SetContext": self.arn == ACCOUNT_ACCESS,
            "sts:SetSourceIdentity": self.source_identity,
            "sts:TagSession": self.session_tags,
        }
        return [self.assume_action, *(action for action, argument in optional.items() if argument)]

    @property
    def keys(self) -> dict[str, str | list[str]]:
        """The condition keys whose value is known."""
        keys: dict[str, str | list[str] | None] = {
            "aws:CurrentTime": self.time.isoformat() if self.time else None,
            "aws:EpochTime": str(int(self.time.timestamp())) if self.time else None,
            "aws:SecureTransport": "true",  # STS accepts only HTTPS
            "aws:SourceIp": self.ip,
            "sts:ExternalId": self.external_id,
            "sts:RoleSessionName": self.session_name,
            "sts:SourceIdentity": self.source_identity,
            **self._identity_keys(),
            **{f"aws:PrincipalTag/{key}": value for key, value in self.tags.items()},
            **{f"aws:RequestTag/{key}": value for key, value in self.session_tags.items()},
            "aws:TagKeys": list(self.session_tags) or None,
        }
        if self.mfa_age is not None:
            keys |= {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": str(self.mfa_age)}
        return {key: value for key, value in (keys | dict(self.more)).items() if value is not None}

    def is_absent(self, key: str) -> bool:
        """Whether the request surely lacks a key, in lower case, that ``keys`` does not hold."""
        prefix = key.rpartition(":")[0]
        if prefix == "saml" or "." in prefix:
            # The keys of an OIDC provider begin with its address.
            return prefix != self._provider_prefix
        return (
            (key == "aws:username" and self.kind != "user")
            or (key == "aws:federatedprovider" and not self.is_federated)
            or (key in _SERVICE_KEYS and self.kind != "service")
            or (key == "aws:sourceip" and self.via != "")
            or key in _MFA_KEYS
            or key in _OPTIONAL_KEYS
            or key.startswith("aws:requesttag/")
        )

    @property
    def _provider_prefix(self) -> str:
        """The prefix of the condition keys of this provider, in lower case."""
        if self.kind == "saml":
            return "saml"
        return self.arn.partition(":oidc-provider/")[2].lower() or self.arn.lower()

    def _identity_keys(self) -> dict[str, str | list[str] | None]:
        if self.kind == "service":
            return {}
        if self.is_federated:
            prefix = self._provider_prefix
            return {
                "aws:FederatedProvider": self.arn,
                f"{prefix}:sub": self.subject,
                f"{prefix}:aud": self.audience,
            }
        return {
            "aws:PrincipalArn": self.arn,
            "aws:PrincipalAccount": self.account,
            "aws:PrincipalType": _PRINCIPAL_TYPES[self.kind],
            "aws:username": self.name if self.kind == "user" else None,
        }
