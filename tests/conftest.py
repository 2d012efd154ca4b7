"""The two runs: ``make test`` leaves out what is marked ``thorough`` and says so; ``make test-all`` runs it."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from typing import Any, Final

import extent
import pytest
from paths import TESTS

STARTED: Final = pytest.StashKey[float]()
LEFT_OUT: Final = pytest.StashKey[Counter[str]]()
GARBAGE_THRESHOLD: Final = 50_000
"""Objects made before the garbage collector looks at the new ones; Python's own number is 700."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the tests marked thorough too, and longer property tests")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thorough(what): only `make test-all` runs it; `what` is what it adds")
    config.stash[STARTED] = time.monotonic()
    config.stash[LEFT_OUT] = Counter[str]()
    extent.choose(everything=config.getoption("all"))
    gc.disable()  # until the tests are collected, which are no garbage


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if any(item.path.is_relative_to(TESTS / "e2e") for item in items) and not os.environ.get("AWS_ENDPOINT_URL"):
        pytest.exit("there is no local AWS at AWS_ENDPOINT_URL; run `make e2e`", returncode=1)
    if extent.is_thorough():
        return
    marks = [(item, item.get_closest_marker("thorough")) for item in items]
    items[:] = [item for item, mark in marks if not mark]
    config.stash[LEFT_OUT] = Counter(str(mark.args[0]) for _, mark in marks if mark)
    config.hook.pytest_deselected(items=[item for item, mark in marks if mark])


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays anyhow: it would take a third of all the time."""
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    gc.enable()


def pytest_sessionfinish(session: pytest.Session) -> None:
    left_out = session.config.stash[LEFT_OUT]
    if hasattr(session.config, "workeroutput"):  # a process of pytest-xdist: what it left out goes to the first one
        session.config.workeroutput["left_out"] = dict(left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker left out: each collects all tests, so they all left out the same."""
    node.config.stash[LEFT_OUT] = Counter[str](getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left_out = config.stash[LEFT_OUT]
    run = "every test" if extent.is_thorough() else "a quick choice"
    terminalreporter.section(f"{run}, in {time.monotonic() - config.stash[STARTED]:.0f} seconds")
    if not extent.is_thorough():
        terminalreporter.write_line("Left out, and run by `make test-all`:")
        for what, count in left_out.items():
            terminalreporter.write_line(f"  {count:5} {'test' if count == 1 else 'tests'}: {what}")
        terminalreporter.write_line("  most examples of the property tests, the large inputs, and the coverage gate")
