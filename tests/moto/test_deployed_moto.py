"""The golden templates, deployed in moto: every resource exists, in every region, as our own reader resolves it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError
from deployments import template_files
from golden_cases import CASES
from moto_aws import DEPLOYS, NAME, Aws, account, prepare, readable
from moto_descriptions import Differences, Stacks, differences, lost_properties, with_key_on_paper
from samples import ACCOUNT
from template_edits import Edit, edited, with_properties, without, without_target

from cfn_breakglass.analysis.simulator.simulator import deploy
from cfn_breakglass.aws.partitions import ALL_REGIONS, PARTITIONS

pytestmark = DEPLOYS

Texts = tuple[str, ...]


def texts_of(case: Path) -> Texts:
    """The texts of main-region, stackset and, in an organization, accounts."""
    paths = (case / f"{name}.yaml" for name in ("main-region", "stackset", "accounts"))
    return tuple(path.read_text(encoding="utf-8") for path in paths if path.exists())


def in_moto(texts: Texts, stacks: Stacks) -> tuple[Differences, dict[str, str], list[str]]:
    """Deploy the texts in the regions of ``stacks``: what differs from those, the outputs, and the set's regions."""
    main, *others = stacks
    main_region, stackset, *accounts = texts
    with account(main, stacks[main].account) as aws:
        prepare(aws, stacks[main])
        for text in accounts:
            aws.create_stack(f"{NAME}-accounts", text)
        aws.deploy(main_region, stackset, [main, *others] if accounts else others)
        cloudformation = aws.client("cloudformation")
        stacks_there = cloudformation.describe_stacks()["Stacks"]
        instances = cloudformation.list_stack_instances(StackSetName=NAME)["Summaries"]
        outputs = {out["OutputKey"]: out["OutputValue"] for stack in stacks_there for out in stack.get("Outputs", [])}
        return differences(aws, stacks), with_key_on_paper(aws, outputs), [instance["Region"] for instance in instances]


def regions_of(case: Path) -> list[str]:
    """Where a case is deployed: everywhere if it is for every region, else in a few, as they do not differ.

    Moto knows no region of ``new_regions``.
    """
    regions = [region for region in deployed_on_paper(case) if region in ALL_REGIONS]
    return regions if case.name == "everything" else [*regions[:2], *regions[-1:]]


@cache
def deployed_on_paper(case: Path) -> Stacks:
    templates = template_files(*texts_of(case))
    return dict(deploy(templates, templates.main_region.coverage.account or ACCOUNT).stacks)


def stacks_of(case: Path) -> Stacks:
    return {region: deployed_on_paper(case)[region] for region in regions_of(case)}


thorough = pytest.mark.thorough("the templates of every golden case deployed in moto")
QUICK_CASES: Final = ("china", "one-region")


# The scanners do not know it, so that no golden case is of it; tests/generation/test_regions.py is.
SOVEREIGN: Final = next(partition for partition in PARTITIONS if partition.name == "aws-eusc")


@thorough
def test_the_cases_are_of_every_partition() -> None:
    partitions = {stack.partition for case in CASES for stack in stacks_of(case).values()}
    assert partitions == {partition.name for partition in PARTITIONS} - {SOVEREIGN.name}


@thorough
def test_the_cases_are_of_every_region() -> None:
    regions = set().union(*(stacks_of(case) for case in CASES))
    assert regions & ALL_REGIONS == ALL_REGIONS - SOVEREIGN.regions


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[] if case.name in QUICK_CASES else [thorough], id=case.name) for case in CASES]
)
def test_every_resource_exists(case: Path) -> None:
    stacks = stacks_of(case)
    main, *others = stacks
    differing, outputs, regions = in_moto(texts_of(case), stacks)
    assert {name: pair for name, pair in differing.items() if name not in lost_properties(stacks)} == {}
    assert lost_properties(stacks) <= differing.keys(), "moto has learned this: take it off the tables"
    assert outputs == stacks[main].outputs
    assert regions == ([main, *others] if "accounts.yaml" in {path.name for path in case.iterdir()} else others)


