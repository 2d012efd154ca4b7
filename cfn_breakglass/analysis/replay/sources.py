"""Where records are: files, folders and standard input, plain or gzip, as streams of bytes."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from cfn_breakglass.errors import BreakglassError

_GZIP = b"\x1f\x8b"
_BLOCK_SIZE = 65_536
_MAX_INFLATED = 1 << 20  # bytes that a block of gzip is inflated to at a time
_SUFFIXES = (".json", ".jsonl", ".ndjson", ".gz")
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
_FOLDERS_WITHOUT_RECORDS = ("CloudTrail-Digest", "CloudTrail-Insight")


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


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


@dataclass
class SourceStream:
    """The bytes of a source. Once they are read, ``damage`` says whether and why some are missing."""

    stream: io.BufferedReader
    damage: str = ""


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
            if path.name not in _FOLDERS_WITHOUT_RECORDS and not path.is_symlink():
                yield from _sources_in(path)
        elif path.suffix in _SUFFIXES and path.is_file():
            yield _file(path)


def _file(path: Path) -> Source:
    try:
        return Source(str(path), path, path.stat().st_size)
    except OSError as error:
        return Source(str(path), path, problem=_unreadable(error))


def _unreadable(error: OSError) -> str:
    return f"it cannot be read: {error.strerror}"


@contextmanager
def open_source(source: Source, standard_input: BinaryIO) -> Iterator[SourceStream]:
    """Open a source and unpack it if its first bytes are those of gzip; SourceError if it cannot be read."""
    if source.problem:
        raise SourceError(source.problem)
    try:
        if source.path is None:
            yield _unpacked(io.BufferedReader(_BlockStream(_blocks(standard_input))))
        else:
            with source.path.open("rb") as file:
                yield _unpacked(file)
    except OSError as error:
        raise SourceError(_unreadable(error)) from None


def _unpacked(stream: io.BufferedReader) -> SourceStream:
    source = SourceStream(stream)
    if stream.peek(2)[:2] == _GZIP:
        source.stream = io.BufferedReader(_BlockStream(_inflate(stream, source)), _MAX_INFLATED)
    return source


def _blocks(stream: Readable) -> Iterator[bytes]:
    while block := stream.read(_BLOCK_SIZE):
        yield block


def _inflate(stream: Readable, source: SourceStream) -> Iterator[bytes]:
    """Unpack the members of a gzip file one after the other; at the first damage it ends, and ``source`` says so."""
    member = None
    try:
        for block in _blocks(stream):
            rest = block
            while rest := rest if member else rest.lstrip(b"\0"):
                member = member or zlib.decompressobj(wbits=31)
                yield member.decompress(rest, _MAX_INFLATED)
                rest = member.unconsumed_tail
                if member.eof:
                    rest, member = member.unused_data, None
        if member:
            yield member.flush()
            source.damage = "" if member.eof else "the gzip ends in the middle"
    except zlib.error:
        source.damage = "the gzip is damaged"


class _BlockStream(io.RawIOBase):
    """Blocks of bytes as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed wants the union of all buffers
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = block
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
