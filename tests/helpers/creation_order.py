"""In which order CloudFormation creates the resources of a template, by the references that it holds."""

from __future__ import annotations

from typing import Any

from life_cycle import dependencies


def all_before(logical_id: str, resources: dict[str, Any]) -> set[str]:
    """The resources that exist when CloudFormation begins to create this one, whatever happens at the same time."""
    direct = dependencies(resources)
    before: set[str] = set()
    found = [logical_id]
    while found:
        needed = direct[found.pop()] - before
        before |= needed
        found += needed
    return before
