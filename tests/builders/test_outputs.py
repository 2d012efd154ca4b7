"""What the outputs of each stack hand to people: whole ARNs and names of what the stack made, and a link that opens."""

from __future__ import annotations

import botocore.session
import pytest
from fresh_stacks import ACCOUNT, stack

MAIN = "main-region.yaml"


def arn(service: str, resource: str, region: str = "us-east-1") -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


# (golden case, file, region): output -> value
OUTPUTS = {
    ("everything", MAIN, "us-east-1"): {
        "RoleArn": arn("iam", "role/ops/break-glass", ""),
        "ForwarderRoleArn": arn("iam", "role/break-glass-forwarder", ""),
        "AlertTopicArn": arn("sns", "break-glass-alerts"),
        "LoginLogGroup": "/aws/events/break-glass/login",
        "ActionLogGroup": "/aws/events/break-glass/actions",
        "TrailBucketName": f"break-glass-{ACCOUNT}-us-east-1",
    },
    ("deployer", "deployer.yaml", "eu-west-1"): {
        "ServiceRoleArn": arn("iam", "role/break-glass-cloudformation", ""),
        "DeployerArn": arn("iam", "role/break-glass-deployer", ""),
    },
    ("deployer", "stackset-roles.yaml", "eu-west-1"): {
        "AdministrationRoleArn": arn("iam", "role/break-glass-stackset-administration", ""),
    },
    ("existing-bus", MAIN, "us-east-1"): {
        "ForwarderRoleArn": arn("iam", "role/ops/Forwarder", ""),
    },
}


@pytest.mark.parametrize("place", OUTPUTS, ids=" ".join)
def test_an_output_is_the_arn_or_name_of_what_the_stack_made(place: tuple[str, str, str]) -> None:
    given = stack(*place).outputs
    assert {key: given.get(key) for key in OUTPUTS[place]} == OUTPUTS[place]


def test_the_output_of_the_key() -> None:
    made = stack("everything")
    (key,) = made.of_type("AWS::KMS::Key")
    assert made.outputs["KeyArn"] == key.arn


HOSTS = {
    "everything": "signin.aws.amazon.com",
    "china": "signin.amazonaws.cn",
    "govcloud": "signin.amazonaws-us-gov.com",
}
"""https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-differences.html and, for China,
https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-Beijing.html."""


@pytest.mark.parametrize("case", HOSTS)
def test_the_link_opens_the_console_of_the_partition(case: str) -> None:
    made = stack(case)
    path = made.outputs["RoleArn"].partition(":role/")[2].replace("/", "%2F")
    assert made.outputs["SwitchRoleLink"] == (
        f"https://{HOSTS[case]}/switchrole?account={ACCOUNT}&roleName={path}&displayName=break-glass"
    )


@pytest.mark.parametrize("case", HOSTS)
def test_hosts_and_arns_are_those_of_the_partition(case: str) -> None:
    made = stack(case)
    partition = botocore.session.Session().get_partition_for_region(made.region)
    assert made.partition == partition
    arns = [value for key, value in made.outputs.items() if key.endswith("Arn")]
    assert {value.split(":")[1] for value in arns} == {partition}
