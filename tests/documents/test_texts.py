"""Code in a text is read back letter by letter, whatever characters somebody chose."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given, strategies as st

from cfn_breakglass.documents.blocks import Block, Heading, Paragraph
from cfn_breakglass.documents.html_format import document_as_html
from cfn_breakglass.documents.markdown_format import document_as_markdown
from cfn_breakglass.documents.texts import code, spans
from cfn_breakglass.text_layout import terminal_safe

VALUES = st.lists(st.sampled_from(["`", "``", " ", "|", "a", "\n"]) | st.text(max_size=3)).map("".join)


@given(values=st.lists(VALUES.filter(lambda value: terminal_safe(value).strip()), min_size=1, max_size=4))
def test_code_is_read_back_letter_by_letter(values: list[str]) -> None:
    expected = chain.from_iterable((("a *b* ", False), (terminal_safe(value), True)) for value in values)
    assert spans("".join(f"a *b* {code(value)}" for value in values)) == [*expected]


@pytest.mark.parametrize("value", ["", " ", "  "])
def test_code_that_nobody_could_see_is_said_to_be_empty(value: str) -> None:
    assert code(value) == "(empty)"


def test_what_is_no_code_has_no_marks() -> None:
    blocks: list[Block] = [Heading(1, "a ` *b* <i>", note="c"), Paragraph(f" _d_ {code('|')}", lead="[e]")]
    assert document_as_markdown(blocks) == "# a \\` \\*b\\* \\<i\\> (c)\n\n**\\[e\\]** \\_d\\_ `\\x7c`\n"
    page = document_as_html("<i>", blocks)
    assert "<title>&lt;i&gt;</title>" in page
    assert "<h1><small>c</small>a ` *b* &lt;i&gt;</h1>\n<p><strong>[e]</strong> _d_ <code>|</code></p>\n" in page
