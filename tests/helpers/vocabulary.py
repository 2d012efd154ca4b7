"""Words that say nothing, counted: ``python tests/helpers/vocabulary.py [PATH ...]`` lists where they stand.

A variable says what it holds (``rule``, ``region``, ``statement``), not that it is one of something. An identifier
counts as vague when one of the words between its underscores is in ``VAGUE``. Identifiers are what Python's grammar
has as names, arguments, keywords, attributes, functions and classes, each time that they stand in the code.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from paths import PACKAGE

VAGUE: Final = frozenset(
    (
        *(
            "one",
            "each",
            "held",
            "given",
            "found",
            "told",
            "heard",
            "wanted",
            "kept",
            "made",
            "there",
            "ours",
            "second",
        ),
        *("asked", "beating", "coming", "elsewhere", "everybody", "ground", "here", "how", "known"),
        *(
            "listed",
            "meant",
            "mine",
            "named",
            "peek",
            "road",
            "said",
            "seen",
            "shown",
            "some",
            "somebody",
            "such",
            "taken",
            "takers",
        ),
        *("theirs", "thing", "things", "weighed", "what", "where", "which", "who", "whole", "whom", "why", "wishes"),
    )
)
MOST: Final = 4
"""Vague identifiers in a thousand."""


class Definition(NamedTuple):
    """A class or a public function, and the module that has it."""

    name: str
    module: str


def modules(*paths: Path) -> list[Path]:
    """Every Python file in ``paths``, which are files or folders."""
    return sorted(file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py")))


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every identifier of a module with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.keyword(arg=str(name)):
                yield name, node.lineno


def is_vague(identifier: str) -> bool:
    """Whether one of the words of an identifier says nothing."""
    return not VAGUE.isdisjoint(identifier.lower().split("_"))


def vague_identifiers(files: Iterable[Path]) -> tuple[int, dict[Path, Counter[str]]]:
    """How many identifiers there are, and the vague ones of each file."""
    count, vague = 0, {}
    for file in files:
        names = [name for name, _ in identifiers(ast.parse(file.read_text(encoding="utf-8")))]
        count += len(names)
        vague[file] = Counter(filter(is_vague, names))
    return count, vague


def homonyms(
    kind: type[ast.AST] | tuple[type[ast.AST], ...], files: Iterable[Path], folder: Path = PACKAGE
) -> dict[str, list[str]]:
    """Names of classes, or of public functions, that stand at the top of two modules or more, with these."""
    where = defaultdict(list)
    for file in files:
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, kind) and not (name := str(vars(node)["name"])).startswith("__"):
                where[name].append(file.relative_to(folder).as_posix())
    return {name: places for name, places in sorted(where.items()) if len(places) > 1}


CLASSES: Final = ast.ClassDef
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def main(paths: list[str]) -> None:
    """Print the vague identifiers of each file, and the homonyms of the package."""
    count, vague = vague_identifiers(modules(*map(Path, paths or [str(PACKAGE)])))
    for file, names in vague.items():
        if names:
            print(f"{file}: " + ", ".join(f"{name} {times}" for name, times in names.most_common()))
    total = sum(names.total() for names in vague.values())
    print(f"{total} of {count} identifiers are vague: {total / max(count, 1) * 1000:.1f} in 1,000")
    for what, kind in (("class", CLASSES), ("public function", FUNCTIONS)):
        for name, places in homonyms(kind, modules(PACKAGE)).items():
            if what == "class" or not name.startswith("_"):
                print(f"{what} {name} has {len(places)} meanings: {', '.join(places)}")


if __name__ == "__main__":
    main(sys.argv[1:])
