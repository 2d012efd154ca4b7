"""The two templates, as lists of what they hold; only this module knows which capabilities there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from troposphere import AWSHelperFn, AWSObject, Equals, Not, Output, Ref, Tags, Template
from troposphere.logs import LogGroup

from cfn_breakglass.builders.alerting import topic
from cfn_breakglass.builders.forwarding import central_buses, dead_letters, forward, forwarder_role
from cfn_breakglass.builders.logs import log_group, log_policy
from cfn_breakglass.builders.role import role
from cfn_breakglass.builders.watch import Bus, Sink, watch
from cfn_breakglass.config import ALERT, Config
from cfn_breakglass.detections import Detection, detections
from cfn_breakglass.names import ACTIONS, Names
from cfn_breakglass.outputs import main_region_outputs, stackset_outputs

METADATA = "cfn-breakglass"
"""Where a template says what it covers, for those who read it back."""


def main_region(config: Config) -> Template:
    """The template of the main region: the role, the central bus and everybody who is told."""
    names = Names.of(config)
    watched = watched_detections(config, names)
    buses = central_buses(config, names, watched)
    central = [*(bus.resource for bus in buses.values() if bus.resource), *forwarder_role(config, names, buses)]
    resources = [
        *role(config, names),
        *central,
        *_regional(names, watched, buses, after=central),
        *_listening(config, names, watched, buses),
    ]
    return _assemble(
        config,
        f"{names.prefix}: break-glass role, alerts and logs. Main region: {config.main_region}.",
        {
            "MainRegionOnly": (
                Equals(Ref("AWS::Region"), config.main_region),
                f"Create this stack in {config.main_region}, the main region.",
            )
        },
        resources,
        main_region_outputs(config, names, resources),
    )


def stackset(config: Config) -> Template:
    """The template of every other region: no IAM, no global name, no parameter."""
    names = Names.of(config)
    resources = _regional(names, watched_detections(config, names))
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


def watched_detections(config: Config, names: Names) -> list[Detection]:
    """The detections that somebody or some log is told of."""
    wanted = detections(config, names.role)
    heard = Heard.of(config, wanted)
    return [one for one in wanted if any(one in told for told in heard)]


def sinks(config: Config, names: Names, wanted: list[Detection], *, central: bool = True) -> list[Sink]:
    """Where the rules of ``wanted`` send what they see, rules on the central buses or on the default bus."""
    heard = Heard.of(config, wanted)
    made = []
    if heard.topic:
        made.append(topic(config.alerts, names, heard.topic, central=central))
    if heard.login_log:
        made.append(log_group("LoginLog", names.login_log, config.retention_days, heard.login_log))
    if heard.action_log:
        made.append(log_group("ActionLog", names.action_log, config.retention_days, heard.action_log))
    return made


def log_policies(told: Iterable[Sink], logical_id: str, name: str) -> list[AWSObject]:
    """The one policy for all log groups among ``told``, if there are any."""
    resources = [resource for sink in told for resource in sink.resources]
    groups = [one for one in resources if isinstance(one, LogGroup)]
    return [log_policy(logical_id, name, groups)] if groups else []


def _listening(config: Config, names: Names, watched: list[Detection], buses: Mapping[str, Bus]) -> list[AWSObject]:
    """What only the main region has: everybody who is told, and the rules that tell them."""
    told = sinks(config, names, watched)
    heard = [
        *(resource for sink in told for resource in sink.resources),
        *log_policies(told, "LogPolicy", names.prefix),
    ]
    queue, allowed = dead_letters(names, buses)
    policies = [one for one in (*heard, allowed) if one.title.endswith("Policy")]
    return [*heard, *watch(names, watched, *told, buses=buses, dead_letters=queue, after=policies)]


def _regional(
    names: Names, watched: list[Detection], buses: Iterable[str] = (), after: Iterable[AWSObject] = ()
) -> list[AWSObject]:
    """What every region has; the main one has central ``buses`` as well, and there the rules wait for ``after``."""
    queue, allowed = dead_letters(names, buses)
    sink = forward(names, watched)
    return [
        queue,
        allowed,
        *watch(names, watched, sink, title="Forward{}", dead_letters=queue, after=[allowed, *after]),
    ]


def _assemble(
    config: Config,
    description: str,
    rules: dict[str, tuple[AWSHelperFn, str]],
    resources: list[AWSObject],
    outputs: list[Output],
) -> Template:
    template = Template(Description=description)
    template.set_version()
    covered = {"Name": config.name, "MainRegion": config.main_region, "Regions": list(config.secondary_regions)}
    template.set_metadata({METADATA: covered | ({"Account": config.account} if config.account else {})})
    for name, (condition, otherwise) in (rules | _right_account(config)).items():
        template.add_rule(name, {"Assertions": [{"Assert": condition, "AssertDescription": otherwise}]})
    template.add_resource([_tagged(resource, config) for resource in resources])
    template.add_output(outputs)
    return template


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
