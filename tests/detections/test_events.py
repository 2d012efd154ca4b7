"""Recorded events, let loose on the generated templates: who is told of what, from every region."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from deployments import deploy
from samples import (
    ACCOUNT,
    LEFT_TO_TAMPERING,
    RAISES,
    SAMPLES,
    SETTINGS,
    SILENT,
    SUBSCRIBERS,
    account,
    of_the_key,
    recorded,
    templates,
    text_of,
    title,
    told_by,
    who,
)

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import envelope, reads_only
from cfn_breakglass.analysis.simulator.simulator import Delivery, Simulator
from cfn_breakglass.aws.partitions import PARTITIONS, partition_of
from cfn_breakglass.config.model import DETECTIONS

SSO_ROLE = "AWSReservedSSO_BreakGlass_0123456789abcdef"
SSO_PATH = "aws-reserved/sso.amazonaws.com/"


def as_is(text: str) -> str:
    return text


def bucket_in(main: str) -> Callable[[str], str]:
    """Give the trail's bucket in a sample the name that it has with another main region."""
    return lambda text: text.replace(f"{ACCOUNT}-us-east-1", f"{ACCOUNT}-{main}")


def into(partition: str, main: str, other: str) -> Callable[[str], str]:
    """Move a sample to another partition: its ARNs, and its region to one of the two."""

    def move(text: str) -> str:
        moved = bucket_in(main)(text).replace("arn:aws:", f"arn:{partition}:").replace('"us-east-1"', f'"{main}"')
        return re.sub("|".join(PARTITIONS[0].regions), other, moved)

    return move


def into_permission_set(text: str) -> str:
    """Make the role of a sample that of a permission set whose home is us-east-1."""
    named = text.replace("role/ops/break-glass", f"role/{SSO_PATH}{SSO_ROLE}")
    named = named.replace("assumed-role/break-glass/", f"assumed-role/{SSO_ROLE}/")
    # As IAM calls and their messages name a role.
    return re.sub(r'("roleName": "|: role )break-glass(?=[" ])', rf"\1{SSO_ROLE}", named)


@dataclass(frozen=True)
class Variant:
    """Settings that differ from the usual, what samples become there, and those that mean something else there."""

    settings: dict[str, Any] = field(default_factory=dict)
    rewrite: Callable[[str], str] = as_is
    except_for: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return json.dumps({**SETTINGS, **self.settings})

    @property
    def main(self) -> str:
        return str(self.settings.get("main_region", SETTINGS["main_region"]))


def elsewhere(partition: str, main: str, other: str) -> Variant:
    alerts = {**SETTINGS["alerts"], "sqs": [f"arn:{partition}:sqs:{main}:{ACCOUNT}:pager"]}
    text_messages: frozenset[str] = frozenset()
    if partition == "aws-cn":  # there are none
        alerts["fallback"] = [one for one in alerts["fallback"] if not one.startswith("+")]
        text_messages = frozenset(title(sample) for sample in RAISES if "sms" in sample.stem)
    return Variant({"main_region": main, "alerts": alerts}, into(partition, main, other), text_messages)


