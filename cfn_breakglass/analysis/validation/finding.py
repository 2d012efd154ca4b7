"""One thing that is wrong with a file: which rule says so, where it is, what it means and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """A finding of ``validate``. ``line`` counts from 1; ``logical_id`` is empty for what is about no resource.

    ``rule_id`` is stable: one of ``finding_rules``, or cfn-lint's own such as E3002.
    """

    rule_id: str
    file: str
    line: int
    logical_id: str
    message: str
    remedy: str
    level: Level = "error"

    def __str__(self) -> str:
        return f"{self.file}: line {self.line}: {self.message} [{self.rule_id}]"
