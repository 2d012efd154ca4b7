"""What can go wrong, with the data to say it well; each error owns its exit code."""

from __future__ import annotations

from typing import ClassVar, NamedTuple


class BreakglassError(Exception):
    """Base of every error a user can cause; ``str()`` is the whole message."""

    exit_code: ClassVar[int] = 2


class Problem(NamedTuple):
    """One thing wrong with a file: its line (1-based, 0 for none), what, and what to do about it.

    ``column`` tells apart what stands in one line.
    """

    line: int
    text: str
    fix: str = ""
    column: int = 0

    def __str__(self) -> str:
        head = f"  line {self.line}: {self.text}" if self.line else f"  {self.text}"
        return f"{head}\n    {self.fix}" if self.fix else head


class FileProblemsError(BreakglassError):
    """A file with one or more problems, told all at once and in file order."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__(file, self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        return "\n\n".join([f"{self.file}: {count} {noun}", *map(str, self.problems)])


class ConfigError(FileProblemsError):
    """The config file cannot be used."""


class TemplateError(BreakglassError):
    """An emitted template cannot be read, or CloudFormation would refuse it here."""


class PatternError(BreakglassError):
    """An event pattern that EventBridge would refuse, or an operator we do not know."""


class OutputError(BreakglassError):
    """A file could not be written; what was there before is still there."""
