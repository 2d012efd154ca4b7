"""The errors that a user can cause. Each has the data of its message and its exit code."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple


class BreakglassError(Exception):
    """Base of every error that a user can cause; ``str()`` is the whole message."""

    exit_code: ClassVar[int] = 2


class Problem(NamedTuple):
    """One thing that is wrong with a file: its line, what is wrong, and how to fix it.

    ``line`` and ``column`` count from 1; line 0 stands for the file as a whole.
    """

    line: int
    text: str
    fix: str = ""
    column: int = 0

    def __str__(self) -> str:
        head = f"  line {self.line}: {self.text}" if self.line else f"  {self.text}"
        return f"{head}\n    {self.fix}" if self.fix else head


class FileProblemsError(BreakglassError):
    """All problems of a file, in the order of the file."""

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
    """A template cannot be read, or CloudFormation would reject it in this place."""


class UnreadableTemplateError(TemplateError):
    """A template file is neither YAML nor JSON that CloudFormation could read."""


class MissingTemplateError(TemplateError):
    """A folder does not have a template that it has to have."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        super().__init__(folder, name)

    def __str__(self) -> str:
        return f"{self.folder / self.name}.yaml: there is no such file"


class MissingRoleError(TemplateError):
    """The templates do not create the break-glass role; ``role_name`` is empty where its name is not known either."""

    def __init__(self, file: str, role_name: str) -> None:
        self.file = file
        self.role_name = role_name
        super().__init__(file, role_name)

    def __str__(self) -> str:
        return f"{self.file}: it creates no break-glass role, so who may assume the role is not in the templates"


class UnknownRoleError(BreakglassError):
    """The config does not say the whole ARN of the role."""

    def __str__(self) -> str:
        return "the config does not say the whole ARN of the role, and AssumeRole needs it"


class PatternError(BreakglassError):
    """An event pattern that EventBridge would reject, or that has an operator which we do not know."""


class OutputError(BreakglassError):
    """A file could not be written; the old content is still there."""


class CredentialsError(BreakglassError):
    """There are no credentials for AWS, or none that it takes."""


class MissingLibraryError(BreakglassError):
    """A command needs a library that is not installed; ``extra`` is the extra of this package that installs it."""

    def __init__(self, library: str, extra: str) -> None:
        self.library = library
        self.extra = extra
        super().__init__(library, extra)

    def __str__(self) -> str:
        return f"this command needs {self.library}, which is not installed"


class EditedFileError(BreakglassError):
    """A file that a person has changed where it would be written over; the old content is still there."""

    def __init__(self, file: str, line: int, text: str) -> None:
        self.file = file
        self.line = line
        self.text = text
        super().__init__(file, line, text)

    def __str__(self) -> str:
        place = f"{self.file}: line {self.line}" if self.line else self.file
        return f"{place}: {self.text}\n  nothing was written"
