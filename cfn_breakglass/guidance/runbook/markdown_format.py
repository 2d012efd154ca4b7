"""A runbook as Markdown. Its blanks stand between two comments each, and survive when it is made anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cfn_breakglass.analysis.documents.markup import code, table_row
from cfn_breakglass.guidance.runbook.blanks import signed, surrounded, unplaced_blanks
from cfn_breakglass.guidance.runbook.blocks import (
    PRACTICE,
    Blank,
    Block,
    Code,
    Heading,
    Link,
    Paragraph,
    Steps,
    Subheading,
    Table,
    Title,
    spans,
)

# An underscore within a word marks nothing.
_MARKS: Final = re.compile(r"([\\*<>|\[\]#]|(?<!\w)_|_(?!\w))")


def markdown(blocks: Iterable[Block], written: Mapping[str, str]) -> str:
    """The text of the file, with what people have ``written`` into the blanks, by their keys."""
    document = [*blocks]
    parts = (_text(block, written) for block in [*document, *unplaced_blanks(document, written)])
    return signed("\n\n".join(parts))


def _text(block: Block, written: Mapping[str, str]) -> str:
    return "\n".join(_lines(block, written))


def _lines(block: Block, written: Mapping[str, str]) -> Iterator[str]:
    match block:
        case Title(text):
            yield f"# {_inline(text)}"
        case Heading(title, items):
            yield f"## {_inline(title)}{_items(items)}"
        case Subheading(title):
            yield f"### {_inline(title)}"
        case Paragraph(text):
            yield _inline(text)
        case Steps(texts, is_numbered):
            marks = (f"{number}." for number in range(1, len(texts) + 1)) if is_numbered else iter("-" * len(texts))
            yield from (f"{mark} {_inline(text)}" for mark, text in zip(marks, texts, strict=True))
        case Code(text, language):
            yield from (f"```{language}", text, "```")
        case Link(url):
            yield f"<{url}>"
        case Table(head, rows):
            yield table_row(head)
            yield table_row("---" for _ in head)
            yield from (table_row(map(_inline, row)) for row in rows)
        case Blank(key):
            yield surrounded(block, written.get(key))


def _items(items: tuple[int, ...]) -> str:
    return f" ({PRACTICE} {', '.join(map(str, items))})" if items else ""


def _inline(text: str) -> str:
    return "".join(
        code(part).replace("|", "\\|") if is_code else _MARKS.sub(r"\\\1", part) for part, is_code in spans(text)
    )
