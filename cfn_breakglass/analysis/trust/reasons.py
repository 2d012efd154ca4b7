"""Which condition decides whether a caller is allowed, in sentences without their full stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_breakglass.analysis.trust.caller_options import option_for
from cfn_breakglass.analysis.trust.condition_phrases import describe_duration, describe_key, describe_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfn_breakglass.analysis.iam.caller import Caller
    from cfn_breakglass.analysis.iam.conditions import ConditionResult
    from cfn_breakglass.analysis.iam.policy import StatementMatch
    from cfn_breakglass.analysis.trust.caller_options import MissingOption
    from cfn_breakglass.analysis.trust.trusted_role import Evaluation

_MFA_KEYS = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_WITHOUT_MFA = {
    "user": "the call has no MFA",
    "role": "a role session has no MFA",
    "saml": "a federated user has no MFA",
    "oidc": "a federated user has no MFA",
    "service": "a service has no MFA",
}
_WITHOUT_ADDRESS = {
    "console": "a switch in the console comes from an address of AWS",
    "vpc-endpoint": "a call through a VPC endpoint has no public address",
}


def denial_reasons(evaluation: Evaluation, caller: Caller, *, with_values: bool = True) -> list[str]:
    """Why a caller is denied: the statements that deny it, or what each Allow statement requires and it lacks.

    ``with_values`` adds the value that this call has instead. Without it the reason fits every caller of the kind.
    """
    denies = [statement for statement in evaluation.statements if statement.effect == "Deny" and statement.applies]
    if denies:
        return [_denial(statement) for statement in denies]
    allows = [statement for statement in evaluation.statements if statement.effect == "Allow" and statement.covers]
    if not allows:
        return [f"no statement allows {evaluation.action}"]
    matching = [statement for statement in allows if statement.principal.holds is not False]
    if not matching:
        return [f"no statement that allows {evaluation.action} names them as a principal"]
    return [
        f"statement {statement.number} allows them only if {describe_test(test)}"
        f"{_difference(test, caller, with_values=with_values)}"
        for statement in matching
        for test in [test for test in statement.conditions if test.holds is False][:1]
    ]


def unknown_reasons(evaluation: Evaluation) -> list[str]:
    """Why it is not known whether a caller is allowed: what each undecided statement depends on."""
    reasons = []
    for statement in evaluation.statements:
        if statement.applies is not None:
            continue
        if statement.principal.holds is None:
            reasons.append(
                f"statement {statement.number} has one session of the role as its principal,"
                " and it is not known which session calls"
            )
            continue
        effect = "allows" if statement.effect == "Allow" else "denies"
        reasons += [
            f"statement {statement.number} {effect} them only if {_unknown(test)}" for test in _unknown_tests(statement)
        ]
    return reasons


def missing_options(evaluation: Evaluation) -> list[MissingOption]:
    """What a user has to say about the caller so that its evaluation has an answer, as far as options can say it."""
    missing = [
        option_for(test.key)
        for statement in evaluation.statements
        if statement.applies is None and statement.principal.holds is not None
        for test in _unknown_tests(statement)
        if not test.actual
    ]
    return list(dict.fromkeys(missing))


def describe_conditions(statement: StatementMatch) -> list[str]:
    """Every condition of a statement that holds, and the value that the request has for it."""
    return [f"{describe_test(test)}{_value(test)}" for test in statement.conditions]


def _unknown_tests(statement: StatementMatch) -> Iterator[ConditionResult]:
    return (test for test in statement.conditions if test.holds is None)


def _denial(statement: StatementMatch) -> str:
    conditions = " and ".join(describe_test(test) for test in statement.conditions)
    return f"statement {statement.number} denies the call" + (f", because {conditions}" if conditions else "")


def _unknown(test: ConditionResult) -> str:
    unknown = "which depends on an unknown value" if test.actual else "which is not known"
    return f"{describe_test(test)}, {unknown}"


def _difference(test: ConditionResult, caller: Caller, *, with_values: bool) -> str:
    key = test.key.lower()
    if key == _MFA_KEYS[1] and "".join(test.actual).isdecimal():
        return f"; in this call it was {describe_duration(int(test.actual[0]))} ago" if with_values else ""
    if test.actual:
        return f"; in this call it is {' and '.join(test.actual)}" if with_values else ""
    if key in _MFA_KEYS:
        return f"; {_WITHOUT_MFA[caller.kind]}"
    if key == "aws:username":
        return "; only IAM users have a user name"
    if key == "aws:sourceip":
        return f"; {_WITHOUT_ADDRESS[caller.via]}"
    return f"; the request has no {describe_key(test.key).removeprefix('the ')}" if with_values else ""


def _value(test: ConditionResult) -> str:
    if not test.actual or test.key.lower() in _MFA_KEYS:
        return ""
    return f": {', '.join(test.actual)}"
