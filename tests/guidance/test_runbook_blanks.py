"""What people write into a runbook stays, whatever it is; what they change elsewhere is never written over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given, strategies as st
from runbooks import blocks, runbook

from cfn_breakglass.documents.blocks import Heading
from cfn_breakglass.errors import EditedFileError, OutputError
from cfn_breakglass.guidance.runbook.blanks import Blank, RunbookBlock, check_html, check_markdown, read_blanks
from cfn_breakglass.guidance.runbook.formats import html, markdown
from cfn_breakglass.guidance.runbook.make import previous_runbook, set_aside

FILE = "RUNBOOK.md"
KEYS = [block.key for block in blocks("smallest") if isinstance(block, Blank)]
BEGIN = re.compile(r"<!-- fill in: ([a-z-]+) [0-9a-f]{12} -->\n")
END = "\n<!-- end of what you fill in -->"
# Whatever an editor can hold: no surrogates, and its line ends are those of the file.
LINES = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=60), min_size=1)
TEXTS = LINES.map("\n".join).filter(str.strip)
EMPTY = runbook("smallest")


def written_into(text: str, key: str, words: str) -> str:
    """A runbook after somebody has replaced what stands in a blank."""
    begin = next(match for match in BEGIN.finditer(text) if match[1] == key)
    return text[: begin.end()] + words + text[text.index(END, begin.end()) :]


def anew(text: str, case: str = "smallest") -> str:
    """The runbook of a case, made anew where ``text`` is."""
    written = read_blanks(text, FILE)
    check_markdown(text, FILE)
    return markdown(blocks(case), written)


@given(texts=st.dictionaries(st.sampled_from(KEYS), TEXTS, min_size=1))
def test_what_is_written_into_blanks_is_there_letter_by_letter_when_the_runbook_is_made_anew(
    texts: dict[str, str],
) -> None:
    edited = EMPTY
    for key, words in texts.items():
        edited = written_into(edited, key, words)
    assert read_blanks(edited, FILE) == texts
    assert anew(edited) == edited
    assert anew(edited.replace("\n", "\r\n")) == edited


@given(texts=st.dictionaries(st.sampled_from(KEYS), TEXTS, min_size=1))
def test_another_config_keeps_what_was_written(texts: dict[str, str]) -> None:
    edited = EMPTY
    for key, words in texts.items():
        edited = written_into(edited, key, words)
    for case in ("every-way-in", "permission-set", "organization"):
        there_and_back = anew(anew(edited, case))
        assert read_blanks(anew(edited, case), FILE) == texts
        assert read_blanks(there_and_back, FILE) == texts


def test_a_blank_that_has_no_place_any_more_is_kept_at_the_end_and_goes_back() -> None:
    edited = written_into(EMPTY, "account", "- ACCOUNT is: 111122223333")
    elsewhere = anew(edited, "every-way-in")
    kept = elsewhere.partition("## Kept from before")[2]
    assert "- ACCOUNT is: 111122223333" in kept
    assert anew(elsewhere) == edited
    emptied = written_into(elsewhere, "account", "")
    assert "Kept from before" not in anew(emptied, "every-way-in")


@given(key=st.sampled_from(KEYS), blanks=st.sampled_from(["", " ", "\n", " \n\n"]))
def test_a_blank_that_was_emptied_is_as_at_first(key: str, blanks: str) -> None:
    assert anew(written_into(EMPTY, key, blanks)) == EMPTY


def test_half_of_a_blank_is_written() -> None:
    (line,) = re.findall(r"- Tickets: _+", EMPTY)
    edited = EMPTY.replace(line, "- Tickets: the board SEC, or ______")
    assert anew(edited) == edited


def test_labels_that_a_new_version_changes_replace_those_of_an_empty_blank_alone() -> None:
    old: list[RunbookBlock] = [Heading(2, "Who"), Blank("who", ("Old",)), Heading(2, "What"), Blank("what", ("Old",))]
    new: list[RunbookBlock] = [Heading(2, "Who"), Blank("who", ("New",)), Heading(2, "What"), Blank("what", ("New",))]
    edited = written_into(markdown(old, {}), "who", "- Old: Ana")
    made = markdown(new, read_blanks(edited, FILE))
    assert read_blanks(made, FILE) == {"who": "- Old: Ana"}
    assert made.count("- New: ____") == 1


# ---- changes elsewhere ----


def outside_lines() -> list[int]:
    """The indexes of the lines outside of blanks that have words."""
    inside, found = False, []
    for index, line in enumerate(EMPTY.split("\n")):
        inside = inside or bool(BEGIN.fullmatch(line + "\n"))
        if not inside and line.strip():
            found.append(index)
        inside = inside and line != END.strip()
    return found


@given(index=st.sampled_from(outside_lines()), words=TEXTS, adds=st.booleans())
def test_a_change_elsewhere_is_noticed(index: int, words: str, *, adds: bool) -> None:
    assume(words.split())
    lines = EMPTY.split("\n")
    assume(adds or words.split() != lines[index].split())
    lines[index : index + 1] = [lines[index], words] if adds else [words]
    with pytest.raises(EditedFileError):
        anew("\n".join(lines))


@given(index=st.sampled_from(outside_lines()))
def test_a_line_that_is_gone_is_noticed(index: int) -> None:
    lines = EMPTY.split("\n")
    del lines[index]
    with pytest.raises(EditedFileError):
        anew("\n".join(lines))


def test_what_an_editor_does_by_itself_is_no_change() -> None:
    for edited in (
        EMPTY + "\n\n",
        EMPTY.rstrip(),
        "\ufeff" + EMPTY,
        EMPTY.replace("\n", "\r\n"),
        EMPTY.replace("\n", " \n"),
    ):
        assert anew(edited) == EMPTY


SECTION = "## 5. While you are in (SEC03-BP03 7, 14)"
LINE_OF_SECTION = EMPTY[: EMPTY.index(SECTION)].count("\n") + 1
BROKEN = {
    "a change in a section": (
        EMPTY.replace("Give nobody your session.", "Give Ana your session."),
        f'line {LINE_OF_SECTION}: the section "{SECTION.removeprefix("## ")}" has changes outside its blanks',
    ),
    "a note before the first heading": ("Ask Ana\n" + EMPTY, "line 1: the beginning has changes"),
    "a note at the end": (EMPTY + "Ask Ana\n", "it does not end with the signature"),
    "a file of somebody else": ("# Runbook\n", "it does not end with the signature"),
    "an empty file": ("", "it does not end with the signature"),
    "a section more": (
        EMPTY.replace("<!-- cfn-breakglass", "## 11. Ours\n\nAsk Ana.\n\n<!-- cfn-breakglass"),
        "a heading was added or removed",
    ),
    "no end of a blank": (EMPTY.replace(END, "", 1), "a blank begins within the blank account, which line"),
    "no end of the last blank": (
        END.join(EMPTY.split(END)[:-1]) + EMPTY.split(END)[-1],
        "the blank custody does not end with <!-- end of what you fill in -->",
    ),
    "a blank twice": (
        EMPTY.replace("fill in: contacts", "fill in: emergencies"),
        "there is a second blank emergencies",
    ),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_the_message_says_where(text: str, message: str) -> None:
    with pytest.raises(EditedFileError) as raised:
        anew(text)
    assert message in str(raised.value)
    assert str(raised.value).startswith(f"{FILE}: ")
    assert str(raised.value).endswith("\n  nothing was written")


# ---- HTML ----


@given(words=TEXTS)
def test_html_shows_what_was_written_and_runs_nothing(words: str) -> None:
    page = html(blocks("smallest"), {"contacts": f"<script>alert(1)</script> {words}"})
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    check_html(page, "RUNBOOK.html")
    for edited in (page.replace("Give nobody", "Give Ana"), page + "<p>Ana</p>\n", ""):
        with pytest.raises(EditedFileError):
            check_html(edited, "RUNBOOK.html")


def test_html_has_lines_to_write_on_where_a_blank_is_empty() -> None:
    page = html(blocks("smallest"), {"afterwards": "- Reviews the report: Ana\n- Filed in: ____"})
    assert "<p>Reviews the report: Ana</p>" in page
    assert "<div><span>Filed in:</span><i></i></div>" in page
    assert "<div><span>Tickets:</span><i></i></div>" in page


# ---- files ----


def test_html_takes_the_blanks_of_the_markdown_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "RUNBOOK.html"
    assert previous_runbook(path, "html") == ({}, ())
    (tmp_path / FILE).write_text(written_into(EMPTY, "contacts", "Ana"), encoding="utf-8")
    assert previous_runbook(path, "html") == ({"contacts": "Ana"}, ())
    path.write_text("<p>mine</p>", encoding="utf-8")
    (tmp_path / FILE).write_text(written_into(EMPTY, "contacts", "Ana") + "more", encoding="utf-8")
    written, edits = previous_runbook(path, "html")
    assert written == {"contacts": "Ana"}
    assert [edit.file for edit in edits] == [str(tmp_path / FILE), str(path)]


def test_what_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(OutputError, match="it is not UTF-8 text"):
        previous_runbook(path, "markdown")
    path.unlink()
    path.mkdir()
    with pytest.raises(OutputError, match="it cannot be read"):
        previous_runbook(path, "markdown")


def test_a_file_is_set_aside_under_a_name_that_is_free(tmp_path: Path) -> None:
    path = tmp_path / FILE
    for number, text in enumerate(("first", "second"), 1):
        path.write_text(text, encoding="utf-8")
        kept = set_aside(path)
        assert kept == tmp_path / f"{FILE}.{number}.old"
        assert kept.read_text(encoding="utf-8") == text
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / f"{FILE}.1.old", tmp_path / f"{FILE}.2.old"]
