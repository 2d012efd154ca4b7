"""Findings of problems that occur in many regions: one for each resource to change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from cfn_breakglass.analysis.text_layout import join_words
from cfn_breakglass.analysis.validation.alert_path import Occurrence, alert_path_problems
from cfn_breakglass.analysis.validation.finding import Finding
from cfn_breakglass.analysis.validation.finding_rules import make_finding
from cfn_breakglass.analysis.validation.judged_template import JudgedTemplate

_MAX_NAMES = 3
"""How many names a sentence lists."""


def alert_path_findings(main: JudgedTemplate, others: JudgedTemplate) -> list[Finding]:
    """What is wrong between an event and its subscribers, with the templates of the main and the other regions."""
    templates = {**dict.fromkeys(main.stacks, main), **dict.fromkeys(others.stacks, others)}
    return findings_of(alert_path_problems({**main.stacks, **others.stacks}), templates)


def findings_of(occurrences: Iterable[Occurrence], templates: Mapping[str, JudgedTemplate]) -> list[Finding]:
    """One finding for each resource and kind of problem; ``templates`` are those of the regions.

    A forwarder role that no rule of 33 regions may assume is one finding about the role, which lists some of them.
    """
    groups = defaultdict(list)
    for occurrence in occurrences:
        problem = occurrence.problem
        template = templates[problem.region].name if problem.region else ""
        groups[problem.code, template, problem.logical_id, problem.about].append(occurrence)
    return [_finding(group, templates) for group in groups.values()]


def _finding(group: list[Occurrence], templates: Mapping[str, JudgedTemplate]) -> Finding:
    first = group[0]
    problem = first.problem
    region, resource = (problem.region, problem.logical_id) if problem.logical_id else first[1:]
    template = templates[region]
    finding = make_finding(
        problem.code,
        template.file,
        line=template.line_of(resource),
        resource=resource,
        subjects=join_names([occurrence.logical_id for occurrence in group]),
        regions=join_names([occurrence.region for occurrence in group], "regions"),
        about=problem.about,
        message=problem.message,
    )
    return template.locate(finding)


def join_names(names: Iterable[str], plural: str = "") -> str:
    """Some of the names as a sentence has them: ``a, b, c and 4 more regions``."""
    distinct = list(dict.fromkeys(filter(None, names)))
    if len(distinct) > _MAX_NAMES + 1:
        more = f"{len(distinct) - _MAX_NAMES} more {plural}".rstrip()
        return f"{', '.join(distinct[:_MAX_NAMES])} and {more}"
    return join_words(distinct)
