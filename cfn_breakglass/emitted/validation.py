"""The templates of a folder, judged as AWS would, each in every region that it goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.emitted.check import flaws, limits_exceeded, lint
from cfn_breakglass.emitted.reader import parse, resolve
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

METADATA = "cfn-breakglass"
_ANY_ACCOUNT = "111122223333"


class Validation(NamedTuple):
    """What is wrong with the templates, a line each, and what was looked at."""

    problems: list[str]
    summary: str


class Plan(NamedTuple):
    """Where a template goes: its file, its text and its regions, the account if it is for one only."""

    file: str
    text: str
    template: dict[str, Any]
    regions: list[str]
    account: str


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


def plans(folder: Path) -> Iterator[Plan]:
    """The templates of ``folder`` and where each of them goes."""
    for name in ("main-region", "stackset"):
        paths = [path for form in ("yaml", "json") if (path := folder / f"{name}.{form}").exists()]
        if not paths:
            raise TemplateError(f"{folder / name}.yaml: there is no such file\n  make it with: cfn-breakglass generate")
        yield from map(_plan, paths)


def _plan(path: Path) -> Plan:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: it cannot be read: {error}") from None
    template = parse(text, str(path))
    try:
        covers = template["Metadata"][METADATA]
        home, others = str(covers["MainRegion"]), list(covers["Regions"])
        account = str(covers.get("Account", _ANY_ACCOUNT))
    except (KeyError, TypeError, AttributeError):
        raise TemplateError(f"{path}: its Metadata does not say which regions it is for") from None
    regions = [home] if path.stem == "main-region" else others
    return Plan(str(path), text, template, regions, account)


def _problems(plan: Plan) -> Iterator[str]:
    for region in plan.regions:
        stack = resolve(plan.template, account=plan.account, region=region, file=plan.file)
        for found in (*limits_exceeded(stack, plan.text), *flaws(stack)):
            yield f"{plan.file}: {found}"
    if plan.regions:
        yield from map(str, lint(plan.text, plan.file, plan.regions))
