"""The templates, as lists of what they hold; only this module knows which capabilities there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from troposphere import (
    AWSHelperFn,
    AWSObject,
    Equals,
    Not,
    Ref,
    Template,
    awslambda,
    encode_to_dict,
    events,
    iam,
    logs,
    sns,
)

from cfn_breakglass.aws.handler_ownership import CHANNEL_TYPES
from cfn_breakglass.builders.access.role import role
from cfn_breakglass.builders.access.trust_policy import grant
from cfn_breakglass.builders.alarms import (
    dead_letter_alarm,
    fallback_topic,
    invocation_alarms,
    notification_alarm,
    silenced_alert_rules,
)
from cfn_breakglass.builders.alerts.log_groups import event_log_groups
from cfn_breakglass.builders.alerts.messages import mappings
from cfn_breakglass.builders.alerts.saved_queries import saved_queries
from cfn_breakglass.builders.alerts.sinks import Sinks, alert_sinks
from cfn_breakglass.builders.encryption import customer_key
from cfn_breakglass.builders.forwarding import (
    DeadLetters,
    bus_target,
    central_buses,
    dead_letters,
    forwarder_role,
    second_forwarder_role,
)
from cfn_breakglass.builders.heartbeat import heartbeat_role, heartbeat_schedule, missing_heartbeat_alarms
from cfn_breakglass.builders.outputs import access_and_role_outputs, resource_outputs
from cfn_breakglass.builders.rules import detection_rules, forwarding_rules
from cfn_breakglass.builders.template import assemble, main_region_only
from cfn_breakglass.config.model import CREATE, Config
from cfn_breakglass.detections.edges import EdgeRule
from cfn_breakglass.plan import Plan, make_plan


class Templates(NamedTuple):
    """Every template that a config asks for."""

    main_region: Template
    accounts: Template | None
    stackset: Template
    stackset_roles: Template | None
    deployer: Template | None


def make_templates(plan: Plan) -> Templates:
    """Every template, each made once: one that holds another one, or permits to deploy it, is made after that."""
    rolled_out = _rolled_out(plan)
    stackset_template = rolled_out.stackset
    main_template = make_main_region(plan, rolled_out)
    has_separate_roles = plan.config.makes_stackset_roles and not plan.config.rolls_out
    return Templates(
        main_region=main_template,
        accounts=rolled_out.accounts,
        stackset=stackset_template,
        stackset_roles=make_stackset_roles(plan, stackset_template) if has_separate_roles else None,
        deployer=make_deployer(plan, main_template, rolled_out) if plan.config.deployer else None,
    )


def main_region(config: Config) -> Template:
    """The template of the main region, of one config; of the hub's if it is one of an organization."""
    plan = make_plan(config)
    return make_main_region(plan, _rolled_out(plan))


def accounts(config: Config) -> Template | None:
    """The template of the main region of every account, of the config of an organization; None of another config."""
    return _rolled_out(make_plan(config)).accounts


def stackset(config: Config) -> Template:
    """The template of every other region, of one config; of every region of every account of an organization."""
    return make_stackset(make_plan(config))


class RolledOut(NamedTuple):
    """The templates that stack sets roll out; ``accounts`` is None but in an organization."""

    stackset: Template
    accounts: Template | None = None


def _rolled_out(plan: Plan) -> RolledOut:
    return RolledOut(make_stackset(plan), make_accounts(plan) if plan.config.organization else None)


