"""Recorded events, put on the buses of moto: forwarded from region to region, and what the log groups then hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import pytest
from deployments import deploy
from moto_aws import DEPLOYS, Aws, account, prepare
from samples import (
    ACCOUNT,
    LEFT_TO_TAMPERING,
    LOGGED,
    RAISES,
    SAMPLES,
    account as simulated,
    is_of_the_key,
    record_of,
    recorded,
    templates,
    title,
)
from template_edits import Edit, edited, untouched, with_properties, without, without_target
from variants import VARIANTS, Variant

from cfn_breakglass.aws.partitions import PARTITIONS, partition_of
from cfn_breakglass.config.model import DETECTIONS

pytestmark = DEPLOYS

# The usual settings in each partition.
PLACES: Final = {partition_of(VARIANTS[name].main).name: VARIANTS[name] for name in ("created", "China", "GovCloud")}


def known_as(record: dict[str, Any]) -> str:
    """What a record, or the detail of an alarm, has that no other has."""
    return str(record["eventID"] if "eventID" in record else record["state"]["timestamp"])


IDS: Final = {known_as(record_of(json.loads(sample.read_text(encoding="utf-8")))): title(sample) for sample in SAMPLES}
# PutEvents gives an event the account of who puts it, and these are silent for the account alone.
# AWS looks for a field in each object of a list; to moto such a field does not exist.
WITHIN_LISTS: Final = (
    "MonitoringTampered/raises-events-put-targets",
    "MonitoringTampered/silent-cloudformation-refactor-of-another-stack",
    "RolePassed/raises-target-of-a-rule",
)
SILENT_ELSEWHERE: Final = (
    "RootUsed/silent-root-of-another-account",
    "UserSignIn/silent-same-name-in-another-account",
    "DeliveryFailing/silent-alarm-of-another-account",
    # And these because of another detection, which is off.
    *LEFT_TO_TAMPERING,
)
# What an event has of its own, however it is put.
GIVEN: Final = {"id", "time"}
# What an event keeps on EventBridge's buses and not on moto's: the log gets no account, and a forward the last region.
NOT_KEPT: Final = {"account"}
NOT_KEPT_ON_THE_WAY: Final = {"account", "region"}


def put_in(region: str, sample: Path, variant: Variant) -> dict[str, Any]:
    """The event of a sample that somebody of our account puts in a region."""
    event = recorded(variant.rewrite(sample.read_text(encoding="utf-8")), region)
    # moto forgets on the way where an event is from, which a record tells and an alarm does not, and what it is about.
    return {**event, "account": ACCOUNT, "resources": [], "detail": {"awsRegion": region, **event["detail"]}}


@contextmanager
def deployed(variant: Variant, regions: list[str], edits: tuple[Edit, Edit] = (untouched, untouched)) -> Iterator[Aws]:
    """The variant's templates, each edited, in moto: in the main region and in the others of ``regions``."""
    texts = templates(variant.text)
    main, stackset = (
        edited(text, edit) if edit is not untouched else text for text, edit in zip(texts, edits, strict=True)
    )
    with account(variant.main) as aws:
        prepare(aws, deploy(*texts, account=ACCOUNT)[variant.main])
        aws.deploy(main, stackset, [region for region in regions if region != variant.main])
        yield aws


def alone(variant: Variant, detection: str) -> Variant:
    """The variant with one detection, which is only logged: nothing else can put an event into a log group."""
    only = {**dict.fromkeys(DETECTIONS, "off"), detection: "log"}
    return replace(variant, settings={**variant.settings, "detections": only})


def known_by(event: dict[str, Any]) -> tuple[str, str]:
    """The sample that an event is of, and the region in which it was recorded."""
    return IDS[known_as(event["detail"])], event["detail"]["awsRegion"]


def seen(logged: Iterable[tuple[str, dict[str, Any]]]) -> Counter[tuple[str, str, str]]:
    """What log groups hold: (group, sample, region in which it was recorded)."""
    return Counter((group, *known_by(event)) for group, event in logged)


def log_of(detection: str) -> str:
    return f"/aws/events/break-glass/{'actions' if detection == 'RoleActions' else 'login'}"


def test_every_partition_is_a_place() -> None:
    assert list(PLACES) == [partition.name for partition in PARTITIONS if len(partition.regions) > 1]


thorough = pytest.mark.thorough("events on moto's buses in every partition, of every detection, and every damage")
QUICK_PLACE: Final = "aws-cn"
"""The partition with the fewest regions."""
MANY: Final = ("BackdoorCreated", "MonitoringTampered")
"""Detections with hundreds of samples: moto takes its time over an event."""


