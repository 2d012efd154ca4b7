"""The YAML that is written, read back by readers that differ in what they take for a number."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from cfn_breakglass import config_of, output_files
from cfn_breakglass.generation.yaml_format import as_yaml

SETTINGS: dict[str, Any] = {"main_region": "us-east-1", "regions": [], "alerts": {"emails": ["ops@example.com"]}}

# What YAML 1.2, Go, JavaScript or Ruby read as a number, a time or the like, and PyYAML as text.
NUMBER_LIKE = ("12e4", "1_000", "0o17", "1e3", "+1", "-5", ".5", "0x1F", "1.", "007", "12:30:45", "2031-03-10")


@pytest.mark.parametrize("name", NUMBER_LIKE)
def test_a_text_like_a_number_is_in_quotes(name: str) -> None:
    text = as_yaml({"Name": name, "Names": [name, "alice"]})
    assert text.count(f"'{name}'") == 2
    assert yaml.safe_load(text) == {"Name": name, "Names": [name, "alice"]}


@pytest.mark.parametrize(
    "word", ["true", "no", "null", "~", "", "a: b", "a #b", "*x", "&x", "!x", "[x", "{x", "\n", "é"]
)
def test_any_text_comes_back_as_that_text(word: str) -> None:
    data = {"Resources": {"A": {"Type": "T", "Properties": {"Text": word, "Texts": [word] * 7}}}}
    assert yaml.safe_load(as_yaml(data)) == data


def test_a_user_with_a_name_like_a_number_keeps_it_in_the_template() -> None:
    text = output_files(config_of(SETTINGS | {"usernames": ["12e4"]}))["main-region.yaml"]
    assert set(re.findall(r"(.)12e4(.)", text)) == {("'", "'")}


def test_no_alias_and_no_anchor_stands_in_yaml() -> None:
    """CloudFormation takes them and people who review do not."""
    shared = {"Effect": "Allow", "Action": ["s3:GetObject"]}
    text = as_yaml({"A": [shared, shared], "B": shared})
    assert not re.search(r"[&*]id", text)
    assert yaml.safe_load(text) == json.loads(json.dumps({"A": [shared, shared], "B": shared}))