WILDCARDS_TELL_CASE_APART = (
    "RoleRefused/raises-role-arn-in-other-case",
    "RoleRefused/raises-validation-error-role-arn-in-other-case",
)
VARIANTS = {
    "created": Variant(),
    "main region in Europe": Variant({"main_region": "eu-west-1"}, bucket_in("eu-west-1")),
    "existing, by bare name": Variant(
        {"role": {"existing": "break-glass"}},
        except_for=frozenset(
            [
                # Whatever its path: there is one role of the name.
                "RoleRefused/silent-same-name-under-another-path",
                # Where the message ends with it, the name alone tells.
                "RoleRefused/silent-role-of-another-account-without-a-reason",
                WILDCARDS_TELL_CASE_APART[1],
            ]
        ),
    ),
    "existing, by path and name": Variant({"role": {"existing": "ops/break-glass"}}),
    "existing, by ARN": Variant({"role": {"existing": f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"}}),
    "permission set": Variant(
        {"role": {"permission_set": "BreakGlass"}},
        into_permission_set,
        except_for=frozenset(
            [
                # Samples of the role of that very permission set.
                *(f"{each}/silent-identity-center" for each in DETECTIONS),
                # The end of the name is not known, so every end is taken.
                "BackdoorCreated/silent-role-whose-name-begins-with-ours",
                "ConsoleSignIn/silent-switch-to-a-role-whose-name-begins-with-ours",
                "RoleActions/silent-role-whose-name-begins-with-ours",
                "RoleAssumed/silent-role-whose-name-begins-with-ours",
                "RoleAssumed/silent-path-that-ends-like-ours",
                "RoleChained/silent-role-whose-name-begins-with-ours",
                "RoleRefused/silent-role-whose-name-begins-with-ours",
                "RoleRefused/silent-role-whose-name-begins-with-ours-and-a-reason",
                "RoleRefused/silent-validation-error-of-a-longer-name",
                *WILDCARDS_TELL_CASE_APART,
            ]
        ),
    ),
    "China": elsewhere("aws-cn", "cn-north-1", "cn-northwest-1"),
    "GovCloud": elsewhere("aws-us-gov", "us-gov-west-1", "us-gov-east-1"),
}


def cases(samples: list[Path]) -> list[Any]:
    return [
        pytest.param(sample, variant, id=f"{name}-{title(sample)}")
        for name, variant in VARIANTS.items()
        for sample in samples
        if title(sample) not in variant.except_for
    ]


def watched(variant: Variant) -> list[str]:
    """Every region that one of the two templates is for."""
    return [*partition_of(variant.main).default]


# Hundreds of records, in two regions each: the patterns are the same in all of them, as test_agreement shows.
MANY = ("BackdoorCreated", "MonitoringTampered")


def tried(sample: Path, variant: Variant) -> list[str]:
    """The regions to let a sample happen in: all of them, the main one and another, or the one where it can."""
    if of_the_key(sample):
        return [variant.main]
    if sample.parent.name in MANY:
        return [variant.main, *(region for region in watched(variant) if region != variant.main)][:2]
    return watched(variant)


ANYWHERE = [sample for sample in RAISES if not of_the_key(sample)]


def run(sample: Path, variant: Variant, region: str) -> list[Delivery]:
    """Let the sample happen in a region; give what its own detection makes of it."""
    event = recorded(variant.rewrite(text_of(sample)), region)
    return told_by(sample, account(variant.text).run(event))


def distinct(deliveries: list[Delivery]) -> list[Delivery]:
    return list(dict.fromkeys(deliveries))


def places(sample: Path, variant: Variant) -> tuple[str, str]:
    """The topic and the log that have to hear of it, in the main region."""
    partition, main = partition_of(variant.main).name, variant.main
    log = "actions" if sample.parent.name == "RoleActions" else "login"
    return (
        f"arn:{partition}:sns:{main}:{ACCOUNT}:break-glass-alerts",
        f"arn:{partition}:logs:{main}:{ACCOUNT}:log-group:/aws/events/break-glass/{log}",
    )


def test_every_detection_has_samples() -> None:
    counts = Counter((sample.parent.name, sample.stem.partition("-")[0]) for sample in SAMPLES)
    assert set(counts) == {(each, kind) for each in DETECTIONS for kind in ("raises", "silent")}
    assert min(counts.values()) >= 5


def test_no_two_samples_are_the_same() -> None:
    events = [envelope(json.loads(text_of(sample))) for sample in SAMPLES]
    assert len({event["detail"].get("eventID", event["id"]) for event in events}) == len(SAMPLES)


def test_exceptions_are_of_samples_that_exist() -> None:
    known = {title(sample) for sample in SAMPLES} | {f"{each}/silent-identity-center" for each in DETECTIONS}
    assert frozenset().union(*(variant.except_for for variant in VARIANTS.values())) <= known


@pytest.mark.parametrize(("sample", "variant"), cases(RAISES))
def test_raises(sample: Path, variant: Variant) -> None:
    topic_arn, log_arn = places(sample, variant)
    text = variant.rewrite(text_of(sample))
    event = json.loads(text)
    assert envelope(event)["region"] in watched(variant)
    queue = variant.settings.get("alerts", SETTINGS["alerts"])["sqs"][0]
    for region in tried(sample, variant):
        topic, log = distinct(run(sample, variant, region))
        assert (topic.kind, topic.target, topic.region) == ("topic", topic_arn, variant.main), region
        assert (log.kind, log.target, log.region) == ("log", log_arn, variant.main), region
        assert [one.problem for one in (topic, log)] == [None, None], region
        assert [one.assumed_allowed for one in (topic, log)] == [(), ()], region
        assert topic.subscribers == (SUBSCRIBERS[0], ("sqs", queue))
        assert who(event) in topic.message
        assert json.loads(log.message)["detail"] == recorded(text, region)["detail"]


@pytest.mark.parametrize("sample", SAMPLES, ids=title)
def test_nobody_is_told_twice(sample: Path) -> None:
    for region in tried(sample, VARIANTS["created"]):
        event = recorded(text_of(sample), region)
        told = Counter((one.detection, one.target) for one in account(VARIANTS["created"].text).run(event))
        assert set(told.values()) <= {1}, region


@pytest.mark.parametrize("name", LEFT_TO_TAMPERING)
def test_what_one_leaves_to_the_other_is_told(name: str) -> None:
    sample = next(each for each in SILENT if title(each) == name)
    detections = dict.fromkeys(DETECTIONS, "alert")
    event = recorded(text_of(sample), "us-east-1")
    for others, by in ({}, "MonitoringTampered"), ({"MonitoringTampered": "off"}, "BackdoorCreated"):
        settings = {"detections": {**detections, "RoleActions": "off", **others}}
        assert {one.detection for one in account(Variant(settings).text).run(event)} == {by}


@pytest.mark.parametrize(("sample", "variant"), cases(SILENT))
def test_silent(sample: Path, variant: Variant) -> None:
    for region in tried(sample, variant):
        assert run(sample, variant, region) == [], region


@pytest.mark.parametrize("detection", ["RoleAssumed", "ConsoleSignIn", "RoleChained", "RoleActions"])
@pytest.mark.parametrize("permission_set", ["BreakGlass", "Other"])
def test_identity_center(detection: str, permission_set: str) -> None:
    sample = next(each for each in SILENT if title(each) == f"{detection}/silent-identity-center")
    told = distinct(run(sample, Variant({"role": {"permission_set": permission_set}}), "eu-west-1"))
    assert [one.kind for one in told] == (["topic", "log"] if permission_set == "BreakGlass" else [])
    assert all("alice@example.com" in one.message and one.problem is None for one in told)


@pytest.mark.parametrize("sample", ANYWHERE, ids=title)
def test_a_region_without_a_stack_tells_nobody(sample: Path) -> None:
    assert run(sample, VARIANTS["created"], "me-south-1") == []
    added = Variant({"regions": ["*", "me-south-1"]})
    assert [one.kind for one in distinct(run(sample, added, "me-south-1"))] == ["topic", "log"]


ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@cache
def just_enabled(file: int) -> Simulator:
    """Deploy the templates with the plain state in one of them."""
    texts = list(templates(VARIANTS["created"].text))
    texts[file] = texts[file].replace(ALL, "ENABLED")
    return simulator(*texts)


@pytest.mark.parametrize("file", [0, 1], ids=["main-region.yaml", "stackset.yaml"])
@pytest.mark.parametrize("sample", ANYWHERE, ids=title)
def test_a_rule_that_is_just_enabled_misses_what_only_reads(sample: Path, file: int) -> None:
    event = recorded(text_of(sample), "eu-west-1")
    told = distinct([one for one in told_by(sample, just_enabled(file).run(event)) if one.problem is None])
    assert [one.kind for one in told] == ([] if reads_only(event) else ["topic", "log"])


def test_taking_the_role_on_only_reads() -> None:
    taken_on = [sample for sample in RAISES if sample.parent.name in ("RoleAssumed", "RoleRefused")]
    assert all(reads_only(recorded(text_of(sample), "eu-west-1")) for sample in taken_on)


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
    "central rule": (without("RoleAssumed"), {"bus": "no rule on the bus"}),
}


@pytest.mark.parametrize(("edit", "outcome"), DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("region", ["us-east-1", "ap-south-1"])
def test_the_proof_can_fail(edit: Callable[[Resources], None], outcome: dict[str, str], region: str) -> None:
    told = run_damaged(edit, region)
    assert told.keys() == outcome.keys()
    for kind, expected in outcome.items():
        assert expected in (told[kind].problem or "arrives")


def test_a_forwarder_role_that_is_not_there_is_not_vouched_for() -> None:
    def edit(resources: Resources) -> None:
        # The rules of the main region refer to it.
        for logical_id in [one for one in resources if one.startswith("Forward")]:
            del resources[logical_id]

    role = f"arn:aws:iam::{ACCOUNT}:role/break-glass-forwarder"
    assert {one.assumed_allowed for one in run_damaged(edit, "ap-south-1").values()} == {(role,)}


def run_damaged(edit: Callable[[Resources], None], region: str) -> dict[str, Delivery]:
    """Let the plainest sample happen where the emitted text was edited; give its deliveries by kind."""
    main, stackset = templates(VARIANTS["created"].text)
    template = yaml.safe_load(main)
    edit(template["Resources"])
    for resource in template["Resources"].values():
        resource.pop("DependsOn", None)
    template.pop("Outputs")
    sample = next(each for each in RAISES if title(each) == "RoleAssumed/raises-user-of-the-same-account")
    event = recorded(text_of(sample), region)
    return {one.kind: one for one in told_by(sample, simulator(json.dumps(template), stackset).run(event))}


def simulator(main: str, stackset: str) -> Simulator:
    return Simulator(deploy(main, stackset, account=ACCOUNT))
