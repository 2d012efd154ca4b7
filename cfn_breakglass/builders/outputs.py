"""What a stack says to the people who deployed it."""

from __future__ import annotations

from collections.abc import Iterable

from troposphere import AWSObject, Output

from cfn_breakglass.builders.access.access_outputs import access_outputs
from cfn_breakglass.names import sub
from cfn_breakglass.plan import Plan

_OF_RESOURCES = {
    "AlertTopic": ("AlertTopicArn", "The topic that alerts go to", None),
    "LoginLog": ("LoginLogGroup", "The log group of alerts and deployments", None),
    "ActionLog": ("ActionLogGroup", "The log group of what is done in the role", None),
    "Key": ("KeyArn", "The key of the topic, the logs and the trail", "Arn"),
    "TrailBucket": ("TrailBucketName", "The bucket with what the trail recorded", None),
    "ServiceRole": ("ServiceRoleArn", "The role that the deployer hands CloudFormation", "Arn"),
    "Deployer": ("DeployerArn", "Who may deploy the templates", "Arn"),
    "AdministrationRole": ("AdministrationRoleArn", "The role that the stack set is rolled out with", "Arn"),
}
"""Outputs by the logical ID they are about: key, description, and the attribute (None: Ref)."""


def access_and_role_outputs(plan: Plan) -> list[Output]:
    """The outputs of the template that makes the role: what a person needs, and no name that the config gives away."""
    names = plan.names
    values = {
        "RoleArn": ("The break-glass role", next(iter(names.role.arns), "")),
        **{key: (output.description, output.text) for key, output in access_outputs(plan).items()},
        **({"ForwarderRoleArn": ("The role that forwards events", names.forwarder_role_arn)} if plan.buses else {}),
    }
    return [Output(key, Description=about, Value=sub(value)) for key, (about, value) in values.items() if value]


def resource_outputs(resources: Iterable[AWSObject]) -> list[Output]:
    """The outputs about single resources, for those that the template holds."""
    by_id = {resource.title: resource for resource in resources}
    return [
        Output(key, Description=about, Value=by_id[title].get_att(attribute) if attribute else by_id[title].ref())
        for title, (key, about, attribute) in _OF_RESOURCES.items()
        if title in by_id
    ]
