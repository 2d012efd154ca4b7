"""Template -> text, byte for byte the same each time; text -> files, all of them or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any

from troposphere import Template

from cfn_breakglass.builders.template import with_known_values
from cfn_breakglass.config.model import Config
from cfn_breakglass.errors import OutputError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
_SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"),
    *("Transform", "Resources", "Outputs"),
)
_ATTRIBUTES = ("Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties")


def as_data(template: Template, config: Config | None = None, region: str | None = None) -> dict[str, Any]:
    """The template as plain data, its sections and each resource's attributes in AWS's order.

    With a ``config``, its references have the values that they have in every stack: those of the config, and of its
    ``region`` if there is only one.
    """
    # The resources are converted one by one: Template.to_dict goes through each of them twice.
    other_sections = copy(template)
    other_sections.resources = {}
    resources = {title: _ordered(resource.to_dict(), _ATTRIBUTES) for title, resource in template.resources.items()}
    sections = _ordered({**other_sections.to_dict(), "Resources": resources}, _SECTIONS)
    return with_known_values(sections, config, region) if config else sections


def as_json(data: Mapping[str, Any]) -> str:
    """JSON with a line for each resource: small enough for CloudFormation, and a diff shows what changed."""
    sections = (f" {json.dumps(name)}: {_section(section)}" for name, section in data.items())
    return "{\n" + ",\n".join(sections) + "\n}\n"


def as_policy(document: Mapping[str, Any], maximum: int) -> str:
    """A policy as readable JSON if that has at most ``maximum`` characters, blanks included; else without blanks."""
    readable = json.dumps(document, indent=1) + "\n"
    return readable if len(readable) <= maximum else json.dumps(document, separators=(",", ":")) + "\n"


def _section(section: Any) -> str:
    if not isinstance(section, dict):
        return json.dumps(section, ensure_ascii=False)
    members = (f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in section.items())
    return "{\n" + ",\n".join(members) + "\n }"


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write every file of ``files`` (name to text) into ``folder``, or raise OutputError with none replaced."""
    paths = {folder / name: text for name, text in files.items()}
    # A link stays: the file that it points to is written.
    finals = {path.resolve() if path.is_symlink() else path: text for path, text in paths.items()}
    temporary = {final.with_name(f".{final.name}.new"): final for final in finals}
    try:
        _make(folder)
        for new, final in temporary.items():
            _check(final)
            new.write_text(finals[final], encoding="utf-8", newline="\n")
        for new, final in temporary.items():
            new.replace(final)
    except OSError as error:
        for new in temporary:
            _discard(new)
        path = error.filename or folder
        raise OutputError(f"{folder}: cannot write {path}: {error.strerror}\n  nothing was changed") from None


def _make(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(0, "it is a file", str(folder))
    folder.mkdir(parents=True, exist_ok=True)


def _check(path: Path) -> None:
    """Raise OSError if the path exists and is no file, but a folder or a device."""
    if path.exists() and not path.is_file():
        raise OSError(0, "it is a folder" if path.is_dir() else "it is no file", str(path))


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the folder itself cannot be written, so it holds nothing of ours


def _ordered(members: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    return {key: members[key] for key in order if key in members}
