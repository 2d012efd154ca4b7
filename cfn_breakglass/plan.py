"""What one run derives from a config: names, detections and where each of them goes, buses, encryption.

The plan is made once. Whatever makes a template, a policy or a sentence takes the plan, or the part of it that it
needs, and derives none of this again.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from troposphere import GetAtt, iam, kms

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.model import CREATE, CUSTOMER_KEY, NONE, OFF, Config
from cfn_breakglass.detections.catalog import detections, heartbeat
from cfn_breakglass.detections.detection import Detection
from cfn_breakglass.detections.edges import ASSUME, SESSION, SIGN_IN, EdgeRule, edge_rules
from cfn_breakglass.detections.entrances import ENTRANCE
from cfn_breakglass.detections.monitoring_tampered import silenced_alerts
from cfn_breakglass.detections.tampering import TAMPERING
from cfn_breakglass.names import ACTIONS, WATCHERS, Names, RoleNames


class Destinations(NamedTuple):
    """The detections that each destination receives; none where the config has no such destination."""

    topic: tuple[Detection, ...]
    chat: tuple[Detection, ...]
    login_log: tuple[Detection, ...]
    action_log: tuple[Detection, ...]

    @classmethod
    def of(cls, config: Config, candidates: Sequence[Detection]) -> Destinations:
        return cls(
            topic=tuple(detection for detection in candidates if config.alerts_on(detection.id) and detection.notifies),
            chat=tuple(detection for detection in candidates if config.chats_on(detection.id) and detection.notifies),
            login_log=tuple(
                detection
                for detection in candidates
                if config.alerts.log and detection.id != ACTIONS and detection.is_logged
            ),
            action_log=tuple(
                detection for detection in candidates if config.actions.log != "none" and detection.id == ACTIONS
            ),
        )

    @property
    def notified(self) -> tuple[Detection, ...]:
        """Those of which somebody is notified."""
        return tuple(dict.fromkeys((*self.topic, *self.chat)))

    def received(self, candidates: Sequence[Detection]) -> tuple[Detection, ...]:
        """Those of the candidates that a destination receives, in their order."""
        return tuple(detection for detection in candidates if any(detection in destination for destination in self))


class CentralBus(NamedTuple):
    """An event bus of the main region; its ``logical_id`` is None if it exists already, and others use it as well.

    The edge rules of ``families`` forward to it; no event matches two of them. ``suffix`` ends the name of what goes
    with it.
    """

    name: str
    logical_id: str | None
    families: tuple[str, ...]
    description: str
    suffix: str = ""

    @property
    def is_shared(self) -> bool:
        """Whether events of others arrive on it too."""
        return self.logical_id is None


class Encryption(NamedTuple):
    """The key that encrypts topic, logs and trail: of the same template, or one that exists; else AWS's own keys."""

    logical_id: str | None = None
    existing_arn: str | None = None

    @classmethod
    def of(cls, config: Config) -> Encryption:
        if config.encryption == NONE:
            return cls()
        return cls(existing_arn=config.encryption) if parse_arn(config.encryption) else cls(logical_id="Key")

    @property
    def key_arn(self) -> GetAtt | str | None:
        """What a resource names the key by."""
        return GetAtt(self.logical_id, "Arn") if self.logical_id else self.existing_arn


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Plan:
    """What the templates of one config hold.

    ``detections`` are those that a subscriber or a log receives, in the order of the catalog. ``heartbeat`` is the test
    event of every region, None where nothing needs that proof. ``silenced_alerts`` are what notifies the fallback topic
    without any bus, empty without that topic. ``edges`` are the rules that forward their events, and
    ``buses`` the central buses these go to; without any bus, the rules stand on the default bus and send to the
    destinations themselves. ``is_standalone``: the resources go into somebody's own template.
    """

    config: Config
    names: Names
    detections: tuple[Detection, ...]
    destinations: Destinations
    heartbeat: Detection | None = None
    silenced_alerts: tuple[Detection, ...] = ()
    edges: tuple[EdgeRule, ...]
    buses: tuple[CentralBus, ...] = ()
    encryption: Encryption
    is_standalone: bool = False

    @property
    def watched_events(self) -> tuple[Detection, ...]:
        """Everything with a rule: the detections, and the heartbeat."""
        return (*self.detections, *((self.heartbeat,) if self.heartbeat else ()))

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region that is watched."""
        return (self.config.main_region, *self.config.secondary_regions)

    @property
    def encrypts(self) -> bool:
        """Whether the main template has anything that a key encrypts."""
        return bool(self.detections) or self.config.trail == CREATE

    def bus_of(self, family: str) -> CentralBus:
        """The central bus that the edge rules of a family forward to."""
        return next(bus for bus in self.buses if family in bus.families)

    def rule_arns(self, detections: Iterable[Detection]) -> list[str]:
        """The ARNs of the rules of ``detections``, as IAM's wildcards."""
        buses = dict.fromkeys(self.bus_of(detection.family).name for detection in detections) if self.buses else (None,)
        return [arn for bus in buses for arn in self.names.rule_arns(bus)]

    def edges_of(self, family: str) -> list[EdgeRule]:
        """The edge rules of a family."""
        return [edge for edge in self.edges if family in edge.families]

    def alerts_on(self, detection_id: str) -> bool:
        """Whether subscribers or chat channels are notified of a detection."""
        return any(detection.id == detection_id for detection in self.destinations.notified)

    def watches(self, detection_id: str) -> bool:
        """Whether a subscriber or a log receives a detection."""
        return any(detection.id == detection_id for detection in self.detections)


