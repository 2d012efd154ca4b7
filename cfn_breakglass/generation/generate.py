"""Config -> the text of both templates and of the guard SCP, with AWS's limits checked on what came out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from cfn_breakglass.aws import limits
from cfn_breakglass.builders.access.protection import guard_scp
from cfn_breakglass.config.model import Config
from cfn_breakglass.errors import ConfigError, Problem
from cfn_breakglass.generation.files import as_data, as_json, as_policy
from cfn_breakglass.generation.yaml_format import as_yaml
from cfn_breakglass.names import Names
from cfn_breakglass.templates import deployer_template, main_region, stackset, stackset_roles

FORMATS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {"yaml": as_yaml, "json": as_json}
GUARD = "guard-scp.json"
_ANY_ACCOUNT = "111122223333"
_ROOM = {
    "PolicyDocument": limits.LOGS_RESOURCE_POLICY,  # no other policy has less
    "Policies": limits.INLINE_POLICIES,
    "Targets": limits.INPUT_TEMPLATE,
    "TemplateBody": limits.TEMPLATE_BODY,
}
# A reference to a resource may stand for more than it takes to write: in a pattern for an ID, elsewhere for an ARN.
# What AWS:: says of the place never does.
_REFERENCE = re.compile(r'"Ref"|"Fn::GetAtt"|\$\{(?!!|AWS::)')
_ID, _ARN = 40, 300


def output_files(
    config: Config, form: str = "yaml", *, file: str = "config", lines: Mapping[str, int] | None = None
) -> dict[str, str]:
    """File name -> text of everything that a config makes: both templates, as ``template_files`` does, and the SCP."""
    files, problems = _templates(config, form, lines or {})
    guard = as_policy(guard_scp(config, Names.of(config)), limits.SCP.maximum)
    if len(guard) > limits.SCP.maximum:
        problems.append(_problem(limits.SCP, GUARD, len(guard), lines or {}))
    if problems:
        raise ConfigError(file, problems)
    return {**files, GUARD: guard}


def template_files(
    config: Config, form: str = "yaml", *, file: str = "config", lines: Mapping[str, int] | None = None
) -> dict[str, str]:
    """File name -> text of both templates, in a form of ``FORMATS``.

    Raises ConfigError naming ``file`` and, from ``lines``, the line of the key that makes something too big for AWS.
    """
    files, problems = _templates(config, form, lines or {})
    if problems:
        raise ConfigError(file, problems)
    return files


def _templates(config: Config, form: str, lines: Mapping[str, int]) -> tuple[dict[str, str], list[Problem]]:
    wanted = {"main-region": main_region, "stackset": stackset}
    if config.makes_stackset_roles and not config.rolls_out:
        wanted["stackset-roles"] = stackset_roles
    if config.deployer:
        wanted["deployer"] = deployer_template
    made = {name: as_data(make(config)) for name, make in wanted.items()}
    texts = {name: FORMATS[form](data) for name, data in made.items()}
    roomy = all(_roomy(data, texts[name]) for name, data in made.items())
    problems = [] if roomy else _exceeded(config, made, texts, lines)
    return {f"{name}.{form}": text for name, text in texts.items()}, problems


def _roomy(data: Mapping[str, Any], text: str) -> bool:
    """Whether everything is so small, references spelled out and all, that no limit of AWS can be near.

    It spares most runs the reading half. A resource is told of its targets apart from its other properties, since
    the limit of their text is another one.
    """
    resources = data["Resources"].values()
    return (
        len(text.encode()) <= limits.TEMPLATE.maximum
        and len(resources) <= min(limits.RULES.maximum, limits.RESOURCES.maximum)
        and sum(held["Type"] == "AWS::Events::Rule" for held in resources) <= limits.WILDCARD_RULES.maximum
        and all(
            _size(name, value) <= _ROOM.get(name, limits.PATTERN).maximum
            for held in resources
            for name, value in held["Properties"].items()
        )
    )


def _size(name: str, value: Any) -> int:
    """How long a property is at the most once its references are resolved."""
    text = json.dumps(value, separators=(",", ":"))
    return len(text) + len(_REFERENCE.findall(text)) * (_ID if name == "EventPattern" else _ARN)


def _exceeded(
    config: Config, made: Mapping[str, Any], texts: Mapping[str, str], lines: Mapping[str, int]
) -> list[Problem]:
    from cfn_breakglass.analysis.template.reader import resolve
    from cfn_breakglass.analysis.validation.checks import limits_exceeded

    # The longest name a region of the stackset may have; what is measured does not otherwise depend on it.
    regions = {
        "main-region": config.main_region,
        "stackset": max(config.partition.regions - {config.main_region}, key=len),
    }
    problems = {}
    for name, data in made.items():
        stack = resolve(data, account=config.account or _ANY_ACCOUNT, region=regions.get(name, config.main_region))
        for excess in limits_exceeded(stack, texts[name]):
            found = _problem(excess.limit, excess.logical_id, excess.size, lines)
            problems[str(found)] = found
    return list(problems.values())


def _problem(limit: limits.Limit, what: str, size: int, lines: Mapping[str, int]) -> Problem:
    from cfn_breakglass.generation.limit_problems import problem

    return problem(limit, what, size, lines)
