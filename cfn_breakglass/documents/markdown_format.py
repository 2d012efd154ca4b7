r"""A document as Markdown, as GitHub and CommonMark read it.

In code nothing is a mark: neither HTML, nor a link, nor a mention. A pipe would end the cell of a table even there, so
it is written as Python writes a character that cannot be printed: ``\x7c``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from cfn_breakglass.documents.blocks import (
    Blanks,
    Block,
    Code,
    Facts,
    Heading,
    Link,
    Markup,
    Paragraph,
    Steps,
    Table,
)
from cfn_breakglass.documents.texts import code, spans

_BLANK: Final = "_" * 30
# An underscore within a word marks nothing.
_MARKS: Final = re.compile(r"([\\`*<>|\[\]#]|(?<!\w)_|_(?!\w))")


def document_as_markdown(blocks: Iterable[Block]) -> str:
    """The text of a Markdown file."""
    return "\n\n".join("\n".join(_lines(block)) for block in blocks) + "\n"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, text, note):
            yield f"{'#' * level} {_inline(text)}{f' ({note})' if note else ''}"
        case Paragraph(text, lead):
            yield (f"**{_inline(lead)}**" if lead else "") + _inline(text)
        case Steps(texts, is_numbered):
            yield from (
                f"{f'{number}.' if is_numbered else '-'} {_inline(text)}" for number, text in enumerate(texts, 1)
            )
        case Facts(rows):
            yield from (f"- **{_inline(label)}:**{_answer(texts)}" for label, texts in rows)
        case Code(text, language):
            yield from (f"```{language}", text, "```")
        case Link(url):
            yield f"<{url}>"
        case Table(columns, rows, numbers):
            yield _row(columns)
            yield _row("--:" if column in numbers else "---" for column in columns)
            yield from (_row(map(_inline, cells)) for cells in rows)
        case Blanks(labels):
            yield from (f"- **{label}:** {_BLANK}" for label in labels)
        case Markup(text):
            yield text


def _answer(texts: tuple[str, ...]) -> str:
    return f" {_inline(texts[0])}" if len(texts) == 1 else "".join(f"\n  - {_inline(text)}" for text in texts)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _inline(text: str) -> str:
    return "".join(
        code(part).replace("|", "\\x7c") if is_code else _MARKS.sub(r"\\\1", part) for part, is_code in spans(text)
    )
