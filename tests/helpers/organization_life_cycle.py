"""The calls that roll a config out to an organization: a person's in the hub, and CloudFormation's in every account.

Every rule exists all the time, so that nothing can alert more often than this says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from deployments import template_files
from fresh_stacks import deployed
from life_cycle import OF_ORGANIZATION, PERSON, STACK, WITH_SERVICE_ROLE, Call, Caller, changed_stack, created, deleted
from samples import ACCOUNT
from template_data import resources_of

from cfn_breakglass import config_of, output_files
from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.simulator.simulator import Simulator, deploy
from cfn_breakglass.analysis.template.reader import Resource, Stack

_ID: Final = "708e15e2-c31e-54d0-a606-566573747aa5"
_SETS: Final = {"accounts": f"{STACK}-accounts", "stackset": STACK}
"""Template -> the stack set that rolls it out."""
_PARTS: Final = ("StackSet", "StackInstances")

Calls = list[tuple[Caller, Call]]


class OrganizationLifeCycle:
    """What a config makes in the accounts of its organization, and the calls that make, change and remove it.

    Of a call, CloudTrail's record is that of ``account``.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        files = output_files(config_of(settings))
        self.texts = {name: files[f"{name}.yaml"] for name in ("main-region", *_SETS)}
        self._templates = template_files(*(self.texts[name] for name in ("main-region", "stackset", "accounts")))
        self.main, others, _, organization = self._templates.main_region.coverage
        assert organization
        self.hub = organization.hub
        self._regions = {"main-region": [self.main], "accounts": [self.main], "stackset": [self.main, *others]}
        self._simulators: dict[str, Simulator] = {}

    def alerts(self, account: str, calls: Calls) -> list[Call]:
        """The calls that notify somebody, once for each notification of the alert topic."""
        return [call for caller, call in calls for _ in range(self.notified(account, caller, call))]

    def notified(self, account: str, caller: Caller, call: Call, **fields: str) -> int:
        """How often the alert topic of the hub is notified of a call, with some fields of its record changed."""
        if account not in self._simulators:
            self._simulators[account] = Simulator(*deploy(self._templates, account))
        record = json.loads(json.dumps(caller.record(call) | fields).replace(ACCOUNT, account))
        attempts = self._simulators[account].attempts(event_from_record(record))
        topic = f":{self.hub}:{STACK}-alerts"
        return sum(one.target.arn.endswith(topic) for one in attempts if one.verdict.problem is None)

    def creation(self, account: str) -> Calls:
        """Create everything of an account; in the hub, the stack sets too."""
        by_person = [("CreateStack", STACK), *self._by_hand(*(f"Create{part}" for part in _PARTS))]
        return self._made(account, by_person, "CreateStack", self._each(created))

    def removal(self, account: str) -> Calls:
        """Remove everything of an account; in the hub, the stack sets too."""
        by_person = [*self._by_hand(*(f"Delete{part}" for part in reversed(_PARTS))), ("DeleteStack", STACK)]
        return self._made(account, by_person, "DeleteStack", self._each(deleted))

    def update(self, account: str, new: OrganizationLifeCycle) -> Calls:
        """Update every stack of an account to the templates of ``new``; in the hub, the stack sets too."""
        by_person = [("UpdateStack", STACK), *self._by_hand("UpdateStackSet")]

        def changes(template: str, stack: Stack) -> list[Call]:
            changed = new.stack(template, account, stack.region)
            return changed_stack(stack, resources_of(self.texts[template]), changed)

        return self._made(account, by_person, "UpdateStack", changes)

    def _made(
        self,
        account: str,
        by_person: list[tuple[str, str]],
        of_instance: str,
        calls: Callable[[str, Stack], list[Call]],
    ) -> Calls:
        made: Calls = []
        if account == self.hub:
            made += [(PERSON, self._about(name, target)) for name, target in by_person]
            stack = self.stack("main-region", account, self.main)
            made += [(WITH_SERVICE_ROLE, call) for call in calls("main-region", stack)]
        for template, stack_set in _SETS.items():
            for region in self._regions[template]:
                instance = {"stackName": f"StackSet-{stack_set}-{_ID}"}
                made.append((OF_ORGANIZATION, Call("cloudformation", of_instance, instance, region)))
                stack = self.stack(template, account, region)
                made += [(OF_ORGANIZATION, call) for call in calls(template, stack)]
        return made

    def _by_hand(self, *names: str) -> list[tuple[str, str]]:
        """These calls about each stack set; none if the main stack makes the stack sets."""
        is_managed = bool(self.stack("main-region", self.hub, self.main).of_type("AWS::CloudFormation::StackSet"))
        return [] if is_managed else [(name, stack_set) for stack_set in _SETS.values() for name in names]

    def stack(self, template: str, account: str, region: str) -> Stack:
        """The stack that a template makes in an account and a region."""
        return deployed(self.texts[template], template, region, account)

    def _about(self, name: str, target: str) -> Call:
        parameter = "stackName" if name.endswith("Stack") else "stackSetName"
        return Call("cloudformation", name, {parameter: target}, self.main)

    def _each(self, handler: Callable[[Stack, Resource], Iterable[Call]]) -> Callable[[str, Stack], list[Call]]:
        return lambda _, stack: [call for one in stack.resources.values() for call in handler(stack, one)]
