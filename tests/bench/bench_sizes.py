"""How large the templates are, and the patterns in them: what a reviewer reads, and what the AWS CLI takes.

``make bench`` prints bytes of YAML beside the aim of each. The AWS CLI takes 51,200 bytes without a bucket.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from cfn_breakglass import config_of, load_config, template_files
from cfn_breakglass.config.model import Config

ROOT: Final = Path(__file__).parents[2]
SMALL: Final[dict[str, Any]] = {
    "main_region": "us-east-1",
    "usernames": ["ana"],
    "alerts": {"emails": ["ops@example.com"]},
}
ONE_REGION: Final[dict[str, Any]] = {**SMALL, "regions": [], "encryption": "none", "heartbeat": "off"}
MAIN, STACKSET = "main-region.yaml", "stackset.yaml"


def configs() -> dict[str, Config]:
    """The configs that are measured, by what they are."""
    return {
        "the starter, 17 regions": load_config(ROOT / "breakglass.yaml")[0],
        "one user, one e-mail": config_of(SMALL),
        "everything on, 34 regions": load_config(ROOT / "tests" / "golden" / "everything" / "breakglass.yaml")[0],
        "one region, no key, no heartbeat": config_of(
            {**SMALL, "regions": [], "encryption": "none", "heartbeat": "off"}
        ),
    }


# (config, file): the most bytes it should have
AIMS: Final = {
    ("the starter, 17 regions", MAIN): 54_000,
    ("one user, one e-mail", MAIN): 56_000,
    ("everything on, 34 regions", MAIN): 80_000,
    ("the starter, 17 regions", STACKSET): 14_000,
    ("one region, no key, no heartbeat", MAIN): 34_000,
}
AIM_OF_PATTERNS: Final = 8_000


def pattern_bytes(config: Config) -> int:
    """The bytes of all event patterns of the main region's template, as JSON without blanks."""
    resources = json.loads(template_files(config, "json")["main-region.json"])["Resources"].values()
    patterns = (resource["Properties"].get("EventPattern") for resource in resources)
    return sum(len(json.dumps(pattern, separators=(",", ":"))) for pattern in patterns if pattern)


def main() -> None:
    measured = configs()
    for (name, file), aim in AIMS.items():
        size = len(template_files(measured[name])[file].encode())
        sys.stdout.write(f"{name:33} {file:17} {size:7,} bytes (aim {aim:,})\n")
    for name, config in measured.items():
        sys.stdout.write(
            f"{name:33} {'event patterns':17} {pattern_bytes(config):7,} bytes (aim {AIM_OF_PATTERNS:,})\n"
        )


if __name__ == "__main__":
    main()