@pytest.mark.parametrize(
    ("place", "detection"),
    [
        pytest.param(place, detection, marks=[] if place == QUICK_PLACE and detection not in MANY else [thorough])
        for place in PLACES
        for detection in DETECTIONS
    ],
)
def test_logs_what_raises_and_no_near_miss(place: str, detection: str) -> None:
    variant = alone(PLACES[place], detection)
    # moto makes up another ID for the key.
    own = [sample for sample in SAMPLES if sample.parent.name == detection and not is_of_the_key(sample)]
    own = [sample for sample in own if title(sample) not in {*variant.except_for, *WITHIN_LISTS}]
    raised = [title(sample) for sample in own if sample in (*RAISES, *LOGGED) or title(sample) in SILENT_ELSEWHERE]
    # moto takes its time over an event: forwarding within the main region is shown in one partition.
    regions = [variant.main, variant.secondary_region] if place == "aws" else [variant.secondary_region]
    events = [put_in(region, sample, variant) for region in regions for sample in own]
    with deployed(variant, regions) as aws:
        for event in events:
            aws.put(event)
        logged = list(aws.logged())
    assert seen(logged) == Counter((log_of(detection), sample, region) for sample in raised for region in regions)
    put = {known_by(event): event for event in events}
    for _, event in logged:
        was = put[known_by(event)]
        changed = {key for key in was.keys() | event.keys() if was.get(key) != event.get(key)}
        assert changed - GIVEN == (NOT_KEPT if was["region"] == variant.main else NOT_KEPT_ON_THE_WAY)


def puts(place: str) -> dict[str, list[Path]]:
    """What to put where: from each region a sample of one detection after the other, and from one region all."""
    variant = PLACES[place]
    of_each = [*{sample.parent.name: sample for sample in RAISES}.values()]
    in_turn = {region: [sample] for region, sample in zip(variant.regions, cycle(of_each), strict=False)}
    return in_turn | {variant.secondary_region: SAMPLES if place == "aws" else of_each}


@pytest.mark.parametrize(
    "place", [pytest.param(place, marks=[] if place == QUICK_PLACE else [thorough]) for place in PLACES]
)
def test_the_logs_hold_what_the_simulator_says(place: str) -> None:
    variant = PLACES[place]
    expected: Counter[tuple[str, str, str]] = Counter()
    with deployed(variant, variant.regions) as aws:
        aws.take_topics_off()
        for region, samples in puts(place).items():
            for sample in (sample for sample in samples if title(sample) not in WITHIN_LISTS):
                event = put_in(region, sample, variant)
                aws.put(event)
                told = simulated(variant.text).run(event)
                logs = [one.target.rpartition(":")[2] for one in told if one.kind == "log" and one.problem is None]
                expected.update((log, title(sample), region) for log in logs)
        assert seen(aws.logged()) == expected


FORWARDS, TELLS = "ForwardAssume", "RoleAssumed"
OTHER_PATTERN: Final = {"EventPattern": {"source": ["aws.iam"]}}
MAIN, OTHER = "cn-north-1", "cn-northwest-1"
# name: (edits of main-region.yaml and of stackset.yaml, the regions from which an event is then still logged)
DAMAGES: Final[dict[str, tuple[tuple[Edit, Edit], set[str]]]] = {
    "nothing": ((untouched, untouched), {MAIN, OTHER}),
    "no rule in the main region": ((without(FORWARDS), untouched), {OTHER}),
    "no rule in the other region": ((untouched, without(FORWARDS)), {MAIN}),
    "another pattern in the other region": ((untouched, with_properties(FORWARDS, OTHER_PATTERN)), {MAIN}),
    "the other region forwards nowhere": ((untouched, without_target(FORWARDS)), {MAIN}),
    "no central rule": ((without(TELLS), untouched), set()),
    "another pattern in the central rule": ((with_properties(TELLS, OTHER_PATTERN), untouched), set()),
    "the central rule sends to no log": ((without_target(TELLS), untouched), set()),
}
DISABLED, ENABLED = {"State": "DISABLED"}, {"State": "ENABLED"}
# What AWS heeds and moto does not, so that these tests cannot show it. As above, with what moto does.
UNHEEDED: Final[dict[str, tuple[tuple[Edit, Edit], set[str]]]] = {
    "a disabled rule takes nothing": ((untouched, with_properties(FORWARDS, DISABLED)), {MAIN, OTHER}),
    "an enabled rule takes nothing that only reads": ((untouched, with_properties(FORWARDS, ENABLED)), {MAIN, OTHER}),
    "forwarding takes a role that may": (
        (with_properties("ForwarderRole", {"Policies": []}), untouched),
        {MAIN, OTHER},
    ),
    "logging takes a policy": ((with_properties("LogPolicy", {"PolicyDocument": "{}"}), untouched), {MAIN, OTHER}),
}


QUICK_DAMAGES: Final = ("nothing", "no rule in the other region", "the central rule sends to no log")


@pytest.mark.parametrize(
    "damage",
    [pytest.param(damage, marks=[] if damage in QUICK_DAMAGES else [thorough]) for damage in DAMAGES | UNHEEDED],
)
def test_damage(damage: str) -> None:
    edits, reached = (DAMAGES | UNHEEDED)[damage]
    variant = alone(PLACES["aws-cn"], "RoleAssumed")
    sample = next(sample for sample in RAISES if title(sample) == "RoleAssumed/raises-user-of-the-same-account")
    with deployed(variant, [MAIN, OTHER], edits) as aws:
        for region in (MAIN, OTHER):
            aws.put(put_in(region, sample, variant))
        assert {region for _, _, region in seen(aws.logged())} == reached


def test_moto_delivers_to_no_topic() -> None:
    variant = PLACES["aws-cn"]
    sample = next(sample for sample in RAISES if sample.parent.name == "RoleAssumed")
    with deployed(variant, [MAIN]) as aws, pytest.raises((NotImplementedError, ValueError)):
        aws.put(put_in(MAIN, sample, variant))
