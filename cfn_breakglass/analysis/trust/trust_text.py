"""What a trust policy says, as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from cfn_breakglass.analysis.text_layout import plain
from cfn_breakglass.analysis.trust.condition_phrases import every, span
from cfn_breakglass.analysis.trust.decision import Answer, Description
from cfn_breakglass.analysis.trust.statement_phrases import Told

_HEADS = {"yes": "Yes", "no": "No", "cannot tell": "Cannot tell"}
_WOULD = {
    "yes": "STS would let {} in.",
    "no": "STS would not let {} in.",
    "cannot tell": "too little is known of {}.",
}
# What nobody gets in by, but some callers cannot come without.
_BROUGHT = {"sts:SetSourceIdentity": "a source identity", "sts:TagSession": "session tags"}
_NOT_JUDGED = "Service control policies, permissions boundaries and session policies are not in the templates."


def described(description: Description) -> Iterator[str]:
    """Lines about everybody."""
    yield from (plain(line) for text in _described(description) for line in text.split("\n"))


def answered(answer: Answer) -> Iterator[str]:
    """Lines about one caller, the answer first."""
    yield from (plain(line) for text in _answered(answer) for line in text.split("\n"))


def _described(description: Description) -> Iterator[str]:
    yield f"Role {description.role}"
    if description.example:
        yield f"The templates fit any account; {description.account} stands for it."
    yield "\nWho can take it on:"
    for one in description.statements:
        yield from _statement(one)
    if not description.statements:
        yield "  nobody"
    yield f"\n{_length(description)}"
    yield from _grant(description)
    if description.kept_out is None:
        yield "\nWhat keeps others out cannot be told, as not every statement is judged."
        return
    yield "\nWho cannot, and what keeps them out:"
    for kept in description.kept_out:
        yield f"  - {', '.join(kept.who)}:"
        yield from (f"      {why}" for why in kept.why)
    yield f"\n{_NOT_JUDGED}"


def _statement(told: Told) -> Iterator[str]:
    head = f"  {told.number}. "
    if told.problem:
        yield f"{head}not judged: {told.problem}"
        return
    never = "never: " if told.effect == "Deny" else ""
    end = ", if" if told.conditions else ""
    brought = [_BROUGHT[call] for call in told.calls if call in _BROUGHT]
    if not never and len(brought) == len(told.calls):
        yield f"{head}{' and '.join(told.who)} may bring along {every(brought)}{end}"
    else:
        yield f"{head}{never}{', or '.join(told.who)}, by {' and '.join(told.calls)}{end}"
    yield from (f"     - {condition}" for condition in told.conditions)


def _grant(description: Description) -> Iterator[str]:
    lets_in = [one for one in description.statements if one.effect == "Allow" and set(one.calls) - _BROUGHT.keys()]
    own = [str(one.number) for one in lets_in if one.own_policies]
    if not own:
        return
    some = f"statement {own[0]} lets" if len(own) == 1 else f"statements {every(own)} let"
    yield f"Whom {some} in must be allowed sts:AssumeRole on it by their own policies too."
    by = every(list(dict.fromkeys(name for names in description.granted.values() for name in names)))
    if not by and description.to_attach:
        yield f"The policy {every(description.to_attach)} of the templates grants that to whom it is attached."
        return
    whom = f"{every(list(description.granted))}, by the policy {by}" if by else "nobody"
    yield f"The templates grant that to {whom}."


def _length(description: Description) -> str:
    """How long a session lasts, as a sentence."""
    chained = description.max_session_chained
    whole = f"A session lasts {span(description.max_session)} at most"
    if chained == description.max_session:
        return f"{whole}."
    return f"{whole}, and {span(chained)} if it comes from a session of another role."


def _answered(answer: Answer) -> Iterator[str]:
    head = "Yes, if their own policies allow it too" if answer.own_policies else _HEADS[answer.answer]
    yield f"{head}: {_WOULD[answer.answer].format(answer.caller)}"
    yield f"\n{answer.call} on {answer.role}:"
    yield from (f"  - {why}" for why in answer.why)
    yield from (f"      {condition}" for condition in answer.conditions)
    if answer.needs:
        yield "\nWhat else it takes:"
        yield from (f"  - {need}" for need in answer.needs)
    if answer.example:
        yield f"\nThe templates fit any account; {answer.account} stands for it (--stack-account ID for another)."
