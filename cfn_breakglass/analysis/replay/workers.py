"""A history read by several processes, its answers in the order of the files all the same."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import BinaryIO

from cfn_breakglass.analysis.replay.replay import Replay
from cfn_breakglass.analysis.replay.results import Answer, Question
from cfn_breakglass.analysis.replay.sources import Source

# What one process is given at a time, and what is too large for that: its answers are in memory until their turn.
_BYTES = 1 << 20
_LARGE = 1 << 24
_FILES = 64
_AHEAD = 3

_Answered = tuple[Source, Iterable[Answer]]
_Task = list[Source]

_mine: list[Replay] = []


def replayed(
    question: Question, replay: Replay, sources: Iterable[Source], standard_input: BinaryIO, jobs: int
) -> Iterator[_Answered]:
    """Every source with its answers; with one job they are read as they are asked for."""
    if jobs == 1:
        yield from ((source, replay.read(source, standard_input)) for source in sources)
        return
    # Not forked: the progress bar is a thread.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin, initargs=(question,)) as pool:
        waiting: deque[Future[list[tuple[Source, list[Answer]]]] | Source] = deque()
        for task in _tasks(sources):
            small = _is_file(task[0]) and task[0].size <= _LARGE
            waiting.append(pool.submit(_read, task) if small else task[0])
            while len(waiting) > jobs * _AHEAD:
                yield from _next(waiting.popleft(), replay, standard_input)
        while waiting:
            yield from _next(waiting.popleft(), replay, standard_input)


def _next(
    first: Future[list[tuple[Source, list[Answer]]]] | Source, replay: Replay, standard_input: BinaryIO
) -> Iterator[_Answered]:
    """Answers that were made elsewhere; what is too large to hold is read here."""
    if isinstance(first, Source):
        yield first, replay.read(first, standard_input)
    else:
        yield from first.result()


def _tasks(sources: Iterable[Source]) -> Iterator[_Task]:
    """Sources in small groups, the large ones and standard input alone."""
    task: _Task = []
    for source in sources:
        alone = not _is_file(source) or source.size > _BYTES
        if task and (alone or len(task) == _FILES or sum(one.size for one in task) > _BYTES):
            yield task
            task = []
        task.append(source)
        if alone:
            yield task
            task = []
    if task:
        yield task


def _is_file(source: Source) -> bool:
    """Whether another process can read it: not standard input, nor a pipe."""
    return source.path is not None and source.path.is_file()


def _begin(question: Question) -> None:
    _mine.append(Replay(question))


def _read(task: _Task) -> list[tuple[Source, list[Answer]]]:
    return [(source, list(_mine[0].read(source, io.BytesIO()))) for source in task]
