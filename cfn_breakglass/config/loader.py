"""YAML text -> Config, or every problem in it at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cfn_breakglass.config.checks import check
from cfn_breakglass.config.collection_types import Section
from cfn_breakglass.config.model import DETECTIONS, Config, config_keys
from cfn_breakglass.config.problems import Report, is_kind
from cfn_breakglass.config.types import read
from cfn_breakglass.config.yaml_parser import NotYamlError, compose
from cfn_breakglass.errors import ConfigError, Problem


def load_config(path: Path) -> tuple[Config, dict[str, int]]:
    """The config in ``path``, and the line of each key in it; raises ConfigError with every problem at once."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        fix = "make one with: cfn-breakglass init"
        raise ConfigError(str(path), [Problem(0, "there is no such file", fix)]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = Problem(line, f"it is not UTF-8 text: byte {error.object[error.start]:#04x}", "save it as UTF-8")
        raise ConfigError(str(path), [problem]) from None
    except OSError as error:
        raise ConfigError(str(path), [Problem(0, f"it cannot be read: {error.strerror}")]) from None
    return parse_config(text, str(path))


def parse_config(text: str, file: str = "config") -> tuple[Config, dict[str, int]]:
    """The config in ``text``, and the line of each key; raises ConfigError, which names ``file``."""
    try:
        node = compose(text)
    except NotYamlError as error:
        raise ConfigError(file, [error.problem]) from None
    if node is None or is_kind(node, "null"):
        fix = "add main_region and usernames; cfn-breakglass init --config new.yaml writes one to fill in"
        raise ConfigError(file, [Problem(0, "it is empty", fix)])
    report = Report([*config_keys(), *(f"detections.{detection}" for detection in DETECTIONS)])
    config = read(Section(Config), node, "", report)
    if isinstance(config, Config):
        check(config, report)
    if report.problems:
        raise ConfigError(file, report.problems)
    return config, report.lines


def config_of(settings: Mapping[str, Any]) -> Config:
    """A Config from a mapping with the keys of the file, checked as a file is; raises ConfigError."""
    try:
        text = yaml.safe_dump(dict(settings), sort_keys=False)
        return parse_config(text, "settings")[0]
    except yaml.YAMLError as error:
        fix = "use text, numbers, true, false, None, lists and mappings only"
        raise ConfigError("settings", [Problem(0, f"no file can hold {error.args[-1]!r}", fix)]) from None
    except ConfigError as error:
        # The lines are those of a text that nobody has seen.
        raise ConfigError("settings", [Problem(0, one.text, one.fix) for one in error.problems]) from None
