"""Parse the ARNs in a config; and a name in the ARNs of AWS's own roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

STACK_SETS_ROLE: Final = "stacksets-exec-"
"""What the name of the role begins with by which stack sets of an organization act in an account."""
_ARN = re.compile(r"arn:([a-z-]+):([a-z0-9-]+):([a-z0-9-]*):([0-9]{12}|aws|):(\S+)")


class Arn(NamedTuple):
    """The parts of an ARN; ``region`` and ``account`` are empty where the service has none."""

    partition: str
    service: str
    region: str
    account: str
    resource: str


def parse_arn(text: str) -> Arn | None:
    """``text`` as an ARN, or None when it is not one."""
    match = _ARN.fullmatch(text)
    return Arn(*match.groups()) if match else None
