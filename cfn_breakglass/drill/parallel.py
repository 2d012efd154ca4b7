"""Work in many regions at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, TypeVar

_THREADS: Final = 16
_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


def in_parallel(work: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
    """The result of each task as it comes; raises what ``work`` raises.

    The threads are daemons: a drill that is interrupted ends at once and does not wait for AWS, as an executor would.
    Then no further task begins.
    """
    waiting: SimpleQueue[_Task] = SimpleQueue()
    done: SimpleQueue[Future[_Result]] = SimpleQueue()
    all_tasks = [*tasks]
    for task in all_tasks:
        waiting.put(task)

    def run() -> None:
        while True:
            try:
                task = waiting.get_nowait()
            except Empty:
                return
            done.put(_outcome(work, task))

    for _ in range(min(_THREADS, len(all_tasks))):
        Thread(target=run, daemon=True).start()
    try:
        for _ in all_tasks:
            yield done.get().result()
    finally:
        _empty(waiting)


def _empty(queue: SimpleQueue[_Task]) -> None:
    """Leave no task to a thread: nobody waits for its result any more."""
    with suppress(Empty):
        while True:
            queue.get_nowait()


def _outcome(work: Callable[[_Task], _Result], task: _Task) -> Future[_Result]:
    outcome: Future[_Result] = Future()
    try:
        outcome.set_result(work(task))
    except BaseException as error:  # noqa: BLE001 - it is raised again where the result is wanted
        outcome.set_exception(error)
    return outcome
