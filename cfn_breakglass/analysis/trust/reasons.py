"""Which condition decides whether a caller gets in, in sentences without their full stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_breakglass.analysis.trust.condition_phrases import key_words, option, span, test_words

if TYPE_CHECKING:
    from cfn_breakglass.analysis.iam.caller import Caller
    from cfn_breakglass.analysis.iam.conditions import ConditionResult
    from cfn_breakglass.analysis.iam.policy import StatementMatch
    from cfn_breakglass.analysis.trust.role import Judgement

_MFA = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_WITHOUT_MFA = {
    "user": "the call comes without MFA",
    "role": "a role's session carries no MFA",
    "saml": "a federated user carries no MFA",
    "oidc": "a federated user carries no MFA",
    "service": "a service has no MFA",
}
_NO_ADDRESS = {
    "console": "the console calls from an address of AWS",
    "vpc-endpoint": "a call through a VPC endpoint has no public address",
}


def why_not(judgement: Judgement, caller: Caller, *, here: bool = True) -> list[str]:
    """For a refused caller: what denies it, or the first thing amiss with each statement that could let them in.

    With ``here`` it says what the call has instead, and else only why it can have nothing.
    """
    denying = [one for one in judgement.weighed if one.effect == "Deny" and one.applies]
    if denying:
        return [_denies(one) for one in denying]
    covering = [one for one in judgement.weighed if one.effect == "Allow" and one.covers]
    if not covering:
        return [f"no statement allows {judgement.action}"]
    meant = [one for one in covering if one.principal.holds is not False]
    if not meant:
        return [f"no statement that allows {judgement.action} names them"]
    return [
        f"statement {one.number} lets them in only if {test_words(test)}{_instead(test, caller, here=here)}"
        for one in meant
        for test in [test for test in one.conditions if test.holds is False][:1]
    ]


def what_hangs(judgement: Judgement) -> list[str]:
    """For a caller of whom too little is known: what that is, and how to say it."""
    found = []
    for one in judgement.weighed:
        if one.applies is None and one.principal.holds is None:
            found.append(f"statement {one.number} names one session of the role, and which one calls is not known")
        elif one.applies is None:
            does = "lets them in" if one.effect == "Allow" else "denies it"
            found += [
                f"statement {one.number} {does} only if {_unknown(test)}" for test in one.conditions if not told(test)
            ]
    return found


def told(test: ConditionResult) -> bool:
    return test.holds is not None


def conditions_in_words(weighed: StatementMatch) -> list[str]:
    """Each condition that holds, and what the request has of it."""
    return [f"{test_words(test)}{_here(test)}" for test in weighed.conditions]


def _denies(weighed: StatementMatch) -> str:
    because = " and ".join(test_words(test) for test in weighed.conditions)
    return f"statement {weighed.number} denies it" + (f", as {because}" if because else "")


def _unknown(test: ConditionResult) -> str:
    if test.actual:
        return f"{test_words(test)}, which compares with what is not known"
    return f"{test_words(test)}, which is not known; say it with {option(test.key)}"


def _instead(test: ConditionResult, caller: Caller, *, here: bool) -> str:
    key = test.key.lower()
    if key == _MFA[1] and "".join(test.actual).isdecimal():
        return f"; here it was {span(int(test.actual[0]))} ago" if here else ""
    if test.actual:
        return f"; here it is {' and '.join(test.actual)}" if here else ""
    if key in _MFA:
        return f"; {_WITHOUT_MFA[caller.kind]}"
    if key == "aws:username":
        return "; only IAM users have a name"
    if key == "aws:sourceip":
        return f"; {_NO_ADDRESS[caller.via]}"
    return f"; there is no {key_words(test.key).removeprefix('the ')}" if here else ""


def _here(test: ConditionResult) -> str:
    if not test.actual or test.key.lower() in _MFA:
        return ""
    return f": {', '.join(test.actual)}"
