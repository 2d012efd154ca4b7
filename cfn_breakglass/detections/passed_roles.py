"""The pattern of a passed role: a session hands a role to a service, or runs code with the role that a service holds.

Handing over a role, iam:PassRole, is no call of its own: the role is a parameter of another call, and the parameter has
many names. CloudTrail spells them like the API, with a small first letter.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html

A pattern has room for 2,048 characters, so it knows the names that most calls have. Calls that carry a role deeper
among their parameters, or run something with the role of a function, an instance or a container, are known by their own
names. tests/detections/decided_calls.yaml lists what is left out, with the reason.
"""

from __future__ import annotations

from typing import Any, Final

from cfn_breakglass.detections.tampering import ABSENT, MANAGEMENT, PRESENT, WRITING

_NAMES: Final = ("roleArn", "roleARN", "role", "serviceRole", "executionRoleArn", "iamRoleArn")
_PARAMETERS: Final[tuple[dict[str, Any], ...]] = (
    *({name: PRESENT} for name in _NAMES),
    {"iamInstanceProfile": {"$or": [{"arn": PRESENT}, {"name": PRESENT}]}},  # RunInstances
    {"targets": {"roleArn": PRESENT}},  # PutTargets
    # ModifyInstanceAttribute with user data, which an instance runs when it starts; CloudTrail has it in three forms.
    {"attribute": ["userData"]},
    {"instanceId": PRESENT, "userData": PRESENT},
    {"userData": {"value": PRESENT}},
)
_CALLS: Final = (
    # Lambda: UpdateFunctionCode and UpdateFunctionConfiguration, with the version of the API behind them.
    {"prefix": "UpdateFunctionCo"},
    # Systems Manager. The wildcard takes automations, change requests and pipelines. Without its n, it would take each
    # query of Athena as well, which runs with the session's own rights.
    *("SendCommand", "StartSession", {"wildcard": "Start*n*Execution"}, {"suffix": "ateAssociation"}, "UpdateDocument"),
    # Containers and batch jobs. RegisterTask is of ECS and of maintenance windows.
    *({"prefix": "RegisterTask"}, "ExecuteCommand", "RunTask", "StartTask", "RegisterJobDefinition", "SubmitJob"),
    "CreateNodegroup",
    # Glue, EMR and Step Functions.
    *("StartJobRun", "RunStatement", "UpdateDevEndpoint", "UpdateJob", "AddJobFlowSteps"),
    *("StartExecution", "UpdateStateMachine"),
    # EC2: profiles of instances, spot requests, launch templates and configurations.
    *({"prefix": "AssociateIam"}, {"prefix": "ReplaceIam"}, {"prefix": "RequestSpot"}, {"prefix": "CreateLaunch"}),
    # Of these, creating and updating: a stack set acts with a role in each of its accounts.
    *({"suffix": "ateStackSet"}, {"suffix": "ateStackInstances"}),
    *({"suffix": "atePipeline"}, {"suffix": "ateSchedule"}),
    # What an API does with a role, for whoever calls it.
    *("PutBucketReplication", "CreateIntegration", "PutIntegration"),
)
# Of these services, every change hands over a role, or runs something with one: App Runner, chat channels, whose
# records spell parameters in another way, Cloud Control, CodeBuild, CodeDeploy, EC2 Instance Connect, Image Builder and
# SageMaker. Their names are short, for the longest names to fit.
_SERVICES: Final = ("apprun", "chatb", "cloudco", "codeb", "coded", "ec2-i", "imageb", "sagem")
_STOPPING: Final = [{"anything-but": {"prefix": ["Add", "Cancel", "Delete", "Stop"]}}]  # AddTags


def passed_role_pattern() -> dict[str, Any]:
    """A call that hands a role to a service, or runs something with a role that a service holds."""
    return {
        "source": [{"prefix": "aws."}],
        "detail": {
            # Calling an endpoint of SageMaker is a data event.
            **MANAGEMENT,
            "readOnly": WRITING,
            "errorCode": ABSENT,
            "$or": [
                # No call that returns the role's credentials at once: these only read, and RoleChained alerts of them.
                {"requestParameters": {"$or": list(_PARAMETERS)}},
                {"eventName": list(_CALLS)},
                {"eventSource": [{"prefix": service} for service in _SERVICES], "eventName": _STOPPING},
            ],
        },
    }
