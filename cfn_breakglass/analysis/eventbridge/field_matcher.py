"""What a pattern asks of one field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cfn_breakglass.analysis.eventbridge.operators import Predicate

FieldPath = tuple[str, ...]

_SELECTIVE_FIELDS = ("source", "detail.eventName")


@dataclass(frozen=True, eq=False)
class FieldMatcher:
    """The values that a pattern accepts in the field at ``path``.

    A value is accepted if it is one of ``texts`` or if one of ``predicates`` holds for it. ``description`` says the
    same in words that follow "the pattern wants it".
    """

    path: FieldPath
    texts: frozenset[str]
    predicates: tuple[Predicate, ...]
    accepts_absence: bool
    description: str

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def cost(self) -> tuple[bool, bool, int]:
        """The order in which to check fields: first those that exclude most events with a look-up or two."""
        return bool(self.predicates) or self.accepts_absence, self.name not in _SELECTIVE_FIELDS, len(self.path)

    def accepts(self, value: Any) -> bool:
        return (isinstance(value, str) and value in self.texts) or any(holds(value) for holds in self.predicates)

    def agrees_with(self, other: FieldMatcher) -> bool:
        """Whether both may accept one value, or both absence; of two that accept more than words it is assumed."""
        return (
            (self.accepts_absence and other.accepts_absence)
            or bool(self.predicates and other.predicates)
            or any(other.accepts(text) for text in self.texts)
            or any(self.accepts(text) for text in other.texts)
        )
