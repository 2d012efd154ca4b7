"""IAM policy statements in a config: IAM's own JSON, checked before AWS sees it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from cfn_breakglass.config.problems import Problems, shortened
from cfn_breakglass.config.types import INVALID

_KEYS: Final = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
_OPERATOR: Final = (
    r"(?:ForAllValues:|ForAnyValue:)?"
    r"(?:String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)|Numeric(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)"
    r"|Date(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)|Bool|BinaryEquals|(?:Not)?IpAddress"
    r"|Arn(?:Not)?(?:Equals|Like))(?:IfExists)?|Null"
)


class _Form(NamedTuple):
    """What the values of a key look like: a pattern, and words for it."""

    pattern: str
    description: str


_FORMS: Final = {
    "Action": _Form(r"\*(?::\*)?|[A-Za-z0-9-]+:[A-Za-z0-9_*?-]+", "an action, such as s3:GetObject"),
    "Resource": _Form(r"\*|arn:[^\r\n]+", 'an ARN or "*"'),
}
_SID: Final = "[A-Za-z0-9]+"


def _item_or_list(item_schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item_schema, {"type": "array", "items": item_schema, "minItems": 1}]}


def _form_schema(form: _Form) -> dict[str, Any]:
    return _item_or_list({"type": "string", "maxLength": 2_048, "pattern": f"^(?:{form.pattern})$"})


_VALUE_SCHEMA: Final = {"type": ["string", "number", "boolean"]}
_CONDITION_KEYS_SCHEMA: Final = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": _item_or_list(_VALUE_SCHEMA),
}

STATEMENT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["Effect"],
    "allOf": [{"oneOf": [{"required": [key]}, {"required": [f"Not{key}"]}]} for key in _FORMS],
    "properties": {
        "Sid": {"type": "string", "pattern": f"^{_SID}$"},
        "Effect": {"enum": ["Allow", "Deny"]},
        **{f"{prefix}{key}": _form_schema(form) for key, form in _FORMS.items() for prefix in ("", "Not")},
        "Condition": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {f"^(?:{_OPERATOR})$": _CONDITION_KEYS_SCHEMA},
        },
    },
}


def check_statement(statement: Any, key: str, problems: Problems) -> Any:
    """Check a statement of an identity policy; the statement itself, or INVALID after a report."""
    count = len(problems.reported)
    if not isinstance(statement, dict):
        problems.add(key, f"{key} is not a statement", "write {Effect: Allow, Action: ..., Resource: ...}")
        return INVALID
    if "Statement" in statement:
        problems.add(
            key, f"{key} is a whole policy, in a list of statements", "write it without the hyphen or brackets"
        )
        return INVALID
    intended_keys = statement.keys() | _check_keys(statement, key, problems)
    if "Effect" in statement and statement["Effect"] not in ("Allow", "Deny"):
        problems.add(f"{key}.Effect", f"{key}.Effect is {_describe(statement['Effect'])}", "write Allow or Deny")
    elif "Effect" not in intended_keys:
        problems.add(key, f"{key} has no Effect", "write Effect: Allow or Effect: Deny")
    sid = statement.get("Sid", "0")
    if not isinstance(sid, str) or not re.fullmatch(_SID, sid):
        problems.add(f"{key}.Sid", f"{key}.Sid is {_describe(sid)}", "write only letters and digits")
    for name, form in _FORMS.items():
        spellings = sorted(intended_keys & {name, f"Not{name}"})
        if not spellings:
            problems.add(key, f"{key} has neither {name} nor Not{name}", "add one of the two")
        elif len(spellings) > 1:
            problems.add(key, f"{key} has both {name} and Not{name}", "remove one of the two")
        for spelling in spellings:
            _check_form(statement.get(spelling, "*"), f"{key}.{spelling}", form, problems)
    _check_condition(statement.get("Condition", {}), f"{key}.Condition", problems)
    return statement if len(problems.reported) == count else INVALID


def _check_keys(statement: dict[str, Any], key: str, problems: Problems) -> set[str]:
    """Report keys that a statement cannot have. The result are the keys that were probably meant."""
    from difflib import get_close_matches

    intended_keys = set()
    by_lower_case = {name.lower(): name for name in _KEYS}
    for name in [name for name in statement if name not in _KEYS]:
        path = f"{key}.{name}"
        if name in ("Principal", "NotPrincipal"):
            fix = "remove it; usernames and role.trust say who may assume the role"
            problems.add(path, f"{path}: a statement about what a role may do has no {name}", fix)
            continue
        similar = [by_lower_case[match] for match in get_close_matches(name.lower(), by_lower_case, n=1)]
        intended_keys.update(similar)
        fix = f"did you mean {similar[0]}?" if similar else f"the keys are: {', '.join(_KEYS)}"
        problems.add(path, f"{path} is not a key of an IAM statement", fix)
    return intended_keys


def _check_form(value: Any, key: str, form: _Form, problems: Problems) -> None:
    items = value if isinstance(value, list) else [value]
    if not items:
        problems.add(key, f"{key} is an empty list", f"write {form.description}")
    for index, item in enumerate(items):
        if not isinstance(item, str) or not re.fullmatch(form.pattern, item):
            path = f"{key}[{index}]" if isinstance(value, list) else key
            problems.add(path, f"{path} is {_describe(item)}", f"write {form.description}")


def _check_condition(condition: Any, key: str, problems: Problems) -> None:
    if not isinstance(condition, dict):
        problems.add(key, f"{key} is {_describe(condition)}", "write {Operator: {condition-key: value}}")
        return
    for operator, condition_keys in condition.items():
        path = f"{key}.{operator}"
        if not re.fullmatch(_OPERATOR, operator):
            problems.add(path, f"{path} is not a condition operator of IAM", _similar_operator(operator))
        elif not isinstance(condition_keys, dict) or not condition_keys:
            problems.add(path, f"{path} is {_describe(condition_keys)}", "write {condition-key: value}")
        else:
            for name, value in condition_keys.items():
                _check_condition_value(value, f"{path}.{name}", problems)


def _similar_operator(word: str) -> str:
    from difflib import get_close_matches

    operators = ("StringEquals", "StringLike", "ArnLike", "ArnEquals", "Bool", "IpAddress", "Null")
    similar = get_close_matches(word, operators)
    return f"did you mean {similar[0]}?" if similar else "write one such as StringEquals, ArnLike or Bool"


def _check_condition_value(value: Any, key: str, problems: Problems) -> None:
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, str | bool) for item in items):
        problems.add(key, f"{key} is {_describe(value)}", "write a text, or a list of texts")


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return str(value).lower()
    return "empty" if value is None or not value else shortened(repr(value))
