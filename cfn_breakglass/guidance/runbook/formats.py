"""A runbook as Markdown, where its blanks are filled in, and as HTML, which prints on two or three pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final

from cfn_breakglass.documents.blocks import Heading
from cfn_breakglass.documents.html_format import document_as_html
from cfn_breakglass.documents.markdown_format import document_as_markdown
from cfn_breakglass.guidance.runbook.blanks import Blank, RunbookBlock, signed, signed_html, surrounded, with_blanks

_BULLET: Final = "- "
_UNBROKEN: Final = 40
_CSS: Final = """
th:first-child { width: 34% }
.fill { border: 1.5px solid; padding: .2em .6em; margin: .45em 0 }
.fill div { display: flex; align-items: flex-end; min-height: 1.65em }
.fill i { flex: 1; border-bottom: 1px solid #777; margin-left: .5em }
.fill p { white-space: pre-wrap; margin: .1em 0 }
@page { size: A4; margin: 10mm 12mm 12mm }
@media print {
  body { font-size: 8.3pt; line-height: 1.25; color: #111 }
  h1 { font-size: 1.7em; margin: 0 0 .3em } h3 { font-size: 1em; margin: .9em 0 .2em } h3 + p { break-after: avoid }
  h2 { font-size: 1.15em; margin: .75em 0 .3em; padding: .1em .5em; border: 1.5px solid }
  p, ul, ol, table { margin: .35em 0 } ul, ol { padding-left: 1.4em } li { margin: .1em 0 }
  pre { margin: .25em 0; padding: .25em .6em } table { font-size: .92em }
  th, td { border: 1px solid #999; padding: .1em .4em } .fill { break-inside: avoid }
}
"""


def markdown(blocks: Iterable[RunbookBlock], written: Mapping[str, str]) -> str:
    """The text of the file, with what people have ``written`` into the blanks, by their keys."""
    return signed(document_as_markdown(with_blanks(blocks, written, surrounded)))


def html(blocks: Iterable[RunbookBlock], written: Mapping[str, str]) -> str:
    """The text of the file, with what people have ``written`` into the blanks of the Markdown file, by their keys."""
    document = [*blocks]
    title = next(block.text for block in document if isinstance(block, Heading))
    filled_in = with_blanks(document, written, _box)
    return signed_html(document_as_html(title, filled_in, css=_CSS, unbroken=_UNBROKEN))


def _box(_blank: Blank, text: str) -> str:
    return f'<div class="fill">{"".join(_box_lines(text))}</div>'


def _box_lines(text: str) -> Iterator[str]:
    """Lines to write on, and what is written already."""
    for line in text.split("\n"):
        label = line.rstrip().rstrip("_")
        if label == line.rstrip():
            yield f"<p>{escape(line.removeprefix(_BULLET))}</p>"
        else:
            yield f"<div><span>{escape(label.removeprefix(_BULLET).strip())}</span><i></i></div>"
