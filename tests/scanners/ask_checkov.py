"""What checkov says of templates: a list of their paths in, as JSON, and what it looked at and found out, the same way.

It runs in the environment of the scanners. Nothing of it may reach a network: it must judge the same everywhere.
"""

from __future__ import annotations

import json
import sys
from typing import Any

_REACHING_OUT = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
_reached: list[str] = []


def _offline(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _REACHING_OUT:
        _reached.append(f"{event}: {arguments[1:] if event == 'socket.connect' else arguments}")
        raise OSError("the scanners stay offline")


def main() -> None:
    """Ask about every template at once."""
    sys.addaudithook(_offline)
    # Its own command line imports every framework there is, and asks for a newer version of itself.
    from checkov.cloudformation.runner import Runner
    from checkov.runner_filter import RunnerFilter

    report = Runner().run(None, files=json.load(sys.stdin), runner_filter=RunnerFilter(framework=["cloudformation"]))
    json.dump(
        {
            "unread": report.parsing_errors,
            "reached": _reached,
            "resources": len(report.resources),
            "passed": len(report.passed_checks),
            "failed": [_said(record) for record in report.failed_checks],
            "accepted": [_said(record) for record in report.skipped_checks],
        },
        sys.stdout,
    )


def _said(record: Any) -> dict[str, Any]:
    return {
        "file": record.file_abs_path,
        "line": record.file_line_range[0],
        "resource": record.resource,
        "check": record.check_id,
        "what": record.check_name,
        "why": record.check_result.get("suppress_comment", ""),
    }


if __name__ == "__main__":
    main()
