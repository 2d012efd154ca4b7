"""The list of mutants fits the product: who changes code that a mutant changes, changes the mutant as well."""

from __future__ import annotations

import ast
from collections import Counter

import pytest
from mutant_list import Mutant, read
from paths import ROOT

MUTANTS = read()
every_mutant = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)


def test_there_are_enough_of_them_and_in_every_package() -> None:
    assert len(MUTANTS) >= 150
    assert not [name for name, count in Counter(mutant.id for mutant in MUTANTS).items() if count > 1]
    packages = {path.parent for path in (ROOT / "cfn_breakglass").rglob("*.py") if path.name != "__init__.py"}
    mutated = {(ROOT / mutant.file).parent for mutant in MUTANTS}
    assert packages - mutated == set()


@every_mutant
def test_a_mutant_changes_one_place_and_leaves_python(mutant: Mutant) -> None:
    before = (ROOT / mutant.file).read_text(encoding="utf-8")
    after = mutant.applied_to(before)
    assert mutant.kind
    if mutant.file.endswith(".py"):
        assert ast.dump(ast.parse(before)) != ast.dump(ast.parse(after))
    else:
        assert before != after


def test_a_mutant_that_survives_has_a_reason_and_no_killer() -> None:
    for mutant in MUTANTS:
        assert bool(mutant.killed_by) != bool(mutant.survives), mutant.id
        assert not mutant.killed_by or (ROOT / mutant.killed_by).is_file(), mutant.id
