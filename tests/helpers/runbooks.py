"""Runbooks for kinds of configs: ``make golden`` writes them into tests/guidance/runbooks, and tests compare them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

from fresh_stacks import case_config
from paths import ROOT

from cfn_breakglass.guidance.runbook.blanks import RunbookBlock
from cfn_breakglass.guidance.runbook.make import FORMATS, SUFFIXES, runbook_blocks
from cfn_breakglass.plan import Plan, make_plan

RUNBOOKS: Final = ROOT / "tests" / "guidance" / "runbooks"
CASES: Final = (
    *("account-access", "chat-only", "china", "deployer", "every-way-in", "everything", "existing-role"),
    *("existing-topic", "govcloud", "hub-account", "oidc", "one-region", "permission-set", "permission-sets"),
    *("smallest", "source-identity", "told-nobody", "two-providers", "users-by-tag"),
    *("organization", "organization-everything"),
)
PRINTED: Final = ("every-way-in",)
"""The cases whose HTML is compared too: what differs between cases is the same as in Markdown."""


@cache
def plan(case: str) -> Plan:
    return make_plan(case_config(case))


@cache
def blocks(case: str) -> list[RunbookBlock]:
    """What the runbook of a case says."""
    return runbook_blocks(plan(case), config_file="breakglass.yaml", lines={})


@cache
def runbook(case: str, form: str = "markdown", written: str = "{}") -> str:
    """The text of the runbook of a case; ``written`` is JSON of what people wrote into its blanks."""
    return FORMATS[form](blocks(case), json.loads(written))


def golden_runbooks() -> dict[Path, str]:
    """Every file in the folder, and its text."""
    wanted = [*((case, "markdown") for case in CASES), *((case, "html") for case in PRINTED)]
    return {RUNBOOKS / f"{case}{SUFFIXES[form]}": runbook(case, form) for case, form in wanted}
