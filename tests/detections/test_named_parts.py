"""Whatever parameter of whatever call names a part of ours: it alerts, and the same call about a neighbour does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple

import pytest
from deployments import deploy
from every_case import assert_every
from named_parts import (
    HARMLESS,
    KEY,
    OWNERS,
    SERVICES,
    SPELLINGS,
    STACK_SET,
    Parameter,
    Part,
    is_harmless,
    matches,
    neighbours,
    parameters,
    parts_of,
    record_of_call,
    requests,
    spelled,
    tagging_calls,
    undecided,
)
from paths import STARTER
from samples import ACCOUNT, SETTINGS

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.config.loader import config_of, load_config
from cfn_breakglass.generation.generate import template_files
from cfn_breakglass.names import Names

NAME: Final = "break-glass"
EVERYTHING: Final = {
    **SETTINGS,
    "heartbeat": "hourly",
    "deployer": True,
    "rollout": "managed",
    "stackset_roles": "create",
}


class Account(NamedTuple):
    """The templates of a config, deployed on paper: the parts that they make, and how names of ours begin."""

    simulator: Simulator
    parts: list[Part]
    beginnings: tuple[str, ...]

    def alerts(self, record: dict[str, Any]) -> bool:
        """Whether people are alerted of a CloudTrail record."""
        return any(
            (delivery.detection, delivery.kind, delivery.problem) == ("MonitoringTampered", "topic", None)
            for delivery in self.simulator.run(event_from_record(record))
        )


@cache
def deployed(config_name: str) -> Account:
    config = load_config(STARTER)[0] if config_name == "starter" else config_of({**EVERYTHING, **CONFIGS[config_name]})
    files = template_files(config)
    stacks = deploy(files["main-region.yaml"], files["stackset.yaml"], account=ACCOUNT)
    names = Names.of(config)
    parts = [*parts_of(stacks["us-east-1"]), *parts_of(stacks["eu-west-1"]), Part(STACK_SET, NAME, "us-east-1")]
    beginnings = (names.alarms, names.default_bus_rules, names.log_groups, names.saved_queries)
    return Account(Simulator(stacks), list(dict.fromkeys(parts)), beginnings)


# name: what differs from EVERYTHING
CONFIGS: Final[dict[str, dict[str, Any]]] = {
    "starter": {},
    "everything": {},
    "shared bus": {"event_bus": {"existing": "security"}},
}
every_service = pytest.mark.parametrize("service", sorted(SERVICES))


class Call(NamedTuple):
    """A call that passes a part's name, or another, in one spelling, where a config is deployed."""

    config: str
    parameter: Parameter
    part: Part
    spelling: str
    name: str
    request: dict[str, Any]

    @property
    def title(self) -> str:
        bus = f", bus {self.request['eventBusName']}" if "eventBusName" in self.request else ""
        return f"{self.config}: {self.parameter.title}={self.name} ({self.spelling}{bus}) in {self.part.region}"

    def alerts(self) -> bool:
        service, call = SERVICES.get(self.parameter.service, self.parameter.service), self.parameter.call
        record = record_of_call(service, call, self.request, ACCOUNT, self.part.region)
        return deployed(self.config).alerts(record)


def calls_naming(config: str, part: Part, name: str, parameter: Parameter) -> Iterator[Call]:
    """The calls that pass ``name`` in place of a part's, in every spelling that the parameter takes."""
    for spelling, text in SPELLINGS[part.kind].items():
        value = spelled(text, name, part, ACCOUNT)
        if parameter.takes(value):
            for request in requests(parameter, part, value, ACCOUNT):
                yield Call(config, parameter, part, spelling, name, request)


def namings(service: str) -> Iterator[tuple[str, Part, Parameter]]:
    """Every parameter of a service with every part that it can name, in every config."""
    for config in CONFIGS:
        for parameter in parameters():
            if parameter.service == service:
                for part in deployed(config).parts:
                    if part.kind == parameter.kind:
                        yield config, part, parameter


def assert_every_call(calls: Iterable[Call], *, alerts: bool) -> None:
    def check(call: Call) -> None:
        assert call.alerts() == alerts

    assert_every(check, {call.title: (call,) for call in calls})


def test_it_is_decided_of_every_parameter_what_it_names() -> None:
    assert undecided() == []


def test_every_kind_of_part_is_made_and_named() -> None:
    made = {part.kind for config in CONFIGS for part in deployed(config).parts}
    assert made == {parameter.kind for parameter in parameters()} == set(SPELLINGS) == set(OWNERS)


@every_service
def test_a_call_that_names_a_part_alerts(service: str) -> None:
    calls = [
        call
        for config, part, parameter in namings(service)
        if not is_harmless(parameter)
        for call in calls_naming(config, part, part.name, parameter)
    ]
    assert_every_call(calls, alerts=True)


@pytest.mark.parametrize("entry", HARMLESS, ids=lambda entry: " ".join(entry[:3]))
def test_what_need_not_alert_does_not(entry: tuple[str, str, str, str]) -> None:
    calls = [
        call
        for config, part, parameter in namings(entry[0])
        if matches(entry, parameter)
        for call in calls_naming(config, part, part.name, parameter)
    ]
    assert_every_call(calls, alerts=False)


def calls_naming_neighbours(config: str, part: Part, parameter: Parameter) -> Iterator[Call]:
    account = deployed(config)
    own = {part.name.lower() for part in account.parts if part.kind == parameter.kind}
    for name in neighbours(part, NAME, account.beginnings):
        for call in calls_naming(config, part, name, parameter):
            # After the name of a stack set AWS writes a hyphen, so a longer name with one may be ours.
            is_like_ours = "stack set" in call.spelling and name.startswith(f"{NAME}-")
            if name.lower() not in own and not is_like_ours:
                yield call


@pytest.mark.parametrize("service", sorted({*SERVICES} - {"cloudtrail"}))
def test_a_call_that_names_a_neighbour_does_not(service: str) -> None:
    """Calls that change a trail alert whichever it is, and no name is like the ID of a key."""
    calls = [
        call
        for config, part, parameter in namings(service)
        # A rule of others on a bus of ours is ours too.
        if part.kind != KEY and not part.bus
        for call in calls_naming_neighbours(config, part, parameter)
    ]
    assert_every_call(calls, alerts=False)


@pytest.mark.parametrize("service", [service for service in SERVICES if tagging_calls(service)])
def test_a_change_of_tags_does_not_alert(service: str) -> None:
    calls = [
        Call(config, parameter, part, spelling, part.name, parameter.request(spelled(text, part.name, part, ACCOUNT)))
        for config in CONFIGS
        for parameter in tagging_calls(service)
        for part in deployed(config).parts
        if OWNERS[part.kind] == service
        for spelling, text in SPELLINGS[part.kind].items()
    ]
    assert_every_call(calls, alerts=False)
