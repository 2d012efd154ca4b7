"""What is not as it should be in the account: whatever keeps an event from arriving, or an alert from its reader.

Nothing is changed. What AWS does not let the caller look at is an answer of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from cfn_breakglass.analysis.template.reader import Stack, resolve
from cfn_breakglass.builders.access.protection import guard_scp
from cfn_breakglass.drill.aws import Aws, CallFailedError
from cfn_breakglass.drill.calls import (
    DESCRIBE_ALARMS,
    DESCRIBE_POLICY,
    DESCRIBE_REGIONS,
    LIST_PARENTS,
    LIST_POLICIES_FOR_TARGET,
    LIST_RULES,
    LIST_STACK_INSTANCES,
    LIST_SUBSCRIPTIONS,
)
from cfn_breakglass.drill.drill_plan import DrillPlan, require_organization
from cfn_breakglass.drill.observations import Observation, Subject
from cfn_breakglass.drill.parallel import in_parallel
from cfn_breakglass.drill.trails import trail_observations
from cfn_breakglass.generation.files import as_data
from cfn_breakglass.plan import Plan
from cfn_breakglass.templates import make_templates

SUBSCRIPTIONS: Final = "subscriptions"
ALARMS: Final = "alarms"
REGIONS: Final = "regions"
RULES: Final = "rules"
STACK_INSTANCES: Final = "stack instances"
GUARD: Final = "guard SCP"

_NO_ORGANIZATION: Final = "AWSOrganizationsNotInUseException"

_Rules = dict[str, dict[str, str]]
"""Event bus -> rule -> the state that it should have."""
_Look = Callable[[Aws, DrillPlan, Subject], Iterator[Observation]]


def account_observations(aws: Aws, plan: DrillPlan) -> list[Observation]:
    """What every check found, by subject, account and region."""
    main, regions = plan.main_region, plan.deployed.regions
    checks: list[Callable[[], list[Observation]]] = [
        partial(trail_observations, aws, plan.account, regions, plan.members),
        partial(_not_looked_at, plan),
        *(_check(SUBSCRIPTIONS, main, partial(_subscriptions, topic), aws, plan) for topic in plan.topic_arns),
        *(_check(ALARMS, region, _alarms, aws, plan) for region in regions),
        *(_check(RULES, region, partial(_rules, rules), aws, plan) for region, rules in rules_by_region(plan).items()),
        *(_check(STACK_INSTANCES, main, partial(_stack_instances, name), aws, plan) for name in plan.stack_sets),
        _check(REGIONS, main, _regions, aws, plan),
        *(_check(GUARD, main, partial(_guard, target), aws, plan) for target in plan.guarded),
    ]
    return sorted(observation for group in in_parallel(_run, checks) for observation in group)


def _run(check: Callable[[], list[Observation]]) -> list[Observation]:
    return check()


def _check(name: str, region: str, look: _Look, aws: Aws, plan: DrillPlan) -> Callable[[], list[Observation]]:
    subject = Subject(name, plan.account, region)
    return partial(subject.observe, partial(look, aws, plan, subject))


def _not_looked_at(plan: DrillPlan) -> list[Observation]:
    """What a drill leaves out in member accounts, where it keeps no credentials."""
    text = "not looked at, because the credentials of a member account are dropped at once"
    return [
        Subject(name, account, plan.main_region).unknown(text)
        for account in plan.members
        for name in (ALARMS, REGIONS, RULES)
    ]


def _subscriptions(topic: str, aws: Aws, plan: DrillPlan, subject: Subject) -> Iterator[Observation]:
    """https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html."""
    subscriptions = list(aws.entries(LIST_SUBSCRIPTIONS, plan.main_region, "Subscriptions", TopicArn=topic))
    if not subscriptions:
        yield subject.problem(f"nobody is subscribed to {topic}", topic)
    for subscription in subscriptions:
        if not subscription["SubscriptionArn"].startswith("arn:"):
            endpoint = f"{subscription['Protocol']} {_without_secrets(subscription['Endpoint'])}"
            yield subject.problem(f"{endpoint} has not confirmed the subscription of {topic}", topic)


def _without_secrets(endpoint: str) -> str:
    """An endpoint for people: the path of a web address may be a key."""
    address = urlsplit(endpoint)
    return f"{address.scheme}://{address.hostname}" if address.scheme in ("http", "https") else endpoint


def _alarms(aws: Aws, plan: DrillPlan, subject: Subject) -> Iterator[Observation]:
    parameters = {"AlarmNamePrefix": plan.deployed.names.alarms, "StateValue": "ALARM"}
    for alarm in aws.entries(DESCRIBE_ALARMS, subject.region, "MetricAlarms", **parameters):
        text = f"{alarm['AlarmName']} is in ALARM. {alarm.get('AlarmDescription', '')}".rstrip()
        yield subject.problem(text, alarm["AlarmName"])


def _regions(aws: Aws, plan: DrillPlan, subject: Subject) -> Iterator[Observation]:
    """AWS lists the enabled regions: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html."""
    enabled = {region["RegionName"] for region in aws.call(DESCRIBE_REGIONS, plan.main_region)["Regions"]}
    for region in sorted(enabled.symmetric_difference(plan.deployed.regions)):
        is_unwatched = region in enabled
        text = (
            "enabled and not in the config, so nothing alerts there" if is_unwatched else "in the config, not enabled"
        )
        yield subject._replace(region=region).problem(text)


def rules_by_region(plan: DrillPlan) -> dict[str, _Rules]:
    """The rules that the templates make in each region; a hub has both templates in its main region."""
    config, templates = plan.deployed.config, make_templates(plan.deployed)
    others = config.secondary_regions if not config.organization else plan.deployed.regions
    rules: dict[str, _Rules] = {config.main_region: {}}
    for template, regions in ((templates.main_region, (config.main_region,)), (templates.stackset, others)):
        data = as_data(template) if regions else {}
        for region in regions:
            _add_rules(rules.setdefault(region, {}), resolve(data, account=plan.account, region=region))
    return rules


def _add_rules(rules: _Rules, stack: Stack) -> None:
    for rule in stack.of_type("AWS::Events::Rule"):
        bus = rule.properties.get("EventBusName", "default")
        rules.setdefault(bus, {})[rule.name.rpartition("/")[2]] = rule.properties["State"]


def _rules(rules: _Rules, aws: Aws, _plan: DrillPlan, subject: Subject) -> Iterator[Observation]:
    for bus, states in rules.items():
        try:
            listed = list(aws.entries(LIST_RULES, subject.region, "Rules", EventBusName=bus))
        except CallFailedError as error:
            if error.failure.code != "ResourceNotFoundException":
                raise
            yield subject.problem(f"the event bus {bus} is missing", bus)
            continue
        actual = {rule["Name"]: rule["State"] for rule in listed}
        if states.keys().isdisjoint(actual):
            yield subject.problem(f"all rules on the bus {bus} are missing; the stack is not deployed there", bus)
            continue
        for name, state in states.items():
            if actual.get(name) != state:
                is_now = actual.get(name, "missing")
                yield subject.problem(f"the rule {name} on the bus {bus} is {is_now}, and not {state}", name)


def _stack_instances(name: str, aws: Aws, plan: DrillPlan, subject: Subject) -> Iterator[Observation]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackInstanceSummary.html."""
    try:
        instances = stack_instances(aws, plan.deployed, name)
    except CallFailedError as error:
        if error.failure.code != "StackSetNotFoundException":
            raise
        yield subject.unknown(f"there is no stack set {name}; its stacks may have been deployed another way", name)
        return
    found = {(instance["Account"], instance["Region"]): instance for instance in instances}
    for account, region in plan.stacks_of(name):
        place, instance = Subject(STACK_INSTANCES, account, region), found.get((account, region), {})
        state = instance.get("Status", "missing")
        if state != "CURRENT":
            yield place.problem(f"the stack of the stack set {name} is {state}, not CURRENT", name)
        if instance.get("DriftStatus") == "DRIFTED":
            text = f"the stack of the stack set {name} differs from its template, as drift detection found"
            yield place.problem(text, name)


