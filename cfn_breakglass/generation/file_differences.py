"""How the files on disk differ from the generated ones, as unified diffs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from cfn_breakglass.errors import OutputError


class FileDifference(NamedTuple):
    """A generated file that is not the one on disk: where it belongs, whether there is one, and how they differ."""

    path: Path
    is_missing: bool
    diff: str


def file_differences(folder: Path, texts: Mapping[str, str], config: Path) -> Iterator[FileDifference]:
    """Each file of ``texts`` (name to text) that differs from the one in ``folder``.

    A checkout with Windows line ends is the same file: Git may write one, and CloudFormation reads it alike.
    """
    for name, text in texts.items():
        path = folder / name
        content = _read(path)
        generated = text.encode()
        if content is None:
            yield FileDifference(path, is_missing=True, diff=_diff(path, b"", generated, config))
        elif content != generated and (unix_content := content.replace(b"\r\n", b"\n")) != generated:
            yield FileDifference(path, is_missing=False, diff=_diff(path, unix_content, generated, config))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{path}: it cannot be read: {error.strerror}") from None


def _diff(path: Path, content: bytes, generated: bytes, config: Path) -> str:
    """A diff that ``patch`` can apply; bytes that are not UTF-8 are shown as escapes."""
    lines = unified_diff(
        _lines(content),
        _lines(generated),
        fromfile=str(path) if content else "/dev/null",
        tofile=str(path),
        fromfiledate="on disk" if content else "",
        tofiledate=f"from {config}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(content: bytes) -> list[str]:
    """The lines with their ends, as Git counts them: other characters that end a line in Python are part of it."""
    *lines, rest = content.decode(errors="backslashreplace").split("\n")
    return [f"{line}\n" for line in lines] + ([rest] if rest else [])
