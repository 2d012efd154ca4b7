"""What a trust policy says, as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from cfn_breakglass.analysis.trust.condition_phrases import describe_duration
from cfn_breakglass.analysis.trust.decision import TrustDecision, TrustDescription
from cfn_breakglass.analysis.trust.statement_phrases import StatementSummary
from cfn_breakglass.text_layout import join_words, terminal_safe

_HEADINGS = {"yes": "Yes", "no": "No", "cannot tell": "Cannot tell"}
_SENTENCES = {
    "yes": "{} can assume the role.",
    "no": "{} cannot assume the role.",
    "cannot tell": "too little is known about {}.",
}
# Actions that assume nothing by themselves, but without which some calls are denied.
_EXTRAS = {"sts:SetSourceIdentity": "set a source identity", "sts:TagSession": "pass session tags"}
_NOT_EVALUATED = (
    "Service control policies, permissions boundaries and session policies are not in the templates:"
    " they may deny more."
)


def description_lines(description: TrustDescription) -> Iterator[str]:
    """Lines about everybody."""
    yield from (terminal_safe(line) for text in _description(description) for line in text.split("\n"))


def decision_lines(decision: TrustDecision) -> Iterator[str]:
    """Lines about one caller, the answer first."""
    yield from (terminal_safe(line) for text in _decision(decision) for line in text.split("\n"))


def _description(description: TrustDescription) -> Iterator[str]:
    yield f"Role {description.role}"
    if description.is_example:
        yield _example(description)
    yield "\nWho can assume it:"
    for statement in description.statements:
        yield from _statement(statement)
    if not description.statements:
        yield "  nobody"
    yield f"\n{_session_length(description)}"
    yield from _grant(description)
    if description.denied_callers is None:
        yield "\nIt is not known who is denied, because not every statement can be evaluated."
        return
    yield "\nWho is denied, and why:"
    for denied in description.denied_callers:
        yield f"  - {', '.join(denied.callers)}:"
        yield from (f"      {reason}" for reason in denied.reasons)
    yield f"\n{_NOT_EVALUATED}"


def _example(answer: TrustDescription | TrustDecision) -> str:
    if answer.hub:
        return f"Every account of the organization has this role; {answer.account} is an example."
    return f"The templates can be deployed in any account; {answer.account} is an example."


def _statement(statement: StatementSummary) -> Iterator[str]:
    number = f"  {statement.number}. "
    if statement.problem:
        yield f"{number}cannot be evaluated: {statement.problem}"
        return
    end = ", if" if statement.conditions else ""
    extras = [_EXTRAS[action] for action in statement.actions if action in _EXTRAS]
    if statement.effect == "Allow" and len(extras) == len(statement.actions):
        yield f"{number}{' and '.join(statement.principals)} can also {join_words(extras)}{end}"
    else:
        denied = "denied: " if statement.effect == "Deny" else ""
        yield f"{number}{denied}{', or '.join(statement.principals)}, with {' and '.join(statement.actions)}{end}"
    yield from (f"     - {condition}" for condition in statement.conditions)


def _grant(description: TrustDescription) -> Iterator[str]:
    numbers = [
        str(statement.number)
        for statement in description.statements
        if statement.effect == "Allow" and set(statement.actions) - _EXTRAS.keys() and statement.needs_own_policies
    ]
    if not numbers:
        return
    subject = f"statement {numbers[0]} allows" if len(numbers) == 1 else f"statements {join_words(numbers)} allow"
    yield f"The callers that {subject} also need sts:AssumeRole on the role in their own policies."
    policies = dict.fromkeys(name for names in description.granted.values() for name in names)
    if policies:
        users = join_words(list(description.granted))
        yield f"The templates grant it to {users}, with the policy {join_words(list(policies))}."
    elif description.attachable_policies:
        names = join_words(description.attachable_policies)
        yield f"The policy {names} of the templates grants it to the callers that it is attached to."
    else:
        yield "The templates grant it to nobody."


def _session_length(description: TrustDescription) -> str:
    """How long a session lasts, as a sentence."""
    chained = description.max_session_chained
    sentence = f"A session lasts at most {describe_duration(description.max_session)}"
    if chained == description.max_session:
        return f"{sentence}."
    return f"{sentence}, and at most {describe_duration(chained)} if a session of another role assumes the role."


def _decision(decision: TrustDecision) -> Iterator[str]:
    heading = _HEADINGS[decision.answer]
    if decision.needs_own_policies:
        heading += ", if their own policies allow it too"
    yield f"{heading}: {_SENTENCES[decision.answer].format(decision.caller)}"
    yield f"\n{decision.action} on {decision.role}:"
    yield from (f"  - {reason}" for reason in decision.reasons)
    yield from (f"      {condition}" for condition in decision.conditions)
    if decision.needs:
        yield "\nAlso needed:"
        yield from (f"  - {need}" for need in decision.needs)
    if decision.is_example:
        yield f"\n{_example(decision)}"
