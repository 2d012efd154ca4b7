"""The templates of a folder, deployed in each account that records are of and compiled once."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import RecordError
from cfn_breakglass.analysis.eventbridge.rules import Rule
from cfn_breakglass.analysis.iam.principals import is_account, not_an_account
from cfn_breakglass.analysis.replay.results import Question
from cfn_breakglass.analysis.simulator.simulator import Simulator, deploy_pair
from cfn_breakglass.analysis.template.reader import FailedAssertionError
from cfn_breakglass.analysis.template.template_files import TemplateFile
from cfn_breakglass.errors import TemplateError

# An account is 17 stacks in memory, about 1 MiB.
_ACCOUNTS = 64


class Account(NamedTuple):
    """The templates in an account: the rules that watch each region, or why the templates refuse the account."""

    simulator: Simulator | None
    watching: dict[str, list[Rule]]
    refusal: str = ""


class Accounts:
    """Every account there is, as far as a question goes; TemplateError or RecordError for what it cannot ask."""

    def __init__(self, question: Question, plans: tuple[TemplateFile, TemplateFile]) -> None:
        self._question = question
        self._plans = plans
        self.of = lru_cache(_ACCOUNTS)(self._deployed)
        if question.account and not is_account(question.account):
            raise RecordError(not_an_account(question.account))
        probe = Simulator(deploy_pair(*plans, account=question.account or plans[0].coverage.account_or_example))
        self.regions = probe.regions
        # No record is ever of the others: they are about events of our own, such as the heartbeat.
        self.detections = list(dict.fromkeys(rule.detection for rule in probe.rules if rule.accepts_aws_events))
        self.fields = {name for rule in probe.rules for name in rule.pattern.fields}
        if unknown := sorted(question.detections - {rule.detection for rule in probe.rules}):
            known = ", ".join(self.detections)
            raise TemplateError(f"{unknown[0]} is no detection of the templates\n  they have {known}")

    def _deployed(self, account: str) -> Account:
        if not is_account(account):
            raise RecordError("it does not say which account it is of; give that with --account")
        try:
            simulator = Simulator(deploy_pair(*self._plans, account=account))
        except FailedAssertionError as error:
            return Account(None, {}, str(error))
        return Account(simulator, {region: simulator.watching(region) for region in simulator.regions})
