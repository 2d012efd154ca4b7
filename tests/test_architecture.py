"""Imports go one way, and each fact has one definition."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from cfn_breakglass.config import DETECTIONS, config_keys
from cfn_breakglass.configfile import config_of
from cfn_breakglass.detections import detections
from cfn_breakglass.names import Names

PACKAGE = Path(__file__).parent.parent / "cfn_breakglass"
MODULES = sorted(path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py"))

WRITING = [
    *("errors", "limits", "regions", "arns", "fields", "report", "yamltext"),
    *("settings", "containers", "sections", "statements", "texts"),
    *("bounds", "ways_in", "config", "places", "admission", "deployment", "consistency", "configfile", "schema"),
    *("handlers", "names", "tampering", "refusals", "backdoors", "detections"),
    *("builders/accepted", "builders/policies", "builders/trust", "builders/watch", "builders/messages"),
    *("builders/subscriptions", "builders/protection", "builders/rights", "builders/identity", "builders/*"),
    *("listeners", "entrances", "outputs", "assembly", "templates", "parts", "yamlform", "writer"),
    *("lockouts", "rollouts", "advice", "remedies"),
    "generation",
    *("progress", "commands/options", "commands/*", "cli"),
]
"""The writing half, each module after those it may import; of a family none imports another."""

APART = {"__init__", "__main__", "builders/__init__", "commands/__init__", "emitted/__init__"}
MEETING = {"generation", "commands/validate", "commands/simulate", "commands/diagram", "commands/trust"}
"""Where the halves meet."""

PRINTING = {"cli", *(module for module in MODULES if module.startswith("commands/"))}


def imports(module: str) -> set[str]:
    """The modules of the package that ``module`` imports, lazily or not."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cfn_breakglass"):
            inside = str(node.module).split(".")[1:]
            # What is imported from a package is a module of it or, from the top, a name of __init__.
            paths = ["/".join([*inside, alias.name]) for alias in node.names]
            found |= {path for path in paths if path in MODULES} or {"/".join(inside)}
    return found - {""}


def rank(module: str) -> int:
    return WRITING.index(module if module in WRITING else f"{module.partition('/')[0]}/*")


@pytest.mark.parametrize("module", [one for one in MODULES if not one.startswith("emitted/") and one not in APART])
def test_the_writing_half_imports_one_way(module: str) -> None:
    for imported in imports(module):
        if imported.startswith("emitted/"):
            assert module in MEETING
        else:
            assert rank(imported) < rank(module), f"{module} imports {imported}"


@pytest.mark.parametrize("module", [one for one in MODULES if one.startswith("emitted/")])
def test_the_reading_half_knows_nothing_of_the_writing_half(module: str) -> None:
    assert {one for one in imports(module) if not one.startswith("emitted/")} <= {"errors", "limits"}


def ways_out(module: str) -> set[str]:
    """What a module uses of what prints or ends the program."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    streams = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    printing = {"print", "click.echo", "click.secho", "sys.exit", "Console", "ctx.exit"}
    return (calls & printing) | (streams & {"sys.stdin", "sys.stdout", "sys.stderr"})


@pytest.mark.parametrize("module", [one for one in MODULES if one not in PRINTING])
def test_only_the_command_line_prints(module: str) -> None:
    assert ways_out(module) == set()


def test_the_command_line_prints() -> None:
    assert "click.echo" in set().union(*map(ways_out, PRINTING))


BUILDING = {"listeners", "outputs", "assembly", "templates", "parts"}


@pytest.mark.parametrize("module", [one for one in MODULES if one in BUILDING or one.startswith("builders/")])
def test_only_names_writes_arns(module: str) -> None:
    assert "arn:" not in (PACKAGE / f"{module}.py").read_text(encoding="utf-8")


def test_the_config_switches_exactly_the_detections_there_are() -> None:
    every = {"main_region": "us-east-1", "usernames": ["alice"], "detections": dict.fromkeys(DETECTIONS, "alert")}
    config = config_of(every)
    assert list(dict.fromkeys(one.id for one in detections(config, Names.of(config)))) == list(DETECTIONS)


def test_the_config_holds_the_keys_of_the_contract() -> None:
    contract = {"name", "main_region", "regions", "usernames", "role", "alerts", "detections", "actions"}
    contract |= {"retention_days", "encryption", "event_bus", "trail", "deployer", "rollout", "tags"}
    ours = {"trail_lock_days", "heartbeat", "protection", "stackset_roles"}
    assert contract | ours == {key for key in config_keys() if "." not in key}
