"""The rollout to every other region: a stack set, and the two roles that it works with.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import awacs.sts
from awacs import aws
from troposphere import AWSObject, Ref, Template, cloudformation, iam

from cfn_breakglass.builders.deployment.deployer_permissions import Resources, actions, parts, passing
from cfn_breakglass.builders.iam_policy import CLOUDFORMATION, allow, policy, service
from cfn_breakglass.config.model import Config
from cfn_breakglass.names import Names, part_arn, sub

# What the stacks of a set take in their region, as AWS has it for stack sets of its own:
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSQuickSetupDeploymentRolePolicy.html
_READS: Final = ("DescribeStackDriftDetectionStatus", "DescribeStacks", "ListStacks")
_STACKS: Final = (
    *("CreateChangeSet", "CreateStack", "DeleteChangeSet", "DeleteStack", "DescribeChangeSet"),
    *("DescribeStackResourceDrifts", "DetectStackDrift", "DetectStackResourceDrift", "ExecuteChangeSet"),
    *("TagResource", "UntagResource", "UpdateStack"),
)


def stack_set(config: Config, names: Names, regional: Template, after: Iterable[AWSObject]) -> cloudformation.StackSet:
    """The stack set, with ``regional`` in every other region of this account; there it finds what is in ``after``.

    A region that fails must not keep the others from being watched: the operation is a success all the same.
    """
    return cloudformation.StackSet(
        "StackSet",
        StackSetName=names.prefix,
        Description=regional.description,
        PermissionModel="SELF_MANAGED",
        AdministrationRoleARN=sub(names.administration_role_arn),
        ExecutionRoleName=names.execution_role,
        OperationPreferences=cloudformation.OperationPreferences(
            RegionConcurrencyType="PARALLEL", FailureTolerancePercentage=100
        ),
        StackInstancesGroup=[
            cloudformation.StackInstances(
                DeploymentTargets=cloudformation.DeploymentTargets(Accounts=[Ref("AWS::AccountId")]),
                Regions=list(config.secondary_regions),
            )
        ],
        TemplateBody=body(regional.to_dict()),
        # It has to be gone before its roles are, or nobody could remove its stacks any more.
        DependsOn=[resource.title for resource in after],
    )


def body(template: dict[str, Any]) -> str:
    """A template as text within a template: literal, since what it refers to is found in its own stacks.

    JSON with a line for each resource, which is as small as it gets with a diff that says something.
    """
    resources = ",\n".join(f"{_json(name)}:{_json(held)}" for name, held in template["Resources"].items())
    others = [f"{_json(name)}:{_json(held)}" for name, held in template.items() if name != "Resources"]
    return "{" + ",\n".join([*others, f'"Resources":{{\n{resources}\n}}']) + "}"


def _json(held: Any) -> str:
    return json.dumps(held, separators=(",", ":"), ensure_ascii=False)


def stack_set_roles(config: Config, names: Names, inside: Resources) -> list[AWSObject]:
    """The administration role and the execution role of the stack set, for what it holds and no more."""
    return [_administration(config, names), _execution(names, inside)]


def _administration(config: Config, names: Names) -> iam.Role:
    # A region that had to be opted in to has a service principal of its own.
    opted_in = [region for region in config.secondary_regions if region in config.partition.opt_in]
    trusted = service(CLOUDFORMATION, *(CLOUDFORMATION.replace(".", f".{region}.", 1) for region in opted_in))
    ours = {
        aws.StringEquals: {"aws:SourceAccount": Ref("AWS::AccountId")},
        aws.ArnLike: {
            "aws:SourceArn": sub(part_arn("cloudformation", f"stackset/{names.prefix}:*", names.main_region))
        },
    }
    assume = policy(allow([awacs.sts.AssumeRole], [sub(names.execution_role_arn)]))
    return iam.Role(
        "AdministrationRole",
        RoleName=names.administration_role,
        Description="Rolls the stack set out",
        AssumeRolePolicyDocument=policy(allow([awacs.sts.AssumeRole], principal=trusted, when=ours)),
        Policies=[iam.Policy(PolicyName="roll-out", PolicyDocument=assume)],
    )


def _execution(names: Names, inside: Resources) -> iam.Role:
    stacks = [sub(part_arn("cloudformation", f"stack/StackSet-{names.prefix}-*"))]
    document = policy(
        allow(actions(f"cloudformation:{call}" for call in _READS), ["*"]),
        allow(actions(f"cloudformation:{call}" for call in _STACKS), stacks),
        *parts(names, inside, "*"),
        *passing(inside),
    )
    administration = aws.Principal("AWS", sub(names.administration_role_arn))
    return iam.Role(
        "ExecutionRole",
        RoleName=names.execution_role,
        Description="Makes the stacks of the stack set",
        DependsOn=["AdministrationRole"],
        AssumeRolePolicyDocument=policy(allow([awacs.sts.AssumeRole], principal=administration)),
        Policies=[iam.Policy(PolicyName="make", PolicyDocument=document)],
    )
