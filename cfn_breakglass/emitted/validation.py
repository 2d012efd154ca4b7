"""The templates of a folder, judged as AWS would, each in every region that it goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cfn_breakglass.emitted.check import flaws, limits_exceeded, lint
from cfn_breakglass.emitted.plans import Plan, plans
from cfn_breakglass.emitted.reader import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Validation(NamedTuple):
    """What is wrong with the templates, a line each, and what was looked at."""

    problems: list[str]
    summary: str


def validate_folder(folder: Path) -> Validation:
    """Judge main-region and stackset in ``folder``, YAML or JSON; TemplateError when they are not there."""
    problems, looked = [], []
    for plan in plans(folder):
        found = list(dict.fromkeys(_problems(plan)))
        problems += found
        count = len(plan.regions)
        noun = "problem" if len(found) == 1 else "problems"
        looked.append(f"{plan.file}: {len(found)} {noun} in {count} region{'s' if count > 1 else ''}")
    return Validation(problems, "\n".join(looked))


def _problems(plan: Plan) -> Iterator[str]:
    for region in plan.regions:
        stack = resolve(plan.template, account=plan.coverage.any_account, region=region, file=plan.file)
        for found in (*limits_exceeded(stack, plan.text), *flaws(stack)):
            yield f"{plan.file}: {found}"
    if plan.regions:
        yield from map(str, lint(plan.text, plan.file, plan.regions))
