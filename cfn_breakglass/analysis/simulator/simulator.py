"""Which deliveries an event causes, across the regions that forward it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import is_too_large
from cfn_breakglass.analysis.eventbridge.input_transformer import UndeliverableError
from cfn_breakglass.analysis.eventbridge.stack_rules import Rule, Target, bus_arn, rules_of
from cfn_breakglass.analysis.simulator.delivery_permissions import Verdict, can_deliver, can_forward
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.simulator.subscriptions import subscribers_of
from cfn_breakglass.analysis.template.reader import Stack, merge, resolve
from cfn_breakglass.analysis.template.template_files import TemplateFile, TemplateSet
from cfn_breakglass.aws import limits

_TOO_LARGE = f"the event is over {limits.EVENT.maximum // 1024} KB, and such events do not reach EventBridge"


@dataclass(frozen=True)
class Delivery:
    """What one target of one rule receives of an event, or why it receives nothing.

    ``kind`` is topic, log, queue, or bus for an event lost on its way to another bus: then ``rule`` is the one that
    forwards, and ``detection`` one that would have come of the event. ``region`` is that of the rule.
    ``problem`` is why AWS drops the event, or None. ``assumed_allowed`` are the ARNs that the event passes and that no
    template makes, such as a forwarder role: they are assumed to let it pass.
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


class Attempt(NamedTuple):
    """A rule that matches an event, one of its targets, and whether AWS lets the event reach that.

    ``detection`` is delivered or lost by it.
    """

    rule: Rule
    target: Target
    verdict: Verdict
    detection: str


class DetectionPath(NamedTuple):
    """A rule that notifies or logs, and the edge rules of one region that may forward what it matches to its bus.

    There are none where it ``is_direct``: it stands on the default bus.
    """

    rule: Rule
    edges: tuple[Rule, ...]
    is_direct: bool

    @property
    def accepts_aws_events(self) -> bool:
        """Whether an event of AWS can come this way."""
        return self.rule.accepts_aws_events and (self.is_direct or any(edge.accepts_aws_events for edge in self.edges))


class AccountStacks(NamedTuple):
    """What the templates make in an account: a stack per region, the main one first, of all that is deployed there.

    ``organization`` is the ID of the one that the account is in, empty if it is in none. ``hub`` is the hub's stack if
    the account is another one: the stack to which it forwards.
    """

    stacks: Mapping[str, Stack]
    organization: str = ""
    hub: Stack | None = None


