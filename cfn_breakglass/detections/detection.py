"""What a detection says of itself: its name, the words for people, its pattern and the fields of its message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cfn_breakglass.config.message_fields import FIELDS, TEXT_FIELDS, Field


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Detection:
    """One thing to detect; ``id`` is its name everywhere.

    ``summary``, ``severity`` and ``next_step`` tell whoever is woken what happened, how bad it is and what to do now.
    ``family`` is that of the edge rules that forward its events, and ``kind`` the pattern that tells them from the
    other events of the same bus. ``outcome`` tells apart the rules of one detection. ``fields`` are the message fields
    whose meaning differs from the usual one. Where the rules of one detection go different ways, ``notifies`` is
    whether this one may notify subscribers, and ``is_logged`` whether it may log.
    """

    id: str
    summary: str
    family: str
    kind: dict[str, Any]
    severity: str = ""
    next_step: str = ""
    outcome: str = ""
    notifies: bool = True
    is_logged: bool = True
    fields: Mapping[str, Field] = field(default_factory=dict)

    @property
    def logical_id(self) -> str:
        return self.id + self.outcome

    @property
    def rule_id(self) -> str:
        return f"{self.id}.{self.outcome}" if self.outcome else self.id

    def field(self, name: str) -> Field:
        """The message field ``name`` as this detection fills it."""
        of_every_event = {
            "detection": self.id,
            "severity": self.severity,
            "meaning": f"{self.summary}.",
            "nextStep": self.next_step,
        }
        if name in of_every_event:
            return Field("", constant=of_every_event[name])
        return self.fields.get(name) or FIELDS.get(name) or TEXT_FIELDS[name]
