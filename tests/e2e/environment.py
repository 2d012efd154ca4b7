"""The environment LocalStack runs in: a Python for it, and its packages, made once and kept."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# LocalStack 4.14.0 imports warnings.deprecated, which is new in 3.13.
OLDEST: Final = (3, 13)
_VERSIONS: Final = ("3.13", "3.14")
_CONSTRAINTS: Final = Path(__file__).with_name("constraints.txt")
# The web server of LocalStack imports service_identity without asking for it.
_PACKAGES: Final = ("localstack-core[runtime]==4.14.0", "service_identity")
_USABLE: Final = f"import ensurepip, sys, venv; assert sys.version_info >= {OLDEST}; print(sys.version)"
# LocalStack reads an input transformer's paths with a parser that works its tables out anew for each path, which is
# nearly all the time an alert takes. It looks for them in a file first: here it is.
_PARSE_TABLES: Final = """
import os, jsonpath_rw.parser as reader, ply.yacc
ply.yacc.yacc(module=reader.JsonPathParser(), debug=False, tabmodule="parser_jsonpath_parsetab",
              outputdir=os.path.dirname(reader.__file__), start="jsonpath")
"""


def suitable_python() -> Path | None:
    """A Python that LocalStack runs on, of the PATH or of pyenv; None where there is none."""
    return next((python for python in _candidates() if _version(python)), None)


def _candidates() -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for version in _VERSIONS:
        if found := shutil.which(f"python{version}"):
            yield Path(found)
        yield from sorted(pyenv.glob(f"{version}*/bin/python"), reverse=True)
    if found := shutil.which("python3"):
        yield Path(found)


def _version(python: Path) -> str:
    """What Python it is; empty if it is too old, cannot make environments, or is only a name of pyenv's."""
    done = subprocess.run([python, "-c", _USABLE], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def environment(python: Path) -> Path:
    """The Python of an environment that holds LocalStack; it is made unless a whole one is there."""
    key = hashlib.sha256(
        "\0".join(
            [_CONSTRAINTS.read_text(encoding="utf-8"), *_PACKAGES, _PARSE_TABLES, str(python), _version(python)]
        ).encode()
    ).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cfn-breakglass" / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once make it once
        complete = folder / "complete"
        if not complete.exists():
            _make(python, folder)
            complete.touch()
    return folder / "bin" / "python"


def _make(python: Path, folder: Path) -> None:
    print(f"making an environment for LocalStack in {folder}: once, it takes a minute or two", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    inside = folder / "bin" / "python"
    pip: list[str | Path] = [
        inside,
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
        "--constraint",
        _CONSTRAINTS,
    ]
    commands: list[list[str | Path]] = [
        [python, "-m", "venv", folder],
        [*pip, *_PACKAGES],
        [inside, "-c", _PARSE_TABLES],
    ]
    for command in commands:
        subprocess.run(command, check=True)
