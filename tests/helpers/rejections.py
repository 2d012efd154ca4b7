"""Configs that are refused, each a folder of ``rejected/`` with the message it gets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner, Result
from paths import REJECTED

from cfn_breakglass.cli.app import cli

CASES = sorted(path for path in REJECTED.iterdir() if path.is_dir())


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in ``folder`` for a while: a message names the config as the command line does."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def generate(folder: Path, config: Path) -> Result:
    """Run ``cfn-breakglass generate`` in ``folder`` on a copy of ``config``, or on none if that does not exist."""
    if config.exists():
        (folder / "breakglass.yaml").write_bytes(config.read_bytes())
    with inside(folder):
        return CliRunner().invoke(cli, ["generate"], prog_name="cfn-breakglass", catch_exceptions=False)


def refresh() -> None:
    """Write every expected message anew."""
    for case in CASES:
        with TemporaryDirectory() as folder:
            told = generate(Path(folder), case / "breakglass.yaml").stderr
        (case / "stderr.txt").write_text(told, encoding="utf-8")


if __name__ == "__main__":
    refresh()
