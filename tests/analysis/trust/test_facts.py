"""What ``trust`` says of numbers and times is what IAM does at exactly these."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result
from paths import GOLDEN

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.trust.condition_phrases import describe_condition, describe_duration
from cfn_breakglass.cli.app import cli


def trust(case: str, *options: str) -> Result:
    """Run ``trust`` on the templates of a golden case."""
    return CliRunner().invoke(cli, ["trust", "--templates", str(GOLDEN / case), *options])


# Words, and whether they include the number that they name.
PHRASES = {
    "NumericLessThan": ("is less than 5", False),
    "NumericLessThanEquals": ("is at most 5", True),
    "NumericGreaterThan": ("is more than 5", False),
    "NumericGreaterThanEquals": ("is at least 5", True),
    "NumericEquals": ("is 5", True),
}


@pytest.mark.parametrize("operator", PHRASES)
def test_a_comparison_in_words_includes_its_number_where_iam_does(operator: str) -> None:
    words, includes = PHRASES[operator]
    assert describe_condition(operator, "s3:max-keys", ["5"]) == f"s3:max-keys {words}"
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Condition": {operator: {"s3:max-keys": "5"}}}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    assert allowed([policy], action="s3:ListBucket", resource="*", context={"s3:max-keys": "5"}) == includes


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3_600, "1 hour"), (43_200, "12 hours"), (5_400, "90 minutes"), (60, "1 minute"), (61, "61 seconds")],
)
def test_a_length_of_time_in_words(seconds: int, words: str) -> None:
    assert describe_duration(seconds) == words


def test_a_session_has_a_name_of_at_most_64_letters() -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html."""
    for length, code in ((2, 0), (64, 0), (1, 2), (65, 2)):
        asked = trust("smallest", "--user", "alice", "--mfa", "--session-name", "s" * length)
        assert asked.exit_code == code, length


def test_a_session_that_comes_from_another_role_lasts_an_hour() -> None:
    described = json.loads(trust("every-way-in", "--json").stdout)
    assert (described["max_session"], described["max_session_chained"]) == (8 * 3_600, 3_600)


@pytest.mark.parametrize("case", ["smallest", "every-way-in", "hub-account"])
def test_root_users_are_denied_whatever_the_policy_says(case: str) -> None:
    described = json.loads(trust(case, "--json").stdout)
    assert "root users" in [caller for denied in described["denied_callers"] for caller in denied["callers"]]


@pytest.mark.parametrize(("name", "answer"), [("OnCall", 0), ("OnCall_All", 1)])
def test_a_permission_set_whose_name_goes_on_is_another_in_words_too(name: str, answer: int) -> None:
    asked = trust("permission-sets", "--permission-set", name)
    assert asked.exit_code == answer
    words = "" if answer == 0 else "not a session of a permission set whose name begins with OnCall_"
    assert words in asked.stdout
