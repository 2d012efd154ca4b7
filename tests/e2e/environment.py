"""The environment LocalStack runs in: a Python for it, and its packages, made once and kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

sys.path.append(
    str(Path(__file__).parents[1] / "helpers")
)  # the launcher runs as a script, whose folder is all there is
from tool_environments import kept_environment

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
    return kept_environment(
        "LocalStack",
        python,
        _version(python),
        packages=_PACKAGES,
        constraints=_CONSTRAINTS,
        finish=_PARSE_TABLES,
    )
