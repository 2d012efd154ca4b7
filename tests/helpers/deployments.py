"""The texts of two templates, deployed on paper."""

from __future__ import annotations

from pathlib import Path

from cfn_breakglass.analysis.simulator.simulator import deploy_pair
from cfn_breakglass.analysis.template.reader import Stack, parse
from cfn_breakglass.analysis.template.template_files import TemplateFile, main_and_stackset, parse_coverage


def deploy(
    main_region: str,
    stackset: str,
    *,
    account: str,
    files: tuple[str, str] = ("main-region.yaml", "stackset.yaml"),
) -> dict[str, Stack]:
    """Deploy the two templates in every region they are for: a stack per region, that of the main region first."""
    return deploy_pair(*template_files(main_region, stackset, files), account=account)


def template_files(
    main_region: str, stackset: str, files: tuple[str, str] = ("main-region.yaml", "stackset.yaml")
) -> tuple[TemplateFile, TemplateFile]:
    """The texts of two templates as if they had been read from files."""
    main, others = parse(main_region, files[0]), parse(stackset, files[1])
    covers = parse_coverage(main, files[0])
    return TemplateFile(files[0], main_region, main, covers), TemplateFile(files[1], stackset, others, covers)


def deploy_folder(folder: Path, *, account: str) -> dict[str, Stack]:
    """Deploy main-region and stackset of ``folder``, .yaml or .json."""
    return deploy_pair(*main_and_stackset(folder), account=account)