def make_main_region(plan: Plan, rolled_out: RolledOut) -> Template:
    """The template of the main region: the role, the central buses, and everything that alerts and logs.

    That of a hub has neither the role nor what forwards: every account has these.
    """
    is_hub = bool(plan.config.organization)
    roles = _Roles() if is_hub else _Roles(role(plan), forwarder_role(plan), heartbeat_role(plan))
    fallback = fallback_topic(plan)
    rollout_roles = _rollout_roles(plan, rolled_out.stackset)
    sinks = alert_sinks(plan, log_policy_id="LogPolicy", log_policy_name=plan.names.prefix)
    before_rules = [
        *roles.watched,
        *grant(plan),
        *(customer_key(plan) if plan.encrypts else []),
        *roles.forwarding,
        *rollout_roles,
        *fallback.resources,
        *sinks.resources,
    ]
    queue = dead_letters(plan, for_central_rules=bool(plan.buses), after=_granting(before_rules))
    core = _Core(central_buses(plan, after=queue.policy), roles.forwarder, roles.heartbeat, fallback.topic)
    accounts_set = _accounts_stack_set(plan, rolled_out)
    resources = [
        *before_rules,
        *core.buses.values(),
        *_queue(plan, queue, core),
        *accounts_set,
        *_forwarding(plan, _edges_of_main_region(plan), queue, core, after=accounts_set),
        *(_central_rules(plan, sinks, queue, core) if plan.buses else _direct_rules(plan, sinks, queue, core)),
        *silenced_alert_rules(plan, core.fallback_topic, after=[queue.policy]),
        *_alarms(plan, sinks, core),
        *_managed_rollout(plan, rolled_out, core, rollout_roles),
    ]
    resources += _retained(plan, resources)
    what = "alerts and logs of all accounts" if is_hub else "break-glass role, alerts and logs"
    outputs = [] if is_hub else access_and_role_outputs(plan)
    return assemble(
        plan,
        f"{plan.names.prefix}: {what}. Main region: {plan.config.main_region}.",
        main_region_only(plan.config),
        resources,
        [*outputs, *resource_outputs(resources)],
        mappings=mappings(plan),
        conditions=_conditions(plan),
    )


def make_accounts(plan: Plan) -> Template:
    """The template of the main region of every account of an organization: the role, and the roles that forward."""
    roles = (forwarder_role(plan), second_forwarder_role(plan), heartbeat_role(plan))
    resources = [*role(plan), *(created for created in roles if created)]
    return assemble(
        plan,
        f"{plan.names.prefix}: break-glass role of an account of the organization.",
        main_region_only(plan.config),
        resources,
        access_and_role_outputs(plan),
        in_every_account=True,
    )


def make_stackset(plan: Plan) -> Template:
    """The template of every other region, or of every region of an organization.

    It has no IAM, no global name and no parameter.
    """
    main = plan.config.main_region
    queue = dead_letters(plan, for_central_rules=False)
    everywhere = [edge for edge in plan.edges if not edge.is_main_region_only]
    resources = [*_queue(plan, queue, _Core()), *_forwarding(plan, everywhere, queue, _Core())]
    advice = f"{main} is the main region; main-region.yaml covers it."
    elsewhere = {"NotInMainRegion": (Not(Equals(Ref("AWS::Region"), main)), advice)}
    return assemble(
        plan,
        f"{plan.names.prefix}: forwards events to {main}, the main region."
        if plan.buses
        else f"{plan.names.prefix}: nothing to roll out. The config has no region but {main}.",
        {} if plan.config.organization else elsewhere,
        resources,
        resource_outputs(resources),
        in_every_account=True,
    )


def make_stackset_roles(plan: Plan, stackset_template: Template) -> Template:
    """The template of the roles that StackSets works with, where main-region.yaml does not hold them."""
    from cfn_breakglass.builders.deployment.managed_rollout import stack_set_roles

    resources = stack_set_roles(plan, _resources_of(stackset_template))
    return assemble(
        plan,
        f"{plan.names.prefix}: the roles that roll out its stack set.",
        main_region_only(plan.config),
        resources,
        resource_outputs(resources),
    )


def make_deployer(plan: Plan, main_template: Template, rolled_out: RolledOut) -> Template:
    """The template of the deployer. An administrator deploys it: the others must not say who may deploy them."""
    resources = deployer_resources(plan, main_template, rolled_out)
    return assemble(
        plan,
        f"{plan.names.prefix}: who may deploy its templates, and nothing else.",
        main_region_only(plan.config),
        resources,
        resource_outputs(resources),
    )


