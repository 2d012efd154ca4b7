"""The templates of a folder, judged as AWS would, each in every region that it goes to; and the guard SCP."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cfn_breakglass.analysis.template.reader import resolve
from cfn_breakglass.analysis.template.stacksets import stackset_templates
from cfn_breakglass.analysis.template.template_files import TemplateFile, template_files
from cfn_breakglass.analysis.validation import guard_scp
from cfn_breakglass.analysis.validation.checks import flaws, limits_exceeded, lint
from cfn_breakglass.analysis.validation.trail import trail_problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cfn_breakglass.analysis.template.reader import Stack
    from cfn_breakglass.analysis.template.stacksets import StackSetTemplate


class Validation(NamedTuple):
    """What is wrong with the files, a line each, and what was looked at."""

    problems: list[str]
    summary: str


def validate_folder(folder: Path) -> Validation:
    """Judge main-region and stackset in ``folder``, YAML or JSON; TemplateError when they are not there.

    The other templates and the guard SCP are judged where they are: nobody has to deploy or attach them.
    """
    problems, looked = [], []
    judged = template_files(folder)
    for plan in judged:
        found = list(dict.fromkeys(_problems(plan, judged)))
        problems += found
        looked.append(f"{plan.file}: {_looked(len(found), len(plan.regions))}")
    if (path := folder / guard_scp.NAME).exists():
        found = [f"{path}: {problem}" for problem in guard_scp.problems(path)]
        problems += found
        looked.append(f"{path}: {_counted(len(found), 'problem')}")
    return Validation(problems, "\n".join(looked))


def _looked(problems: int, regions: int) -> str:
    if not regions:
        return "goes to no region, so there was nothing to look at"
    return f"{_counted(problems, 'problem')} in {_counted(regions, 'region')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _problems(plan: TemplateFile, judged: list[TemplateFile]) -> Iterator[str]:
    for region in plan.regions:
        stack = resolve(plan.template, account=plan.coverage.account_or_example, region=region, file=plan.file)
        trail = [f"{problem.logical_id}: {problem}" for problem in trail_problems(stack)]
        for found in (*limits_exceeded(stack, plan.text), *flaws(stack), *trail):
            yield f"{plan.file}: {found}"
        yield from _within(stack, plan, judged)
    if plan.regions:
        yield from map(str, lint(plan.text, plan.file, plan.regions))


def _within(stack: Stack, plan: TemplateFile, judged: list[TemplateFile]) -> Iterator[str]:
    """What is wrong with a template within: what is the same data as stackset is judged as that, once."""
    for inner in stackset_templates(stack, plan.file):
        same = [one for one in judged if one.template == inner.template]
        if not same:
            yield f"{inner.name}: it rolls out another template than stackset holds"
            yield from _alone(inner, stack.account)
        elif set(inner.regions) != set(same[0].regions):
            yield f"{inner.name}: it rolls out to {', '.join(inner.regions)}; the Metadata say otherwise"


def _alone(inner: StackSetTemplate, account: str) -> Iterator[str]:
    for region in inner.regions:
        stack = resolve(inner.template, account=account, region=region, file=inner.name)
        for found in (*limits_exceeded(stack, inner.text), *flaws(stack)):
            yield f"{inner.name}: {found}"
    yield from map(str, lint(inner.text, inner.name, inner.regions))
