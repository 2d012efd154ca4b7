"""Template -> text, byte for byte the same each time; text -> files, whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml
from troposphere import Template

from cfn_breakglass.errors import OutputError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
_SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"),
    *("Transform", "Resources", "Outputs"),
)
_ATTRIBUTES = ("Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties")


_SIDE_BY_SIDE = 5
_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9]")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Repeats a value instead of pointing at it: reviewers read templates, and CloudFormation takes no alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class calls it with the value
        return True


def _text(dumper: Any, value: str) -> Any:
    # Other parsers see numbers where PyYAML sees text: 12e4 is one to them, and a user may be called so.
    style = "|" if "\n" in value else "'" if _LIKE_A_NUMBER.match(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _listed(dumper: Any, value: list[Any]) -> Any:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=_plain(value))


def _mapped(dumper: Any, value: dict[str, Any]) -> Any:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=_plain(value.values()))


def _plain(values: Collection[Any]) -> bool:
    """Whether these are so many scalars that they read better side by side; it also keeps a template small."""
    return len(values) > _SIDE_BY_SIDE and not any(isinstance(value, dict | list) for value in values)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _listed)
_Dumper.add_representer(dict, _mapped)


def as_data(template: Template) -> dict[str, Any]:
    """The template as plain data, its sections and each resource's attributes in AWS's order."""
    data = _ordered(template.to_dict(), _SECTIONS)
    data["Resources"] = {title: _ordered(held, _ATTRIBUTES) for title, held in data["Resources"].items()}
    return data


def as_yaml(data: Mapping[str, Any]) -> str:
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


def as_json(data: Mapping[str, Any]) -> str:
    """JSON with a line for each resource: small enough for CloudFormation, and a diff shows what changed."""
    sections = (f" {json.dumps(name)}: {_section(held)}" for name, held in data.items())
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _section(held: Any) -> str:
    if not isinstance(held, dict):
        return json.dumps(held, ensure_ascii=False)
    members = (f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in held.items())
    return "{\n" + ",\n".join(members) + "\n }"


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write every file of ``files`` (name to text) into ``folder``, or raise OutputError with none replaced."""
    temporary = {folder / f".{name}.new": folder / name for name in files}
    try:
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(0, "it is a file", str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        for new, final in temporary.items():
            if final.is_dir():
                raise IsADirectoryError(0, "it is a folder", str(final))
            new.write_text(files[final.name], encoding="utf-8", newline="\n")
        for new, final in temporary.items():
            new.replace(final)
    except OSError as error:
        for new in temporary:
            _discard(new)
        where = error.filename or folder
        raise OutputError(f"{folder}: cannot write {where}: {error.strerror}\n  nothing was changed") from None


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the folder itself cannot be written; there is nothing of ours in it


def _ordered(held: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    return {key: held[key] for key in order if key in held}