CHINA: Final = next(case for case in CASES if case.name == "china")
ENABLED: Final = {"State": "ENABLED"}
RULE: Final = ("Name", "Description", "EventPattern", "State", "Targets")
# name: (file, edit of it, logical ID and properties that differ then)
DAMAGES: Final[dict[str, tuple[int, Edit, str, tuple[str, ...]]]] = {
    "state of a rule": (0, with_properties("RoleAssumed", ENABLED), "RoleAssumed", ("State",)),
    "state of a rule in another region": (
        1,
        with_properties("ForwardAssume", ENABLED),
        "ForwardAssume",
        ("State",),
    ),
    "pattern": (
        1,
        with_properties("ForwardSession", {"EventPattern": {"source": ["aws.sts"]}}),
        "ForwardSession",
        ("EventPattern",),
    ),
    "no rule": (1, without("ForwardSignIn"), "ForwardSignIn", RULE),
    "no target": (0, without_target("UserSignIn"), "UserSignIn", ("Targets",)),
    "retention": (0, with_properties("LoginLog", {"RetentionInDays": 1}), "LoginLog", ("RetentionInDays",)),
    "Logs policy": (0, with_properties("LogPolicy", {"PolicyDocument": "{}"}), "LogPolicy", ("PolicyDocument",)),
    "trust policy": (
        0,
        with_properties("Role", {"AssumeRolePolicyDocument": {}}),
        "Role",
        ("AssumeRolePolicyDocument",),
    ),
    "forwarder role": (0, with_properties("ForwarderRole", {"Policies": []}), "ForwarderRole", ("Policies",)),
    "grant": (0, with_properties("RoleGrant", {"Users": []}), "RoleGrant", ("Users",)),
    "topic": (0, with_properties("AlertTopic", {"DisplayName": "other"}), "AlertTopic", ("DisplayName",)),
    "dead letters": (
        1,
        with_properties("DeadLetterQueue", {"MessageRetentionPeriod": 60}),
        "DeadLetterQueue",
        ("MessageRetentionPeriod",),
    ),
}


def test_the_proof_can_fail() -> None:
    stacks, texts = stacks_of(CHINA), list(texts_of(CHINA))
    for file, edit, _, _ in DAMAGES.values():
        texts[file] = edited(texts[file], edit)
    differing, *_ = in_moto((texts[0], texts[1]), stacks)
    regions = list(stacks)
    assert differing.keys() - lost_properties(stacks) == {
        f"{regions[file]} {logical_id}.{name}" for file, _, logical_id, names in DAMAGES.values() for name in names
    }


def refuses(call: Callable[..., Any], **arguments: Any) -> bool:
    try:
        call(**arguments)
    except (ClientError, AttributeError):
        return True
    return False


def takes_ref_of_a_bus(aws: Aws) -> bool:
    text = texts_of(CHINA)[0]
    create = aws.client("cloudformation").create_stack
    return not refuses(create, StackName=NAME, TemplateBody=text, Capabilities=["CAPABILITY_NAMED_IAM"])


def knows_partitions(aws: Aws) -> bool:
    outputs = {"Partition": {"Value": {"Ref": "AWS::Partition"}}}
    text = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs})
    aws.client("cloudformation").create_stack(StackName=NAME, TemplateBody=text)
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    return bool(stack["Outputs"][0]["OutputValue"] == "aws-cn")


def refuses_the_wrong_region(aws: Aws) -> bool:
    text = readable(texts_of(CHINA)[1], aws.main)
    return refuses(aws.client("cloudformation").create_stack, StackName=NAME, TemplateBody=text)


def asks_for_capabilities(aws: Aws) -> bool:
    text = readable(texts_of(CHINA)[0], aws.main)
    return refuses(aws.client("cloudformation").create_stack, StackName=NAME, TemplateBody=text)


# What AWS does and moto does not, so that these tests cannot show it or go round it.
NOT_LIKE_AWS: Final[dict[str, Callable[[Aws], bool]]] = {
    "Ref of a bus is its name": takes_ref_of_a_bus,
    "the partition is that of the region": knows_partitions,
    "a rule of the template's own refuses the wrong region": refuses_the_wrong_region,
    "named IAM takes a capability": asks_for_capabilities,
}


@pytest.mark.parametrize("claim", NOT_LIKE_AWS)
def test_moto_is_not_like_aws(claim: str) -> None:
    stacks = stacks_of(CHINA)
    with account("cn-north-1") as aws:
        prepare(aws, stacks[aws.main])
        assert not NOT_LIKE_AWS[claim](aws), "moto has learned this"
