"""A runbook as HTML: a file that needs no other, and prints on two or three pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final

from cfn_breakglass.analysis.documents.markup import html_page
from cfn_breakglass.guidance.runbook.blanks import signed_html, unplaced_blanks
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

_BULLET: Final = "- "
_WORD: Final = 40
"""Characters of a code that is not broken."""
_CSS: Final = """
:root { color-scheme: light }
body { font: 15px/1.45 "Liberation Sans", Arial, Helvetica, sans-serif; color: #111; max-width: 54rem;
  margin: 2rem auto; padding: 0 1.2rem }
h1 { font-size: 1.7em; margin: 0 0 .3em } h3 { font-size: 1em; margin: .9em 0 .2em }
h2 { font-size: 1.15em; margin: .75em 0 .3em; padding: .1em .5em; background: #111; color: #fff }
h2 small { float: right; font-weight: normal; font-size: .7em; line-height: 1.9em }
p, ul, ol, table { margin: .35em 0 } ul, ol { padding-left: 1.4em } li { margin: .1em 0 }
code, pre { font-family: "Liberation Mono", Menlo, Consolas, monospace; font-size: .86em }
code { overflow-wrap: anywhere } code.word { white-space: nowrap }
pre { margin: .25em 0; padding: .25em .6em; border-left: 3px solid #111; background: #f3f3f3; white-space: pre-wrap;
  overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; font-size: .92em }
th, td { border: 1px solid #999; padding: .1em .4em; text-align: left; vertical-align: top }
td:first-child { width: 34% }
.fill { border: 1.5px solid #111; padding: .2em .6em; margin: .45em 0 }
.fill div { display: flex; align-items: flex-end; min-height: 1.65em }
.fill i { flex: 1; border-bottom: 1px solid #777; margin-left: .5em }
.fill p { white-space: pre-wrap; margin: .1em 0 }
a { color: inherit; overflow-wrap: anywhere }
@page { size: A4; margin: 10mm 12mm 12mm;
  @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt } }
@media print {
  body { font-size: 8.3pt; line-height: 1.25; max-width: none; margin: 0; padding: 0 }
  h2, h3, h3 + p { break-after: avoid } pre, tr, li, .fill { break-inside: avoid }
  h2 { border: 1.5px solid #111; background: none; color: #111 }
}
"""


def html(blocks: Iterable[Block], written: Mapping[str, str]) -> str:
    """The text of the file, with what people have ``written`` into the blanks of the Markdown file, by their keys."""
    document = [*blocks]
    title = next(block.text for block in document if isinstance(block, Title))
    body = [line for block in [*document, *unplaced_blanks(document, written)] for line in _lines(block, written)]
    return signed_html(html_page(title, _CSS, body))


def _lines(block: Block, written: Mapping[str, str]) -> Iterator[str]:
    match block:
        case Title(text):
            yield f"<h1>{_inline(text)}</h1>"
        case Heading(title, items):
            small = f"<small>{PRACTICE} {', '.join(map(str, items))}</small>" if items else ""
            yield f"<h2>{small}{_inline(title)}</h2>"
        case Subheading(title):
            yield f"<h3>{_inline(title)}</h3>"
        case Paragraph(text):
            yield f"<p>{_inline(text)}</p>"
        case Steps(texts, is_numbered):
            tag = "ol" if is_numbered else "ul"
            yield f"<{tag}>{''.join(f'<li>{_inline(text)}</li>' for text in texts)}</{tag}>"
        case Code(text):
            yield f"<pre>{escape(text)}</pre>"
        case Link(url):
            yield f'<p><a href="{escape(url)}"><code>{escape(url)}</code></a></p>'
        case Table(head, rows):
            yield f"<table><thead><tr>{''.join(f'<th>{escape(name)}</th>' for name in head)}</tr></thead><tbody>"
            yield from (f"<tr>{''.join(f'<td>{_inline(cell)}</td>' for cell in row)}</tr>" for row in rows)
            yield "</tbody></table>"
        case Blank(key):
            yield f'<div class="fill">{"".join(_fill_in_lines(written.get(key, block.empty_text)))}</div>'


def _fill_in_lines(text: str) -> Iterator[str]:
    """Lines to write on, and what is written already."""
    for line in text.split("\n"):
        label = line.rstrip().rstrip("_")
        if label == line.rstrip():
            yield f"<p>{escape(line.removeprefix(_BULLET))}</p>"
        else:
            yield f"<div><span>{escape(label.removeprefix(_BULLET).strip())}</span><i></i></div>"


def _inline(text: str) -> str:
    return "".join(_code(part) if is_code else escape(part) for part, is_code in spans(text))


def _code(text: str) -> str:
    """A code; a short one stays on one line, where a region's name would end at a hyphen."""
    name = ' class="word"' if len(text) < _WORD else ""
    return f"<code{name}>{escape(text)}</code>"
