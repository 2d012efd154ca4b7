"""A config file as people write it: UTF-8, the words of YAML 1.1, and errors that say the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfn_breakglass import load_config
from cfn_breakglass.errors import ConfigError

BEGINNING = "main_region: us-east-1\nusernames: [alice]\n"


def loaded(folder: Path, text: str) -> Path:
    path = folder / "breakglass.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_letters_of_the_world_are_read_as_utf_8(tmp_path: Path) -> None:
    config, _ = load_config(loaded(tmp_path, BEGINNING + "alerts: {message: 'Notfall: é 漢字'}\n"))
    assert config.alerts.message == "Notfall: é 漢字"


@pytest.mark.parametrize(
    ("word", "value"), [("true", True), ("yes", True), ("on", True), ("false", False), ("no", False), ("Off", False)]
)
def test_every_word_of_yaml_for_true_and_false(tmp_path: Path, word: str, *, value: bool) -> None:
    config, _ = load_config(loaded(tmp_path, BEGINNING + f"alerts: {{log: {word}}}\n"))
    assert config.alerts.log is value


def test_an_error_says_the_line_of_its_key(tmp_path: Path) -> None:
    text = BEGINNING + "# a comment\nretention_days: 8\nrole:\n  max_session_hours: 13\n"
    with pytest.raises(ConfigError) as caught:
        load_config(loaded(tmp_path, text))
    assert [(problem.line, problem.text.split()[0]) for problem in caught.value.problems] == [
        (4, "retention_days"),
        (6, "role.max_session_hours"),
    ]


def test_the_lines_of_the_keys_are_those_of_the_file(tmp_path: Path) -> None:
    _, lines = load_config(loaded(tmp_path, BEGINNING + "role:\n  path: /ops/\n"))
    assert lines == {"main_region": 1, "usernames": 2, "usernames[0]": 2, "role": 3, "role.path": 4}


def test_lists_within_lists_are_read_as_deep_as_statements_need(tmp_path: Path) -> None:
    text = """
role:
  policy_statements:
    - Effect: Allow
      Action: ["s3:GetObject"]
      Resource: ["arn:aws:s3:::audit/*"]
      Condition: {StringEquals: {"aws:PrincipalTag/team": [ops, security]}}
"""
    config, _ = load_config(loaded(tmp_path, BEGINNING + text))
    (statement,) = config.role.policy_statements
    assert statement["Condition"]["StringEquals"]["aws:PrincipalTag/team"] == ["ops", "security"]