def deployer_resources(plan: Plan, main_template: Template, rolled_out: RolledOut) -> list[AWSObject]:
    """The deployer, the role that it passes to CloudFormation, and the boundary of the roles that that one creates."""
    from cfn_breakglass.builders.deployment.deployer import Deployed, deployer

    by_accounts = _resources_of(rolled_out.accounts) if rolled_out.accounts else {}
    return deployer(plan, Deployed(_resources_of(main_template), {**by_accounts, **_resources_of(rolled_out.stackset)}))


class _Roles(NamedTuple):
    """The roles of an account: the watched one with its policies, and those that forward and beat."""

    watched: Sequence[AWSObject] = ()
    forwarder: iam.Role | None = None
    heartbeat: iam.Role | None = None

    @property
    def forwarding(self) -> list[AWSObject]:
        return [created for created in (self.forwarder, self.heartbeat) if created]


class _Core(NamedTuple):
    """What only the main region has and its other resources refer to."""

    buses: Mapping[str, events.EventBus] = MappingProxyType({})
    forwarder_role: iam.Role | None = None
    heartbeat_role: iam.Role | None = None
    fallback_topic: sns.Topic | None = None

    @property
    def used_by_stackset(self) -> list[AWSObject]:
        """What the stacks of the other regions need."""
        roles = [role for role in (self.forwarder_role, self.heartbeat_role) if role]
        return [*self.buses.values(), *roles]


def _edges_of_main_region(plan: Plan) -> list[EdgeRule]:
    """The edge rules of main-region.yaml; in a hub, stackset.yaml has those that every region has."""
    return [edge for edge in plan.edges if edge.is_main_region_only or not plan.config.organization]


def _forwarding(
    plan: Plan, edges: Iterable[EdgeRule], queue: DeadLetters, core: _Core, *, after: Iterable[AWSObject] = ()
) -> list[AWSObject]:
    """The rules of ``edges``, which forward, and the schedule of the heartbeat beside its rule.

    The rules wait for ``after``, which makes their role elsewhere.
    """
    if not plan.buses:
        return []
    rules = forwarding_rules(
        plan,
        edges,
        lambda edge: bus_target(plan, edge, core.buses, core.forwarder_role),
        dead_letters=queue.queue,
        after=[queue.policy],
        after_roles=after,
    )
    return [*rules.values(), *heartbeat_schedule(plan, rules, core.heartbeat_role)]


def _queue(plan: Plan, queue: DeadLetters, core: _Core) -> list[AWSObject]:
    """The queue for what rules could not deliver, and its alarm."""
    return [queue.queue, queue.policy, dead_letter_alarm(plan, queue.queue, core.fallback_topic)]


def _direct_rules(plan: Plan, sinks: Sinks, queue: DeadLetters, core: _Core) -> list[AWSObject]:
    """What the only region has where nothing is forwarded: rules on the default bus, which notify and log."""
    rules = detection_rules(plan, sinks.sinks, dead_letters=queue.queue, after=[queue.policy])
    return [*rules.values(), *heartbeat_schedule(plan, rules, core.heartbeat_role)]


def _central_rules(plan: Plan, sinks: Sinks, queue: DeadLetters, core: _Core) -> Iterable[events.Rule]:
    """The rules on the central buses, which notify and log."""
    return detection_rules(
        plan,
        sinks.sinks,
        central_buses=core.buses,
        dead_letters=queue.queue,
        after=[queue.policy],
    ).values()


def _alarms(plan: Plan, sinks: Sinks, core: _Core) -> list[AWSObject]:
    """What goes off when a central rule or a subscription fails, or a region has no heartbeat."""
    fallback = core.fallback_topic
    return [
        *invocation_alarms(plan, core.buses, fallback),
        *(notification_alarm(plan, topic, fallback) for topic in sinks.topics),
        *missing_heartbeat_alarms(plan, fallback),
    ]


