"""What one run derives from a config: names, detections and where each of them goes, buses, encryption.

The plan is made once. Whatever makes a template, a policy or a sentence takes the plan, or the part of it that it
needs, and derives none of this again.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from troposphere import GetAtt, iam, kms

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.model import CREATE, CUSTOMER_KEY, NONE, OFF, Config
from cfn_breakglass.detections.catalog import Detection, detections, heartbeat
from cfn_breakglass.names import ACTIONS, Names, RoleNames


class Destinations(NamedTuple):
    """The detections that each destination receives; none where the config has no such destination."""

    topic: tuple[Detection, ...]
    login_log: tuple[Detection, ...]
    action_log: tuple[Detection, ...]

    @classmethod
    def of(cls, config: Config, candidates: Sequence[Detection]) -> Destinations:
        return cls(
            topic=tuple(detection for detection in candidates if config.alerts_on(detection.id)),
            login_log=tuple(detection for detection in candidates if config.alerts.log and detection.id != ACTIONS),
            action_log=tuple(
                detection for detection in candidates if config.actions.log != "none" and detection.id == ACTIONS
            ),
        )

    def received(self, candidates: Sequence[Detection]) -> tuple[Detection, ...]:
        """Those of the candidates that a destination receives, in their order."""
        return tuple(detection for detection in candidates if any(detection in destination for destination in self))


class CentralBus(NamedTuple):
    """An event bus of the main region that every region forwards to; its ``logical_id`` is None if it exists already.

    ``suffix`` ends the name of what goes with it.
    """

    name: str
    logical_id: str | None
    description: str
    suffix: str = ""


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
    event of every region, None where nothing needs that proof. ``buses`` are the central ones; without any, the rules
    stand on the default bus and send to the destinations themselves.
    """

    config: Config
    names: Names
    detections: tuple[Detection, ...]
    destinations: Destinations
    heartbeat: Detection | None = None
    buses: tuple[CentralBus, ...] = ()
    encryption: Encryption

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

    def bus_of(self, detection: Detection) -> CentralBus:
        """The central bus that the events of a detection are forwarded to."""
        name = self.names.bus_name(detection.id)
        return next(bus for bus in self.buses if bus.name == name)

    def alerts_on(self, detection_id: str) -> bool:
        """Whether subscribers are notified of a detection."""
        return any(detection.id == detection_id for detection in self.destinations.topic)

    def watches(self, detection_id: str) -> bool:
        """Whether a subscriber or a log receives a detection."""
        return any(detection.id == detection_id for detection in self.detections)


def make_plan(config: Config) -> Plan:
    """The plan of the templates."""
    names, encryption = Names.of(config), Encryption.of(config)
    candidates = detections(config, names, encryption.logical_id)
    destinations = Destinations.of(config, candidates)
    watched = destinations.received(candidates)
    return Plan(
        config=config,
        names=names,
        detections=watched,
        destinations=destinations,
        heartbeat=heartbeat(names) if watched and config.heartbeat != OFF else None,
        buses=_central_buses(config, names, watched),
        encryption=encryption,
    )


def make_standalone_plan(
    config: Config, ids: Container[str], *, role: iam.Role | None = None, key: kms.Key | None = None
) -> Plan:
    """The plan of the detections ``ids`` in somebody's own template: without regions, buses and heartbeat.

    They watch ``role``, and ``key`` encrypts what they write: resources of that template. Without them it is the role
    of the config and the key whose ARN the config gives.
    """
    names = Names.of(config, RoleNames.of_resource(role) if role else None)
    encryption = _standalone_encryption(config, key)
    selected = [detection for detection in detections(config, names, encryption.logical_id) if detection.id in ids]
    destinations = Destinations.of(config, selected)
    return Plan(
        config=config,
        names=names,
        detections=destinations.received(selected),
        destinations=destinations,
        encryption=encryption,
    )


def _central_buses(config: Config, names: Names, watched: Sequence[Detection]) -> tuple[CentralBus, ...]:
    """One bus for all detections but RoleActions, and one for that.

    What is done in the role may be a sign-in or a chained role as well. On one bus, the copies that two rules of a
    region forward of one event would each match both rules there, and everybody would be notified twice.
    """
    content = "Events from every region"
    central = CentralBus(names.bus, None if config.event_bus.existing else "CentralBus", content)
    if not any(detection.id == ACTIONS for detection in watched):
        return (central,)
    return central, CentralBus(names.action_bus, "ActionBus", f"{content}: what is done in the role", "-actions")


def _standalone_encryption(config: Config, key: kms.Key | None) -> Encryption:
    if key:
        return Encryption(logical_id=key.title)
    return Encryption() if config.encryption == CUSTOMER_KEY else Encryption.of(config)
