"""The two templates, as lists of what they hold; only this module knows which capabilities there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from troposphere import AWSHelperFn, AWSObject, Equals, Not, Ref, Template, encode_to_dict
from troposphere.iam import Role
from troposphere.sns import Topic

from cfn_breakglass.builders.access.role import role
from cfn_breakglass.builders.alarms import dead_letter_alarm, fallback, invocation_alarms, notification_alarms
from cfn_breakglass.builders.alerts.messages import JSON_TEXT
from cfn_breakglass.builders.alerts.sinks import Heard, log_policies, sinks, watched_detections
from cfn_breakglass.builders.encryption import NOT_ENCRYPTED, Encryption, encryption
from cfn_breakglass.builders.forwarding import central_buses, dead_letters, forward, forwarder_role
from cfn_breakglass.builders.heartbeat import heartbeat_alarms, heartbeat_log, heartbeat_role, heartbeat_schedule
from cfn_breakglass.builders.outputs import main_region_outputs, stackset_outputs
from cfn_breakglass.builders.rules import Bus, watch
from cfn_breakglass.builders.template import assemble, main_region_only
from cfn_breakglass.config.model import CREATE, OFF, Config
from cfn_breakglass.detections.catalog import HEARTBEAT, Detection, heartbeat
from cfn_breakglass.names import Names, sub


def main_region(config: Config) -> Template:
    """The template of the main region: the role, the central bus and everybody who is told."""
    names = Names.of(config)
    encrypted = encryption(config, names)
    watched = watched_detections(config, names, encrypted.key)
    if not watched and config.trail != CREATE:
        encrypted = NOT_ENCRYPTED
    buses = central_buses(config, names, watched)
    second = fallback(config.alerts, names)
    forwarded = _forwarded(config, names, watched)
    beating = [heartbeat_role(names)] if forwarded != watched else []
    ours = role(config, names)
    listening = _listening(config, names, forwarded, buses, key=encrypted.named, after=ours)
    forwarder = forwarder_role(config, names, buses)
    central = [*(bus.resource for bus in buses.values() if bus.resource), *forwarder]
    resources = [
        *ours,
        *encrypted.resources,
        *_trail(config, names, encrypted, ours),
        *central,
        *beating,
        *second.resources,
        *_regional(config, names, forwarded, buses, *forwarder, beating=beating, second=second.topic),
        *listening,
        *_alarms(config, names, listening, buses if watched else {}, second.topic, beating=bool(beating)),
        *_rolled_out(config, names, after=[*central, *beating]),
    ]
    if config.deployer:
        _bound(names, resources)
    return assemble(
        config,
        f"{names.prefix}: break-glass role, alerts and logs. Main region: {config.main_region}.",
        main_region_only(config),
        resources,
        main_region_outputs(config, names, resources),
        mappings=JSON_TEXT if Heard.of(config, watched).topic and not config.alerts.message else {},
    )


def stackset(config: Config) -> Template:
    """The template of every other region: no IAM, no global name, no parameter."""
    names = Names.of(config)
    resources = _regional(config, names, _forwarded(config, names, watched_detections(config, names)))
    return assemble(
        config,
        f"{names.prefix}: forwards what {config.main_region} must hear about.",
        {
            "NotInMainRegion": (
                Not(Equals(Ref("AWS::Region"), config.main_region)),
                f"{config.main_region} is the main region; main-region.yaml covers it.",
            )
        },
        resources,
        stackset_outputs(resources),
    )


def deployer_template(config: Config) -> Template:
    """The template of the deployer, which an administrator deploys: who may deploy the others is not up to those."""
    names = Names.of(config)
    resources = deploying(config)
    return assemble(
        config,
        f"{names.prefix}: who may deploy its templates, and nothing else.",
        main_region_only(config),
        resources,
        stackset_outputs(resources),
    )


def deploying(config: Config) -> list[AWSObject]:
    """The deployer, what it hands CloudFormation, and what bounds that: for what the two templates hold."""
    from cfn_breakglass.builders.deployment.deployer import Deployed, deployer

    return deployer(config, Names.of(config), Deployed(_plain(main_region(config)), _plain(stackset(config))))


def stackset_roles(config: Config) -> Template:
    """The template of the roles that StackSets works with, where main-region.yaml does not hold them."""
    from cfn_breakglass.builders.deployment.managed_rollout import stack_set_roles

    names = Names.of(config)
    resources = stack_set_roles(config, names, _plain(stackset(config)))
    return assemble(
        config,
        f"{names.prefix}: the roles that roll its stack set out.",
        main_region_only(config),
        resources,
        stackset_outputs(resources),
    )


def _plain(template: Template) -> Mapping[str, Any]:
    """The resources of a template as it is emitted."""
    return dict(encode_to_dict(template.resources))


def _forwarded(config: Config, names: Names, watched: list[Detection]) -> list[Detection]:
    """What every region sends to the main one: ``watched``, and the heartbeat if that has anything to prove."""
    return [*watched, heartbeat(names)] if watched and config.heartbeat != OFF else watched


def _listening(
    config: Config,
    names: Names,
    watched: list[Detection],
    buses: Mapping[str, Bus],
    *,
    key: AWSHelperFn | str | None,
    after: Iterable[AWSObject],
) -> list[AWSObject]:
    """What only the main region has: everybody who is told, and the rules that tell them."""
    told = [
        *sinks(config, names, [one for one in watched if one.id != HEARTBEAT], key=key, after=after),
        *(heartbeat_log(names, one, key=key) for one in watched if one.id == HEARTBEAT),
    ]
    heard = [
        *(resource for sink in told for resource in sink.resources),
        *log_policies(told, "LogPolicy", names.prefix),
    ]
    queue, allowed = dead_letters(names, buses)
    policies = [one for one in (*heard, allowed) if one.title.endswith("Policy")]
    return [*heard, *watch(names, watched, *told, buses=buses, dead_letters=queue, after=policies)]


def _regional(
    config: Config,
    names: Names,
    watched: list[Detection],
    buses: Mapping[str, Bus] = MappingProxyType({}),
    forwarder: Role | None = None,
    *,
    beating: Iterable[Role] = (),
    second: Topic | None = None,
) -> list[AWSObject]:
    """What every region has; the main one has the central ``buses`` and the role ``forwarder`` as well.

    There are the role of the heartbeat and the fallback topic too, if any: ``beating`` and ``second``.
    """
    queue, allowed = dead_letters(names, buses)
    sink = forward(names, watched, buses, forwarder)
    rules = watch(names, watched, sink, title="Forward{}", dead_letters=queue, after=[allowed])
    schedules = [
        heartbeat_schedule(names, config.heartbeat, rule, *beating)
        for one, rule in zip(watched, rules, strict=True)
        if one.id == HEARTBEAT
    ]
    return [queue, allowed, dead_letter_alarm(names, queue, second), *rules, *schedules]


def _alarms(
    config: Config,
    names: Names,
    listening: Iterable[AWSObject],
    buses: Mapping[str, Bus],
    told: Topic | None,
    *,
    beating: bool,
) -> list[AWSObject]:
    """What goes off when a bus, a topic among ``listening`` or, where they are ``beating``, a region is quiet."""
    topics = [one for one in listening if isinstance(one, Topic)]
    regions = (config.main_region, *config.secondary_regions)
    return [
        *invocation_alarms(names, buses.values(), told),
        *notification_alarms(names, topics, told),
        *(heartbeat_alarms(names, config.heartbeat, regions, told) if beating else []),
    ]


def _trail(config: Config, names: Names, encrypted: Encryption, after: Iterable[AWSObject]) -> list[AWSObject]:
    if config.trail != CREATE:
        return []
    from cfn_breakglass.builders.trail import trail

    return trail(config, names, key=encrypted.named, after=after)


def _rolled_out(config: Config, names: Names, after: Iterable[AWSObject]) -> list[AWSObject]:
    """The stack set and its roles, if this template rolls it out; ``after`` is what it needs of the main region."""
    if not config.rolls_out:
        return []
    from cfn_breakglass.builders.deployment.managed_rollout import stack_set, stack_set_roles

    regional = stackset(config)
    roles = stack_set_roles(config, names, _plain(regional)) if config.makes_stackset_roles else []
    return [*roles, stack_set(config, names, regional, after=[*after, *roles])]


def _bound(names: Names, resources: Iterable[AWSObject]) -> None:
    """Put the boundary on the roles for AWS's services, without which the deployer may not make them."""
    for resource in resources:
        if isinstance(resource, Role) and resource.title != "Role":
            resource.PermissionsBoundary = sub(names.boundary_arn)