def stack_instances(aws: Aws, deployed: Plan, name: str) -> list[Mapping[str, Any]]:
    """The stacks of a stack set; a hub asks as the delegated administrator that it is."""
    parameters = {"StackSetName": name, **({"CallAs": "DELEGATED_ADMIN"} if deployed.config.organization else {})}
    return list(aws.entries(LIST_STACK_INSTANCES, deployed.config.main_region, "Summaries", **parameters))


def accounts_of_organization(aws: Aws, deployed: Plan) -> tuple[str, ...]:
    """Every account to which the stack set of the role is deployed."""
    require_organization(deployed.config)
    instances = stack_instances(aws, deployed, deployed.names.accounts_stack_set)
    return tuple(sorted({instance["Account"] for instance in instances}))


def _guard(target: str, aws: Aws, plan: DrillPlan, subject: Subject) -> Iterator[Observation]:
    """Only the management account and delegated administrators may ask; without an organization there is no SCP.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPoliciesForTarget.html
    """
    guard = guard_scp(plan.deployed)
    try:
        attached = list(_attached_policies(target, aws, plan))
    except CallFailedError as error:
        if error.is_denial:
            text = "only the management account and delegated administrators may ask which SCPs are attached"
            yield subject.unknown(text, target)
        elif error.failure.code != _NO_ORGANIZATION:
            raise
        return
    if guard in attached:
        return
    if any(_statement_ids(policy) == _statement_ids(guard) for policy in attached):
        yield subject.problem(f"the guard SCP of {target} is not the one that the config makes", target)
    else:
        yield subject.problem(f"the guard SCP is attached neither to {target} nor to a unit above it", target)


def _attached_policies(target: str, aws: Aws, plan: DrillPlan) -> Iterator[Mapping[str, Any]]:
    """The SCPs of an account or unit, of the units above it, and of the root."""
    while True:
        filters = {"TargetId": target, "Filter": "SERVICE_CONTROL_POLICY"}
        for summary in aws.entries(LIST_POLICIES_FOR_TARGET, plan.main_region, "Policies", **filters):
            policy = aws.call(DESCRIBE_POLICY, plan.main_region, PolicyId=summary["Id"])["Policy"]
            yield json.loads(policy["Content"])
        if target.startswith("r-"):
            return
        (parent,) = aws.call(LIST_PARENTS, plan.main_region, ChildId=target)["Parents"]
        target = parent["Id"]


def _statement_ids(policy: Mapping[str, Any]) -> set[str]:
    statements = policy["Statement"]
    return {statement.get("Sid", "") for statement in (statements if isinstance(statements, list) else [statements])}