def make_plan(config: Config) -> Plan:
    """The plan of the templates."""
    names, encryption = Names.of(config), Encryption.of(config)
    candidates = detections(config, names)
    destinations = Destinations.of(config, candidates)
    watched = destinations.received(candidates)
    beat = heartbeat(names) if watched and config.heartbeat != OFF else None
    alone = _silenced_alerts(config, names, destinations, encryption.logical_id)
    families = _families((*watched, beat) if beat else watched)
    buses = _central_buses(config, names, families) if config.forwards else ()
    forwarding, direct = WATCHERS
    return Plan(
        config=config,
        names=names,
        detections=watched,
        destinations=destinations,
        heartbeat=beat,
        silenced_alerts=alone,
        edges=tuple(edge_rules(config, names, families, forwarding if buses else direct, encryption.logical_id)),
        buses=buses,
        encryption=encryption,
    )


def make_standalone_plan(
    config: Config, ids: Container[str], *, role: iam.Role | None = None, key: kms.Key | None = None
) -> Plan:
    """The plan of the detections ``ids`` in somebody's own template: without regions, buses and heartbeat.

    They watch ``role``, and ``key`` encrypts what they write: resources of that template. Without them it is the role
    of the config and the key whose ARN the config gives.
    """
    config = replace(config, regions=(), organization=None)
    names = Names.of(config, RoleNames.of_resource(role) if role else None)
    encryption = _standalone_encryption(config, key)
    selected = [detection for detection in detections(config, names) if detection.id in ids]
    destinations = Destinations.of(config, selected)
    watched = destinations.received(selected)
    families = _families(watched)
    _, direct = WATCHERS
    return Plan(
        config=config,
        names=names,
        detections=watched,
        destinations=destinations,
        edges=tuple(edge_rules(config, names, families, direct, encryption.logical_id)),
        encryption=encryption,
        is_standalone=True,
    )


def _families(watched: Sequence[Detection]) -> list[str]:
    """The families of edge rules that forward the events of ``watched``."""
    return list(dict.fromkeys(detection.family for detection in watched))


def _silenced_alerts(
    config: Config, names: Names, destinations: Destinations, key_id: str | None
) -> tuple[Detection, ...]:
    """What notifies the fallback topic, if the config has one and MonitoringTampered alerts."""
    is_alert = any(detection.family == TAMPERING for detection in destinations.notified)
    return silenced_alerts(config, names, key_id) if is_alert and config.alerts.fallback_endpoints else ()


def _central_buses(config: Config, names: Names, families: Sequence[str]) -> tuple[CentralBus, ...]:
    """A bus for each family that can match an event of another one, and one for all that cannot."""
    others = tuple(family for family in families if family not in (ASSUME, ENTRANCE, SESSION, SIGN_IN))
    central: tuple[CentralBus, ...]
    if config.event_bus.existing:  # rules on a bus of others have to say whose an event is, and these would be too long
        central = (
            CentralBus(names.bus, None, (ASSUME,), "Calls to assume the role"),
            CentralBus(names.entrance_bus, "EntranceBus", (ENTRANCE,), "Changes of who gets in", "-entrance"),
        )
    else:
        about = "Calls to assume the role, changes of who gets in"
        central = (CentralBus(names.bus, "CentralBus", (ASSUME, ENTRANCE), about),)
    buses = (
        *central,
        CentralBus(
            names.action_bus,
            "ActionBus",
            (SESSION, SIGN_IN),
            "What is done in the role and by root",
            "-actions",
        ),
        CentralBus(
            names.monitoring_bus,
            "MonitoringBus",
            others,
            "Changes of the monitoring, alarms, heartbeats",
            "-monitoring",
        ),
    )
    return tuple(bus for bus in buses if not set(bus.families).isdisjoint(families))


def _standalone_encryption(config: Config, key: kms.Key | None) -> Encryption:
    if key:
        return Encryption(logical_id=key.title)
    return Encryption() if config.encryption == CUSTOMER_KEY else Encryption.of(config)
