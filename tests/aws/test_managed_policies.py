"""AWS's managed policies are known by name."""

from __future__ import annotations

import pytest
from managed_policy_data import POLICY_DATA, read_policies

from cfn_breakglass.aws.managed_policies import unknown_policy

OURS = "arn:aws:iam::111122223333:policy/PowerUser"


def test_the_list_is_that_of_moto() -> None:
    assert POLICY_DATA.read_text(encoding="utf-8") == read_policies(), "make policies"


@pytest.mark.parametrize(
    "policy",
    [
        "AdministratorAccess",
        "administratoraccess",
        "job-function/ViewOnlyAccess",
        "service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws-cn:iam::aws:policy/job-function/SupportUser",
        OURS,
    ],
)
def test_a_policy_that_there_is(policy: str) -> None:
    assert unknown_policy(policy) is None


@pytest.mark.parametrize(
    ("policy", "name", "nearest"),
    [
        ("PowerUser", "PowerUser", "PowerUserAccess"),
        ("ReadOnly", "ReadOnly", "ReadOnlyAccess"),
        ("AdministratorAcess", "AdministratorAcess", "AdministratorAccess"),
        ("AWSLambdaBasicExecutionRole",) * 2 + ("service-role/AWSLambdaBasicExecutionRole",),
        ("arn:aws:iam::aws:policy/ViewOnlyAccess", "ViewOnlyAccess", "job-function/ViewOnlyAccess"),
        ("Zzzzqqq", "Zzzzqqq", ""),
    ],
)
def test_a_policy_that_there_is_not(policy: str, name: str, nearest: str) -> None:
    assert unknown_policy(policy) == (name, nearest)
