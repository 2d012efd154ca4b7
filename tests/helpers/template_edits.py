"""Damage to the text of a template, to show that a test can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from template_data import editable

Resources = dict[str, Any]
Edit = Callable[[Resources], None]


def edited(text: str, edit: Edit) -> str:
    """The template with its resources edited."""
    template = editable(text)
    edit(template["Resources"])
    return json.dumps(template)


def untouched(_: Resources) -> None:
    """Leave the template as it is."""


def without(logical_id: str) -> Edit:
    def edit(resources: Resources) -> None:
        del resources[logical_id]

    return edit


def without_target(logical_id: str) -> Edit:
    def edit(resources: Resources) -> None:
        del resources[logical_id]["Properties"]["Targets"][-1]

    return edit


def with_properties(logical_id: str, properties: dict[str, Any]) -> Edit:
    def edit(resources: Resources) -> None:
        resources[logical_id]["Properties"] |= properties

    return edit
