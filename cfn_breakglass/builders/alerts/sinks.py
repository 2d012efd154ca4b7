"""Who is told of which detection: the topic, the login log and the action log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from troposphere import AWSHelperFn, AWSObject
from troposphere.kms import Key
from troposphere.logs import LogGroup

from cfn_breakglass.builders.alerts.alert_topic import topic
from cfn_breakglass.builders.alerts.log_groups import log_group, log_policy
from cfn_breakglass.builders.rules import Sink
from cfn_breakglass.config.model import Config
from cfn_breakglass.detections.catalog import Detection, detections
from cfn_breakglass.names import ACTIONS, Names


class Heard(NamedTuple):
    """The detections that each destination is told of; none where the config has no such destination."""

    topic: list[Detection]
    login_log: list[Detection]
    action_log: list[Detection]

    @classmethod
    def of(cls, config: Config, wanted: list[Detection]) -> Heard:
        return cls(
            topic=[one for one in wanted if config.alerts_on(one.id)],
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
