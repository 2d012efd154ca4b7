"""The two templates, as lists of what they hold; only this module knows which capabilities there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from troposphere import AWSHelperFn, AWSObject, Equals, Not, Output, Ref, Tags, Template, encode_to_dict
from troposphere.iam import Role
from troposphere.kms import Key
from troposphere.logs import LogGroup
from troposphere.sns import Topic

from cfn_breakglass.builders.alarms import dead_letter_alarm, fallback, invocation_alarms, notification_alarms
from cfn_breakglass.builders.alerting import topic
from cfn_breakglass.builders.encryption import NOT_ENCRYPTED, Encryption, encryption
from cfn_breakglass.builders.forwarding import central_buses, dead_letters, forward, forwarder_role
from cfn_breakglass.builders.heartbeat import heartbeat_alarms, heartbeat_log, heartbeat_role, heartbeat_schedule
from cfn_breakglass.builders.logs import log_group, log_policy
from cfn_breakglass.builders.messages import JSON_TEXT
from cfn_breakglass.builders.role import role
from cfn_breakglass.builders.watch import Bus, Sink, watch
from cfn_breakglass.config import ALERT, CREATE, OFF, Config
from cfn_breakglass.detections import HEARTBEAT, Detection, detections, heartbeat
from cfn_breakglass.names import ACTIONS, Names, sub
from cfn_breakglass.outputs import main_region_outputs, stackset_outputs

METADATA = "cfn-breakglass"
"""Where a template says what it covers, for those who read it back."""


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
        *invocation_alarms(names, buses.values() if watched else (), second.topic),
        *notification_alarms(names, [one for one in listening if isinstance(one, Topic)], second.topic),
        *(
            heartbeat_alarms(names, config.heartbeat, (config.main_region, *config.secondary_regions), second.topic)
            if beating
            else []
        ),
        *_rolled_out(config, names, after=[*central, *beating]),
    ]
    if config.deployer:
        _bound(names, resources)
    return _assemble(
        config,
        f"{names.prefix}: break-glass role, alerts and logs. Main region: {config.main_region}.",
        _main_region_only(config),
        resources,
        main_region_outputs(config, names, resources),
        mappings=JSON_TEXT if Heard.of(config, watched).topic and not config.alerts.message else {},
    )


def stackset(config: Config) -> Template:
    """The template of every other region: no IAM, no global name, no parameter."""
    names = Names.of(config)
    resources = _regional(config, names, _forwarded(config, names, watched_detections(config, names)))
    return _assemble(
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
    return _assemble(
        config,
        f"{names.prefix}: who may deploy its templates, and nothing else.",
        _main_region_only(config),
        resources,
        stackset_outputs(resources),
    )


def deploying(config: Config) -> list[AWSObject]:
    """The deployer, what it hands CloudFormation, and what bounds that: for what the two templates hold."""
    from cfn_breakglass.builders.deployer import Deployed, deployer

    return deployer(config, Names.of(config), Deployed(_plain(main_region(config)), _plain(stackset(config))))


def stackset_roles(config: Config) -> Template:
    """The template of the roles that StackSets works with, where main-region.yaml does not hold them."""
    from cfn_breakglass.builders.rollout import stack_set_roles

    names = Names.of(config)
    resources = stack_set_roles(config, names, _plain(stackset(config)))
    return _assemble(
        config,
        f"{names.prefix}: the roles that roll its stack set out.",
        _main_region_only(config),
        resources,
        stackset_outputs(resources),
    )


def _plain(template: Template) -> Mapping[str, Any]:
    """The resources of a template as it is emitted."""
    return dict(encode_to_dict(template.resources))


class Heard(NamedTuple):
    """The detections that each destination is told of; none where the config has no such destination."""

    topic: list[Detection]
    login_log: list[Detection]
    action_log: list[Detection]

    @classmethod
    def of(cls, config: Config, wanted: list[Detection]) -> Heard:
        return cls(
            topic=[one for one in wanted if config.alerts.endpoints and config.detections[one.id] == ALERT],
            login_log=[one for one in wanted if config.alerts.log and one.id != ACTIONS],
            action_log=[one for one in wanted if config.actions.log != "none" and one.id == ACTIONS],
        )


def watched_detections(config: Config, names: Names, key: Key | None = None) -> list[Detection]:
    """The detections that somebody or some log is told of; ``key`` is of the same template."""
    wanted = detections(config, names, key)
    heard = Heard.of(config, wanted)
    return [one for one in wanted if any(one in told for told in heard)]


def sinks(
    config: Config,
    names: Names,
    wanted: list[Detection],
    *,
    central: bool = True,
    key: AWSHelperFn | str | None = None,
    after: Iterable[AWSObject] = (),
) -> list[Sink]:
    """Where the rules of ``wanted`` send what they see, rules on the central buses or on the default bus.

    The key of the ARN ``key`` encrypts it. The log groups wait for ``after``.
    """
    heard = Heard.of(config, wanted)
    made = []
    if heard.topic:
        made.append(topic(config.alerts, names, heard.topic, central=central, key=key))
    for title, name, told in (
        ("LoginLog", names.login_log, heard.login_log),
        ("ActionLog", names.action_log, heard.action_log),
    ):
        if told:
            made.append(log_group(title, name, config.retention_days, told, key=key, after=after))
    return made


def log_policies(told: Iterable[Sink], logical_id: str, name: str) -> list[AWSObject]:
    """The one policy for all log groups among ``told``, if there are any."""
    resources = [resource for sink in told for resource in sink.resources]
    groups = [one for one in resources if isinstance(one, LogGroup)]
    return [log_policy(logical_id, name, groups)] if groups else []


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


def _trail(config: Config, names: Names, encrypted: Encryption, after: Iterable[AWSObject]) -> list[AWSObject]:
    if config.trail != CREATE:
        return []
    from cfn_breakglass.builders.trail import trail

    return trail(config, names, key=encrypted.named, after=after)


def _rolled_out(config: Config, names: Names, after: Iterable[AWSObject]) -> list[AWSObject]:
    """The stack set and its roles, if this template rolls it out; ``after`` is what it needs of the main region."""
    if not config.rolls_out:
        return []
    from cfn_breakglass.builders.rollout import stack_set, stack_set_roles

    regional = stackset(config)
    roles = stack_set_roles(config, names, _plain(regional)) if config.makes_stackset_roles else []
    return [*roles, stack_set(config, names, regional, after=[*after, *roles])]


def _bound(names: Names, resources: Iterable[AWSObject]) -> None:
    """Put the boundary on the roles for AWS's services, without which the deployer may not make them."""
    for resource in resources:
        if isinstance(resource, Role) and resource.title != "Role":
            resource.PermissionsBoundary = sub(names.boundary_arn)


