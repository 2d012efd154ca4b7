"""Every rule, alarm and statement of every golden case says what it is for."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from golden_cases import CASES, golden_files
from paths import ROOT
from template_data import template_data

every_case = pytest.mark.parametrize("case", [*CASES, ROOT], ids=lambda case: case.name)
OF_THE_CONFIG = "break-glass"
"""The inline policy with the statements of the config, which may have none of what is ours."""


def documents(node: Any) -> Iterator[dict[str, Any]]:
    """Every policy in ``node``, also one that is written as text."""
    if isinstance(node, dict):
        if "Statement" in node:
            yield node
        elif node.get("PolicyName") != OF_THE_CONFIG or "PolicyDocument" not in node:
            yield from (found for value in node.values() for found in documents(value))
        elif isinstance(text := node["PolicyDocument"], dict) and "Fn::Sub" in text:
            yield json.loads(text["Fn::Sub"])
    elif isinstance(node, list):
        yield from (found for element in node for found in documents(element))


@every_case
def test_every_statement_has_a_sid_of_its_own(case: Path) -> None:
    policies = [
        (name, document) for name, text in golden_files(case).items() for document in documents(template_data(text))
    ]
    assert {"main-region.yaml", "guard-scp.json"} <= {name for name, _ in policies}
    for name, document in policies:
        sids = Counter(statement.get("Sid", "") for statement in document["Statement"])
        assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids), f"{name}: {document}"
        assert set(sids.values()) == {1}, f"{name}: {sids}"


@every_case
def test_every_rule_and_every_alarm_says_what_it_is_for(case: Path) -> None:
    described = {"AWS::Events::Rule": "Description", "AWS::CloudWatch::Alarm": "AlarmDescription"}
    for name, text in golden_files(case).items():
        if name.endswith(".yaml"):
            for logical_id, resource in template_data(text)["Resources"].items():
                if key := described.get(resource["Type"]):
                    assert len(resource["Properties"].get(key, "").split()) > 2, f"{name}: {logical_id}"
