"""A drill of the accounts of an organization: its targets, its permissions, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from canned_aws import canned_aws
from drill_world import FEW, MAIN, SETTINGS, World, deployed, world
from moto_aws import Aws
from samples import ACCOUNT

from cfn_breakglass.config.loader import config_of
from cfn_breakglass.drill.account_checks import account_observations, accounts_of_organization, rules_by_region
from cfn_breakglass.drill.calls import least_permissions
from cfn_breakglass.drill.drill_plan import ALLOWED, DENIED, DrillPlan, DrillTarget, make_drill_plan
from cfn_breakglass.drill.observations import Observation
from cfn_breakglass.drill.receipt import Evidence, Receipt, request_result
from cfn_breakglass.drill.receipt_formats import markdown_receipt
from cfn_breakglass.drill.sending import Answer
from cfn_breakglass.plan import make_plan

NOW = datetime(2026, 10, 5, 7, 0, 12, tzinfo=UTC)
MEMBER, UNIT, OTHER = "444455556666", "ou-ab12-11111111", "eu-west-1"
ORGANIZATION: dict[str, Any] = {
    **SETTINGS,
    "regions": [OTHER],
    "organization": {"id": "o-a1b2c3d4e5", "hub": ACCOUNT, "units": [UNIT]},
}
DEPLOYED = make_plan(config_of(ORGANIZATION))


def plan(*accounts: str, knock: bool = False) -> DrillPlan:
    return make_drill_plan(DEPLOYED, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/alice", knock=knock, accounts=accounts)


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/break-glass"


def test_each_account_is_called_in_each_region() -> None:
    assert plan(ACCOUNT, MEMBER).targets == tuple(
        DrillTarget(account, role(account), region) for account in (ACCOUNT, MEMBER) for region in (MAIN, OTHER)
    )


def test_without_an_account_it_is_the_hub() -> None:
    assert {target.account for target in plan().targets} == {ACCOUNT}


def test_many_roles_are_counted() -> None:
    many = plan(*(f"{number:012}" for number in range(30)))
    lines = list(many.lines("somebody", mfa_serial=None))
    assert "    and 10 other roles" in lines
    assert lines[-1].startswith("It sets off 60 alerts, RoleAssumed.")


def test_a_receipt_lists_some_roles_and_counts_the_others() -> None:
    def roles(count: int) -> list[str]:
        receipt = Receipt(
            plan=plan(*(f"{number:012}" for number in range(count))),
            caller="somebody",
            started=NOW,
            ended=NOW,
            timeout_seconds=0,
            end="",
            requests=(),
            observations=(),
        )
        page = markdown_receipt(receipt)
        return page[page.index("- **Role:**") : page.index("- **Time:**")].splitlines()

    assert roles(1) == [f"- **Role:** `{role('0' * 12)}`"]
    assert roles(30)[1::20] == [f"  - `{role('0' * 12)}`", "  - and 10 other roles"]


def test_a_denied_call_is_recorded_where_the_caller_is() -> None:
    target = DrillTarget(MEMBER, role(MEMBER), OTHER)
    assert plan(MEMBER).recorded_in(target, ALLOWED) == MEMBER
    assert plan(MEMBER).recorded_in(target, DENIED) == ACCOUNT


def test_the_caller_has_to_be_in_the_hub(here: World) -> None:
    other = {**ORGANIZATION["organization"], "hub": MEMBER}
    with world(here.aws, here.keys, here.folder, {**ORGANIZATION, "organization": other}) as elsewhere:
        done = elsewhere.drill("--yes")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"the caller is of the account {ACCOUNT}, and the config is for {MEMBER}")


def test_the_policy_is_for_these_roles_and_both_stack_sets() -> None:
    statements = {statement["Sid"]: statement for statement in least_permissions(plan(MEMBER))["Statement"]}
    assert statements["AssumeRole"]["Resource"] == [role(MEMBER)]
    assert statements["ReadStackInstances"]["Resource"] == [
        f"arn:aws:cloudformation:{MAIN}:*:stackset/{name}:*" for name in ("break-glass", "break-glass-accounts")
    ]
    assert statements["ReadLog"]["Resource"][0].startswith(f"arn:aws:logs:{MAIN}:{ACCOUNT}:")


def test_the_hub_has_the_rules_of_both_templates_in_the_main_region() -> None:
    rules = rules_by_region(plan())
    assert [*rules] == [MAIN, OTHER]
    assert "break-glass.Assume" in rules[MAIN]["default"]
    assert "break-glass-RoleAssumed" in rules[MAIN]["break-glass"]
    assert [*rules[OTHER]] == ["default"]


def looks_at(calls: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Answers of an organization in which one stack is outdated and no guard attached, and a note of each call."""
    rules = rules_by_region(plan())

    def noted(operation: str, answer: Any) -> Any:
        def answer_of(parameters: dict[str, Any], region: str) -> dict[str, Any]:
            calls.append((operation, parameters))
            found: dict[str, Any] = answer(parameters, region)
            return found

        return answer_of

    def instances(parameters: dict[str, Any], _region: str) -> dict[str, Any]:
        regions = [MAIN] if parameters["StackSetName"].endswith("-accounts") else [MAIN, OTHER]
        return {
            "Summaries": [
                {
                    "Account": account,
                    "Region": region,
                    "Status": "OUTDATED" if (account, region) == (MEMBER, OTHER) else "CURRENT",
                }
                for account in (ACCOUNT, MEMBER)
                for region in regions
            ]
        }

    answers: dict[str, Any] = {
        "ListSubscriptionsByTopic": lambda *_: {
            "Subscriptions": [{"SubscriptionArn": "arn:1", "Protocol": "email", "Endpoint": "ops@example.com"}]
        },
        "DescribeAlarms": lambda *_: {"MetricAlarms": []},
        "DescribeRegions": lambda *_: {"Regions": [{"RegionName": region} for region in (MAIN, OTHER)]},
        "ListRules": lambda parameters, region: {
            "Rules": [
                {"Name": name, "State": state} for name, state in rules[region][parameters["EventBusName"]].items()
            ]
        },
        "ListStackInstances": instances,
        "DescribeTrails": lambda *_: {"trailList": [{"TrailARN": "arn:trail", "HomeRegion": MAIN}]},
        "GetTrailStatus": lambda *_: {"IsLogging": True},
        "GetEventSelectors": lambda *_: {"EventSelectors": [{"ReadWriteType": "All"}]},
        "ListPoliciesForTarget": lambda *_: {"Policies": []},
        "ListParents": lambda *_: {"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]},
    }
    return {operation: noted(operation, answer) for operation, answer in answers.items()}


def test_it_looks_at_the_stacks_of_each_account_and_at_the_units() -> None:
    calls: list[tuple[str, dict[str, Any]]] = []
    found = account_observations(canned_aws(looks_at(calls)), plan(MEMBER))
    wrong = [(one.subject, one.account, one.region, one.text) for one in found if one.state != "ok"]
    assert [one for one in wrong if one[0] in ("guard SCP", "stack instances")] == [
        ("guard SCP", ACCOUNT, MAIN, f"the guard SCP is attached neither to {UNIT} nor to a unit above it"),
        ("stack instances", MEMBER, OTHER, "the stack of the stack set break-glass is OUTDATED, not CURRENT"),
    ]
    asked = [parameters for operation, parameters in calls if operation == "ListStackInstances"]
    assert {parameters["CallAs"] for parameters in asked} == {"DELEGATED_ADMIN"}
    targets = [parameters["TargetId"] for operation, parameters in calls if operation == "ListPoliciesForTarget"]
    assert targets == [UNIT, "r-ab12"]


def states(*accounts: str, **answers: Any) -> list[tuple[str, str, str, str]]:
    """Subject, account, state and text of what is not known to be good, but for the guard and the outdated stack."""
    found = account_observations(canned_aws({**looks_at([]), **answers}), plan(*accounts))
    return [
        (one.subject, one.account, one.state, one.text)
        for one in found
        if one.state != "ok" and one.subject != "guard SCP" and "OUTDATED" not in one.text
    ]


def test_what_nobody_looks_at_in_a_member_is_not_called_good() -> None:
    reason = "not looked at, because the credentials of a member account are dropped at once"
    found = states(ACCOUNT, MEMBER)
    assert [one for one in found if one[0] != "trail"] == [
        (subject, MEMBER, "could not tell", reason) for subject in ("alarms", "regions", "rules")
    ]
    assert {one[:3] for one in found if one[0] == "trail"} == {("trail", MEMBER, "could not tell")}


def test_of_the_hub_alone_everything_is_looked_at() -> None:
    assert states() == []


def test_drift_detection_says_what_was_changed_in_a_member() -> None:
    def instances(parameters: dict[str, Any], _region: str) -> dict[str, Any]:
        is_of_roles = parameters["StackSetName"].endswith("-accounts")
        found = {MAIN: "IN_SYNC"} if is_of_roles else {MAIN: "NOT_CHECKED", OTHER: "DRIFTED"}
        return {
            "Summaries": [
                {"Account": MEMBER, "Region": region, "Status": "CURRENT", "DriftStatus": drift}
                for region, drift in found.items()
            ]
        }

    text = "the stack of the stack set break-glass differs from its template, as drift detection found"
    stacks = [one for one in states(MEMBER, ListStackInstances=instances) if one[0] == "stack instances"]
    assert stacks == [("stack instances", MEMBER, "problem", text)]


@pytest.mark.parametrize("account", [ACCOUNT, MEMBER])
def test_a_denied_call_is_not_seen_for_a_reason_in_the_hub(account: str) -> None:
    target = DrillTarget(MEMBER, role(MEMBER), OTHER)
    problem = Observation("rules", account, OTHER, "problem", "it is off", "break-glass.Assume")
    known = Evidence({target: Answer(target, NOW, DENIED, "1")}, {}, [problem], is_sent=True, is_complete=True)
    reasons = request_result(plan(MEMBER, knock=True), target, known).reasons
    assert (reasons == ("it is off",)) == (account == ACCOUNT)


def test_all_accounts_are_those_of_the_stack_set() -> None:
    assert accounts_of_organization(canned_aws(looks_at([])), DEPLOYED) == (ACCOUNT, MEMBER)


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Aws, dict[str, str]]]:
    with deployed() as (aws, keys):
        cloudformation = aws.client("cloudformation")
        template = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "any"}}}}'
        cloudformation.create_stack_set(StackSetName="break-glass-accounts", TemplateBody=template)
        cloudformation.create_stack_instances(
            StackSetName="break-glass-accounts", Accounts=[ACCOUNT], Regions=[MAIN], DeploymentTargets={}
        )
        yield aws, keys


@pytest.fixture
def here(account: tuple[Aws, dict[str, str]], tmp_path: Path) -> Iterator[World]:
    with world(*account, tmp_path, {**ORGANIZATION, "regions": list(FEW)}) as made:
        yield made


def test_all_accounts_of_the_stack_set_are_drilled(here: World) -> None:
    done = here.drill("--yes", "--all-accounts")
    assert done.exit_code == 0, done.output
    assert {request["account"] for request in here.receipt()["requests"]} == {ACCOUNT}
    assert sorted(here.requests()) == sorted([MAIN, *FEW])


def test_the_policy_for_all_accounts_has_a_wildcard(here: World) -> None:
    done = here.drill("--policy", "--all-accounts")
    assert '"arn:aws:iam::*:role/break-glass"' in done.stdout


@pytest.mark.parametrize("account_id", ["12", "12345678901a", "1234567890123"])
def test_an_account_has_twelve_digits(here: World, account_id: str) -> None:
    done = here.drill("--yes", "--account", account_id)
    assert done.exit_code == 2
    assert f"'{account_id}' is no account: it has to be 12 digits" in done.stderr
    assert here.proxy.calls == []
