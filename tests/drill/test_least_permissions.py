"""The least permissions that a drill prints are those of the calls that it makes: no more, and no fewer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from drill_world import FEW, MAIN, SETTINGS, World, deployed, world
from moto.core import set_initial_no_auth_action_count
from moto_aws import Aws
from samples import ACCOUNT

from cfn_breakglass.config.loader import config_of
from cfn_breakglass.drill.calls import CALLS, least_permissions
from cfn_breakglass.drill.drill_plan import make_drill_plan
from cfn_breakglass.plan import make_plan

CALLER = f"arn:aws:iam::{ACCOUNT}:user/alice"
# From the first call on.
judged = set_initial_no_auth_action_count(0)
NEED_NOTHING = {"sts:GetCallerIdentity", "sts:GetSessionToken"}

REGIONS = (MAIN, *FEW)


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Aws, dict[str, str]]]:
    with deployed() as (aws, keys):
        s3, cloudtrail, organizations = (aws.client(service) for service in ("s3", "cloudtrail", "organizations"))
        s3.create_bucket(Bucket="trail")
        cloudtrail.create_trail(Name="main", S3BucketName="trail", IsMultiRegionTrail=True)
        cloudtrail.start_logging(Name="main")
        organizations.create_organization(FeatureSet="ALL")
        (root,) = organizations.list_roots()["Roots"]
        organizations.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
        yield aws, keys


@pytest.fixture
def here(account: tuple[Aws, dict[str, str]], tmp_path: Path) -> Iterator[World]:
    with world(*account, tmp_path) as made:
        yield made


def actions(policy: dict[str, Any]) -> set[str]:
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def signing_names() -> dict[str, str]:
    """The name that each service signs with -> its name in botocore."""
    session = botocore.session.Session()
    return {session.get_service_model(call.service).signing_name: call.service for call in CALLS}


@pytest.mark.parametrize("knock", [False, True])
def test_the_policy_has_the_actions_of_the_calls(here: World, *, knock: bool) -> None:
    options = ["--knock"] if knock else ["--mfa-serial", f"arn:aws:iam::{ACCOUNT}:mfa/alice", "--mfa-code", "123456"]
    here.drill("--yes", *options)
    services = signing_names()
    made = {f"{services[call.service]}:{call.operation}" for call in here.proxy.calls}
    printed = actions(json.loads(here.drill("--policy", *options).stdout))
    indirect = {call.action for call in CALLS if call.is_indirect}
    assert printed - indirect == made - NEED_NOTHING - ({"sts:AssumeRole"} if knock else set())
    # Every call of the table was made, so that none can hide in a test that does not get there.
    assert made | indirect | ({"sts:GetSessionToken"} if knock else set()) == {call.action for call in CALLS}


def test_the_policy_is_enough(here: World) -> None:
    """The caller has this policy and nothing else, by the judgement of moto, which looks at actions alone."""
    # To moto, CloudWatch's actions have the name that its calls are signed with.
    policy = json.loads(here.drill("--policy", "--knock").stdout.replace("cloudwatch:", "monitoring:"))
    for statement in policy["Statement"]:
        statement |= {"Resource": "*"}
        statement.pop("Condition", None)
    iam = here.aws.client("iam")
    iam.put_user_policy(UserName="alice", PolicyName="drill", PolicyDocument=json.dumps(policy))
    here.proxy.lost |= {*REGIONS}  # nobody but the user may do anything, so nobody records the calls
    done = judged(here.drill)("--knock", "--yes")
    assert done.exit_code == 1, done.output
    assert {request["answer"] for request in here.requests().values()} == {"denied"}
    assert sorted(here.requests()) == sorted(REGIONS)
    assert [one["text"] for one in here.receipt()["observations"] if one["state"] == "could not tell"] == []


def test_without_the_policy_nothing_can_be_read(here: World) -> None:
    iam = here.aws.client("iam")
    for name in iam.list_user_policies(UserName="alice")["PolicyNames"]:
        iam.delete_user_policy(UserName="alice", PolicyName=name)
    done = judged(here.drill)("--knock", "--yes")
    assert done.exit_code == 2
    assert "is not authorized to perform: logs:FilterLogEvents" in here.receipt()["end"]


def policy_of(*, knock: bool = True, **settings: Any) -> dict[str, dict[str, Any]]:
    """Sid -> statement."""
    plan = make_drill_plan(make_plan(config_of({**SETTINGS, **settings})), ACCOUNT, CALLER, knock=knock)
    return {statement["Sid"]: statement for statement in least_permissions(plan)["Statement"]}


def test_the_key_is_usable_for_the_log_alone() -> None:
    statement = policy_of()["DecryptLog"]
    assert statement["Resource"] == [f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*"]
    log = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/break-glass/login"
    condition = {"kms:ViaService": "logs.us-east-1.amazonaws.com", "kms:EncryptionContext:aws:logs:arn": log}
    assert statement["Condition"] == {"StringEquals": condition}


def test_without_a_customer_key_nothing_is_decrypted() -> None:
    assert "DecryptLog" not in policy_of(encryption="none")


def test_an_existing_key_is_named() -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert policy_of(encryption=key)["DecryptLog"]["Resource"] == [key]


def test_one_region_has_no_stack_set() -> None:
    assert "ReadStackInstances" not in policy_of(regions=[])


def test_a_source_identity_has_to_be_allowed() -> None:
    trust: dict[str, Any] = {"role": {"trust": {"source_identity": True}}}
    assert policy_of(knock=False)["AssumeRole"]["Action"] == ["sts:AssumeRole"]
    assert policy_of(knock=False, **trust)["AssumeRole"]["Action"] == ["sts:AssumeRole", "sts:SetSourceIdentity"]
    assert "AssumeRole" not in policy_of(**trust)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.action)
def test_iam_knows_the_actions_by_these_names(call: Any) -> None:
    """IAM's prefix is the signing name but for CloudWatch, whose calls sign as monitoring."""
    model = botocore.session.Session().get_service_model(call.service)
    assert model.signing_name == {"cloudwatch": "monitoring"}.get(call.service, call.service)
    if not call.is_indirect:
        assert call.operation in model.operation_names


def test_nothing_but_the_table_calls_aws() -> None:
    """No module of the package has a client but the one that takes a call of the table."""
    folder = Path(__file__).parents[2] / "cfn_breakglass" / "drill"
    clients = [file.name for file in sorted(folder.glob("*.py")) if re.search(r"\.client\(", file.read_text("utf-8"))]
    assert clients == ["aws.py"]
