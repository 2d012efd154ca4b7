"""How far the work is: a bar on stderr for whoever is looking, once it takes longer than a second."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

_PATIENCE = 1.0
_Line = TypeVar("_Line")


class Progress:
    """What nobody looks at; ``Bar`` is for those who do."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Take away what is shown."""

    def advance(self, done: int, records: int) -> None:
        """Show that ``done`` more bytes are done, and how many records there were up to now."""

    def quietly(self, line: _Line, write: Callable[[_Line], None]) -> None:
        """Write to the terminal without hurting what is shown."""
        write(line)


class Bar(Progress):
    """How many of ``total`` bytes are done."""

    def __init__(self, total: int, console: Console, clock: Callable[[], float] = monotonic) -> None:
        from rich import progress

        self._bar = progress.Progress(
            progress.TextColumn("{task.fields[records]:,} records"),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TimeRemainingColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._bar.add_task("", total=max(total, 1), records=0)
        self._clock, self._began, self._shown = clock, clock(), False

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def advance(self, done: int, records: int) -> None:
        self._bar.update(self._task, advance=done, records=records)
        if not self._shown and self._clock() - self._began >= _PATIENCE:
            self._shown = True
            self._bar.start()

    def quietly(self, line: _Line, write: Callable[[_Line], None]) -> None:
        # While lines come, they show how far it is; the bar is back when none came for a while.
        if self._shown:
            self._shown = False
            self._bar.stop()
        self._began = self._clock()
        write(line)
