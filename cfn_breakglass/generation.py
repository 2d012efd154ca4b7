"""Config -> the text of both templates, with AWS's limits checked on what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cfn_breakglass.config import Config
from cfn_breakglass.emitted.check import Excess, limits_exceeded
from cfn_breakglass.emitted.reader import resolve
from cfn_breakglass.errors import ConfigError
from cfn_breakglass.remedies import problem
from cfn_breakglass.templates import main_region, stackset
from cfn_breakglass.writer import as_data, as_json, as_yaml

FORMATS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {"yaml": as_yaml, "json": as_json}
_ANY_ACCOUNT = "111122223333"


def template_files(
    config: Config, form: str = "yaml", *, file: str = "config", lines: Mapping[str, int] | None = None
) -> dict[str, str]:
    """File name -> text of both templates, in a form of ``FORMATS``.

    Raises ConfigError naming ``file`` and, from ``lines``, the line of the key that makes something too big for AWS.
    """
    made = {"main-region": main_region(config), "stackset": stackset(config)}
    data = {name: as_data(template) for name, template in made.items()}
    texts = {name: FORMATS[form](held) for name, held in data.items()}
    problems = {
        str(found): found
        for name, held in data.items()
        for found in (
            problem(excess.limit, excess.logical_id, excess.size, lines or {})
            for excess in _exceeded(config, name, held, texts[name])
        )
    }
    if problems:
        raise ConfigError(file, list(problems.values()))
    return {f"{name}.{form}": text for name, text in texts.items()}


def _exceeded(config: Config, name: str, data: dict[str, Any], text: str) -> list[Excess]:
    region = _longest_other(config) if name == "stackset" else config.main_region
    return limits_exceeded(resolve(data, account=config.account or _ANY_ACCOUNT, region=region), text)


def _longest_other(config: Config) -> str:
    return max(config.partition.regions - {config.main_region}, key=len)
