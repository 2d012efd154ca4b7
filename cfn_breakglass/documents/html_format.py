"""A document as HTML: a file that needs no other, for a screen and for paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from html import escape
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
from cfn_breakglass.documents.texts import spans

# Nothing in it may run or be loaded.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_CSS: Final = """
:root { color-scheme: light }
body { font: 15px/1.5 "Liberation Sans", Arial, Helvetica, sans-serif; color: #1f2328; max-width: 64rem;
  margin: 2rem auto; padding: 0 1.5rem }
h1 { font-size: 1.8em } h2 { font-size: 1.4em; border-bottom: 1px solid #d1d9e0; margin-top: 2.5rem }
h2 small { float: right; font-size: .65em; font-weight: normal; line-height: 2.2 }
h3 { font-size: 1.15em; margin-top: 2rem } h4 { font-size: 1em; margin: 1.4rem 0 .4rem }
code, pre { font-family: "Liberation Mono", Menlo, Consolas, monospace; font-size: .86em; font-weight: normal;
  background: #f6f8fa; border-radius: 4px; overflow-wrap: anywhere; white-space: pre-wrap }
code { padding: .1em .3em } code.word { white-space: nowrap } pre { padding: .5em .8em; border-left: 3px solid }
a { overflow-wrap: anywhere }
table { border-collapse: collapse; table-layout: fixed; width: 100%; margin: .6rem 0; font-size: .92em }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid #d1d9e0;
  overflow-wrap: anywhere }
th { background: #f6f8fa; white-space: nowrap } .number { text-align: right; padding-right: 1rem }
dl { display: grid; grid-template-columns: minmax(11rem, max-content) 1fr; gap: .25rem 1rem; margin: .6rem 0 }
dt { color: #59636e } dd { margin: 0 }
.blanks { border: 1px solid #818b98; border-radius: 6px; padding: .3rem 1rem 1rem }
.blank { display: flex; gap: .8rem; align-items: end; height: 2.3rem } .blank i { flex: 1; border-bottom: 1px solid }
svg { width: 100%; height: auto; break-inside: avoid; margin: .6rem 0 }
@page { margin: 16mm 14mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); font-size: 9pt } }
@media print {
  body { font-size: 10pt; margin: 0; padding: 0; max-width: none }
  table { font-size: 8pt } th, td { padding: .2rem .35rem } .number { padding-right: .7rem }
  dl, .blanks { font-size: 9pt }
  h1, h2, h3, h4 { break-after: avoid } pre, tr, li, dl, .blanks { break-inside: avoid }
  thead { display: table-header-group } code, th { background: none } code { padding: 0 }
  a { color: inherit; text-decoration: none } .page { break-before: page }
}
"""


def document_as_html(title: str, blocks: Iterable[Block], *, css: str = "", unbroken: int = 0) -> str:
    """The text of an HTML file, with ``css`` after the style sheet; code of fewer characters is ``unbroken``."""
    inline = partial(_inline, unbroken)
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{escape(title)}</title>",
        f"<style>{_CSS}{css}</style></head>",
        "<body>",
        *(line for block in blocks for line in _lines(block, inline)),
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _lines(block: Block, inline: Callable[[str], str]) -> Iterator[str]:
    match block:
        case Heading(level, text, note, anchor, starts_page):
            marks = (f' id="{escape(anchor)}"' if anchor else "") + (' class="page"' if starts_page else "")
            small = f"<small>{escape(note)}</small>" if note else ""
            yield f"<h{level}{marks}>{small}{inline(text)}</h{level}>"
        case Paragraph(text, lead):
            yield f"<p>{f'<strong>{inline(lead)}</strong>' if lead else ''}{inline(text)}</p>"
        case Steps(texts, is_numbered):
            tag = "ol" if is_numbered else "ul"
            yield f"<{tag}>{''.join(f'<li>{inline(text)}</li>' for text in texts)}</{tag}>"
        case Facts(rows):
            yield "<dl>"
            yield from (f"<dt>{inline(label)}</dt><dd>{'<br>'.join(map(inline, texts))}</dd>" for label, texts in rows)
            yield "</dl>"
        case Code(text):
            yield f"<pre>{escape(text)}</pre>"
        case Link(url):
            yield f'<p><a href="{escape(url)}"><code>{escape(url)}</code></a></p>'
        case Table():
            yield from _table_lines(block, inline)
        case Blanks(labels):
            blanks = "".join(f'<div class="blank"><span>{escape(label)}</span><i></i></div>' for label in labels)
            yield f'<div class="blanks">{blanks}</div>'
        case Markup(text):
            yield text


def _table_lines(table: Table, inline: Callable[[str], str]) -> Iterator[str]:
    css = {name: ' class="number"' if name in table.numbers else "" for name in table.columns}
    widths = "".join(f'<col style="width: {width}%">' for width in table.columns.values() if width)
    head = "".join(f"<th{css[name]}>{escape(name)}</th>" for name in table.columns)
    yield f"<table>{widths}<thead><tr>{head}</tr></thead><tbody>"
    for number, cells in enumerate(table.rows):
        texts = [inline(cell) for cell in cells]
        if table.anchors:
            texts[0] = f'<a href="#{escape(table.anchors[number])}">{texts[0]}</a>'
        row = "".join(f"<td{css[name]}>{text}</td>" for name, text in zip(css, texts, strict=True))
        yield f"<tr>{row}</tr>"
    yield "</tbody></table>"


def _inline(unbroken: int, text: str) -> str:
    return "".join(_code(unbroken, part) if is_code else escape(part) for part, is_code in spans(text))


def _code(unbroken: int, text: str) -> str:
    """A code; a short one may stay on one line, where a region's name would end at a hyphen."""
    word = ' class="word"' if len(text) < unbroken else ""
    return f"<code{word}>{escape(text)}</code>"
