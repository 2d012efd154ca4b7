"""A warning if everybody who may assume the role comes by one identity provider, which AWS calls an anti-pattern.

https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_permissions_emergency_process.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cfn_breakglass.config.model import Config

_IDENTITY_CENTER = "Identity Center"


class _Federation(NamedTuple):
    """A key that lets in users of an identity provider, and the key that lists them where usernames may do so too."""

    key: str
    provider: str
    names_key: str = ""


def single_provider(config: Config) -> Iterator[str]:
    """A sentence if nobody can assume the role while one identity provider is down."""
    if config.role.existing or config.users or config.user_tags or config.role.trust.principals:
        return
    federations = list(_federations(config))
    if len({federation.provider for federation in federations}) != 1:
        return
    key, provider, names_key = federations[0]
    fix = "let in an IAM user with MFA too, by usernames" if config.role.created else "have another role for that"
    names = f", and list the provider's users in {names_key}" if names_key else ""
    yield f"{key}: all come by {provider}, so nobody can assume the role while that is down; {fix}{names}"


def _federations(config: Config) -> Iterator[_Federation]:
    role, trust = config.role, config.role.trust
    if role.permission_set:
        yield _Federation("role.permission_set", _IDENTITY_CENTER)
    for provider in trust.saml_providers:
        yield _Federation("role.trust.saml_provider", provider, "role.trust.saml_names")
    if trust.oidc_provider:
        yield _Federation("role.trust.oidc_provider", trust.oidc_provider, "role.trust.oidc_subjects")
    if trust.permission_sets:
        yield _Federation("role.trust.permission_sets", _IDENTITY_CENTER)
    if trust.account_access.application:
        yield _Federation("role.trust.account_access", _IDENTITY_CENTER)
