"""What ``generate`` says beside the files that it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cfn_breakglass.config.loader import config_of
from cfn_breakglass.generation.generate import generate_files
from cfn_breakglass.guidance.next_steps import next_steps
from cfn_breakglass.plan import make_plan


def steps_for(settings: dict[str, Any]) -> str:
    """Give the next steps for a config, as if its files were in ``templates``."""
    plan = make_plan(config_of(settings))
    return next_steps(plan, Path("templates"), generate_files(plan, "yaml", file="config", lines={}))
