"""Texts of templates as data: read with PyYAML's fast loader, by no code of the package, and once per session."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import yaml


def read_yaml(text: str) -> Any:
    """Read YAML ten times as fast as ``yaml.safe_load`` does."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


@cache
def template_data(text: str) -> dict[str, Any]:
    """A template, YAML or JSON, that everybody shares and nobody changes."""
    template: dict[str, Any] = json.loads(text) if text.startswith("{") else read_yaml(text)
    return template


def resources_of(text: str) -> dict[str, Any]:
    """The resources of a template that everybody shares."""
    resources: dict[str, Any] = template_data(text)["Resources"]
    return resources


def editable(text: str) -> dict[str, Any]:
    """A template of one's own, to be changed."""
    return copy.deepcopy(template_data(text))
