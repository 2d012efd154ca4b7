"""The rough upper bound of sizes: that it is one, and that it is near enough to spare an exact measurement."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest
from paths import GOLDEN

from cfn_breakglass.analysis.template.reader import resolve
from cfn_breakglass.aws import limits
from cfn_breakglass.config.loader import load_config
from cfn_breakglass.generation import limit_estimate
from cfn_breakglass.generation.files import as_data
from cfn_breakglass.generation.limit_estimate import has_room, largest_size
from cfn_breakglass.plan import make_plan
from cfn_breakglass.templates import make_templates

ACCOUNT: Final = "111122223333"
EVERY_TYPE: Final = ("everything", "deployer", "managed-rollout", "china", "permission-set")


def templates_of(case: str) -> list[tuple[str, dict[str, Any]]]:
    """Every template of a golden case as plain data, and a region where it can be."""
    config, _ = load_config(GOLDEN / case / "breakglass.yaml")
    templates = make_templates(make_plan(config))
    main, other = config.main_region, max(config.partition.regions - {config.main_region}, key=len)
    made = (templates.main_region, main), (templates.stackset, other), (templates.deployer, main)
    return [(region, as_data(template)) for template, region in made if template]


@pytest.mark.parametrize("case", EVERY_TYPE)
def test_no_property_is_larger_than_estimated(case: str) -> None:
    for region, data in templates_of(case):
        longest_text = len(json.dumps(data.get("Mappings", {})))
        for logical_id, resource in resolve(data, account=ACCOUNT, region=region).resources.items():
            for name, value in resource.properties.items():
                estimate = largest_size(name, data["Resources"][logical_id]["Properties"][name], longest_text)
                size = len(json.dumps(value, separators=(",", ":")))
                assert size <= estimate, f"{logical_id}.{name}"


@pytest.mark.parametrize("case", EVERY_TYPE)
def test_a_usual_template_need_not_be_measured(case: str) -> None:
    for _, data in templates_of(case):
        assert has_room(data, "")


def test_the_worked_example_is_right() -> None:
    """The lines of the docstring that are JSON, and the sums that it makes of them."""
    text = str(limit_estimate.__doc__)
    pattern, policy = (json.loads(line) for line in text.splitlines() if line.startswith("    {"))
    sums = [tuple(map(int, numbers)) for numbers in re.findall(r"(\d+) \+ (\d+) = (\d+)", text)]
    assert [total for _, _, total in sums] == [
        largest_size("EventPattern", pattern),
        largest_size("PolicyDocument", policy),
    ]
    assert all(first + second == total for first, second, total in sums)
    assert f"{limits.PATTERN.maximum:,}" in text
    assert f"{limits.LOGS_RESOURCE_POLICY.maximum:,}" in text


def template_with(name: str, value: str) -> dict[str, Any]:
    kind, _, name = name.rpartition(".")
    return {"Resources": {"Any": {"Type": kind or "AWS::SNS::Topic", "Properties": {name: value}}}}


def text_of(size: int) -> str:
    return "x" * (size - len('""'))


LIMITS: Final = {
    "EventPattern": limits.PATTERN,
    "Description": limits.PATTERN,
    "PolicyDocument": limits.LOGS_RESOURCE_POLICY,
    "AWS::IAM::ManagedPolicy.PolicyDocument": limits.MANAGED_POLICY,
    "Policies": limits.INLINE_POLICIES,
    "Targets": limits.INPUT_TEMPLATE,
    "TemplateBody": limits.TEMPLATE_BODY,
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_property_has_room_up_to_its_limit(name: str) -> None:
    maximum = LIMITS[name].maximum
    assert has_room(template_with(name, text_of(maximum)), "")
    assert not has_room(template_with(name, text_of(maximum + 1)), "")


def test_a_reference_counts_as_much_as_it_may_stand_for() -> None:
    assert largest_size("EventPattern", {"Ref": "Key"}) == len('{"Ref":"Key"}') + 40
    assert largest_size("Targets", {"Fn::GetAtt": ["Queue", "Arn"]}) == len('{"Fn::GetAtt":["Queue","Arn"]}') + 300
    assert largest_size("Targets", "${Log}${AWS::Region}${!literal}") == len('"${Log}${AWS::Region}${!literal}"') + 300
    assert (
        largest_size("Targets", {"Fn::FindInMap": ["A", "B", "C"]}, 70) == len('{"Fn::FindInMap":["A","B","C"]}') + 70
    )


@pytest.mark.parametrize(
    ("resources", "room"),
    [
        ({"AWS::Events::Rule": limits.WILDCARD_RULES.maximum}, True),
        ({"AWS::Events::Rule": limits.WILDCARD_RULES.maximum + 1}, False),
        ({"AWS::SNS::Topic": limits.RULES.maximum}, True),
        ({"AWS::SNS::Topic": limits.RULES.maximum + 1}, False),
    ],
)
def test_a_template_has_room_for_some_resources(resources: dict[str, int], room: bool) -> None:  # noqa: FBT001 - a table
    data = {
        f"{kind}{number}": {"Type": kind, "Properties": {}}
        for kind, count in resources.items()
        for number in range(count)
    }
    assert has_room({"Resources": data}, "") == room


def test_a_whole_template_has_room_up_to_its_limit() -> None:
    assert has_room({"Resources": {}}, "x" * limits.TEMPLATE.maximum)
    assert not has_room({"Resources": {}}, "x" * (limits.TEMPLATE.maximum + 1))
