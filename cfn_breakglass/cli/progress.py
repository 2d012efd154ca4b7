"""A progress bar on a terminal, for work that takes longer than a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from time import monotonic
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

_DELAY_SECONDS = 1.0
_Line = TypeVar("_Line")


class Progress:
    """Shows nothing; ``Bar`` is the one that a terminal gets."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Remove the bar."""

    def advance(self, done: int, records: int) -> None:
        """Count ``done`` more of the total, and show how many records there are up to now."""

    def write_line(self, line: _Line, write: Callable[[_Line], None]) -> None:
        """Write to the terminal without a bar in the middle of the line."""
        write(line)


class Bar(Progress):
    """A bar that shows how much of ``total`` is done, and how many records, or whatever ``noun`` says, there are."""

    def __init__(
        self, total: int, console: Console, clock: Callable[[], float] = monotonic, noun: str = "records"
    ) -> None:
        from rich import progress

        self._bar = progress.Progress(
            progress.TextColumn(f"{{task.fields[records]:,}} {noun}"),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TimeRemainingColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._bar.add_task("", total=max(total, 1), records=0)
        self._clock, self._started_at, self._is_visible = clock, clock(), False

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def advance(self, done: int, records: int) -> None:
        self._bar.update(self._task, advance=done, records=records)
        if not self._is_visible and self._clock() - self._started_at >= _DELAY_SECONDS:
            self._is_visible = True
            self._bar.start()

    def write_line(self, line: _Line, write: Callable[[_Line], None]) -> None:
        # Lines show the progress too. The bar comes back when there was no line for a while.
        if self._is_visible:
            self._is_visible = False
            self._bar.stop()
        self._started_at = self._clock()
        write(line)


def progress_over(paths: Iterable[str]) -> Progress:
    """A bar over the files under ``paths`` if standard error is a terminal."""
    if not sys.stderr.isatty():
        return Progress()
    from rich.console import Console

    from cfn_breakglass.analysis.history.sources import find_sources

    return Bar(sum(source.size for source in find_sources(paths)), Console(stderr=True))
