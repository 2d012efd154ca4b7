"""YAML text -> Config, or every problem in it at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from cfn_breakglass.config.checks import check_config
from cfn_breakglass.config.collection_types import Section
from cfn_breakglass.config.model import DETECTIONS, Config, config_keys
from cfn_breakglass.config.problems import Problems, has_yaml_type
from cfn_breakglass.config.types import read_setting
from cfn_breakglass.config.yaml_parser import NotYamlError, compose_yaml
from cfn_breakglass.errors import ConfigError, Problem

_READING_FIXES: Final[dict[type[OSError], str]] = {
    IsADirectoryError: "name the file in it with --config, such as FOLDER/breakglass.yaml",
    NotADirectoryError: "one of its folders is a file: check the path",
    PermissionError: "give yourself the right to read it, or copy it to where you have that",
}
_ARCHIVES: Final = {b"\x1f\x8b": "a gzip file", b"PK": "a zip file", b"\x28\xb5\x2f\xfd": "a zstd file"}
"""What files begin with that people send packed."""


def load_config(path: Path) -> tuple[Config, dict[str, int]]:
    """The config in ``path``, and the line of each key in it. Raises ConfigError with every problem at once."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        fix = "create one with: cfn-breakglass init"
        raise ConfigError(str(path), [Problem(0, "there is no such file", fix)]) from None
    except UnicodeDecodeError as error:
        if archive := next((name for start, name in _ARCHIVES.items() if error.object.startswith(start)), None):
            raise ConfigError(str(path), [Problem(0, f"it is {archive}, and no YAML", "unpack it")]) from None
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = Problem(line, f"the byte {error.object[error.start]:#04x} is not UTF-8", "save the file as UTF-8")
        raise ConfigError(str(path), [problem]) from None
    except OSError as error:
        problem = Problem(0, f"it cannot be read: {error.strerror}", _READING_FIXES.get(type(error), ""))
        raise ConfigError(str(path), [problem]) from None
    return parse_config(text, str(path))


def parse_config(text: str, file: str = "config") -> tuple[Config, dict[str, int]]:
    """The config in ``text``, and the line of each key in it. Raises ConfigError with the name ``file``."""
    try:
        node = compose_yaml(text)
    except NotYamlError as error:
        raise ConfigError(file, [error.problem]) from None
    if node is None or has_yaml_type(node, "null"):
        fix = "add main_region and usernames; cfn-breakglass init --config new.yaml writes an example"
        raise ConfigError(file, [Problem(0, "the file is empty", fix)])
    problems = Problems([*config_keys(), *(f"detections.{detection}" for detection in DETECTIONS)])
    config = read_setting(Section(Config), node, "", problems)
    if isinstance(config, Config):
        check_config(config, problems)
    if problems.reported:
        raise ConfigError(file, problems.reported)
    return config, problems.lines


def config_of(settings: Mapping[str, Any]) -> Config:
    """A Config from a mapping with the keys of the file, checked as a file is. Raises ConfigError."""
    try:
        text = yaml.safe_dump(dict(settings), sort_keys=False)
        return parse_config(text, "settings")[0]
    except yaml.YAMLError as error:
        fix = "use only text, numbers, true, false, None, lists and mappings"
        text = f"a config file cannot contain {error.args[-1]!r}"
        raise ConfigError("settings", [Problem(0, text, fix)]) from None
    except ConfigError as error:
        # The lines would be those of a text that the caller has never seen.
        problems = [Problem(0, problem.text, problem.fix) for problem in error.problems]
        raise ConfigError("settings", problems) from None
