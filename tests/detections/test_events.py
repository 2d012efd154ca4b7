"""Recorded events, let happen in the generated templates: who is alerted of each, from every region."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from deployments import deploy
from every_case import assert_every
from samples import (
    ACCOUNT,
    LEFT_TO_TAMPERING,
    LOGGED,
    RAISES,
    SAMPLES,
    SETTINGS,
    SILENT,
    SUBSCRIBERS,
    account,
    caller_name,
    is_of_the_key,
    own_deliveries,
    recorded,
    templates,
    text_of,
    title,
)
from template_data import read_yaml
from variants import USUAL, VARIANTS, Variant

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record, is_read_only
from cfn_breakglass.analysis.simulator.simulator import Delivery, Simulator
from cfn_breakglass.aws.partitions import partition_of
from cfn_breakglass.config.model import DETECTIONS

FEWEST = 5
"""Samples that raise a detection, and as many near misses."""
ANYWHERE = [sample for sample in RAISES if not is_of_the_key(sample)]

every_detection = pytest.mark.parametrize("detection", DETECTIONS)


def of_detection(detection: str, samples: list[Path]) -> dict[str, tuple[Path]]:
    """The samples of a detection, as the cases of ``assert_every``."""
    return {title(sample): (sample,) for sample in samples if sample.parent.name == detection}


def run(sample: Path, variant: Variant, region: str) -> list[Delivery]:
    """Let the sample happen in a region; give the deliveries of its own detection."""
    event = recorded(variant.rewrite(text_of(sample)), region)
    return own_deliveries(sample, account(variant.text).run(event))


def distinct(deliveries: list[Delivery]) -> list[Delivery]:
    return list(dict.fromkeys(deliveries))


def sinks(sample: Path, variant: Variant) -> tuple[str, str]:
    """The topic that is notified of a sample and the log that keeps it, in the main region."""
    partition, main = partition_of(variant.main).name, variant.main
    log = "actions" if sample.parent.name == "RoleActions" else "login"
    return (
        f"arn:{partition}:sns:{main}:{ACCOUNT}:break-glass-alerts",
        f"arn:{partition}:logs:{main}:{ACCOUNT}:log-group:/aws/events/break-glass/{log}",
    )


@every_detection
@pytest.mark.parametrize("kind", ["raises", "silent"])
def test_every_detection_has_samples(detection: str, kind: str) -> None:
    count = len([sample for sample in SAMPLES if title(sample).startswith(f"{detection}/{kind}-")])
    assert count >= FEWEST, f"tests/events/{detection}/{kind}-*.json: there are {count}, and {FEWEST} are needed"


def test_the_path_of_a_sample_says_what_it_proves() -> None:
    folders = {sample.parent.name for sample in SAMPLES}
    assert folders <= set(DETECTIONS), f"tests/events: no detections: {sorted(folders - set(DETECTIONS))}"
    assert {*RAISES, *SILENT, *LOGGED} == set(SAMPLES), "a sample is raises-*.json, silent-*.json or logged-*.json"


def test_no_two_samples_are_the_same() -> None:
    same: dict[str, list[str]] = {}
    for sample in SAMPLES:
        event = event_from_record(json.loads(text_of(sample)))
        same.setdefault(str(event["detail"].get("eventID", event["id"])), []).append(title(sample))
    assert [names for names in same.values() if len(names) > 1] == []


def test_exceptions_are_of_samples_that_exist() -> None:
    titles = {title(sample) for sample in SAMPLES} | {f"{detection}/silent-identity-center" for detection in DETECTIONS}
    assert frozenset().union(*(variant.except_for for variant in VARIANTS.values())) <= titles


def assert_raises(sample: Path, variant: Variant, region: str) -> None:
    """A sample alerts people and is logged, once each, wherever it happens."""
    topic_arn, log_arn = sinks(sample, variant)
    text = variant.rewrite(text_of(sample))
    queue = variant.settings.get("alerts", SETTINGS["alerts"])["sqs"][0]
    topic, log = distinct(run(sample, variant, region))
    assert (topic.kind, topic.target, topic.region) == ("topic", topic_arn, variant.main)
    assert (log.kind, log.target, log.region) == ("log", log_arn, variant.main)
    assert [sink.problem for sink in (topic, log)] == [None, None]
    assert [sink.assumed_allowed for sink in (topic, log)] == [(), ()]
    assert topic.subscribers == (SUBSCRIBERS[0], ("sqs", queue))
    assert caller_name(json.loads(text)) in topic.message
    assert json.loads(log.message)["detail"] == recorded(text, region)["detail"]


def assert_silent(sample: Path, variant: Variant, region: str) -> None:
    """A near miss raises nothing of the detection that it is a near miss of."""
    assert run(sample, variant, region) == []


def assert_logged(sample: Path, variant: Variant, region: str) -> None:
    """What only goes to the log arrives there, and nowhere else."""
    _, log_arn = sinks(sample, variant)
    arrived = [(delivery.target, delivery.problem) for delivery in distinct(run(sample, variant, region))]
    assert arrived == [(log_arn, None)]


def assert_alerts_once(sample: Path, region: str) -> None:
    """No detection alerts twice of a sample."""
    event = recorded(text_of(sample), region)
    deliveries = Counter((delivery.detection, delivery.target) for delivery in account(USUAL.text).run(event))
    assert [pair for pair, count in deliveries.items() if count > 1] == []


@pytest.mark.parametrize("sample", RAISES, ids=title)
def test_raises(sample: Path) -> None:
    assert event_from_record(json.loads(text_of(sample)))["region"] in USUAL.regions
    assert_every(assert_raises, {region: (sample, USUAL, region) for region in USUAL.regions_for(sample)})


@pytest.mark.parametrize("sample", SILENT, ids=title)
def test_silent(sample: Path) -> None:
    assert_every(assert_silent, {region: (sample, USUAL, region) for region in USUAL.regions_for(sample)})


@pytest.mark.parametrize("sample", LOGGED, ids=title)
def test_logged(sample: Path) -> None:
    assert_every(assert_logged, {region: (sample, USUAL, region) for region in USUAL.regions_for(sample)})


def in_variant(
    detection: str, variant: Variant, samples: list[Path], *, everywhere: bool
) -> dict[str, tuple[Any, ...]]:
    """The samples of a detection in two regions or in all, as the cases of ``assert_every``."""
    return {
        f"{title(sample)} in {region}": (sample, variant, region)
        for sample in variant.samples(samples)
        if sample.parent.name == detection
        for region in (variant.regions if everywhere and not is_of_the_key(sample) else variant.regions_for(sample))
    }


every_variant = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
UNUSUAL = {name: variant for name, variant in VARIANTS.items() if variant != USUAL}
unusual_variants = pytest.mark.parametrize("variant", UNUSUAL.values(), ids=UNUSUAL)


@unusual_variants
@every_detection
def test_raises_in_every_variant(detection: str, variant: Variant) -> None:
    assert_every(assert_raises, in_variant(detection, variant, RAISES, everywhere=False))


@unusual_variants
@every_detection
def test_silent_in_every_variant(detection: str, variant: Variant) -> None:
    assert_every(assert_silent, in_variant(detection, variant, SILENT, everywhere=False))


@unusual_variants
def test_logged_in_every_variant(variant: Variant) -> None:
    assert_every(assert_logged, in_variant("MonitoringTampered", variant, LOGGED, everywhere=False))


@pytest.mark.thorough("every sample in every variant, recorded in every region")
@every_variant
@every_detection
def test_raises_in_every_region(detection: str, variant: Variant) -> None:
    assert_every(assert_raises, in_variant(detection, variant, RAISES, everywhere=True))


@pytest.mark.thorough("every sample in every variant, recorded in every region")
@every_variant
@every_detection
def test_silent_in_every_region(detection: str, variant: Variant) -> None:
    assert_every(assert_silent, in_variant(detection, variant, SILENT, everywhere=True))


@every_detection
def test_nobody_is_alerted_twice(detection: str) -> None:
    cases = in_variant(detection, USUAL, SAMPLES, everywhere=False)
    assert_every(assert_alerts_once, {name: (sample, region) for name, (sample, _, region) in cases.items()})


@pytest.mark.parametrize("name", LEFT_TO_TAMPERING)
def test_what_a_detection_leaves_to_another_is_alerted_of(name: str) -> None:
    sample = next(sample for sample in SILENT if title(sample) == name)
    detections = dict.fromkeys(DETECTIONS, "alert")
    event = recorded(text_of(sample), "us-east-1")
    for levels, by in ({}, "MonitoringTampered"), ({"MonitoringTampered": "off"}, sample.parent.name):
        settings = {"detections": {**detections, "RoleActions": "off", **levels}}
        assert {delivery.detection for delivery in account(Variant(settings).text).run(event)} == {by}


@pytest.mark.parametrize("detection", ["RoleAssumed", "ConsoleSignIn", "RoleChained", "RoleActions"])
@pytest.mark.parametrize("permission_set", ["BreakGlass", "Other"])
def test_identity_center(detection: str, permission_set: str) -> None:
    sample = next(sample for sample in SILENT if title(sample) == f"{detection}/silent-identity-center")
    variant = Variant({"role": {"permission_set": permission_set}})
    deliveries = distinct(run(sample, variant, "eu-west-1"))
    kinds = [delivery.kind for delivery in deliveries]
    assert kinds == (["topic", "log"] if permission_set == "BreakGlass" else [])
    assert all("alice@example.com" in delivery.message and delivery.problem is None for delivery in deliveries)


def assert_needs_a_stack(sample: Path) -> None:
    assert run(sample, USUAL, "me-south-1") == []
    added = Variant({"regions": ["*", "me-south-1"]})
    assert [delivery.kind for delivery in distinct(run(sample, added, "me-south-1"))] == ["topic", "log"]


@every_detection
def test_a_region_without_a_stack_alerts_nobody(detection: str) -> None:
    assert_every(assert_needs_a_stack, of_detection(detection, ANYWHERE))


ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@cache
def just_enabled(file: int) -> Simulator:
    """Deploy the templates with the plain state in one of them."""
    texts = list(templates(USUAL.text))
    texts[file] = texts[file].replace(ALL, "ENABLED")
    return simulator(*texts)


def assert_misses_reads(sample: Path, file: int) -> None:
    event = recorded(text_of(sample), "eu-west-1")
    deliveries = distinct(own_deliveries(sample, just_enabled(file).run(event)))
    arrived = [delivery.kind for delivery in deliveries if delivery.problem is None]
    assert arrived == ([] if is_read_only(event) else ["topic", "log"])


@pytest.mark.parametrize("file", [0, 1], ids=["main-region.yaml", "stackset.yaml"])
@every_detection
def test_a_rule_that_is_just_enabled_misses_what_only_reads(detection: str, file: int) -> None:
    cases = of_detection(detection, ANYWHERE)
    assert_every(assert_misses_reads, {name: (sample, file) for name, (sample,) in cases.items()})


def test_to_assume_the_role_only_reads() -> None:
    assuming = [sample for sample in RAISES if sample.parent.name in ("RoleAssumed", "RoleDenied")]
    assert [title(sample) for sample in assuming if not is_read_only(recorded(text_of(sample), "eu-west-1"))] == []


Resources = dict[str, Any]


def without(*logical_ids: str) -> Callable[[Resources], None]:
    def edit(resources: Resources) -> None:
        for logical_id in logical_ids:
            del resources[logical_id]

    return edit


def without_property(logical_id: str, name: str) -> Callable[[Resources], None]:
    def edit(resources: Resources) -> None:
        del resources[logical_id]["Properties"][name]

    return edit


def with_state(logical_id: str, state: str) -> Callable[[Resources], None]:
    def edit(resources: Resources) -> None:
        resources[logical_id]["Properties"]["State"] = state

    return edit


# name: (edit of what main-region.yaml says, what then becomes of the topic and of the log)
DAMAGES: dict[str, tuple[Callable[[Resources], None], dict[str, str]]] = {
    "nothing": (lambda _: None, {"topic": "arrives", "log": "arrives"}),
    "topic policy": (without("AlertTopicPolicy"), {"topic": "does not let", "log": "arrives"}),
    "Logs policy": (without("LogPolicy"), {"topic": "arrives", "log": "no Logs resource policy lets"}),
    "forwarder role's policy": (without_property("ForwarderRole", "Policies"), {"bus": "may not put events on"}),
    "forwarder role's trust": (
        without_property("ForwarderRole", "AssumeRolePolicyDocument"),
        {"bus": "does not trust the rule"},
    ),
    "central rule": (without("RoleAssumed"), {}),
    "central rule's state": (with_state("RoleAssumed", "DISABLED"), {"bus": "does not receive it"}),
}


@pytest.mark.parametrize(("edit", "outcome"), DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("region", ["us-east-1", "ap-south-1"])
def test_the_proof_can_fail(edit: Callable[[Resources], None], outcome: dict[str, str], region: str) -> None:
    deliveries = run_damaged(edit, region)
    assert deliveries.keys() == outcome.keys()
    for kind, expected in outcome.items():
        assert expected in (deliveries[kind].problem or "arrives")


def test_a_forwarder_role_that_is_not_there_is_not_vouched_for() -> None:
    def edit(resources: Resources) -> None:
        # The rules of the main region refer to it.
        for logical_id in [name for name in resources if name.startswith("Forward")]:
            del resources[logical_id]

    role = f"arn:aws:iam::{ACCOUNT}:role/break-glass-forwarder"
    assert {delivery.assumed_allowed for delivery in run_damaged(edit, "ap-south-1").values()} == {(role,)}


def run_damaged(edit: Callable[[Resources], None], region: str) -> dict[str, Delivery]:
    """Let the plainest sample happen where the emitted text was edited; give its deliveries by kind."""
    main, stackset = templates(Variant({"regions": ["ap-south-1"]}).text)
    template = read_yaml(main)
    edit(template["Resources"])
    for resource in template["Resources"].values():
        resource.pop("DependsOn", None)
    template.pop("Outputs")
    sample = next(sample for sample in RAISES if title(sample) == "RoleAssumed/raises-user-of-the-same-account")
    event = recorded(text_of(sample), region)
    deliveries = own_deliveries(sample, simulator(json.dumps(template), stackset).run(event))
    return {delivery.kind: delivery for delivery in deliveries}


def simulator(main: str, stackset: str) -> Simulator:
    return Simulator(deploy(main, stackset, account=ACCOUNT))
