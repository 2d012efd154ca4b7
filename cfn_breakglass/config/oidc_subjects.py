"""Whom the subjects of an OIDC provider's tokens let in: an issuer that many use gives everybody a token.

So a subject has to say whose the token is. What stands before its first wildcard is sure, and names the owner there.

- GitHub: https://docs.github.com/en/actions/reference/security/oidc
- GitLab: https://docs.gitlab.com/ci/secrets/id_token_authentication/
- HCP Terraform: https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens
- Bitbucket: https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/
- Buildkite: https://buildkite.com/docs/agent/cli/reference/oidc
- Google: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

_SHARED_ISSUERS: Final = re.compile(
    r"accounts\.google\.com|agent\.buildkite\.com|api\.bitbucket\.org|api\.pulumi\.com|app\.terraform\.io|gitlab\.com"
    r"|oidc\.circleci\.com|oidc\.codefresh\.io|oidc\.vercel\.com"
)
"""The hosts of issuers of which everybody gets a token; GitHub has patterns of its own."""
_GITHUB: Final = re.compile(
    r"token\.actions\.(?:githubusercontent\.com|[^/]+\.ghe\.com)(?:/.*)?|[^/]+/_services/token", re.IGNORECASE
)
_WILDCARD: Final = re.compile(r"[*?]")
_SEPARATORS: Final = re.compile(r"[:/|]")
_KEYWORDS: Final = frozenset(
    (
        *("account", "actor", "deploy", "enterprise", "environment", "group", "namespace", "org", "organization"),
        *("owner", "pipeline", "project", "project_id", "project_path", "pulumi", "ref", "ref_type", "repo"),
        *(
            "repository",
            "repository_id",
            "repository_owner",
            "serviceaccount",
            "space",
            "sub",
            "system",
            "team",
            "user",
        ),
        *("workflow", "workspace"),
    )
)
"""Words in a subject that say what comes after them, and not whose it is."""

# A repository chooses what its subject says, so that even one without a wildcard may be anybody's.
_GITHUB_OWNER: Final = re.compile(
    r"(?:[^*?]*:)?(?:(?:repo|repository|job_workflow_ref):[^/@:*?]+[/@]"
    r"|(?:enterprise|enterprise_id|repository_id|repository_owner|repository_owner_id):[^:*?]+(?::|$))"
)
_OWNER_CLAIMS: Final = frozenset(
    (
        *("enterprise", "enterprise_id", "job_workflow_ref", "namespace_id", "namespace_path", "project_id"),
        *("project_path", "repository", "repository_id", "repository_owner", "repository_owner_id"),
    )
)
"""Claims that say whose a token is, whatever its subject says."""
NEW_FORM_SINCE: Final = "2026-07-15"
_CLASSIC: Final = re.compile(r"repo:([^/@:*?]+)/([^@:]*)(:.*)?")


def issuer_of(provider: str) -> str:
    """The issuer in the ARN of an OIDC provider, with which the condition keys of its tokens begin."""
    return provider.partition("oidc-provider/")[2]


def is_github(issuer: str) -> bool:
    return bool(_GITHUB.fullmatch(issuer))


def names_owner(subject: str, issuer: str) -> bool:
    """Whether a subject, in which * and ? are wildcards, says whose the tokens are that match it."""
    sure = _WILDCARD.split(subject)[0]
    if is_github(issuer) and (sure != subject or ":" in subject):
        return bool(_GITHUB_OWNER.match(subject))
    if sure == subject:
        return True
    *whole_words, last = _SEPARATORS.split(sure)
    is_shared = bool(_SHARED_ISSUERS.match(issuer)) or bool(whole_words and whole_words[0] in _KEYWORDS)
    if not is_shared and re.fullmatch(r"[*?]+@[^*?@:/]+", subject):  # everybody of a mail domain
        return True
    words = whole_words if is_shared else [*whole_words, last]
    return any(word and word not in _KEYWORDS for word in words)


def claims_name_owner(claims: Mapping[str, str]) -> bool:
    """Whether the claims that are asked for say whose a token is."""
    return any(re.match(r"[^*?/]+(?:/|$)", value) for name, value in claims.items() if name in _OWNER_CLAIMS)


def without_new_form(subjects: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Subjects in the form of GitHub's older repositories alone, each with that of newer ones, which has IDs."""
    for subject in subjects:
        parts = _CLASSIC.fullmatch(subject)
        if parts and not any(other.startswith(f"repo:{parts[1]}@") for other in subjects):
            owner, repository, rest = parts.groups("")
            ids = "" if _WILDCARD.search(repository) else "@REPOSITORY-ID"
            yield subject, f"repo:{owner}@OWNER-ID/{repository}{ids}{rest}"
