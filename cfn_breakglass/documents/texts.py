"""Texts for people: words, and code between backticks. No other character in them is a mark.

What somebody else may have chosen stands in code, whatever characters it has: ``code`` makes it, each format reads it
with ``spans``.
"""

from __future__ import annotations

import re
from typing import Final

from cfn_breakglass.text_layout import terminal_safe

_RUN_OF_BACKTICKS: Final = re.compile("`+")
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def code(value: str) -> str:
    """A value as code in a text, on one line."""
    line = terminal_safe(value)
    if not line.strip():
        return "(empty)"
    fence = "`" * (max(map(len, _RUN_OF_BACKTICKS.findall(line)), default=0) + 1)
    padding = " " if "`" in line else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def spans(text: str) -> list[tuple[str, bool]]:
    """The parts of a text, and whether each is code."""
    parts: list[tuple[str, bool]] = []
    end = 0
    for match in _SPAN.finditer(text):
        inner = match[2]
        is_padded = len(match[1]) > 1 and inner.startswith(" ") and inner.endswith(" ")
        parts += [(text[end : match.start()], False), (inner[1:-1] if is_padded else inner, True)]
        end = match.end()
    return [part for part in [*parts, (text[end:], False)] if part[0]]
