"""The texts of templates, deployed on paper."""

from __future__ import annotations

from pathlib import Path

from fresh_stacks import parsed

from cfn_breakglass.analysis.simulator.simulator import deploy as deploy_in_account
from cfn_breakglass.analysis.template.reader import Stack
from cfn_breakglass.analysis.template.template_files import TemplateFile, TemplateSet, parse_coverage, template_set

_FILES = ("main-region.yaml", "stackset.yaml", "accounts.yaml")


def deploy(
    main_region: str,
    stackset: str,
    *,
    account: str,
    files: tuple[str, ...] = _FILES,
) -> dict[str, Stack]:
    """Deploy the two templates in every region they are for: a stack per region, that of the main region first."""
    return dict(deploy_in_account(template_files(main_region, stackset, files=files), account).stacks)


def template_files(*texts: str, files: tuple[str, ...] = _FILES) -> TemplateSet:
    """The texts of main-region, stackset and, in an organization, accounts as if they had been read from files."""
    covers = parse_coverage(parsed(texts[0], files[0]), files[0])
    return TemplateSet(
        *(TemplateFile(file, text, parsed(text, file), covers) for file, text in zip(files, texts, strict=False))
    )


def deploy_folder(folder: Path, *, account: str) -> dict[str, Stack]:
    """Deploy main-region and stackset of ``folder``, .yaml or .json."""
    return dict(deploy_in_account(template_set(folder), account).stacks)
