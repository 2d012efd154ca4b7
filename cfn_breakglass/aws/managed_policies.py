"""The managed policies of AWS, by name. AWS adds some every week, so that a name may be missing.

``managed_policies.txt`` has a line for each, with its path. ``make policies`` writes it.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

_DATA: Final = Path(__file__).with_suffix(".txt")
_OF_AWS: Final = ":iam::aws:policy/"


def unknown_policy(policy: str) -> tuple[str, str] | None:
    """The name of a policy of AWS, by name or ARN, that is in no list, and the nearest one, empty if none is near.

    None for a policy that is known, and for one of somebody's own. IAM ignores the letter case.
    """
    name = policy.partition(_OF_AWS)[2] if policy.startswith("arn:") else policy
    if not name or name.lower() in _policies():
        return None
    from difflib import get_close_matches

    # Without their paths, which people leave out.
    by_last_word = {known.rpartition("/")[2]: known for known in _policies()}
    word = name.rpartition("/")[2].lower()
    longer = sorted((known for known in by_last_word if known.startswith(word)), key=len)
    nearest = longer or get_close_matches(word, by_last_word, n=1)
    return name, _policies()[by_last_word[nearest[0]]] if nearest else ""


@cache
def _policies() -> dict[str, str]:
    """Every name with its path, by its lower case."""
    return {name.lower(): name for name in _DATA.read_text(encoding="utf-8").split()}
