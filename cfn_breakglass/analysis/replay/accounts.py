"""The templates of a folder, deployed in every account that has records, and compiled once per account."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import RecordError
from cfn_breakglass.analysis.eventbridge.stack_rules import Rule
from cfn_breakglass.analysis.iam.principals import is_account, not_an_account
from cfn_breakglass.analysis.replay.results import ReplayOptions
from cfn_breakglass.analysis.simulator.simulator import DetectionPath, Simulator, deploy_pair
from cfn_breakglass.analysis.template.reader import FailedAssertionError
from cfn_breakglass.analysis.template.template_files import TemplateFile
from cfn_breakglass.errors import TemplateError

# An account is 17 stacks in memory, about 1 MiB.
_MAX_ACCOUNTS = 64


class UnknownAccountError(RecordError):
    """A record does not say its account, and no account is set for all records."""


class Account(NamedTuple):
    """The rules on the default bus of each region of an account, and the paths that begin there, by region.

    ``rejection`` is why the templates cannot be deployed in the account.
    """

    simulator: Simulator | None
    rules_by_region: dict[str, list[Rule]]
    paths: dict[str, list[DetectionPath]]
    rejection: str = ""


class Accounts:
    """The accounts of the records, each with the templates deployed in it when its first record comes.

    TemplateError or RecordError for options that do not fit the templates.
    """

    def __init__(self, options: ReplayOptions, templates: tuple[TemplateFile, TemplateFile]) -> None:
        self._templates = templates
        self.get = lru_cache(_MAX_ACCOUNTS)(self._deploy)
        if options.account and not is_account(options.account):
            raise RecordError(not_an_account(options.account))
        example = Simulator(
            deploy_pair(*templates, account=options.account or templates[0].coverage.account_or_example)
        )
        self.regions = example.regions
        paths = [path for region in example.regions for path in example.paths(region)]
        # What events of our own take, such as the heartbeat, is open to no record.
        self.detections = list(dict.fromkeys(path.rule.detection for path in paths if path.accepts_aws_events))
        self.fields = {name for rule in example.rules for name in rule.pattern.fields}
        if unknown := sorted(options.detections - {path.rule.detection for path in paths}):
            detections = ", ".join(self.detections)
            raise TemplateError(f"{unknown[0]} is not a detection of the templates\n  they have {detections}")

    def _deploy(self, account: str) -> Account:
        if not is_account(account):
            raise UnknownAccountError("it does not say its account")
        try:
            simulator = Simulator(deploy_pair(*self._templates, account=account))
        except FailedAssertionError as error:
            return Account(None, {}, {}, str(error))
        return Account(
            simulator,
            {region: simulator.watching(region) for region in simulator.regions},
            {region: simulator.paths(region) for region in simulator.regions},
        )
