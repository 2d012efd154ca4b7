"""Which management events a trail logs, by its selectors, and what that says of each region."""

from __future__ import annotations

from typing import Any

import pytest
from canned_aws import Refusal, canned_aws
from samples import ACCOUNT

from cfn_breakglass.drill.trails import selector_gaps, trail_observations

HOME, OTHER = "us-east-1", "eu-west-1"
TRAIL = f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/main"
ALL = {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}


def basic(**selector: Any) -> dict[str, Any]:
    return {"EventSelectors": [selector]}


def advanced(*selectors: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
    return {
        "AdvancedEventSelectors": [
            {"FieldSelectors": [{"Field": field, **condition} for field, condition in selector.items()]}
            for selector in selectors
        ]
    }


MANAGEMENT = {"eventCategory": {"Equals": ["Management"]}}
READS, WRITES = {"readOnly": {"Equals": ["true"]}}, {"readOnly": {"Equals": ["false"]}}
DATA = {"eventCategory": {"Equals": ["Data"]}, "resources.type": {"Equals": ["AWS::S3::Object"]}}


@pytest.mark.parametrize(
    ("selectors", "gaps"),
    [
        (ALL, []),
        (basic(), []),
        (basic(ReadWriteType="WriteOnly"), ["does not log read events"]),
        (basic(ReadWriteType="ReadOnly"), ["does not log write events"]),
        (basic(IncludeManagementEvents=False), ["does not log read events", "does not log write events"]),
        (basic(ExcludeManagementEventSources=["kms.amazonaws.com"]), ["leaves out the events of kms.amazonaws.com"]),
        (advanced(MANAGEMENT), []),
        (advanced(DATA, MANAGEMENT), []),
        (advanced({**MANAGEMENT, **READS}, {**MANAGEMENT, **WRITES}), []),
        (advanced({**MANAGEMENT, **WRITES}), ["does not log read events"]),
        (advanced(DATA), ["does not log read events", "does not log write events"]),
        (
            advanced({**MANAGEMENT, "eventSource": {"NotEquals": ["sts.amazonaws.com"]}}),
            ["leaves out the events of sts.amazonaws.com"],
        ),
        (
            advanced({**MANAGEMENT, "eventSource": {"Equals": ["iam.amazonaws.com"]}}),
            ["does not log read events", "does not log write events"],
        ),
        (
            advanced({**MANAGEMENT, "eventName": {"NotEquals": ["AssumeRole"]}}),
            ["does not log read events", "does not log write events"],
        ),
        ({}, ["does not log read events", "does not log write events"]),
    ],
)
def test_what_the_selectors_leave_out(selectors: dict[str, Any], gaps: list[str]) -> None:
    assert selector_gaps(selectors) == gaps


def states(
    trails: dict[str, list[str]], *, is_logging: bool = True, selectors: dict[str, Any] | str = "all"
) -> list[tuple[str, str, str]]:
    """Region, state and text, where ``trails`` are the ARNs that each region lists."""

    def selectors_of(parameters: dict[str, Any], _region: str) -> dict[str, Any]:
        if selectors == "denied":
            raise Refusal("AccessDeniedException")
        return {**(ALL if isinstance(selectors, str) else selectors), "TrailARN": parameters["TrailName"]}

    aws = canned_aws(
        {
            "DescribeTrails": lambda _, region: {
                "trailList": [{"TrailARN": arn, "HomeRegion": HOME} for arn in trails[region]]
            },
            "GetTrailStatus": lambda _, region: {"IsLogging": is_logging and region == HOME},
            "GetEventSelectors": selectors_of,
        }
    )
    found = trail_observations(aws, ACCOUNT, trails)
    assert {(observation.subject, observation.account) for observation in found} == {("trail", ACCOUNT)}
    return sorted((observation.region, observation.state, observation.text) for observation in found)


def test_a_trail_of_every_region_is_good_in_every_region() -> None:
    assert states({HOME: [TRAIL], OTHER: [TRAIL]}) == [(OTHER, "ok", ""), (HOME, "ok", "")]


def test_a_region_without_a_trail_is_a_problem() -> None:
    text = "no trail logs in this region, so no call in it raises an event"
    assert states({HOME: [TRAIL], OTHER: []}) == [(OTHER, "problem", text), (HOME, "ok", "")]


def of_member(trail: dict[str, Any], selectors: dict[str, Any] = ALL) -> list[tuple[str, str, str]]:
    """Account, state and text of a region where the hub has a trail, seen from the hub with a member."""
    aws = canned_aws(
        {
            "DescribeTrails": lambda *_: {"trailList": [{"TrailARN": TRAIL, "HomeRegion": HOME, **trail}]},
            "GetTrailStatus": lambda *_: {"IsLogging": True},
            "GetEventSelectors": lambda *_: selectors,
        }
    )
    found = trail_observations(aws, ACCOUNT, [HOME], [MEMBER])
    return [(observation.account, observation.state, observation.text) for observation in found]


MEMBER = "444455556666"
NOT_SEEN = (
    "the hub sees no trail of the organization that logs all management events here, and not those of the account"
)


def test_a_trail_of_the_organization_is_one_of_each_account() -> None:
    assert of_member({"IsOrganizationTrail": True}) == [(ACCOUNT, "ok", ""), (MEMBER, "ok", "")]


@pytest.mark.parametrize("trail", [{}, {"IsOrganizationTrail": False}])
def test_a_trail_of_the_hub_says_nothing_of_a_member(trail: dict[str, Any]) -> None:
    assert of_member(trail) == [(ACCOUNT, "ok", ""), (MEMBER, "could not tell", NOT_SEEN)]


def test_a_trail_of_the_organization_that_lacks_something_says_nothing_of_a_member() -> None:
    (_, hub, _), member = of_member({"IsOrganizationTrail": True}, basic(ReadWriteType="WriteOnly"))
    assert (hub, member) == ("problem", (MEMBER, "could not tell", NOT_SEEN))


def test_what_a_trail_lacks_is_said() -> None:
    found = states({HOME: [TRAIL]}, is_logging=False, selectors=basic(ReadWriteType="WriteOnly"))
    assert found == [(HOME, "problem", f"the trail {TRAIL} is not logging and does not log read events")]


def test_what_aws_does_not_say_nobody_can_tell() -> None:
    ((_, state, text),) = states({HOME: [TRAIL]}, selectors="denied")
    assert (state, text) == ("could not tell", f"cloudtrail:GetEventSelectors in {HOME}: AccessDeniedException: no")
