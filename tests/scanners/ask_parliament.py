"""What parliament says of policies: their texts in, as JSON by name, and what it looked at and found out, the same way.

It runs in the environment of the scanners.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import parliament


def main() -> None:
    """Ask about every policy."""
    statements = 0
    failed: list[dict[str, Any]] = []
    for name, text in json.load(sys.stdin).items():
        policy = parliament.analyze_policy_string(text, name)
        statements += len(policy.statements)
        failed += [
            {"policy": name, "check": finding.issue, "what": finding.title, "detail": finding.detail}
            for finding in map(parliament.enhance_finding, policy.findings)
        ]
    json.dump({"statements": statements, "failed": failed}, sys.stdout)


if __name__ == "__main__":
    main()
