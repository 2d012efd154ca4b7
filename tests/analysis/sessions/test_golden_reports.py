"""The reports on made histories, as text; and what no report may hold."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from manual import table_rows
from paths import ROOT
from report_cases import CASES, GOLDEN_REPORTS, LARGE, PICTURE, golden_reports, picture
from role_use import SESSION_TOKEN

from cfn_breakglass.config.model import DETECTIONS

GOLDEN = sorted(GOLDEN_REPORTS.iterdir())


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.thorough("a report of 100,000 records")] if name == LARGE else [])
        for name in CASES
    ],
)
def test_reports_are_the_golden_ones(name: str) -> None:
    for file, text in golden_reports(name).items():
        assert text == (GOLDEN_REPORTS / file).read_text(encoding="utf-8"), f"{file}: make golden"


def test_every_golden_report_is_of_a_case() -> None:
    assert {path.stem for path in GOLDEN} == set(CASES)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_no_report_has_a_credential(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert SESSION_TOKEN not in text
    assert "correct-horse" not in text


def test_a_report_of_a_large_history_says_what_it_leaves_out() -> None:
    text = (GOLDEN_REPORTS / "large-history.md").read_text(encoding="utf-8")
    for words in (
        "100,000 records read: ",
        "in 2 accounts",
        "And 50 more, later.",
        "calls with others",
        "And 30 more calls that failed in other ways.",
        "more of other kinds.",
    ):
        assert words in text


def test_json_says_all_that_the_page_says() -> None:
    report = json.loads((GOLDEN_REPORTS / "use.json").read_text(encoding="utf-8"))
    page = (GOLDEN_REPORTS / "use.html").read_text(encoding="utf-8")
    (account,) = report["accounts"]
    for session in account["sessions"]:
        for call in session["calls"]:
            assert f"<code>{call['name']}</code>" in page
        for finding in session["findings"].values():
            assert all(call["event_id"] in page for call in finding["items"])


class Page(HTMLParser):
    """The elements and the addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "xlink:href", "srcset"}]
        if tag not in {"meta", "br", "col", "path", "rect", "line", "circle"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"rect", "line", "circle", "path"}:
            assert self.open.pop() == tag


def test_the_page_needs_no_other_file() -> None:
    text = (GOLDEN_REPORTS / "use.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.addresses
    assert all(address.startswith("#session-") for address in page.addresses)
    assert "url(" not in text
    assert "<script" not in text
    assert "@page" in text


def test_the_links_of_the_page_lead_to_its_sessions() -> None:
    text = (GOLDEN_REPORTS / "use.html").read_text(encoding="utf-8")
    links, anchors = (re.findall(f'{name}="#?(session-[0-9]+)"', text) for name in ("href", "id"))
    assert links == anchors
    assert len(links) == 4


def test_the_picture_of_the_manual_is_current() -> None:
    assert picture() == PICTURE.read_text(encoding="utf-8"), "make golden"


def fields_of(value: Any) -> set[str]:
    """Every name in JSON, without those of detections."""
    if isinstance(value, list):
        return set().union(*map(fields_of, value))
    if not isinstance(value, dict):
        return set()
    return (value.keys() - DETECTIONS.keys()).union(*map(fields_of, value.values()))


def test_the_manual_explains_every_field_of_json() -> None:
    rows = table_rows((ROOT / "docs" / "report.md").read_text(encoding="utf-8"), "report fields")
    explained = set(re.findall("`([a-z_]+)`", " ".join(cell for row in rows for cell in row)))
    report = json.loads((GOLDEN_REPORTS / "use.json").read_text(encoding="utf-8"))
    assert explained == fields_of(report) | {"yes", "no", "unknown"}
