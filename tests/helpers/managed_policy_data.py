"""AWS's managed policies, by name with path, from the data that moto ships: ``make policies``."""

from __future__ import annotations

import json

from moto.iam.aws_managed_policies import aws_managed_policies_data
from paths import PACKAGE

POLICY_DATA = PACKAGE / "aws" / "managed_policies.txt"


def read_policies() -> str:
    """A line for each policy."""
    policies = json.loads(aws_managed_policies_data)
    names = sorted(policy["Path"].removeprefix("/") + name for name, policy in policies.items())
    return "".join(f"{name}\n" for name in names)


if __name__ == "__main__":
    POLICY_DATA.write_text(read_policies(), encoding="utf-8")
