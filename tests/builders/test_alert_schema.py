"""The JSON of every alert is what its JSON Schema says, and the schema allows nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alert_examples import alerts_by_rule
from every_case import assert_every
from jsonschema import Draft202012Validator
from samples import title

from cfn_breakglass.config.json_schema import alert_schema_text
from cfn_breakglass.config.message_fields import FIELDS
from cfn_breakglass.config.model import DETECTIONS

SCHEMA = json.loads(alert_schema_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["title"] == "cfn-breakglass alert"


def alerts(detection: str) -> dict[str, tuple[Any]]:
    """Every alert of a detection, parsed."""
    return {
        f"{title(sample)} by {rule}": (json.loads(alert),)
        for rule, by_sample in alerts_by_rule("json").items()
        for sample, alert in by_sample.items()
        if sample.parent.name == detection
    }


@pytest.mark.parametrize("detection", DETECTIONS)
def test_every_alert_is_as_the_schema_says(detection: str) -> None:
    assert_every(VALIDATOR.validate, alerts(detection))


@pytest.mark.parametrize("field", FIELDS)
def test_no_other_json_is(field: str) -> None:
    (alert,) = alerts("RoleAssumed")["RoleAssumed/raises-saml by RoleAssumed"]
    for other in (
        {name: value for name, value in alert.items() if name != field},
        alert | {field: 1},
        alert | {f"{field}2": ""},
    ):
        assert not VALIDATOR.is_valid(other)


@pytest.mark.parametrize("field", FIELDS)
def test_the_schema_says_what_each_field_is(field: str) -> None:
    assert SCHEMA["properties"][field]["description"] == FIELDS[field].about != ""


def test_every_type_that_the_schema_allows_is_that_of_an_alert() -> None:
    names = {"string": str, "object": dict, "boolean": bool, "null": type(None)}
    seen = {
        (name, next(word for word, type_ in names.items() if isinstance(value, type_)))
        for detection in DETECTIONS
        for (alert,) in alerts(detection).values()
        for name, value in alert.items()
    }
    assert seen == {(name, word) for name, field in FIELDS.items() for word in field.json_types}
