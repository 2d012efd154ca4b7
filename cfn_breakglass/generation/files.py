"""Template -> text, byte for byte the same each time; text -> files, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from troposphere import Template

from cfn_breakglass.errors import OutputError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
_SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"),
    *("Transform", "Resources", "Outputs"),
)
_ATTRIBUTES = ("Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties")


def as_data(template: Template) -> dict[str, Any]:
    """The template as plain data, its sections and each resource's attributes in AWS's order."""
    data = _ordered(template.to_dict(), _SECTIONS)
    data["Resources"] = {title: _ordered(held, _ATTRIBUTES) for title, held in data["Resources"].items()}
    return data


def as_json(data: Mapping[str, Any]) -> str:
    """JSON with a line for each resource: small enough for CloudFormation, and a diff shows what changed."""
    sections = (f" {json.dumps(name)}: {_section(held)}" for name, held in data.items())
    return "{\n" + ",\n".join(sections) + "\n}\n"


def as_policy(document: Mapping[str, Any], most: int) -> str:
    """A policy as JSON of at most ``most`` characters if it can be, white space and all; readable if that fits."""
    readable = json.dumps(document, indent=1) + "\n"
    return readable if len(readable) <= most else json.dumps(document, separators=(",", ":")) + "\n"


def _section(held: Any) -> str:
    if not isinstance(held, dict):
        return json.dumps(held, ensure_ascii=False)
    members = (f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in held.items())
    return "{\n" + ",\n".join(members) + "\n }"


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write every file of ``files`` (name to text) into ``folder``, or raise OutputError with none replaced."""
    paths = {folder / name: text for name, text in files.items()}
    # What a link points to is written, and the link stays.
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
        where = error.filename or folder
        raise OutputError(f"{folder}: cannot write {where}: {error.strerror}\n  nothing was changed") from None


def _make(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(0, "it is a file", str(folder))
    folder.mkdir(parents=True, exist_ok=True)


def _check(path: Path) -> None:
    """Raise OSError for what is there and no file: a folder, or a device."""
    if path.exists() and not path.is_file():
        raise OSError(0, "it is a folder" if path.is_dir() else "it is no file", str(path))


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the folder itself cannot be written; there is nothing of ours in it


def _ordered(held: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    return {key: held[key] for key in order if key in held}
