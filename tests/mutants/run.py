"""Change one small thing in the product at a time, and see whether a test notices: ``make mutants``.

Golden files are left out, for they notice every change and say nothing of right or wrong; what only they notice is
told apart. A mutant is killed by the first test that fails. Survivors are printed with the reason that mutants.json
gives; one without a reason is a hole in the tests, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from mutant_list import LIST, Mutant, read, write

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = "cfn_breakglass"
# They compare with a text that is committed: a file or folder of tests, or a test of a file.
GOLDENS: Final = (
    *("tests/generation/test_golden.py", "tests/config/test_rejected.py", "tests/docs"),
    "tests/analysis/trust/test_trust.py::test_the_text_is_the_golden_one",
    "tests/analysis/sessions/test_golden_reports.py",
    "tests/guidance/test_runbook.py::test_the_golden_runbooks_are_what_the_configs_make",
)
# It looks at the list and not at the product.
NOT_ABOUT_THE_PRODUCT: Final = ("tests/mutants",)
NOT_COPIED: Final = (".git", ".venv", ".hypothesis", "__pycache__", ".*_cache", "build", "*.egg-info")
MINUTES: Final = 15
PASSED, FAILED, INTERRUPTED, NOTHING_RUN = 0, 1, 2, 5

_TIMES: Final = count(1_000_000_000)


class Verdict(NamedTuple):
    """What came of a mutant: the test that killed it, empty for none, and whether a golden file noticed instead."""

    mutant: Mutant
    killer: str
    seconds: float
    in_goldens: bool = False


class Copy:
    """A copy of the repository, in which one file is changed at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """The copy with the change, for a while."""
        path = self.folder / mutant.file
        before, times = path.read_text(encoding="utf-8"), path.stat()
        path.write_text(mutant.applied_to(before), encoding="utf-8")
        # Python goes by the time and the size of a file for whether it has to compile it anew.
        os.utime(path, (next(_TIMES),) * 2)
        try:
            yield
        finally:
            path.write_text(before, encoding="utf-8")
            os.utime(path, (times.st_atime, times.st_mtime))

    def first_failure(self, *arguments: str) -> str:
        """The first test that fails, or the file that cannot be imported; empty if all pass."""
        failures = self.failures("--exitfirst", *arguments)
        return failures[0] if failures else ""

    def failures(self, *arguments: str) -> list[str]:
        """The tests that fail."""
        with TemporaryDirectory() as cache:
            command = [sys.executable, "-m", "pytest", "--quiet", "--no-header", "--tb=no", "-o", f"cache_dir={cache}"]
            # First on the path: the product as the copy has it, also in processes that a test starts.
            environment = {**os.environ, "PYTHONPATH": str(self.folder)}
            try:
                run = subprocess.run(
                    [*command, *arguments],
                    cwd=self.folder,
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=MINUTES * 60,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return [f"no end within {MINUTES} minutes"]
            if run.returncode in (PASSED, NOTHING_RUN):
                return []
            if run.returncode not in (FAILED, INTERRUPTED):
                raise RuntimeError(run.stdout + run.stderr)
            found: dict[str, bool] = json.loads((Path(cache) / "v/cache/lastfailed").read_text(encoding="utf-8"))
            return list(found)


def judge(copies: SimpleQueue[Copy], mutant: Mutant) -> Verdict:
    """Run the tests that are likely to notice, then all others, then the golden files."""
    copy, begun = copies.get(), time.monotonic()
    try:
        with copy.mutated(mutant):
            likely = [mutant.killed_by] if (copy.folder / (mutant.killed_by or "-")).exists() else []
            left_out = [f"{_option(tests)}={tests}" for tests in (*GOLDENS, *NOT_ABOUT_THE_PRODUCT)]
            killer = copy.first_failure(*left_out, *likely) if likely else ""
            if not killer:
                killer = copy.first_failure(*left_out, *(f"--ignore={path}" for path in likely), *_ordered(mutant))
            seconds = time.monotonic() - begun
            return Verdict(mutant, killer, seconds, in_goldens=not killer and bool(copy.first_failure(*GOLDENS)))
    finally:
        copies.put(copy)


def _option(tests: str) -> str:
    """The option of pytest that leaves out a file or a folder, or a test."""
    return "--deselect" if "::" in tests else "--ignore"


def _ordered(mutant: Mutant) -> list[str]:
    """The folder of tests that mirrors the changed file's package, then the tests of packages that use it."""
    tests = ROOT / "tests"
    mirror = tests / Path(mutant.file).parent.relative_to(PACKAGE)
    folders = [mirror, *mirror.parents[: len(mirror.relative_to(tests).parts)]]
    first = [str(folder.relative_to(ROOT)) for folder in folders if folder.exists()]
    return list(dict.fromkeys([*first, "tests"]))


def unfounded(copy: Copy, verdicts: list[Verdict]) -> list[str]:
    """The tests that fail without any change too, and so killed nothing."""
    killers = sorted({verdict.killer for verdict in verdicts if "tests/" in verdict.killer})
    return copy.failures(*killers) if killers else []


def told(verdict: Verdict) -> str:
    """A line on a mutant."""
    mutant, seconds = verdict.mutant, f"{verdict.seconds:.0f} s"
    if verdict.killer:
        return f"{mutant.id} killed by {verdict.killer} ({seconds})"
    seen = "seen by golden files only" if verdict.in_goldens else "seen by nobody"
    return f"{mutant.id} SURVIVED, {seen}: {mutant.kind} in {mutant.file} ({seconds})"


def report(verdicts: list[Verdict], broken: list[str]) -> int:
    """Print the survivors and the rates; the exit code."""
    survivors = [verdict for verdict in verdicts if not verdict.killer]
    if survivors:
        print("\nSurvivors:")
    for verdict in survivors:
        print(f"  {told(verdict)}\n    {verdict.mutant.survives or 'NO REASON GIVEN: write a test that notices'}")
    outdated = [verdict.mutant.id for verdict in verdicts if verdict.killer and verdict.mutant.survives]
    for identifier in outdated:
        print(f"\n{identifier} is killed: take its reason for surviving out of {LIST.name}")
    for test in broken:
        print(f"\n{test} fails without a mutant too, and so tells nothing")
    every, killed = len(verdicts), len(verdicts) - len(survivors)
    seen = killed + sum(verdict.in_goldens for verdict in survivors)
    print(f"\n{killed} of {every} killed by tests that say what is right ({killed / every:.0%});")
    print(f"{seen} of {every} noticed by `make test`, golden files included ({seen / every:.0%})")
    return int(bool(outdated or broken or [each for each in survivors if not each.mutant.survives]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*", help="the mutants to run; all by default")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many to run at a time")
    parser.add_argument("--record", action="store_true", help="write into the list which test file kills each mutant")
    options = parser.parse_args()
    every = read()
    chosen = [mutant for mutant in every if mutant.id in options.ids] if options.ids else every
    if unknown := set(options.ids) - {mutant.id for mutant in every}:
        parser.error(f"there is no mutant {', '.join(sorted(unknown))}")
    begun, verdicts = time.monotonic(), []
    with TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(options.jobs):
            copies.put(Copy(Path(folder) / str(number)))
        for verdict in pool.map(partial(judge, copies), chosen):
            print(told(verdict), flush=True)
            verdicts.append(verdict)
        broken = unfounded(copies.get(), verdicts)
    if options.record:
        killers = {verdict.mutant.id: verdict.killer.partition("::")[0] for verdict in verdicts}
        write([mutant._replace(killed_by=killers.get(mutant.id, mutant.killed_by)) for mutant in every])
    code = report(verdicts, broken)
    print(f"It took {(time.monotonic() - begun) / 60:.0f} minutes.")
    return code


if __name__ == "__main__":
    sys.exit(main())
