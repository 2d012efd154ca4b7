"""The templates of a folder, deployed in every account that has records.

An account that the templates do not name is like any other: what happens in it is what happens in the account
``ANY_ACCOUNT``, with its own ID. So the templates are deployed and compiled once for all such accounts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache, cached_property, lru_cache, partial
from typing import Any

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import RecordError
from cfn_breakglass.analysis.eventbridge.pattern import Pattern
from cfn_breakglass.analysis.eventbridge.stack_rules import Rule
from cfn_breakglass.analysis.history.prefilter import ANY_ACCOUNT, RecordFilter
from cfn_breakglass.analysis.iam.principals import is_account, not_an_account
from cfn_breakglass.analysis.replay.results import ReplayOptions
from cfn_breakglass.analysis.simulator.simulator import AccountStacks, Delivery, DetectionPath, Simulator, deploy
from cfn_breakglass.analysis.template.reader import FailedAssertionError
from cfn_breakglass.analysis.template.template_files import TemplateSet
from cfn_breakglass.errors import TemplateError

_MAX_ACCOUNTS = 16_384
# Each is 17 stacks in memory, about 1 MiB.
_MAX_DEPLOYMENTS = 16


class UnknownAccountError(RecordError):
    """A record does not say its account, and no account is set for all records."""


class Deployment:
    """The templates, deployed in an account; ``rejection`` is why they cannot be."""

    def __init__(self, templates: TemplateSet, account: str) -> None:
        self.account = account
        self.rejection = ""
        deployed = AccountStacks({})
        try:
            deployed = deploy(templates, account)
        except FailedAssertionError as error:
            self.rejection = str(error)
        self.simulator = Simulator(*deployed)
        self.regions = frozenset(deployed.stacks)
        self.fields = {field for rule in self.simulator.rules for field in rule.pattern.fields}
        # One filter for all regions, of which most have the same patterns.
        first_rules = [rule for region in deployed.stacks for rule in self.simulator.watching(region)]
        patterns = dict.fromkeys((rule.pattern, _patterns(self.simulator.rules_after(rule))) for rule in first_rules)
        next_filter = cache(_filter)
        self.may_match = RecordFilter((pattern, next_filter(after)) for pattern, after in patterns).may_match

    @cached_property
    def paths(self) -> dict[str, list[DetectionPath]]:
        """Every path of an event, by the region that it begins in."""
        return {region: self.simulator.paths(region) for region in self.simulator.regions}


class Accounts:
    """The accounts of records, and what an event sets off in them.

    TemplateError or RecordError for options that do not fit the templates.
    """

    def __init__(self, options: ReplayOptions, templates: TemplateSet) -> None:
        self._templates = templates
        self.deployment = lru_cache(_MAX_ACCOUNTS)(self._deployment)
        self.own_deployment = lru_cache(_MAX_DEPLOYMENTS)(partial(Deployment, templates))
        if options.account and not is_account(options.account):
            raise RecordError(not_an_account(options.account))
        # Templates for one account cannot be deployed in another.
        self.example = self.deployment(options.account or templates.main_region.coverage.account_or_example)
        if self.example.rejection:
            raise FailedAssertionError(self.example.rejection)
        self.regions, self.fields = self.example.simulator.regions, self.example.fields
        if options.detections and (unknown := sorted(options.detections - self._all_detections())):
            detections = ", ".join(self.detections)
            raise TemplateError(f"{unknown[0]} is not a detection of the templates\n  they have {detections}")

    @cached_property
    def detections(self) -> list[str]:
        """The detections that a record can set off, unlike the heartbeat."""
        paths = [path for paths in self.example.paths.values() for path in paths]
        return list(dict.fromkeys(path.rule.detection for path in paths if path.accepts_aws_events))

    def run(self, event: Mapping[str, Any], account: str) -> list[Delivery]:
        """The deliveries that an event causes where the templates are deployed in ``account``."""
        deployment, event = self.placed(event, account)
        deliveries = deployment.simulator.run(event)
        if deployment.account == account:
            return deliveries
        return [Delivery(**_replaced(vars(delivery), ANY_ACCOUNT, account)) for delivery in deliveries]

    def placed(self, event: Mapping[str, Any], account: str) -> tuple[Deployment, Mapping[str, Any]]:
        """The deployment that stands for ``account``, and the event as it would be there."""
        deployment = self.deployment(account)
        if deployment.account != account and ANY_ACCOUNT in json.dumps(event):
            deployment = self.own_deployment(account)
        return deployment, event if deployment.account == account else _replaced(event, account, ANY_ACCOUNT)

    def _deployment(self, account: str) -> Deployment:
        if not is_account(account):
            raise UnknownAccountError("it does not say its account")
        is_named = any(template_file and account in template_file.text for template_file in self._templates)
        return self.own_deployment(account if is_named else ANY_ACCOUNT)

    def _all_detections(self) -> set[str]:
        return {path.rule.detection for paths in self.example.paths.values() for path in paths}


def _patterns(rules: Iterable[Rule]) -> frozenset[Pattern]:
    return frozenset(rule.pattern for rule in rules)


def _filter(patterns: frozenset[Pattern]) -> RecordFilter | None:
    return RecordFilter((pattern, None) for pattern in patterns) if patterns else None


def _replaced(value: Any, old: str, new: str) -> Any:
    """The same data, with every text ``old`` in it, also inside of texts, replaced."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, dict):
        return {_replaced(key, old, new): _replaced(child, old, new) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_replaced(child, old, new) for child in value)
    return value
