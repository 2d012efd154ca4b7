"""The mutants of mutants.json: small changes of the product that a test has to notice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, NamedTuple

LIST: Final = Path(__file__).with_name("mutants.json")


class Mutant(NamedTuple):
    """A change of one place in ``file``, whose text ``old`` stands there once.

    ``kind`` says what is changed. ``killed_by`` is the test file that notices first, which is run before the others.
    ``survives`` is the reason for which no test can notice, empty for a mutant that one has to.
    """

    id: str
    file: str
    old: str
    new: str
    kind: str
    killed_by: str = ""
    survives: str = ""

    def applied_to(self, text: str) -> str:
        """The text of the file with the change; ValueError unless ``old`` stands there once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.id}: {self.file} has {self.old!r} {text.count(self.old)} times, and not once")
        return text.replace(self.old, self.new)


def read() -> list[Mutant]:
    """Every mutant of the list."""
    return [Mutant(**each) for each in json.loads(LIST.read_text(encoding="utf-8"))]


def write(mutants: list[Mutant]) -> None:
    """Write the list, without what is empty."""
    rows = [{key: value for key, value in each._asdict().items() if value or key == "new"} for each in mutants]
    LIST.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
