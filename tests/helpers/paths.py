"""Where the repository keeps what the tests read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "cfn_breakglass"
STARTER: Final = PACKAGE / "config" / "starter.yaml"
TEMPLATES: Final = ROOT / "templates"
TESTS: Final = ROOT / "tests"
EVENTS: Final = TESTS / "events"
GOLDEN: Final = TESTS / "golden"
REJECTED: Final = TESTS / "rejected"
