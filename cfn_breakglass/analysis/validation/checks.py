"""What AWS would say to a template: its limits over a Stack, cfn-lint over the text."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.eventbridge.pattern import compile_pattern
from cfn_breakglass.analysis.validation.limits_exceeded import measures
from cfn_breakglass.aws import limits
from cfn_breakglass.errors import PatternError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cfn_breakglass.analysis.template.reader import Resource, Stack
    from cfn_breakglass.aws.limits import Limit

_INPUT_KEY = re.compile(r"(?!AWS)[A-Za-z0-9]+")


@dataclass(frozen=True)
class Excess:
    """Something in a stack that is bigger than AWS allows."""

    limit: Limit
    logical_id: str
    size: int

    def __str__(self) -> str:
        what, allowed = self.limit.what, f"{self.limit.maximum} {self.limit.unit}"
        return f"{self.logical_id}: {what}: {self.size}, AWS allows {allowed} ({self.limit.source})"


@dataclass(frozen=True)
class Flaw:
    """Something in a stack that AWS would refuse whatever its size."""

    logical_id: str
    what: str

    def __str__(self) -> str:
        return f"{self.logical_id}: {self.what}"


@dataclass(frozen=True)
class Finding:
    """What cfn-lint says of a line of a template; ``severity`` is error, warning or informational."""

    file: str
    line: int
    rule: str
    message: str
    severity: str

    def __str__(self) -> str:
        return f"{self.file}: line {self.line}: {self.rule} {self.message}"


def limits_exceeded(stack: Stack, body: str | None = None) -> list[Excess]:
    """Everything over a limit of ``limits.py``; ``body`` is the text of the template, to be measured too."""
    found = [Excess(limit, logical_id, size) for limit, logical_id, size in measures(stack)]
    if body is not None:
        found.append(Excess(limits.TEMPLATE, "Template", len(body.encode())))
    return [excess for excess in found if excess.size > excess.limit.maximum]


def flaws(stack: Stack) -> list[Flaw]:
    """Every event pattern that EventBridge would not take, and every name of an input path."""
    rules = stack.of_type("AWS::Events::Rule")
    return [Flaw(rule.logical_id, what) for rule in rules for what in _flaws(rule)]


def _flaws(rule: Resource) -> Iterator[str]:
    try:
        if "EventPattern" in rule.properties:
            compile_pattern(rule.properties["EventPattern"])
    except PatternError as error:
        yield str(error)
    for target in rule.properties.get("Targets", []):
        for key in target.get("InputTransformer", {}).get("InputPathsMap", {}):
            if not _INPUT_KEY.fullmatch(key):
                yield f"the input path {key!r} needs a name of letters and digits that does not start with AWS"


def lint(text: str, file: str, regions: Sequence[str], *, informational: bool = False) -> list[Finding]:
    """Ask cfn-lint about ``text`` as it would run in ``regions``, in the order of the lines.

    No error or warning is suppressed: not by a .cfnlintrc nearby, nor by the Metadata of the template. Its
    ``informational`` rules are matters of taste, and Metadata is heard on them. A region that cfn-lint does not know,
    or none at all, is a TemplateError.
    """
    # Slow to import, and only this command needs it.
    from cfnlint.config import ConfigMixIn
    from cfnlint.decode import decode_str
    from cfnlint.helpers import REGIONS

    unknown = sorted(set(regions) - set(REGIONS))
    if unknown or not regions:
        raise TemplateError(f"{file}: cfn-lint needs regions it knows, not {unknown}")
    template, matches = decode_str(text)
    if template is not None:
        checks = {"mandatory_checks": ["E", "W"], "include_checks": ["I"] if informational else []}
        runner = _runner()
        runner.config = ConfigMixIn(["--config-file", os.devnull], regions=list(regions), **checks)
        matches = list(runner.validate_template(template))
    found = [
        Finding(file, match.linenumber, match.rule.id, match.message, str(match.rule.severity)) for match in matches
    ]
    return sorted(found, key=lambda finding: (finding.line, finding.rule, finding.message))


@cache
def _runner() -> Any:
    """cfn-lint with its rules loaded: that takes longer than to apply them, and they remember no template."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(["--config-file", os.devnull]))
