"""What a trust policy says of everybody, and of one caller, in words: for ``trust_text`` and for JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cfn_breakglass.analysis.iam.policy import as_list
from cfn_breakglass.analysis.trust.condition_phrases import every
from cfn_breakglass.analysis.trust.denied_callers import KeptOut, kept_out
from cfn_breakglass.analysis.trust.reasons import conditions_in_words, what_hangs, why_not
from cfn_breakglass.analysis.trust.role import (
    Judgement,
    Trusted,
    granted,
    judge,
    needs_own,
    problems,
    to_attach,
    users_granted,
)
from cfn_breakglass.analysis.trust.statement_phrases import Told, title, told, who

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cfn_breakglass.analysis.iam.caller import Caller

_ANSWERS = {True: "yes", False: "no", None: "cannot tell"}
_HOUR = 3600


@dataclass(frozen=True)
class Description:
    """Everything a trust policy says; ``example`` if ``account`` only stands for any.

    ``kept_out`` is None where a statement could not be judged. Times are in seconds.
    """

    role: str
    account: str
    example: bool
    statements: tuple[Told, ...]
    max_session: int
    max_session_chained: int
    granted: Mapping[str, tuple[str, ...]]
    to_attach: tuple[str, ...]
    kept_out: tuple[KeptOut, ...] | None

    @property
    def problems(self) -> bool:
        return any(one.problem for one in self.statements)


@dataclass(frozen=True)
class Answer:
    """Whether one caller gets in, which statement or condition decides, and what else that takes.

    ``own_policies``: they get in only if policies do too that the templates do not hold.
    """

    role: str
    account: str
    example: bool
    caller: str
    answer: str
    call: str
    why: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    own_policies: bool = False


def describe(role: Trusted) -> Description:
    """Say who may take a role on."""
    found = [
        Told(number, problem=problem) if problem else told(number, statement, role)
        for number, (statement, problem) in enumerate(
            zip(as_list(role.document.get("Statement", [])), problems(role.document), strict=True), 1
        )
    ]
    judged = not any(one.problem for one in found)
    return Description(
        role.role.arn,
        role.stack.account,
        role.example,
        tuple(found),
        role.longest,
        min(role.longest, _HOUR),
        users_granted(role),
        to_attach(role, ["sts:AssumeRole"]),
        tuple(kept_out(role)) if judged else None,
    )


def answer(role: Trusted, caller: Caller) -> Answer:
    """Say whether a caller gets in; TemplateError where the trust policy cannot be judged."""
    judgement = judge(role, caller)
    if judgement.answer:
        return _let_in(role, caller, judgement)
    why = why_not(judgement, caller) if judgement.answer is False else what_hangs(judgement)
    return _answer(role, caller, judgement, why)


def _let_in(role: Trusted, caller: Caller, judgement: Judgement) -> Answer:
    by = granted(role, caller.name, caller.actions) if _is_ours(role, caller) and caller.kind == "user" else ()
    attach = to_attach(role, caller.actions) if _is_ours(role, caller) else ()
    letting = [one for one in judgement.weighed if one.effect == "Allow" and one.applies]
    # One that asks for no policy of their own comes first.
    (own, statement), *_ = sorted(
        ((needs_own(role, caller, one.principal.entry), one) for one in letting), key=lambda pair: pair[0]
    )
    why = f"statement {statement.number} lets them in; it is for {who(statement.principal.entry, role)}"
    return replace(
        _answer(role, caller, judgement, [why]),
        conditions=tuple(conditions_in_words(statement)),
        needs=(*([_own(caller, by, attach)] if own else []), *_needs(role, caller)),
        own_policies=own and not by,
    )


def _answer(role: Trusted, caller: Caller, judgement: Judgement, why: Sequence[str]) -> Answer:
    return Answer(
        role=role.role.arn,
        account=role.stack.account,
        example=role.example,
        caller=title(caller, role),
        answer=_ANSWERS[judgement.answer],
        call=judgement.action,
        why=tuple(why),
    )


def _own(caller: Caller, by: tuple[str, ...], attach: tuple[str, ...]) -> str:
    if by:
        state = f"the templates grant that, by the policy {', '.join(by)}"
    elif attach:
        state = f"the policy {', '.join(attach)} of the templates does, where it is attached to them"
    else:
        state = "the templates do not grant that"
    return f"their own policies must allow {every(caller.actions)} on the role; {state}"


def _needs(role: Trusted, caller: Caller) -> Iterator[str]:
    if caller.kind == "oidc":
        yield "the provider must be registered in the account with the audience of the token"
    if caller.kind == "role" and role.longest > _HOUR:
        yield "the session lasts 1 hour at most, as it comes from another role's"


def _is_ours(role: Trusted, caller: Caller) -> bool:
    return caller.kind in ("user", "role") and caller.account == role.stack.account
