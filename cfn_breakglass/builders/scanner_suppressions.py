"""Findings of a scanner that we accept, with the reason: in the template, where a reviewer reads it.

https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
"""

from __future__ import annotations

from typing import Any, Final

NO_KEY: Final = "No customer key was asked for"


def accepted(**reasons: str) -> dict[str, Any]:
    """The Metadata of a resource for which these findings of checkov are accepted: ``CKV_AWS_27="..."``."""
    return {"checkov": {"skip": [{"id": check, "comment": reason} for check, reason in reasons.items()]}}
