"""What people write into a runbook, and that nothing of it is lost when the runbook is made anew.

A blank stands between two comments. Whatever is there belongs to people; everything else belongs to the config. A
signature at the end says what the rest was, section by section. Whoever changes the rest as well is told where, and the
file stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final, NamedTuple

from cfn_breakglass.documents.blocks import Block, Heading, Markup, Paragraph
from cfn_breakglass.errors import EditedFileError

_BEGIN: Final = re.compile(r"<!-- fill in: ([a-z][a-z-]*) ([0-9a-f]{12}) -->")
_END: Final = "<!-- end of what you fill in -->"
_SIGNATURE: Final = re.compile(r"<!-- cfn-breakglass runbook:((?: [0-9a-f]{12})+) -->")
_HEADING: Final = re.compile(r"#{1,2} (.*)")
_UNPLACED: Final = "Kept from before"
_UNPLACED_ADVICE: Final = (
    "These blanks are no longer in the runbook. Move what you need elsewhere, and empty them here."
)


LINE_TO_FILL_IN: Final = "_" * 24


class Blank(NamedTuple):
    """What a person fills in, kept when the runbook is made anew; ``key`` is its name in the file."""

    key: str
    labels: tuple[str, ...]

    @property
    def empty_text(self) -> str:
        """What stands there until somebody writes."""
        return "\n".join(f"- {label}: {LINE_TO_FILL_IN}" for label in self.labels)


RunbookBlock = Block | Blank


class _Line(NamedTuple):
    number: int
    text: str


class _WrittenBlank(NamedTuple):
    """A blank in a file: what stands there, and the digest of what stood there before anybody wrote."""

    lines: list[str]
    digest: str

    @property
    def is_filled_in(self) -> bool:
        return _digest(self.lines) not in (self.digest, _digest([]))


def with_blanks(
    blocks: Iterable[RunbookBlock], written: Mapping[str, str], form: Callable[[Blank, str], str]
) -> Iterator[Block]:
    """A document in which each blank has the text that ``form`` makes of it and of what stands there.

    What is ``written`` into blanks for which the document has no place any more is at its end.
    """
    document = [*blocks]
    places = {block.key for block in document if isinstance(block, Blank)}
    if lost := [key for key in written if key not in places]:
        document += [Heading(2, _UNPLACED), Paragraph(_UNPLACED_ADVICE), *(Blank(key, ()) for key in lost)]
    for block in document:
        yield Markup(form(block, written.get(block.key, block.empty_text))) if isinstance(block, Blank) else block


def surrounded(blank: Blank, text: str) -> str:
    """What stands in a blank, between its comments."""
    return f"<!-- fill in: {blank.key} {_digest([blank.empty_text])} -->\n{text}\n{_END}"


def signed(text: str) -> str:
    """The text of a Markdown file with its signature."""
    digests = " ".join(digest for _, digest in _sections(_outside_blanks(text, "")[1]))
    return f"{text}\n<!-- cfn-breakglass runbook: {digests} -->\n"


def signed_html(text: str) -> str:
    """The text of an HTML file, which has no blanks, with its signature."""
    return f"{text}<!-- cfn-breakglass runbook: {_digest([text])} -->\n"


def read_blanks(text: str, file: str) -> dict[str, str]:
    """What people have written into the blanks of a Markdown file, by their keys.

    EditedFileError if it is not clear where a blank begins and ends.
    """
    blanks, _ = _outside_blanks(_unix(text), file)
    return {key: "\n".join(blank.lines) for key, blank in blanks.items() if blank.is_filled_in}


def check_markdown(text: str, file: str) -> None:
    """EditedFileError if anything outside of the blanks of a Markdown file is not as it was written."""
    body, expected = _signature(text, file)
    _, outside = _outside_blanks(body, file)
    sections = list(_sections(outside))
    for (heading, digest), expected_digest in zip(sections, expected, strict=False):
        if digest != expected_digest:
            place = f'the section "{heading.text}"' if heading.text else "the beginning"
            raise EditedFileError(file, heading.number, f"{place} has changes outside its blanks")
    if len(sections) != len(expected):
        raise EditedFileError(file, sections[-1][0].number, "a heading was added or removed")


def check_html(text: str, file: str) -> None:
    """EditedFileError if an HTML file is not as it was written."""
    body, expected = _signature(text, file)
    if expected != [_digest([body])]:
        raise EditedFileError(file, 0, "it has changes; write them into the blanks of the Markdown file")


def _signature(text: str, file: str) -> tuple[str, list[str]]:
    """A file without its signature, and the digests in that."""
    body, _, last = _unix(text).rstrip().rpartition("\n")
    signature = _SIGNATURE.fullmatch(last.strip())
    if not signature:
        raise EditedFileError(file, 0, "it does not end with the signature of a runbook of cfn-breakglass")
    return body, signature[1].split()


def _unix(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _outside_blanks(text: str, file: str) -> tuple[dict[str, _WrittenBlank], list[_Line]]:
    """What stands in the blanks of a text, by their keys, and every line outside of them."""
    blanks: dict[str, _WrittenBlank] = {}
    outside: list[_Line] = []
    current, begun = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        begin = _BEGIN.fullmatch(line.strip())
        if begin and current:
            raise EditedFileError(file, number, f"a blank begins within the blank {current}, which line {begun} begins")
        if begin and begin[1] in blanks:
            raise EditedFileError(file, number, f"there is a second blank {begin[1]}")
        if begin:
            current, begun = begin[1], number
            blanks[current] = _WrittenBlank([], begin[2])
        if current and not begin and line.strip() != _END:
            blanks[current].lines.append(line)
        else:
            outside.append(_Line(number, line))
        if line.strip() == _END:
            current = ""
    if current:
        raise EditedFileError(file, begun, f"the blank {current} does not end with {_END}")
    return blanks, outside


def _sections(lines: Iterable[_Line]) -> Iterator[tuple[_Line, str]]:
    """Each heading without its marks, and the digest of its section; the first line heads what is before."""
    heading, texts = _Line(1, ""), list[str]()
    for line in lines:
        match = _HEADING.fullmatch(line.text.rstrip())
        if match and any(text.strip() for text in texts):
            yield heading, _digest(texts)
            texts = []
        heading = _Line(line.number, match[1]) if match else heading
        texts.append(line.text)
    yield heading, _digest(texts)


def _digest(texts: Iterable[str]) -> str:
    """It is the same after an editor has taken blanks off the ends of lines."""
    words = " ".join(word for text in texts for word in text.split())
    return sha256(words.encode()).hexdigest()[:12]
