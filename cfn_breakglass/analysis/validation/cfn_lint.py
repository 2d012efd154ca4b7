"""What cfn-lint says of a template, in every region that it is deployed to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final

from cfn_breakglass.analysis.validation.finding import Finding, Level
from cfn_breakglass.errors import TemplateError

RULE_PAGE: Final = "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md#"
_NEW_PARTITION: Final = "arn:aws-eusc:"
_LEVELS: Final[dict[str, Level]] = {"error": "error", "warning": "warning", "informational": "note"}


def lint(text: str, file: str, regions: Sequence[str], *, informational: bool = False) -> list[Finding]:
    """Run cfn-lint on ``text`` for all ``regions``; the findings are in the order of the lines.

    No error or warning is suppressed, but for ARNs of a partition that cfn-lint does not know: not by a .cfnlintrc
    nearby, nor by the Metadata of the template. The ``informational`` rules are matters of taste, and Metadata may
    suppress them. No region, or one that cfn-lint does not know, is a TemplateError.
    """
    # Slow to import, and only this command needs it.
    from cfnlint.helpers import REGIONS

    unknown = sorted(set(regions) - set(REGIONS))
    if unknown or not regions:
        raise TemplateError(f"{file}: cfn-lint needs regions it knows, not {unknown}")
    matches = _matches(text, tuple(regions), informational=informational)
    lines = text.splitlines()
    findings = [_finding(match, file) for match in matches if not _is_of_new_partition(match, lines)]
    return sorted(findings, key=lambda finding: (finding.line, finding.rule_id, finding.message))


def known_regions(regions: Sequence[str]) -> list[str]:
    """The regions without those that are newer than cfn-lint; all of them if it knows none."""
    from cfnlint.helpers import REGIONS

    return [region for region in regions if region in REGIONS] or list(regions)


def _is_of_new_partition(match: Any, lines: Sequence[str]) -> bool:
    """Whether cfn-lint takes an ARN for none because its pattern does not know the partition."""
    return match.rule.id == "W1031" and any(
        _NEW_PARTITION in line for line in lines[match.linenumber - 1 : match.linenumberend]
    )


@lru_cache(maxsize=32)
def _matches(text: str, regions: tuple[str, ...], *, informational: bool) -> list[Any]:
    """What cfn-lint reports; it takes a second, and one text may be the template of many folders."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.decode import decode_str

    template, matches = decode_str(text)
    if template is None:
        return list(matches)
    checks = {"mandatory_checks": ["E", "W"], "include_checks": ["I"] if informational else []}
    runner = _runner()
    runner.config = ConfigMixIn(["--config-file", os.devnull], regions=list(regions), **checks)
    return list(runner.validate_template(template))


def _finding(match: Any, file: str) -> Finding:
    path = list(getattr(match, "path", None) or [])
    return Finding(
        rule_id=match.rule.id,
        file=file,
        line=match.linenumber,
        logical_id=str(path[1]) if path[:1] == ["Resources"] and len(path) > 1 else "",
        message=match.message,
        remedy=f"See {RULE_PAGE}{match.rule.id}",
        level=_LEVELS[str(match.rule.severity)],
    )


@cache
def _runner() -> Any:
    """cfn-lint with its rules loaded: that takes longer than to apply them, and they remember no template."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(["--config-file", os.devnull]))
