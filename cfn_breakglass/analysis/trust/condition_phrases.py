"""A condition in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cfn_breakglass.analysis.iam.conditions import ConditionResult, parse_operator
from cfn_breakglass.analysis.iam.permission_sets import PermissionSet, parse_role_wildcard
from cfn_breakglass.analysis.text_layout import many

_KEYS = {
    "aws:currenttime": "the time",
    "aws:epochtime": "the time",
    "aws:multifactorauthpresent": "MFA",
    "aws:multifactorauthage": "the age of the MFA in seconds",
    "aws:principalaccount": "the caller's account",
    "aws:principalarn": "the caller's ARN",
    "aws:principalorgid": "the caller's organization",
    "aws:principaltype": "the kind of the caller",
    "aws:sourceip": "the caller's address",
    "aws:tagkeys": "the keys of the session tags",
    "aws:username": "the IAM user's name",
    "saml:aud": "the SAML audience",
    "saml:sub": "the SAML subject",
    "sts:externalid": "the external ID",
    "sts:rolesessionname": "the session's name",
    "sts:sourceidentity": "the source identity",
}
_OPTIONS = {
    "aws:currenttime": "--at TIME",
    "aws:sourceip": "--ip ADDRESS",
    "sts:rolesessionname": "--session-name NAME",
}
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
# One with a default stays as it is written.
_VARIABLE = re.compile(r"\$\{([^},]+)\}")
# Without ...IfExists it holds for temporary credentials only: a call with long-term keys does not say.
_NO_MFA = "MFA was not used, and the call says so"
_MFA_AGE = "aws:multifactorauthage"


def key_words(key: str) -> str:
    """What a condition key is; the key itself where there is no better word."""
    small = key.lower()
    space, _, last = small.rpartition(":")
    if "." in space and last in ("sub", "aud"):
        return f"the token's {'subject' if last == 'sub' else 'audience'}"
    for start, what in (("aws:principaltag/", "the caller's tag"), ("aws:requesttag/", "the session tag")):
        if small.startswith(start):
            return f"{what} {key[len(start) :]}"
    return _KEYS.get(small, key)


def option(key: str) -> str:
    """How a caller is said to have a value of this key."""
    small = key.lower()
    if small.endswith((":sub", ":aud")):
        return "--subject TEXT" if small.endswith(":sub") else "--audience TEXT"
    if small.startswith("aws:principaltag/"):
        return f"--tag {key.partition('/')[2]}=VALUE"
    return _OPTIONS.get(small, f"--key {key}=VALUE")


def either(values: Sequence[str]) -> str:
    """The values as one wish: a, b or c."""
    return " or ".join(part for part in (", ".join(values[:-1]), *values[-1:]) if part) or "nothing"


def every(values: Sequence[str]) -> str:
    """The values together: a, b and c."""
    return " and ".join(part for part in (", ".join(values[:-1]), *values[-1:]) if part)


def span(seconds: int) -> str:
    """A length of time in the largest unit that fits it: 4 hours, 90 minutes."""
    for unit, name in ((3600, "hour"), (60, "minute")):
        if seconds and seconds % unit == 0:
            return many(seconds // unit, name)
    return many(seconds, "second")


def condition_words(operator: str, key: str, wanted: Sequence[str]) -> str:
    """The condition as a sentence without its full stop."""
    how = parse_operator(operator)
    what = key_words(key)
    values = [_VARIABLE.sub(lambda variable: key_words(variable[1].strip()), value) for value in wanted]
    if how.base == "Null":
        return f"there is {'no' if either(values).lower() == 'true' else 'some'} {what.removeprefix('the ')}"
    said = _said(how.base, key.lower(), what, values, negated=how.negated)
    if how.quantifier:
        some = "each" if how.quantifier == "ForAllValues" else "one"
        said = f"{some} of {said}, if there are any" if some == "each" else f"{some} of {said}"
    elif how.if_exists and said == _NO_MFA:
        return "MFA was not used"
    elif how.if_exists and not how.negated:
        said = f"{said}, or nothing is said of it"
    return said


def _said(base: str, key: str, what: str, values: Sequence[str], *, negated: bool) -> str:
    if base == "Bool" and key == "aws:multifactorauthpresent":
        return "MFA was used" if either(values).lower() == "true" else _NO_MFA
    if base == "NumericLessThanEquals" and key == _MFA_AGE and len(values) == 1 and values[0].isdigit():
        return f"MFA was used at most {span(int(values[0]))} ago"
    if base == "StringEquals" and key == "aws:principaltype" and values == ["User"]:
        return f"the caller is {'no' if negated else 'an'} IAM user"
    sets = [parse_role_wildcard(value) for value in values] if key == "aws:principalarn" else [None]
    if all(sets):
        return f"the caller is {'not ' if negated else ''}of {either([_set_words(one) for one in sets if one])}"
    return f"{what} {_verb(base, negated=negated)} {either(values)}{_any_case(base)}"


def _set_words(one: PermissionSet) -> str:
    return f"a permission set whose name goes on after {one.name}" if one.longer else f"the permission set {one.name}"


def _verb(base: str, *, negated: bool) -> str:
    plain = base.removeprefix("String").removeprefix("Numeric").removeprefix("Arn").removeprefix("Date")
    verb = _TIMES.get(base) or _VERBS.get(plain) or ("is in" if base == "IpAddress" else "is")
    return verb.replace("is", "is not", 1) if negated else verb


def _any_case(base: str) -> str:
    return ", in any letter case" if base == "StringEqualsIgnoreCase" else ""


def test_words(test: ConditionResult) -> str:
    return condition_words(test.operator, test.key, test.expected)
