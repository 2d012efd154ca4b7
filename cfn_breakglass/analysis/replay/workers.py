"""A history read by several processes, with its results in the order of the files."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from cfn_breakglass.analysis.replay.replay import Replay
from cfn_breakglass.analysis.replay.results import ReplayOptions, ReplayResult
from cfn_breakglass.analysis.replay.sources import Source

if TYPE_CHECKING:
    from concurrent.futures import Future

# A task is at most this many bytes and files. Its results are in memory until their turn, so a file that is too large
# for that is read by this process.
_TASK_SIZE = 1 << 20
_TASK_FILES = 64
_MAX_SIZE = 1 << 24
_TASKS_PER_JOB = 3

_SourceResults = tuple[Source, Iterable[ReplayResult]]
_Task = list[Source]
_TaskResults = list[tuple[Source, list[ReplayResult]]]

_process_replay: list[Replay] = []


def replay_sources(
    options: ReplayOptions, replay: Replay, sources: Iterable[Source], standard_input: BinaryIO, jobs: int
) -> Iterator[_SourceResults]:
    """Every source with its results; with one job a source is read when its results are iterated."""
    if jobs == 1:
        yield from ((source, replay.read(source, standard_input)) for source in sources)
        return
    # Slow to import, and not needed for a single process.
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Not forked: the progress bar is a thread.
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_initialize, initargs=(options,)) as pool:
        waiting: deque[Future[_TaskResults] | Source] = deque()
        for task in _tasks(sources):
            is_small = _is_file(task[0]) and task[0].size <= _MAX_SIZE
            waiting.append(pool.submit(_read, task) if is_small else task[0])
            while len(waiting) > jobs * _TASKS_PER_JOB:
                yield from _results(waiting.popleft(), replay, standard_input)
        while waiting:
            yield from _results(waiting.popleft(), replay, standard_input)


def _results(
    first: Future[_TaskResults] | Source, replay: Replay, standard_input: BinaryIO
) -> Iterator[_SourceResults]:
    """Results of another process, or of this one for a source that is too large to hold its results."""
    if isinstance(first, Source):
        yield first, replay.read(first, standard_input)
    else:
        yield from first.result()


def _tasks(sources: Iterable[Source]) -> Iterator[_Task]:
    """Small files in groups; a large file and standard input alone."""
    task: _Task = []
    for source in sources:
        is_alone = not _is_file(source) or source.size > _TASK_SIZE
        is_full = len(task) == _TASK_FILES or sum(member.size for member in task) > _TASK_SIZE
        if task and (is_alone or is_full):
            yield task
            task = []
        task.append(source)
        if is_alone:
            yield task
            task = []
    if task:
        yield task


def _is_file(source: Source) -> bool:
    """Whether another process can read it, unlike standard input or a pipe."""
    return source.path is not None and source.path.is_file()


def _initialize(options: ReplayOptions) -> None:
    _process_replay.append(Replay(options))


def _read(task: _Task) -> _TaskResults:
    return [(source, list(_process_replay[0].read(source, io.BytesIO()))) for source in task]
