"""Warnings about another config nearby whose parts would be taken for ours, or ours for its parts.

The other configs are the YAML files in the folder of the config, and in the folders directly within it, that have
``main_region`` at their top level.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cfn_breakglass.config.loader import load_config
from cfn_breakglass.config.model import Config
from cfn_breakglass.errors import BreakglassError

_MAIN_REGION: Final = re.compile(r"^main_region\s*:", re.MULTILINE)
_NAME: Final = re.compile(r"""^name\s*:\s*["']?([A-Za-z0-9-]+)""", re.MULTILINE)
_LARGEST_CONFIG: Final = 100_000  # bytes


def collisions(path: Path, config: Config) -> Iterator[str]:
    """A sentence for each other config near ``path`` with whose name that of ``config`` collides in one account."""
    for other, name in _other_names(path):
        if not (name in config.name or config.name in name) or _are_of_two_accounts(config, other):
            continue
        if name == config.name:
            yield (
                f"name: {other} has the name {name} too; in one account, only one of the two can be deployed; "
                "give them different names"
            )
        else:
            shorter, longer = sorted((name, config.name), key=len)
            yield (
                f"name: {other} has the name {name}, and {longer} contains {shorter}; in one account, some calls about "
                f"parts of {longer} also alert as changes of {shorter}; choose names of which none contains the other"
            )


def _other_names(path: Path) -> Iterator[tuple[Path, str]]:
    """Every other config nearby, and its name."""
    folder = path.parent
    for other in sorted((*folder.glob("*.y*ml"), *folder.glob("*/*.y*ml"))):
        text = "" if other.resolve() == path.resolve() else _text(other)
        if _MAIN_REGION.search(text):
            name = _NAME.search(text)
            yield other, name[1] if name else Config.name


def _text(path: Path) -> str:
    """The text of a file that may be a config; empty if it cannot be one."""
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size <= _LARGEST_CONFIG else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _are_of_two_accounts(config: Config, other: Path) -> bool:
    """Whether no account can have parts of both configs: they say of which account or organization they are."""
    if not config.account:
        return False
    try:
        settings = load_config(other)[0]
    except BreakglassError:
        return False
    if config.organization and settings.organization:
        return config.organization.id != settings.organization.id
    # The account of one may be in the organization of the other.
    is_unknown = not settings.account or config.organization or settings.organization
    return not is_unknown and settings.account != config.account
