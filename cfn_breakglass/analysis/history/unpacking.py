"""Packed bytes as streams of UTF-8: gzip and zstd, each file of a zip or tar, and UTF-16."""

from __future__ import annotations

import codecs
import io
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Any, Protocol

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZIP = b"PK\x03\x04"
_TAR = slice(257, 262), b"ustar"
_WORKBOOK = "[Content_Types].xml"
_HEAD_SIZE = 512
_BLOCK_SIZE = 65_536
_MAX_INFLATED = 1 << 20  # bytes that a block is inflated to at a time
_MAX_DEPTH = 5
# By the first bytes of a file. PowerShell writes UTF-16 when output goes to a file.
_ENCODINGS = {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    **dict.fromkeys((b"{\0", b"[\0"), "utf-16-le"),
    **dict.fromkeys((b"\0{", b"\0["), "utf-16-be"),
}
# What the names of files that may hold records end with. Firehose writes files without a suffix.
_SUFFIXES = (
    *("", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".log", ".txt", ".yaml", ".yml"),
    *(".gz", ".zst", ".zip", ".tar", ".tgz", ".bz2", ".xz", ".7z", ".parquet", ".orc", ".avro", ".xlsx"),
)
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
_FOLDERS_WITHOUT_RECORDS = ("CloudTrail-Digest", "CloudTrail-Insight", "__MACOSX")
# Logs writes it where a log group is exported to.
_FILES_WITHOUT_RECORDS = ("aws-logs-write-test",)


_Opener = Callable[[], AbstractContextManager[Any]]


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass
class SourceStream:
    """The bytes of a file. Once they are read, ``damage`` says whether and why some are missing.

    ``name`` is that of a file in an archive.
    """

    stream: io.BufferedReader
    name: str = ""
    damage: str = ""


def is_read(name: str) -> bool:
    """Whether a file of a folder or an archive is read, by its name."""
    *folders, file = PurePosixPath(name).parts
    return (
        PurePosixPath(file).suffix.lower() in _SUFFIXES
        and file not in _FILES_WITHOUT_RECORDS
        and not file.startswith(".")
        and all(map(is_folder_read, folders))
    )


def is_folder_read(name: str) -> bool:
    return name not in _FOLDERS_WITHOUT_RECORDS and not name.startswith(".")


def as_stream(blocks: Iterator[bytes]) -> io.BufferedReader:
    return io.BufferedReader(_BlockStream(blocks), _MAX_INFLATED)


def blocks_of(stream: Readable) -> Iterator[bytes]:
    while block := stream.read(_BLOCK_SIZE):
        yield block


def unpack(source: SourceStream, depth: int = 0) -> Iterator[SourceStream]:
    """The file itself, unpacked, or the files in it; each has to be read before the next."""
    head = source.stream.peek(_HEAD_SIZE)
    unpack_stream = _unpack_gzip if head.startswith(_GZIP) else _unpack_zstd if head.startswith(_ZSTD) else None
    is_archive = head.startswith(_ZIP) or head[_TAR[0]] == _TAR[1]
    if depth > _MAX_DEPTH and (unpack_stream or is_archive):
        yield _without_bytes(source.name, "it is packed too many times")
    elif unpack_stream:
        source.stream = as_stream(unpack_stream(source.stream, source))
        yield from unpack(source, depth + 1)
    elif is_archive:
        for member in _files_of_zip(source) if head.startswith(_ZIP) else _files_of_tar(source):
            yield from unpack(member, depth + 1)
    else:
        yield _in_utf8(source, head)


def _in_utf8(source: SourceStream, head: bytes) -> SourceStream:
    if head.startswith(codecs.BOM_UTF8):
        source.stream.read(len(codecs.BOM_UTF8))
    elif encoding := _ENCODINGS.get(head[:2]):
        source.stream = as_stream(_recode(source.stream, encoding))
    return source


def _recode(stream: Readable, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks_of(stream):
        yield decoder.decode(block).encode("utf-8", "replace")


def _unpack_gzip(stream: Readable, source: SourceStream) -> Iterator[bytes]:
    """Unpack the members of a gzip file one after the other; at the first damage it ends, and ``source`` says so."""
    member = None
    try:
        for block in blocks_of(stream):
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


def _unpack_zstd(stream: io.BufferedReader, source: SourceStream) -> Iterator[bytes]:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return _read(lambda: zstd.ZstdFile(stream), source, "zstd", zstd.ZstdError)


def _files_of_zip(source: SourceStream) -> Iterator[SourceStream]:
    import zipfile

    try:
        with _seekable(source.stream) as file, zipfile.ZipFile(file) as archive:
            if _WORKBOOK in archive.namelist():
                yield _without_bytes(source.name, "this is a workbook of Excel; give CSV or JSON")
                return
            for entry in archive.infolist():
                if not entry.is_dir() and is_read(entry.filename):
                    yield _member(source, entry.filename, partial(archive.open, entry), "zip", zipfile.BadZipFile)
    except zipfile.BadZipFile:
        yield _without_bytes(source.name, "the zip is damaged")


@contextmanager
def _seekable(stream: io.BufferedReader) -> Iterator[IO[bytes]]:
    """The stream itself, or a copy of it: the list of a zip's files stands at its end."""
    if stream.seekable():
        yield stream
        return
    from tempfile import TemporaryFile

    with TemporaryFile() as file:
        shutil.copyfileobj(stream, file)
        yield file


def _files_of_tar(source: SourceStream) -> Iterator[SourceStream]:
    import tarfile

    try:
        with tarfile.open(fileobj=source.stream, mode="r|") as archive:
            for entry in archive:
                if entry.isfile() and is_read(entry.name):
                    opener: Any = partial(archive.extractfile, entry)  # None, it says, but not for a file
                    yield _member(source, entry.name, opener, "tar", tarfile.TarError)
    except tarfile.TarError:
        source.damage = source.damage or "the tar is damaged"
    if source.damage:
        yield _without_bytes(source.name, source.damage)


def _member(archive: SourceStream, name: str, opener: _Opener, form: str, error: type[Exception]) -> SourceStream:
    member = _without_bytes(f"{archive.name}: {name}" if archive.name else name, "")
    member.stream = as_stream(_read(opener, member, form, error))
    return member


def _without_bytes(name: str, damage: str) -> SourceStream:
    return SourceStream(as_stream(iter(())), name, damage)


def _read(opener: _Opener, source: SourceStream, form: str, error: type[Exception]) -> Iterator[bytes]:
    """The bytes of a packed file up to its first damage, of which ``source`` says what it is."""
    try:
        with opener() as file:
            # Unlike read, it gives what stands before a damage.
            while block := file.read1(_BLOCK_SIZE):
                yield block
    except EOFError:
        source.damage = f"the {form} ends in the middle"
    except RuntimeError:  # zipfile's word for both
        source.damage = f"the {form} is encrypted, or packed in a way that only its own tool knows"
    except (error, zlib.error):
        source.damage = f"the {form} is damaged"


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