def _granting(resources: Iterable[AWSObject]) -> list[AWSObject]:
    """Roles, policies, subscriptions and chat channels, which rules have to wait for.

    Without them, the first events would be lost; and to make them alerts as soon as there are rules.
    """
    kinds = (
        iam.Role,
        iam.ManagedPolicy,
        iam.RolePolicy,
        sns.TopicPolicy,
        sns.SubscriptionResource,
        awslambda.Permission,
        logs.ResourcePolicy,
    )
    return [
        resource
        for resource in resources
        if (isinstance(resource, kinds) or resource.resource_type in CHANNEL_TYPES)
        and "Condition" not in resource.resource  # nothing can wait for what may not be made; its rules refer to it
    ]


def _conditions(plan: Plan) -> Mapping[str, AWSHelperFn]:
    """The conditions of the template, if an existing topic needs any."""
    if not plan.config.alerts.topic:
        return {}
    from cfn_breakglass.builders.alerts.existing_topic import conditions

    return conditions(plan)


_LAST_TYPES = frozenset(
    (
        *("AWS::CloudFormation::StackSet", "AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::KMS::Alias"),
        *("AWS::Logs::MetricFilter", "AWS::Scheduler::Schedule"),
    )
)
"""Types of resources that few or no others wait for; what is of another type is waited for by these."""


def _retained(plan: Plan, resources: Iterable[AWSObject]) -> list[AWSObject]:
    """What stays when the stack cannot be created, and is in the way of the next attempt: it waits for ``resources``.

    A bucket whose files nobody can delete comes after the log groups, any other bucket before them: a log group that is
    left over is easier to delete than those files, and more work than a bucket without files. Rules that only log, and
    saved queries, come after their log.
    """
    queries = saved_queries(plan)
    logging = tuple(detection.logical_id for detection in plan.detections if not detection.notifies)
    last = [resource.title for resource in resources if resource.resource_type in _LAST_TYPES]
    after = [title for title in last if not title.startswith(logging)]
    if plan.config.trail != CREATE:
        return [*event_log_groups(plan, after), *queries]
    from cfn_breakglass.builders.trail import trail

    if plan.config.trail_lock_days:
        groups = event_log_groups(plan, after)
        after_groups = [*(query.title for query in queries), *(title for title in last if title not in after)]
        return [*groups, *queries, *trail(plan, after=after_groups if groups else after)]
    bucket_and_trail = trail(plan, after=after)
    return [*bucket_and_trail, *event_log_groups(plan, [bucket_and_trail[-1].title]), *queries]


def _rollout_roles(plan: Plan, stackset_template: Template) -> list[iam.Role]:
    """The roles of the stack set, if this template rolls it out and they do not exist already."""
    if not (plan.config.rolls_out and plan.config.makes_stackset_roles):
        return []
    from cfn_breakglass.builders.deployment.managed_rollout import stack_set_roles

    return stack_set_roles(plan, _resources_of(stackset_template))


def _accounts_stack_set(plan: Plan, rolled_out: RolledOut) -> list[AWSObject]:
    """The stack set of what every account of an organization has once, if this template rolls it out."""
    if not (plan.config.rolls_out and rolled_out.accounts):
        return []
    from cfn_breakglass.builders.deployment.managed_rollout import accounts_stack_set

    return [accounts_stack_set(plan, rolled_out.accounts)]


def _managed_rollout(plan: Plan, rolled_out: RolledOut, core: _Core, roles: Iterable[iam.Role]) -> list[AWSObject]:
    """The stack set of the edge rules, if this template rolls it out."""
    if not plan.config.rolls_out:
        return []
    from cfn_breakglass.builders.deployment.managed_rollout import stack_set

    return [stack_set(plan, rolled_out.stackset, after=[*core.used_by_stackset, *roles])]


def _resources_of(template: Template) -> Mapping[str, Any]:
    """The resources of a template as plain data."""
    return dict(encode_to_dict(template.resources))