def _assemble(
    config: Config,
    description: str,
    rules: dict[str, tuple[AWSHelperFn, str]],
    resources: list[AWSObject],
    outputs: list[Output],
    *,
    mappings: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType({}),
) -> Template:
    template = Template(Description=description)
    template.set_version()
    covered = {"Name": config.name, "MainRegion": config.main_region, "Regions": list(config.secondary_regions)}
    template.set_metadata({METADATA: covered | ({"Account": config.account} if config.account else {})})
    for name, (condition, otherwise) in (rules | _right_account(config)).items():
        template.add_rule(name, {"Assertions": [{"Assert": condition, "AssertDescription": otherwise}]})
    for name, mapping in mappings.items():
        template.add_mapping(name, dict(mapping))
    template.add_resource([_tagged(resource, config) for resource in resources])
    template.add_output(outputs)
    return template


def _main_region_only(config: Config) -> dict[str, tuple[AWSHelperFn, str]]:
    there = f"Create this stack in {config.main_region}, the main region."
    return {"MainRegionOnly": (Equals(Ref("AWS::Region"), config.main_region), there)}


def _right_account(config: Config) -> dict[str, tuple[AWSHelperFn, str]]:
    """An ARN in the config fixes the account; in another one the templates would watch nothing."""
    if not config.account:
        return {}
    there = f"The config names a part of account {config.account}; create this stack there."
    return {"RightAccount": (Equals(Ref("AWS::AccountId"), config.account), there)}


def _tagged(resource: AWSObject, config: Config) -> AWSObject:
    if config.tags and "Tags" in resource.props:
        resource.Tags = Tags(dict(config.tags))
    return resource
