"""The deployer: who may deploy the templates, and do nothing else.

The deployer creates no resource itself. It may call CloudFormation about our stack and our stack set, and pass one role
to CloudFormation, which creates the resources. A call without that role is denied, because it would work with the
caller's own rights. What the role may do is derived from the resources of the templates; ``deployer_iam`` bounds the
roles that it creates.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import awacs.sts
from awacs import aws
from troposphere import AWSObject, Ref, iam

from cfn_breakglass.aws.cloudformation_handlers import calls_to_deploy
from cfn_breakglass.aws.handler_ownership import CLOUDFORMATION
from cfn_breakglass.builders.deployment import deployer_iam
from cfn_breakglass.builders.deployment.deployer_permissions import (
    STACK_SET,
    Resources,
    actions,
    calls_for,
    chat_service_role,
    key_tags,
    of_type,
    pass_role,
    pass_role_statements,
    resource_statements,
    stack_set_statements,
)
from cfn_breakglass.builders.iam_policy import Conditions, allow, policy, service
from cfn_breakglass.builders.shared_properties import tags
from cfn_breakglass.config.model import Deployer
from cfn_breakglass.config.webhooks import secrets_in
from cfn_breakglass.names import Names, bucket_arn, part_arn, root_arn, sub
from cfn_breakglass.plan import Plan

_WITH_ROLE: Final = ("CreateChangeSet", "CreateStack", "UpdateStack")
# Without a role in the call, these use the role of the stack.
_WITH_STACK_ROLE: Final = ("ContinueUpdateRollback", "DeleteStack", "RollbackStack")
_ABOUT_STACK: Final = (
    *(
        "CancelUpdateStack",
        "DeleteChangeSet",
        "DescribeChangeSet",
        "DescribeEvents",
        "DescribeStackEvents",
        "DescribeStackResource",
    ),
    *("DescribeStackResource", "DescribeStackResources", "DescribeStacks", "DetectStackDrift"),
    "DescribeStackResourceDrifts",
    *("ExecuteChangeSet", "GetStackPolicy", "GetTemplate", "ListChangeSets", "ListStackResources"),
)
_ANYWHERE: Final = (
    *("CreateUploadBucket", "DescribeStackDriftDetectionStatus", "GetTemplateSummary", "ListStacks", "ListStackSets"),
    "ValidateTemplate",
)
_ABOUT_STACK_SET: Final = ("DetectStackSetDrift", "ListStackSetOperations", "StopStackSetOperation")


class Deployed(NamedTuple):
    """The resources that the deployer deploys: those of main-region.yaml, and those of the stack sets."""

    main: Resources
    rolled_out: Resources


def deployer(plan: Plan, deployed: Deployed) -> list[AWSObject]:
    """The deployer, the role that it passes to CloudFormation, and the boundary of the roles that that one creates."""
    settings = plan.config.deployer or Deployer()
    principal = None if settings.existing else _principal(plan, settings)
    attached = iam.ManagedPolicy(
        "DeployerPolicy",
        ManagedPolicyName=plan.names.deployer,
        PolicyDocument=policy(*_deployer_statements(plan, deployed)),
        **{"Users" if settings.user else "Roles": [principal.ref() if principal else settings.user or settings.role]},
    )
    return [*_service_role(plan, deployed), *([principal] if principal else []), attached]


def _principal(plan: Plan, settings: Deployer) -> AWSObject:
    if settings.user:
        return iam.User("Deployer", UserName=settings.user, **tags(plan))
    # The account's own policies say who may assume it. Pipelines have no MFA and use a role of their own.
    mfa: Conditions = {aws.Bool: {"aws:MultiFactorAuthPresent": "true"}} if plan.config.role.trust.mfa else {}
    trust = allow("Account", [awacs.sts.AssumeRole], principal=aws.Principal("AWS", sub(root_arn())), when=mfa)
    return iam.Role(
        "Deployer",
        RoleName=settings.role or plan.names.deployer,
        Description=f"Deploys {plan.names.prefix}, and nothing else",
        AssumeRolePolicyDocument=policy(trust),
        **tags(plan),
    )


def _deployer_statements(plan: Plan, deployed: Deployed) -> Iterator[aws.Statement]:
    config, names = plan.config, plan.names
    stack = [sub(part_arn("cloudformation", f"stack/{names.prefix}/*", names.main_region))]
    role = {"cloudformation:RoleArn": sub(names.service_role_arn)}
    yield allow("WithServiceRole", _cloudformation(_WITH_ROLE), stack, when={aws.ArnEquals: role})
    yield allow("WithRoleOfStack", _cloudformation(_WITH_STACK_ROLE), stack, when={aws.ArnEqualsIfExists: role})
    yield allow("OurStack", _cloudformation(_ABOUT_STACK), stack)
    yield allow("OfAnyStack", _cloudformation(_ANYWHERE), ["*"])
    yield pass_role("PassServiceRole", [sub(names.service_role_arn)], CLOUDFORMATION)
    yield from _uploads(names)
    if deployed.rolled_out and config.forwards and not config.rolls_out:
        calls = calls_to_deploy(STACK_SET, {}) | {f"cloudformation:{call}" for call in _ABOUT_STACK_SET}
        yield from stack_set_statements(names, deployed.rolled_out, calls - {"cloudformation:GetTemplateSummary"})
    if deployed.rolled_out and config.secondary_regions and not (config.rolls_out or config.organization):
        yield pass_role("PassAdministrationRole", [sub(names.administration_role_arn)], CLOUDFORMATION)


def _uploads(names: Names) -> Iterator[aws.Statement]:
    """What the console needs to hand CloudFormation a file, which it puts in a bucket that it makes for the account."""
    bucket = bucket_arn(f"cf-templates-*-{names.main_region}")
    own_account: Conditions = {aws.StringEquals: {"aws:ResourceAccount": Ref("AWS::AccountId")}}
    yield allow("CreateUploadBucket", actions(["s3:CreateBucket"]), [sub(bucket)])
    objects = [sub(bucket), sub(f"{bucket}/*")]
    yield allow("Uploads", actions(["s3:GetObject", "s3:ListBucket", "s3:PutObject"]), objects, when=own_account)


def _cloudformation(calls: tuple[str, ...]) -> list[aws.Action]:
    return actions(f"cloudformation:{call}" for call in calls)


def _service_role(plan: Plan, deployed: Deployed) -> list[AWSObject]:
    names = plan.names
    stack = part_arn("cloudformation", f"stack/{names.prefix}/*", names.main_region)
    # IfExists: AWS does not document that CloudFormation tells a service role which stack it works for. A role cannot
    # be passed to another account's stack anyway, and in this account only by those who may pass it.
    our_stack: Conditions = {
        aws.StringEqualsIfExists: {"aws:SourceAccount": Ref("AWS::AccountId")},
        aws.ArnLikeIfExists: {"aws:SourceArn": sub(stack)},
    }
    # Both inline and managed policies: one kind alone has no room for many users.
    rights = list(deployer_iam.iam_statements(names, deployed.main))
    over_iam = iam.ManagedPolicy(
        "ServiceRolePolicy", ManagedPolicyName=names.service_role, PolicyDocument=policy(*rights)
    )
    managed = [over_iam] if rights else []  # the stack of a hub may have nothing of IAM
    role = iam.Role(
        "ServiceRole",
        RoleName=names.service_role,
        Description=f"Creates the resources of the templates of {names.prefix}",
        AssumeRolePolicyDocument=policy(
            allow("OurStack", [awacs.sts.AssumeRole], principal=service(CLOUDFORMATION), when=our_stack)
        ),
        **({"ManagedPolicyArns": [over_iam.ref()]} if managed else {}),
        Policies=[
            iam.Policy(PolicyName=name, PolicyDocument=policy(*statements))
            for name, statements in _service_role_statements(names, deployed).items()
        ],
        **tags(plan),
    )
    helpers = deployer_iam.helper_roles(names, deployed.main)
    boundary = iam.ManagedPolicy(
        "Boundary",
        ManagedPolicyName=names.boundary,
        PolicyDocument={"Version": "2012-10-17", "Statement": deployer_iam.boundary_statements(helpers)},
    )
    return [*([boundary] if helpers else []), *managed, role]


def _service_role_statements(names: Names, deployed: Deployed) -> dict[str, list[Any]]:
    main = deployed.main
    # The central bus may be an existing one.
    buses = dict.fromkeys((names.bus, names.entrance_bus, names.action_bus, names.monitoring_bus))
    by_policy: dict[str, list[Any]] = {
        "parts": [
            *resource_statements(names, main, names.main_region, buses),
            *key_tags(main, names.main_region),
            *pass_role_statements(main),
            *chat_service_role(main),
            *_invocations(main),
            *_secrets(names, main),
        ],
    }
    if of_type(main, STACK_SET):
        by_policy["rollout"] = list(stack_set_statements(names, deployed.rolled_out, calls_for(main, STACK_SET)))
    return by_policy


def _invocations(resources: Resources) -> Iterator[aws.Statement]:
    """The right to let a service call the subscribed functions, and to let nobody else call them."""
    kind = "AWS::Lambda::Permission"
    if permissions := of_type(resources, kind):
        functions = list(dict.fromkeys(permission["FunctionName"] for permission in permissions))
        callers = sorted({permission["Principal"] for permission in permissions})
        reads = {"lambda:GetPolicy"}
        only: Conditions = {aws.StringEquals: {"lambda:Principal": callers}}
        yield allow("Functions", actions(calls_for(resources, kind) - reads), functions, when=only)
        yield allow("ReadFunctions", actions(reads), functions)


def _secrets(names: Names, resources: Resources) -> Iterator[aws.Statement]:
    """The right to read the passwords of subscribers, which CloudFormation does with the rights of its role."""
    endpoints = [subscription["Endpoint"] for subscription in of_type(resources, "AWS::SNS::Subscription")]
    if secrets := sorted({secret for endpoint in endpoints for secret in secrets_in(endpoint)}):
        # Secrets Manager ends the ARN of a secret with a hyphen and six characters of its own.
        arns = [sub(part_arn("secretsmanager", f"secret:{secret}-??????", names.main_region)) for secret in secrets]
        yield allow("Passwords", actions(["secretsmanager:GetSecretValue"]), arns)
