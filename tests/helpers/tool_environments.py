"""Environments for tools that cannot share ours: made once from pinned packages, and kept between runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


def kept_environment(
    name: str, python: Path, version: str, *, packages: Sequence[str], constraints: Path, finish: str
) -> Path:
    """The Python of an environment that holds ``packages``; it is made unless a whole one is there.

    ``version`` is what ``python`` says it is, and ``finish`` a program to run in the environment once it is made.
    """
    made_from = [constraints.read_text(encoding="utf-8"), *packages, finish, str(python), version]
    key = hashlib.sha256("\0".join(made_from).encode()).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cfn-breakglass" / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once make it once
        complete = folder / "complete"
        if not complete.exists():
            print(f"making an environment for {name} in {folder}: once, it takes a minute or two", flush=True)
            _make(folder, python, packages, constraints, finish)
            complete.touch()
    return folder / "bin" / "python"


def _make(folder: Path, python: Path, packages: Sequence[str], constraints: Path, finish: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    inside = folder / "bin" / "python"
    pip: list[str | Path] = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "--constraint", constraints]
    commands: list[list[str | Path]] = [
        [python, "-m", "venv", folder],
        [inside, *pip, *packages],
        [inside, "-c", finish],
    ]
    for command in commands:
        subprocess.run(command, check=True)
