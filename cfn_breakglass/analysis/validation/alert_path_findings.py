"""Findings of problems that occur in many regions: one for each resource to change."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from cfn_breakglass.analysis.simulator.simulator import AccountStacks, stacks_in_organization
from cfn_breakglass.analysis.validation.alert_path import Occurrence, alert_path_problems
from cfn_breakglass.analysis.validation.finding import Finding
from cfn_breakglass.analysis.validation.finding_rules import make_finding
from cfn_breakglass.analysis.validation.judged_template import JudgedTemplate
from cfn_breakglass.text_layout import join_words

_ACCOUNT_ID = re.compile(r"\b[0-9]{12}\b")
_MAX_NAMES = 3
"""How many names a sentence lists."""


def alert_path_findings(
    main: JudgedTemplate, stackset: JudgedTemplate, accounts: JudgedTemplate | None = None
) -> list[Finding]:
    """What is wrong between an event and its subscribers; with ``accounts``, in an organization."""
    deployed = _deployed(main, stackset, accounts)
    occurrences = chain.from_iterable(alert_path_problems(*account_stacks) for account_stacks in deployed)
    return findings_of(occurrences, *filter(None, (main, stackset, accounts)))


def _deployed(
    main: JudgedTemplate, stackset: JudgedTemplate, accounts: JudgedTemplate | None
) -> Iterator[AccountStacks]:
    """The account of the templates; of an organization, an account that is not the hub, and the hub."""
    if not accounts or not (organization := main.organization):
        yield AccountStacks({**main.stacks, **stackset.stacks})
        return
    (hub,) = main.stacks.values()
    for account in (accounts.account, hub.account):
        (of_account,) = replace(accounts, account=account).stacks.values()
        stacks = replace(stackset, account=account).stacks
        yield stacks_in_organization(hub, stacks, of_account, organization.id)


def findings_of(occurrences: Iterable[Occurrence], *templates: JudgedTemplate) -> list[Finding]:
    """One finding for each resource and kind of problem in the ``templates``.

    A forwarder role that no rule of 33 regions may assume is one finding about the role, which lists some of them. So
    is what occurs in several accounts, whichever of them it is about.
    """
    groups = defaultdict(list)
    for occurrence in occurrences:
        problem = occurrence.problem
        about = _ACCOUNT_ID.sub("", problem.about)
        groups[problem.code, problem.template, problem.logical_id, about].append(occurrence)
    by_name = {template.name: template for template in templates}
    return [_finding(group, by_name) for group in groups.values()]


def _finding(group: list[Occurrence], templates: Mapping[str, JudgedTemplate]) -> Finding:
    first = group[0]
    problem = first.problem
    located = problem if problem.logical_id else first
    template, resource = templates[located.template], located.logical_id
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
