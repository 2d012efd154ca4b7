"""Config -> the text of both templates, with AWS's limits checked on what came out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cfn_breakglass import limits
from cfn_breakglass.config import Config
from cfn_breakglass.errors import ConfigError
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
    made = {"main-region": as_data(main_region(config)), "stackset": as_data(stackset(config))}
    texts = {name: FORMATS[form](data) for name, data in made.items()}
    if not all(_roomy(data, texts[name]) for name, data in made.items()):
        _check_limits(config, made, texts, file, lines or {})
    return {f"{name}.{form}": text for name, text in texts.items()}


def _roomy(data: Mapping[str, Any], text: str) -> bool:
    """Whether everything is so small, references spelled out and all, that no limit of AWS can be near.

    It spares most runs the reading half. A resource is told of its targets apart from its other properties, since
    the limit of their text is another one.
    """
    resources = data["Resources"].values()
    return (
        len(text.encode()) <= limits.TEMPLATE_BODY.maximum
        and len(resources) <= min(limits.RULES.maximum, limits.RESOURCES.maximum)
        and sum(held["Type"] == "AWS::Events::Rule" for held in resources) <= limits.WILDCARD_RULES.maximum
        and all(
            len(json.dumps(value)) <= (limits.INPUT_TEMPLATE if name == "Targets" else limits.PATTERN).maximum
            for held in resources
            for name, value in held["Properties"].items()
        )
    )


def _check_limits(
    config: Config, made: Mapping[str, Any], texts: Mapping[str, str], file: str, lines: Mapping[str, int]
) -> None:
    from cfn_breakglass.emitted.check import limits_exceeded
    from cfn_breakglass.emitted.reader import resolve
    from cfn_breakglass.remedies import problem

    # The longest name a region of the stackset may have; what is measured does not otherwise depend on it.
    regions = {
        "main-region": config.main_region,
        "stackset": max(config.partition.regions - {config.main_region}, key=len),
    }
    problems = {}
    for name, data in made.items():
        stack = resolve(data, account=config.account or _ANY_ACCOUNT, region=regions[name])
        for excess in limits_exceeded(stack, texts[name]):
            found = problem(excess.limit, excess.logical_id, excess.size, lines)
            problems[str(found)] = found
    if problems:
        raise ConfigError(file, list(problems.values()))
