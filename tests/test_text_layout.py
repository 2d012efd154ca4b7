"""Rows of text side by side."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from cfn_breakglass.text_layout import align_columns, count_of, shorten, terminal_safe

ARN = "arn:aws:iam::111122223333:role/ops/break-glass"


def test_what_fits_stands_as_it_is() -> None:
    assert list(align_columns([("a", ARN, "b"), ("ab", "", "c")], 80)) == [f"a   {ARN}  b", f"ab  {' ' * len(ARN)}  c"]
    assert list(align_columns([], 80)) == []


def test_an_arn_is_broken_between_its_parts() -> None:
    assert list(align_columns([("x", f'to equal "{ARN}"')], 30)) == [
        'x  to equal "arn:aws:iam::',
        "   111122223333:role/ops/",
        '   break-glass"',
    ]


def test_what_is_too_long_keeps_both_ends() -> None:
    (first, *_, last) = align_columns([("x", f"111122223333 {'y' * 100_000} break-glass")], 40)
    assert first.startswith("x  111122223333")
    assert last.endswith(" break-glass")


cells = st.text(st.characters(codec="ascii", categories=["L", "P", "Zs"]))


@given(st.lists(st.tuples(cells, cells, cells)), st.integers(7, 99))
def test_no_line_is_too_wide(rows: list[tuple[str, ...]], width: int) -> None:
    assert all(len(line) <= width for line in align_columns(rows, width))


@given(cells, st.integers(20, 99))
def test_nothing_short_is_lost(cell: str, width: int) -> None:
    text = "".join(align_columns([("", cell)], width))
    assert "".join(text.split()) == "".join(cell.split())


@pytest.mark.parametrize(
    ("text", "most", "left"),
    [("abcdef", 6, "abcdef"), ("abcdefghij", 7, "ab...ij"), ("abcdefghij", 8, "abc...ij"), ("abcdefghij", 1, "a...j")],
)
def test_cut(text: str, most: int, left: str) -> None:
    assert shorten(text, most) == left


def test_words() -> None:
    assert [count_of(count, "part") for count in (0, 1, 1_000)] == ["no parts", "1 part", "1,000 parts"]
    assert terminal_safe("a\x1b[2J\n\u202eé") == r"a\x1b[2J\n\u202eé"
