"""Which subjects of an OIDC provider let in others than those whom the config means."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass import config_of
from cfn_breakglass.errors import ConfigError
from cfn_breakglass.guidance.lockouts import lockouts

PROVIDER = "arn:aws:iam::111122223333:oidc-provider/"
GITHUB = "token.actions.githubusercontent.com"
BITBUCKET = "api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"
UUID = "{c0ffee00-1111-2222-3333-444455556666}"
# issuer: (subjects that name their owner, subjects that do not)
SUBJECTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    GITHUB: (
        (
            *(
                "repo:example/ops:*",
                "repo:example/*",
                "repo:example/ops:environment:production",
                "repo:example@*/ops@*:*",
            ),
            *(
                "repo:example@1234/ops@5678:*",
                "repo:example@1234/*",
                "repository_owner:example",
                "repository_id:5678:*",
            ),
            *(
                "environment:production:repository_owner:example",
                "job_workflow_ref:example/ops/.github/workflows/x.yml*",
            ),
        ),
        (
            *("repo:*", "*:*", "repo:*/*:*", "repo:example*", "repo:*/ops:*", "repo:ex?mple/ops:*", "repo:example"),
            *("repo:example-*/ops:*", "repository_owner:example*", "repository_id:56*", "environment:production"),
            *("*/ops:*", "ref:refs/heads/main", "?epo:example/ops:*", "*:repo:example/ops:*", "*@example.com"),
        ),
    ),
    f"{GITHUB}/acme": (("repo:example/ops:*",), ("repo:*",)),
    "github.example.com/_services/token": (("repo:example/ops:*",), ("repo:*", "environment:production")),
    "token.actions.acme.ghe.com": (("repo:example/ops:*",), ("repo:example*",)),
    "gitlab.com": (
        ("project_path:example/*", "project_path:example/ops:ref_type:branch:ref:main"),
        (
            "project_path:*",
            "project_path:example*",
            "project_path:*/ops:ref_type:branch:ref:main",
            "*:ref:main",
            "*@example.com",
        ),
    ),
    "gitlab.example.com": (
        ("project_path:example/*",),
        ("project_path:*", "project_path:example*", "project_path:*:ref:main"),
    ),
    "app.terraform.io": (
        ("organization:acme:*", "organization:acme:project:*:workspace:prod:run_phase:*"),
        ("organization:*", "organization:acme*", "organization:*:project:ops:workspace:prod:run_phase:apply"),
    ),
    BITBUCKET: ((f"{UUID}:*", f"{UUID}*:*".replace("*:", ":")), ("*:*", "{c0ffee*", "{*}:*")),
    "agent.buildkite.com": (
        ("organization:acme:pipeline:ops:*",),
        ("organization:*:pipeline:ops:*", "organization:ac*"),
    ),
    "accounts.google.com": (("113580134251513580124",), ("1135*", "11358013425151358012?")),
    "oidc.eks.us-east-1.amazonaws.com/id/ABC": (("system:serviceaccount:ops:*",), ("system:serviceaccount:*:*",)),
    "idp.example.com": (("ops-*", "*@example.com", "auth0|*", "alice"), ("*:*", "repo:*", "org:*/*", "user:*")),
}
NAMING = [(issuer, subject) for issuer, (subjects, _) in SUBJECTS.items() for subject in subjects]
OPEN = [(issuer, subject) for issuer, (_, subjects) in SUBJECTS.items() for subject in subjects]


def settings(issuer: str, *subjects: str, **trust: Any) -> dict[str, Any]:
    trust = {"oidc_provider": PROVIDER + issuer, "oidc_subjects": list(subjects), **trust}
    return {"main_region": "us-east-1", "usernames": ["alice"], "role": {"trust": trust}}


def problems(issuer: str, *subjects: str, **trust: Any) -> list[str]:
    try:
        config_of(settings(issuer, *subjects, **trust))
    except ConfigError as error:
        return [f"{problem.text}; {problem.fix}" for problem in error.problems]
    return []


@pytest.mark.parametrize(("issuer", "subject"), NAMING)
def test_a_subject_that_names_its_owner_is_taken(issuer: str, subject: str) -> None:
    assert problems(issuer, subject) == []


@pytest.mark.parametrize(("issuer", "subject"), OPEN)
def test_a_subject_that_lets_in_others_is_refused(issuer: str, subject: str) -> None:
    (problem,) = problems(issuer, subject)
    assert problem.startswith(
        f"role.trust.oidc_subjects[0] is {subject!r}, which lets in others who have a token of {issuer}"
    )


def test_both_forms_of_github_are_in_the_fix() -> None:
    (problem,) = problems(GITHUB, "repo:*")
    assert "repo:example/ops:*" in problem
    assert "repo:example@OWNER-ID/ops@REPOSITORY-ID:*" in problem


def test_usernames_that_are_subjects_are_judged_too() -> None:
    trust = {"oidc_provider": PROVIDER + GITHUB}
    with pytest.raises(ConfigError, match=r"usernames\[1\] is 'environment:production'"):
        config_of(
            {
                "main_region": "us-east-1",
                "usernames": ["repo:example/ops:ref:refs/heads/main", "environment:production"],
                "role": {"trust": trust},
            }
        )


@pytest.mark.parametrize(
    ("claims", "is_taken"),
    [
        ({"repository_id": "5678"}, True),
        ({"repository_owner": "example"}, True),
        ({"repository": "example/*"}, True),
        ({"repository_id": "56*"}, False),
        ({"repository": "exam*"}, False),
        ({"environment": "production"}, False),
    ],
)
def test_a_claim_may_name_the_owner_instead(claims: dict[str, str], is_taken: bool) -> None:  # noqa: FBT001 - a table
    assert (problems(GITHUB, "repo:*", oidc_claims=claims) == []) == is_taken


def of_older_repositories(*subjects: str, **trust: Any) -> list[str]:
    return [text for text in lockouts(config_of(settings(GITHUB, *subjects, **trust))) if "2026-07-15" in text]


def test_the_form_of_older_repositories_alone_is_a_warning() -> None:
    (text,) = of_older_repositories("repo:example/ops:*")
    assert text.startswith(
        "role.trust.oidc_subjects: repo:example/ops:* lets nobody in from a repository that was made"
    )
    assert "repo:example@OWNER-ID/ops@REPOSITORY-ID:*" in text
    assert "repository_id" in text
    (text,) = of_older_repositories("repo:example/*")
    assert "as repo:example@OWNER-ID/*;" in text


def test_the_new_form_of_another_owner_is_not_that_of_this_one() -> None:
    (text,) = of_older_repositories("repo:example/ops:*", "repo:other@1234/ops@5678:*")
    assert "repo:example@OWNER-ID/ops@REPOSITORY-ID:*" in text


def test_both_forms_or_the_id_of_the_repository_are_none() -> None:
    assert of_older_repositories("repo:example/ops:*", "repo:example@1234/ops@5678:*") == []
    assert of_older_repositories("repo:example@1234/ops@5678:*") == []
    assert of_older_repositories("repo:*", oidc_claims={"repository_id": "5678"}) == []


def test_other_issuers_have_one_form() -> None:
    config = config_of(settings("idp.example.com", "repo:example/ops:*"))
    assert list(lockouts(config)) == []
