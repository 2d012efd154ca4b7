"""Whether AWS Organizations would take the guard SCP.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_breakglass.analysis.iam.conditions import iter_conditions, parse_operator
from cfn_breakglass.analysis.iam.policy import parse_policy, statements
from cfn_breakglass.aws import limits
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "guard-scp.json"
_VERSION = "2012-10-17"


def problems(path: Path) -> Iterator[str]:
    """Everything that AWS would have against the SCP in the file at ``path``."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: it cannot be read: {error}") from None
    if len(text) > limits.SCP.maximum:
        yield f"the policy has {len(text):,} {limits.SCP.unit}; AWS allows {limits.SCP.maximum:,} ({limits.SCP.source})"
    try:
        policy = parse_policy(text)
        if policy.get("Version") != _VERSION:
            yield f"the policy needs the version {_VERSION}"
        for statement in statements(policy):
            if "Principal" in statement or not statement.keys() & {"Resource", "NotResource"}:
                yield f"a statement of an SCP has a resource and no principal: {statement!r}"
            for operator, _, _ in iter_conditions(statement.get("Condition", {})):
                parse_operator(operator)
    except TemplateError as error:
        yield str(error)
