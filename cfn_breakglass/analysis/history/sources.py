"""Where records are: files, folders and standard input."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cfn_breakglass.analysis.history.unpacking import (
    SourceStream,
    as_stream,
    blocks_of,
    is_folder_read,
    is_read,
    unpack,
)
from cfn_breakglass.errors import BreakglassError


class SourceError(BreakglassError):
    """A path does not exist, or this user may not read it."""


class Unread(NamedTuple):
    """A part of the input that could not be read as a record: where and why.

    ``missing_option`` is the field of ReplayOptions that would help, empty if there is none.
    """

    place: str
    reason: str
    missing_option: str = ""


class Source(NamedTuple):
    """A file, or standard input if ``path`` is None. ``problem`` says why it cannot be read, if that is clear."""

    name: str
    path: Path | None
    size: int = 0
    problem: str = ""


def find_sources(paths: Iterable[str]) -> Iterator[Source]:
    """Every file under ``paths``, in their order; the files of a folder in the order of their names.

    SourceError, before the first file, if one of ``paths`` cannot be read.
    """
    checked = list(paths)
    for path in checked:
        if path != "-" and not os.access(path, os.R_OK):
            problem = "it cannot be read" if Path(path).exists() else "there is no such file or folder"
            raise SourceError(f"{path}: {problem}")
    return (source for path in checked for source in _sources_of(path))


def _sources_of(path: str) -> Iterator[Source]:
    if path == "-":
        yield Source("standard input", None)
    elif Path(path).is_dir():
        yield from _sources_in(Path(path))
    else:
        yield _file(Path(path))


def _sources_in(folder: Path) -> Iterator[Source]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        yield Source(str(folder), folder, problem=_unreadable(error))
        return
    for path in paths:
        if path.is_dir():
            if is_folder_read(path.name) and not path.is_symlink():
                yield from _sources_in(path)
        elif is_read(path.name) and path.is_file():
            yield _file(path)


def _file(path: Path) -> Source:
    try:
        return Source(str(path), path, path.stat().st_size)
    except OSError as error:
        return Source(str(path), path, problem=_unreadable(error))


def _unreadable(error: OSError) -> str:
    return f"it cannot be read: {error.strerror}"


@contextmanager
def open_source(source: Source, standard_input: BinaryIO) -> Iterator[Iterator[SourceStream]]:
    """Open a source as the file that it is, or the files that are in it; SourceError if it cannot be read."""
    if source.problem:
        raise SourceError(source.problem)
    try:
        if source.path is None:
            yield unpack(SourceStream(as_stream(blocks_of(standard_input))))
        else:
            with source.path.open("rb") as file:
                yield unpack(SourceStream(file))
    except OSError as error:
        raise SourceError(_unreadable(error)) from None
