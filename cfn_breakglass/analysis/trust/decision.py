"""What a trust policy says about everybody and about one caller, as data: for ``trust_text`` and for JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cfn_breakglass.analysis.iam.principals import parse_principal
from cfn_breakglass.analysis.iam.request_context import as_list
from cfn_breakglass.analysis.trust.denied_callers import DeniedCallers, denied_callers
from cfn_breakglass.analysis.trust.reasons import (
    denial_reasons,
    describe_conditions,
    missing_options,
    unknown_reasons,
)
from cfn_breakglass.analysis.trust.statement_phrases import (
    StatementSummary,
    describe_caller,
    describe_principal,
    summarize_statement,
)
from cfn_breakglass.analysis.trust.trusted_role import (
    Evaluation,
    TrustedRole,
    attachable_policies,
    evaluate_caller,
    granted_users,
    granting_policies,
    needs_own_policies,
    statement_problems,
)
from cfn_breakglass.text_layout import join_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cfn_breakglass.analysis.iam.caller import Caller
    from cfn_breakglass.analysis.trust.caller_options import MissingOption

_ANSWERS = {True: "yes", False: "no", None: "cannot tell"}
_HOUR = 3600


@dataclass(frozen=True)
class TrustDescription:
    """Everything a trust policy says; ``is_example`` if the templates can be deployed in any account.

    ``hub`` is the account of the hub, if every account of an organization has the role, otherwise empty.
    ``denied_callers`` is None if a statement cannot be evaluated. ``max_session`` is in seconds.
    """

    role: str
    account: str
    is_example: bool
    statements: tuple[StatementSummary, ...]
    max_session: int
    max_session_chained: int
    granted: Mapping[str, tuple[str, ...]]
    attachable_policies: tuple[str, ...]
    denied_callers: tuple[DeniedCallers, ...] | None
    hub: str

    @property
    def has_problems(self) -> bool:
        return any(statement.problem for statement in self.statements)


@dataclass(frozen=True)
class TrustDecision:
    """Whether a caller is allowed to assume the role, which statement or condition decides, and what else is needed.

    ``answer`` is yes, no or cannot tell; ``missing`` is what a user would have to say for an answer. ``hub`` and
    ``is_example`` are as in ``TrustDescription``. ``needs_own_policies``: the caller also needs policies of its own
    that the templates do not hold.
    """

    role: str
    account: str
    is_example: bool
    caller: str
    answer: str
    action: str
    reasons: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    needs_own_policies: bool = False
    missing: tuple[MissingOption, ...] = ()
    hub: str = ""


def describe_trust(role: TrustedRole) -> TrustDescription:
    """Say who may assume a role, and who is denied."""
    policy_statements = as_list(role.document.get("Statement", []))
    summaries = tuple(
        StatementSummary(number, problem=problem) if problem else summarize_statement(number, statement, role)
        for number, (statement, problem) in enumerate(
            zip(policy_statements, statement_problems(role.document), strict=True), 1
        )
    )
    return TrustDescription(
        role=role.arn,
        account=role.stack.account,
        is_example=role.is_example,
        statements=summaries,
        max_session=role.max_session_seconds,
        max_session_chained=min(role.max_session_seconds, _HOUR),
        granted=granted_users(role),
        attachable_policies=attachable_policies(role, ["sts:AssumeRole"]),
        denied_callers=None if any(summary.problem for summary in summaries) else tuple(denied_callers(role)),
        hub=role.hub.account if role.hub else "",
    )


def decide(role: TrustedRole, caller: Caller) -> TrustDecision:
    """Say whether a caller is allowed to assume a role; TemplateError if the trust policy cannot be evaluated."""
    evaluation = evaluate_caller(role, caller)
    if evaluation.allowed:
        return _allowed(role, caller, evaluation)
    if evaluation.allowed is False:
        reasons = [*denial_reasons(evaluation, caller), *_provider_elsewhere(role, caller)]
        return _decision(role, caller, evaluation, reasons)
    decision = _decision(role, caller, evaluation, unknown_reasons(evaluation))
    return replace(decision, missing=tuple(missing_options(evaluation)))


def _allowed(role: TrustedRole, caller: Caller, evaluation: Evaluation) -> TrustDecision:
    in_templates = caller.kind in ("user", "role") and caller.account == role.account_of_callers
    granting = granting_policies(role, caller.name, caller.actions) if in_templates and caller.kind == "user" else ()
    attachable = attachable_policies(role, caller.actions) if in_templates else ()
    allows = [statement for statement in evaluation.statements if statement.effect == "Allow" and statement.applies]
    # A statement that needs no policy of the caller's own comes first.
    statement = min(allows, key=lambda allow: needs_own_policies(role, caller, allow.principal.entry))
    needs_own = needs_own_policies(role, caller, statement.principal.entry)
    reason = (
        f"statement {statement.number} allows them; it is for {describe_principal(statement.principal.entry, role)}"
    )
    return replace(
        _decision(role, caller, evaluation, [reason]),
        conditions=tuple(describe_conditions(statement)),
        needs=(*([_own_policies(caller, granting, attachable)] if needs_own else []), *_needs(role, caller)),
        needs_own_policies=needs_own and not granting,
    )


def _decision(role: TrustedRole, caller: Caller, evaluation: Evaluation, reasons: list[str]) -> TrustDecision:
    return TrustDecision(
        role=role.arn,
        account=role.stack.account,
        is_example=role.is_example,
        caller=describe_caller(caller, role),
        answer=_ANSWERS[evaluation.allowed],
        action=evaluation.action,
        reasons=tuple(reasons),
        hub=role.hub.account if role.hub else "",
    )


def _provider_elsewhere(role: TrustedRole, caller: Caller) -> Iterator[str]:
    account = parse_principal(caller.arn)[0] if caller.is_federated else ""
    if account not in ("", role.stack.account):
        yield f"the provider is of account {account}: it signs people in to roles of that account only"


def _own_policies(caller: Caller, granting: tuple[str, ...], attachable: tuple[str, ...]) -> str:
    if granting:
        state = f"the templates grant that with the policy {', '.join(granting)}"
    elif attachable:
        state = f"the policy {', '.join(attachable)} of the templates does, if it is attached to them"
    else:
        state = "the templates do not grant that"
    return f"their own policies must allow {join_words(caller.actions)} on the role; {state}"


def _needs(role: TrustedRole, caller: Caller) -> Iterator[str]:
    if caller.kind == "oidc":
        yield "the provider must be registered in the account with the audience of the token"
    if caller.kind == "service":
        yield "the application must entitle them, or a group of theirs, to the role"
    if caller.kind == "role" and role.max_session_seconds > _HOUR:
        yield "the session lasts at most 1 hour, because a session of another role assumes the role"
