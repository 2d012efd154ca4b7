"""What a drill showed: for each request whether it was seen, why not, and what is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from cfn_breakglass.drill import account_checks, trails
from cfn_breakglass.drill.aws import STS_OFF
from cfn_breakglass.drill.drill_plan import ALLOWED, DENIED, ERROR, DrillPlan, DrillTarget
from cfn_breakglass.drill.observations import PROBLEM, UNKNOWN, Observation
from cfn_breakglass.drill.sending import Answer
from cfn_breakglass.drill.watching import Sighting

SEEN: Final = "seen"
NOT_SEEN: Final = "not seen"
GOT_IN: Final = "got in"
CANNOT_TELL: Final = "could not tell"
_NO: Final = (NOT_SEEN, GOT_IN)

_ON_THE_WAY: Final = (trails.TRAIL, account_checks.RULES, account_checks.STACK_INSTANCES, account_checks.ALARMS)
"""What can keep an event from the log, in the order in which an event meets it."""


class RequestResult(NamedTuple):
    """A request and what came of it.

    ``result`` is ``SEEN``, ``NOT_SEEN``, ``GOT_IN`` (the caller should have been denied) or ``CANNOT_TELL``.
    ``reasons`` say why it is not the first. ``answer`` is None if AWS gave none.
    """

    target: DrillTarget
    answer: Answer | None
    result: str
    seconds: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Receipt:
    """A drill by ``caller``, from ``started`` to ``ended``; ``end`` says what ended it early, empty if nothing did."""

    plan: DrillPlan
    caller: str
    started: datetime
    ended: datetime
    timeout_seconds: float
    end: str
    requests: tuple[RequestResult, ...]
    observations: tuple[Observation, ...]

    @property
    def result(self) -> str:
        """``SEEN`` if all requests were; else the worst of their results."""
        results = {request.result for request in self.requests}
        return next((result for result in (GOT_IN, NOT_SEEN, CANNOT_TELL) if result in results), SEEN)

    @property
    def exit_code(self) -> int:
        if self.result in _NO:
            return 1
        return 2 if self.result == CANNOT_TELL else 0

    @property
    def slowest(self) -> float:
        """How many seconds the slowest of the requests took that were seen."""
        return max((request.seconds for request in self.requests if request.seconds is not None), default=0)


class Evidence(NamedTuple):
    """What is known at the end of a drill: ``is_sent`` whether it began to send, ``is_complete`` whether it waited."""

    answers: dict[DrillTarget, Answer]
    sightings: dict[DrillTarget, Sighting]
    observations: Sequence[Observation]
    is_sent: bool
    is_complete: bool


def request_result(plan: DrillPlan, target: DrillTarget, evidence: Evidence) -> RequestResult:
    """What came of the request of a target."""
    answer, sighting = evidence.answers.get(target), evidence.sightings.get(target)
    result = _result(plan, answer, is_seen=sighting is not None, is_complete=evidence.is_complete)
    reasons = () if result == SEEN else tuple(_reasons(plan, target, result, evidence))
    return RequestResult(target, answer, result, sighting.seconds if sighting else None, reasons)


def _result(plan: DrillPlan, answer: Answer | None, *, is_seen: bool, is_complete: bool) -> str:
    match answer:
        case Answer(code=code) if code == STS_OFF:
            return NOT_SEEN
        case Answer(result=result) if result == ALLOWED and plan.expected == DENIED:
            return GOT_IN
        case Answer(result=result) if result == plan.expected:
            return SEEN if is_seen else NOT_SEEN if is_complete else CANNOT_TELL
    return CANNOT_TELL


def _reasons(plan: DrillPlan, target: DrillTarget, result: str, evidence: Evidence) -> Iterator[str]:
    answer = evidence.answers.get(target)
    if answer is None and not evidence.is_sent:
        yield "nothing was sent"
    elif answer is None:
        yield "AWS gave no answer before the drill ended; the call may have been made or not"
    elif answer.code == STS_OFF:
        yield (
            "STS is off in this region: nobody can assume a role here, and EventBridge cannot assume the one that"
            " forwards events, so nothing in this region alerts. Activate STS in the account settings of IAM"
        )
    elif result == GOT_IN:
        yield "the caller got in: it is allowed to assume the role, and should have been denied"
    elif answer.result == ERROR:
        yield f"{answer.code}: {answer.message}"
        yield from _about_region(target, evidence.observations)
    elif answer.result != plan.expected:
        yield f"the caller was denied, so this shows nothing of those who are not: {answer.message}"
    elif result == NOT_SEEN:
        yield from _why_not_seen(plan, target, evidence.observations)
    else:
        yield "the drill ended before the time to wait was over"


def _about_region(target: DrillTarget, observations: Sequence[Observation]) -> Iterator[str]:
    """What is wrong with a region as such: STS knows no caller in one that is not enabled."""
    for observation in observations:
        if observation.subject == account_checks.REGIONS and observation.region == target.region:
            yield f"the region is {observation.text}"


def _why_not_seen(plan: DrillPlan, target: DrillTarget, observations: Sequence[Observation]) -> Iterator[str]:
    """What is wrong on the way from a region to the log; or what may be, where nobody can tell."""
    on_the_way = sorted(
        (observation for observation in observations if _is_on_the_way(plan, target, observation)),
        key=lambda observation: _ON_THE_WAY.index(observation.subject),
    )
    problems = dict.fromkeys(observation.text for observation in on_the_way if observation.state == PROBLEM)
    unknown = dict.fromkeys(observation.text for observation in on_the_way if observation.state == UNKNOWN)
    yield from problems
    if not problems:
        yield from (f"it could not be told whether this is why: {text}" for text in unknown)
    if not problems and not unknown:
        queue = plan.deployed.names.dead_letters
        yield f"nothing that was looked at is wrong; look into the queue {queue} of the region"


def _is_on_the_way(plan: DrillPlan, target: DrillTarget, observation: Observation) -> bool:
    """Whether something is on the way from where the call to a target is recorded to the log, or can be."""
    account, place = plan.recorded_in(target, plan.expected), (observation.account, observation.region)
    in_region = place == (account, target.region)
    in_main_region = place in ((account, plan.main_region), (plan.account, plan.main_region))
    match observation.subject:
        case trails.TRAIL:
            return in_region
        case account_checks.RULES:
            on_bus = in_region and observation.resource in plan.path_on_bus
            on_central_bus = in_main_region and observation.resource in plan.path_on_central_bus
            is_unknown = observation.state == UNKNOWN and (in_region or in_main_region)
            return on_bus or on_central_bus or is_unknown
        case account_checks.STACK_INSTANCES:
            return in_region or in_main_region
        case account_checks.ALARMS:
            others = {region for region in plan.deployed.regions if region != target.region}
            is_of_another = observation.resource.endswith(tuple(f"-{region}" for region in others))
            return (in_region or in_main_region) and not is_of_another
    return False
