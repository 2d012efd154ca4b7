"""What CONTRIBUTING.md says of the repository is so: its files, its folders and its steps."""

from __future__ import annotations

import re

import pytest
from manual import inline_codes, read, table_rows
from paths import ROOT

CONTRIBUTING = read(ROOT / "CONTRIBUTING.md")
# A file that the page tells to add.
TO_COME = "tests/events/KeyUsed/"
PATHS = dict.fromkeys(
    code
    for code in inline_codes(CONTRIBUTING)
    if re.match(r"(cfn_breakglass|tests|docs|templates)/|\.ci/", code) and code != TO_COME
)


@pytest.mark.parametrize("path", PATHS)
def test_the_files_are_there(path: str) -> None:
    assert [*ROOT.glob(re.sub(r"<[^>]+>", "*", path).rstrip("/"))], path


def test_make_has_no_other_targets() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", read(ROOT / "Makefile"), re.MULTILINE)
    assert phony
    assert [row[0] for row in table_rows(CONTRIBUTING, "make")] == [f"`make {target}`" for target in phony[1].split()]


def test_ci_runs_what_it_says_in_that_order() -> None:
    steps = [line.partition("#")[0].strip() for line in read(ROOT / ".ci" / "run").splitlines()]
    (sentence,) = re.findall(r"`\.ci/run` runs (.+?) in this order", " ".join(CONTRIBUTING.split()))
    assert re.findall(r"`(make [a-z0-9-]+)`", sentence) == [step for step in steps if step.startswith("make ")]


def test_pytest_is_given_what_is_there() -> None:
    for code in inline_codes(CONTRIBUTING):
        if code.startswith("pytest tests/"):
            assert (ROOT / code.split()[1]).exists(), code
