"""A document as HTML: a file that needs no other, for a screen and for paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from cfn_breakglass.analysis.documents.document import (
    Blanks,
    Block,
    DocumentHeading,
    DocumentParagraph,
    DocumentTable,
    Drawing,
    Facts,
    Text,
    Value,
)
from cfn_breakglass.analysis.documents.markup import html_page
from cfn_breakglass.analysis.text_layout import terminal_safe

_CSS = """
:root { color-scheme: light }
body { font: 15px/1.5 -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; color: #1f2328; max-width: 64rem;
  margin: 2rem auto; padding: 0 1.5rem }
h1 { font-size: 1.8rem } h2 { font-size: 1.4rem; border-bottom: 1px solid #d1d9e0; margin-top: 2.5rem }
h3 { font-size: 1.15rem; margin-top: 2rem } h4 { font-size: 1rem; margin: 1.4rem 0 .4rem }
code { font: .85em ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; background: #f6f8fa; padding: .1em .3em;
  border-radius: 4px; overflow-wrap: anywhere; white-space: pre-wrap }
table { border-collapse: collapse; table-layout: fixed; width: 100%; margin: .6rem 0; font-size: .92em }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid #d1d9e0;
  overflow-wrap: anywhere }
th { background: #f6f8fa; white-space: nowrap } .number { text-align: right; padding-right: 1rem }
dl { display: grid; grid-template-columns: minmax(11rem, max-content) 1fr; gap: .25rem 1rem; margin: .6rem 0 }
dt { color: #59636e } dd { margin: 0 }
.blanks { border: 1px solid #818b98; border-radius: 6px; padding: .3rem 1rem 1rem; break-inside: avoid }
.blank { display: flex; gap: .8rem; align-items: end; height: 2.3rem } .blank i { flex: 1; border-bottom: 1px solid }
svg { width: 100%; height: auto; break-inside: avoid; margin: .6rem 0 }
@page { margin: 16mm 14mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); font-size: 9pt } }
@media print {
  body { font-size: 10pt; margin: 0; padding: 0; max-width: none }
  table { font-size: 8pt } th, td, .number { padding: .2rem .35rem } dl, .blanks { font-size: 9pt }
  h1, h2, h3, h4 { break-after: avoid } tr, dl { break-inside: avoid } thead { display: table-header-group }
  code, th { background: none; padding: 0 } a { color: inherit; text-decoration: none }
  .page { break-before: page }
}
"""


def document_as_html(title: str, blocks: Iterable[Block]) -> str:
    """The text of an HTML file."""
    return html_page(title, _CSS, (line for block in blocks for line in _lines(block))) + "\n"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case DocumentHeading(level, text, anchor, starts_page):
            marks = (f' id="{escape(anchor)}"' if anchor else "") + (' class="page"' if starts_page else "")
            yield f"<h{level}{marks}>{_inline(text)}</h{level}>"
        case DocumentParagraph(text):
            yield f"<p>{_inline(text)}</p>"
        case Facts(rows):
            yield "<dl>"
            for label, texts in rows:
                yield f"<dt>{escape(label)}</dt><dd>{'<br>'.join(map(_inline, texts))}</dd>"
            yield "</dl>"
        case DocumentTable():
            yield from _table_lines(block)
        case Blanks(labels):
            blanks = "".join(f'<div class="blank"><span>{escape(label)}</span><i></i></div>' for label in labels)
            yield f'<div class="blanks">{blanks}</div>'
        case Drawing(svg):
            yield svg


def _table_lines(table: DocumentTable) -> Iterator[str]:
    css = {name: ' class="number"' if name in table.numbers else "" for name in table.columns}
    widths = "".join(f'<col style="width: {width}%">' for width in table.columns.values())
    head = "".join(f"<th{css[name]}>{escape(name)}</th>" for name in table.columns)
    yield f"<table>{widths}<thead><tr>{head}</tr></thead><tbody>"
    for number, cells in enumerate(table.rows):
        texts = [_inline(cell) for cell in cells]
        if table.anchors:
            texts[0] = f'<a href="#{escape(table.anchors[number])}">{texts[0]}</a>'
        row = "".join(f"<td{css[name]}>{text}</td>" for name, text in zip(css, texts, strict=True))
        yield f"<tr>{row}</tr>"
    yield "</tbody></table>"


def _inline(text: Text) -> str:
    return "".join(
        f"<code>{escape(terminal_safe(part.text))}</code>" if isinstance(part, Value) else escape(part) for part in text
    )
