"""Text for a terminal: counts with their nouns, shortened and wrapped lines, and columns fitted to a width."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

_ELLIPSIS: Final = "..."
_COLUMN_GAP: Final = "  "
_MOST_LINES: Final = 6
"""A cell that would need more lines is shortened."""
_WORD: Final = re.compile(r"\S+\s*")
_WORD_PART: Final = re.compile(r"[^\s:/.,]*[\s:/.,]+|[^\s:/.,]+")
"""A word too long for its column is broken after the separators of an ARN or a path."""


def terminal_safe(text: str) -> str:
    """``text`` with control characters escaped, which could move the cursor of a terminal or change its colours."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def count_of(count: int, noun: str) -> str:
    """A count and its noun: 1 record, 2 records, no records."""
    return f"{f'{count:,}' if count else 'no'} {noun}{'' if count == 1 else 's'}"


def join_words(words: Sequence[str], conjunction: str = "and") -> str:
    """The words as a sentence has them: a, b and c."""
    return f" {conjunction} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def shorten(text: str, length: int) -> str:
    """At most ``length`` characters of a text: its start and its end, which in an ARN are the account and the name."""
    if len(text) <= length:
        return text
    remaining = max(length - len(_ELLIPSIS), 2)
    return f"{text[: remaining - remaining // 2]}{_ELLIPSIS}{text[-(remaining // 2) :]}"


def align_columns(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """The lines of a table, at most ``width`` characters wide unless there are more columns than characters."""
    if not rows:
        return
    columns = list(zip(*rows, strict=True))
    widths = _column_widths(columns, max(width - len(_COLUMN_GAP) * (len(columns) - 1), len(columns)))
    for row in rows:
        cells = [
            wrap_words(shorten(cell, _MOST_LINES * cell_width), cell_width)
            for cell, cell_width in zip(row, widths, strict=True)
        ]
        for line in zip_longest(*cells, fillvalue=""):
            yield _COLUMN_GAP.join(
                text.ljust(cell_width) for text, cell_width in zip(line, widths, strict=True)
            ).rstrip()


def _column_widths(columns: Sequence[Sequence[str]], total: int) -> list[int]:
    """Divide ``total`` among columns: first for the longest word part of each, then for the narrowest that need more.

    Columns with the texts ``ab cd`` and ``a-long-word x`` get 2 and 11 of 13 characters, 4 and 11 of 15: the second
    needs 11 so that its word is not broken, and what is left over goes to the first, the narrower one.
    """
    unwrapped = [max(map(len, column)) for column in columns]
    longest = [
        max(len(part.rstrip()) for cell in ("-", *column) for part in _WORD_PART.findall(cell)) for column in columns
    ]
    widths = [min(length, total // len(columns)) for length in longest] if sum(longest) > total else longest
    while sum(widths) < total and (narrow := [index for index, width in enumerate(widths) if width < unwrapped[index]]):
        widths[min(narrow, key=widths.__getitem__)] += 1
    return widths


def wrap_words(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` characters; a word longer than a line is broken after separators, or anywhere."""
    lines = [""]
    for part in _word_parts(text, width):
        word = part.rstrip()
        if lines[-1] and len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += word[:width]
        lines += [word[start : start + width] for start in range(width, len(word), width)]
        lines[-1] += part[len(word) :]
    return [line.rstrip() for line in lines]


def _word_parts(text: str, width: int) -> Iterator[str]:
    for word in _WORD.findall(text):
        yield from [word] if len(word.rstrip()) <= width else _WORD_PART.findall(word)
