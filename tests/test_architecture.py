"""Each fact has one definition, and only the command line talks; import-linter judges who imports whom."""

from __future__ import annotations

import ast

import pytest
from paths import PACKAGE

from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.model import DETECTIONS, config_keys
from cfn_breakglass.plan import make_plan

MODULES = sorted(path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py"))
PRINTING = [module for module in MODULES if module.startswith("cli/")]
QUIET = [module for module in MODULES if module not in PRINTING]
BUILDING = [module for module in MODULES if module.startswith("builders/") or module in ("templates", "library")]


def ways_out(module: str) -> set[str]:
    """What a module uses of what prints or ends the program."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    streams = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    printing = {"print", "click.echo", "click.secho", "sys.exit", "Console", "ctx.exit"}
    return (calls & printing) | (streams & {"sys.stdin", "sys.stdout", "sys.stderr"})


@pytest.mark.parametrize("module", QUIET)
def test_only_the_command_line_prints(module: str) -> None:
    assert ways_out(module) == set()


def test_the_command_line_prints() -> None:
    assert "click.echo" in set().union(*map(ways_out, PRINTING))


@pytest.mark.parametrize("module", BUILDING)
def test_only_names_writes_arns(module: str) -> None:
    assert "arn:" not in (PACKAGE / f"{module}.py").read_text(encoding="utf-8")


def test_the_config_switches_exactly_the_detections_there_are() -> None:
    every = {"main_region": "us-east-1", "usernames": ["alice"], "detections": dict.fromkeys(DETECTIONS, "alert")}
    config = config_of(every)
    assert list(dict.fromkeys(detection.id for detection in make_plan(config).detections)) == list(DETECTIONS)


def test_the_config_holds_the_keys_of_the_contract() -> None:
    contract = {"name", "main_region", "regions", "usernames", "role", "alerts", "detections", "actions"}
    contract |= {"retention_days", "encryption", "event_bus", "trail", "deployer", "rollout", "tags"}
    ours = {
        "account",
        "new_regions",
        "organization",
        "logs_policy",
        "trail_lock_days",
        "heartbeat",
        "protection",
        "stackset_roles",
    }
    assert contract | ours == {key for key in config_keys() if "." not in key}
