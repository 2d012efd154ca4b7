"""Run a drill: a session, the calls, a look at the account, and then the log until all requests are in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from cfn_breakglass.drill.account_checks import account_observations
from cfn_breakglass.drill.aws import Aws
from cfn_breakglass.drill.drill_plan import DrillPlan, DrillTarget
from cfn_breakglass.drill.observations import Observation
from cfn_breakglass.drill.receipt import Evidence, Receipt, request_result
from cfn_breakglass.drill.sending import Answer, MfaCode, send, with_mfa
from cfn_breakglass.drill.watching import Sighting, check_log, is_expected, sightings
from cfn_breakglass.errors import BreakglassError

INTERRUPTED: Final = "interrupted"


class Watcher(Protocol):
    """Whoever is told of a drill while it runs."""

    def answered(self, answer: Answer) -> None:
        """AWS answered a call."""

    def looked(self, sightings: Sequence[Sighting]) -> None:
        """A look at the log showed these requests, or none."""


def run_drill(
    aws: Aws, plan: DrillPlan, watcher: Watcher, *, caller: str, mfa: MfaCode | None, timeout_seconds: float
) -> Receipt:
    """Do what the plan says, and wait ``timeout_seconds`` for the log.

    If AWS or Ctrl-C ends it, the receipt says so, and calls it unknown what was not seen until then.
    """
    started = datetime.now(UTC)
    answers: dict[DrillTarget, Answer] = {}
    seen: dict[DrillTarget, Sighting] = {}
    observations: list[Observation] = []
    end, is_sent = "", False
    try:
        session = with_mfa(aws, plan.main_region, mfa) if mfa else aws
        check_log(session, plan)
        is_sent = True
        for answer in send(session, plan):
            answers[answer.target] = answer
            watcher.answered(answer)
        observations += account_observations(session, plan)
        expected = [answer for answer in answers.values() if is_expected(plan, answer)]
        for batch in sightings(session, plan, expected, timeout_seconds):
            seen |= {sighting.answer.target: sighting for sighting in batch}
            watcher.looked(batch)
    except KeyboardInterrupt:
        end = INTERRUPTED
    except BreakglassError as error:
        end = str(error)
    evidence = Evidence(answers, seen, observations, is_sent=is_sent, is_complete=not end)
    return Receipt(
        plan=plan,
        caller=caller,
        started=started,
        ended=datetime.now(UTC),
        timeout_seconds=timeout_seconds,
        end=end,
        requests=tuple(request_result(plan, target, evidence) for target in plan.targets),
        observations=tuple(observations),
    )
