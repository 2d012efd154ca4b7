"""A bar on stderr for whoever is looking, once the work takes longer than a second."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress as Bar, TaskProgressColumn, TextColumn, TimeRemainingColumn

_PATIENCE = 1.0


class Progress:
    """How many of ``total`` bytes are done; ``quietly`` writes to the terminal without hurting the bar."""

    def __init__(self, total: int, console: Console, clock: Callable[[], float] = monotonic) -> None:
        columns = (TextColumn("{task.fields[records]:,} records"), BarColumn(), TaskProgressColumn())
        self._bar = Bar(*columns, TimeRemainingColumn(), console=console, transient=True, redirect_stdout=False)
        self._task = self._bar.add_task("", total=max(total, 1), records=0)
        self._clock, self._began, self._shown = clock, clock(), False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def advance(self, done: int, records: int) -> None:
        """Show that ``done`` more bytes are done, and how many records that makes."""
        self._bar.update(self._task, advance=done, records=records)
        if not self._shown and self._clock() - self._began >= _PATIENCE:
            self._shown = True
            self._bar.start()

    def quietly(self, line: str, write: Callable[[str], None]) -> None:
        """Take the bar away, write, and put it back."""
        if self._shown:
            self._bar.stop()
        write(line)
        if self._shown:
            self._bar.start()
