"""Rows of text side by side, fitted to the width of a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

_GAP = "..."


def printable(text: str) -> str:
    """Text that a terminal only shows: what would move the cursor or change colours is spelled out."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def count_of(count: int, noun: str) -> str:
    """A count and its noun: 1 record, 2 records, no records."""
    return f"{f'{count:,}' if count else 'no'} {noun}{'' if count == 1 else 's'}"


def shorten(text: str, most: int) -> str:
    """At most ``most`` characters of a text, from both ends: an ARN begins with the account and ends with the name."""
    if len(text) <= most:
        return text
    kept = max(most - len(_GAP), 2)
    return f"{text[: kept - kept // 2]}{_GAP}{text[-(kept // 2) :]}"


_BETWEEN = "  "
# A cell that would take more is cut in the middle.
_LINES = 6
_WORDS = re.compile(r"\S+\s*")
# A word too long for its column is broken after what separates the parts of an ARN or a path.
_PIECES = re.compile(r"[^\s:/.,]*[\s:/.,]+|[^\s:/.,]+")


def align_columns(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Lines of at most ``width`` characters, as long as that leaves something to each column."""
    if not rows:
        return
    table = list(zip(*rows, strict=True))
    widths = _widths(table, max(width - len(_BETWEEN) * (len(table) - 1), len(table)))
    for row in rows:
        cells = [wrap_words(shorten(cell, _LINES * room), room) for cell, room in zip(row, widths, strict=True)]
        for line in zip_longest(*cells, fillvalue=""):
            yield _BETWEEN.join(part.ljust(room) for part, room in zip(line, widths, strict=True)).rstrip()


def _widths(table: Sequence[Sequence[str]], room: int) -> list[int]:
    """What each column gets: no word of it broken if that can be, and the rest to the narrowest that wants more."""
    natural = [max(map(len, column)) for column in table]
    words = [max(len(word.rstrip()) for cell in ("-", *column) for word in _PIECES.findall(cell)) for column in table]
    widths = [min(word, room // len(table)) for word in words] if sum(words) > room else words
    while sum(widths) < room and (wanting := [one for one, width in enumerate(widths) if width < natural[one]]):
        widths[min(wanting, key=widths.__getitem__)] += 1
    return widths


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in _WORDS.findall(text):
        yield from [word] if len(word.rstrip()) <= width else _PIECES.findall(word)


def wrap_words(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` characters; words stay whole, or break where the parts of an ARN do."""
    lines = [""]
    for piece in _pieces(text, width):
        word = piece.rstrip()
        if lines[-1] and len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += word[:width]
        lines += [word[start : start + width] for start in range(width, len(word), width)]
        lines[-1] += piece[len(word) :]
    return [line.rstrip() for line in lines]
