"""IAM policy statements as a config holds them: IAM's own JSON, checked before AWS sees it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import re
from typing import Any, Final

from cfn_breakglass.config.problems import Report, shortened
from cfn_breakglass.config.types import INVALID

_KEYS: Final = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
_OPERATOR: Final = (
    r"(?:ForAllValues:|ForAnyValue:)?"
    r"(?:String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)|Numeric(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)"
    r"|Date(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)|Bool|BinaryEquals|(?:Not)?IpAddress"
    r"|Arn(?:Not)?(?:Equals|Like))(?:IfExists)?|Null"
)
_FORMS: Final = {
    "Action": (r"\*(?::\*)?|[A-Za-z0-9-]+:[A-Za-z0-9_*?-]+", "an action, such as s3:GetObject"),
    "Resource": (r"\*|arn:[^\r\n]+", 'an ARN or "*"'),
}
_SID: Final = "[A-Za-z0-9]+"


def _some(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def _form(key: str) -> dict[str, Any]:
    return _some({"type": "string", "maxLength": 2_048, "pattern": f"^(?:{_FORMS[key][0]})$"})


_VALUE: Final = {"type": ["string", "number", "boolean"]}
_TESTS: Final = {"type": "object", "minProperties": 1, "additionalProperties": _some(_VALUE)}

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["Effect"],
    "allOf": [{"oneOf": [{"required": [key]}, {"required": [f"Not{key}"]}]} for key in _FORMS],
    "properties": {
        "Sid": {"type": "string", "pattern": f"^{_SID}$"},
        "Effect": {"enum": ["Allow", "Deny"]},
        **{f"{no}{key}": _form(key) for key in _FORMS for no in ("", "Not")},
        "Condition": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {f"^(?:{_OPERATOR})$": _TESTS},
        },
    },
}


def statement(value: Any, key: str, report: Report) -> Any:
    """Judge one statement of an identity policy; the statement itself, or INVALID after a report."""
    before = len(report.problems)
    if not isinstance(value, dict):
        report.add(key, f"{key} is not a statement", "write {Effect: Allow, Action: ..., Resource: ...}")
        return INVALID
    meant = value.keys() | _unknown_keys(value, key, report)
    if "Effect" in value and value["Effect"] not in ("Allow", "Deny"):
        report.add(f"{key}.Effect", f"{key}.Effect is {_shown(value['Effect'])}", "write Allow or Deny")
    elif "Effect" not in meant:
        report.add(key, f"{key} has no Effect", "write Effect: Allow or Effect: Deny")
    sid = value.get("Sid", "0")
    if not isinstance(sid, str) or not re.fullmatch(_SID, sid):
        report.add(f"{key}.Sid", f"{key}.Sid is {_shown(sid)}", "write letters and digits only")
    for name in _FORMS:
        there = sorted(meant & {name, f"Not{name}"})
        if len(there) != 1:
            text = f"has both {name} and Not{name}" if there else f"has neither {name} nor Not{name}"
            report.add(key, f"{key} {text}", "give it one of the two")
        for spelling in there:
            _forms(value.get(spelling, "*"), f"{key}.{spelling}", *_FORMS[name], report)
    _conditions(value.get("Condition", {}), f"{key}.Condition", report)
    return value if len(report.problems) == before else INVALID


def _unknown_keys(value: dict[str, Any], key: str, report: Report) -> set[str]:
    """Report keys that a statement does not have; the keys that were meant."""
    from difflib import get_close_matches

    meant = set()
    by_fold = {known.lower(): known for known in _KEYS}
    for name in [name for name in value if name not in _KEYS]:
        where, text = f"{key}.{name}", f"{key}.{name} is not a key of an IAM statement"
        if name in ("Principal", "NotPrincipal"):
            fix = "take it out; usernames and role.trust say who may take the role on"
            report.add(where, f"{where}: a statement on what a role may do has no {name}", fix)
            continue
        near = get_close_matches(name.lower(), by_fold, n=1)
        meant |= {by_fold[one] for one in near}
        report.add(where, text, f"did you mean {by_fold[near[0]]}?" if near else f"it may have: {', '.join(_KEYS)}")
    return meant


def _forms(held: Any, key: str, form: str, what: str, report: Report) -> None:
    items = held if isinstance(held, list) else [held]
    if not items:
        report.add(key, f"{key} is an empty list", f"write {what}")
    for index, item in enumerate(items):
        if not isinstance(item, str) or not re.fullmatch(form, item):
            where = f"{key}[{index}]" if isinstance(held, list) else key
            report.add(where, f"{where} is {_shown(item)}", f"write {what}")


def _conditions(value: Any, key: str, report: Report) -> None:
    if not isinstance(value, dict):
        report.add(key, f"{key} is {_shown(value)}", "write {Operator: {condition-key: value}}")
        return
    for operator, tests in value.items():
        where = f"{key}.{operator}"
        if not re.fullmatch(_OPERATOR, operator):
            report.add(where, f"{where}: IAM has no such condition operator", _operator_like(operator))
        elif not isinstance(tests, dict) or not tests:
            report.add(where, f"{where} is {_shown(tests)}", "write {condition-key: value}")
        else:
            for name, tested in tests.items():
                _tested(tested, f"{where}.{name}", report)


def _operator_like(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, ("StringEquals", "StringLike", "ArnLike", "ArnEquals", "Bool", "IpAddress", "Null"))
    return f"did you mean {near[0]}?" if near else "such as StringEquals, ArnLike or Bool"


def _tested(held: Any, key: str, report: Report) -> None:
    items = held if isinstance(held, list) else [held]
    if not items or not all(isinstance(item, str | bool) for item in items):
        report.add(key, f"{key} is {_shown(held)}", "write a text, or a list of texts")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return str(value).lower()
    return "empty" if value is None or not value else shortened(repr(value))
