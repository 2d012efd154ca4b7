"""See the requests in the login log.

FilterLogEvents, and not Logs Insights: it is free, shows an event seconds after it was put, and takes one call where a
query takes at least two and its price by the gigabyte. The log holds what alerts and little else, so all since the
start is a page or two.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Final, NamedTuple

from cfn_breakglass.drill.aws import Aws, CallFailedError
from cfn_breakglass.drill.calls import FILTER_LOG_EVENTS
from cfn_breakglass.drill.drill_plan import DETECTION_OF, DrillPlan
from cfn_breakglass.drill.sending import Answer
from cfn_breakglass.text_layout import count_of

_PERIOD_SECONDS: Final = 5.0
"""Between two looks at the log. CloudWatch Logs takes several calls a second, in every region."""
_CLOCK_SKEW: Final = timedelta(minutes=5)
_STS_EVENTS: Final = '"aws.sts"'


class Sighting(NamedTuple):
    """A request that stands in the log, and how many seconds after it was sent that was noticed."""

    answer: Answer
    seconds: float


def describe_delay(seconds: float) -> str:
    """How long it took until a request was seen, in whole seconds and at least one."""
    return count_of(max(round(seconds), 1), "second")


def is_expected(plan: DrillPlan, answer: Answer) -> bool:
    """Whether the log should come to hold the request of an answer."""
    return bool(answer.request_id) and DETECTION_OF.get(answer.result) in plan.logged


def check_log(aws: Aws, plan: DrillPlan) -> None:
    """Raise CallFailedError if the caller cannot read the log, before anything is sent."""
    now = _milliseconds(datetime.now(UTC))
    aws.call(FILTER_LOG_EVENTS, plan.main_region, logGroupName=plan.log_group, startTime=now)


def sightings(
    aws: Aws, plan: DrillPlan, answers: Iterable[Answer], seconds: float, pause: Callable[[float], None] = sleep
) -> Iterator[list[Sighting]]:
    """What each look at the log shows of the requests of ``answers``, until all are there or ``seconds`` are over.

    ``pause`` lets seconds pass between two looks.
    Raises CallFailedError if the log cannot be read at the end of that time, or, where waiting does not help, at once.
    """
    pending = {_key(plan, answer): answer for answer in answers}
    if not pending:
        return
    first = min(answer.sent for answer in pending.values()) - _CLOCK_SKEW
    deadline = monotonic() + seconds
    while pending:
        failure = None
        try:
            requests = pending.keys() & _requests(aws, plan, _milliseconds(first))
        except CallFailedError as error:
            if not error.failure.is_temporary:
                raise
            requests, failure = set(), error
        yield [_sighting(pending.pop(request)) for request in sorted(requests)]
        remaining = deadline - monotonic()
        if pending and remaining > 0:
            pause(min(_PERIOD_SECONDS, remaining))
        elif failure:
            raise failure
        else:
            return


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _key(plan: DrillPlan, answer: Answer) -> tuple[str, str, str]:
    """Account, region and request ID of the event of an answer."""
    return plan.recorded_in(answer.target, answer.result), answer.target.region, answer.request_id


def _sighting(answer: Answer) -> Sighting:
    return Sighting(answer, (datetime.now(UTC) - answer.sent).total_seconds())


def _requests(aws: Aws, plan: DrillPlan, since: int) -> set[tuple[str, str, str]]:
    """Account, region and request ID of each STS event in the log; the rest of it, tokens included, is dropped."""
    parameters = {"logGroupName": plan.log_group, "startTime": since, "filterPattern": _STS_EVENTS}
    entries = aws.entries(FILTER_LOG_EVENTS, plan.main_region, "events", **parameters)
    return {request for entry in entries if (request := _request_of(entry["message"]))}


def _request_of(message: str) -> tuple[str, str, str] | None:
    """Account, region and request ID of an event; None of a message that is no event of a call."""
    try:
        event = json.loads(message)
        return event["account"], event["region"], event["detail"]["requestID"]
    except (ValueError, KeyError, TypeError):
        return None
