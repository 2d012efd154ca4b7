"""Names say what they hold, and none has two meanings."""

from __future__ import annotations

from pathlib import Path

from paths import PACKAGE
from vocabulary import CLASSES, FUNCTIONS, MOST, homonyms, modules, vague_identifiers

FILES = modules(PACKAGE)


def test_few_identifiers_are_vague() -> None:
    count, vague = vague_identifiers(FILES)
    listed = {file.relative_to(PACKAGE).as_posix(): dict(names) for file, names in vague.items() if names}
    share = sum(names.total() for names in vague.values()) / count * 1000
    assert share <= MOST, f"{share:.1f} in 1,000 identifiers say nothing: {listed}"


def test_no_class_has_the_name_of_another() -> None:
    assert homonyms(CLASSES, FILES) == {}


def test_no_public_function_has_the_name_of_another() -> None:
    assert {name: files for name, files in homonyms(FUNCTIONS, FILES).items() if not name.startswith("_")} == {}


def test_a_vague_identifier_is_counted_wherever_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        "def each(rule, *, what):\n    one = rule(told=what)\n    return one.heard_rule\n", encoding="utf-8"
    )
    count, vague = vague_identifiers([file])
    assert count == 9
    assert vague[file] == {"each": 1, "what": 2, "one": 2, "told": 1, "heard_rule": 1}


def test_a_name_in_two_modules_has_two_meanings(tmp_path: Path) -> None:
    for name in ("first.py", "other.py"):
        (tmp_path / name).write_text("class Rule: ...\ndef deploy(): ...\n", encoding="utf-8")
    files = modules(tmp_path)
    assert homonyms(CLASSES, files, tmp_path) == {"Rule": ["first.py", "other.py"]}
    assert homonyms(FUNCTIONS, files, tmp_path) == {"deploy": ["first.py", "other.py"]}
    assert homonyms(CLASSES, files[:1], tmp_path) == {}


def test_a_word_within_a_word_is_not_vague(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("phones = teacher = sometimes = whatever = None\n", encoding="utf-8")
    assert vague_identifiers([file])[1][file] == {}
