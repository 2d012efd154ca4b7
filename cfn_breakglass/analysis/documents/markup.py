"""What the files for people share: a page of HTML, and code and tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final

# Nothing in it may run or be loaded.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_RUN_OF_BACKTICKS: Final = re.compile("`+")


def html_page(title: str, css: str, body: Iterable[str]) -> str:
    """The text of an HTML file that needs no other, with the lines of its body."""
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{escape(title)}</title>",
        f"<style>{css}</style></head>",
        "<body>",
        *body,
        "</body>",
        "</html>",
    ]
    return "\n".join(lines)


def code(value: str) -> str:
    """A value as code in a text, whatever characters it has."""
    fence = "`" * (max(map(len, _RUN_OF_BACKTICKS.findall(value)), default=0) + 1)
    padding = " " if "`" in value else ""
    return f"{fence}{padding}{value}{padding}{fence}"


def table_row(cells: Iterable[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"
