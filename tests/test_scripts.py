"""The scripts that the Makefile runs find what they import: no test runner puts the helpers on their path."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from paths import ROOT

SCRIPTS = sorted(set(re.findall(r"\$\(BIN\)/python (\S+\.py)", (ROOT / "Makefile").read_text(encoding="utf-8"))))


def test_the_makefile_runs_scripts() -> None:
    assert "tests/bench/bench_simulate.py" in SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_finds_what_it_imports(script: str) -> None:
    load = f"import sys; sys.argv = [{script!r}]; sys.path[0] = {script.rpartition('/')[0]!r}"
    run = f"import runpy; runpy.run_path({script!r}, run_name='loaded')"
    done = subprocess.run(
        [sys.executable, "-c", f"{load}; {run}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
