"""Conditions of a trust policy in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cfn_breakglass.analysis.iam.conditions import ConditionResult, parse_operator
from cfn_breakglass.analysis.iam.permission_sets import PermissionSet, parse_role_wildcard
from cfn_breakglass.analysis.iam.principals import username_in_wildcard
from cfn_breakglass.text_layout import count_of, join_words

_KEYS = {
    "aws:currenttime": "the time",
    "aws:epochtime": "the time",
    "aws:multifactorauthpresent": "MFA",
    "aws:multifactorauthage": "the age of the MFA in seconds",
    "aws:principalaccount": "the caller's account",
    "aws:principalarn": "the caller's ARN",
    "aws:principalorgid": "the caller's organization",
    "aws:principaltype": "the caller's type",
    "aws:requestedregion": "the region of the call",
    "aws:sourcearn": "what the service calls for",
    "aws:sourceip": "the caller's address",
    "aws:tagkeys": "the session tag keys",
    "aws:username": "the IAM user's name",
    "saml:aud": "the SAML audience",
    "saml:sub": "the SAML subject",
    "sts:externalid": "the external ID",
    "sts:rolesessionname": "the session's name",
    "sts:sourceidentity": "the source identity",
}
_TAGS = {"aws:principaltag/": "the caller's tag", "aws:requesttag/": "the session tag"}
_VERBS = {
    "Equals": "is",
    "EqualsIgnoreCase": "is",
    "Like": "is like",
    "LessThan": "is less than",
    "LessThanEquals": "is at most",
    "GreaterThan": "is more than",
    "GreaterThanEquals": "is at least",
}
_TIMES = {
    "DateLessThan": "is before",
    "DateLessThanEquals": "is not after",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is not before",
}
# A variable with a default stays as it is written.
_VARIABLE = re.compile(r"\$\{([^},]+)\}")
# Without ...IfExists this holds for temporary credentials only: a call with long-term keys does not have the key.
_NO_MFA = "the request says that MFA was not used"
_MFA_AGE = "aws:multifactorauthage"


def describe_key(key: str) -> str:
    """What a condition key is; the key itself if there are no better words."""
    lower = key.lower()
    namespace, _, name = lower.rpartition(":")
    if "." in namespace and name in ("sub", "aud"):
        return f"the token's {'subject' if name == 'sub' else 'audience'}"
    for start, words in _TAGS.items():
        if lower.startswith(start):
            return f"{words} {key[len(start) :]}"
    return _KEYS.get(lower, key)


def join_or(values: Sequence[str]) -> str:
    """The values as alternatives: a, b or c."""
    return join_words(values, "or") or "nothing"


def describe_duration(seconds: int) -> str:
    """A length of time in the largest unit that divides it: 4 hours, 90 minutes."""
    for unit, name in ((3600, "hour"), (60, "minute")):
        if seconds and seconds % unit == 0:
            return count_of(seconds // unit, name)
    return count_of(seconds, "second")


def describe_test(test: ConditionResult) -> str:
    return describe_condition(test.operator, test.key, test.expected)


def describe_condition(operator: str, key: str, values: Sequence[str]) -> str:
    """A condition as a sentence without its full stop."""
    parsed = parse_operator(operator)
    subject = describe_key(key)
    texts = [_VARIABLE.sub(lambda variable: describe_key(variable[1].strip()), value) for value in values]
    if parsed.base == "Null":
        return f"the request has {'no' if join_or(texts).lower() == 'true' else 'a'} value for {subject}"
    sentence = _comparison(parsed.base, key.lower(), subject, texts, negated=parsed.negated)
    if parsed.quantifier == "ForAllValues":
        return f"each of {sentence}, if there are any"
    if parsed.quantifier:
        return f"at least one of {sentence}"
    if parsed.if_exists and sentence == _NO_MFA:
        return "MFA was not used"
    if parsed.if_exists and not parsed.negated:
        return f"{sentence}, or the request has no value for it"
    return sentence


def _comparison(base: str, key: str, subject: str, values: Sequence[str], *, negated: bool) -> str:
    if base == "Bool" and key == "aws:multifactorauthpresent":
        return "MFA was used" if join_or(values).lower() == "true" else _NO_MFA
    if base == "NumericLessThanEquals" and key == _MFA_AGE and len(values) == 1 and values[0].isdigit():
        return f"MFA was used at most {describe_duration(int(values[0]))} ago"
    if base == "StringEquals" and key == "aws:principaltype" and values == ["User"]:
        return f"the caller is {'not ' if negated else ''}an IAM user"
    if key == "aws:principalarn" and all(usernames := [username_in_wildcard(value) for value in values]):
        return f"the caller is {'not ' if negated else ''}the IAM user {join_or(usernames)}"
    permission_sets = [parse_role_wildcard(value) for value in values] if key == "aws:principalarn" else [None]
    if all(permission_sets):
        phrases = [_permission_set(permission_set) for permission_set in permission_sets if permission_set]
        return f"the caller is {'not ' if negated else ''}a session of {join_or(phrases)}"
    return f"{subject} {_verb(base, negated=negated)} {join_or(values)}{_letter_case(base)}"


def _permission_set(permission_set: PermissionSet) -> str:
    if permission_set.longer:
        return f"a permission set whose name begins with {permission_set.name}_"
    return f"the permission set {permission_set.name}"


def _verb(base: str, *, negated: bool) -> str:
    comparison = base.removeprefix("String").removeprefix("Numeric").removeprefix("Arn").removeprefix("Date")
    verb = _TIMES.get(base) or _VERBS.get(comparison) or ("is in" if base == "IpAddress" else "is")
    return verb.replace("is", "is not", 1) if negated else verb


def _letter_case(base: str) -> str:
    return ", in any letter case" if base == "StringEqualsIgnoreCase" else ""
