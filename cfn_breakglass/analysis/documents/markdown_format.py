r"""A document as Markdown, as GitHub and CommonMark read it.

What comes from a record stands in code, where nothing is a mark: neither HTML, nor a link, nor a mention. A pipe would
end the cell of a table even there, so it is written as Python writes a character that cannot be printed: ``\x7c``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfn_breakglass.analysis.documents.document import (
    Blanks,
    Block,
    DocumentHeading,
    DocumentParagraph,
    DocumentTable,
    Facts,
    Text,
    Value,
)
from cfn_breakglass.analysis.documents.markup import code, table_row
from cfn_breakglass.analysis.text_layout import terminal_safe

_BLANK = "_" * 30


def document_as_markdown(blocks: Iterable[Block]) -> str:
    """The text of a Markdown file."""
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := list(_lines(block)))) + "\n"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case DocumentHeading(level, text):
            yield f"{'#' * level} {_inline(text)}"
        case DocumentParagraph(text):
            yield _inline(text)
        case Facts(rows):
            for label, texts in rows:
                if len(texts) == 1:
                    yield f"- **{label}:** {_inline(texts[0])}"
                else:
                    yield f"- **{label}:**"
                    yield from (f"  - {_inline(text)}" for text in texts)
        case DocumentTable(columns, rows, numbers):
            yield table_row(columns)
            yield table_row("--:" if column in numbers else "---" for column in columns)
            yield from (table_row(map(_inline, cells)) for cells in rows)
        case Blanks(labels):
            yield from (f"- **{label}:** {_BLANK}" for label in labels)


def _inline(text: Text) -> str:
    return "".join(_value(part.text) if isinstance(part, Value) else part for part in text)


def _value(text: str) -> str:
    line = terminal_safe(text).replace("|", "\\x7c")
    return code(line) if line.strip() else "(empty)"
