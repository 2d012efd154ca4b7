"""Where records lie: files, folders and standard input, plain or gzip, as streams of bytes."""

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
_BLOCK = 65_536
_MOST = 1 << 20  # bytes that one block of gzip may become at a time
_SUFFIXES = (".json", ".jsonl", ".ndjson", ".gz")
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
_NO_RECORDS = ("CloudTrail-Digest", "CloudTrail-Insight")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class SourceError(BreakglassError):
    """A path that is not there, or that this user may not read."""


class Unread(NamedTuple):
    """Something that should have been a record and could not be read: where, and why."""

    place: str
    why: str


class Source(NamedTuple):
    """A file, or standard input where ``path`` is None."""

    name: str
    path: Path | None
    size: int = 0
    problem: str = ""  # why it cannot be read, if that is known already


@dataclass
class Opened:
    """The bytes of a source; ``damage`` says, once they are read, why there are not more, if there should be."""

    stream: io.BufferedReader
    damage: str = ""


def find(paths: Iterable[str]) -> Iterator[Source]:
    """Every file there is under ``paths`` in their order, folders walked in the order of their names.

    SourceError, before anything else, if one of ``paths`` itself cannot be read.
    """
    given = list(paths)
    for path in given:
        if path != "-" and not os.access(path, os.R_OK):
            why = "it cannot be read" if Path(path).exists() else "there is no such file or folder"
            raise SourceError(f"{path}: {why}")
    return (source for path in given for source in _of(path))


def _of(path: str) -> Iterator[Source]:
    if path == "-":
        yield Source("standard input", None)
    elif Path(path).is_dir():
        yield from _walk(Path(path))
    else:
        yield _file(Path(path))


def _walk(folder: Path) -> Iterator[Source]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        yield Source(str(folder), folder, problem=_cannot(error))
        return
    for path in paths:
        if path.is_dir():
            if path.name not in _NO_RECORDS and not path.is_symlink():
                yield from _walk(path)
        elif path.suffix in _SUFFIXES and path.is_file():
            yield _file(path)


def _file(path: Path) -> Source:
    try:
        return Source(str(path), path, path.stat().st_size)
    except OSError as error:
        return Source(str(path), path, problem=_cannot(error))


def _cannot(error: OSError) -> str:
    return f"it cannot be read: {error.strerror}"


@contextmanager
def opened(source: Source, standard_input: BinaryIO) -> Iterator[Opened]:
    """Open a source, unpacking gzip, known by its first bytes; SourceError if it cannot be read."""
    if source.problem:
        raise SourceError(source.problem)
    try:
        if source.path is None:
            yield _inflated(io.BufferedReader(_Raw(_blocks(standard_input))))
        else:
            with source.path.open("rb") as file:
                yield _inflated(file)
    except OSError as error:
        raise SourceError(_cannot(error)) from None


def _inflated(stream: io.BufferedReader) -> Opened:
    found = Opened(stream)
    if stream.peek(2)[:2] == _GZIP:
        found.stream = io.BufferedReader(_Raw(_inflate(stream, found)), _MOST)
    return found


def _blocks(stream: _Readable) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _inflate(stream: _Readable, found: Opened) -> Iterator[bytes]:
    """Unpack gzip, member after member; what is broken ends it, and ``found`` says so."""
    engine = None
    try:
        for block in _blocks(stream):
            rest = block
            while rest := rest if engine else rest.lstrip(b"\0"):
                engine = engine or zlib.decompressobj(wbits=31)
                yield engine.decompress(rest, _MOST)
                rest = engine.unconsumed_tail
                if engine.eof:
                    rest, engine = engine.unused_data, None
        if engine:
            yield engine.flush()
            found.damage = "" if engine.eof else "the gzip ends in the middle"
    except zlib.error:
        found.damage = "the gzip is damaged"


class _Raw(io.RawIOBase):
    """Blocks of bytes as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed wants the union of all buffers
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._left = block
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
