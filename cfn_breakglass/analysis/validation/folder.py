"""The files of a folder, judged as AWS would judge them in every region that they are deployed to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain, product
from pathlib import Path
from typing import NamedTuple

from cfn_breakglass.analysis.template.reader import Stack
from cfn_breakglass.analysis.template.stacksets import stackset_templates
from cfn_breakglass.analysis.template.template_files import CoveredOrganization, read_template_files
from cfn_breakglass.analysis.validation.alert_path import CANNOT_TELL, judge
from cfn_breakglass.analysis.validation.alert_path_findings import alert_path_findings, findings_of
from cfn_breakglass.analysis.validation.cfn_lint import known_regions, lint
from cfn_breakglass.analysis.validation.event_rules import invalid_rules
from cfn_breakglass.analysis.validation.finding import Finding
from cfn_breakglass.analysis.validation.finding_rules import make_finding
from cfn_breakglass.analysis.validation.guard_scp import FILE_NAME, scp_findings
from cfn_breakglass.analysis.validation.judged_template import JudgedTemplate, judged_file, judged_stackset
from cfn_breakglass.analysis.validation.limits_exceeded import limits_exceeded
from cfn_breakglass.analysis.validation.trail import trail_problems


class CheckedFile(NamedTuple):
    """A file and the number of regions that it is deployed to; None for the SCP, which goes to no region."""

    file: str
    regions: int | None


class Validation(NamedTuple):
    """What is wrong with the files of a folder, in the order of files and lines, and which files these are."""

    findings: list[Finding]
    files: list[CheckedFile]

    @property
    def exit_code(self) -> int:
        """0 if nothing is wrong, 1 if something is, 2 if nothing is known to be wrong and something is not known."""
        levels = {finding.level for finding in self.findings}
        return 1 if levels - {"note"} else 2 if levels else 0


def validate_folder(folder: Path) -> Validation:
    """Judge the templates in ``folder``, YAML or JSON, and the guard SCP; TemplateError if one cannot be read.

    Only main-region and stackset have to be there: nobody has to deploy the others, or to attach the SCP.
    """
    templates = [judged_file(template_file) for template_file in read_template_files(folder)]
    files = [CheckedFile(template.file, len(template.regions)) for template in templates]
    findings = _findings(templates)
    if (path := folder / FILE_NAME).exists():
        files.append(CheckedFile(str(path), None))
        findings += scp_findings(path)
    order = {checked.file: index for index, checked in enumerate(files)}
    in_order = sorted(dict.fromkeys(findings), key=lambda finding: (order[finding.file], finding.line))
    return Validation(in_order, files)


def _findings(templates: list[JudgedTemplate]) -> list[Finding]:
    findings: list[Finding] = []
    rolled_out = {stem: _of_stem(templates, stem) for stem in ("stackset", "accounts")}
    inner_templates: defaultdict[tuple[str, str], list[JudgedTemplate]] = defaultdict(list)
    for template in templates:
        for inner in _stackset_templates(template, rolled_out["stackset"][0].account):
            # Only accounts has roles: no region but the main one makes any.
            stem = "accounts" if rolled_out["accounts"] and _makes_roles(inner) else "stackset"
            twins = [twin for twin in rolled_out[stem] if twin.template == inner.template]
            findings += _differences(template, inner, twins, stem)
            # What is the same data as a file is judged as that file, once.
            if not twins:
                inner_templates[template.name, stem].append(inner)
    judged = [*templates, *chain.from_iterable(inner_templates.values())]
    own_findings = {template.name: _own_findings(template) for template in judged}
    findings += chain.from_iterable(own_findings.values())
    for main in _of_stem(templates, "main-region"):
        files = {stem: _deployed_with(main, of_stem) for stem, of_stem in rolled_out.items()}
        in_stack_sets = {stem: inner_templates[main.name, stem] or files[stem] for stem in files}
        for deployed in (files, in_stack_sets) if in_stack_sets != files else (files,):
            for_accounts: list[JudgedTemplate | None] = [*deployed["accounts"]]
            for stackset, accounts in product(deployed["stackset"], for_accounts or [None]):
                findings += _together(main, stackset, accounts, own_findings)
    return findings


def _together(
    main: JudgedTemplate,
    stackset: JudgedTemplate,
    accounts: JudgedTemplate | None,
    own_findings: Mapping[str, list[Finding]],
) -> list[Finding]:
    """What is wrong with templates that are deployed together, beside what is wrong with each for itself."""
    others = [template for template in (accounts, stackset) if template]
    if mismatches := [finding for template in others for finding in _mismatches(main, template)]:
        return mismatches
    is_valid = not any(own_findings[template.name] for template in (main, *others))
    with _forgiving(is_valid=is_valid):
        # What makes a template invalid is also what cannot be judged in it.
        path_findings = alert_path_findings(main, stackset, accounts)
        return [finding for finding in path_findings if is_valid or finding.rule_id != CANNOT_TELL]
    return []


def _mismatches(main: JudgedTemplate, other: JudgedTemplate) -> Iterator[Finding]:
    """Templates of different configs: one forwards to another hub, or lets another organization in, than the other."""
    if main.organization != other.organization:
        here, there = other.organization, main.organization
        message = f"It is for {_words_for(here, there)}, and main-region is for {_words_for(there, here)}"
        yield other.locate(
            make_finding("organization-differs", other.file, line=other.line_of("Metadata"), message=message)
        )


def _words_for(organization: CoveredOrganization | None, other: CoveredOrganization | None) -> str:
    """What templates are for, with the units only where nothing else tells it from ``other``."""
    if not organization:
        return "one account"
    words = f"the organization {organization.id} with the hub {organization.hub}"
    is_same = other and other._replace(units=organization.units) == organization
    return f"{words} and the units {', '.join(organization.units)}" if is_same else words


def _of_stem(templates: list[JudgedTemplate], stem: str) -> list[JudgedTemplate]:
    return [template for template in templates if Path(template.file).stem == stem]


def _deployed_with(main: JudgedTemplate, stacksets: list[JudgedTemplate]) -> list[JudgedTemplate]:
    """Where a folder holds both forms, YAML goes with YAML and JSON with JSON."""
    same_form = [template for template in stacksets if Path(template.file).suffix == Path(main.file).suffix]
    return same_form or stacksets


def _stackset_templates(template: JudgedTemplate, account: str) -> Iterator[JudgedTemplate]:
    """The templates inside the stack sets of a template; stack sets are in the main region only."""
    for stack in template.stacks.values():
        for inner in stackset_templates(stack, template.file):
            yield judged_stackset(inner, template, account)


def _makes_roles(template: JudgedTemplate) -> bool:
    return any(resource["Type"] == "AWS::IAM::Role" for resource in template.template["Resources"].values())


def _differences(
    outer: JudgedTemplate, inner: JudgedTemplate, twins: list[JudgedTemplate], stem: str
) -> Iterator[Finding]:
    about = ", ".join(inner.regions)
    if not twins:
        line, resource = inner.stackset_line, inner.stackset
        yield make_finding("stackset-template-differs", outer.file, line=line, resource=resource, about=stem)
    elif set(inner.regions) != set(twins[0].regions):
        yield make_finding(
            "stackset-regions-differ", outer.file, line=inner.stackset_line, resource=inner.stackset, about=about
        )


def _own_findings(template: JudgedTemplate) -> list[Finding]:
    """What is wrong with a template for itself, in all its regions."""
    if not template.regions:
        return []
    findings = [
        template.locate(finding) for finding in lint(template.text, template.file, known_regions(template.regions))
    ]
    with _forgiving(is_valid=not findings):
        for stack in template.stacks.values():
            findings += _refusals(template, stack)
            for trail in stack.of_type("AWS::CloudTrail::Trail"):
                occurrences = judge(stack, trail, partial(trail_problems, stack, trail))
                findings += findings_of(occurrences, template)
    return list(dict.fromkeys(findings))


def _refusals(template: JudgedTemplate, stack: Stack) -> Iterator[Finding]:
    """What AWS refuses to make in a region."""
    for excess in limits_exceeded(stack, template.text):
        resource = excess.part if excess.part in stack.resources else ""
        finding = make_finding(
            "limit-exceeded",
            template.file,
            line=template.line_of(excess.part),
            resource=resource,
            message=str(excess),
            about=excess.limit.source,
        )
        yield template.locate(finding)
    for invalid in invalid_rules(stack):
        line = template.line_of(invalid.logical_id)
        yield template.locate(
            make_finding(
                invalid.rule_id, template.file, line=line, resource=invalid.logical_id, message=invalid.message
            )
        )


@contextmanager
def _forgiving(*, is_valid: bool) -> Iterator[None]:
    """Let a template be judged as far as that goes if AWS refuses it anyway: it may lack what every other has."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError):
        if is_valid:
            raise
