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
        looked.append(f"{plan.file}: {_looked(len(found), len(plan.regions))}")
    return Validation(problems, "\n".join(looked))


def _looked(problems: int, regions: int) -> str:
    if not regions:
        return "goes to no region, so there was nothing to look at"
    return f"{problems} problem{'' if problems == 1 else 's'} in {regions} region{'' if regions == 1 else 's'}"


def _problems(plan: Plan) -> Iterator[str]:
    for region in plan.regions:
        stack = resolve(plan.template, account=plan.coverage.any_account, region=region, file=plan.file)
        for found in (*limits_exceeded(stack, plan.text), *flaws(stack)):
            yield f"{plan.file}: {found}"
    if plan.regions:
        yield from map(str, lint(plan.text, plan.file, plan.regions))
