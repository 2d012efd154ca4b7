"""The templates of a folder, and which account and regions each is for, as their Metadata say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cfn_breakglass.analysis.template.reader import parse
from cfn_breakglass.errors import MissingTemplateError, TemplateError

_METADATA_KEY = "cfn-breakglass"
_MAIN_REGION, _STACKSET, _ACCOUNTS = "main-region", "stackset", "accounts"
_OPTIONAL = ("stackset-roles", "deployer")
"""Templates that only some configs make. Both are deployed to the main region."""


_EXAMPLE_ACCOUNTS = ("111122223333", "444455556666")


class CoveredOrganization(NamedTuple):
    """The organization that templates are for: its ID, the account of the hub, and the units that have them."""

    id: str
    hub: str
    units: tuple[str, ...]


class Coverage(NamedTuple):
    """What a template says it is for. ``account`` is empty if it can be deployed to any account.

    ``regions`` are those beside the main one. ``organization`` is None if the template is for one account.
    """

    main_region: str
    regions: tuple[str, ...]
    account: str
    organization: CoveredOrganization | None = None

    @property
    def account_or_example(self) -> str:
        """The account that the template is for, or one of AWS's example accounts if any will do: no hub."""
        hub = self.organization.hub if self.organization else ""
        return self.account or next(example for example in _EXAMPLE_ACCOUNTS if example != hub)


class TemplateFile(NamedTuple):
    """A template on disk: its path, its text, what it holds, and what it is for."""

    file: str
    text: str
    template: dict[str, Any]
    coverage: Coverage

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that this template is deployed to."""
        main_region, regions, _, organization = self.coverage
        if Path(self.file).stem != _STACKSET:
            return (main_region,)
        return (main_region, *regions) if organization else regions


class TemplateSet(NamedTuple):
    """The templates that watch an account, or with ``accounts`` all those of an organization.

    ``main_region`` is then the hub's, and the others are deployed in every account, the hub too: ``accounts`` in the
    main region, ``stackset`` in every region.
    """

    main_region: TemplateFile
    stackset: TemplateFile
    accounts: TemplateFile | None = None


def parse_coverage(template: Mapping[str, Any], file: str) -> Coverage:
    """Read the Metadata of a parsed template; ``file`` is its name in a TemplateError."""
    try:
        metadata = template["Metadata"][_METADATA_KEY]
        main_region, regions = metadata["MainRegion"], list(metadata["Regions"])
        account, organization = metadata.get("Account", ""), metadata.get("Organization")
        organization = organization and CoveredOrganization(
            str(organization["Id"]), str(organization["Hub"]), tuple(map(str, organization["Units"]))
        )
    except (KeyError, TypeError, AttributeError):
        raise TemplateError(f"{file}: its Metadata does not say which regions it is for") from None
    return Coverage(str(main_region), tuple(map(str, regions)), str(account), organization)


def config_name(metadata: Mapping[str, Any]) -> str:
    """The name with which all names of a stack begin; empty if its Metadata does not say."""
    product_metadata = metadata.get(_METADATA_KEY)
    name = product_metadata.get("Name") if isinstance(product_metadata, dict) else None
    return str(name or "")


def existing_topic(metadata: Mapping[str, Any]) -> str:
    """The ARN of the topic that alerts go to if no template makes it, otherwise empty."""
    product_metadata = metadata.get(_METADATA_KEY)
    return str(product_metadata.get("Topic", "")) if isinstance(product_metadata, dict) else ""


def rule_id(rule_name: str, metadata: Mapping[str, Any]) -> str:
    """The name of a rule without that of its config: Assume of break-glass.Assume, RoleAssumed of x-RoleAssumed."""
    name = config_name(metadata)
    begins_alike = bool(name) and rule_name.startswith((f"{name}-", f"{name}."))
    return rule_name[len(name) + 1 :] if begins_alike else rule_name


def read_template_files(folder: Path) -> list[TemplateFile]:
    """Every template of ``folder``, YAML before JSON.

    TemplateError if main-region or stackset is missing, or in an organization accounts, or if one cannot be read.
    """
    main_region = [_read(path) for path in _required_paths(folder, _MAIN_REGION)]
    stackset = [_read(path) for path in _required_paths(folder, _STACKSET)]
    is_organization = any(template.coverage.organization for template in main_region)
    paths_of = _required_paths if is_organization else _existing_paths
    accounts = [_read(path) for path in paths_of(folder, _ACCOUNTS)]
    optional = [_read(path) for name in _OPTIONAL for path in _existing_paths(folder, name)]
    return [*main_region, *accounts, *stackset, *optional]


def template_set(folder: Path) -> TemplateSet:
    """The templates that watch an account or an organization; TemplateError if one is missing or exists twice."""
    main_region, stackset = main_region_template(folder), _read(_only_path(folder, _STACKSET))
    return TemplateSet(main_region, stackset, accounts_template(folder) if main_region.coverage.organization else None)


def main_region_template(folder: Path) -> TemplateFile:
    """The template of the main region; TemplateError if it exists twice."""
    return _read(_only_path(folder, _MAIN_REGION))


def accounts_template(folder: Path) -> TemplateFile:
    """The template of every account of an organization; TemplateError if it is missing or exists twice."""
    return _read(_only_path(folder, _ACCOUNTS))


def _only_path(folder: Path, name: str) -> Path:
    path, *others = _required_paths(folder, name)
    if others:
        # One of them may be of an older config, and an answer about that one would be wrong.
        raise TemplateError(f"{path}: {others[0].name} exists too\n  delete the one that is not deployed")
    return path


def _required_paths(folder: Path, name: str) -> list[Path]:
    paths = _existing_paths(folder, name)
    if not paths:
        raise MissingTemplateError(folder, name)
    return paths


def _existing_paths(folder: Path, name: str) -> list[Path]:
    return [path for suffix in ("yaml", "json") if (path := folder / f"{name}.{suffix}").exists()]


def template_file(text: str, file: str) -> TemplateFile:
    """The text of a template that is, or would be, in ``file``."""
    template = parse(text, file)
    return TemplateFile(file, text, template, parse_coverage(template, file))


def _read(path: Path) -> TemplateFile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: it cannot be read: {error}") from None
    return template_file(text, str(path))
