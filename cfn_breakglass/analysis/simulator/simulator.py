"""Which deliveries an event causes, forwards from region to region followed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import too_large
from cfn_breakglass.analysis.eventbridge.input_transformer import UndeliverableError
from cfn_breakglass.analysis.eventbridge.rules import Rule, Target, bus_arn, rules_of
from cfn_breakglass.analysis.simulator.alarm_delivery import alarm_problems
from cfn_breakglass.analysis.simulator.delivery_permissions import Verdict, can_deliver, can_forward, can_notify
from cfn_breakglass.analysis.template.reader import Stack, resolve
from cfn_breakglass.analysis.template.template_files import TemplateFile
from cfn_breakglass.aws import limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOO_LARGE = f"the event is over {limits.EVENT.maximum // 1024} KB, and such events do not reach EventBridge"


@dataclass(frozen=True)
class Delivery:
    """Somebody told, or lost: what one target of one rule got of an event.

    ``kind`` is topic, log, queue, or bus for an event lost on its way to another bus; ``region`` is
    that of the rule; ``problem`` says why AWS would drop it, None when it arrives. ``assumed_allowed`` are
    the ARNs it passed that no template of ours makes, such as a forwarder role: taken to let it pass.
    """

    detection: str
    rule: str
    region: str
    target: str
    kind: str
    message: str
    subscribers: tuple[tuple[str, str], ...] = ()
    problem: str | None = None
    assumed_allowed: tuple[str, ...] = ()


class Simulator:
    """The rules of an account, by region: its stacks, all of one account."""

    def __init__(self, stacks: Mapping[str, Stack]) -> None:
        self._stacks = stacks
        self._rules: defaultdict[str, list[Rule]] = defaultdict(list)
        for stack in stacks.values():
            for rule in rules_of(stack):
                self._rules[rule.bus].append(rule)
        made = {bus.arn for stack in stacks.values() for bus in stack.of_type("AWS::Events::EventBus")}
        defaults = {bus_arn(stack, "default") for stack in stacks.values()}
        # A bus of somebody else is known by the rules we put on it.
        self._buses = made | defaults | set(self._rules)
        # What the policies say does not change from event to event.
        self._told: dict[tuple[str, int], Verdict] = {}
        self._forwarded: dict[tuple[str, int, str, str], Verdict] = {}

    @property
    def regions(self) -> list[str]:
        """The regions that a template covers."""
        return list(self._stacks)

    @property
    def rules(self) -> list[Rule]:
        """Every rule, on whatever bus."""
        return [rule for rules in self._rules.values() for rule in rules]

    def watching(self, region: str) -> list[Rule]:
        """The rules that see an event first: those on the default bus of ``region``."""
        stack = self._stacks.get(region)
        return self._rules[bus_arn(stack, "default")] if stack else []

    def run(self, event: Mapping[str, Any]) -> list[Delivery]:
        """Let an EventBridge event arrive at the default bus of its region."""
        region = event.get("region")
        stack = self._stacks.get(region) if isinstance(region, str) else None
        told = list(self._arrive(bus_arn(stack, "default"), event)) if stack else []
        # It is asked last: to measure an event takes time.
        return [replace(one, problem=_TOO_LARGE) for one in told] if told and too_large(event) else told

    def dead_letter_problems(self) -> list[str]:
        """Why what a rule fails to deliver would not be kept in the dead-letter queue of its target."""
        verdicts = [
            can_notify(self._stacks[rule.region], rule, Target("queue", target.dead_letters))
            for rule in self.rules
            for target in rule.targets
            if target.dead_letters
        ]
        return [verdict.problem for verdict in verdicts if verdict.problem]

    def alarm_problems(self) -> list[str]:
        """Why a failure on the way would raise no alarm, or an alarm would tell nobody of those it should."""
        found: list[str] = []
        buses = {bus for bus, rules in self._rules.items() if rules}
        for region, stack in self._stacks.items():
            targets = [target for rule in self.rules if rule.region == region for target in rule.targets]
            queues = {target.dead_letters for target in targets if target.dead_letters}
            found += alarm_problems(stack, buses, queues)
        return found

    def _arrive(
        self, bus: str, event: Mapping[str, Any], *, forwarded: bool = False, assumed_allowed: tuple[str, ...] = ()
    ) -> Iterator[Delivery]:
        for rule in self._rules.get(bus, []):
            if rule.takes(event):
                for target in rule.targets:
                    if target.kind != "bus":
                        yield self._tell(rule, target, event, assumed_allowed)
                    elif forwarded:
                        problem = f"it arrived from another bus, and is not forwarded again to {target.arn}"
                        yield _delivery(rule, target, event, Verdict(problem, assumed_allowed))
                    else:
                        yield from self._forward(rule, target, event)

    def _tell(self, rule: Rule, target: Target, event: Mapping[str, Any], assumed_allowed: tuple[str, ...]) -> Delivery:
        stack = self._stacks[rule.region]
        key = (rule.arn, id(target))
        if key not in self._told:
            self._told[key] = can_deliver(stack, rule, target)
        problem, more = self._told[key]
        return _delivery(
            rule,
            target,
            event,
            Verdict(problem, assumed_allowed + more),
            _subscribers(stack, target.arn),
        )

    def _forward(self, rule: Rule, target: Target, event: Mapping[str, Any]) -> Iterator[Delivery]:
        key = (rule.arn, id(target), str(event.get("source")), str(event.get("detail-type")))
        if key not in self._forwarded:
            self._forwarded[key] = can_forward(self._stacks.values(), rule, target, event)
        problem, assumed_allowed = self._forwarded[key]
        if problem is None and target.arn not in self._buses:
            problem = f"no template makes the bus {target.arn} or puts a rule on it"
        if problem is None:
            arrived = list(self._arrive(target.arn, event, forwarded=True, assumed_allowed=assumed_allowed))
            yield from arrived
            problem = None if arrived else f"no rule on the bus {target.arn} takes it"
        if problem:
            yield _delivery(rule, target, event, Verdict(problem, assumed_allowed))


def deploy_pair(main: TemplateFile, others: TemplateFile, *, account: str) -> dict[str, Stack]:
    """Deploy two templates: a stack per region, that of the main region first."""
    stacks = {}
    for plan, regions in ((main, [main.coverage.main_region]), (others, main.coverage.regions)):
        for region in regions:
            stacks[region] = resolve(plan.template, account=account, region=region, file=plan.file)
    return stacks


def _delivery(
    rule: Rule,
    target: Target,
    event: Mapping[str, Any],
    verdict: Verdict,
    subscribers: tuple[tuple[str, str], ...] = (),
) -> Delivery:
    problem, assumed_allowed = verdict
    try:
        message = target.message(event, rule)
    except UndeliverableError as error:
        message, problem = "", problem or str(error)
    return Delivery(
        detection=rule.detection,
        rule=rule.name,
        region=rule.region,
        target=target.arn,
        kind=target.kind,
        message=message,
        subscribers=subscribers,
        problem=problem,
        assumed_allowed=assumed_allowed,
    )


def _subscribers(stack: Stack, topic: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (subscription.properties["Protocol"], subscription.properties["Endpoint"])
        for subscription in stack.of_type("AWS::SNS::Subscription")
        if subscription.properties.get("TopicArn") == topic
    )
