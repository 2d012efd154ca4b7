"""A template that is judged: its stacks in every region, and the line of each part in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cfn_breakglass.analysis.template.line_numbers import LineNumbers
from cfn_breakglass.analysis.template.reader import Stack, resolve
from cfn_breakglass.analysis.template.stacksets import StackSetTemplate
from cfn_breakglass.analysis.template.template_files import CoveredOrganization, TemplateFile, parse_coverage
from cfn_breakglass.analysis.validation.finding import Finding


@dataclass(frozen=True)
class JudgedTemplate:
    """A template in a file, or inside a stack set of a file: ``stackset`` is then the logical ID of that."""

    file: str
    text: str
    template: Mapping[str, Any]
    account: str
    regions: tuple[str, ...]
    stackset: str = ""
    stackset_line: int = 0

    @property
    def name(self) -> str:
        """The name of the template in an error."""
        return f"{self.file}: {self.stackset}" if self.stackset else self.file

    @property
    def organization(self) -> CoveredOrganization | None:
        """The organization that the template is for, as its Metadata say."""
        return parse_coverage(self.template, self.name).organization

    @cached_property
    def stacks(self) -> dict[str, Stack]:
        """The template deployed to each of its regions."""
        return {
            region: resolve(self.template, account=self.account, region=region, file=self.name)
            for region in self.regions
        }

    def line_of(self, part: str) -> int:
        """The line of a resource or a section in the file; of a template in a stack set, that of the stack set."""
        if self.stackset:
            return self.stackset_line
        return self._lines.line_of(*(("Resources", part) if part in self.template["Resources"] else (part,)))

    def locate(self, finding: Finding) -> Finding:
        """A finding in the text of the template, as one in the file."""
        if not self.stackset:
            return finding
        message = f"In the template of {self.stackset}: {finding.message}"
        return replace(finding, line=self.stackset_line, message=message)

    @cached_property
    def _lines(self) -> LineNumbers:
        return LineNumbers(self.text)


def judged_file(template_file: TemplateFile) -> JudgedTemplate:
    """A template file, to be judged."""
    file, text, template, coverage = template_file
    return JudgedTemplate(file, text, template, coverage.account_or_example, template_file.regions)


def judged_stackset(inner: StackSetTemplate, outer: JudgedTemplate, account: str) -> JudgedTemplate:
    """The template inside a stack set of ``outer``, to be judged in an account."""
    return JudgedTemplate(
        outer.file,
        inner.text,
        inner.template,
        account,
        inner.regions,
        inner.logical_id,
        outer.line_of(inner.logical_id),
    )
