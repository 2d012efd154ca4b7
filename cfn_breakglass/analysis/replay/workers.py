"""A history read by several processes, with its results in the order of the files."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from cfn_breakglass.analysis.history.records import Lines, split_lines
from cfn_breakglass.analysis.history.sources import Source, Unread
from cfn_breakglass.analysis.replay.replay import RecordReplay, Result, SourcePart
from cfn_breakglass.analysis.replay.results import RecordCounts, ReplayOptions

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
    from pathlib import Path

# A task is at most so many bytes and files: its results are in memory until their turn. A file that is larger is many
# tasks if it holds lines and is not packed, and is read by this process otherwise.
_TASK_SIZE = 1 << 20
_LINES_SIZE = 1 << 23
_TASK_FILES = 64
_MAX_SIZE = 1 << 24
_TASKS_PER_JOB = 3

_Task = list[Source]
_TaskResults = list[tuple[Source, list[Any]]]

_process_replay: list[RecordReplay[Any]] = []


def replay_sources(
    options: ReplayOptions, replay: RecordReplay[Result], sources: Iterable[Source], standard_input: BinaryIO, jobs: int
) -> Iterator[tuple[Source, Iterable[Result | Unread | RecordCounts]]]:
    """Every source with its results; with one job a source is read when its results are iterated.

    Other processes make a replay like ``replay``, of its class and from the same options.
    """
    if jobs == 1:
        yield from ((source, replay.read(source, standard_input)) for source in sources)
        return
    # Slow to import, and not needed for a single process.
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Not forked: the progress bar is a thread.
    context = get_context("spawn")
    initargs = type(replay), options
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_initialize, initargs=initargs) as pool:
        results = partial(
            _results, replay=replay, standard_input=standard_input, pool=pool, ahead=jobs * _TASKS_PER_JOB
        )
        waiting: deque[Future[_TaskResults] | Source] = deque()
        for task in _tasks(sources):
            is_small = _is_file(task[0]) and task[0].size <= _MAX_SIZE
            waiting.append(pool.submit(_read, task) if is_small else task[0])
            while len(waiting) > jobs * _TASKS_PER_JOB:
                yield from results(waiting.popleft())
        while waiting:
            yield from results(waiting.popleft())


def _results(
    first: Future[_TaskResults] | Source,
    *,
    replay: RecordReplay[Any],
    standard_input: BinaryIO,
    pool: Executor,
    ahead: int,
) -> Iterator[tuple[Source, Iterable[Any]]]:
    """Results of another process, or of all for a source that is too large to hold its results."""
    if isinstance(first, Source):
        parts = replay.parts(first, standard_input)
        yield first, _read_large(first, parts, replay, pool, ahead)
    else:
        yield from first.result()


def _read_large(
    source: Source, parts: Iterable[SourcePart], replay: RecordReplay[Any], pool: Executor, ahead: int
) -> Iterator[Any]:
    """The results of the parts of a source, of which other processes read some ahead.

    They read the file themselves: to send them its lines takes longer than to decode these.
    """
    waiting: deque[Future[list[Any]]] = deque()
    path, offset, size, number = source.path, 0, 0, 1
    for name, part in parts:
        if not path or not isinstance(part, Lines) or not (offset or size or _begins_with(path, part.data)):
            yield from replay.results(SourcePart(name, part))
            continue
        size += len(part.data)
        if size >= _LINES_SIZE:
            waiting.append(pool.submit(_read_lines, path, offset, size, number))
            offset, size, number = offset + size, 0, part.number + len(part.ends)
        if len(waiting) > ahead:
            yield from waiting.popleft().result()
    if path and size:
        waiting.append(pool.submit(_read_lines, path, offset, size, number))
    for results in waiting:
        yield from results.result()


def _begins_with(path: Path, data: bytes) -> bool:
    """Whether the bytes of a file are as they were read: it is not packed, and in UTF-8."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(data)) == data


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


def _initialize(replay_type: type[RecordReplay[Any]], options: ReplayOptions) -> None:
    _process_replay.append(replay_type(options))


def _read(task: _Task) -> _TaskResults:
    return [(source, list(_process_replay[0].read(source, io.BytesIO()))) for source in task]


def _read_lines(path: Path, offset: int, size: int, number: int) -> list[Any]:
    with path.open("rb") as file:
        file.seek(offset)
        stream = io.BytesIO(file.read(size))
    replay = _process_replay[0]
    return [result for lines in split_lines(stream, number) for result in replay.results(SourcePart(str(path), lines))]
