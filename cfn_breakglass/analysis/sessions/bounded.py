"""Counts and lists that stay small whatever is added to them, and say how much they leave out."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Count:
    """A value, and how often it occurs."""

    value: str
    count: int


@dataclass(frozen=True)
class Counts:
    """Values by how often they occur; ``more`` is how often other values do."""

    values: tuple[Count, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class Earliest(Generic[Item]):
    """The first of many items; ``more`` is how many follow."""

    items: tuple[Item, ...] = ()
    more: int = 0

    @property
    def total(self) -> int:
        return len(self.items) + self.more


class BoundedCounter:
    """Counts of the first ``most`` values; what other values there are is counted together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.counts: Counter[str] = Counter()
        self.more = 0

    def add(self, value: str, count: int = 1) -> None:
        if value in self.counts or len(self.counts) < self._most:
            self.counts[value] += count
        else:
            self.more += count

    def merge(self, other: BoundedCounter) -> None:
        for value, count in other.counts.items():
            self.add(value, count)
        self.more += other.more

    def ranked(self) -> Counts:
        ranking = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return Counts(tuple(Count(*item) for item in ranking), self.more)


class EarliestItems(Generic[Item]):
    """The ``most`` items that are first by ``order``, and how many there are; None if there is none."""

    def __init__(self, most: int, order: Callable[[Item], Any]) -> None:
        self._most, self._order = most, order
        self.items: list[Item] = []
        self.count = 0

    def add(self, item: Item) -> None:
        self.count += 1
        bisect.insort(self.items, item, key=self._order)
        del self.items[self._most :]

    def merge(self, other: EarliestItems[Item]) -> None:
        count = self.count + other.count
        for item in other.items:
            self.add(item)
        self.count = count

    def earliest(self) -> Earliest[Item]:
        return Earliest(tuple(self.items), self.count - len(self.items))
