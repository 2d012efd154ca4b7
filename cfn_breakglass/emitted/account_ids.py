"""What the ID of an account looks like."""

from __future__ import annotations

import re

_ID = re.compile(r"[0-9]{12}")


def is_account(text: str) -> bool:
    return bool(_ID.fullmatch(text))


def no_account(text: str) -> str:
    """What to say of a text that is none."""
    return f"{text} is no account: that is twelve digits"
