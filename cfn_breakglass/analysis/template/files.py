"""The templates of a folder, and which account and regions each is for: what their Metadata says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cfn_breakglass.analysis.template.reader import parse
from cfn_breakglass.errors import MissingTemplateError, TemplateError

_METADATA = "cfn-breakglass"
_NAMES = ("main-region", "stackset")
_MORE = ("stackset-roles", "deployer")
"""Templates that not every config makes; all go to the main region."""


class Coverage(NamedTuple):
    """What a template says it is for; ``account`` is empty where any will do."""

    main_region: str
    regions: tuple[str, ...]
    account: str

    @property
    def any_account(self) -> str:
        """The account that the templates are for, or one of AWS's examples where any would do."""
        return self.account or "111122223333"


class Plan(NamedTuple):
    """A template on disk and what it says it is for."""

    file: str
    text: str
    template: dict[str, Any]
    coverage: Coverage

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that this very template goes to."""
        elsewhere = Path(self.file).stem == _NAMES[1]
        return self.coverage.regions if elsewhere else (self.coverage.main_region,)


def coverage(template: Mapping[str, Any], file: str) -> Coverage:
    """Read the Metadata of a parsed template; ``file`` is its name in a TemplateError."""
    try:
        given = template["Metadata"][_METADATA]
        home, others, account = given["MainRegion"], list(given["Regions"]), given.get("Account", "")
    except (KeyError, TypeError, AttributeError):
        raise TemplateError(f"{file}: its Metadata does not say which regions it is for") from None
    return Coverage(str(home), tuple(map(str, others)), str(account))


def prefix(metadata: Mapping[str, Any]) -> str:
    """What the name of every rule of a stack begins with; nothing if its Metadata does not say."""
    given = metadata.get(_METADATA)
    name = given.get("Name") if isinstance(given, dict) else None
    return f"{name}-" if name else ""


def plans(folder: Path) -> list[Plan]:
    """Every template of ``folder``, YAML before JSON; TemplateError if one of the two is not there or is bad."""
    two = [_plan(path) for name in _NAMES for path in _paths(folder, name)]
    return two + [_plan(path) for name in _MORE for path in _there(folder, name)]


def pair(folder: Path) -> tuple[Plan, Plan]:
    """The main region's template and that of the other regions; TemplateError if one is there twice."""
    main, others = (_plan(_one(folder, name)) for name in _NAMES)
    return main, others


def main(folder: Path) -> Plan:
    """The main region's template alone; TemplateError if it is there twice."""
    return _plan(_one(folder, _NAMES[0]))


def _one(folder: Path, name: str) -> Path:
    path, *others = _paths(folder, name)
    if others:
        # One of them is of an older config, perhaps, and an answer about that would be believed.
        raise TemplateError(f"{path}: {others[0].name} is there too\n  delete the one that is not deployed")
    return path


def _paths(folder: Path, name: str) -> list[Path]:
    paths = _there(folder, name)
    if not paths:
        raise MissingTemplateError(folder, name)
    return paths


def _there(folder: Path, name: str) -> list[Path]:
    return [path for form in ("yaml", "json") if (path := folder / f"{name}.{form}").exists()]


def _plan(path: Path) -> Plan:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: it cannot be read: {error}") from None
    template = parse(text, str(path))
    return Plan(str(path), text, template, coverage(template, str(path)))
