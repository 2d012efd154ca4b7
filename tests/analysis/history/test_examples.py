"""The examples in the docstrings of what is clever for speed are what the code does."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from cfn_breakglass.analysis.history import large_documents, prefilter


@pytest.mark.parametrize("module", [large_documents, prefilter], ids=lambda module: module.__name__)
def test_the_examples_of_a_module(module: ModuleType) -> None:
    failed, attempted = doctest.testmod(module)
    assert (failed, attempted > 3) == (0, True)