class Simulator:
    """The rules of an account and of its hub, by bus; the arguments are those of ``AccountStacks``."""

    def __init__(self, stacks: Mapping[str, Stack], organization: str = "", hub: Stack | None = None) -> None:
        self._stacks = stacks
        self._organization = organization
        self._hub = hub
        self._every_stack = [*stacks.values(), *([hub] if hub else [])]
        self._rules: defaultdict[str, list[Rule]] = defaultdict(list)
        for stack in self._every_stack:
            for rule in rules_of(stack):
                self._rules[rule.bus].append(rule)
        own_buses = {bus.arn for stack in self._every_stack for bus in stack.of_type("AWS::Events::EventBus")}
        self._default_buses = {bus_arn(stack, "default") for stack in self._every_stack}
        # The rules of the stacks prove that a bus exists which they do not make.
        self._buses = own_buses | self._default_buses | set(self._rules)
        # What the policies say does not change from event to event.
        self._deliverable: dict[tuple[str, int], Verdict] = {}
        self._forwardable: dict[tuple[str, int, str, str], Verdict] = {}

    @property
    def regions(self) -> list[str]:
        """The regions that a template covers."""
        return list(self._stacks)

    @property
    def rules(self) -> list[Rule]:
        """Every rule, whatever its bus; also of the hub."""
        return [rule for rules in self._rules.values() for rule in rules]

    @property
    def has_hub(self) -> bool:
        """Whether the account forwards to another one, the hub."""
        return self._hub is not None

    def stack_of(self, rule: Rule) -> Stack:
        """The stack that makes the rule."""
        return self._hub if self._hub and rule.account == self._hub.account else self._stacks[rule.region]

    def watching(self, region: str) -> list[Rule]:
        """The rules that see an event first: those on the default bus of ``region``."""
        stack = self._stacks.get(region)
        return self._rules[bus_arn(stack, "default")] if stack else []

    def rules_after(self, rule: Rule) -> list[Rule]:
        """The rules one of which has to match an event too, for anything to come of it; none if ``rule`` is enough."""
        rules_by_target = [self._rules.get(target.arn, []) for target in rule.targets]
        return list(chain.from_iterable(rules_by_target)) if all(rules_by_target) else []

    def paths(self, region: str) -> list[DetectionPath]:
        """Every rule that can notify or log of events of ``region``, with the rules there that forward such events."""
        first = self.watching(region)
        edges: defaultdict[str, list[Rule]] = defaultdict(list)
        for rule in first:
            for target in rule.targets:
                if target.kind == "bus":
                    edges[target.arn].append(rule)
        direct = [DetectionPath(rule, (), is_direct=True) for rule in first if not rule.forwards]
        central_rules = [rule for rule in self.rules if rule.bus not in self._default_buses]
        return direct + [
            DetectionPath(
                rule,
                tuple(edge for edge in edges[rule.bus] if edge.pattern.overlaps(rule.pattern)),
                is_direct=False,
            )
            for rule in central_rules
            if not rule.forwards
        ]

    def run(self, event: Mapping[str, Any]) -> list[Delivery]:
        """Let an EventBridge event arrive at the default bus of its region."""
        deliveries = [self._delivery(attempt, event) for attempt in self.attempts(event)]
        # Measured only here, because that takes time.
        if deliveries and is_too_large(event):
            return [replace(delivery, problem=_TOO_LARGE) for delivery in deliveries]
        return deliveries

    def attempts(self, event: Mapping[str, Any]) -> Iterator[Attempt]:
        """Every target that the event reaches or is lost on the way to, whatever its size."""
        region = event.get("region")
        stack = self._stacks.get(region) if isinstance(region, str) else None
        if stack:
            yield from self._arrive(bus_arn(stack, "default"), event)

    def deliverable(self, rule: Rule, target: Target) -> Verdict:
        """Whether the rule can reach a target that is no bus."""
        key = (rule.arn, id(target))
        if key not in self._deliverable:
            self._deliverable[key] = can_deliver(self.stack_of(rule), rule, target)
        return self._deliverable[key]

    def forwardable(self, rule: Rule, target: Target, event: Mapping[str, Any]) -> Verdict:
        """Whether the event can arrive on the bus of the target."""
        key = (rule.arn, id(target), str(event.get("source")), str(event.get("detail-type")))
        if key not in self._forwardable:
            verdict = can_forward(self._every_stack, rule, target, event, self._organization)
            if verdict.problem is None and target.arn not in self._buses:
                message = f"no template makes the bus {target.arn} or puts a rule on it"
                verdict = verdict._replace(problem=DeliveryProblem("bus-missing", message, about=target.arn))
            self._forwardable[key] = verdict
        return self._forwardable[key]

    def untaken(self, event: Mapping[str, Any]) -> Iterator[DeliveryProblem]:
        """The buses to which the event is forwarded and where no rule matches it."""
        for rule in self.watching(str(event.get("region"))):
            for target in rule.targets if rule.fires_on(event) else ():
                central_rules = self._rules.get(target.arn, [])
                if target.kind == "bus" and not any(central.pattern.matches(event) for central in central_rules):
                    message = f"no rule on the bus {target.arn} takes it"
                    yield DeliveryProblem("forward-unmatched", message, about=target.arn)

    def _arrive(
        self, bus: str, event: Mapping[str, Any], *, forwarded: bool = False, assumed_allowed: tuple[str, ...] = ()
    ) -> Iterator[Attempt]:
        for rule in self._rules.get(bus, []):
            if rule.fires_on(event):
                for target in rule.targets:
                    if target.kind != "bus":
                        problem, more = self.deliverable(rule, target)
                        yield Attempt(rule, target, Verdict(problem, assumed_allowed + more), rule.detection)
                    elif forwarded:
                        message = f"it arrived from another bus, and is not forwarded again to {target.arn}"
                        problem = DeliveryProblem("forwarded-again", message, about=target.arn)
                        yield Attempt(rule, target, Verdict(problem, assumed_allowed), rule.detection)
                    else:
                        yield from self._forward(rule, target, event)

    def _forward(self, rule: Rule, target: Target, event: Mapping[str, Any]) -> Iterator[Attempt]:
        """What comes of it, or is lost for every detection that would have come of it.

        An event that arrives and that no rule there matches is not lost: edge rules let more through than is wanted.
        """
        verdict, central_rules = self.forwardable(rule, target, event), self._rules.get(target.arn, [])
        if not central_rules:
            verdict = verdict if verdict.problem else _without_rules(verdict, target)
            yield Attempt(rule, target, verdict, rule.detection)
        elif verdict.problem:
            lost = [central.detection for central in central_rules if central.fires_on(event)]
            yield from (Attempt(rule, target, verdict, detection) for detection in dict.fromkeys(lost))
        else:
            yield from self._arrive(target.arn, event, forwarded=True, assumed_allowed=verdict.assumed_allowed)
            for central in central_rules:
                if central.pattern.matches(event) and not central.fires_on(event):
                    yield Attempt(rule, target, _withheld(verdict, central), central.detection)

    def _delivery(self, attempt: Attempt, event: Mapping[str, Any]) -> Delivery:
        rule, target, verdict, detection = attempt
        problem = verdict.problem and verdict.problem.message
        try:
            message = target.message(event, rule)
        except UndeliverableError as error:
            message, problem = "", problem or str(error)
        return Delivery(
            detection=detection,
            rule=rule.name,
            region=rule.region,
            target=target.arn,
            kind=target.kind,
            message=message,
            subscribers=tuple(subscribers_of(self.stack_of(rule), target.arn)),
            problem=problem,
            assumed_allowed=verdict.assumed_allowed,
        )


