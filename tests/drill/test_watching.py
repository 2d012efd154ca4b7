"""Requests are found in the log, whatever else is in it, and however often it cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from canned_aws import Refusal, canned_aws
from drill_world import MAIN, ROLE, SETTINGS
from samples import ACCOUNT

from cfn_breakglass.config.loader import config_of
from cfn_breakglass.drill.aws import Aws, CallFailedError
from cfn_breakglass.drill.drill_plan import ALLOWED, DENIED, ERROR, DrillPlan, DrillTarget, make_drill_plan
from cfn_breakglass.drill.sending import Answer
from cfn_breakglass.drill.watching import describe_delay, is_expected, sightings
from cfn_breakglass.plan import make_plan

SENT = datetime.now(UTC)


def plan(**settings: Any) -> DrillPlan:
    caller = f"arn:aws:iam::{ACCOUNT}:user/alice"
    return make_drill_plan(make_plan(config_of({**SETTINGS, **settings})), ACCOUNT, caller, knock=False)


def answer(region: str, request_id: str, result: str = ALLOWED) -> Answer:
    return Answer(DrillTarget(ACCOUNT, ROLE, region), SENT, result, request_id)


def event(region: str, request_id: str, **others: Any) -> dict[str, Any]:
    return {"account": ACCOUNT, "region": region, "detail": {"requestID": request_id}, **others}


def log(*pages: list[dict[str, Any]] | Exception) -> Callable[[dict[str, Any], str], dict[str, Any]]:
    """What FilterLogEvents answers, page by page; the last one over and over."""
    remaining = list(pages)

    def answer_of(parameters: dict[str, Any], region: str) -> dict[str, Any]:
        assert region == MAIN
        assert parameters["logGroupName"] == "/aws/events/break-glass/login"
        is_last = len(remaining) == 1
        page = remaining[0] if is_last else remaining.pop(0)
        if isinstance(page, Exception):
            raise page
        more = {} if is_last else {"nextToken": str(len(remaining))}
        return {"events": [{"message": json.dumps(item)} for item in page], **more}

    return answer_of


def seen(answers: list[Answer], *pages: list[dict[str, Any]] | Exception) -> list[list[str]]:
    """The request IDs that each look at the log shows."""
    aws = canned_aws({"FilterLogEvents": log(*pages)})
    return [[sighting.answer.request_id for sighting in batch] for batch in sightings(aws, plan(), answers, 0)]


def test_requests_are_found_on_any_page() -> None:
    answers = [answer(MAIN, "1"), answer("eu-west-1", "2")]
    assert seen(answers, [], [event(MAIN, "1")], [event("eu-west-1", "2")]) == [["2", "1"]]  # by region


@pytest.mark.parametrize(
    "other",
    [
        event(MAIN, "2"),
        event("eu-west-1", "1"),
        event(MAIN, "1", account="444455556666"),
        {"account": ACCOUNT, "region": MAIN, "detail": {"alarmName": "1", "about": "aws.sts"}},
    ],
    ids=["another request", "another region", "another account", "an alarm"],
)
def test_what_is_another_is_not_taken_for_it(other: dict[str, Any]) -> None:
    assert seen([answer(MAIN, "1")], [other]) == [[]]


@pytest.mark.parametrize("message", ["aws.sts", "[]", "null", '{"account": "aws.sts"}', '{"detail": "aws.sts"}'])
def test_what_is_no_event_is_passed_over(message: str) -> None:
    entries = {"events": [{"message": message}, {"message": json.dumps(event(MAIN, "1"))}]}
    aws = canned_aws({"FilterLogEvents": lambda *_: entries})
    looks = [[one.answer.request_id for one in batch] for batch in sightings(aws, plan(), [answer(MAIN, "1")], 0)]
    assert looks == [["1"]]


def test_an_event_that_comes_twice_is_seen_once() -> None:
    assert seen([answer(MAIN, "1")], [event(MAIN, "1"), event(MAIN, "1")]) == [["1"]]


def test_nothing_to_see_needs_no_look() -> None:
    assert seen([], Refusal("AccessDeniedException")) == []


def test_a_log_that_may_not_be_read_ends_it() -> None:
    with pytest.raises(CallFailedError, match="logs:FilterLogEvents in us-east-1: AccessDeniedException"):
        seen([answer(MAIN, "1")], Refusal("AccessDeniedException"))


def test_a_log_that_cannot_be_read_at_the_end_is_no_verdict() -> None:
    with pytest.raises(CallFailedError, match="ServiceUnavailableException"):
        seen([answer(MAIN, "1")], Refusal("ServiceUnavailableException", status=503))


def looks_and_pauses(aws: Aws, seconds: float) -> tuple[list[list[str]], list[float]]:
    """The request IDs that each look shows, and how long a drill that waits ``seconds`` at most pauses between them."""
    pauses: list[float] = []
    batches = sightings(aws, plan(), [answer(MAIN, "1")], seconds, pauses.append)
    return [[sighting.answer.request_id for sighting in batch] for batch in batches], pauses


@pytest.mark.parametrize(
    "failure",
    [
        Refusal("ThrottlingException"),
        EndpointConnectionError(endpoint_url="https://logs.example.com"),
        ConnectTimeoutError(endpoint_url="https://logs.example.com"),
        ReadTimeoutError(endpoint_url="https://logs.example.com"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_log_that_cannot_be_read_for_a_while_is_read_again(failure: Exception) -> None:
    aws = canned_aws({"FilterLogEvents": log(failure, [event(MAIN, "1")])})
    assert looks_and_pauses(aws, 600) == ([[], ["1"]], [5])


def test_what_comes_late_is_waited_for() -> None:
    entries = iter([[], [], [{"message": json.dumps(event(MAIN, "1"))}]])
    aws = canned_aws({"FilterLogEvents": lambda *_: {"events": next(entries)}})
    assert looks_and_pauses(aws, 600) == ([[], [], ["1"]], [5, 5])


@pytest.mark.parametrize(
    ("made", "is_looked_for"),
    [
        (answer(MAIN, "1"), True),
        (answer(MAIN, "1", DENIED), False),  # the config below keeps no RoleDenied
        (answer(MAIN, "1", ERROR), False),
        (answer(MAIN, ""), False),
    ],
)
def test_only_what_the_log_would_hold_is_looked_for(made: Answer, *, is_looked_for: bool) -> None:
    assert is_expected(plan(detections={"RoleDenied": "off"}), made) is is_looked_for


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "1 second"), (0.4, "1 second"), (1.4, "1 second"), (41.6, "42 seconds")]
)
def test_no_request_is_seen_after_no_seconds(seconds: float, text: str) -> None:
    assert describe_delay(seconds) == text
