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

from cfn_breakglass.aws.handler_ownership import CLOUDFORMATION
from cfn_breakglass.builders.deployment.deployer_permissions import (
    Resources,
    actions,
    pass_role_statements,
    resource_statements,
)
from cfn_breakglass.builders.iam_policy import allow, policy, service
from cfn_breakglass.builders.shared_properties import helper_role_boundary, tags
from cfn_breakglass.builders.template import with_known_values
from cfn_breakglass.names import part_arn, sub
from cfn_breakglass.plan import Plan

_ACCOUNTS_SET: Final = "AccountsStackSet"
# What the stacks of a set need in their region, as AWS allows it for stack sets of its own:
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSQuickSetupDeploymentRolePolicy.html
_READS: Final = ("DescribeStackDriftDetectionStatus", "DescribeStacks", "ListStacks")


def stack_set(plan: Plan, stackset: Template, *, after: Iterable[AWSObject]) -> cloudformation.StackSet:
    """The stack set, with the template ``stackset`` in every other region of this account; it needs ``after``.

    In an organization, in every region of every account.
    """
    names = plan.names
    if plan.config.organization:
        # AWS describes it as ARNs, and gives no attribute for them; Ref is what ends one.
        set_arn = part_arn("cloudformation", f"stackset/${{{_ACCOUNTS_SET}}}", names.main_region)
        permissions = _by_organization(DependsOn=[sub(set_arn)])
    else:
        permissions = {
            "PermissionModel": "SELF_MANAGED",
            "AdministrationRoleARN": sub(names.administration_role_arn),
            "ExecutionRoleName": names.execution_role,
        }
    regions = plan.regions if plan.config.organization else plan.config.secondary_regions
    # It has to be deleted before its roles, or nobody could remove its stacks any more.
    return _stack_set(plan, "StackSet", names.prefix, stackset, regions, after=after, **permissions)


def accounts_stack_set(plan: Plan, accounts: Template) -> cloudformation.StackSet:
    """The stack set with the template ``accounts`` in the main region of every account of the organization."""
    permissions = _by_organization() | {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
    regions = [plan.config.main_region]
    return _stack_set(plan, _ACCOUNTS_SET, plan.names.accounts_stack_set, accounts, regions, **permissions)


def _by_organization(**order: Any) -> dict[str, Any]:
    """The hub acts as delegated administrator. An account has the stacks while it is in a unit.

    ``order`` is what auto-deployment to such an account waits for; it knows no other order.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html
    """
    return {
        "PermissionModel": "SERVICE_MANAGED",
        "CallAs": "DELEGATED_ADMIN",
        "AutoDeployment": cloudformation.AutoDeployment(Enabled=True, RetainStacksOnAccountRemoval=False, **order),
    }


def _stack_set(
    plan: Plan,
    logical_id: str,
    name: str,
    template: Template,
    regions: Iterable[str],
    *,
    after: Iterable[AWSObject] = (),
    **permissions: Any,
) -> cloudformation.StackSet:
    """A stack set. A place that fails must not keep the others from being watched: it succeeds all the same.

    Without a percentage, AWS works on a single account at a time:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperationPreferences.html
    """
    organization = plan.config.organization
    many_accounts = {"MaxConcurrentPercentage": 100} if organization else {}
    units = {"OrganizationalUnitIds": list(organization.units)} if organization else {}
    targets = units or {"Accounts": [Ref("AWS::AccountId")]}
    body = with_known_values(template.to_dict(), plan.config)
    return cloudformation.StackSet(
        logical_id,
        StackSetName=name,
        Description=template.description,
        **permissions,
        OperationPreferences=cloudformation.OperationPreferences(
            RegionConcurrencyType="PARALLEL", FailureTolerancePercentage=100, **many_accounts
        ),
        StackInstancesGroup=[
            cloudformation.StackInstances(
                DeploymentTargets=cloudformation.DeploymentTargets(**targets), Regions=list(regions)
            )
        ],
        TemplateBody=template_body(body),
        **({"DependsOn": titles} if (titles := [resource.title for resource in after]) else {}),
        **tags(plan),
    )


def template_body(template: dict[str, Any]) -> str:
    """A template as text within a template: literal, since it refers to resources of its own stacks.

    JSON with a line for each resource, which is as small as it gets with a readable diff.
    """
    resources = ",\n".join(f"{_json(name)}:{_json(resource)}" for name, resource in template["Resources"].items())
    others = [f"{_json(name)}:{_json(section)}" for name, section in template.items() if name != "Resources"]
    return "{" + ",\n".join([*others, f'"Resources":{{\n{resources}\n}}']) + "}"


def _json(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def stack_set_roles(plan: Plan, stackset: Resources) -> list[AWSObject]:
    """The administration role and the execution role of the stack set, for the resources that it holds and no more.

    They have the boundary only in main-region.yaml: an administrator deploys stackset-roles.yaml.
    """
    boundary = helper_role_boundary(plan) if plan.config.rolls_out else {}
    return [_administration_role(plan, boundary), _execution_role(plan, stackset, boundary)]


def _administration_role(plan: Plan, boundary: dict[str, Any]) -> iam.Role:
    config, names = plan.config, plan.names
    # A region that had to be opted in to has a service principal of its own.
    opted_in = config.opted_in_regions
    trusted = service(CLOUDFORMATION, *(CLOUDFORMATION.replace(".", f".{region}.", 1) for region in opted_in))
    our_stack_set = {
        aws.StringEquals: {"aws:SourceAccount": Ref("AWS::AccountId")},
        aws.ArnLike: {
            "aws:SourceArn": sub(part_arn("cloudformation", f"stackset/{names.prefix}:*", names.main_region))
        },
    }
    assume = policy(allow("AssumeExecutionRole", [awacs.sts.AssumeRole], [sub(names.execution_role_arn)]))
    return iam.Role(
        "AdministrationRole",
        RoleName=names.administration_role,
        Description="Rolls out the stack set",
        AssumeRolePolicyDocument=policy(
            allow("OurStackSet", [awacs.sts.AssumeRole], principal=trusted, when=our_stack_set)
        ),
        Policies=[iam.Policy(PolicyName="roll-out", PolicyDocument=assume)],
        **boundary,
        **tags(plan),
    )


def _execution_role(plan: Plan, stackset: Resources, boundary: dict[str, Any]) -> iam.Role:
    names = plan.names
    stacks = [sub(part_arn("cloudformation", f"stack/StackSet-{names.prefix}-*"))]
    document = policy(
        allow("ReadStacks", actions(f"cloudformation:{call}" for call in _READS), ["*"]),
        # "Always needs full CloudFormation permissions":
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
        allow("OurStacks", actions(["cloudformation:*"]), stacks),
        *resource_statements(names, stackset, "*"),
        *pass_role_statements(stackset),
    )
    administration = aws.Principal("AWS", sub(names.administration_role_arn))
    return iam.Role(
        "ExecutionRole",
        RoleName=names.execution_role,
        Description="Creates the stacks of the stack set",
        DependsOn=["AdministrationRole"],
        AssumeRolePolicyDocument=policy(allow("AdministrationRole", [awacs.sts.AssumeRole], principal=administration)),
        Policies=[iam.Policy(PolicyName="make", PolicyDocument=document)],
        **boundary,
        **tags(plan),
    )