def _without_rules(verdict: Verdict, target: Target) -> Verdict:
    message = f"there is no rule on the bus {target.arn}"
    return verdict._replace(problem=DeliveryProblem("forward-unmatched", message, about=target.arn))


def _withheld(verdict: Verdict, rule: Rule) -> Verdict:
    """For a rule whose pattern matches, and to which EventBridge does not deliver in its state."""
    message = f"the rule {rule.name} on the bus {rule.bus} does not receive it: its State is {rule.state}"
    code = "rule-disabled" if rule.state == "DISABLED" else "rule-misses-read-events"
    return verdict._replace(problem=DeliveryProblem(code, message, about=rule.arn))


def deploy(templates: TemplateSet, account: str) -> AccountStacks:
    """Deploy the templates in an account; those of an organization in the hub too, if that is another one."""
    main_region, stackset, accounts = templates
    main, regions, _, organization = main_region.coverage
    if not organization or not accounts:
        others = {region: _stack(stackset, account, region) for region in regions}
        return AccountStacks({main: _stack(main_region, account, main)} | others)
    return stacks_in_organization(
        _stack(main_region, organization.hub, main),
        {region: _stack(stackset, account, region) for region in (main, *regions)},
        _stack(accounts, account, main),
        organization.id,
    )


def stacks_in_organization(
    hub: Stack, stacks: Mapping[str, Stack], of_account: Stack, organization: str
) -> AccountStacks:
    """The stacks of stackset and of accounts in an account, which may be the hub, beside the hub's own."""
    in_main = (of_account, stacks[hub.region])
    if hub.account == of_account.account:
        return AccountStacks({**stacks, hub.region: merge(hub, *in_main)}, organization)
    return AccountStacks({**stacks, hub.region: merge(*in_main)}, organization, hub)


def _stack(template_file: TemplateFile, account: str, region: str) -> Stack:
    return resolve(template_file.template, account=account, region=region, file=template_file.file)
