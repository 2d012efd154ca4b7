"""What a receipt says of each request, why, and in which words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from drill_world import MAIN, OTHERS, REGIONS, ROLE, SETTINGS
from paths import ROOT
from samples import ACCOUNT

from cfn_breakglass.config.loader import config_of
from cfn_breakglass.drill.drill_plan import ALLOWED, DENIED, ERROR, DrillPlan, DrillTarget, make_drill_plan
from cfn_breakglass.drill.observations import Observation
from cfn_breakglass.drill.receipt import CANNOT_TELL, GOT_IN, NOT_SEEN, SEEN, Evidence, Receipt, request_result
from cfn_breakglass.drill.receipt_formats import json_receipt, markdown_receipt, text_lines, write_receipt
from cfn_breakglass.drill.sending import Answer
from cfn_breakglass.drill.watching import Sighting
from cfn_breakglass.errors import OutputError
from cfn_breakglass.plan import make_plan

CALLER = f"arn:aws:iam::{ACCOUNT}:user/alice"
NOW = datetime(2026, 10, 5, 7, 0, 12, tzinfo=UTC)
HERE = "eu-west-1"
TARGET = DrillTarget(ACCOUNT, ROLE, HERE)


def plan(*, knock: bool = False, **settings: Any) -> DrillPlan:
    return make_drill_plan(make_plan(config_of({**SETTINGS, **settings})), ACCOUNT, CALLER, knock=knock)


def evidence(
    result: str | None,
    *,
    seen: bool = False,
    observations: Sequence[Observation] = (),
    is_complete: bool = True,
    **code: str,
) -> Evidence:
    """What is known of the request of ``TARGET``."""
    answers = {TARGET: Answer(TARGET, NOW, result, "1", **code)} if result else {}
    sightings = {TARGET: Sighting(answers[TARGET], 42.25)} if seen else {}
    return Evidence(answers, sightings, observations, is_sent=True, is_complete=is_complete)


@pytest.mark.parametrize(
    ("knock", "known", "result"),
    [
        (False, evidence(ALLOWED, seen=True), SEEN),
        (False, evidence(ALLOWED), NOT_SEEN),
        (False, evidence(ALLOWED, is_complete=False), CANNOT_TELL),
        (False, evidence(DENIED, seen=True), CANNOT_TELL),
        (False, evidence(ERROR, code="Throttling"), CANNOT_TELL),
        (False, evidence(ERROR, code="RegionDisabledException"), NOT_SEEN),
        (False, evidence(None), CANNOT_TELL),
        (True, evidence(DENIED, seen=True), SEEN),
        (True, evidence(DENIED), NOT_SEEN),
        (True, evidence(ALLOWED, seen=True), GOT_IN),
        (True, evidence(ALLOWED, is_complete=False), GOT_IN),
    ],
)
def test_the_result_of_a_request(known: Evidence, result: str, *, knock: bool) -> None:
    request = request_result(plan(knock=knock), TARGET, known)
    assert request.result == result
    assert (request.reasons == ()) == (result == SEEN)


RULE, CENTRAL = "break-glass.Assume", "break-glass-RoleAssumed"
REASON = {
    "a trail of the region": ("trail", HERE, "arn", True),
    "a trail of another region": ("trail", MAIN, "arn", False),
    "the rule that forwards": ("rules", HERE, RULE, True),
    "the same rule of another region": ("rules", "sa-east-1", RULE, False),
    "the same rule of the main region": ("rules", MAIN, RULE, False),
    "a rule that forwards something else": ("rules", HERE, "break-glass.Session", False),
    "all rules of the region": ("rules", HERE, "default", True),
    "the rule of the detection": ("rules", MAIN, CENTRAL, True),
    "the rule of another detection": ("rules", MAIN, "break-glass-RoleDenied", False),
    "the central bus": ("rules", MAIN, "break-glass", True),
    "another bus": ("rules", MAIN, "break-glass-actions", False),
    "the stack of the region": ("stack instances", HERE, "break-glass", True),
    "the stack of another region": ("stack instances", "sa-east-1", "break-glass", False),
    "an alarm of the region": ("alarms", HERE, "break-glass-failing-dead-letters", True),
    "an alarm of the main region": ("alarms", MAIN, "break-glass-failing-invocations", True),
    "no heartbeat of the region": ("alarms", MAIN, f"break-glass-failing-heartbeat-{HERE}", True),
    "no heartbeat of another region": ("alarms", MAIN, "break-glass-failing-heartbeat-sa-east-1", False),
    "an alarm of another region": ("alarms", "sa-east-1", "break-glass-failing-dead-letters", False),
    "a subscription": ("subscriptions", MAIN, "arn", False),
    "a region": ("regions", HERE, "", False),
    "the guard": ("guard SCP", MAIN, ACCOUNT, False),
}


@pytest.mark.parametrize(("subject", "region", "resource", "is_reason"), REASON.values(), ids=REASON)
def test_what_may_be_the_reason(subject: str, region: str, resource: str, *, is_reason: bool) -> None:
    problem = Observation(subject, ACCOUNT, region, "problem", "it is wrong", resource)
    request = request_result(plan(), TARGET, evidence(ALLOWED, observations=[problem]))
    nothing = "nothing that was looked at is wrong; look into the queue break-glass-dead-letters of the region"
    assert request.reasons == (("it is wrong",) if is_reason else (nothing,))


def test_an_alarm_of_another_region_is_no_reason_in_the_main_one() -> None:
    alarm = Observation("alarms", ACCOUNT, MAIN, "problem", "quiet", f"break-glass-failing-heartbeat-{HERE}")
    target = TARGET._replace(region=MAIN)
    known = Evidence({target: Answer(target, NOW, ALLOWED, "1")}, {}, [alarm], is_sent=True, is_complete=True)
    assert request_result(plan(), target, known).reasons[0].startswith("nothing that was looked at is wrong")


def test_what_nobody_can_tell_of_another_region_is_no_reason() -> None:
    unknown = Observation("rules", ACCOUNT, "sa-east-1", "could not tell", "AWS denies it")
    request = request_result(plan(), TARGET, evidence(ALLOWED, observations=[unknown]))
    assert request.reasons[0].startswith("nothing that was looked at is wrong")


def test_what_nobody_can_tell_may_be_the_reason() -> None:
    unknown = Observation("trail", ACCOUNT, HERE, "could not tell", "AWS denies it")
    request = request_result(plan(), TARGET, evidence(ALLOWED, observations=[unknown]))
    assert request.reasons == ("it could not be told whether this is why: AWS denies it",)


def test_a_region_that_is_not_enabled_is_the_reason_of_an_error() -> None:
    observations = [
        Observation("regions", ACCOUNT, region, "problem", "in the config, not enabled")
        for region in (HERE, "sa-east-1")
    ]
    failed = evidence(ERROR, code="InvalidClientTokenId", message="invalid", observations=observations)
    request = request_result(plan(), TARGET, failed)
    assert request.reasons == ("InvalidClientTokenId: invalid", "the region is in the config, not enabled")


def test_reasons_come_in_the_order_of_the_path() -> None:
    problems = [
        Observation("alarms", ACCOUNT, HERE, "problem", "alarm"),
        Observation("rules", ACCOUNT, HERE, "problem", "rule", RULE),
        Observation("trail", ACCOUNT, HERE, "problem", "trail"),
    ]
    request = request_result(plan(), TARGET, evidence(ALLOWED, observations=problems))
    assert request.reasons == ("trail", "rule", "alarm")


def test_one_region_has_its_rules_on_the_default_bus() -> None:
    alone, target = plan(regions=[]), TARGET._replace(region=MAIN)
    problem = Observation("rules", ACCOUNT, MAIN, "problem", "it is off", "break-glass.RoleAssumed")
    known = Evidence({target: Answer(target, NOW, ALLOWED, "1")}, {}, [problem], is_sent=True, is_complete=True)
    assert request_result(alone, target, known).reasons == ("it is off",)


def receipt(
    *results: Evidence, end: str = "", observations: Sequence[Observation] = (), knock: bool = False
) -> Receipt:
    drill = plan(knock=knock)
    return Receipt(
        plan=drill,
        caller=CALLER,
        started=NOW,
        ended=NOW,
        timeout_seconds=900,
        end=end,
        requests=tuple(request_result(drill, TARGET, known) for known in results),
        observations=tuple(observations),
    )


GOOD, BAD, OPEN = evidence(ALLOWED, seen=True), evidence(ALLOWED), evidence(ERROR, code="Throttling")


@pytest.mark.parametrize(
    ("results", "exit_code"),
    [([GOOD, GOOD], 0), ([GOOD, BAD], 1), ([GOOD, OPEN], 2), ([OPEN, BAD], 1), ([OPEN, OPEN], 2)],
)
def test_the_exit_code(results: list[Evidence], exit_code: int) -> None:
    assert receipt(*results).exit_code == exit_code


def test_a_knock_that_got_in_weighs_most() -> None:
    got_in = receipt(evidence(ALLOWED, seen=True), evidence(DENIED), knock=True)
    assert (got_in.result, got_in.exit_code) == (GOT_IN, 1)


def test_problems_do_not_change_the_exit_code() -> None:
    problem = Observation("subscriptions", ACCOUNT, MAIN, "problem", "pending")
    assert receipt(GOOD, observations=[problem]).exit_code == 0


def test_a_summary_says_what_ended_it_early() -> None:
    first = next(text_lines(receipt(GOOD, OPEN, end="interrupted")))
    assert first == "1 of 2 calls were seen in the log, the slowest after 42 seconds. It ended early: interrupted"


def test_what_nobody_looked_at_is_not_called_good() -> None:
    ended = markdown_receipt(receipt(OPEN, end="interrupted"))
    assert ended.count("\nNobody looked: the drill ended before.\n") == 2
    looked = markdown_receipt(receipt(GOOD, observations=[Observation("trail", ACCOUNT, MAIN, "ok", "")]))
    assert looked.count("\nNothing.\n") == 2


def test_text_of_others_stays_text() -> None:
    evil = "a | b <img src=x onerror=alert(1)> & [c](javascript:d)\n# e `f` *g*"
    problem = Observation("alarms", ACCOUNT, MAIN, "problem", evil)
    page = markdown_receipt(receipt(evidence(ERROR, code="Evil", message=evil), observations=[problem]))
    rows = [line for line in page.splitlines() if line.startswith(f"| {ACCOUNT}")]
    code = "`` a \\x7c b <img src=x onerror=alert(1)> & [c](javascript:d)\\n# e `f` *g* ``"
    assert [row.split(" | ")[-1] for row in rows] == [f"`` Evil: {code[3:]} |"]
    assert f"- **alarms:** {MAIN}: {code}" in page
    assert page.count("<img") == 2


def test_what_is_the_same_in_many_places_is_said_once() -> None:
    problems = [Observation("trail", ACCOUNT, f"region-{number}", "problem", "no trail") for number in range(30)]
    page = markdown_receipt(receipt(GOOD, observations=problems))
    (line,) = (line for line in page.splitlines() if line.startswith("- **trail"))
    assert line.endswith("region-19 and 10 more: `no trail`")
    assert len(json.loads(json_receipt(receipt(GOOD, observations=problems)))["observations"]) == 30


def test_both_files_are_new(tmp_path: Path) -> None:
    first, other = write_receipt(tmp_path, receipt(GOOD)), write_receipt(tmp_path, receipt(BAD))
    assert [path.name for path in first] == ["drill-2026-10-05T070012Z.json", "drill-2026-10-05T070012Z.md"]
    assert [path.name for path in other] == ["drill-2026-10-05T070012Z-2.json", "drill-2026-10-05T070012Z-2.md"]
    assert json.loads(first[0].read_text(encoding="utf-8"))["exit_code"] == 0


def test_a_page_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    page = tmp_path / "drill-2026-10-05T070012Z.md"
    page.write_text("older", encoding="utf-8")
    paths = write_receipt(tmp_path, receipt(GOOD))
    assert page.read_text(encoding="utf-8") == "older"
    assert [path.name for path in paths] == ["drill-2026-10-05T070012Z-2.json", "drill-2026-10-05T070012Z-2.md"]
    assert sorted(tmp_path.iterdir()) == sorted([page, *paths])


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write the receipt"):
        write_receipt(tmp_path / "gone", receipt(GOOD))


def test_the_manual_explains_every_member() -> None:
    page = (ROOT / "docs" / "drill.md").read_text(encoding="utf-8")
    problem = Observation("trail", ACCOUNT, MAIN, "problem", "no trail")
    document = json.loads(json_receipt(receipt(GOOD, observations=[problem])))
    for members in (document, document["requests"][0], document["observations"][0]):
        for member in members:
            assert f'"{member}"' in page, member
    for word in (SEEN, NOT_SEEN, GOT_IN, CANNOT_TELL):
        assert f"`{word}`" in page


def test_each_region_is_a_target_once() -> None:
    assert [target.region for target in plan().targets] == [MAIN, *sorted(OTHERS)]
    assert len(plan().targets) == len(REGIONS)
