"""What a stack tells the people who deployed it."""

from __future__ import annotations

from collections.abc import Iterable

from troposphere import AWSObject, Output

from cfn_breakglass.builders.access.access_outputs import entrances
from cfn_breakglass.config.model import Config
from cfn_breakglass.names import Names, sub

_OF_RESOURCES = {
    "ActionBus": ("ActionBusArn", "The event bus for what is done in the role", "Arn"),
    "AlertTopic": ("AlertTopicArn", "The topic that alerts go to", None),
    "LoginLog": ("LoginLogGroup", "The log group of everything that alerts", None),
    "ActionLog": ("ActionLogGroup", "The log group of what is done in the role", None),
    "DeadLetterQueue": ("DeadLetterQueueArn", "What could not be delivered from this region", "Arn"),
    "FallbackTopic": ("FallbackTopicArn", "The topic that alarms tell, without EventBridge", None),
    "Key": ("KeyArn", "The key of the topic, the logs and the trail", "Arn"),
    "TrailBucket": ("TrailBucketName", "The bucket with what the trail recorded", None),
    "ServiceRole": ("ServiceRoleArn", "The role that the deployer hands CloudFormation", "Arn"),
    "Deployer": ("DeployerArn", "Who may deploy the templates", "Arn"),
    "AdministrationRole": ("AdministrationRoleArn", "The role that the stack set is rolled out with", "Arn"),
}
"""Outputs by the logical ID they are about: key, description, and the attribute (None: Ref)."""


def main_region_outputs(config: Config, names: Names, resources: Iterable[AWSObject]) -> list[Output]:
    """The outputs of the main stack."""
    given = {
        "RoleArn": ("The role that is watched", next(iter(names.role.arns), "")),
        **entrances(config, names),
        "CentralBusArn": ("The event bus that every region forwards to", names.bus_arn(names.bus)),
        "ForwarderRoleArn": ("The role that forwards", names.forwarder_role_arn),
        "RegionsCovered": (
            "What is watched once stackset.yaml is rolled out",
            ", ".join([config.main_region, *config.secondary_regions]),
        ),
    }
    outputs = [Output(key, Description=about, Value=sub(value)) for key, (about, value) in given.items() if value]
    return [*outputs, *stackset_outputs(resources)]


def stackset_outputs(resources: Iterable[AWSObject]) -> list[Output]:
    """The outputs that go with a resource, for those that are there."""
    there = {resource.title: resource for resource in resources}
    return [
        Output(key, Description=about, Value=there[title].get_att(attribute) if attribute else there[title].ref())
        for title, (key, about, attribute) in _OF_RESOURCES.items()
        if title in there
    ]
