"""Whether AWS Organizations takes the guard SCP.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cfn_breakglass.analysis.iam.conditions import iter_conditions, parse_operator
from cfn_breakglass.analysis.iam.policy import parse_policy, statements
from cfn_breakglass.analysis.validation.finding import Finding
from cfn_breakglass.analysis.validation.finding_rules import make_finding
from cfn_breakglass.aws import limits
from cfn_breakglass.errors import TemplateError

FILE_NAME: Final = "guard-scp.json"
_VERSION: Final = "2012-10-17"


def scp_findings(path: Path) -> list[Finding]:
    """Everything for which AWS refuses the SCP in the file at ``path``; TemplateError if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: it cannot be read: {error}") from None
    findings = [make_finding("scp-invalid", str(path), message=message) for message in _invalid_parts(text)]
    if len(text) > limits.SCP.maximum:
        size = f"{len(text):,} {limits.SCP.unit}; AWS allows {limits.SCP.maximum:,}"
        message = f"the policy has {size}"
        findings.insert(0, make_finding("limit-exceeded", str(path), message=message, about=limits.SCP.source))
    return findings


def _invalid_parts(text: str) -> Iterator[str]:
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
