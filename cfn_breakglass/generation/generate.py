"""Config -> the text of every template and of the guard SCP, with AWS's limits checked on what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from troposphere import Template

from cfn_breakglass.aws import limits
from cfn_breakglass.builders.access.protection import guard_scp
from cfn_breakglass.config.model import Config
from cfn_breakglass.errors import ConfigError, Problem
from cfn_breakglass.generation.files import as_data, as_json, as_policy
from cfn_breakglass.generation.limit_estimate import has_room
from cfn_breakglass.generation.yaml_format import as_yaml
from cfn_breakglass.plan import Plan, make_plan
from cfn_breakglass.templates import make_templates

FORMATS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {"yaml": as_yaml, "json": as_json}
_ANY_ACCOUNT: Final = "111122223333"


class GeneratedFile(NamedTuple):
    """A file's name, without a folder, and its text."""

    name: str
    text: str


class GeneratedTemplates(NamedTuple):
    """The file of every template; None for one that the config does not ask for."""

    main_region: GeneratedFile
    stackset: GeneratedFile
    stackset_roles: GeneratedFile | None
    deployer: GeneratedFile | None

    @property
    def texts(self) -> dict[str, str]:
        """File name -> text."""
        files = (self.main_region, self.stackset, self.stackset_roles, self.deployer)
        return {file.name: file.text for file in files if file}


class GeneratedFiles(NamedTuple):
    """Every file that a config makes."""

    templates: GeneratedTemplates
    guard_scp: GeneratedFile

    @property
    def texts(self) -> dict[str, str]:
        """File name -> text."""
        return {**self.templates.texts, self.guard_scp.name: self.guard_scp.text}


def output_files(
    config: Config, form: str = "yaml", *, file: str = "config", lines: Mapping[str, int] | None = None
) -> dict[str, str]:
    """File name -> text of everything that a config makes: the templates, as ``template_files`` does, and the SCP."""
    return generate_files(make_plan(config), form, file=file, lines=lines or {}).texts


def template_files(
    config: Config, form: str = "yaml", *, file: str = "config", lines: Mapping[str, int] | None = None
) -> dict[str, str]:
    """File name -> text of every template, in a form of ``FORMATS``.

    Raises ConfigError naming ``file`` and, from ``lines``, the line of the key that makes something too big for AWS.
    """
    templates, problems = _generate_templates(make_plan(config), form, lines or {})
    if problems:
        raise ConfigError(file, problems)
    return templates.texts


def generate_files(plan: Plan, form: str, *, file: str, lines: Mapping[str, int]) -> GeneratedFiles:
    """Every file of a plan; raises ConfigError as ``template_files`` does."""
    templates, problems = _generate_templates(plan, form, lines)
    guard = GeneratedFile("guard-scp.json", as_policy(guard_scp(plan), limits.SCP.maximum))
    if len(guard.text) > limits.SCP.maximum:
        problems.append(_problem(limits.SCP, guard.name, len(guard.text), lines))
    if problems:
        raise ConfigError(file, problems)
    return GeneratedFiles(templates=templates, guard_scp=guard)


def _generate_templates(plan: Plan, form: str, lines: Mapping[str, int]) -> tuple[GeneratedTemplates, list[Problem]]:
    config, templates = plan.config, make_templates(plan)
    problems: dict[str, Problem] = {}

    def file(stem: str, template: Template, other_region: str | None = None) -> GeneratedFile:
        data = as_data(template, config, None if other_region else config.main_region)
        text = FORMATS[form](data)
        if not has_room(data, text):
            region = other_region or config.main_region
            problems.update((str(problem), problem) for problem in _exceeded(config, data, text, region, lines))
        return GeneratedFile(f"{stem}.{form}", text)

    # A name of a region is all by which sizes differ between regions.
    longest_region = max(config.partition.regions - {config.main_region}, key=len)
    files = GeneratedTemplates(
        main_region=file("main-region", templates.main_region),
        stackset=file("stackset", templates.stackset, longest_region),
        stackset_roles=file("stackset-roles", templates.stackset_roles) if templates.stackset_roles else None,
        deployer=file("deployer", templates.deployer) if templates.deployer else None,
    )
    return files, list(problems.values())


def _exceeded(
    config: Config, data: Mapping[str, Any], text: str, region: str, lines: Mapping[str, int]
) -> Iterator[Problem]:
    from cfn_breakglass.analysis.template.reader import resolve
    from cfn_breakglass.analysis.validation.limits_exceeded import limits_exceeded

    stack = resolve(data, account=config.account or _ANY_ACCOUNT, region=region)
    for excess in limits_exceeded(stack, text):
        yield _problem(excess.limit, excess.part, excess.size, lines)


def _problem(limit: limits.Limit, logical_id: str, size: int, lines: Mapping[str, int]) -> Problem:
    from cfn_breakglass.generation.limit_problems import problem

    return problem(limit, logical_id, size, lines)
